"""The benchmarks' figures, against sets small enough to count by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from benchmarks.common import cases, metrics
from benchmarks.text import generate

pytestmark = pytest.mark.slow


def test_ranking() -> None:
    copies = [cases.Query(f"c{n}", Path(), "edited", frozenset({f"r{n}"})) for n in range(4)]
    others = [cases.Query(f"d{n}", Path(), "unrelated", frozenset()) for n in range(10)]
    found = {
        "c0": [cases.Found("r0", 0.9)],
        "c1": [cases.Found("r1", 0.7), cases.Found("r9", 0.95)],
        "c2": [cases.Found("r8", 0.99)],  # another work only: no hit
        "d0": [cases.Found("r0", 0.8)],
        "d1": [cases.Found("r1", 0.6)],
    }
    figures = metrics.figures([*copies, *others], cases.Answers("x", found), at=0.1)
    assert figures.recall == 0.5
    assert figures.fpr == 0.2
    assert figures.recall_at_fpr == 0.5  # one distractor may fire, the next scores .6
    assert figures.threshold == 0.6
    strict = metrics.figures([*copies, *others], cases.Answers("x", found))
    assert strict.recall_at_fpr == 0.25
    # Ranked: wrong .99, wrong .95, right .9 (1/3), wrong .8, right .7 (2/5), wrong .6; four pairs are true.
    assert figures.uap == pytest.approx((1 / 3 + 2 / 5) / 4)


def test_a_tie_with_a_distractor_is_no_find() -> None:
    queries = [cases.Query("c", Path(), "t", frozenset({"r"})), cases.Query("d", Path(), "t", frozenset())]
    tied = cases.Answers("x", {"c": [cases.Found("r", 1.0)], "d": [cases.Found("r", 1.0)]})
    assert metrics.figures(queries, tied).recall_at_fpr == 0
    assert metrics.figures(queries, tied).uap == 0.5


def test_spans() -> None:
    query = cases.Query("q", Path(), "t", frozenset({"r"}), (("r", (0, 10), (100, 110)), ("r", (20, 30), (200, 210))))
    shown = [cases.Found("r", 1.0, (((5, 25), (105, 125)),)), cases.Found("other", 0.6, (((0, 4), (0, 4)),))]
    upload, work = metrics.spans(query, cases.Answers("x", {"q": shown}))
    assert (upload.true, upload.shown, upload.both) == (20, 24, 10)
    assert (work.true, work.shown, work.both) == (20, 24, 5)
    missed, _ = metrics.spans(query, cases.Answers("x", {}))
    assert missed.recall == 0
    assert math.isnan(missed.precision)


def test_a_generated_set_is_what_it_says(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        generate.write_cases(tmp_path / folder, 16, 16, 8, seed=5)
    made = cases.load(tmp_path / "a")
    assert (tmp_path / "a/refs/han-3.txt").read_bytes() == (tmp_path / "b/refs/han-3.txt").read_bytes()
    works = {ref.id: ref.path.read_bytes().decode() for ref in made.refs}
    assert len(works) == len(set(works.values())) == 16
    copied = [json.loads(line) for line in (tmp_path / "a/passages.jsonl").read_text().splitlines()]
    assert len(copied) == 16
    assert len(made.queries) == 16 + 8
    for query in made.queries:
        text = query.path.read_bytes().decode()
        assert bool(query.expected) == bool(query.passages)
        for ref, (a, b), (c, d) in query.passages:
            if query.transform != "word_sub_10":
                assert text[a:b] == works[ref][c:d] != ""


def test_false_positives_are_counted_by_tier() -> None:
    def distractor(name: str, tier: int) -> cases.Query:
        return cases.Query(name, Path(), "distractor", frozenset(), tier=tier)

    queries = [distractor("a", 1), distractor("b", 2), distractor("c", 1), distractor("d", 2), distractor("e", 2)]
    copy = cases.Query("f", Path(), "edited", frozenset({"r"}))
    found = {"b": [cases.Found("r", 0.9)], "d": [cases.Found("r", 0.3)], "f": [cases.Found("q", 0.9)]}
    answers = cases.Answers("x", found, threshold=0.5)
    assert metrics.fired_by_tier([*queries, copy], answers) == {1: (0, 2), 2: (1, 3)}
