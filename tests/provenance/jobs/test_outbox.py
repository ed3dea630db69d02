"""The outbox: an event exists exactly if its cause was committed, and whoever listens is told of it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from provenance.database.engine import Database
from provenance.database.tables import deliveries, events, now, watches
from provenance.jobs import outbox
from provenance.schemas.events import JobFinished, WorkSighted
from tests.provenance.jobs.conftest import listen, rows


def a_job(n: int = 1) -> JobFinished:
    return JobFinished(job_id=f"job_{n}", kind="scan-batch", state="done", ended_at=now())


def a_sighting(**values: Any) -> WorkSighted:
    return WorkSighted.model_validate(
        {
            "sighting_id": "sight_1", "work_id": "work_1", "title": "The Clock Mender", "platform": "two",
            "verdict": "uncredited", "score": 0.9, "coverage": {"upload": 0.1, "work": 0.6}, "seen_at": now(), **values,
        }
    )  # fmt: skip


def test_an_event_is_there_with_its_cause_and_not_without(db: Database) -> None:
    listen(db, "one", "job.finished")
    with db.write() as connection:
        outbox.emit(connection, "job.finished", "one", a_job(1), subject="job_1")
    with contextlib.suppress(ZeroDivisionError), db.write() as connection:
        outbox.emit(connection, "job.finished", "one", a_job(2), subject="job_2")
        raise ZeroDivisionError
    (event,) = rows(db, events)
    (delivery,) = rows(db, deliveries)
    assert (event.event, event.data["job_id"]) == ("job.finished", "job_1")
    assert (delivery.event, delivery.subject, delivery.state) == (event.id, "job_1", "pending")


def test_nobody_else_is_told_and_nothing_is_kept_for_nobody(db: Database) -> None:
    listen(db, "one", "scan.decided")
    with db.write() as connection:
        outbox.emit(connection, "job.finished", "one", a_job(), subject="job_1")
        outbox.emit(connection, "job.finished", "two", a_job(), subject="job_1")
    assert rows(db, events) == []


def test_a_disabled_endpoint_loses_nothing(db: Database) -> None:
    listen(db, "one", "job.finished", disabled_at=now())
    with db.write() as connection:
        outbox.emit(connection, "job.finished", "one", a_job(), subject="job_1")
    assert [delivery.state for delivery in rows(db, deliveries)] == ["dead"]


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({}, True),
        ({"work_ids": ["work_1", "work_2"], "verdicts": ["uncredited", "review"], "coverage": 0.6}, True),
        ({"work_ids": ["work_2"]}, False),
        ({"verdicts": ["review"]}, False),
        ({"coverage": 0.61}, False),
    ],
)
def test_a_watch_tells_what_it_asks_for(db: Database, filters: dict[str, Any], told: bool) -> None:
    endpoint = listen(db, "one")
    watch = {"work_ids": [], "verdicts": [], "coverage": 0.0, **filters}
    with db.write() as connection:
        for name in ("watch_1", "watch_2"):  # two that ask for the same are told once
            connection.execute(
                watches.insert().values(watch_id=name, account_id="one", endpoint=endpoint, created_at=now(), **watch)
            )
        outbox.emit(connection, "work.sighted", "one", a_sighting(), subject="work_1")
    assert len(rows(db, deliveries)) == told


def test_what_waits_is_kept_when_old_events_are_forgotten(db: Database) -> None:
    listen(db, "one", "job.finished")
    with db.write() as connection:
        for n in (1, 2):
            outbox.emit(connection, "job.finished", "one", a_job(n), subject=f"job_{n}")
        connection.execute(deliveries.update().where(deliveries.c.subject == "job_1").values(state="delivered"))
    assert outbox.purge(db, "2000-01-01") == 0
    assert outbox.purge(db, "9999-01-01") == 1
    assert [event.data["job_id"] for event in rows(db, events)] == ["job_2"]


def test_an_erased_work_leaves_no_event(db: Database) -> None:
    listen(db, "one", "work.sighted")
    with db.write() as connection:
        for work in ("work_1", "work_2"):
            outbox.emit(connection, "work.sighted", "one", a_sighting(work_id=work), subject=work)
        outbox.forget(connection, "work_1")
    assert [event.data["work_id"] for event in rows(db, events)] == ["work_2"]
    assert [delivery.subject for delivery in rows(db, deliveries)] == ["work_2"]
