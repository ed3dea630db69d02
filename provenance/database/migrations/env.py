"""Runs inside the connection and transaction that `Database.migrate` hands over."""

from alembic import context

from provenance.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction covers all of it
)
context.run_migrations()
