"""Several people at once, and very many notices."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.accounts.accounts import Account, NewAccount
from provenance.application import Application
from provenance.config import Settings
from provenance.database.tables import case_letters, case_steps, cases, decisions
from provenance.errors import Conflict, NotFound, RateLimited
from provenance.schemas.case import CaseDecision
from provenance.schemas.notice import Appeal, Notice
from tests.provenance.cases.people import ANN, BEN, NOTICE, file, forwarded, run_out, state, taken
from tests.provenance.conftest import ESSAY, register_work

COPY = CaseDecision(finding="founded", outcome="restrict", reason="copied", explanation="It is a copy.")
BACK = CaseDecision(finding="unfounded", outcome="release", reason="licence", explanation="There is a licence.")


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What came of things that are begun at one moment, each in a thread: a value, or the `Conflict`."""
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], object]) -> object:
        start.wait(30)
        try:
            return act()
        except Conflict as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def test_of_two_who_decide_at_once_one_is_refused(application: Application) -> None:
    app = application
    filed = forwarded(app)
    came = at_once(
        lambda: app.case_decisions.decide(ANN, filed.case_id, COPY),
        lambda: app.case_decisions.decide(BEN, filed.case_id, BACK),
    )
    assert sorted(isinstance(each, Conflict) for each in came) == [False, True]
    assert taken(app, filed.case_id) == ["file", "forward", "decide"]
    with app.db.read() as connection:
        assert len(connection.execute(sa.select(decisions)).all()) == 1
        decided = sa.select(case_steps.c.id).where(case_steps.c.name == "decide")
        told = sa.select(case_letters).where(case_letters.c.step == decided.scalar_subquery())
        assert len(connection.execute(told).all()) == 2


def test_a_clock_and_a_person_at_once_take_one_step(application: Application) -> None:
    app = application
    filed = forwarded(app)
    came = at_once(
        lambda: run_out(app, filed.case_id),
        lambda: app.automatic.run_due(),
        lambda: app.proceedings.withdraw(filed.party),
    )
    assert state(app, filed.case_id).state in ("stays_down", "withdrawn")
    steps = taken(app, filed.case_id)
    assert len(steps) == 3
    assert any(isinstance(each, Conflict) for each in came) == (steps[-1] == "uncontested")


def test_two_who_appeal_at_once_make_one_appeal(application: Application) -> None:
    app = application
    filed = forwarded(app)
    app.case_decisions.decide(ANN, filed.case_id, BACK)
    appeals = [lambda: app.proceedings.appeal(filed.party, Appeal(reason="No."))] * 2
    assert sorted(isinstance(each, Conflict) for each in at_once(*appeals)) == [False, True]


# --- floods ----------------------------------------------------------------------------------------------------------
def few(settings: Settings, **limits: int) -> Application:
    return Application(settings.model_copy(update=limits))


def test_of_one_source_so_many_notices_are_taken_in_an_hour(sqlite_settings: Settings) -> None:
    with few(sqlite_settings, notices_per_source=3, notices_per_work=0) as app:
        for number in range(3):
            file(app, addresses=[f"https://forum.example/p/{number}"])
        for _ in range(50):
            with pytest.raises(RateLimited) as refused:
                file(app, addresses=["https://forum.example/p/9"])
        assert 3500 < refused.value.retry_after <= 3600
        assert refused.value.reason == "notices"
        assert file(app, email="MARTA2@salt.example").state == "received"
        with pytest.raises(RateLimited):
            file(app, email="MARTA@Salt.Example")  # the same mailbox
        with app.db.write() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(cases)).scalar_one() == 4
            connection.execute(cases.update().values(filed_at="2026-01-01T00:00:00.000000Z"))
        assert file(app, addresses=["https://forum.example/p/10"]).state == "received"


def test_about_one_work_so_many_notices_are_taken_of_strangers(sqlite_settings: Settings) -> None:
    with few(sqlite_settings, notices_per_source=0, notices_per_work=3) as app:
        work_id = register_work(app, ESSAY.encode()).work_id
        about = {"work_id": work_id, "work_description": None}
        for number in range(3):
            file(app, email=f"m{number}@salt.example", **about)
        with pytest.raises(RateLimited, match="about this work"):
            file(app, email="m9@salt.example", **about)
        agency = accounts.create(app.db, NewAccount(name="Agency", kind="rights_holder"))
        assert app.notices.file(Notice.model_validate({**NOTICE, **about}), sender=agency).state == "forwarded"


@pytest.fixture
def agency(sqlite_application: Application) -> Account:
    return accounts.create(sqlite_application.db, NewAccount(name="Agency", kind="rights_holder"))


def test_a_trusted_notifier_sends_many_and_is_counted(sqlite_application: Application, agency: Account) -> None:
    app = sqlite_application
    notices = [Notice.model_validate({**NOTICE, "addresses": [f"https://forum.example/p/{n}"]}) for n in range(6)]
    notices[1] = notices[1].model_copy(update={"signature": None})
    notices[2] = notices[2].model_copy(update={"work_id": "work_none"})
    notices[5] = notices[0]
    came = app.notices.file_many(agency, notices)
    assert (came.filed, came.refused) == (5, 1)
    assert [each.state for each in came.answers] == [
        *("forwarded", "incomplete", None, "forwarded", "forwarded", "repeated")
    ]
    assert came.answers[1].missing == ["signature"]
    assert (came.answers[2].error or {})["status"] == 400
    app.case_decisions.decide(ANN, came.answers[3].case_id or "", BACK)
    app.case_decisions.decide(ANN, came.answers[4].case_id or "", COPY)
    counted = app.notices.quality(agency.id)
    assert (counted.filed, counted.founded, counted.unfounded, counted.repeated) == (5, 1, 1, 1)
    with pytest.raises(NotFound):
        file(app, sighting_id="sight_none")
    with pytest.raises(NotFound):
        file(app, platform="nobody")
