"""The verdict on a match and on an upload."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from provenance.scans import verdict
from provenance.schemas import Permission, Verdict
from tests.provenance.scans.test_permission import report


@dataclass(frozen=True)
class AMatch:
    work_id: str
    verdict: Verdict
    competing: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("marked", "state", "findings", "expected"),
    [
        ("missing", "own", [], "own"),
        ("wrong_owner", "own", ["x"], "own"),
        ("missing", "permitted", [], "licensed"),
        ("partial", "permitted", [], "licensed"),
        ("compliant", "permitted", [], "licensed"),
        ("wrong_owner", "permitted", [], "uncredited"),
        ("misleading", "permitted", [], "uncredited"),
        ("missing", "permitted", ["owner_not_marked"], "uncredited"),
        ("partial", "permitted", ["source_not_traceable"], "review"),
        ("compliant", "permitted", ["modification_not_stated"], "credited"),
        ("compliant", "granted", [], "licensed"),
        ("compliant", "granted", ["grant_expired"], "licensed"),
        ("compliant", "duties_unmet", [], "credited"),
        ("compliant", "stated", [], "credited"),
        ("compliant", "none", [], "credited"),
        ("partial", "granted", [], "review"),
        ("partial", "none", [], "review"),
        ("missing", "granted", [], "uncredited"),
        ("missing", "stated", [], "uncredited"),
        ("wrong_owner", "granted", [], "uncredited"),
        ("misleading", "none", [], "uncredited"),
    ],
)
def test_of_a_match(marked: str, state: str, findings: list[str], expected: str) -> None:
    permitted = Permission.model_validate({"licence": None, "state": state, "findings": findings})
    assert verdict.of_match(report(marked), permitted) == expected


def test_of_an_upload_the_match_that_needs_a_person_most_decides() -> None:
    order: list[Verdict] = ["uncredited", "review", "credited", "licensed", "own"]
    assert verdict.of_upload([]) == "clear"
    for n, worst in enumerate(order):
        matches = [AMatch(f"w{k}", each) for k, each in enumerate(order[n:])]
        assert verdict.of_upload(matches) == verdict.of_upload(matches[::-1]) == worst


@pytest.mark.parametrize("other", ["review", "credited", "licensed", "own"])
def test_claims_to_the_same_content_that_are_judged_differently_are_for_a_person(other: Verdict) -> None:
    accused, rival = AMatch("a", "uncredited", ("b",)), AMatch("b", other, ("a",))
    assert verdict.of_upload([accused, rival]) == "review"
    # each side is contested by what it names itself: competing claims are on record on both sides
    assert verdict.of_upload([AMatch("a", "uncredited"), rival]) == "uncredited"
    assert verdict.of_upload([accused, AMatch("b", other)]) == "review"


def test_claims_that_are_judged_alike_contest_nothing() -> None:
    both = ("a", "b")
    assert verdict.of_upload([AMatch("a", "uncredited", both), AMatch("b", "uncredited", both)]) == "uncredited"
    assert verdict.of_upload([AMatch("a", "own", both), AMatch("b", "licensed", both)]) == "licensed"


def test_a_rival_that_is_not_matched_contests_nothing() -> None:
    assert verdict.of_upload([AMatch("a", "uncredited", ("elsewhere",))]) == "uncredited"
    assert verdict.of_upload([AMatch("a", "own", ("elsewhere",)), AMatch("c", "credited")]) == "credited"


def test_a_contested_pair_does_not_excuse_a_third() -> None:
    pair = [AMatch("a", "uncredited", ("b",)), AMatch("b", "own", ("a",))]
    assert verdict.of_upload([*pair, AMatch("c", "uncredited")]) == "uncredited"


def test_one_of_several_rivals_is_enough() -> None:
    matches = [AMatch("a", "own", ("b", "c")), AMatch("b", "own", ("a",)), AMatch("c", "uncredited", ("a",))]
    assert verdict.of_upload(matches) == "review"
