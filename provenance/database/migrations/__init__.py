"""alembic's scripts; `Database.migrate` runs them."""
