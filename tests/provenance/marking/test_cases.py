"""1,335 labelled posts in 31 languages and many registers; half of most parts was kept back while rules were made."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from provenance.marking import Post, Work, check

pytestmark = pytest.mark.slow


def _cases() -> ModuleType:
    spec = importlib.util.spec_from_file_location("marking_cases", Path(__file__).with_name("cases.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cases = _cases()
TUNED, HELD, LATER = cases.load("tuned"), cases.load("held"), cases.load("later")
FAMILIES_TUNED, FAMILIES_HELD = cases.load("families-tuned"), cases.load("families-held")
FRESH = cases.load("fresh")  # .876 right at first sight


@pytest.mark.parametrize("part", ["tuned", "held", "families-tuned", "families-held"])
def test_a_case_is_in_its_half_by_its_name(part: str) -> None:
    half = part.removeprefix("families-")
    for case in cases.load(part):
        odd = hashlib.sha256(case["id"].encode()).digest()[0] & 1
        assert ("held" if odd else "tuned") == half


def test_every_case_says_why() -> None:
    every = [*TUNED, *HELD, *LATER, *FAMILIES_TUNED, *FAMILIES_HELD, *FRESH]
    assert len(every) == 1335
    assert len({c["id"] for c in every}) == len(every)
    assert len({c["post"]["lang"] for c in every}) >= 31
    assert all(c["reason"] and c["register"] for c in every)
    assert {c["verdict"] for c in every} == set(cases.VERDICTS)


SEEN = [*TUNED, *LATER, *FAMILIES_TUNED]


@pytest.mark.parametrize("case", SEEN, ids=[c["id"] for c in SEEN])
def test_tuned(case: dict[str, Any]) -> None:
    marks, verdict, report = cases.answer(case)
    assert (marks, verdict) == (case["marked"], case["verdict"]), (case["reason"], report.reasons, case["post"])


@pytest.mark.parametrize(("part", "least"), [("held", 0.97), ("families-held", 0.93), ("fresh", 0.94)])
def test_held(part: str, least: float) -> None:
    result = cases.score(cases.load(part))
    assert result["accuracy"] >= least
    assert result["passed_though_not_compliant"] <= len(HELD) * 0.01


PROSE = [json.loads(line) for line in Path(__file__).with_name("prose.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("kind", ["text", "image"])
@pytest.mark.parametrize("post", PROSE, ids=[f"{p['lang']}: {p['text'][:20]}" for p in PROSE])
def test_prose_that_speaks_of_sources_and_photos_accuses_nobody(post: dict[str, str], kind: str) -> None:
    work = Work("The Weight of Window Glass", "Priya Lonsdale", source_name="Copperfield Review", kind=kind)
    report = check(work, Post(text=post["text"], lang=post["lang"], account="Second Hand"))
    assert report.verdict == "missing", report.evidence
