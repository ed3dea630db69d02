"""Posts in many languages and shapes, each with the answers a person gave to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from provenance.marking import Case, Post, Work, check

HERE = Path(__file__).parent
WORKS = json.loads((HERE / "works.json").read_text("utf-8"))
POSTS = [json.loads(line) for line in (HERE / "posts.jsonl").read_text("utf-8").splitlines()]


def _marked(report: dict[str, Any]) -> str:
    keys = ("owner_marked", "source_marked", "source_traceable")
    return "".join(letter if report[key] else "-" for letter, key in zip("OST", keys, strict=True))


@pytest.mark.parametrize("case", POSTS, ids=[p["name"] for p in POSTS])
def test_post(case: dict[str, Any]) -> None:
    line = {"id": case["name"], "work": WORKS[case["work"]], "post": case["post"]}
    read = Case.from_json(line, lambda path: pytest.fail(f"no file is named, but {path} was asked for"))
    report = check(read.work, read.post).to_json()
    assert (_marked(report), report["verdict"]) == (case["marked"], case["verdict"]), report["reasons"]


@pytest.mark.parametrize("case", POSTS, ids=[p["name"] for p in POSTS])
def test_what_is_not_compliant_shows_why(case: dict[str, Any]) -> None:
    report = check(Work.from_json(WORKS[case["work"]]), Post.from_json(case["post"]))
    if report.verdict != "compliant":
        assert report.reasons
        assert report.evidence or report.searched
    for item in report.evidence:
        assert 0 < len(item.quote) <= 200
        if item.where == "text":
            start, _, end = item.locator.partition("-")
            assert item.quote in case["post"]["text"][int(start) : int(end)]


def test_the_same_post_gives_the_same_report_byte_for_byte() -> None:
    for case in POSTS[::7]:
        work, post = Work.from_json(WORKS[case["work"]]), Post.from_json(case["post"])
        first, second = (json.dumps(check(work, post).to_json(), ensure_ascii=False) for _ in range(2))
        assert first == second
