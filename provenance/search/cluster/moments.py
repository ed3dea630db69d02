"""Moments of a log, as its database has them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from ...database.backlog import log_size
from ...database.engine import Database
from ...database.tables import entries


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a log.

    Attributes:
        position: its size.
        last: leaf hash of the entry before; empty where there is none. A database that was restored has another.
    """

    position: int
    last: bytes


BEGINNING = Moment(0, b"")


def newest(db: Database) -> Moment:
    """Now, as every process sees it."""
    with db.read() as connection:
        return _at(connection, log_size(connection))


def at(db: Database, position: int) -> Moment:
    """The moment of a log size; its last hash is empty where the log is shorter."""
    with db.read() as connection:
        return _at(connection, position)


def _at(connection: sa.Connection, position: int) -> Moment:
    last = connection.execute(sa.select(entries.c.leaf_hash).where(entries.c.idx == position - 1)).scalar()
    return Moment(position, b"" if last is None else bytes(last))
