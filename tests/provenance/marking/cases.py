"""The labelled posts of ``cases-<part>.jsonl``, and how the check does.

The two halves are split by a hash of the case's name. The lexicon and the rules were written with the tuned half in view
and the held half as a number only, until that number stood at .978 (``benchmarks/marking/cases.py``). The later part was
written when both stood at .99 and more, in languages and registers that they have little of: films, podcasts, papers,
Danish, Finnish, Hungarian, Norwegian, Urdu. Looked at for the first time, 101 of its 108 verdicts were right (.935).

The families are 381 short posts, a few a family in 29 languages: datelines and agency tails, sentences that credit,
strangers' names, generic credits, scopes, denials, permissions, changes, redirectors, ways of hiding. Their verdicts were
written before the rules for them. Looked at for the first time, .647 (tuned) and .619 (held) were right; the held half
has only been looked at as a number since.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from provenance.marking import Post, Report, Work, check

HERE = Path(__file__).parent
VERDICTS = ("compliant", "partial", "missing", "wrong_owner", "misleading")


def load(half: str) -> list[dict[str, Any]]:
    """The cases of a part (``tuned``, ``held``, ``later``, ``families-tuned``, ``families-held``), each with its work in place of the work's name."""
    works = json.loads((HERE / "cases-works.json").read_text("utf-8"))
    lines = (HERE / f"cases-{half}.jsonl").read_text("utf-8").splitlines()
    return [{**case, "work": works[case["work"]]} for case in map(json.loads, lines)]


def answer(case: dict[str, Any]) -> tuple[str, str, Report]:
    """The three answers as ``OST``, ``O--`` ..., the verdict and the whole report."""
    report = check(Work.from_json(case["work"]), Post.from_json(case["post"]))
    flags = (report.owner_marked, report.source_marked, report.source_traceable)
    return "".join(c if f else "-" for c, f in zip("OST", flags, strict=True)), report.verdict, report


def score(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy, F1 of every verdict, the share of right booleans, and the costly errors, each 0..1 or a count."""
    confusion: Counter[tuple[str, str]] = Counter()
    booleans = 0
    wrong = []
    for case in cases:
        marks, verdict, _ = answer(case)
        confusion[case["verdict"], verdict] += 1
        booleans += sum(a == b for a, b in zip(marks, case["marked"], strict=True))
        if (marks, verdict) != (case["marked"], case["verdict"]):
            wrong.append(f"{case['id']} {case['marked']} {case['verdict']} -> {marks} {verdict}")
    f1 = {}
    for v in VERDICTS:
        hit = confusion[v, v]
        off = sum(n for (gold, got), n in confusion.items() if (gold == v) != (got == v))
        f1[v] = 2 * hit / (2 * hit + off) if hit + off else 1.0
    return {
        "cases": len(cases),
        "accuracy": sum(confusion[v, v] for v in VERDICTS) / len(cases),
        "macro_f1": sum(f1.values()) / len(f1),
        "f1": f1,
        "booleans": booleans / (3 * len(cases)),
        "passed_though_not_compliant": sum(n for (g, v), n in confusion.items() if g != "compliant" == v),
        "credited_post_accused": sum(
            n for (g, v), n in confusion.items() if g in VERDICTS[:2] and v in VERDICTS[2:]
        ),
        "wrong": wrong,
    }  # fmt: skip
