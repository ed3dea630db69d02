"""Leases: whoever takes a row holds it for a while and renews that while at work; of one that died the next takes it.

What a holder writes is guarded by the row's ``holder``, so one that wakes up too late can write nothing.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from .clock import clock
from .engine import Database


def take(
    db: Database, table: sa.Table, free: sa.Select[tuple[int]], seconds: float, *columns: Any, **values: Any
) -> sa.Row[Any] | None:
    """The next free row of a table with ``id``, ``holder`` and ``due``, now this caller's; None if there is none.

    Args:
        free: the number of the row to take next.
        seconds: how long it is this caller's.
        columns: of the row, to be returned.
        values: what else is written into it.
    """
    with db.read() as connection:  # so that an idle worker asks for no write lock
        if connection.execute(free).first() is None:
            return None
    with db.write() as connection:
        return connection.execute(
            table.update()
            .where(table.c.id == free.with_for_update(skip_locked=True).scalar_subquery())
            .values(holder=secrets.token_hex(16), due=clock() + seconds, **values)
            .returning(*columns)
        ).first()


@contextmanager
def kept(name: str, seconds: float, renew: Callable[[], bool]) -> Iterator[threading.Event]:
    """Renew a lease as long as the block runs; the event is set when it is lost.

    Args:
        name: of the thread that renews it.
        seconds: between two renewals.
        renew: returns whether the lease is held still.
    """
    done, lost = threading.Event(), threading.Event()

    def beat() -> None:
        while not done.wait(seconds):
            if not renew():
                lost.set()
                return

    thread = threading.Thread(target=beat, name=name, daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        done.set()
        thread.join()
