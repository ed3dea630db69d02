"""What an outcome does beyond its case: to posts that were scanned, to standing, to what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from provenance.accounts import accounts, standing
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.cases import register
from provenance.cases.notices import Filed
from provenance.database.tables import sightings
from provenance.errors import BadInput, Conflict, NotFound
from provenance.scans.review import history, statements, stay_down
from provenance.schemas import OfficialAccount
from provenance.schemas.case import CaseDecision
from provenance.schemas.notice import Appeal, CounterNotice, Notice
from provenance.works import claim_decisions
from tests.provenance.cases.people import ANSWER, NOTICE, party, run_out, state
from tests.provenance.conftest import ESSAY, heard, listen, register_work
from tests.provenance.scans.reviewing import PLATFORM, open_desk, post, reviewer, waiting

COPY: dict[str, Any] = {"finding": "founded", "outcome": "restrict", "reason": "copied", "explanation": "A copy."}
BACK: dict[str, Any] = {"finding": "unfounded", "outcome": "release", "reason": "licence", "explanation": "Licensed."}


@pytest.fixture
def desk(application: Application) -> Application:
    return open_desk(application)


@pytest.fixture
def one_desk(sqlite_application: Application) -> Application:
    return open_desk(sqlite_application)


def complain(desk: Application, **said: Any) -> Filed:
    """A notice about the sighting of the platform's only post: nothing but the sighting says what it is about."""
    with desk.db.read() as connection:
        sighting_id = connection.execute(sightings.select()).first().sighting_id
    notice = {**NOTICE, "work_description": None, "addresses": [], "sighting_id": sighting_id, **said}
    filed = desk.notices.file(Notice.model_validate(notice))
    assert desk.proceedings.confirm(filed.party) == "forwarded"
    return filed


def test_from_a_sighting_all_that_is_known_is_filled_in(one_desk: Application) -> None:
    post(one_desk)
    filed = complain(one_desk)
    case = register.get(one_desk.db, one_desk.log, filed.case_id)
    assert case.addresses == ["https://river.example/p/1"]
    assert case.work_id is not None
    assert state(one_desk, filed.case_id).account_id == accounts.find(one_desk.db, PLATFORM).id


def test_a_file_tells_which_work_it_shows(one_desk: Application) -> None:
    from fingerprints.source import Source

    post(one_desk)
    assert len(one_desk.notices.works_in(Source.blob(ESSAY.encode()))) == 1
    assert one_desk.notices.works_in(Source.blob(b"Nothing of the kind. " * 30)) == []


def test_a_decision_binds_later_scans_and_tells_the_poster_why(desk: Application) -> None:
    scan = post(desk, account_id="u-1")
    assert len(waiting(desk)) == 1
    filed = complain(desk)
    listen(desk, accounts.find(desk.db, PLATFORM).id, "review.decided")
    ann = reviewer(desk, "ann")
    desk.case_decisions.decide(ann, filed.case_id, CaseDecision.model_validate(COPY))
    assert waiting(desk) == []
    again = post(desk, account_id="u-1")
    assert again.action is not None
    assert (again.action.do, again.action.reason) == ("block", "decided_before")
    told = heard(desk)[-1]
    assert (told["scan_id"], told["decision"]) == (scan.scan_id, "restrict")
    reasons = statements.get(desk.db, told["statement_id"], None)
    assert (reasons.source, reasons.restriction.kind, reasons.post_url) == ("notice", "restrict", scan_url())
    desk.proceedings.appeal(party(desk, filed.case_id, "poster"), Appeal(reason="Licensed."))
    desk.case_decisions.decide_appeal(reviewer(desk, "ben"), filed.case_id, CaseDecision.model_validate(BACK))
    third = post(desk, account_id="u-1")
    assert third.action is not None
    assert (third.action.do, third.action.reason) == ("allow", "decided_before")


def scan_url() -> str:
    return "https://river.example/p/1"


def test_a_case_about_a_post_that_was_never_scanned_has_its_own_statement(one_desk: Application) -> None:
    filed = one_desk.notices.file(Notice.model_validate({**NOTICE, "platform": PLATFORM}))
    one_desk.proceedings.confirm(filed.party)
    run_out(one_desk, filed.case_id)
    decided, _ = history.log(one_desk.db, None, history.Sought(subject=filed.case_id))
    assert [(each.subject.kind, each.decision, each.automated) for each in decided] == [("case", "restrict", True)]
    reasons = statements.get(one_desk.db, decided[0].decision_id, None)
    assert (reasons.scan_id, reasons.post_url, reasons.media) == (None, "https://forum.example/p/1", [])
    assert reasons.text["en"]
    assert reasons.text["zh"]


def test_strikes_count_against_the_posting_account_until_an_appeal_reverses_them(desk: Application) -> None:
    platform = accounts.find(desk.db, PLATFORM).id
    recorded = {"name": "City Daily", "entity": "media", "contact": {"email": "desk@citydaily.example"}}
    desk.official_accounts.put(platform, "u-1", OfficialAccount.model_validate(recorded))
    post(desk, account_id="u-1")
    filed = complain(desk)
    assert state(desk, filed.case_id).state == "forwarded"
    strike = CaseDecision.model_validate({**COPY, "strike": True, "stay_down": True})
    desk.case_decisions.decide(reviewer(desk, "ann"), filed.case_id, strike)
    assert desk.official_accounts.get(platform, "u-1").level > 0
    listed, _ = stay_down.page(desk.db, platform)
    assert len(listed) == 1
    elsewhere = post(desk, 2)
    assert elsewhere.action is not None
    assert elsewhere.action.reason == "stay_down"
    desk.proceedings.appeal(party(desk, filed.case_id, "poster"), Appeal(reason="Licensed."))
    desk.case_decisions.decide_appeal(reviewer(desk, "ben"), filed.case_id, CaseDecision.model_validate(BACK))
    assert desk.official_accounts.get(platform, "u-1").level == 0
    assert stay_down.page(desk.db, platform)[0] == []


def test_misuse_counts_against_the_notifier_s_own_account(one_desk: Application) -> None:
    platform = accounts.find(one_desk.db, PLATFORM).id
    one_desk.official_accounts.put(platform, "u-9", OfficialAccount(name="Salt Weekly"))
    post(one_desk)
    filed = complain(one_desk)
    wrong = {**BACK, "finding": "misuse", "notifier_account": "u-9"}
    with pytest.raises(NotFound):
        one_desk.case_decisions.decide(
            reviewer(one_desk, "ann"),
            filed.case_id,
            CaseDecision.model_validate({**wrong, "notifier_account": "u-8"}),
        )
    one_desk.case_decisions.decide(reviewer(one_desk, "ann"), filed.case_id, CaseDecision.model_validate(wrong))
    table = one_desk.official_accounts.table
    assert standing.read(one_desk.db, platform, "u-9", table).counters["unfounded_notice"] == 1
    one_desk.proceedings.appeal(filed.party, Appeal(reason="I was right."))
    right = CaseDecision.model_validate(COPY)
    one_desk.case_decisions.decide_appeal(reviewer(one_desk, "ben"), filed.case_id, right)
    assert standing.read(one_desk.db, platform, "u-9", table).counters["unfounded_notice"] == 0


def test_a_decision_may_say_whose_claim_counts(one_desk: Application) -> None:
    post(one_desk)
    filed = complain(one_desk)
    accounts.create(one_desk.db, NewAccount(name="Rival", kind="producer"))
    rival = register_work(one_desk, ESSAY.encode(), "Rival", owner="Ada Rival")
    decided = CaseDecision.model_validate({**BACK, "claim_counts": rival.work_id})
    one_desk.case_decisions.decide(reviewer(one_desk, "ann"), filed.case_id, decided)
    work_id = register.get(one_desk.db, one_desk.log, filed.case_id).work_id
    assert work_id is not None
    platform = accounts.find(one_desk.db, PLATFORM)
    claims, _ = claim_decisions.page(one_desk.db, one_desk.log.origin, platform.id)
    assert [(each.work_id, each.counts, each.reversed_at) for each in claims] == [(work_id, rival.work_id, None)]
    with pytest.raises(Conflict):  # decided already: what would have been said of the claims is not
        one_desk.case_decisions.decide(reviewer(one_desk, "ben"), filed.case_id, decided)
    assert len(claim_decisions.page(one_desk.db, one_desk.log.origin, platform.id)[0]) == 1


def test_what_cannot_be_carried_out_takes_the_word_on_claims_back(one_desk: Application) -> None:
    post(one_desk)
    filed = complain(one_desk)
    accounts.create(one_desk.db, NewAccount(name="Rival", kind="producer"))
    rival = register_work(one_desk, ESSAY.encode(), "Rival", owner="Ada Rival")
    decided = CaseDecision.model_validate({**COPY, "strike": True, "claim_counts": rival.work_id})
    with pytest.raises(BadInput):  # nobody is known against whom it could count
        one_desk.case_decisions.decide(reviewer(one_desk, "ann"), filed.case_id, decided)
    platform = accounts.find(one_desk.db, PLATFORM)
    claims, _ = claim_decisions.page(one_desk.db, one_desk.log.origin, platform.id)
    assert [each.reversed_at is not None for each in claims] == [True]
    assert state(one_desk, filed.case_id).state == "forwarded"


def test_what_cannot_be_carried_out_is_not_decided(one_desk: Application) -> None:
    filed = one_desk.notices.file(Notice.model_validate({**NOTICE, "platform": PLATFORM}))
    one_desk.proceedings.confirm(filed.party)
    for extra in ({"strike": True}, {"stay_down": True}, {"until": "2001-01-01"}):
        with pytest.raises(BadInput):
            one_desk.case_decisions.decide(
                reviewer(one_desk, "ann"), filed.case_id, CaseDecision.model_validate({**COPY, **extra})
            )
    assert state(one_desk, filed.case_id).state == "forwarded"


def test_a_poster_whom_the_platform_knows_is_written_to(one_desk: Application) -> None:
    platform = accounts.find(one_desk.db, PLATFORM).id
    recorded = {"name": "City Daily", "contact": {"email": "desk@citydaily.example"}}
    one_desk.official_accounts.put(platform, "u-1", OfficialAccount.model_validate(recorded))
    post(one_desk, account_id="u-1")
    filed = complain(one_desk)
    steps = register.get(one_desk.db, one_desk.log, filed.case_id).steps
    assert [each.reachable for each in steps if each.name == "forward"] == [True]
    answer = CounterNotice.model_validate(ANSWER)
    assert one_desk.proceedings.counter(party(one_desk, filed.case_id, "poster"), answer) == "clock_running"


def test_what_an_open_case_is_about_is_kept(one_desk: Application) -> None:
    from provenance.scans import retention

    post(one_desk, text="A different article altogether, long enough to be looked at by anybody. " * 6)
    url = {"addresses": [scan_url()], "platform": PLATFORM}
    filed = one_desk.notices.file(Notice.model_validate({**NOTICE, **url}))
    with one_desk.db.write() as connection:  # nobody has reviewed it
        connection.exec_driver_sql("DELETE FROM review_items")
    assert retention.purge_unmatched(one_desk.db, "2999") == 0
    one_desk.proceedings.withdraw(filed.party)
    assert retention.purge_unmatched(one_desk.db, "2999") == 1
