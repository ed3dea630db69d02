"""Answers already given, so that a request sent twice with one Idempotency-Key is carried out once.

The header and its rules follow the IETF draft "The Idempotency-Key HTTP Header Field".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..errors import Conflict
from .engine import Database
from .tables import idempotency, now

_ABANDONED = timedelta(minutes=10)  # a reservation this old belongs to a process that died

Answer = tuple[int, Any]


def once(
    db: Database, account_id: str, key: str, request_hash: bytes, keep_hours: int, act: Callable[[], Answer]
) -> Answer:
    """The stored answer for this key, or `act()`'s, which is then stored.

    Raises:
        Conflict: the key was used with another request, or its first request is still being answered.
    """
    stored = _reserve(db, account_id, key, request_hash, keep_hours)
    if stored is not None:
        return stored
    mine = (idempotency.c.account_id == account_id, idempotency.c.key == key)
    try:
        status, answer = act()
    except BaseException:
        with db.write() as connection:  # nothing was answered: the same key may try again
            connection.execute(idempotency.delete().where(*mine))
        raise
    with db.write() as connection:
        connection.execute(idempotency.update().where(*mine).values(status=status, answer=answer))
    return status, answer


def _reserve(db: Database, account_id: str, key: str, request_hash: bytes, keep_hours: int) -> Answer | None:
    mine = (idempotency.c.account_id == account_id, idempotency.c.key == key)
    busy = Conflict("a request with this Idempotency-Key is being answered: wait for it, then send it again")
    try:
        with db.write() as connection:
            connection.execute(idempotency.delete().where(idempotency.c.created_at < _ago(timedelta(hours=keep_hours))))
            row = connection.execute(sa.select(idempotency).where(*mine)).first()
            if row is not None:
                if row.request_hash != request_hash:
                    raise Conflict("this Idempotency-Key was used with another request: choose a new one")
                if row.status is not None:
                    return int(row.status), row.answer
                if row.created_at > _ago(_ABANDONED):
                    raise busy
                connection.execute(idempotency.delete().where(*mine))
            connection.execute(
                idempotency.insert().values(account_id=account_id, key=key, request_hash=request_hash, created_at=now())
            )
    except IntegrityError:
        raise busy from None
    return None


def forget(connection: sa.Connection, work_id: str) -> None:
    """Delete the stored answers that speak of an erased work."""
    connection.execute(
        idempotency.delete().where(sa.cast(idempotency.c.answer, sa.Text).contains(work_id, autoescape=True))
    )


def _ago(span: timedelta) -> str:
    return (datetime.now(UTC) - span).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
