"""Answers by Idempotency-Key: carried out once, also when the process that carries it out dies or is held up."""

import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from provenance.config import Settings
from provenance.database import idempotency as answers
from provenance.database.clock import clock
from provenance.database.engine import Database
from provenance.database.tables import idempotency
from provenance.errors import BadInput, Conflict, Unavailable

pytestmark = pytest.mark.slow

HASH = bytes(32)


@pytest.fixture
def db(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(answers, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(answers, "RENEWAL_SECONDS", 0.2)
    db = Database(settings.url, 5)
    yield db
    db.close()


def ask(db: Database, act, request_hash: bytes = HASH) -> answers.Answer:
    return answers.once(db, "acc", "key", request_hash, 24, act)


def never(_: bytes) -> answers.Answer:
    raise AssertionError("carried out again")


def abandon(db: Database) -> None:
    """What a process leaves that was killed just before it would have renewed its lease."""
    with db.write() as connection:
        connection.execute(idempotency.update().values(status=None, answer=None, holder="dead"))
        ends = clock() + answers.LEASE_SECONDS
        connection.execute(idempotency.update().values(lease_until=ends))


def test_an_answer_is_given_again_exactly(db: Database) -> None:
    answer = {"b": [1, 0.1, None, "码"], "a": {"z": 1, "y": 2}}
    assert ask(db, lambda _: (201, answer)) == (201, answer)
    again = ask(db, never)
    assert again == (201, answer)
    assert list(again[1]) == list(answer)
    with pytest.raises(Conflict, match="another request"):
        ask(db, never, bytes([1]) * 32)


def test_the_lease_of_a_dead_process_runs_out(db: Database) -> None:
    given: list[bytes] = []
    ask(db, lambda request_id: (200, given.append(request_id)))
    abandon(db)
    started = time.monotonic()
    with pytest.raises(Conflict, match="being answered"):
        ask(db, never)
    while True:
        try:
            assert ask(db, lambda request_id: (200, given.append(request_id) or "again")) == (200, "again")
            break
        except Conflict:
            time.sleep(0.05)
    assert time.monotonic() - started < 5
    assert given[0] == given[1]  # what the first had done can be found
    assert ask(db, never) == (200, "again")


def test_a_lease_is_kept_while_the_work_goes_on(db: Database) -> None:
    went_on, release = threading.Event(), threading.Event()

    def slow(_: bytes) -> answers.Answer:
        went_on.set()
        assert release.wait(30)
        return 200, "slow"

    thread = threading.Thread(target=ask, args=(db, slow))
    thread.start()
    assert went_on.wait(30)
    time.sleep(2.5)  # longer than a lease
    with pytest.raises(Conflict, match="being answered"):
        ask(db, never)
    release.set()
    thread.join()
    assert ask(db, never) == (200, "slow")


def test_who_lost_the_lease_does_not_overwrite_the_answer(db: Database) -> None:
    def held_up(_: bytes) -> answers.Answer:
        with db.write() as connection:  # as if the machine had slept, and another process had taken over
            connection.execute(idempotency.update().values(holder="other", status=200, answer="other"))
        return 200, "late"

    assert ask(db, held_up) == (200, "late")
    assert ask(db, never) == (200, "other")


@pytest.mark.parametrize(("error", "may_differ"), [(BadInput("x"), True), (Unavailable("x", reason="storage"), False)])
def test_an_error_gives_the_key_back(db: Database, error: Exception, may_differ: bool) -> None:
    given: list[bytes] = []

    def fail(request_id: bytes) -> answers.Answer:
        given.append(request_id)
        raise error

    with pytest.raises(type(error)):
        ask(db, fail)
    if may_differ:  # nothing was done: it may be corrected
        assert ask(db, lambda _: (200, "corrected"), bytes([1]) * 32) == (200, "corrected")
    else:  # something may have been done, and is found by its number
        with pytest.raises(Conflict, match="another request"):
            ask(db, never, bytes([1]) * 32)
        ask(db, lambda request_id: (200, given.append(request_id)))
        assert given[0] == given[1]


def test_reservations_of_before_the_lease_are_free(db: Database) -> None:
    """Those that a process of an earlier version left; and those of a clock that was put back."""
    ask(db, lambda _: (200, "first"))
    abandon(db)
    for values in ({"lease_until": None, "holder": None}, {"lease_until": sa.literal(9e9)}):
        with db.write() as connection:
            connection.execute(idempotency.update().values(status=None, **values))
        assert ask(db, lambda _: (200, "second")) == (200, "second")
