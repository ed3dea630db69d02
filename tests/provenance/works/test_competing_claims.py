"""Competing claims while several processes register: each waits for none, and all is recorded once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.config import Settings
from provenance.database.tables import claims_ahead, competing_claims, entries, log_state, works
from provenance.schemas import RegistrationItem, RegistrationResult
from provenance.upkeep import duties
from provenance.works.competing_claims import CompetingClaims
from provenance.works.registration import RegistrationRequest
from tests.provenance.conftest import ESSAY, heard, listen, register_work

pytestmark = pytest.mark.slow


def copy(number: int) -> bytes:
    return f"{ESSAY} Copy {number}.".encode()


def settled(application: Application) -> int:
    with application.db.read() as connection:
        return int(connection.execute(sa.select(log_state.c.claims_size)).scalar_one())


def ahead(application: Application) -> list[int]:
    with application.db.read() as connection:
        return list(connection.execute(sa.select(claims_ahead.c.idx).order_by(claims_ahead.c.idx)).scalars())


def pairs(application: Application) -> set[tuple[int, int]]:
    """What is recorded, as log indexes: the later one, the earlier one."""
    later, before, first, second = works.alias(), works.alias(), entries.alias(), entries.alias()
    with application.db.read() as connection:
        rows = connection.execute(
            sa.select(first.c.idx, second.c.idx)
            .select_from(competing_claims)
            .join(later, later.c.id == competing_claims.c.work)
            .join(before, before.c.id == competing_claims.c.earlier)
            .join(first, first.c.leaf_hash == later.c.leaf_hash)
            .join(second, second.c.leaf_hash == before.c.leaf_hash)
        ).all()
    assert len(rows) == len(set(rows))
    return {(row[0], row[1]) for row in rows}


def all_pairs(indexes: list[int]) -> set[tuple[int, int]]:
    return {(later, before) for later in indexes for before in indexes if before < later}


class Held:
    """One process that stands still while it compares its first registration."""

    def __init__(self, application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        real = application.matcher.find

        def find(*arguments: object, **options: object) -> object:
            self.reached.set()
            assert self.go_on.wait(30)
            return real(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(application.matcher, "find", find)


@pytest.fixture
def other(application: Application) -> Iterator[Application]:
    with Application(application.settings) as opened:
        yield opened


def test_nobody_waits_for_one_who_compares(
    application: Application, other: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = register_work(other, copy(1))
    slow = Held(application, monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(register_work, application, copy(2))
        assert slow.reached.wait(30)
        quick = register_work(other, copy(3))
        assert quick.receipt.index == first.receipt.index + 2
        assert set(quick.competing) > {first.work_id}
        assert len(quick.competing) == 2  # that of the one who compares still is among them
        assert settled(other) == quick.receipt.index - 1  # there is a gap
        assert ahead(other) == [quick.receipt.index]
        slow.go_on.set()
        late = held.result(30)
    assert late.competing == [first.work_id]
    assert quick.competing == [first.work_id, late.work_id]
    assert settled(other) == quick.receipt.index + 1
    assert ahead(other) == []
    assert pairs(other) == all_pairs([each.receipt.index for each in (first, late, quick)])


def test_two_processes_register_at_once(application: Application, other: Application) -> None:
    """Two groups at a time in each process; the log mixes their entries as it likes."""
    rival = accounts.create(application.db, NewAccount(name="rival"))
    first = register_work(application, copy(0), account="rival", owner="Rival Press")
    listen(application, rival.id, "claim.contested")

    def register(opened: Application, numbers: range) -> list[RegistrationResult]:
        requests = [RegistrationRequest(RegistrationItem(owner="Ada"), Source.blob(copy(n))) for n in numbers]
        return list(opened.registrar.register(accounts.local(opened.db), requests))

    accounts.local(application.db)
    application.signing_keys.ensure_signer(accounts.local(application.db), None)
    with ThreadPoolExecutor(4) as pool:
        groups = pool.map(register, (application, other) * 2, [range(n, n + 5) for n in range(1, 21, 5)])
        results = [first, *(result for group in groups for result in group)]
    by_index = {result.receipt.index: result.work_id for result in results}
    assert len(by_index) == 21
    for result in results:
        earlier = {work for index, work in by_index.items() if index < result.receipt.index}
        assert set(result.competing) == earlier
    assert pairs(application) == all_pairs(list(by_index))
    assert ahead(application) == []
    assert settled(application) == max(by_index) + 1
    told = [work for each in heard(application) for work in each["competing"]]
    assert sorted(told) == sorted(result.work_id for result in results[1:])  # each once, whoever recorded it


def test_what_was_left_behind_is_compared(
    application: Application, other: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next registration, by upkeep, and by whoever asks again for what was never answered."""
    first = register_work(application, copy(1))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(application.matcher, "find", die)
        for number in (2, 3):
            with pytest.raises(KeyboardInterrupt):
                register_work(application, copy(number))
    left = settled(other)
    assert left == first.receipt.index + 1
    again = register_work(other, copy(2))
    assert (again.status, again.competing) == ("already_registered", [first.work_id])
    assert settled(other) == again.receipt.index + 1
    assert pairs(other) == all_pairs([left - 1, left])
    register_work(other, copy(4))  # at once: perhaps the other one is alive still
    assert settled(other) == left + 1
    monkeypatch.setattr(other, "claims", CompetingClaims(other.db, other.matcher, left_behind_seconds=0))
    (duty,) = [duty for duty in duties(other) if duty.name == "competing claims"]
    duty.act()
    assert settled(other) == left + 3
    assert pairs(other) == all_pairs(list(range(left - 1, left + 3)))


def test_what_is_erased_while_it_is_compared_is_not_recorded(
    application: Application, other: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = register_work(other, copy(1)), register_work(other, copy(2))
    find = application.matcher.find

    def found_before_the_erasure(*arguments: object, **options: object) -> object:
        found = find(*arguments, **options)  # type: ignore[arg-type]
        other.erasures.erase(accounts.local(other.db), first.work_id)
        return found

    monkeypatch.setattr(application.matcher, "find", found_before_the_erasure)
    third = register_work(application, copy(3))
    assert third.competing == [second.work_id]
    assert pairs(other) == {(third.receipt.index, second.receipt.index)}


def test_entries_without_a_fingerprint_leave_no_gap(sqlite_settings: Settings) -> None:
    with Application(sqlite_settings) as application:
        sealed = register_work(application, b"A sealed work.", sealed=True)
        assert settled(application) == sealed.receipt.index + 1
