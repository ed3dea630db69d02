"""Quotas of keys by the day and the month: counted in every process, added up in the database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts, quotas
from provenance.accounts.accounts import NewAccount, NewApiKey
from provenance.accounts.quotas import KeyLimits, KeySent, Quotas, refuse_beyond
from provenance.application import Application
from provenance.config import MEBIBYTE
from provenance.database.engine import Database
from provenance.database.tables import key_usage
from provenance.errors import RateLimited, Unavailable


class Clock(datetime):
    """Whose present is what a test says."""

    present = datetime(2026, 1, 31, 22, tzinfo=UTC)

    @classmethod
    def now(cls, zone: object = None) -> datetime:
        return cls.present


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(quotas, "datetime", Clock)
    monkeypatch.setattr(Clock, "present", datetime(2026, 1, 31, 22, tzinfo=UTC))
    return Clock


def a_key(db: Database, **limits: int) -> str:
    accounts.create(db, NewAccount(name="forum", kind="platform"))
    return accounts.issue_key(db, NewApiKey(account="forum", limits=KeyLimits(**limits))).id


def sent(db: Database, key: str) -> KeySent:
    (found,) = (each.sent for each in accounts.keys(db) if each.id == key)
    return found


def test_processes_add_up(application: Application, clock: type[Clock]) -> None:
    key = a_key(application.db)
    here, there = (Quotas(application.db, application.settings) for _ in range(2))
    limits = KeyLimits(requests_per_day=4)
    for process in (here, here, there):
        refuse_beyond(process.take(key, limits, 100))
    assert sent(application.db, key) == KeySent()
    here.flush()
    there.flush()
    assert sent(application.db, key) == KeySent(
        requests_today=3, requests_this_month=3, bytes_today=300, bytes_this_month=300
    )
    refuse_beyond(there.take(key, limits, 0))  # the fourth, as this process knows since it added its own
    assert there.take(key, limits, 0)[0].left == -1
    there.flush()
    later = Quotas(application.db, application.settings)  # a process that has just started
    with pytest.raises(RateLimited) as caught:
        refuse_beyond(later.take(key, limits, 0))
    assert (caught.value.reason, caught.value.retry_after) == ("quota", 2 * 3600)

    clock.present = datetime(2026, 2, 1, 1, tzinfo=UTC)
    assert later.take(key, limits, 0)[0].left == 3
    later.flush()
    assert sent(application.db, key).requests_this_month == 1
    assert len(later._counts) == 2  # of the present day and month
    assert quotas.purge(application.db, "2026-02-05T00:00:00.000000Z") == 2  # a day and a month of January
    with application.db.read() as connection:
        assert set(connection.execute(sa.select(key_usage.c.period)).scalars()) == {"2026-02", "2026-02-01"}


def test_bytes_and_months(sqlite_application: Application) -> None:
    key = a_key(sqlite_application.db)
    counted = Quotas(sqlite_application.db, sqlite_application.settings)
    limits = KeyLimits(mib_per_month=2, requests_per_month=50, requests_per_day=0)
    by_name = {each.name: each for each in counted.take(key, limits, MEBIBYTE)}
    assert set(by_name) == {"mib_per_month", "requests_per_month"}
    assert (by_name["mib_per_month"].left, by_name["requests_per_month"].left) == (MEBIBYTE, 49)
    with pytest.raises(RateLimited, match="mib_per_month") as caught:
        refuse_beyond(counted.take(key, limits, MEBIBYTE + 1))
    assert caught.value.retry_after == 2 * 3600  # the month ends with the day
    refuse_beyond(counted.take(key, limits, MEBIBYTE))  # what was refused did not count


def test_a_database_that_is_down_loses_no_count(
    sqlite_application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = sqlite_application.db
    key = a_key(db)
    counted = Quotas(db, sqlite_application.settings)
    counted.take(key, KeyLimits(), 10)

    def down() -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(db, "write", down)
        with pytest.raises(Unavailable):
            counted.flush()
    counted.take(key, KeyLimits(), 10)
    counted.flush()
    assert sent(db, key).bytes_today == 20


def test_limits_of_a_key_go_before_those_of_the_service(sqlite_application: Application) -> None:
    settings = sqlite_application.settings.model_copy(update={"rate_per_minute": 60, "mib_per_day": 9})
    own = KeyLimits(requests_per_minute=0, requests_per_day=7).or_of(settings)
    assert own == KeyLimits(
        requests_per_minute=0, requests_per_day=7, requests_per_month=0, mib_per_day=9, mib_per_month=0
    )
