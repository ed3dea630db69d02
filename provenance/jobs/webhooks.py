"""The endpoints of accounts: making them, trying them out, replacing secrets, sending again."""

from __future__ import annotations

import base64
import secrets as random_bits
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ..database import paging
from ..database.engine import Database
from ..database.tables import deliveries, endpoints, events, now, stamp, watches
from ..errors import Conflict, NotFound
from ..ids import new_id
from ..schemas.webhooks import (
    DeliveryRecord,
    IssuedWebhook,
    NewWebhook,
    Redelivered,
    Rotation,
    WebhookRecord,
    WebhookTrial,
)
from .delivery import Message
from .webhook_secrets import WebhookSecrets, is_sealed
from .webhook_sender import TargetRules, WebhookSender

MOST_ENDPOINTS = 50  # of an account
_SECRET_BYTES = 32


def new_secret() -> str:
    """A secret in the form of the Standard Webhooks specification."""
    return "whsec_" + base64.b64encode(random_bits.token_bytes(_SECRET_BYTES)).decode()


def insert(connection: sa.Connection, account_id: str, kind: str, address: str, **values: Any) -> int:
    """A new endpoint; returns its internal number. Raises `Conflict` where an account has too many."""
    count = sa.select(sa.func.count()).select_from(endpoints).where(endpoints.c.account_id == account_id)
    if connection.execute(count).scalar_one() >= MOST_ENDPOINTS:
        raise Conflict(f"an account has at most {MOST_ENDPOINTS} endpoints and watches by mail: remove one first")
    row = {
        "endpoint_id": new_id("hook"),
        "account_id": account_id,
        "kind": kind,
        "address": address,
        "events": [],
        "secrets": [],
        "created_at": now(),
        "failures": 0,
        "due": 0.0,
        **values,
    }
    connection.execute(endpoints.insert().values(row))
    return int(
        connection.execute(sa.select(endpoints.c.id).where(endpoints.c.endpoint_id == row["endpoint_id"])).scalar_one()
    )


def create(db: Database, account_id: str, new: NewWebhook, rules: TargetRules, store: WebhookSecrets) -> IssuedWebhook:
    """Make an endpoint; raises as `TargetRules.check` and `WebhookSecrets.seal`."""
    rules.check(new.url)
    endpoint_id, secret = new_id("hook"), new_secret()
    sealed = store.seal(endpoint_id, secret)
    with db.write() as connection:
        number = insert(
            connection,
            account_id,
            "webhook",
            new.url,
            endpoint_id=endpoint_id,
            events=sorted(set(new.events)),
            secrets=[sealed],
        )
        row = connection.execute(sa.select(endpoints).where(endpoints.c.id == number)).one()
        return IssuedWebhook(**_record(row, {}).model_dump(), secret=secret)


def page(
    db: Database, account_id: str | None, *, after: int = 0, limit: int = 100
) -> tuple[list[WebhookRecord], int | None]:
    """The webhooks of an account (None: of everybody), oldest first, and the cursor of the next page or None."""
    query = sa.select(endpoints).where(endpoints.c.kind == "webhook")
    if account_id is not None:
        query = query.where(endpoints.c.account_id == account_id)
    with db.read() as connection:
        rows, more = paging.page(connection, query, endpoints.c.id, after, limit)
        counts = _counts(connection, [row.id for row in rows])
    return [_record(row, counts.get(row.id, {})) for row in rows], more


def get(db: Database, webhook_id: str, account_id: str | None = None) -> WebhookRecord:
    """A webhook of an account (None: of anybody); raises `NotFound`."""
    with db.read() as connection:
        row = find(connection, webhook_id, account_id)
        return _record(row, _counts(connection, [row.id]).get(row.id, {}))


def find(connection: sa.Connection, webhook_id: str, account_id: str | None) -> sa.Row[Any]:
    """The row of a webhook; raises `NotFound`."""
    row = connection.execute(
        sa.select(endpoints).where(endpoints.c.endpoint_id == webhook_id, endpoints.c.kind == "webhook")
    ).first()
    if row is None or account_id not in (None, row.account_id):
        raise NotFound(f"no webhook of yours has the id {webhook_id!r}")
    return row


def _counts(connection: sa.Connection, numbers: list[int]) -> dict[int, dict[str, int]]:
    rows = connection.execute(
        sa.select(deliveries.c.endpoint, deliveries.c.state, sa.func.count())
        .where(deliveries.c.endpoint.in_(numbers), deliveries.c.state.in_(("pending", "dead")))
        .group_by(deliveries.c.endpoint, deliveries.c.state)
    )
    out: dict[int, dict[str, int]] = {}
    for endpoint, state, count in rows:
        out.setdefault(endpoint, {})[state] = count
    return out


def _record(row: sa.Row[Any], counts: dict[str, int]) -> WebhookRecord:
    return WebhookRecord(
        webhook_id=row.endpoint_id,
        url=row.address,
        events=row.events,
        created_at=row.created_at,
        pending=counts.get("pending", 0),
        dead=counts.get("dead", 0),
        failing_since=row.failing_since,
        disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason,
    )


def rotate(
    db: Database, webhook_id: str, account_id: str | None, rotation: Rotation, store: WebhookSecrets
) -> IssuedWebhook:
    """A new secret; the one before signs too for a while. An older one that still did is dropped."""
    secret = new_secret()
    sealed = store.seal(webhook_id, secret)
    until = stamp(datetime.now(UTC) + timedelta(hours=rotation.keep_hours))
    with db.write() as connection:
        row = find(connection, webhook_id, account_id)
        kept = [{**row.secrets[0], "until": until}] if rotation.keep_hours else []
        values = {"secrets": [sealed, *kept]}
        connection.execute(endpoints.update().where(endpoints.c.id == row.id).values(values))
        record = _record(row, _counts(connection, [row.id]).get(row.id, {}))
    return IssuedWebhook(**record.model_dump(), secret=secret)


def remove(db: Database, webhook_id: str, account_id: str | None = None) -> WebhookRecord:
    """Remove a webhook with what waits for it and the watches that send there; raises `NotFound`."""
    with db.write() as connection:
        row = find(connection, webhook_id, account_id)
        record = _record(row, _counts(connection, [row.id]).get(row.id, {}))
        connection.execute(watches.delete().where(watches.c.endpoint == row.id))
        delete(connection, row.id)
    return record


def delete(connection: sa.Connection, number: int) -> None:
    """Delete the row of an endpoint that no watch sends to, and its deliveries."""
    connection.execute(deliveries.delete().where(deliveries.c.endpoint == number))
    connection.execute(endpoints.delete().where(endpoints.c.id == number))


def seal(db: Database, row: sa.Row[Any], store: WebhookSecrets) -> None:
    """Seal the secrets of an endpoint that stand in the database as they are, of before they were sealed."""
    if all(map(is_sealed, row.secrets)):
        return
    with db.write() as connection:
        stored = connection.execute(
            sa.select(endpoints.c.secrets).where(endpoints.c.id == row.id).with_for_update()
        ).scalar()
        sealed = [
            each if is_sealed(each) else store.seal(row.endpoint_id, each["secret"], each["until"])
            for each in stored or ()
        ]
        connection.execute(endpoints.update().where(endpoints.c.id == row.id).values(secrets=sealed))


def try_out(
    db: Database, webhook_id: str, account_id: str | None, rules: TargetRules, store: WebhookSecrets
) -> WebhookTrial:
    """Send the event `webhook.test` now, once, whether the endpoint is disabled or not; raises `NotFound`."""
    with db.read() as connection:
        row = find(connection, webhook_id, account_id)
    message = Message(0, webhook_id, 0, new_id("evt"), "webhook.test", {"endpoint_id": webhook_id}, now())
    sender = WebhookSender(row.address, store.open(row.endpoint_id, row.secrets), rules)
    began = time.monotonic()
    try:
        outcome = sender.send(message)
    finally:
        sender.close()
    return WebhookTrial(delivered=outcome.delivered, answer=outcome.answer, seconds=round(time.monotonic() - began, 3))


def redeliver(db: Database, webhook_id: str, account_id: str | None, since: str | None) -> Redelivered:
    """Send again what was given up, or all that happened since a time; a disabled endpoint is enabled again.

    Args:
        since: as times are stored.
    """
    with db.write() as connection:
        row = find(connection, webhook_id, account_id)
        enabled = {"disabled_at": None, "disabled_reason": None, "failing_since": None, "failures": 0, "due": 0.0}
        connection.execute(endpoints.update().where(endpoints.c.id == row.id).values(enabled))
        query = deliveries.update().where(deliveries.c.endpoint == row.id)
        if since is None:
            query = query.where(deliveries.c.state == "dead")
        else:
            query = query.where(deliveries.c.event.in_(sa.select(events.c.id).where(events.c.created_at >= since)))
        count = connection.execute(query.values(state="pending", attempts=0, due=0.0)).rowcount
    return Redelivered(events=count)


def deliveries_page(
    db: Database,
    webhook_id: str,
    account_id: str | None,
    *,
    state: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[DeliveryRecord], int | None]:
    """What was sent to a webhook and what waits, oldest first, and the cursor of the next page or None.

    Args:
        state: only deliveries in this state.
    """
    with db.read() as connection:
        number = find(connection, webhook_id, account_id).id
        query = (
            sa.select(deliveries, events.c.event_id, events.c.event.label("name"), events.c.created_at)
            .join_from(deliveries, events)
            .where(deliveries.c.endpoint == number)
        )
        if state is not None:
            query = query.where(deliveries.c.state == state)
        rows, more = paging.page(connection, query, deliveries.c.id, after, limit)
    return [DeliveryRecord.model_validate({**row._asdict(), "event": row.name}) for row in rows], more


def troubled(db: Database) -> tuple[int, list[str]]:
    """How many webhooks there are, and the ids of those that take nothing at present."""
    with db.read() as connection:
        rows = connection.execute(
            sa.select(endpoints).where(endpoints.c.kind == "webhook").order_by(endpoints.c.id)
        ).all()
    return len(rows), [row.endpoint_id for row in rows if row.disabled_at or row.failing_since]
