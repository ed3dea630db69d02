"""Ours and the peers over one case set, and the tables they are printed in."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.common.cases import Answers, CaseSet, Found, Query, rows, scan_results
from benchmarks.common.installation import register_and_scan
from benchmarks.common.metrics import figures, fired_by_tier, hit

WIDTH = 30


def everyone(
    cases: CaseSet, results: Path | None, peers: Mapping[str, Callable[[], dict[str, list[Found]]]]
) -> list[Answers]:
    """Ours, through the command line in a temporary home or from the lines of such a scan, then the peers'."""
    all_answers = []
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        lines = results or register_and_scan(cases, Path(folder) / "home")
        all_answers.append(scan_results(rows(lines), "ours"))
        print(f"ours: {time.perf_counter() - began:.1f} s", flush=True)
    for name, find in peers.items():
        began = time.perf_counter()
        all_answers.append(Answers(name, find()))
        print(f"{name}: {time.perf_counter() - began:.1f} s", flush=True)
    return all_answers


def print_figures(cases: CaseSet, everybody: list[Answers]) -> None:
    positive = sum(bool(q.expected) for q in cases.queries)
    tiers = sorted({q.tier for q in cases.queries if q.tier and not q.expected})
    print(f"\n{len(cases.refs)} works, {positive} edited copies, {len(cases.queries) - positive} distractors")
    head = f"{'':{WIDTH}}{'recall':>10}{'FPR':>10}{'at FPR .1%':>12}{'uAP':>10}"
    print(head + "".join(f"{f'FPR tier {tier}':>20}" for tier in tiers))
    for answers in everybody:
        f, fired = figures(cases.queries, answers), fired_by_tier(cases.queries, answers)
        line = f"{answers.name:{WIDTH}}{f.recall:10.3f}{f.fpr:10.4f}{f.recall_at_fpr:12.3f}{f.uap:10.3f}"
        shares = (f"{fired[t][0] / fired[t][1]:.4f} ({fired[t][0]}/{fired[t][1]})" for t in tiers)
        print(line + "".join(f"{share:>20}" for share in shares))


def print_recall(what: str, groups: Mapping[str, list[Query]], everybody: list[Answers]) -> None:
    """The share of each group's queries that is found."""
    print(f"\n{what:{WIDTH + 6}}" + "".join(f"{a.name:>20}" for a in everybody))
    for group, mine in groups.items():
        shares = [sum(hit(q, a) for q in mine) / len(mine) for a in everybody]
        print(f"{group:{WIDTH}}{len(mine):6}" + "".join(f"{share:20.3f}" for share in shares))


def arguments(about: str | None) -> argparse.Namespace:
    """The case set and the results of a benchmark beside peers; both may be None."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="?")
    parser.add_argument(
        "--results", type=Path, help="lines of `sourcemark scan --batch --json` instead of a run of ours"
    )
    return parser.parse_args()
