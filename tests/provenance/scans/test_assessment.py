"""One match assessed: each of marking, permission and verdict once, and the record that is answered and stored."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from fingerprints.model import Examination, Field, Fingerprint, Match, Segment
from provenance.accounts.official import by_name
from provenance.scans.assessment import Assessment, Background, assess
from provenance.scans.reuse import Shown
from provenance.schemas import Claim, ScanItem
from provenance.search.matching import IndexedWork
from provenance.works.grants import Grant

CLAIM = {
    "source_name": "Salt Weekly",
    "source_urls": ["https://salt.example/a/1"],
    "source_handle": "sw",
    "licence": "all-rights-reserved",
}
WORK = IndexedWork(
    7, "work_7", "acct", "a-7", "The Salt Ferry", "Marta Salt", "text", "2026-01-31T12:00:00Z", 41, Claim(**CLAIM)
)
CREDIT = "By Marta Salt, first in Salt Weekly, https://salt.example/a/1\n\n"
BODY = "The ferry to the salt islands leaves at ten past six. " * 8
NOW = "2026-06-01T12:00:00.000000Z"


def upload(text: str) -> Examination:
    return Examination(Fingerprint("text", "sourcemark-exact/1", bytes(32)), "plain", text)


def match_in(text: str) -> Match:
    at = text.index(BODY)
    segment = Segment((float(at), float(at + len(BODY))), (0.0, float(len(BODY))), "codepoint")
    return Match(0.987654, 0.123456, 0.999949, (segment,), {"rotation": 1.23456789}, "verbatim", 0.05555)


def assessed(text: str, background: Background | None = None, work: IndexedWork = WORK, **post: Any) -> Assessment:
    item = ScanItem.model_validate(post)
    return assess(
        item,
        Shown(upload(text), item.caption),
        work,
        match_in(text),
        background or Background(),
        by_name(item.account),
        NOW,
    )


def grant(**terms: Any) -> Grant:
    return Grant.model_validate(
        {"to": ["City Daily"], "grant_id": "grant_1", "work_id": "work_7", "given_at": NOW, **terms}
    )


def test_the_verdict_rests_on_marking_and_permission() -> None:
    for text, account, state, verdict in (
        (BODY, "City Daily", "none", "uncredited"),
        (CREDIT + BODY, "City Daily", "none", "review"),
        (BODY, "Marta Salt", "own", "own"),
    ):
        done = assessed(text, account=account)
        assert (done.permission.state, done.verdict) == (state, verdict)


def test_a_grant_covers_the_use_that_was_found_at_the_moment_of_the_scan() -> None:
    for terms, post, state, findings, verdict in (
        ({}, {"account": "City Daily"}, "permitted", [], "licensed"),
        ({}, {"account": "Other Daily"}, "none", ["permission_missing"], "review"),
        ({"uses": ["quotation"]}, {"account": "City Daily"}, "none", ["permission_missing", "grant_use"], "review"),
        ({"until": "2026-05-31"}, {"account": "City Daily"}, "none", ["permission_missing", "grant_expired"], "review"),
        ({"until": "2026-06-01"}, {"account": "City Daily"}, "permitted", [], "licensed"),
    ):
        done = assessed(CREDIT + BODY, Background(grants=[grant(**terms)]), **post)
        assert (done.permission.state, done.permission.findings, done.verdict) == (state, findings, verdict)


def test_the_originals_fields_are_compared_with_those_of_a_file() -> None:
    background = Background(fields=(Field("exif", "Artist", "Marta Salt"),))
    examined = Examination(Fingerprint("image", "sourcemark-exact/1", bytes(32)), "jpeg")
    match = Match(1.0, 1.0, 1.0, ())
    for known, state, differences in (
        (background, "compared", ["stripped"]),
        (Background(), "original_not_recorded", []),
    ):
        done = assess(ScanItem(), Shown(examined), replace(WORK, medium="image"), match, known, by_name(None), NOW)
        assert (done.report.rmi_state, [d.state for d in done.report.rmi_diff]) == (state, differences)


def test_a_line_is_offered_where_it_would_clear_the_post() -> None:
    """No line stands in for a permission, and none helps where the records disagree or the post is credited."""
    line = "Text by Marta Salt | “The Salt Ferry” | Source: Salt Weekly | https://salt.example/a/1"
    claim = WORK.claim.model_copy(update={"licence": "reprint-with-credit"})
    licensed = replace(WORK, claim=claim)
    for work, text, background, expected in (
        (licensed, BODY, Background(), line),
        (WORK, BODY, Background(), None),
        (WORK, BODY, Background(grants=[grant()]), line),
        (licensed, BODY, Background(damaged=True), None),
        (licensed, f"{line}\n\n{BODY}", Background(), None),
        (licensed, f"Licence: CC0 1.0\n\n{BODY}", Background(), None),
    ):
        done = assessed(text, background, work=work, account="City Daily")
        assert done.credit_line == expected, (text, done.verdict, done.report.reasons)


def test_the_record_is_what_was_answered() -> None:
    text = CREDIT + BODY
    done = assessed(text, Background(competing=("work_9", "work_8")), account="City Daily")
    record = done.record("log.example/x", WORK.account_id).model_dump(mode="json")
    marking = record.pop("marking")
    assert json.dumps(record) == json.dumps(
        {
            "part": None,
            "work_id": "work_7",
            "external_id": "a-7",
            "title": "The Salt Ferry",
            "owner": "Marta Salt",
            "score": 0.9877,
            "coverage": {"upload": 0.1235, "work": 0.9999},
            "segments": [
                {"upload": [len(CREDIT), len(text)], "work": [0, len(BODY)], "unit": "codepoint", "quad": None}
            ],
            "transform": {"rotation": 1.23456789},
            "reuse": "verbatim",
            "common": 0.0556,
            "permission": {
                "licence": "all-rights-reserved",
                "state": "none",
                "grant_id": None,
                "findings": ["permission_missing"],
            },
            "registered_at": "2026-01-31T12:00:00Z",
            "receipt": {"origin": "log.example/x", "index": 41, "size": None},
            "competing": ["work_9", "work_8"],
            "decided": None,
            "credit_line": None,
        }
    )
    assert list(marking)[-1] == "credit_place"
    assert marking["credit_place"]["side"] == "before"
    assert {**done.report.to_json(), "credit_place": marking["credit_place"]} == marking
    assert assessed(BODY).record("x", WORK.account_id).marking["credit_place"] is None


def test_corners_and_seconds_have_two_decimals() -> None:
    corners = tuple((n + 0.126, n + 0.004) for n in range(4))
    for segment, plain in (
        (Segment(corners, corners, "pixel"), [[n + 0.13, float(n)] for n in range(4)]),  # type: ignore[arg-type]
        (Segment((1.005, 2.129), (1.005, 2.129), "second"), [1.0, 2.13]),
    ):
        match = Match(1.0, 1.0, 1.0, (segment,))
        done = assess(ScanItem(), Shown(upload(BODY)), WORK, match, Background(), by_name(None), NOW)
        record = done.record("x", WORK.account_id).segments[0].model_dump()
        assert record == {"upload": plain, "work": plain, "unit": segment.unit, "quad": None}
