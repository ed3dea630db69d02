"""A case set, and what a matcher answered to it.

A case set is a folder with ``refs.jsonl`` {"id", "path"} (what is registered), ``queries.jsonl`` {"id", "path",
"expected": [ref id], "transform", "encoding", "tier"} (what is scanned; nothing expected = a distractor, of tier 1 =
something else, 2 = shares a template or an app's chrome with a work, 3 = debatable) and, where the places are known,
``passages.jsonl`` {"query", "ref", "q_start", "q_end", "r_start", "r_end"}: half-open spans of submitted code points.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ref:
    id: str
    path: Path
    encoding: str


@dataclass(frozen=True, slots=True)
class Query:
    """One upload; ``passages`` are the true (ref, upload span, work span), none where nobody wrote them down.

    ``tier``: of a distractor; 0 where the set names none.
    """

    id: str
    path: Path
    transform: str
    expected: frozenset[str]
    passages: tuple[tuple[str, Span, Span], ...] = ()
    encoding: str = "utf-8"
    tier: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """One reported match; ``score`` ranks, higher is surer; segments are (upload span, work span)."""

    ref: str
    score: float
    segments: tuple[tuple[Span, Span], ...] = ()


@dataclass(slots=True)
class Answers:
    """What one matcher found for each query id; a query without an entry found nothing."""

    name: str
    found: dict[str, list[Found]]
    status: dict[str, str] = field(default_factory=dict)
    threshold: float = 0.0  # matches below it are kept for the curve only, not reported

    def reported(self, query: str) -> list[Found]:
        return [f for f in self.found.get(query, ()) if f.score >= self.threshold]


@dataclass(frozen=True, slots=True)
class CaseSet:
    folder: Path
    refs: tuple[Ref, ...]
    queries: tuple[Query, ...]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def load(folder: Path) -> CaseSet:
    """Read a case set."""
    passages: dict[str, list[tuple[str, Span, Span]]] = {}
    if (folder / "passages.jsonl").exists():
        for p in rows(folder / "passages.jsonl"):
            spans = (p["q_start"], p["q_end"]), (p["r_start"], p["r_end"])
            passages.setdefault(p["query"], []).append((p["ref"], *spans))
    refs = tuple(Ref(r["id"], folder / r["path"], r.get("encoding", "utf-8")) for r in rows(folder / "refs.jsonl"))
    queries = tuple(
        Query(
            q["id"],
            folder / q["path"],
            q.get("transform", "?"),
            frozenset(q["expected"]),
            tuple(passages.get(q["id"], ())),
            q.get("encoding", "utf-8"),
            q.get("tier", 0),
        )
        for q in rows(folder / "queries.jsonl")
    )
    return CaseSet(folder, refs, queries)


def scan_results(lines: Iterable[dict[str, Any]], name: str = "ours") -> Answers:
    """The answers in the lines of ``sourcemark scan --batch --json``: external ids are the set's ids."""
    answers = Answers(name, {})
    for line in lines:
        query = line["external_id"]
        answers.status[query] = line["status"]
        answers.found[query] = [
            Found(
                m["external_id"],
                m["score"],
                tuple((tuple(s["upload"]), tuple(s["work"])) for s in m["segments"] if s["unit"] == "codepoint"),
            )
            for m in line["matches"]
        ]
    return answers
