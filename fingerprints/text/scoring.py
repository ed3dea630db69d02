"""What an alignment proves: how much of what two texts share is the work's own, and where it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model import Match, Reuse, Segment
from ..unicode.scripts import WEIGHTS
from .alignment import PHRASE, Alignment, Seeds, gram_ends, sums
from .grams import Positions
from .normalization import Normal

_PAGE = 1200.0  # letters of a text from which its length hardly matters
_SENTENCE = 97.0  # letters that two pages must share
_STEEPNESS = 1.18  # how fast less is needed the less the smaller text says
_LEAST = 14.0  # letters that the smallest texts must share
_DOUBLING = 3.0  # letters more for every doubling beyond a page
_REWORDED = 0.095  # share of the larger text that scattered grams must make: who rewords leaves .12, who does not .07
_SCATTERED = 70.0  # letters of them below which the share says nothing
_SAYING = 400  # units of the longest passage that may be a saying
_QUOTED = 0.3  # how much a passage counts that is in quotation marks in both texts
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


def weigh(found: Alignment, query: Seeds, candidate: Seeds, own: Weights) -> Judgement | None:
    """Weigh the passages that an upload shares with a work; None where they are phrases at most.

    Args:
        found: the alignment of the two.
        own: shape (m,), how much of each unit of the upload counts, 0..1.
    """
    if not len(found.spans):
        return None
    text, total, theirs = query.text, query.total, candidate.total
    mine = weights(text) * own
    counted = sums(mine)
    runs, spans = found.runs, found.spans
    stop = gram_ends(runs, text)

    def by_passage(values: Weights) -> Weights:
        out: Weights = np.bincount(found.passage, values, minlength=len(spans)).astype(np.float64, copy=False)
        return out

    grams = by_passage(counted[stop] - counted[runs[:, 0]])
    grams *= np.array([_QUOTED if _quotes(text, candidate.text, span) else 1.0 for span in spans.tolist()])
    plain = by_passage(total[stop] - total[runs[:, 0]])
    equal = by_passage(total[runs[:, 1]] - total[runs[:, 0]])
    here, there = total[spans[:, 1]] - total[spans[:, 0]], theirs[spans[:, 3]] - theirs[spans[:, 2]]
    upload, work = float(total[-1]), float(theirs[-1])
    counts = plain if equal.sum() >= _COPY * max(upload, work) else grams
    strong = counts >= PHRASE
    if not strong.any():
        return None
    sizes = upload * query.variety, work * candidate.variety
    lifted = score(float(counts.max()), float((counts[strong] - PHRASE).sum()), min(sizes))
    return Judgement(
        score=max(lifted, reworded(float(mine[found.shared].sum()) * query.step, max(sizes))),
        spans=spans[strong],
        upload=min(float(here[strong].sum()) / upload, 1.0),
        work=min(float(there[strong].sum()) / work, 1.0),
        exact=min(float(equal[strong].sum() / max(here[strong].sum(), there[strong].sum())), 1.0),
        common=1.0 - float(grams[strong].sum() / plain[strong].sum()),
    )


def _quotes(text: Normal, other: Normal, span: list[int]) -> bool:
    """Whether a passage is a quotation in the work and in the upload: somebody else's words, most often."""
    a, b, c, d = span
    return b - a <= _SAYING and text.quoted(a, b) and other.quoted(c, d)


def score(strongest: float, evidence: float, smaller: float) -> float:
    """How surely an upload reuses a work, 0..1; 0.5 is the reporting threshold.

    All in Latin letters; a Han character counts three.

    Args:
        strongest: weight of the grams, own to the work, of the strongest passage.
        evidence: the same of all passages, beyond a phrase each.
        smaller: weight of all that is different in the smaller of the two texts.
    """
    # Long texts on one subject share a sentence by chance, short ones do not: a line of a poem is enough, of a page it
    # takes a sentence and a half. Chosen on curves over leaflets, news, encyclopaedia, technical manuals and poems.
    share = min(smaller / _PAGE, 1.0)
    needed = max(_SENTENCE * share**_STEEPNESS, _LEAST) + _DOUBLING * math.log2(max(smaller / _PAGE, 1.0))
    return _calibrated(math.sqrt(strongest * (evidence + PHRASE)) / needed)


def reworded(scattered: float, larger: float) -> float:
    """How surely the whole of one text is the other in other words, 0..1; 0.5 is the reporting threshold.

    Whoever rewords a text sentence by sentence leaves short stretches of it everywhere; who writes on the same question
    leaves hardly any (Clough and Stevenson, Developing a corpus of plagiarised short answers, 2011).

    Args:
        scattered: weight of the different grams, own to the work, that stand in both texts anywhere.
        larger: weight of all that is different in the larger of the two texts.
    """
    return _calibrated(scattered / (_REWORDED * larger)) if scattered >= _SCATTERED else 0.0


def _calibrated(ratio: float) -> float:
    """Evidence as a multiple of what is needed, as a score."""
    return ratio**3 / (1 + ratio**3)


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
