"""Delivering events to receivers on this machine: signed, in order, at least once, and never without end."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from provenance.config import Settings
from provenance.database.engine import Database
from provenance.database.tables import deliveries, endpoints, now, stamp
from provenance.jobs import outbox, webhooks
from provenance.jobs.delivery import LANES, Deliverer
from provenance.jobs.webhook_secrets import WebhookSecrets
from provenance.jobs.webhook_sender import TargetRules, WebhookSender
from provenance.schemas.events import JobFinished
from provenance.schemas.webhooks import NewWebhook, Rotation
from tests.provenance.jobs.conftest import listen, rows
from tests.provenance.jobs.receivers import Receiver, receiving
from tests.provenance.ledger.servers import free_port, speaking

pytestmark = pytest.mark.enable_socket
HERE = TargetRules(http=True, private=True, seconds=30)
IMPATIENT = TargetRules(http=True, private=True, seconds=1)


def to(db: Database, url: str, secret: str, **values: Any) -> int:
    return listen(db, "one", "job.finished", address=url, secrets=[{"secret": secret, "until": None}], **values)


def happen(db: Database, *subjects: str) -> None:
    """One event of each subject, in this order."""
    with db.write() as connection:
        for subject in subjects:
            told = JobFinished(job_id=subject, kind="scan-batch", state="done", ended_at=now())
            outbox.emit(connection, "job.finished", "one", told, subject=subject.partition(".")[0])


def a_deliverer(db: Database, rules: TargetRules = HERE, **options: Any) -> Deliverer:
    given = {"disable_days": 5, "schedule": (0.0, 0.0), "first_pause": 0.0, **options}
    store = given.pop("store", None)

    def sender(row: Any) -> WebhookSender:
        return WebhookSender(row.address, store.open(row.endpoint_id, row.secrets) if store else row.secrets, rules)

    return Deliverer(db, sender, **given)


def deliver(db: Database, **options: Any) -> int:
    """Deliver until nothing is due; returns how often there was something."""
    deliverer, stop = a_deliverer(db, **options), threading.Event()
    for count in range(100):
        if not deliverer.deliver(stop):
            return count
    raise AssertionError("it never ends")


def states(db: Database) -> list[tuple[str, int, str | None]]:
    return [(row.state, row.attempts, row.answer) for row in rows(db, deliveries)]


def test_events_are_delivered_once_signed_and_in_order(db: Database) -> None:
    with receiving(Receiver()) as receiver:
        to(db, receiver.url, receiver.secret)
        happen(db, "a.1", "b.1", "a.2", "a.3", "b.2")
        assert deliver(db) == 1
    assert sorted(receiver.subjects) == ["a.1", "a.2", "a.3", "b.1", "b.2"]
    assert [s for s in receiver.subjects if s[0] == "a"] == ["a.1", "a.2", "a.3"]
    assert [s for s in receiver.subjects if s[0] == "b"] == ["b.1", "b.2"]
    assert len({event_id for event_id, _ in receiver.events}) == 5
    _, body = receiver.events[0]
    assert (body["type"], body["data"]["kind"]) == ("job.finished", "scan-batch")
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    assert {state for state, _, _ in states(db)} == {"delivered"}


def test_a_refused_event_holds_up_its_subject_only_and_keeps_its_id(sqlite_db: Database) -> None:
    ids: list[str] = []

    def answer(n: int) -> tuple[int, dict[str, str]]:
        return (500, {}) if n < 2 else (200, {})

    with receiving(Receiver(answer=answer)) as receiver:
        to(sqlite_db, receiver.url, receiver.secret)
        happen(sqlite_db, "a.1", "a.2")
        deliver(sqlite_db, schedule=(0.0, 0.0, 0.0))
        ids = [head["webhook-id"] for head in receiver.heads]
    assert receiver.subjects == ["a.1", "a.2"]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert [attempts for _, attempts, _ in states(sqlite_db)] == [3, 1]


def test_what_waits_for_another_attempt_holds_up_what_follows(db: Database) -> None:
    with receiving(Receiver(answer=lambda n: (400 if n == 0 else 200, {}))) as receiver:
        to(db, receiver.url, receiver.secret)
        happen(db, "a.1")
        deliver(db, schedule=(60.0,))
        happen(db, "a.2", "b.1")
        assert deliver(db) == 1  # and then nothing: it does not turn round what is held up
    assert receiver.subjects == ["b.1"]
    assert [state for state, _, _ in states(db)] == ["pending", "pending", "delivered"]


def test_an_event_that_is_never_taken_is_dead_and_can_be_sent_again(sqlite_db: Database) -> None:
    taken = [False]
    with receiving(Receiver(answer=lambda n: (200 if taken[0] else 404, {}))) as receiver:
        to(sqlite_db, receiver.url, receiver.secret)
        happen(sqlite_db, "a.1", "a.2")
        deliver(sqlite_db)
        assert states(sqlite_db) == [("dead", 3, "404")] * 2
        assert webhooks.get(sqlite_db, "hook_one").dead == 2
        taken[0] = True
        assert webhooks.redeliver(sqlite_db, "hook_one", "one", None).events == 2
        deliver(sqlite_db)
    assert receiver.subjects == ["a.1", "a.2"]
    assert webhooks.get(sqlite_db, "hook_one").failing_since is None


def test_an_endpoint_that_is_down_is_tried_by_one_event_until_it_is_back(db: Database) -> None:
    port = free_port()
    receiver = Receiver()
    to(db, f"http://127.0.0.1:{port}/", receiver.secret)
    happen(db, *(f"{n}.1" for n in range(20)))
    deliverer, stop = a_deliverer(db), threading.Event()
    for _ in range(3):
        assert deliverer.deliver(stop)
    (endpoint,) = rows(db, endpoints)
    assert (endpoint.failures, endpoint.holder) == (3, None)
    assert endpoint.failing_since is not None
    assert all(attempts == 0 for _, attempts, _ in states(db))  # that it was away says nothing of the events
    assert sum(answer is not None for _, _, answer in states(db)) <= LANES + 2
    with receiving(receiver, port):
        deliver(db)
    assert len(set(receiver.subjects)) == len(receiver.subjects) == 20
    (endpoint,) = rows(db, endpoints)
    assert (endpoint.failures, endpoint.failing_since) == (0, None)


def test_an_event_that_an_endpoint_never_answers_does_not_keep_others_from_it(sqlite_db: Database) -> None:
    receiver = Receiver()
    receiver.refuses = lambda subject: subject.startswith("bad")
    with receiving(receiver):
        to(sqlite_db, receiver.url, receiver.secret)
        happen(sqlite_db, "bad.1", "bad.2")
        deliverer = a_deliverer(sqlite_db, schedule=(60.0,))
        deliverer.deliver(threading.Event())
        happen(sqlite_db, *(f"{n}.1" for n in range(5)))
        for _ in range(4):
            deliverer.deliver(threading.Event())
    assert sorted(receiver.subjects) == [f"{n}.1" for n in range(5)]
    found = {row.subject: (row.state, row.attempts) for row in rows(sqlite_db, deliveries) if row.id != 2}
    assert found["bad"] == ("pending", 1)  # it waits by itself
    (endpoint,) = rows(sqlite_db, endpoints)
    assert (endpoint.failures, endpoint.failing_since) == (0, None)


def test_an_endpoint_is_left_alone_for_as_long_as_it_asks(sqlite_db: Database) -> None:
    with receiving(Receiver(answer=lambda n: (503, {"Retry-After": "120"}))) as receiver:
        to(sqlite_db, receiver.url, receiver.secret)
        happen(sqlite_db, "a.1")
        assert deliver(sqlite_db) == 1
    assert receiver.requests == 1
    (endpoint,) = rows(sqlite_db, endpoints)
    assert 100 < endpoint.due - time.time() <= 121


def test_an_endpoint_that_is_gone_is_disabled(sqlite_db: Database) -> None:
    with receiving(Receiver(answer=lambda n: (410, {}))) as receiver:
        to(sqlite_db, receiver.url, receiver.secret)
        happen(sqlite_db, "a.1", "a.2")
        deliver(sqlite_db)
    found = webhooks.get(sqlite_db, "hook_one")
    assert (found.disabled_reason, found.pending, found.dead) == ("gone", 0, 2)
    assert receiver.requests == 1


@pytest.mark.parametrize("status", [None, 401])
def test_an_endpoint_that_takes_nothing_for_days_is_disabled(
    sqlite_db: Database, caplog: pytest.LogCaptureFixture, status: int | None
) -> None:
    with receiving(Receiver(answer=lambda n: (status or 503, {}))) as receiver:
        long_ago = stamp(datetime.now(UTC) - timedelta(days=6))
        to(sqlite_db, receiver.url, receiver.secret, failing_since=long_ago)
        happen(sqlite_db, "a.1", "b.1")
        deliver(sqlite_db)
    found = webhooks.get(sqlite_db, "hook_one")
    assert (found.disabled_reason, found.dead) == ("failing", 2)
    assert "the endpoint hook_one is disabled" in caplog.text


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
BAD_RECEIVERS = {
    "silence": ([b""], 60.0, "did not answer within"),
    "a redirect to this machine": (
        [b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"], 0.0, "302",
    ),
    "no HTTP": ([b"\x15\x03\x01\x00\x02\x02\x46"], 0.0, "does not answer as it should"),
    "no end of headers": ([HEAD + b"X: " + b"y" * 100_000], 0.0, "does not answer as it should"),
}  # fmt: skip


@pytest.mark.parametrize("how", BAD_RECEIVERS)
def test_a_bad_receiver_costs_an_attempt_and_no_more(sqlite_db: Database, how: str) -> None:
    pieces, hold, said = BAD_RECEIVERS[how]
    with speaking(*pieces, hold=hold) as url:
        to(sqlite_db, url, webhooks.new_secret())
        happen(sqlite_db, "a.1")
        start = time.monotonic()
        a_deliverer(sqlite_db, IMPATIENT, schedule=(60.0,), first_pause=60.0).deliver(threading.Event())
        assert time.monotonic() - start < 20
    ((state, _, answer),) = states(sqlite_db)
    assert state == "pending"
    assert said in str(answer)


def test_an_answer_without_end_is_cut_off_and_counts_by_its_status(sqlite_db: Database) -> None:
    endless = [HEAD + b"Content-Length: 10000000000\r\n\r\n", *[b"x" * 65536] * 40]
    with speaking(*endless) as url:
        to(sqlite_db, url, webhooks.new_secret())
        happen(sqlite_db, "a.1", "a.2")
        deliver(sqlite_db)
    assert states(sqlite_db) == [("delivered", 1, "200")] * 2


def test_a_deliverer_whose_lease_has_passed_on_writes_nothing(sqlite_db: Database) -> None:
    def answer(n: int) -> tuple[int, dict[str, str]]:
        with sqlite_db.write() as connection:  # while it sends, another takes the endpoint
            connection.execute(endpoints.update().values(holder="another"))
        return 200, {}

    with receiving(Receiver(answer=answer)) as receiver:
        to(sqlite_db, receiver.url, receiver.secret)
        happen(sqlite_db, "a.1")
        a_deliverer(sqlite_db).deliver(threading.Event())
    assert states(sqlite_db) == [("pending", 0, None)]
    (endpoint,) = rows(sqlite_db, endpoints)
    assert endpoint.holder == "another"


def test_many_deliverers_send_each_event_once(db: Database) -> None:
    with receiving(Receiver()) as receiver:
        for n in range(3):
            to(db, receiver.url, receiver.secret, endpoint_id=f"hook_{n}")
        happen(db, *(f"{n % 7}.{n}" for n in range(40)))
        threads = [threading.Thread(target=deliver, args=(db,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(receiver.events) == 3 * 40
    assert {state for state, _, _ in states(db)} == {"delivered"}


@pytest.fixture
def store(tmp_path: Path) -> WebhookSecrets:
    return WebhookSecrets(Settings(home=tmp_path / "keeper"))


def test_while_a_secret_is_replaced_both_sign(sqlite_db: Database, store: WebhookSecrets) -> None:
    with receiving(Receiver()) as receiver:
        to(sqlite_db, receiver.url, receiver.secret)
        new = webhooks.rotate(sqlite_db, "hook_one", "one", Rotation(), store).secret
        happen(sqlite_db, "a.1")
        deliver(sqlite_db, store=store)  # the receiver verifies by the old one
        body = body_of_first(receiver)
        assert len(receiver.heads[0]["webhook-signature"].split()) == 2
        Webhook(new).verify(body, receiver.heads[0])
        receiver.secret = webhooks.rotate(sqlite_db, "hook_one", "one", Rotation(keep_hours=0), store).secret
        happen(sqlite_db, "a.2")
        deliver(sqlite_db, store=store)
    assert len(receiver.heads[1]["webhook-signature"].split()) == 1
    assert receiver.subjects == ["a.1", "a.2"]


def body_of_first(receiver: Receiver) -> str:
    """As it was sent."""
    return json.dumps(receiver.events[0][1], ensure_ascii=False, separators=(",", ":"))


def test_trying_an_endpoint_out(sqlite_db: Database, store: WebhookSecrets) -> None:
    with receiving(Receiver()) as receiver:
        made = webhooks.create(sqlite_db, "one", NewWebhook(url=receiver.url), HERE, store)
        receiver.secret = made.secret
        tried = webhooks.try_out(sqlite_db, made.webhook_id, "one", HERE, store)
        assert (tried.delivered, tried.answer) == (True, "204")
    assert receiver.events[0][1]["type"] == "webhook.test"
    gone = webhooks.try_out(sqlite_db, made.webhook_id, "one", HERE, store)
    assert not gone.delivered
    assert "Connection refused" in gone.answer
