"""Cases from a notice to their end, step by step."""

from __future__ import annotations

import pytest

from provenance.application import Application
from provenance.errors import BadInput, Conflict, Forbidden, NotFound
from provenance.scans.review.reviewer import Reviewer
from provenance.schemas.case import CaseDecision, Explained, Forwarding, Measure, Refusal, StaffMessage
from provenance.schemas.notice import Appeal, CounterNotice, LegalAction, Message, Notice, NoticeContent
from tests.provenance.cases.people import (
    ANN,
    ANSWER,
    BEN,
    NOTICE,
    countered,
    file,
    forwarded,
    letters,
    party,
    run_out,
    state,
    taken,
)

COPY = CaseDecision(finding="founded", outcome="restrict", reason="copied", explanation="It is a copy.")
LICENSED = CaseDecision(finding="unfounded", outcome="release", reason="licence", explanation="There is a licence.")


def test_a_case_from_notice_to_the_end_of_its_appeal(application: Application) -> None:
    filed = file(application)
    assert (filed.state, list(filed.missing)) == ("received", [])
    assert application.proceedings.confirm(filed.party) == "forwarded"
    assert application.proceedings.confirm(filed.party) == "forwarded"
    poster = party(application, filed.case_id, "poster")
    assert application.proceedings.counter(poster, CounterNotice.model_validate(ANSWER)) == "clock_running"
    assert run_out(application, filed.case_id) == 1
    assert state(application, filed.case_id).state == "put_back"
    assert application.case_decisions.decide(ANN, filed.case_id, COPY) == "decided"
    assert application.proceedings.appeal(poster, Appeal(reason="It is not.")) == "appealed"
    with pytest.raises(Conflict) as caught:
        application.case_decisions.decide_appeal(ANN, filed.case_id, COPY)
    assert caught.value.reason == "same_person"
    assert application.case_decisions.decide_appeal(BEN, filed.case_id, LICENSED) == "closed"
    steps = ["file", "forward", "counter", "start_clock", "put_back", "decide", "appeal", "decide_appeal"]
    assert taken(application, filed.case_id) == steps
    sent = letters(application, filed.case_id)
    assert sent[:3] == [
        ("file", "notifier", "pending"),
        ("forward", "notifier", "pending"),
        ("forward", "poster", "unaddressed"),
    ]
    assert {(step, role) for step, role, _ in sent[3:]} == {(s, r) for s in steps[2:] for r in ("notifier", "poster")}
    assert state(application, filed.case_id).closed_at is not None


@pytest.mark.parametrize(
    ("regime", "missing"),
    [
        ("cn-ntd", {"name", "postal_address", "identity", "work", "addresses", "evidence", "accurate", "signature"}),
        ("cn-cc", {"name", "identity", "work", "addresses", "evidence", "accurate", "signature"}),
        ("us-dmca", {*NOTICE, "work"} - {"regime", "work_description", "email", "phone", "explanation"}),
        ("eu-dsa", {"name", "work", "addresses", "explanation", "good_faith"}),
    ],
)
def test_what_a_notice_lacks_is_named_by_its_regime(
    sqlite_application: Application, regime: str, missing: set[str]
) -> None:
    filed = sqlite_application.notices.file(Notice(regime=regime, email="a@b.example"))
    assert (filed.state, set(filed.missing)) == ("incomplete", missing)


def test_a_notice_is_completed_later_and_goes_on(sqlite_application: Application) -> None:
    app = sqlite_application
    filed = file(app, regime="cn-cc", identity=None, signature="")
    assert set(filed.missing) == {"identity", "signature", "evidence"}
    app.proceedings.confirm(filed.party)
    some = app.notices.complete(filed.party, NoticeContent(identity="ID 7", signature="Marta"))
    assert (some.state, list(some.missing)) == ("incomplete", ["evidence"])
    proof = [{"name": "draft.pdf", "sha256": "a" * 64}]
    rest = app.notices.complete(filed.party, NoticeContent.model_validate({"files": proof}))
    assert (rest.state, list(rest.missing)) == ("forwarded", [])
    with pytest.raises(Conflict):
        app.notices.complete(filed.party, NoticeContent(identity="ID 8"))


def test_another_mail_address_has_to_be_confirmed_anew(sqlite_application: Application) -> None:
    app = sqlite_application
    filed = file(app, signature=None)
    app.proceedings.confirm(filed.party)
    assert app.notices.complete(filed.party, NoticeContent(email="o@salt.example", signature="M")).state == "received"
    assert app.proceedings.confirm(filed.party) == "forwarded"


def test_the_same_notice_again_is_a_repeat(sqlite_application: Application) -> None:
    app = sqlite_application
    first, other = forwarded(app), forwarded(app, email="somebody@else.example")
    again = file(app)
    assert app.proceedings.confirm(again.party) == "repeated"
    assert state(app, again.case_id).repeats == state(app, first.case_id).id
    assert state(app, other.case_id).state == "forwarded"  # of somebody else it is another notice
    app.proceedings.withdraw(first.party)
    assert forwarded(app).state == "received"


def test_a_request_that_is_carried_out_again_makes_one_case(sqlite_application: Application) -> None:
    app, notice = sqlite_application, Notice.model_validate(NOTICE)
    made = [app.notices.file(notice, request_id=b"\1" * 32) for _ in range(2)]
    assert made[0].case_id == made[1].case_id
    assert taken(app, made[0].case_id) == ["file"]


@pytest.mark.parametrize(
    ("said", "reason"), [({}, "not_confirmed"), ({"signature": None, "email": "x@y.example"}, "not_completed")]
)
def test_what_nobody_confirms_or_completes_ends_by_the_clock(
    sqlite_application: Application, said: dict[str, object], reason: str
) -> None:
    app = sqlite_application
    filed = file(app, **said)
    run_out(app, filed.case_id)
    assert state(app, filed.case_id).state == "inadmissible"
    run_out(app, filed.case_id)  # nobody has appealed
    assert taken(app, filed.case_id)[-2:] == ["refuse", "close"]
    assert app.automatic.run_due() == 0


def test_without_an_answer_posts_stay_down(application: Application) -> None:
    filed = forwarded(application)
    assert run_out(application, filed.case_id) == 1
    assert state(application, filed.case_id).state == "stays_down"
    assert run_out(application, filed.case_id) == 1
    assert state(application, filed.case_id).state == "closed"


def test_who_has_gone_to_court_keeps_posts_down(sqlite_application: Application) -> None:
    app = sqlite_application
    filed = countered(app)
    assert app.proceedings.keep_down(filed.party, LegalAction(reference="Court, 0491-1")) == "stays_down"
    with pytest.raises(Forbidden) as caught:
        app.proceedings.keep_down(party(app, filed.case_id, "poster"), LegalAction(reference="mine"))
    assert caught.value.reason == "other_party"


def test_by_the_regulations_of_china_posts_come_back_at_once(sqlite_application: Application) -> None:
    app = sqlite_application
    proof = [{"name": "draft.pdf", "sha256": "a" * 64}]
    filed = forwarded(app, regime="cn-ntd", identity="ID 7", files=proof)
    answer = CounterNotice.model_validate({**ANSWER, "identity": "ID 8", "files": proof})
    assert app.proceedings.counter(party(app, filed.case_id, "poster"), answer) == "put_back"


def test_without_a_put_back_clock_a_person_decides(sqlite_application: Application) -> None:
    app = sqlite_application
    filed = forwarded(app, regime="eu-dsa")
    assert (state(app, filed.case_id).clock, state(app, filed.case_id).acts_at) == ("decision", None)
    answer = CounterNotice(email="p@post.example", explanation="Mine.")
    assert app.proceedings.counter(party(app, filed.case_id, "poster"), answer) == "counter_notice"
    assert run_out(app, filed.case_id) == 0 or state(app, filed.case_id).state == "counter_notice"
    assert app.case_decisions.decide(ANN, filed.case_id, LICENSED) == "decided"


def test_a_counter_notice_that_lacks_something_says_what(sqlite_application: Application) -> None:
    app = sqlite_application
    filed = forwarded(app)
    answer = CounterNotice(email="paul@post.example", good_faith=True)
    with pytest.raises(BadInput, match="name, postal_address, jurisdiction, signature") as caught:
        app.proceedings.counter(party(app, filed.case_id, "poster"), answer)
    assert caught.value.reason == "incomplete"
    assert taken(app, filed.case_id) == ["file", "forward"]


def test_staff_forward_refuse_put_back_and_write(sqlite_application: Application) -> None:
    app = sqlite_application
    filed = file(app)
    assert app.case_decisions.forward(ANN, filed.case_id, Forwarding(email="paul@post.example")) == "forwarded"
    assert ("forward", "poster", "pending") in letters(app, filed.case_id)
    app.case_decisions.message(ANN, filed.case_id, StaffMessage(text="Which?", to=["notifier"]))
    app.proceedings.message(filed.party, Message(text="The second."))
    assert [each[:2] for each in letters(app, filed.case_id)[-2:]] == [("message", "notifier")] * 2
    other = file(app, addresses=["https://forum.example/p/2"])
    app.case_decisions.refuse(ANN, other.case_id, Refusal(reason="not_a_work", explanation="A recipe."))
    assert state(app, other.case_id).state == "inadmissible"
    third = countered(app, addresses=["https://forum.example/p/3"])
    app.case_decisions.put_back(ANN, third.case_id, Explained(reason="plain", explanation="A parody."))
    assert state(app, third.case_id).state == "put_back"
    app.case_decisions.assign(ANN, third.case_id, BEN)
    assert state(app, third.case_id).assignee_name == "Ben Ode"
    app.case_decisions.assign(ANN, third.case_id, None)
    assert state(app, third.case_id).assignee is None


def test_misuse_is_warned_of_then_suspended_for_a_time(application: Application) -> None:
    app = application
    filed = forwarded(app)
    wrong = CaseDecision(finding="misuse", outcome="release", reason="invented", explanation="There is no such work.")
    app.case_decisions.decide(ANN, filed.case_id, wrong)
    assert app.case_decisions.misuse(ANN, filed.case_id).misuse == 1
    why = {"against": "notifier", "reason": "invented", "explanation": "For the third time."}
    suspension = Measure.model_validate({**why, "act": "suspend", "until": "2099-01-01"})
    with pytest.raises(Conflict) as caught:
        app.case_decisions.measure(ANN, filed.case_id, suspension)
    assert caught.value.reason == "not_warned"
    app.case_decisions.measure(ANN, filed.case_id, Measure.model_validate({**why, "act": "warn"}))
    app.case_decisions.measure(ANN, filed.case_id, suspension)
    assert [each[:2] for each in letters(app, filed.case_id)[-2:]] == [("measure", "notifier")] * 2
    counts = app.case_decisions.misuse(ANN, filed.case_id)
    assert counts.warned_at is not None
    assert counts.suspended_until == "2099-01-02T00:00:00.000000Z"
    for act in (lambda: file(app), lambda: app.proceedings.appeal(filed.party, Appeal(reason="No."))):
        with pytest.raises(Forbidden) as refused:
            act()
        assert refused.value.reason == "suspended"
    assert file(app, email="other@salt.example").state == "received"
    app.case_decisions.measure(ANN, filed.case_id, Measure.model_validate({**why, "act": "lift"}))
    assert file(app).state == "received"
    with pytest.raises(BadInput, match="has passed"):
        app.case_decisions.measure(
            ANN, filed.case_id, Measure.model_validate({**why, "act": "suspend", "until": "2001-01-01"})
        )


def test_a_decision_agrees_with_itself() -> None:
    for wrong in (
        {"finding": "unfounded", "outcome": "restrict"},
        {"finding": "misuse", "outcome": "release", "strike": True},
        {"finding": "founded", "outcome": "release", "until": "2099-01-01"},
        {"finding": "founded", "outcome": "restrict", "notifier_account": "x"},
    ):
        with pytest.raises(ValueError, match=r"outcome|belong|misuse"):
            CaseDecision.model_validate({"reason": "x", "explanation": "x", **wrong})


def test_another_platform_s_staff_see_no_case(sqlite_application: Application) -> None:
    app = sqlite_application
    filed = forwarded(app)
    stranger = Reviewer("acc_other", "key_x", "X")
    for act in (
        lambda: app.case_decisions.decide(stranger, filed.case_id, COPY),
        lambda: app.case_decisions.assign(stranger, filed.case_id, None),
        lambda: app.case_decisions.misuse(stranger, filed.case_id),
        lambda: app.case_erasures.forget(filed.case_id, "notifier", "acc_other"),
    ):
        with pytest.raises(NotFound):
            act()
    assert taken(app, filed.case_id) == ["file", "forward"]
