"""Delivering events: to each endpoint by one worker at a time, those of one subject in their order, at least once.

A worker takes an endpoint under a lease, sends what is due and records what came of it. When the endpoint cannot be
reached, nothing more is sent there for a while, and then one event at a time until it answers. When it refuses an
event, or takes others and does not answer this one, only this event, and what follows of its subject, waits. What is
refused too often is dead; an endpoint that takes nothing for days is disabled. Both can be sent again
(`webhooks.redeliver`).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from ..database import leases
from ..database.clock import clock
from ..database.engine import Database
from ..database.tables import deliveries, endpoints, events, now, stamp

_logger = logging.getLogger(__name__)
LEASE_SECONDS = 60.0
_BATCH = 256  # events that are sent between two looks into the database
_BATCHES = 16  # before another endpoint has its turn
LANES = 8  # events of different subjects that are sent at a time
# Seconds before each attempt at an event that was refused; after the last it is dead. As the specification of Standard
# Webhooks has them.
SCHEDULE = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 900.0  # seconds after attempts that did not reach an endpoint
_LONGEST_RETRY_AFTER = 3600.0


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way to an endpoint.

    Attributes:
        number: of the delivery.
        attempts: made before.
    """

    number: int
    subject: str
    attempts: int
    event_id: str
    event: str
    data: dict[str, Any]
    created_at: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt.

    Attributes:
        answer: an HTTP status, or what kept it from coming, for people.
        unreached: it says nothing about this event: the endpoint was not there, or asks to wait.
        gone: the endpoint wants nothing any more.
        wait: seconds that the endpoint asks to wait.
    """

    delivered: bool
    answer: str
    unreached: bool = False
    gone: bool = False
    wait: float = 0.0


class Sender(Protocol):
    """Sends messages to one endpoint. Thread-safe."""

    def send(self, message: Message) -> Outcome: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class _Taken:
    """An endpoint that this worker holds, with what it has seen of it."""

    row: Any
    failures: int
    failing_since: str | None

    @property
    def mine(self) -> tuple[sa.ColumnElement[bool], ...]:
        return (endpoints.c.id == self.row.id, endpoints.c.holder == self.row.holder)


class Deliverer:
    """Delivers the events of an installation. Thread-safe."""

    def __init__(
        self,
        db: Database,
        sender: Callable[[Any], Sender],
        *,
        disable_days: int,
        schedule: Sequence[float] = SCHEDULE,
        first_pause: float = _FIRST_PAUSE,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """
        Args:
            sender: what sends to an endpoint, given its row.
            disable_days: after which an endpoint that has taken nothing is disabled.
            lease_seconds: longer than any attempt may take.
        """
        self._db = db
        self._sender = sender
        self._disable_after = timedelta(days=disable_days)
        self._schedule = schedule
        self._first_pause = first_pause
        self._lease_seconds = lease_seconds

    def deliver(self, stop: threading.Event) -> bool:
        """Send what is due to one endpoint; returns whether there was any."""
        row = leases.take(self._db, endpoints, _next(), self._lease_seconds, *endpoints.c)
        if row is None:
            return False
        taken = _Taken(row, row.failures, row.failing_since)
        sender = self._sender(row)
        try:
            for _ in range(_BATCHES):
                messages = self._messages(taken)
                until = time.monotonic() + self._lease_seconds / 2
                if not messages or not self._record(taken, _send_all(sender, messages, until, stop)):
                    break
        finally:
            sender.close()
            self._give_back(taken)
        return True

    def _messages(self, taken: _Taken) -> list[Message]:
        """What is due, in the order in which it happened.

        While the endpoint is not reached it is one message, another one each time: that it was not reached may be the
        message's fault.
        """
        query = (
            sa.select(
                deliveries.c.id.label("number"),
                *(deliveries.c.subject, deliveries.c.attempts),
                *(events.c.event_id, events.c.event, events.c.data, events.c.created_at),
            )
            .join_from(deliveries, events)
            .where(deliveries.c.endpoint == taken.row.id, *_SENDABLE)
        )
        if taken.failures:
            query = query.where(_FIRST_OF_ITS_SUBJECT).order_by(deliveries.c.attempted_at.nulls_first())
        with self._db.read() as connection:
            rows = connection.execute(query.order_by(deliveries.c.id).limit(1 if taken.failures else _BATCH)).all()
        return [Message(**row._asdict()) for row in rows]

    def _record(self, taken: _Taken, tried: Sequence[tuple[Message, Outcome]]) -> bool:
        """Write down what came of attempts; returns whether to go on with this endpoint."""
        moment = now()
        if not tried:
            return False
        outcomes = [outcome for _, outcome in tried]
        with self._db.write() as connection:
            state = self._endpoint_state(taken, outcomes, moment)
            if connection.execute(endpoints.update().where(*taken.mine).values(state)).rowcount != 1:
                return False  # it belongs to another, who sends these again
            self._record_each(connection, tried, moment)
            if state.get("disabled_at"):
                _bury(connection, taken.row.id)
                _logger.warning(
                    "the endpoint %s is disabled (%s): mend it, then `sourcemark webhook redeliver %s`",
                    *(taken.row.endpoint_id, state["disabled_reason"], taken.row.endpoint_id),
                )
        taken.failures, taken.failing_since = state.get("failures", 0), state.get("failing_since")
        return "holder" not in state

    def _record_each(self, connection: sa.Connection, tried: Sequence[tuple[Message, Outcome]], moment: str) -> None:
        done: dict[str, list[int]] = {}
        answers = any(outcome.delivered for _, outcome in tried)
        for message, outcome in tried:
            if outcome.delivered:
                done.setdefault(outcome.answer, []).append(message.number)
                continue
            state = {
                "attempted_at": moment,
                "answer": outcome.answer[:200],
                **self._not_taken(message, outcome, answers),
            }
            connection.execute(deliveries.update().where(deliveries.c.id == message.number).values(state))
        for answer, numbers in done.items():
            state = {"attempted_at": moment, "answer": answer, "state": "delivered"}
            connection.execute(
                deliveries.update()
                .where(deliveries.c.id.in_(numbers))
                .values(attempts=deliveries.c.attempts + 1, **state)
            )

    def _not_taken(self, message: Message, outcome: Outcome, answers: bool) -> dict[str, Any]:
        """What becomes of a delivery that was not taken.

        Args:
            answers: the endpoint took another one meanwhile, so it was there.
        """
        if outcome.gone or (outcome.unreached and not answers):
            return {}
        if message.attempts >= len(self._schedule):
            return {"state": "dead", "attempts": message.attempts + 1}
        pause = self._schedule[message.attempts] * random.uniform(0.9, 1.2)
        return {"attempts": message.attempts + 1, "due": clock() + pause}

    def _endpoint_state(self, taken: _Taken, outcomes: Sequence[Outcome], moment: str) -> dict[str, Any]:
        """What attempts say of the endpoint; without a holder it is left alone for a while, or for good."""
        if any(outcome.gone for outcome in outcomes):
            return {"disabled_at": moment, "disabled_reason": "gone", "holder": None}
        waits = [outcome.wait for outcome in outcomes if outcome.unreached]
        if any(outcome.delivered for outcome in outcomes):
            failures, since = 0, None
        else:
            failures, since = taken.failures + bool(waits), taken.failing_since or moment
        if since is not None and since < stamp(datetime.now(UTC) - self._disable_after):
            return {"disabled_at": moment, "disabled_reason": "failing", "holder": None}
        state = {"failures": failures if waits else 0, "failing_since": since}
        if not waits:
            return {**state, "due": clock() + self._lease_seconds}
        pause = self._first_pause * 2.0 ** min(max(failures - 1, 0), 20) * random.uniform(0.9, 1.2)
        pause = min(max(min(pause, _LONGEST_PAUSE), *waits), _LONGEST_RETRY_AFTER)
        return {**state, "due": clock() + pause, "holder": None}

    def _give_back(self, taken: _Taken) -> None:
        with self._db.write() as connection:
            connection.execute(endpoints.update().where(*taken.mine).values(holder=None, due=clock()))


_earlier = deliveries.alias("earlier")


def _none_earlier(*that: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Nothing earlier of a delivery's subject that fits waits for its endpoint."""
    return ~(
        sa.select(_earlier.c.id)
        .where(
            _earlier.c.endpoint == deliveries.c.endpoint,
            _earlier.c.state == "pending",
            _earlier.c.subject == deliveries.c.subject,
            _earlier.c.id < deliveries.c.id,
            *that,
        )
        .exists()
    )


# What may be sent: it is due, and nothing earlier of its subject waits for another attempt.
_SENDABLE: tuple[sa.ColumnElement[bool], ...] = (
    deliveries.c.state == "pending",
    deliveries.c.due <= clock(),
    _none_earlier(_earlier.c.due > clock()),
)
_FIRST_OF_ITS_SUBJECT = _none_earlier()


def _next() -> sa.Select[tuple[int]]:
    """The number of the endpoint to deliver to next."""
    waiting = sa.select(deliveries.c.id).where(deliveries.c.endpoint == endpoints.c.id, *_SENDABLE)
    return (
        sa.select(endpoints.c.id)
        .where(endpoints.c.disabled_at.is_(None), endpoints.c.due <= clock(), waiting.exists())
        .order_by(endpoints.c.due, endpoints.c.id)
        .limit(1)
    )


def _bury(connection: sa.Connection, endpoint: int) -> None:
    """Nothing more is sent to an endpoint; what waits for it can be sent again later."""
    connection.execute(
        deliveries.update()
        .where(deliveries.c.endpoint == endpoint, deliveries.c.state == "pending")
        .values(state="dead")
    )


def _send_all(
    sender: Sender, messages: Sequence[Message], until: float, stop: threading.Event
) -> list[tuple[Message, Outcome]]:
    """Send messages, those of one subject one after the other; returns those that were sent, with what came of it.

    It ends early when the endpoint is not reached, or at the moment ``until`` of the monotonic clock.
    """
    lanes: dict[str, list[Message]] = {}
    for message in messages:
        lanes.setdefault(message.subject, []).append(message)
    tried: list[tuple[Message, Outcome]] = []
    halt = threading.Event()

    def run(lane: Sequence[Message]) -> None:
        for message in lane:
            if halt.is_set() or stop.is_set() or time.monotonic() > until:
                return
            outcome = sender.send(message)
            tried.append((message, outcome))
            if outcome.unreached or outcome.gone:
                halt.set()
            if not outcome.delivered:
                return

    with ThreadPoolExecutor(min(LANES, len(lanes)), "deliveries") as pool:
        list(pool.map(run, lanes.values()))
    return tried
