"""The watches of rights holders: which sightings they are told of, and where."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ..database import paging
from ..database.engine import Database
from ..database.tables import endpoints, now, watches, works
from ..errors import Conflict, NotFound
from ..ids import new_id
from ..schemas.webhooks import NewWatch, WatchRecord
from . import webhooks
from .mail import check_address

MOST_WATCHES = 200  # of an account


def create(db: Database, account_id: str, new: NewWatch) -> WatchRecord:
    """Watch works of an account.

    Raises:
        NotFound: a work or the webhook is not the account's.
        BadInput: no such mail address is possible.
        Conflict: the account has too many.
    """
    with db.write() as connection:
        _check_works(connection, account_id, new.work_ids)
        count = sa.select(sa.func.count()).select_from(watches).where(watches.c.account_id == account_id)
        if connection.execute(count).scalar_one() >= MOST_WATCHES:
            raise Conflict(f"an account has at most {MOST_WATCHES} watches: remove one first")
        if new.webhook_id is not None:
            endpoint = webhooks.find(connection, new.webhook_id, account_id).id
        else:
            address = check_address(new.email or "")
            endpoint = webhooks.insert(connection, account_id, "mail", address, lang=new.lang)
        row = {
            "watch_id": new_id("watch"),
            "account_id": account_id,
            "endpoint": endpoint,
            "work_ids": sorted(set(new.work_ids)),
            "verdicts": sorted(set(new.verdicts)),
            "coverage": new.coverage,
            "created_at": now(),
        }
        connection.execute(watches.insert().values(row))
        return _record(_find(connection, row["watch_id"], account_id))


def _check_works(connection: sa.Connection, account_id: str, work_ids: list[str]) -> None:
    found = set(
        connection.execute(
            sa.select(works.c.work_id).where(works.c.account_id == account_id, works.c.work_id.in_(work_ids))
        ).scalars()
    )
    for work_id in work_ids:
        if work_id not in found:
            raise NotFound(f"no work of yours has the id {work_id!r}")


def page(
    db: Database, account_id: str | None, *, after: int = 0, limit: int = 100
) -> tuple[list[WatchRecord], int | None]:
    """The watches of an account (None: of everybody), oldest first, and the cursor of the next page or None."""
    query = _select()
    if account_id is not None:
        query = query.where(watches.c.account_id == account_id)
    with db.read() as connection:
        rows, more = paging.page(connection, query, watches.c.id, after, limit)
    return [_record(row) for row in rows], more


def get(db: Database, watch_id: str, account_id: str | None = None) -> WatchRecord:
    """A watch of an account (None: of anybody); raises `NotFound`."""
    with db.read() as connection:
        return _record(_find(connection, watch_id, account_id))


def remove(db: Database, watch_id: str, account_id: str | None = None) -> WatchRecord:
    """End a watch; mail of its that waits is not sent. Raises `NotFound`."""
    with db.write() as connection:
        row = _find(connection, watch_id, account_id)
        connection.execute(watches.delete().where(watches.c.id == row.id))
        if row.kind == "mail":
            webhooks.delete(connection, row.endpoint)
    return _record(row)


def _select() -> sa.Select[Any]:
    shown = (endpoints.c.endpoint_id, endpoints.c.kind, endpoints.c.address, endpoints.c.lang)
    return sa.select(watches, *shown, endpoints.c.failing_since, endpoints.c.disabled_at).join_from(watches, endpoints)


def _find(connection: sa.Connection, watch_id: str, account_id: str | None) -> sa.Row[Any]:
    row = connection.execute(_select().where(watches.c.watch_id == watch_id)).first()
    if row is None or account_id not in (None, row.account_id):
        raise NotFound(f"no watch of yours has the id {watch_id!r}")
    return row


def _record(row: sa.Row[Any]) -> WatchRecord:
    mail = row.kind == "mail"
    return WatchRecord(
        watch_id=row.watch_id,
        work_ids=row.work_ids,
        verdicts=row.verdicts,
        coverage=row.coverage,
        webhook_id=None if mail else row.endpoint_id,
        email=row.address if mail else None,
        lang=row.lang,
        created_at=row.created_at,
        failing_since=row.failing_since,
        disabled_at=row.disabled_at,
    )
