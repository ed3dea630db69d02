"""What decisions do: who is told what, what they replace, what they keep down, what an erasure takes out of them."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from provenance import retention
from provenance.accounts import accounts, standing
from provenance.application import Application
from provenance.database.tables import events, now, scans, statements_of_reasons
from provenance.database.tables import stay_down as entries
from provenance.errors import BadInput, Conflict, NotFound
from provenance.jobs import webhooks
from provenance.jobs.webhook_sender import TargetRules
from provenance.scans.policy import replay
from provenance.scans.review import dsa, history, statements, stay_down
from provenance.scans.review.history import Sought
from provenance.schemas import OfficialAccount
from provenance.schemas.decisions import BulkDecision, Decision, StatementOfReasons, Undo
from provenance.schemas.policies import NewTrial
from provenance.schemas.stay_down import NewStayDown
from provenance.schemas.webhooks import NewWebhook
from tests.provenance.conftest import ESSAY, register_work
from tests.provenance.scans.reviewing import PLATFORM, choose, open_desk, post, reviewer, waiting


@pytest.fixture
def desk(sqlite_application: Application) -> Application:
    return open_desk(sqlite_application)


@pytest.fixture
def each_desk(application: Application) -> Application:
    """The same once on each database, where the statements differ most."""
    return open_desk(application)


def decide(desk: Application, decision: str, n: int = 1, who: str = "ann", **fields: Any) -> Decision:
    """Scan a post and decide about it."""
    scan = post(desk, n)
    return desk.decisions.decide_scan(reviewer(desk, who), scan.scan_id or "", choose(decision, **fields))


def log(desk: Application, **sought: Any) -> list[Decision]:
    return list(history.whole_log(desk.db, None, Sought(**sought)))


def statement_of(desk: Application, decision: Decision) -> StatementOfReasons:
    return statements.get(desk.db, decision.decision_id, accounts.find(desk.db, PLATFORM).id)


# --- statements of reasons -------------------------------------------------------------------------------------------
def test_a_restriction_of_a_person_has_a_statement(desk: Application) -> None:
    ground = {"kind": "law", "reference": "Copyright Law, article 53", "url": "https://law.example/53"}
    made = decide(desk, "restrict", reason="copied", territory=["DE", "CN"], until="2099-12-31", ground=ground)
    told = statement_of(desk, made)
    assert told.statement_id == made.statement_id
    assert told.restriction.model_dump() == {
        "kind": "restrict", "territory": ["CN", "DE"], "begins": made.decided_at, "ends": "2099-12-31",
    }  # fmt: skip
    assert (told.automated_detection, told.automated_decision) == (True, False)
    assert (told.post_url, told.account, told.media) == ("https://river.example/p/1", "City Daily", ["text"])
    (match,) = told.matches
    assert (match.title, match.owner, match.marking) == ("The Salt Ferry", "Marta Salt", "missing")
    assert match.credit_line is not None
    for text in told.text.values():
        for said in (
            "The Salt Ferry",
            "Marta Salt",
            "CN",
            "2099-12-31",
            "Copyright Law, article 53",
            match.credit_line,
        ):
            assert said in text
    assert "by a person" in told.text["en"]
    assert "由人工决定" in told.text["zh"]


def test_a_rule_that_restricts_states_its_reasons_once(desk: Application) -> None:
    first = post(desk)
    post(desk)  # the same content of the same post: decided already
    (made,) = log(desk)
    told = statement_of(desk, made)
    assert (made.automated, made.decision, made.subject.id) == (True, "ask-for-credit", first.scan_id)
    assert (told.automated_decision, told.reason) == (True, "credit_missing")
    post(desk, text=ESSAY + " One more sentence makes it another content, which is decided about anew.")
    assert len(log(desk)) == 2


def test_a_mended_post_ends_what_a_rule_had_decided(desk: Application) -> None:
    post(desk)
    line = statement_of(desk, log(desk)[0]).matches[0].credit_line
    mended = post(desk, text=f"{line}\n\n{ESSAY}")
    assert mended.action is not None
    assert mended.action.do == "allow"
    asked, released = log(desk)
    assert (released.decision, released.automated, released.supersedes) == ("release", True, asked.decision_id)
    assert statement_of(desk, asked).superseded
    assert waiting(desk) == []


def test_a_release_has_no_statement(desk: Application) -> None:
    made = decide(desk, "release")
    assert made.statement_id is None
    with pytest.raises(NotFound, match="no statement"):
        statement_of(desk, made)


def test_statements_have_the_shape_of_the_eu_s_database(desk: Application) -> None:
    law = {"kind": "law", "reference": "Copyright Law, article 53"}
    made = [
        decide(desk, "restrict", 1),
        decide(desk, "label", 2, territory=["FR", "US"], until="2099-12-31"),
        decide(desk, "restrict", 3, ground=law, source="notice"),
        *log(desk, automated=True),
    ]
    jsonschema.Draft202012Validator.check_schema(dsa.schema())
    bodies = [dsa.to_dsa(statement_of(desk, each)) for each in made]
    for body in bodies:
        jsonschema.validate(body, dsa.schema())
        for name in ("Marta Salt", "The Salt Ferry", "City Daily", "river.example"):
            assert name not in str(body)  # it takes no personal data
    assert len({body["puid"] for body in bodies}) == len(bodies)
    assert bodies[1]["territorial_scope"] == ["FR"]
    assert bodies[1]["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_LABELLED"]
    assert bodies[1]["end_date_visibility_restriction"] == "2099-12-31"
    assert (bodies[2]["source_type"], bodies[2]["automated_detection"]) == ("SOURCE_ARTICLE_16", "No")
    assert bodies[2]["illegal_content_legal_ground"] == "Copyright Law, article 53"
    assert bodies[3]["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    for wrong in ({"puid": "no spaces"}, {"content_type": []}, {"decision_facts": None}, {"name": "Marta"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**bodies[0], **wrong}, dsa.schema())


def test_what_holds_nowhere_in_the_area_is_not_reported(desk: Application) -> None:
    told = statement_of(desk, decide(desk, "restrict", territory=["CN"]))
    assert not dsa.concerns_the_area(told)
    with pytest.raises(BadInput, match="nothing to report"):
        dsa.to_dsa(told)


def test_an_erasure_takes_the_work_out_of_statements(desk: Application) -> None:
    made = decide(desk, "restrict")
    (match,) = statement_of(desk, made).matches
    desk.erasures.erase(accounts.local(desk.db), match.work_id)
    (left,) = statement_of(desk, made).matches
    assert (left.work_id, left.title, left.owner, left.credit_line) == (match.work_id, "", "", None)
    assert "Marta" not in str(statement_of(desk, made))
    assert left.coverage_work == match.coverage_work


# --- what replaces what ----------------------------------------------------------------------------------------------
def test_undo_brings_back_what_was_before(each_desk: Application) -> None:
    made = decide(each_desk, "restrict", strike=None)
    assert waiting(each_desk) == []
    undone = each_desk.decisions.undo(reviewer(each_desk, "ben"), made.decision_id, Undo(reason="mistake"))
    assert (undone.decision, undone.automated, undone.supersedes) == ("ask-for-credit", False, made.decision_id)
    assert len(waiting(each_desk)) == 1
    assert [each.decision for each in log(each_desk) if each.in_force] == ["ask-for-credit"]
    assert statement_of(each_desk, made).superseded
    with pytest.raises(Conflict, match="not what counts"):
        each_desk.decisions.undo(reviewer(each_desk, "ben"), made.decision_id, Undo())
    assert each_desk.decisions.decide_item(
        reviewer(each_desk, "ann"), waiting(each_desk)[0], choose("release")
    ).in_force
    assert len(log(each_desk)) == 4  # nothing was deleted


def test_a_person_s_decision_is_overruled_by_name_only(desk: Application) -> None:
    first = decide(desk, "restrict")
    scan, ben = first.subject.id, reviewer(desk, "ben")
    with pytest.raises(Conflict, match=first.decision_id):
        desk.decisions.decide_scan(ben, scan, choose("release"))
    with pytest.raises(Conflict, match="look again"):
        desk.decisions.decide_scan(ben, scan, choose("release"), "dec_other")
    second = desk.decisions.decide_scan(ben, scan, choose("release"), first.decision_id)
    assert (second.supersedes, second.in_force) == (first.decision_id, True)
    assert history.get(desk.db, None, first.decision_id).superseded_by == second.decision_id
    back = desk.decisions.undo(ben, second.decision_id, Undo())
    assert (back.decision, back.in_force) == ("restrict", True)
    assert back.statement_id not in (None, first.statement_id)


def test_a_decision_ends_with_its_time(desk: Application) -> None:
    made = decide(desk, "restrict", until="2099-01-01")
    assert post(desk).action.rule == made.decision_id  # type: ignore[union-attr]
    with desk.db.write() as connection:
        connection.execute(
            sa.text("UPDATE decisions SET terms = replace(terms, '2099', '2020') WHERE decision_id = :id"),
            {"id": made.decision_id},
        )
    assert post(desk).action.reason == "credit_missing"  # type: ignore[union-attr]
    with pytest.raises(BadInput, match="has passed"):
        decide(desk, "restrict", 2, until="2020-01-01")


def test_a_decision_for_some_countries_holds_there(desk: Application) -> None:
    scan = post(desk, territory="DE")
    made = desk.decisions.decide_scan(reviewer(desk, "ann"), scan.scan_id or "", choose("restrict", territory=["DE"]))
    for territory, rule in (("DE", made.decision_id), (None, made.decision_id), ("CN", "uncredited")):
        assert post(desk, territory=territory).action.rule == rule  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": "release", "territory": ["DE"]},
        {"decision": "escalate", "until": "2099-01-01"},
        {"decision": "hold"},
        {"decision": "restrict", "reason": "two words"},
        {"decision": "restrict", "territory": ["Germany"]},
        {"decision": "restrict", "until": "soon"},
        {"decision": "restrict", "ground": {"reference": ""}},
        {"decision": "restrict", "verdict": "x"},
    ],
)
def test_a_decision_that_says_too_much_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        choose(**wrong)


def test_many_are_decided_at_once_and_each_is_answered(desk: Application) -> None:
    scans = [post(desk, n).scan_id or "" for n in range(4)]
    items = waiting(desk)
    desk.decisions.decide_item(reviewer(desk, "ben"), items[0], choose("release"))
    ids = [items[0], items[1], scans[2], "scan_none", items[3], items[3]]
    bulk = BulkDecision.model_validate({"decision": "restrict", "reason": "copied", "ids": ids})
    answers = desk.decisions.decide_many(reviewer(desk, "ann"), bulk)
    assert (answers.decided, answers.refused) == (3, 3)
    assert [each.id for each in answers.answers] == ids
    assert [None if each.error is None else each.error["status"] for each in answers.answers] == [
        409, None, None, 404, None, 409,
    ]  # fmt: skip
    assert waiting(desk) == []
    with pytest.raises(ValidationError):
        BulkDecision.model_validate({"decision": "restrict", "reason": "copied", "ids": ["x"] * 1001})


# --- what follows ----------------------------------------------------------------------------------------------------
def test_a_strike_counts_until_the_decision_is_taken_back(desk: Application) -> None:
    platform, ann = accounts.find(desk.db, PLATFORM).id, reviewer(desk, "ann")
    table = desk.official_accounts.table
    scan = post(desk, account_id="u-1").scan_id or ""
    with pytest.raises(NotFound):  # and nothing is decided
        desk.decisions.decide_scan(ann, scan, choose("restrict", strike="confirmed_copying"))
    desk.official_accounts.put(platform, "u-1", OfficialAccount.model_validate(OFFICIAL))
    made = desk.decisions.decide_scan(ann, scan, choose("restrict", strike="confirmed_copying"))
    stands = standing.read(desk.db, platform, "u-1", table)
    assert (stands.counters["confirmed_copying"], stands.decisions[0].subject) == (1, made.decision_id)
    desk.decisions.undo(ann, made.decision_id, Undo())
    assert standing.read(desk.db, platform, "u-1", table).counters["confirmed_copying"] == 0
    unknown = post(desk, 2).scan_id or ""
    with pytest.raises(BadInput, match="which account"):
        desk.decisions.decide_scan(ann, unknown, choose("restrict", strike="confirmed_copying"))


OFFICIAL = {"name": "City Daily", "entity": "media"}


def test_the_platform_is_told(desk: Application) -> None:
    platform = accounts.find(desk.db, PLATFORM).id
    new = NewWebhook.model_validate({"url": "https://127.0.0.1/hook", "events": ["review.decided"]})
    webhooks.create(desk.db, platform, new, TargetRules(private=True), desk.background.secrets)
    made = decide(desk, "restrict", reason="copied")
    undone = desk.decisions.undo(reviewer(desk, "ann"), made.decision_id, Undo())
    with desk.db.read() as connection:
        told = connection.execute(
            sa.select(events).where(events.c.event == "review.decided").order_by(events.c.id)
        ).all()
    assert [each.data["decision_id"] for each in told] == [made.decision_id, undone.decision_id]
    assert told[0].data["statement_id"] == made.statement_id


# --- stay-down -------------------------------------------------------------------------------------------------------
def keep(desk: Application, **new: Any) -> str:
    platform = accounts.find(desk.db, PLATFORM).id
    return stay_down.add(desk.db, reviewer(desk, "ann"), platform, NewStayDown.model_validate(new)).stay_down_id


def action_of(desk: Application, n: int, **fields: Any) -> tuple[str, str, str]:
    action = post(desk, n, **fields).action
    assert action is not None
    return action.do, action.rule, action.reason


def test_content_that_stays_down_is_down_for_everybody(desk: Application) -> None:
    entry = keep(desk, scan_id=post(desk).scan_id, exceptions={"accounts": ["u-7", "River News"]})
    assert action_of(desk, 2, account="Somebody") == ("block", entry, "stay_down")
    assert action_of(desk, 3, text=ESSAY + " Changed by a sentence.", account="Somebody")[2] == "credit_missing"
    assert action_of(desk, 4, account="RIVER news")[2] == "credit_missing"
    assert action_of(desk, 5, account="Somebody", account_id="u-7")[2] == "credit_missing"
    assert action_of(desk, 6, account="River News", account_id="u-8") == ("block", entry, "stay_down")
    assert action_of(desk, 7, account="Marta Salt")[0] == "allow"  # the owner's own
    told = log(desk, reason="stay_down")
    assert [each.decision for each in told] == ["restrict", "restrict"]


def test_a_work_that_stays_down_is_down_in_every_form(desk: Application) -> None:
    work = post(desk).matches[0].work_id
    other = register_work(
        desk, b"Another text of somebody else, long enough to be registered. " * 3, owner="Bo"
    ).work_id
    entry = keep(desk, work_id=work, coverage=0.6, exceptions={"works": [other]})
    assert action_of(desk, 2, text="And before it, something else was said.\n\n" + ESSAY) == (
        "block",
        entry,
        "stay_down",
    )
    assert action_of(desk, 3, text=ESSAY[: len(ESSAY) // 2])[2] != "stay_down"  # not enough of it
    decided = desk.decisions.decide_scan(reviewer(desk, "ann"), post(desk, 4).scan_id or "", choose("release"))
    assert action_of(desk, 4) == ("allow", decided.decision_id, "decided_before")  # a person's word comes first


def test_an_entry_ends(desk: Application) -> None:
    made = decide(desk, "restrict")
    ended = keep(desk, scan_id=made.subject.id)
    expired = keep(desk, scan_id=made.subject.id, until="2099-01-01")
    confirmed = keep(desk, scan_id=made.subject.id, decision_id=made.decision_id)
    platform = accounts.find(desk.db, PLATFORM).id
    assert stay_down.end(desk.db, platform, ended).ended_at == stay_down.end(desk.db, platform, ended).ended_at
    with desk.db.write() as connection:
        connection.execute(entries.update().where(entries.c.stay_down_id == expired).values(expires_at=now()))
    assert action_of(desk, 2) == ("block", confirmed, "stay_down")
    desk.decisions.undo(reviewer(desk, "ann"), made.decision_id, Undo())
    assert action_of(desk, 3)[2] == "credit_missing"
    assert stay_down.page(desk.db, platform) == ([], None)
    assert len(stay_down.page(desk.db, platform, ended=True)[0]) == 3
    for wrong in ({"scan_id": "scan_0"}, {"work_id": "work_0"}, {"scan_id": made.subject.id, "decision_id": "dec_0"}):
        with pytest.raises(NotFound):
            keep(desk, **wrong)
    for wrong in ({}, {"scan_id": "a", "work_id": "b"}):
        with pytest.raises(ValidationError):
            keep(desk, **wrong)


# --- looking back ----------------------------------------------------------------------------------------------------
def test_the_history_of_a_post_is_found_by_any_of_its_names(each_desk: Application) -> None:
    ann = reviewer(each_desk, "ann")
    scan = post(each_desk, external_id="p-1", account_id="u-1")
    each_desk.review_queue.comment(ann, waiting(each_desk)[0], "seen before?")
    made = each_desk.decisions.decide_item(ann, waiting(each_desk)[0], choose("restrict"))
    entry = keep(each_desk, scan_id=scan.scan_id)
    post(each_desk, 2, account="Other", account_id="u-2")
    names = [scan.scan_id, made.item_id, made.decision_id, made.statement_id, "p-1", "https://river.example/p/1"]
    for ref in (*names, "City Daily", "u-1"):
        found = history.of(each_desk.db, ann, str(ref), 900)
        assert [each.scan_id for each in found.scans] == [scan.scan_id], ref
        assert [each.comments[0].text for each in found.items] == ["seen before?"]
        assert [each.decision for each in found.decisions] == ["ask-for-credit", "restrict"]
        assert [each.stay_down_id for each in found.stay_down] == [entry]
    assert len(history.of(each_desk.db, ann, scan.matches[0].work_id, 900).scans) == 2
    for ref in ("dec_none", "item_none", "sor_none", "work_none", "nobody"):
        with pytest.raises(NotFound):
            history.of(each_desk.db, ann, ref, 900)


def test_the_overview_counts_rules_beside_people(each_desk: Application) -> None:
    for n in range(3):
        post(each_desk, n)
    ann = reviewer(each_desk, "ann")
    each_desk.decisions.decide_item(ann, waiting(each_desk)[0], choose("restrict", "copied"))
    each_desk.decisions.decide_item(reviewer(each_desk, "ben"), waiting(each_desk)[0], choose("release", "fine"))
    each_desk.review_queue.take(ann)
    found = history.overview(each_desk.db, ann, None, 900)
    (queue,) = found.queues
    assert (queue.queue, queue.waiting, queue.taken) == ("ask-for-credit", 1, 1)
    assert (found.automated, found.manual, found.superseded) == (3, 2, 2)
    assert {each.name: (each.automated, each.manual) for each in found.outcomes} == {
        "ask-for-credit": (3, 0), "restrict": (0, 1), "release": (0, 1),
    }  # fmt: skip
    assert {each.name: each.manual for each in found.reviewers} == {"ann": 1, "ben": 1}
    assert history.overview(each_desk.db, ann, "2099-01-01T00:00:00.000000Z", 900).manual == 0
    assert [each.reviewer_name for each in log(each_desk, reviewer="ben")] == ["ben"]
    assert [each.decision for each in log(each_desk, automated=False, decision="restrict")] == ["restrict"]


# --- retention -------------------------------------------------------------------------------------------------------
def test_what_a_poster_may_complain_about_is_kept(each_desk: Application) -> None:
    made = decide(each_desk, "restrict")
    due = each_desk.settings.model_copy(update={f"keep_{name}_days": 1 for name in ("matched", "copies", "names")})
    with each_desk.db.write() as connection:
        connection.execute(scans.update().values(scanned_at="2020-01-01T00:00:00.000000Z"))
    assert retention.purge(each_desk.db, due) == retention.Purged()
    assert statement_of(each_desk, made).account == "City Daily"
    with each_desk.db.write() as connection:
        connection.execute(statements_of_reasons.update().values(appeal_until="2020-07-01"))
    assert retention.purge(each_desk.db, due).names == 1
    told = statement_of(each_desk, made)
    assert (told.account, told.post_url) == (None, None)
    assert told.matches[0].title == "The Salt Ferry"


def test_what_was_decided_about_a_deleted_scan_stays_as_it_is(desk: Application) -> None:
    post(desk, text="By Marta Salt, from somewhere else.\n\n" + ESSAY)
    (made,) = log(desk)
    assert made.decision == "label"  # which nobody has to look at
    with desk.db.write() as connection:
        connection.execute(scans.update().values(scanned_at="2020-01-01T00:00:00.000000Z"))
        connection.execute(statements_of_reasons.update().values(appeal_until="2020-07-01"))
    due = desk.settings.model_copy(update={"keep_matched_days": 1})
    assert retention.purge(desk.db, due).matched_scans == 1
    assert statement_of(desk, made).statement_id == made.statement_id
    with pytest.raises(Conflict, match="deleted"):
        desk.decisions.undo(reviewer(desk, "ann"), made.decision_id, Undo())


def test_a_decision_is_about_what_is_there_now(desk: Application) -> None:
    old = post(desk).scan_id or ""
    same = post(desk).scan_id or ""
    made = desk.decisions.decide_scan(reviewer(desk, "ann"), same, choose("release"))  # as good as about the first
    assert made.subject.id == old
    assert waiting(desk) == []
    newer = post(desk, text=ESSAY + " And this is new, so that somebody has to look at it once more, in full.")
    assert len(waiting(desk)) == 1
    with pytest.raises(Conflict) as refused:
        desk.decisions.decide_scan(reviewer(desk, "ben"), old, choose("restrict"), made.decision_id)
    assert refused.value.reason == "newer_scan"
    assert desk.decisions.decide_scan(reviewer(desk, "ben"), newer.scan_id or "", choose("restrict")).in_force


def test_a_trial_of_a_policy_leaves_what_people_decided(desk: Application) -> None:
    decide(desk, "restrict")
    post(desk)  # decided before
    post(desk, 2)
    policy = "[[rule]]\nname = 'all'\ndo = 'allow'\nreason = 'trial'\n"
    trial = NewTrial(toml=policy, since="2020-01-01")
    tried = replay.replay(desk.db, accounts.find(desk.db, PLATFORM).id, trial)
    assert (tried.scans, tried.changed) == (3, 2)
    assert {each.before.do for each in tried.changes} == {"ask-for-credit"}
