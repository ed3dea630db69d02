"""Locks of a whole installation: against its other processes, wherever they run, and this process's other threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..errors import SourcemarkError
from .engine import Database
from .locks import busy, file_lock, lock_number


@contextmanager
def exclusive(db: Database, folder: Path, name: str) -> Iterator[None]:
    """Hold a named lock against every other process (and thread) of this installation.

    On SQLite all processes share the home folder, so a file lock there; on PostgreSQL the advisory lock of a
    transaction in which nothing else is done: the server releases it when the holder dies, and a pooler leaves it
    alone. One thread of a process at a time asks for it: on PostgreSQL each that waits has a connection, and the one
    that holds it needs others.

    Raises:
        Unavailable: somebody else has held it for the database's time-out, or the database is down.
    """
    turn = db.turn(name)
    if not turn.acquire(timeout=db.timeout_seconds):
        raise busy(f"the lock {name!r}", "another thread of this process")
    try:
        with file_lock(folder / f"{name}.lock", db.timeout_seconds) if db.is_sqlite else _advisory_lock(db, name):
            yield
    finally:
        turn.release()


@contextmanager
def _advisory_lock(db: Database, name: str) -> Iterator[None]:
    connection = None
    try:
        connection = db.engine.connect()
        # The transaction stands idle while the holder is at work. Without parameters no portal is left open in it: its
        # snapshot would keep dead rows, and with them what was erased.
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock_number(name)})")
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        if connection is not None:
            connection.invalidate()  # it may hold the lock: ending the session ends that
            connection.close()
        told = db.unavailable(error)
        raise (
            busy(f"the lock {name!r}", _advisory_holder(db, name)) if told.reason == "database_busy" else told
        ) from error
    try:
        yield
    finally:
        try:
            connection.rollback()
        except DBAPIError:
            connection.invalidate()  # the server has dropped the session and with it the lock
        connection.close()


def _advisory_holder(db: Database, name: str) -> str | None:
    """Who holds an advisory lock, as far as the server tells; sessions of another role are not told."""
    number = lock_number(name) & (2**64 - 1)
    holder = sa.text(
        "SELECT activity.application_name FROM pg_locks AS lock JOIN pg_stat_activity AS activity USING (pid) "
        "WHERE lock.locktype = 'advisory' AND lock.granted AND lock.objsubid = 1 "
        "AND lock.classid::bigint = :high AND lock.objid::bigint = :low"
    )
    try:
        with db.read() as connection:
            found = connection.execute(holder, {"high": number >> 32, "low": number & (2**32 - 1)}).scalar()
    except SourcemarkError:
        return None
    return str(found) if found else None
