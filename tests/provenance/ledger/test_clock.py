"""The time of checkpoints and of receipts: it does not move with the log, and never goes back with a clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, tzinfo

import pytest

from provenance.accounts import log_keys
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import base, stamp
from provenance.errors import LedgerReadOnly
from provenance.ledger import checkpoint_store
from provenance.ledger.clock import TOLERANCE, CheckpointClock
from provenance.tlog import receipt, verify
from provenance.tlog.checkpoint import Checkpoint, parse_checkpoint
from provenance.tlog.signed_checkpoint import sign_checkpoint, signed_time
from provenance.tlog.verification import Verification
from provenance.works import catalog
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, register_work
from tests.provenance.ledger.small_log import LOG_KEYS, ORIGIN

YEAR = 365 * 86_400
START = 1_790_000_000


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = float(START)

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand()

    class Dated(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Dated:
            return cls.fromtimestamp(made.at, tz)

    monkeypatch.setattr(time, "time", made)
    monkeypatch.setattr(base, "datetime", Dated)
    return made


def checked(application: Application, work_id: str) -> Verification:
    done = verify.verify_receipt(build_receipt(application.db, application.log, work_id), application.log.policy())
    assert done.ok, done.checks
    return done


# --- the clock alone ---------------------------------------------------------------------------------------------------
def signed_at(moment: int, size: int = 1) -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, size, bytes(32)), LOG_KEYS, moment)


def test_the_time_on_a_checkpoint() -> None:
    assert signed_time(signed_at(START)) == START


@pytest.mark.parametrize(
    ("behind", "given"), [(-5, START + 5), (0, START), (1, START), (TOLERANCE, START), (TOLERANCE + 1, None)]
)
def test_no_checkpoint_is_dated_before_the_last(behind: int, given: int | None) -> None:
    clock = CheckpointClock(lambda: START - behind + 0.5)
    assert clock.time() == START - behind  # a log that has signed nothing
    clock.follow(signed_at(START))
    if given is not None:
        assert clock.time() == given
        return
    with pytest.raises(LedgerReadOnly, match="set the clock right") as caught:
        clock.time()
    assert caught.value.reason == "clock_behind"
    clock.forgive(True)
    assert clock.time() == START - behind
    clock.forgive(False)
    with pytest.raises(LedgerReadOnly):
        clock.time()


# --- in a log ----------------------------------------------------------------------------------------------------------
def test_later_registrations_move_no_date(settings: Settings, hand: Hand) -> None:
    with Application(settings) as application:
        first = register_work(application, ESSAY.encode())
        before = checked(application, first.work_id)
        for n in range(3):
            hand.at += 1000
            register_work(application, f"{n} {ESSAY}".encode())
        after = checked(application, first.work_id)
        shown = catalog.get(application.db, application.log.origin, first.work_id)
    assert shown.logged_at == stamp(datetime.fromtimestamp(START, UTC))
    assert before.facts["logged_at"] == after.facts["logged_at"] == START
    assert after.facts["size"] == before.facts["size"] == 2


def test_a_clock_that_is_set_back_stops_the_log_until_it_is_right(sqlite_settings: Settings, hand: Hand) -> None:
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
        hand.at -= TOLERANCE
        made = register_work(application, f"1 {ESSAY}".encode())  # a small step
        assert checked(application, made.work_id).facts["logged_at"] == START
        hand.at = START - 4 * YEAR
        for act in (application.log.check_writable, application.log.check_clock):
            with pytest.raises(LedgerReadOnly, match="clock"):
                act()
        with pytest.raises(LedgerReadOnly) as caught:
            register_work(application, f"2 {ESSAY}".encode())
        assert caught.value.reason == "clock_behind"
        assert application.log.head()[0] == 3
        checked(application, made.work_id)  # reading and proving go on
    with Application(sqlite_settings) as application:  # started while the clock is wrong
        with pytest.raises(LedgerReadOnly):
            application.log.check_writable()
        hand.at = START + 5
        application.log.check_writable()  # without a restart
        made = register_work(application, f"2 {ESSAY}".encode())
        assert checked(application, made.work_id).facts["logged_at"] == START + 5
        assert fsck.check(application.db, application.log)["problems"] == []


def test_the_way_out_after_a_clock_that_was_ahead(sqlite_settings: Settings, hand: Hand) -> None:
    """Three years ahead, then right again: a new key begins at the true time, and no receipt contradicts itself."""
    with Application(sqlite_settings) as application, Application(sqlite_settings) as other:
        works = [register_work(application, ESSAY.encode())]
        hand.at = START + 3 * YEAR
        works += [register_work(application, f"{n} {ESSAY}".encode()) for n in range(2)]
        hand.at = START + 100
        for each in (application, other):
            with pytest.raises(LedgerReadOnly, match="--clock-was-ahead"):
                register_work(each, f"3 {ESSAY}".encode())
        old_policy = application.log.policy()
        hand.at = START - YEAR  # nobody says of a wrong clock that it is right
        with pytest.raises(LedgerReadOnly, match="the log began"), application.log.dated_anew():
            raise AssertionError
        hand.at = START + 100
        with application.log.dated_anew():
            log_keys.rotate(application.db, application.log, application.settings)
        works += [register_work(each, f"{n} {ESSAY}".encode()) for n, each in enumerate((application, other), 4)]
        for work in works:
            facts = checked(application, work.work_id).facts
            assert facts["logged_at"] == START + 100
            assert facts["not_before"] is None or facts["not_before"] <= START + 100
        way = verify.verify_receipt(log_keys.succession(application.db, application.log), old_policy)
        assert way.ok, way.checks
        assert fsck.check(application.db, application.log)["problems"] == []


def test_an_old_entry_is_proven_under_the_first_checkpoint_of_the_present_keys(
    sqlite_settings: Settings, hand: Hand
) -> None:
    with Application(sqlite_settings) as application:
        works = [register_work(application, ESSAY.encode())]
        works += [register_work(application, f"{n} {ESSAY}".encode()) for n in range(7)]
        hand.at += 10
        log_keys.rotate(application.db, application.log, application.settings)
        hand.at += 10
        works += [register_work(application, f"{n} {ESSAY}".encode()) for n in range(7, 12)]
        newest = application.log.reader.checkpoint()
        asked = []

        def suits(raw: bytes) -> bool:
            asked.append(raw)
            return application.log.meets_policy(raw)

        for place, work in enumerate(works):
            assert work.receipt is not None
            index = work.receipt.index
            found = checkpoint_store.earliest(application.db, index, newest, suits)
            assert signed_time(found) == START + (10 if place < 8 else 20)
            assert parse_checkpoint(found).size > index
            files = build_receipt(application.db, application.log, work.work_id)
            assert files[receipt.PROOF].endswith(found)
            checked(application, work.work_id)
        assert len(asked) < 6 * len(works)
