"""The log's checkpoints as the database keeps them: every one that was signed, with its cosignatures."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import checkpoints
from ..tlog.checkpoint import Checkpoint


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
    low, high, found = (
        size - 1,
        newest.size - 1,
        newest.raw,
    )
    while high - low > 1:  # the checkpoint after `low` does not suit, the one after `high` does
        middle = (low + high) // 2
        size, raw = after(middle)
        if size == newest.size or suits(raw):
            found, high = raw, middle
        else:
            low = size - 1
    return found
