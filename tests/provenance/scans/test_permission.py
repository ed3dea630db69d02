"""What reuse is allowed: own account, grant, licence, what the post states."""

from __future__ import annotations

from typing import Any

import pytest

from provenance.accounts.official import by_name
from provenance.marking import Report
from provenance.scans import permission
from provenance.schemas import Claim, Permission
from provenance.search.matching import IndexedWork
from provenance.works.grants import Grant

CC = "CC-BY-SA-4.0"
CREDIT = "owner_not_marked"


def report(verdict: str = "compliant", **values: Any) -> Report:
    silent: dict[str, Any] = {
        "owner_marked": False, "source_marked": False, "source_traceable": False, "title_marked": False,
        "licence_named": False, "permission_stated": False, "modification_stated": False, "title_kept": None,
        "editor_named": False, "ai_label": False,
    }  # fmt: skip
    return Report(**{**silent, "verdict": verdict, **values})


def grant(*, credit: bool = True) -> Grant:
    return Grant(to=["City Daily"], credit=credit, grant_id="grant_1", work_id="work_1", given_at="2026-01-01")


def work(**claim: Any) -> IndexedWork:
    return IndexedWork(
        1, "work_1", "acct", None, "The Salt Ferry", "Marta Salt", "text", "2026-01-01", 0, Claim(**claim)
    )


def test_the_owners_own_post_owes_nothing() -> None:
    found = report("missing", licence_findings=("nc_breach",), permission_stated=True)
    assert permission.evaluate(CC, found, own=True, grant=grant(), gaps=["grant_use"]) == Permission(
        licence=CC, state="own"
    )


def test_a_grant_takes_the_place_of_the_licence_but_not_of_the_credit() -> None:
    replaced = [
        "permission_missing", "permission_pending", "licence_not_named", "nd_breach", "nc_breach", "sa_breach"
    ]  # fmt: skip
    found = report("missing", reasons=(CREDIT, "nd_breach"), licence_findings=(*replaced, "modification_not_stated"))
    allowed = permission.evaluate(CC, found, own=False, grant=grant())
    assert allowed == Permission(
        licence=CC, state="permitted", grant_id="grant_1", findings=[CREDIT, "modification_not_stated"]
    )
    waived = permission.evaluate(CC, found, own=False, grant=grant(credit=False))
    assert waived == Permission(licence=CC, state="permitted", grant_id="grant_1")


def test_a_finding_that_is_a_reason_too_is_named_once() -> None:
    found = report("partial", reasons=("b", "a"), licence_findings=("a", "c"))
    assert permission.evaluate(CC, found, own=False, grant=grant()).findings == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("licence", "found", "gaps", "state", "findings"),
    [
        (CC, report(), [], "granted", []),
        (CC, report(), ["grant_expired"], "granted", ["grant_expired"]),
        (CC, report("partial"), [], "duties_unmet", []),
        (CC, report(licence_findings=("sa_breach",)), ["grant_use"], "duties_unmet", ["sa_breach", "grant_use"]),
        (CC, report(permission_stated=True), [], "stated", []),
        (None, report(permission_stated=True, licence_findings=("x",)), ["y"], "stated", ["x", "y"]),
        (None, report(), [], "none", []),
        ("", report(), [], "none", []),
        ("All-Rights-Reserved", report(licence_findings=("permission_missing",)), [], "none", ["permission_missing"]),
        ("reprint-with-credit", report(), [], "granted", []),
    ],
)
def test_without_a_grant_the_licence_decides(
    licence: str | None, found: Report, gaps: list[str], state: str, findings: list[str]
) -> None:
    assert permission.evaluate(licence, found, own=False, gaps=gaps) == Permission(
        licence=licence, state=state, findings=findings
    )


@pytest.mark.parametrize("account", ["MARTA salt", "玛尔塔", "Salt Weekly", "sw_official"])
def test_an_account_that_bears_a_name_of_the_work_is_its_owners(account: str) -> None:
    claim = {"owner_aliases": ["Someone", "玛尔塔"], "source_name": "Salt Weekly", "source_handle": "sw_official"}
    assert permission.posted_by_owner(work(**claim), by_name(account))
    assert not permission.posted_by_owner(work(**claim), by_name("City Daily"))
    assert permission.posted_by_owner(work(), by_name(account)) == (account == "MARTA salt")


@pytest.mark.parametrize("account", [None, "", "  ", "?!"])
def test_no_account_is_nobodys(account: str | None) -> None:
    assert not permission.posted_by_owner(
        work(source_name="", source_handle="?", owner_aliases=["!"]), by_name(account)
    )
