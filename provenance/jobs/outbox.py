"""The transactional outbox: an event exists exactly if the transaction of its cause was committed.

Where nobody is told, because the account has no endpoint, nothing is written: an endpoint hears of what happens after
it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..database.engine import Database
from ..database.purging import GROUP, in_groups
from ..database.tables import deliveries, endpoints, events, now, watches
from ..ids import new_id
from ..schema_fields import Record
from ..schemas.events import WorkSighted
from .events import PAYLOADS, EventName


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that an account is to be told.

    Attributes:
        account_id: who may be told.
        data: the payload, of the class that `events.PAYLOADS` has for the event.
        subject: id of the work, scan or job that it is about: events of one subject are delivered in their order.
    """

    event: EventName
    account_id: str
    data: Record
    subject: str


@dataclass(frozen=True, slots=True)
class _Listener:
    """An endpoint of an account, and the watches that send sightings there."""

    number: int
    events: Sequence[str]
    disabled: bool
    watches: Sequence[sa.Row[Any]]

    def hears(self, occurrence: Occurrence) -> bool:
        if occurrence.event in self.events:
            return True
        seen = occurrence.data
        return isinstance(seen, WorkSighted) and any(_watched(watch, seen) for watch in self.watches)


def emit(connection: sa.Connection, event: EventName, account_id: str, data: Record, *, subject: str) -> None:
    """Tell an account of something, in the transaction in which it happens; see `Occurrence`."""
    emit_all(connection, [Occurrence(event, account_id, data, subject)])


def emit_all(connection: sa.Connection, occurrences: Sequence[Occurrence]) -> None:
    """Tell accounts of many things, in their order."""
    listeners = _listeners(connection, sorted({each.account_id for each in occurrences}))
    told = [
        (new_id("evt"), each, heard)
        for each in occurrences
        if (heard := [listener for listener in listeners.get(each.account_id, ()) if listener.hears(each)])
    ]
    if not told:
        return
    moment = now()
    connection.execute(events.insert(), [_row(event_id, each, moment) for event_id, each, _ in told])
    written = connection.execute(
        sa.select(events.c.event_id, events.c.id).where(events.c.event_id.in_([event_id for event_id, _, _ in told]))
    )
    numbers = {row.event_id: row.id for row in written}
    connection.execute(
        deliveries.insert(),
        [
            {
                "event": numbers[event_id],
                "endpoint": listener.number,
                "subject": each.subject,
                "state": "dead" if listener.disabled else "pending",
                "attempts": 0,
                "due": 0.0,
                "answer": "the endpoint is disabled" if listener.disabled else None,
            }
            for event_id, each, heard in told
            for listener in heard
        ],
    )


def _row(event_id: str, occurrence: Occurrence, moment: str) -> dict[str, Any]:
    assert type(occurrence.data) is PAYLOADS[occurrence.event]
    return {
        "event_id": event_id,
        "account_id": occurrence.account_id,
        "event": occurrence.event,
        "data": occurrence.data.model_dump(mode="json"),
        "created_at": moment,
    }


def _listeners(connection: sa.Connection, account_ids: Sequence[str]) -> dict[str, list[_Listener]]:
    """The endpoints of accounts, by account."""
    found = connection.execute(sa.select(endpoints).where(endpoints.c.account_id.in_(account_ids))).all()
    if not found:
        return {}
    by_endpoint: dict[int, list[sa.Row[Any]]] = {}
    for watch in connection.execute(sa.select(watches).where(watches.c.account_id.in_(account_ids))):
        by_endpoint.setdefault(watch.endpoint, []).append(watch)
    out: dict[str, list[_Listener]] = {}
    for row in found:
        listener = _Listener(row.id, row.events, row.disabled_at is not None, by_endpoint.get(row.id, ()))
        out.setdefault(row.account_id, []).append(listener)
    return out


def _watched(watch: sa.Row[Any], seen: WorkSighted) -> bool:
    return (
        (not watch.work_ids or seen.work_id in watch.work_ids)
        and (not watch.verdicts or seen.verdict in watch.verdicts)
        and max(seen.coverage.upload, seen.coverage.work) >= watch.coverage
    )


def forget(connection: sa.Connection, work_id: str) -> None:
    """Delete the events that speak of an erased work, told or not."""
    about = sa.cast(events.c.data, sa.Text).contains(work_id, autoescape=True)
    numbers = connection.execute(sa.select(events.c.id).where(about)).scalars().all()
    if numbers:
        connection.execute(deliveries.delete().where(deliveries.c.event.in_(numbers)))
        connection.execute(events.delete().where(events.c.id.in_(numbers)))


def purge(db: Database, before: str) -> int:
    """Delete events from before a moment that wait for nobody any more, told or given up; returns how many."""
    waiting = sa.exists().where(deliveries.c.event == events.c.id, deliveries.c.state == "pending")
    ended = sa.select(events.c.id).where(events.c.created_at < before, ~waiting).limit(GROUP)

    def step(connection: sa.Connection) -> int:
        numbers = connection.execute(ended).scalars().all()
        connection.execute(deliveries.delete().where(deliveries.c.event.in_(numbers)))
        return connection.execute(events.delete().where(events.c.id.in_(numbers))).rowcount

    return in_groups(db, step)
