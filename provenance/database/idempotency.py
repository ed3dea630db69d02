"""Answers already given, so that a request sent twice with one Idempotency-Key is carried out once.

The header and its rules follow the IETF draft "The Idempotency-Key HTTP Header Field".

Whoever carries out a request holds a lease on its key, and renews it until the answer is stored. A lease that has run
out belonged to a process that died: the request is carried out again, by the next who sends it. What it had done before
is found: a registration by its content, a grant by its id. Leases are compared by the database's own clock, so that it
does not matter how the clocks of several machines differ.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..errors import Conflict, SourcemarkError
from . import leases
from .clock import clock
from .engine import Database
from .tables import idempotency, now, stamp

LEASE_SECONDS = 6.0
RENEWAL_SECONDS = 1.5

Answer = tuple[int, Any]
Act = Callable[[bytes], Answer]


def once(db: Database, account_id: str, key: str, request_hash: bytes, keep_hours: int, act: Act) -> Answer:
    """The stored answer for this key, or `act`'s, which is then stored.

    Args:
        act: is given 32 bytes that are the same when a request is carried out again, and else never.

    Raises:
        Conflict: the key was used with another request, or its first request is still being answered.
    """
    holder = secrets.token_hex(16)
    found = _reserve(db, account_id, key, request_hash, keep_hours, holder)
    if not isinstance(found, str):
        return found
    request_id = hashlib.sha256("\0".join((account_id, key, request_hash.hex(), found)).encode()).digest()
    # If another one has taken over since, the row is no longer ours.
    mine = (idempotency.c.account_id == account_id, idempotency.c.key == key, idempotency.c.holder == holder)
    with leases.kept("idempotency lease", RENEWAL_SECONDS, lambda: _renew(db, mine)):
        try:
            status, answer = act(request_id)
        except BaseException as error:
            _give_back(db, mine, refused=isinstance(error, SourcemarkError) and error.status < 500)
            raise
        with db.write() as connection:
            connection.execute(
                idempotency.update().where(*mine).values(status=status, answer=answer, holder=None, lease_until=None)
            )
    return status, answer


def _reserve(
    db: Database, account_id: str, key: str, request_hash: bytes, keep_hours: int, holder: str
) -> Answer | str:
    """The stored answer, or after taking the lease the time when the request first came."""
    mine = (idempotency.c.account_id == account_id, idempotency.c.key == key)
    busy = Conflict("a request with this Idempotency-Key is being answered: wait for it, then send it again")
    values = {"holder": holder, "lease_until": clock() + LEASE_SECONDS}
    moment, oldest = now(), stamp(datetime.now(UTC) - timedelta(hours=keep_hours))
    try:
        with db.write() as connection:
            connection.execute(idempotency.delete().where(idempotency.c.created_at < oldest))
            row = connection.execute(
                sa.select(idempotency, clock().label("clock")).where(*mine).with_for_update()
            ).first()
            if row is None:
                connection.execute(
                    idempotency.insert().values(
                        account_id=account_id, key=key, request_hash=request_hash, created_at=moment, **values
                    )
                )
                return moment
            if row.request_hash != request_hash:
                raise Conflict("this Idempotency-Key was used with another request: choose a new one")
            if row.status is not None:
                return int(row.status), row.answer
            # One that ends later than any that was just given is of a clock that was put back.
            if row.lease_until is not None and row.clock < row.lease_until <= row.clock + LEASE_SECONDS:
                raise busy
            connection.execute(idempotency.update().where(*mine).values(values))
            return str(row.created_at)
    except IntegrityError:
        raise busy from None


def _give_back(db: Database, mine: tuple[sa.ColumnElement[bool], ...], *, refused: bool) -> None:
    """Nothing was answered: the same key may try again, at once, or if this fails when the lease has run out.

    Args:
        refused: nothing was done either, so it may be another request; else what was done must be found again.
    """
    with contextlib.suppress(SourcemarkError), db.write() as connection:
        release = idempotency.update().values(holder=None, lease_until=None)
        connection.execute((idempotency.delete() if refused else release).where(*mine))


def _renew(db: Database, mine: tuple[sa.ColumnElement[bool], ...]) -> bool:
    with contextlib.suppress(SourcemarkError), db.write() as connection:  # a busy database: the next time
        connection.execute(
            idempotency.update()
            .where(*mine, idempotency.c.status.is_(None))
            .values(lease_until=clock() + LEASE_SECONDS)
        )
    return True  # whoever has lost it finds out when the answer is to be stored


def forget(connection: sa.Connection, work_id: str) -> None:
    """Delete the stored answers that speak of an erased work."""
    connection.execute(
        idempotency.delete().where(sa.cast(idempotency.c.answer, sa.Text).contains(work_id, autoescape=True))
    )
