"""The log's checkpoints as the database keeps them: every one that was signed, with its cosignatures."""

from __future__ import annotations

from collections.abc import Callable, Collection

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import checkpoints, entries
from ..tlog.checkpoint import Checkpoint
from ..tlog.signed_checkpoint import signed_time


def earliest(db: Database, index: int, newest: Checkpoint, suits: Callable[[bytes], bool]) -> bytes:
    """The first checkpoint that holds an entry and suits a reader; ``newest``, the published one, where none does.

    The first one suits unless the log's keys or witnesses have changed since. A change is for good, so where it came is
    found by bisection: a long log has as many checkpoints as it had rounds.

    Args:
        index: of an entry that ``newest`` holds.
        suits: whether a reader of today's policy can check a signed note.
    """

    def after(index: int) -> tuple[int, bytes]:
        """Size and note of the first published checkpoint that holds this entry."""
        with db.read() as connection:
            row = connection.execute(
                sa.select(checkpoints.c.size, checkpoints.c.note)
                .where(checkpoints.c.size > index, checkpoints.c.size < newest.size)
                .order_by(checkpoints.c.size)
                .limit(1)
            ).first()
        return (newest.size, newest.raw) if row is None else (row.size, bytes(row.note))

    size, found = after(index)
    if size == newest.size or suits(found):
        return found
    low, high, found = size - 1, newest.size - 1, newest.raw
    while high - low > 1:  # the checkpoint after `low` does not suit, the one after `high` does
        middle = (low + high) // 2
        size, raw = after(middle)
        if size == newest.size or suits(raw):
            found, high = raw, middle
        else:
            low = size - 1
    return found


def logged_times(db: Database, indexes: Collection[int]) -> dict[int, int]:
    """When the log says it signed the first checkpoint that holds each of these entries, POSIX seconds by index."""
    if not indexes:
        return {}
    first = sa.select(sa.func.min(checkpoints.c.size)).where(checkpoints.c.size > entries.c.idx).scalar_subquery()
    with db.read() as connection:
        sizes = dict(connection.execute(sa.select(entries.c.idx, first).where(entries.c.idx.in_(indexes))).all())
        notes = connection.execute(
            sa.select(checkpoints.c.size, checkpoints.c.note).where(checkpoints.c.size.in_(set(sizes.values())))
        ).all()
    times = {size: signed_time(note) for size, note in notes}
    return {index: at for index, size in sizes.items() if (at := times.get(size)) is not None}
