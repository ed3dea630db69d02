"""What deleted rows leave in the files of the database, and making the files forget it.

A row that no query finds may still stand in a file. SQLite overwrites what is deleted (``secure_delete``), but as long
as somebody reads an older state, the write-ahead log keeps it. PostgreSQL keeps the old versions of rows until VACUUM
removes them, which it does when nobody can see them any more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from ..errors import Unavailable
from .engine import Database

_PAUSE = 0.2  # seconds between two looks at who still reads
_MAX_REWRITTEN_BYTES = 64 << 20  # what is rewritten without being asked: a second or so
_MAX_LOCK_SECONDS = 2  # that a rewriting nobody asked for may keep others waiting behind it

# What may see rows that were deleted before a transaction number: snapshots of sessions, of prepared transactions and
# of standbys. Sessions of other roles show theirs to the role pg_read_all_stats only. Numbers wrap at 2 ** 32.
_OLDER = """
SELECT 'process ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '') FROM pg_stat_activity
 WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
   AND (:horizon - backend_xmin::text::bigint) & 4294967295 BETWEEN 1 AND 2147483647
UNION ALL
SELECT 'the prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = current_database()
   AND (:horizon - transaction::text::bigint) & 4294967295 BETWEEN 1 AND 2147483647
UNION ALL
SELECT 'the replication slot ' || slot_name FROM pg_replication_slots
 WHERE (:horizon - xmin::text::bigint) & 4294967295 BETWEEN 1 AND 2147483647
LIMIT 1
"""


def clear(db: Database, tables: Sequence[sa.Table], *, rewrite: bool = False) -> None:
    """Make the database's files forget what was deleted from tables before, as far as SQL can.

    On PostgreSQL the write-ahead log is not reached: see docs/ledger.md.

    Args:
        rewrite: write the tables anew (SQLite: the whole file), so that nothing is left in the free space of a page
            either. It takes the longer the more they hold, room for a copy on the disk, and nobody works meanwhile.
            Up to 64 MiB are written anew anyway.

    Raises:
        Unavailable: with the reason ``erasure_unfinished`` when somebody read an older state all through the database's
            time-out; with others the database or its disk. Nothing is known to be cleared.
    """
    if db.is_sqlite:
        _clear_sqlite(db, rewrite)
    else:
        _clear_postgresql(db, tables, rewrite)


def _clear_sqlite(db: Database, rewrite: bool) -> None:
    with db.alone() as connection:
        _empty_wal(connection)
        pages, page = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
        )
        if rewrite or pages * page <= _MAX_REWRITTEN_BYTES:
            connection.exec_driver_sql("VACUUM")
            _empty_wal(connection)


def _empty_wal(connection: sa.Connection) -> None:
    # TRUNCATE waits for readers of older states as long as for a lock.
    blocked, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    if blocked:
        raise _unfinished("another process or request")


def _clear_postgresql(db: Database, tables: Sequence[sa.Table], rewrite: bool) -> None:
    names = [table.name for table in tables]
    with db.alone() as connection:
        # Every transaction that has ended by now has a smaller number.
        newest = connection.execute(sa.text("SELECT txid_snapshot_xmax(txid_current_snapshot())")).scalar_one()
        deadline = time.monotonic() + db.timeout_seconds
        while (reader := connection.execute(sa.text(_OLDER), {"horizon": newest % 2**32}).scalar()) is not None:
            if time.monotonic() > deadline:
                raise _unfinished(reader)
            time.sleep(_PAUSE)
        foreign = "SELECT string_agg(tablename, ', ') FROM pg_tables WHERE tablename = ANY(:names) "
        foreign += "AND schemaname = current_schema() AND NOT pg_has_role(tableowner, 'USAGE')"
        if (theirs := connection.execute(sa.text(foreign), {"names": names}).scalar()) is not None:
            raise Unavailable(
                f"the role of SOURCEMARK_DATABASE_URL does not own the tables {theirs}, so it cannot vacuum them: give "
                "it their owner's role, or run VACUUM as the owner",
                reason="erasure_unfinished",
            )
        if rewrite:
            _vacuum(connection, names, "FULL, ANALYZE")
            return
        sizes = "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(CAST(:names AS text[])) AS name"
        if connection.execute(sa.text(sizes), {"names": names}).scalar_one() <= _MAX_REWRITTEN_BYTES:
            connection.execute(sa.text(f"SET lock_timeout = '{_MAX_LOCK_SECONDS}s'"))
            try:
                _vacuum(connection, names, "FULL, ANALYZE")
                return
            except OperationalError:  # somebody works for longer
                pass
            finally:
                connection.execute(sa.text("RESET lock_timeout"))
        _vacuum(connection, names, "ANALYZE")


def _vacuum(connection: sa.Connection, names: Sequence[str], how: str) -> None:
    connection.execute(sa.text(f"VACUUM ({how}) {', '.join(names)}"))
    # The statistics of columns quote values too, and are kept in a table as well.
    connection.execute(sa.text(f"VACUUM ({how}) pg_catalog.pg_statistic"))


def _unfinished(reader: str) -> Unavailable:
    return Unavailable(
        f"the database's files may still hold what was erased: {reader} reads an older state. When it has ended: "
        "`sourcemark erase --finish`",
        reason="erasure_unfinished",
    )
