"""Deleting much: a transaction for every few rows, so that nobody waits long and no transaction grows without end."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from .engine import Database

GROUP = 500  # rows of the table that is purged, a transaction


def in_groups(db: Database, step: Callable[[sa.Connection], int]) -> int:
    """Perform steps until one deletes nothing; returns how many rows went in all.

    Args:
        step: deletes at most `GROUP` rows and says how many.
    """
    done = 0
    while True:
        with db.write() as connection:
            gone = step(connection)
        if not gone:
            return done
        done += gone
