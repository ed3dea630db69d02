"""What a matcher's answers are worth: recall, false positives, ranking, and the spans it shows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.common.cases import Answers, Query, Span


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares 0..1; NaN where there is nothing to count.

    ``recall``: queries of which an expected work is reported. ``fpr``: distractors that drew any report.
    ``recall_at_fpr``: recall at the lowest threshold of the score at which at most ``at`` of the distractors fire.
    ``uap``: micro-average precision, all reported pairs pooled and ranked (as in Pizzi et al., the DISC21 challenge).
    """

    recall: float
    fpr: float
    recall_at_fpr: float
    uap: float
    threshold: float
    distractors: int


def hit(query: Query, answers: Answers) -> bool:
    return any(f.ref in query.expected for f in answers.reported(query.id))


def fired_by_tier(queries: Iterable[Query], answers: Answers) -> dict[int, tuple[int, int]]:
    """Of the distractors of each tier, how many drew a report, and how many there are."""
    out: dict[int, tuple[int, int]] = {}
    for q in sorted((q for q in queries if not q.expected), key=lambda q: q.tier):
        fired, count = out.get(q.tier, (0, 0))
        out[q.tier] = fired + bool(answers.reported(q.id)), count + 1
    return out


def figures(queries: Iterable[Query], answers: Answers, at: float = 0.001) -> Figures:
    queries = list(queries)
    positives, distractors = [q for q in queries if q.expected], [q for q in queries if not q.expected]
    fired = sum(bool(answers.reported(q.id)) for q in distractors)
    worst = sorted((_best(answers, q) for q in distractors), reverse=True)
    # At most `allowed` distractors may score above the threshold: a copy must beat the first one too many.
    allowed = math.floor(at * len(distractors) + 1e-9)
    bar = worst[allowed] if len(worst) > allowed else -math.inf
    over = sum(_best(answers, q, true=True) > bar for q in positives)
    return Figures(
        _share(sum(hit(q, answers) for q in positives), len(positives)),
        _share(fired, len(distractors)),
        _share(over, len(positives)),
        _uap(queries, answers),
        bar,
        len(distractors),
    )


def _best(answers: Answers, query: Query, true: bool = False) -> float:
    """The highest score of a query, of its true works only if so asked."""
    found = answers.found.get(query.id, ())
    return max((f.score for f in found if not true or f.ref in query.expected), default=-math.inf)


def _uap(queries: list[Query], answers: Answers) -> float:
    pool = []
    for q in queries:
        best: dict[str, float] = {}
        for f in answers.reported(q.id):
            best[f.ref] = max(f.score, best.get(f.ref, f.score))
        pool += [(-score, ref in q.expected) for ref, score in best.items()]
    pool.sort()  # of equal scores the wrong ones come first: ties are no merit
    right = np.array([ok for _, ok in pool], dtype=float)
    total = sum(len(q.expected) for q in queries)
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return _share(float((precision * right).sum()), total)


def _share(part: float, whole: int) -> float:
    return part / whole if whole else math.nan


# --- spans ---------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Overlap:
    """Characters counted over many queries: true ones, shown ones, and those that are both."""

    true: int = 0
    shown: int = 0
    both: int = 0

    def add(self, other: Overlap) -> None:
        self.true, self.shown, self.both = self.true + other.true, self.shown + other.shown, self.both + other.both

    @property
    def precision(self) -> float:
        return _share(self.both, self.shown)

    @property
    def recall(self) -> float:
        return _share(self.both, self.true)


def spans(query: Query, answers: Answers) -> tuple[Overlap, Overlap]:
    """The overlap on the upload's side and on the work's, summed over the query's pairs with works.

    A pair counts by itself, so characters shown for a wrong work are wrong even where another work has them.
    """
    upload, work = Overlap(), Overlap()
    shown: dict[str, list[tuple[Span, Span]]] = {}
    for found in answers.reported(query.id):
        shown.setdefault(found.ref, []).extend(found.segments)
    for ref in {p[0] for p in query.passages} | shown.keys():
        gold = [p[1:] for p in query.passages if p[0] == ref]
        mine = shown.get(ref, [])
        upload.add(_overlap([g[0] for g in gold], [m[0] for m in mine]))
        work.add(_overlap([g[1] for g in gold], [m[1] for m in mine]))
    return upload, work


def _overlap(true: list[Span], shown: list[Span]) -> Overlap:
    end = max((b for _, b in (*true, *shown)), default=0)
    a, b = _covered(true, end), _covered(shown, end)
    return Overlap(int(a.sum()), int(b.sum()), int((a & b).sum()))


def _covered(of: list[Span], length: int) -> np.ndarray:
    flags = np.zeros(length, dtype=bool)
    for start, stop in of:
        flags[start:stop] = True
    return flags
