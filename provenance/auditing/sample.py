"""A quick look at the rows of a log, for a service that starts: the rows of some entries, and strays.

It takes seconds where `fsck` takes minutes or hours, and finds what was done to many rows or to the newest ones, not
every edit.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import entries, log_state
from ..errors import SourcemarkError
from ..tlog import envelope, merkle
from .rows import Entry, check_rows, stray_rows

_RUN = 64  # entries read at a time
_RUNS = 4  # at random places, beside the newest
_MOST_JOINED = 100_000  # entries up to which strays are looked for, which joins whole tables


def sample_rows(db: Database) -> Iterator[str]:
    """One line for each thing that is wrong with the newest entries' rows or with some others'; in a log that is not
    large, also for each row that stands for no entry.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with db.read() as connection:
        size = connection.execute(sa.select(log_state.c.size)).scalar_one()
        if size <= _MOST_JOINED:
            yield from stray_rows(connection)
    last = (size - 1) // _RUN
    chosen = {max(0, last), max(0, last - 1), *(secrets.randbelow(max(1, last)) for _ in range(_RUNS))}
    for number in sorted(chosen):
        with db.read() as connection:
            yield from _problems(connection, number * _RUN, min((number + 1) * _RUN, size))


def _problems(connection: sa.Connection, start: int, stop: int) -> Iterator[str]:
    """The rows of the entries [start, stop), up to one that cannot be read or is missing."""
    query = sa.select(entries.c.idx, entries.c.leaf, entries.c.leaf_hash)
    run: list[Entry] = []
    for row in connection.execute(query.where(entries.c.idx >= start, entries.c.idx < stop).order_by(entries.c.idx)):
        fresh = merkle.leaf_hash(row.leaf)
        try:
            leaf = envelope.parse_leaf(row.leaf)
        except SourcemarkError as error:
            yield f"entry {row.idx}: {error.detail}"
            break
        if fresh != row.leaf_hash:
            yield f"entry {row.idx} was changed in the database"
        if row.idx != start + len(run):
            yield f"entry {start + len(run)} is missing from the database"
            break
        run.append((row.idx, fresh, leaf))
    yield from check_rows(connection, run)
