"""Indexes on tables that a running service writes to: PostgreSQL makes them beside its writes, in no transaction.

So they are made before the migration that they belong to. That one makes them where they are not there yet: in an empty
database, and in SQLite.
"""

from __future__ import annotations

from contextlib import closing

import sqlalchemy as sa

from .locks import lock_number

# By the migration that they belong to: name, table, columns. Names are written into SQL as they are.
INDEXES: dict[str, tuple[tuple[str, str, str], ...]] = {"0011": (("ix_scans_scanned_at", "scans", "scanned_at"),)}


def make(engine: sa.Engine, after: str) -> None:
    """Make the indexes of the migrations after one, one process at a time; one that was left half made is made again.

    Raises:
        sqlalchemy.exc.OperationalError: the database cannot be reached, or a table or the lock is busy.
    """
    wanted = [index for revision, indexes in sorted(INDEXES.items()) if revision > after for index in indexes]
    if not wanted:
        return
    with (
        engine.connect() as holder,
        closing(engine.connect().execution_options(isolation_level="AUTOCOMMIT")) as connection,
    ):
        # Without parameters, so that no portal is left open: its snapshot is what the making of an index waits for.
        holder.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock_number('indexes')})")
        for name, table, columns in wanted:
            valid = connection.execute(
                sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": name}
            ).scalar()
            if valid is False:
                connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY {name}")
            if not valid:
                connection.exec_driver_sql(f"CREATE INDEX CONCURRENTLY {name} ON {table} ({columns})")
