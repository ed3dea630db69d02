"""What an alignment proves: how much of what two texts share is the work's own, and where it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model import Match, Reuse, Segment
from .alignment import PHRASE, SEED_SIZES, Alignment, Seeds
from .grams import Positions
from .normal import Normal
from .script import WEIGHTS

COMMON = 3.0  # different works from which a passage is a template or a common quotation
_COPY = 0.9  # share of both texts equal from which it is a copy, however many works have the same
_SHOWN = 1000  # passages shown, the longest: a book that was edited throughout has more than anybody reads

# How much of a unit's weight counts, by the number of different works it stands in: 0, 1, 2, 3, 4, more.
_OWN = np.array([1.0, 1.0, 0.5, 0.1, 0.0])

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What one work has in an upload.

    Attributes:
        score: 0..1, reported from 0.5 on.
        spans: int64, shape (k, 4): the passages that count, as unit ranges of the upload and of the work.
        upload, work: share 0..1 of either text inside the passages.
        exact: share 0..1 of the passages that is equal unit by unit.
        common: share 0..1 of what is equal that other works have as well.
    """

    score: float
    spans: Positions
    upload: float
    work: float
    exact: float
    common: float


def own_share(spread: Weights) -> Weights:
    """How much of a unit's weight counts, 0..1, by the number of different works it stands in."""
    out: Weights = np.interp(spread, np.arange(len(_OWN)), _OWN)
    return out


def weights(text: Normal) -> Weights:
    """What each unit says, in Latin letters, shape (m,)."""
    out: Weights = WEIGHTS[text.scripts]
    return out


def _sums(values: Weights) -> Weights:
    """Prefix sums with a zero before them."""
    return np.concatenate(([0.0], np.cumsum(values)))


def weigh(found: Alignment, query: Seeds, candidate: Seeds, own: Weights) -> Judgement | None:
    """Weigh the passages that an upload shares with a work; None where they are phrases at most.

    Args:
        found: the alignment of the two.
        own: shape (m,), how much of each unit of the upload counts, 0..1.
    """
    if not len(found.spans):
        return None
    text, other = query.text, candidate.text
    total, counted, theirs = _sums(weights(text)), _sums(weights(text) * own), _sums(weights(other))
    runs, spans = found.runs, found.spans
    # The letters of a run that make its first gram say nothing: a chance hit has them as well.
    spare = np.array(SEED_SIZES)[text.scripts[runs[:, 0]]] - 1
    stop = np.maximum(runs[:, 1] - spare, runs[:, 0])

    def by_passage(values: Weights) -> Weights:
        out: Weights = np.bincount(found.passage, values, minlength=len(spans)).astype(np.float64, copy=False)
        return out

    grams = by_passage(counted[stop] - counted[runs[:, 0]])
    plain = by_passage(total[stop] - total[runs[:, 0]])
    equal = by_passage(total[runs[:, 1]] - total[runs[:, 0]])
    here, there = total[spans[:, 1]] - total[spans[:, 0]], theirs[spans[:, 3]] - theirs[spans[:, 2]]
    upload, work = float(total[-1]), float(theirs[-1])
    counts = plain if equal.sum() >= _COPY * max(upload, work) else grams
    strong = counts >= PHRASE
    if not strong.any():
        return None
    return Judgement(
        score=score(float((counts[strong] - PHRASE).sum()), upload * query.variety, work * candidate.variety),
        spans=spans[strong],
        upload=min(float(here[strong].sum()) / upload, 1.0),
        work=min(float(there[strong].sum()) / work, 1.0),
        exact=min(float(equal[strong].sum() / max(here[strong].sum(), there[strong].sum())), 1.0),
        common=1.0 - float(grams[strong].sum() / plain[strong].sum()),
    )


def score(evidence: float, upload: float, work: float) -> float:
    """How surely an upload reuses a work, 0..1; 0.5 is the reporting threshold.

    Args:
        evidence: weight of what the passages share beyond a phrase each, own to the work, in Latin letters.
        upload, work: weight of all that is different in either text.
    """
    # The more two texts say, the more they share by chance and by subject (as in the statistics of Karlin and Altschul,
    # 1990): a line of a poem is found in a page by fewer letters than a paragraph of a book in a book.
    needed = max(20.0 + 22.0 * (math.log10(max(upload * work, 1.0)) - 5.0), 14.0)
    odds = (evidence / needed) ** 3
    return odds / (1 + odds)


def match(judged: Judgement, text: Normal, other: Normal, reuse: Reuse) -> Match:
    """A judgement as evidence in submitted code points."""
    longest = np.argsort(judged.spans[:, 0] - judged.spans[:, 1], kind="stable")[:_SHOWN]
    return Match(
        score=judged.score,
        coverage_upload=judged.upload,
        coverage_work=judged.work,
        segments=tuple(
            Segment(_submitted(text, a, b), _submitted(other, c, d), "codepoint")
            for a, b, c, d in judged.spans[np.sort(longest)].tolist()
        ),
        reuse=reuse,
        common=judged.common,
    )


def _submitted(text: Normal, a: int, b: int) -> tuple[float, float]:
    """A range of units as a range of submitted code points."""
    return float(text.where[a]), float(text.where[b - 1] + 1)


def identical(text: Normal, other: Normal) -> Match:
    """The same text but for what folding removes."""
    everything = Segment(_submitted(text, 0, len(text.units)), _submitted(other, 0, len(other.units)), "codepoint")
    return Match(1.0, 1.0, 1.0, (everything,), {"identical_text": True}, "verbatim")
