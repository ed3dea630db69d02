"""Official accounts: whose a post is, by the platform's id of its account and what was verified of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from provenance.accounts import accounts, qualifications, standing, standing_table
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.database.tables import official_accounts, standing_decisions
from provenance.errors import BadInput, Conflict, Misconfigured, NotFound
from provenance.json_input import parse
from provenance.schemas import (
    NewQualification,
    OfficialAccount,
    OfficialAccountRecord,
    StandingAnswer,
    StandingCount,
    StandingDecision,
)
from provenance.works.grants import NewGrant
from tests.provenance.conftest import ESSAY, heard, listen, register_work, scan_upload

VERIFIED = {"verification": {"state": "verified", "by": "Trust desk", "at": "2026-01-31"}}


def _local(application: Application) -> str:
    return accounts.local(application.db).id


def _put(application: Application, account_id: str = "sw1", **told: Any) -> OfficialAccountRecord:
    wanted = parse(OfficialAccount, {"name": "Salt Weekly", **told})
    return application.official_accounts.put(_local(application), account_id, wanted)


def _registered(application: Application, **claim: Any) -> str:
    done = register_work(application, ESSAY.encode(), source_name="Salt Weekly", **claim)
    assert done.work_id
    return done.work_id


def _permission(application: Application, **post: Any) -> tuple[str, str, list[str]]:
    result = scan_upload(application, ESSAY.encode(), **post)
    permission = result.matches[0].permission
    return result.verdict, permission.state, [f for f in permission.findings if f.startswith("account")]


def test_an_id_tells_whose_a_post_is_and_a_name_does_not(application: Application) -> None:
    _registered(application)
    assert _permission(application, account="Salt Weekly") == ("own", "own", [])  # nobody has claimed the name
    _put(application)
    assert _permission(application, account="Salt Weekly")[1] == "own"  # recorded, but not verified
    by_id = {"account": "Salt Weekly", "account_id": "sw1"}
    assert _permission(application, **by_id) == ("uncredited", "none", ["account_not_verified"])
    _put(application, **VERIFIED)
    assert _permission(application, **by_id) == ("own", "own", [])
    assert _permission(application, account_id="sw1") == ("own", "own", [])
    # from now on the name alone is nobody's, however it is written
    for name in ("Salt Weekly", "ＳＡＬＴ  weekly", "Salt-Weekly"):
        assert _permission(application, account=name) == ("uncredited", "none", ["account_id_needed"])
    assert _permission(application, account="Salt Weekly", account_id="thief") == (
        "uncredited",
        "none",
        ["account_not_verified"],
    )
    assert _permission(application, account="Marta Salt")[1] == "own"  # a name that no verified account bears
    assert _permission(application, account="Other Daily") == ("uncredited", "none", [])


def test_who_only_bears_the_owners_name_claims_the_work_for_himself(sqlite_application: Application) -> None:
    application = sqlite_application
    _registered(application)
    claimed = f"本文为本人原创，未经许可不得转载。\n\n{ESSAY}"

    def marked(**post: str) -> list[str]:
        match = scan_upload(application, claimed.encode(), account="Marta Salt", **post).matches[0]
        return [reason for reason in match.marking["reasons"] if reason == "self_credited"]

    assert marked() == []
    assert marked(account_id="thief") == ["self_credited"]


def test_linked_names_accounts_and_operators_are_the_account(sqlite_application: Application) -> None:
    application = sqlite_application
    _registered(application)
    _put(application, "x1", name="Harbour Notes", names=["Marta  SALT"], **VERIFIED)
    assert _permission(application, account_id="x1")[1] == "own"
    _put(application, "x2", name="Nobody", operator={"id": "op1", "name": "Marta Salt"}, **VERIFIED)
    assert _permission(application, account_id="x2")[1] == "own"
    assert _permission(application, account="Marta Salt") == ("uncredited", "none", ["account_id_needed"])
    _put(application, "x3", name="Agency", linked_account="local", **VERIFIED)
    assert _permission(application, account_id="x3")[1] == "own"
    _put(application, "x3", name="Agency", linked_account="local")  # said, not verified
    assert _permission(application, account_id="x3")[1] == "none"
    listed, _ = application.official_accounts.page(_local(application), operator_id="op1")
    assert [each.account_id for each in listed] == ["x2"]
    with pytest.raises(NotFound):
        _put(application, "x4", linked_account="acc_nobody")


def test_a_grant_goes_by_the_identity_too(sqlite_application: Application) -> None:
    application = sqlite_application
    work_id = _registered(application)
    terms = parse(NewGrant, {"to": ["City Daily"], "credit": False})
    application.grants.give(accounts.local(application.db), work_id, terms)
    assert _permission(application, account="City Daily")[1] == "permitted"
    _put(application, "cd", name="City Daily", **VERIFIED)
    assert _permission(application, account_id="cd", account="anything")[1] == "permitted"
    assert _permission(application, account="City Daily") == ("uncredited", "none", ["account_id_needed"])


def test_other_platforms_accounts_are_not_seen(sqlite_application: Application) -> None:
    application = sqlite_application
    _registered(application)
    _put(application, **VERIFIED)
    other = accounts.create(application.db, NewAccount(name="Forum", kind="platform"))
    result = scan_upload(application, ESSAY.encode(), platform="Forum", account="Salt Weekly")
    assert result.matches[0].permission.state == "own"  # protected on the platform that has verified it only
    with pytest.raises(NotFound):
        application.official_accounts.get(other.id, "sw1")
    assert application.official_accounts.page(other.id) == ([], None)
    with pytest.raises(NotFound):
        standing.read(application.db, other.id, "sw1", application.official_accounts.table)


def test_what_is_personal_can_be_erased(sqlite_application: Application) -> None:
    application = sqlite_application
    made = _put(application, contact={"name": "Wen Lan", "email": "wen@salt.example"})
    assert made.contact is not None
    assert made.contact.email == "wen@salt.example"
    left = application.official_accounts.erase_contact(_local(application), "sw1")
    assert left.contact is None
    with application.db.read() as connection:
        rows = connection.execute(official_accounts.select()).all()
    assert "Wen" not in str(rows)
    with pytest.raises(NotFound):
        application.official_accounts.erase_contact(_local(application), "sw2")


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"verification": {"state": "verified"}}, "by: say who"),
        ({"entity": "robot"}, "entity"),
        ({"registered_in": "China"}, "two capital letters"),
        ({"operator": {"id": "a/b", "name": "X"}}, "operator.id"),
        ({"contacts": {}}, "did you mean contact"),
        ({"name": ""}, "name: must not be empty"),
        ({"name": "\u200b "}, "name: must not be empty"),
    ],
)
def test_what_cannot_be_recorded_says_why(told: dict[str, Any], wrong: str) -> None:
    with pytest.raises(BadInput, match=wrong):
        parse(OfficialAccount, {"name": "Salt Weekly", **told})


# --- qualifications --------------------------------------------------------------------------------------------------
NEWS = "SALT HARBOUR, May 3 (Coast Agency) - The ferry was late again.\n\n" + ESSAY


def _licence(application: Application, until: str, **told: Any) -> Any:
    new = parse(NewQualification, {"account_id": "sw1", "number": "10120", "valid_until": until, **told})
    return qualifications.add(application.db, _local(application), new, 30)


def test_news_from_an_account_without_a_licence_is_flagged(application: Application) -> None:
    def flags(text: str = ESSAY, **post: Any) -> list[str]:
        result = scan_upload(application, text.encode(), **post)
        assert result.scan_id
        return result.flags

    flagged = ["news_without_licence"]
    assert flags(account_id="sw1", category="culture") == []
    assert flags(category="news/local") == flags(category="时政") == flagged
    assert flags(NEWS, account_id="sw1") == flagged
    assert flags(NEWS) == []  # nothing is recorded of an account without an id
    _put(application, **VERIFIED)
    assert flags(NEWS, account_id="sw1") == flagged
    _licence(application, "2020-01-01")
    _licence(application, "2099-12-31", kind="publishing")
    assert flags(NEWS, account_id="sw1") == flagged
    held = _licence(application, "2099-12-31")
    assert application.official_accounts.get(_local(application), "sw1").news_licence_until == "2099-12-31"
    assert flags(NEWS, account_id="sw1", category="news") == []
    qualifications.end(application.db, _local(application), held.qualification_id, 30)
    assert flags(NEWS, account_id="sw1") == flagged
    with pytest.raises(Conflict):
        qualifications.end(application.db, _local(application), held.qualification_id, 30)


def test_a_state_follows_from_the_days(sqlite_application: Application) -> None:
    application = sqlite_application
    _put(application)
    states = [
        _licence(application, until, **told).state
        for until, told in (
            ("2020-01-01", {}),
            ("2099-12-31", {}),
            ("2099-12-31", {"valid_from": "2099-01-01"}),
        )
    ]
    assert states == ["expired", "valid", "not_yet"]
    expired = qualifications.page(application.db, _local(application), 30, before="2021-01-01")[0]
    assert [each.state for each in expired] == ["expired"]
    with pytest.raises(BadInput, match="before valid_from"):
        _licence(application, "2020-01-01", valid_from="2021-01-01")
    with pytest.raises(BadInput, match="must be a"):
        _licence(application, "2020-02-31")
    with pytest.raises(NotFound):
        _licence(application, "2020-01-01", account_id="sw2")


def test_a_platform_is_warned_once_before_a_licence_expires(application: Application) -> None:
    _put(application)
    listen(application, _local(application), "qualification.expiring")
    soon = (date.today() + timedelta(days=20)).isoformat()
    held = _licence(application, soon)
    _licence(application, "2099-12-31")
    qualifications.end(application.db, _local(application), _licence(application, soon).qualification_id, 30)
    assert held.state == "expiring"
    assert [qualifications.warn(application.db, days) for days in (10, 30, 30)] == [0, 1, 0]
    assert [(each["account_id"], each["number"], each["valid_until"]) for each in heard(application)] == [
        ("sw1", "10120", soon)
    ]
    assert qualifications.expiring(application.db, 30) == (1, 0)


# --- standing --------------------------------------------------------------------------------------------------------
def _count(application: Application, counter: str = "confirmed_copying", **told: Any) -> StandingDecision:
    said = {"counter": counter, "reason": "The article of 3 March is a copy", "decided_by": "Desk 1", **told}
    with application.db.write() as connection:
        return standing.count(
            connection, _local(application), "sw1", parse(StandingCount, said), application.official_accounts.table
        )


def _answer(application: Application, decision_id: str, act: str, by: str) -> StandingDecision:
    said = parse(StandingAnswer, {"act": act, "reason": "Looked at again", "decided_by": by})
    table = application.official_accounts.table
    return standing.answer(application.db, _local(application), "sw1", decision_id, said, table)


def test_counts_make_a_level_and_an_appeal_takes_them_back(application: Application) -> None:
    _put(application, **VERIFIED)
    first = _count(application)
    assert (first.level_before, first.level_after) == (0, 1)
    second = _count(application, "false_originality")
    third = _count(application, "unfounded_notice", subject="scan_1")
    assert (second.level_after, third.level_after) == (1, 2)
    now = standing.read(application.db, _local(application), "sw1", application.official_accounts.table)
    assert (now.level, now.level_name, now.points) == (2, "limited", 6)
    assert now.counters == {"confirmed_copying": 1, "false_originality": 1, "unfounded_notice": 1}
    assert application.official_accounts.get(_local(application), "sw1").level == 2

    with pytest.raises(Conflict, match="nobody has appealed"):
        _answer(application, first.decision_id, "uphold", "Desk 2")
    _answer(application, first.decision_id, "appeal", "Salt Weekly")
    with pytest.raises(Conflict, match="of that kind already"):
        _answer(application, first.decision_id, "appeal", "Salt Weekly")
    with pytest.raises(Conflict, match="another person decides"):
        _answer(application, first.decision_id, "reverse", "Desk 1")
    taken = _answer(application, first.decision_id, "reverse", "Desk 2")
    assert (taken.level_before, taken.level_after, taken.about) == (2, 1, first.decision_id)
    with pytest.raises(Conflict, match="reversed already"):
        _answer(application, first.decision_id, "uphold", "Desk 2")
    now = standing.read(application.db, _local(application), "sw1", application.official_accounts.table)
    assert [each.act for each in now.decisions] == ["count", "count", "count", "appeal", "reverse"]
    assert now.points == 3
    with pytest.raises(NotFound):
        _answer(application, taken.decision_id, "reverse", "Desk 2")  # only counts are answered


def _at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What came of each, an error in its place."""

    def outcome(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Conflict as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(outcome, acts))


def test_many_at_once_decide_one_after_the_other(application: Application) -> None:
    _put(application)
    counted = _at_once([lambda: _count(application, "unfounded_notice")] * 6)
    changes = sorted((each.level_before, each.level_after) for each in counted)
    assert changes == [(0, 0), (0, 0), (0, 1), (1, 1), (1, 1), (1, 2)]
    first = counted[0].decision_id
    reversals = _at_once([lambda: _answer(application, first, "reverse", "Desk 2")] * 4)
    assert [isinstance(each, Conflict) for each in reversals].count(False) == 1
    now = standing.read(application.db, _local(application), "sw1", application.official_accounts.table)
    assert now.points == 5
    licence = (date.today() + timedelta(days=3)).isoformat()
    _licence(application, licence)
    assert sum(_at_once([lambda: qualifications.warn(application.db, 30)] * 4)) == 1


def test_an_account_that_two_record_at_once_is_one(application: Application) -> None:
    _at_once([partial(_put, application, "new", name=f"Name {n}") for n in range(4)])
    listed, _ = application.official_accounts.page(_local(application))
    assert [each.account_id for each in listed] == ["new"]


def test_what_is_sent_again_after_a_crash_is_recorded_once(sqlite_application: Application) -> None:
    """The answer was lost with its process; the request comes again with the same id."""
    application = sqlite_application
    _put(application)
    again, table = bytes(range(32)), application.official_accounts.table
    confirmed = StandingCount(counter="unfounded_notice", reason="No such work", decided_by="Desk 1")
    licence = NewQualification(account_id="sw1", number="10120", valid_until="2099-12-31")
    made = []
    for _ in range(2):
        with application.db.write() as connection:
            made.append(standing.count(connection, _local(application), "sw1", confirmed, table, request_id=again))
        qualifications.add(application.db, _local(application), licence, 30, request_id=again)
    assert made[0] == made[1]
    assert standing.read(application.db, _local(application), "sw1", table).points == 1
    assert len(qualifications.page(application.db, _local(application), 30)[0]) == 1


def test_what_is_long_ago_counts_no_longer(sqlite_application: Application) -> None:
    application = sqlite_application
    _put(application)
    for _ in range(4):
        _count(application)
    assert application.official_accounts.get(_local(application), "sw1").level == 3
    with application.db.write() as connection:
        connection.execute(standing_decisions.update().values(decided_at="2020-01-01T00:00:00.000000Z"))
    assert application.official_accounts.get(_local(application), "sw1").level == 0


def test_the_table_is_a_file_that_is_checked(tmp_path: Path) -> None:
    shipped = standing_table.read(None)
    assert [shipped.level(points) for points in (0, 2, 3, 6, 11, 12, 99)] == [0, 0, 1, 2, 2, 3, 3]
    path = tmp_path / "standing.toml"
    for text, wrong in (
        ("", "counters"),
        ("x", "not TOML"),
        (standing_table.SHIPPED.read_text().replace("points = 3", "points = 7"), "more than the one before"),
        (standing_table.SHIPPED.read_text().replace("weight", "wieght"), "did you mean weight"),
        (standing_table.SHIPPED.read_text().replace("counters.unfounded_notice", "counters.other"), "counters.other"),
    ):
        path.write_text(text)
        with pytest.raises(Misconfigured, match=wrong):
            standing_table.read(path)
    with pytest.raises(Misconfigured, match="cannot be read"):
        standing_table.read(tmp_path / "none")
