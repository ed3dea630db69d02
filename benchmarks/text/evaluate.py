"""What a scan of a case set was worth: hits by transform, distractors that fired, what was missed, and the spans.

    sourcemark scan --batch UPLOADS.jsonl --json > RESULTS.jsonl      (external_id = the query's id)
    python benchmarks/text/evaluate.py CASES_DIR RESULTS.jsonl [--brief]

`python benchmarks/common/installation.py CASES_DIR RESULTS.jsonl` registers and scans a whole set in a temporary home.
"""

from __future__ import annotations

import argparse
import signal
from collections import Counter
from pathlib import Path

from benchmarks.common.cases import Answers, CaseSet, Query, load, rows, scan_results
from benchmarks.common.metrics import Overlap, figures, hit, spans

# The groups by which span figures are quoted; a transform belongs to the first whose word begins it.
GROUPS = {
    "verbatim, excerpt, HTML": ("verbatim", "excerpt", "html"),
    "embedded": ("embed", "diluted", "anthology", "stitched"),
    "edited": ("word_", "synonym", "wash", "ocr", "earlier_draft"),
    "shuffled": ("sent_shuffle", "para_shuffle"),
    "the rest": ("",),
}


def group_of(transform: str) -> str:
    return next(g for g, words in GROUPS.items() if transform.startswith(words))


def summary(cases: CaseSet, answers: Answers) -> None:
    f = figures(cases.queries, answers)
    statuses = Counter(answers.status.values())
    print(f"recall {f.recall:.4f}   FPR {f.fpr:.4f} of {f.distractors}   uAP {f.uap:.4f}")
    print(f"recall at FPR <= .1 % {f.recall_at_fpr:.4f} (scores above {f.threshold:.4f})")
    print("statuses: " + ", ".join(f"{k} {n}" for k, n in statuses.most_common()))


def by_transform(cases: CaseSet, answers: Answers) -> None:
    bar = figures(cases.queries, answers).threshold
    tried: dict[str, list[Query]] = {}
    for q in cases.queries:
        tried.setdefault(q.transform, []).append(q)
    print(
        f"\n{'transform':28}{'hits':>10}{'at FPR .1%':>12}{'P upload':>10}{'R upload':>10}{'P work':>10}{'R work':>10}"
    )
    for transform, queries in sorted(tried.items()):
        if not any(q.expected for q in queries):
            continue
        hits = sum(hit(q, answers) for q in queries)
        sure = sum(any(m.ref in q.expected and m.score > bar for m in answers.found.get(q.id, ())) for q in queries)
        counts = f"{hits}/{len(queries)}", f"{sure}/{len(queries)}"
        print(f"{transform:28}{counts[0]:>10}{counts[1]:>12}" + _columns(queries, answers))


def by_group(cases: CaseSet, answers: Answers) -> None:
    located = [q for q in cases.queries if q.passages]
    print("\nspans, micro over characters; a missed query is missed characters, a wrong work's are false ones")
    print(f"{'group':40}{'queries':>10}{'P upload':>10}{'R upload':>10}{'P work':>10}{'R work':>10}")
    for group in (*GROUPS, "all"):
        mine = [q for q in located if group in ("all", group_of(q.transform))]
        found = [q for q in mine if hit(q, answers)]
        if mine:
            print(f"{group:40}{len(mine):10}" + _columns(mine, answers))
        if found and len(found) < len(mine):
            print(f"{'  of those found':40}{len(found):10}" + _columns(found, answers))


def _columns(queries: list[Query], answers: Answers) -> str:
    upload, work = Overlap(), Overlap()
    for q in queries:
        if q.passages:
            a, b = spans(q, answers)
            upload.add(a)
            work.add(b)
    return "".join(f"{x:10.3f}" for x in (upload.precision, upload.recall, work.precision, work.recall))


def fired(cases: CaseSet, answers: Answers) -> None:
    wrong = [(m.score, q, m) for q in cases.queries if not q.expected for m in answers.reported(q.id)]
    print(f"\ndistractors that fired ({len({q.id for _, q, _ in wrong})}):")
    for score, q, m in sorted(wrong, key=lambda w: -w[0]):
        first = m.segments[0] if m.segments else "no segment"
        size = sum(b - a for (a, b), _ in m.segments)
        print(f"  {score:.4f}  {q.id} {q.transform}: {m.ref}, {size} characters of the upload, first {first}")


def missed(cases: CaseSet, answers: Answers) -> None:
    lost = [q for q in cases.queries if q.expected and not hit(q, answers)]
    print(f"\nmissed queries ({len(lost)}):")
    for q in lost:
        others = ", ".join(f"{m.ref} {m.score:.3f}" for m in answers.found.get(q.id, ())[:3])
        status = answers.status.get(q.id, "not answered")
        print(
            f"  {q.id} {q.transform}: {status}, expected {' '.join(sorted(q.expected))}"
            + (others and f", got {others}")
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--brief", action="store_true", help="the summary and the groups only")
    given = parser.parse_args()
    cases = load(given.cases)
    answers = scan_results(rows(given.results))
    summary(cases, answers)
    if not given.brief:
        by_transform(cases, answers)
        fired(cases, answers)
        missed(cases, answers)
    by_group(cases, answers)


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    main()
