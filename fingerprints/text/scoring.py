"""What an alignment proves: how much of what two texts share is the work's own, and where it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..model import Match, Reuse, Segment
from ..unicode.scripts import WEIGHTS
from . import quotes
from .alignment import PHRASE_WEIGHT, Seeds, TextAlignment, gram_ends, sums
from .commonness import Weights
from .grams import Positions
from .normalization import NormalizedText

_PAGE_LETTERS = 1200.0  # letters of a text from which its length hardly matters
_MIN_SHARED_OF_PAGES = 97.0  # letters that two pages must share
_STEEPNESS = 1.18  # how fast less is needed the less the smaller text says
_MIN_SHARED = 14.0  # letters that the smallest texts must share
_PER_DOUBLING = 3.0  # letters more for every doubling beyond a page
_MIN_REWORDED_SHARE = 0.095  # of the larger text in scattered grams: who rewords leaves .12, who does not .07
_MIN_REWORDED = 70.0  # letters of them below which the share says nothing
_MAX_QUOTATION = 400  # units of a passage that may be a quotation
_QUOTATION_WEIGHT = 0.3  # how much a passage counts that is in quotation marks in both texts
_MIN_COPY_SHARE = 0.9  # share of both texts equal from which it is a copy, however many works have the same
_MAX_SEGMENTS = 1000  # passages reported, the longest: a book that was edited throughout has more than anybody reads


@dataclass(frozen=True, slots=True, eq=False)
class ReuseScore:
    """How surely and how far an upload reuses a work.

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


def unit_weights(text: NormalizedText) -> Weights:
    """The weight of each unit in Latin letters, shape (m,)."""
    out: Weights = WEIGHTS[text.scripts]
    return out


def score_passages(
    found: TextAlignment, query: Seeds, candidate: Seeds, own: Weights, registered: int
) -> ReuseScore | None:
    """Score the passages that an upload shares with a work; None where they are phrases at most.

    Args:
        found: the alignment of the two.
        own: shape (m,), how much of each unit of the upload counts, 0..1.
        registered: how many works are registered: the more there are, the less of a quote is needed.
    """
    if not len(found.spans):
        return None
    text, spans = query.text, found.spans
    own_weights = unit_weights(text) * own
    stop = gram_ends(found.runs, text)
    grams = _by_passage(found, sums(own_weights), stop)
    grams *= np.array([_QUOTATION_WEIGHT if _quotes(text, candidate.text, span) else 1.0 for span in spans.tolist()])
    plain = _by_passage(found, query.total, stop)
    equal = _by_passage(found, query.total, found.runs[:, 1])
    here = query.total[spans[:, 1]] - query.total[spans[:, 0]]
    there = candidate.total[spans[:, 3]] - candidate.total[spans[:, 2]]
    upload, work = float(query.total[-1]), float(candidate.total[-1])
    counts = plain if equal.sum() >= _MIN_COPY_SHARE * max(upload, work) else grams
    strong = counts >= PHRASE_WEIGHT
    if not strong.any():
        return None
    sizes = upload * query.variety, work * candidate.variety
    by_passages = passage_score(float(counts.max()), float((counts[strong] - PHRASE_WEIGHT).sum()), min(sizes))
    scattered = float(own_weights[found.shared].sum()) * query.step
    quoted = quotes.quoted(found, query, candidate, own) if registered >= quotes.MIN_REGISTERED else 0.0
    return ReuseScore(
        score=max(by_passages, rewording_score(scattered, max(sizes)), _calibrated(quoted / quotes.MIN_LETTERS)),
        spans=spans[strong],
        upload=min(float(here[strong].sum()) / upload, 1.0),
        work=min(float(there[strong].sum()) / work, 1.0),
        exact=min(float(equal[strong].sum() / max(here[strong].sum(), there[strong].sum())), 1.0),
        common=1.0 - float(grams[strong].sum() / plain[strong].sum()),
    )


def _by_passage(found: TextAlignment, total: Weights, stop: Positions) -> Weights:
    """The weight of each passage's runs from where they start to ``stop``, by prefix sums of the units' weights."""
    weight = total[stop] - total[found.runs[:, 0]]
    return np.bincount(found.passage, weight, minlength=len(found.spans)).astype(np.float64, copy=False)


def _quotes(text: NormalizedText, other: NormalizedText, span: list[int]) -> bool:
    """Whether a passage is a quotation in the work and in the upload: somebody else's words, most often."""
    a, b, c, d = span
    return b - a <= _MAX_QUOTATION and text.quoted(a, b) and other.quoted(c, d)


def passage_score(strongest: float, evidence: float, smaller: float) -> float:
    """How surely an upload reuses a work, 0..1; 0.5 is the reporting threshold.

    All in Latin letters; a Han character counts three.

    Args:
        strongest: weight of the grams, own to the work, of the strongest passage.
        evidence: the same of all passages, beyond a phrase each.
        smaller: weight of all that is different in the smaller of the two texts.
    """
    # Long texts on one subject share a sentence by chance, short ones do not: a line of a poem is enough, of a page it
    # takes a sentence and a half. Chosen on curves over leaflets, news, encyclopaedia, technical manuals and poems.
    share = min(smaller / _PAGE_LETTERS, 1.0)
    needed = max(_MIN_SHARED_OF_PAGES * share**_STEEPNESS, _MIN_SHARED)
    needed += _PER_DOUBLING * math.log2(max(smaller / _PAGE_LETTERS, 1.0))
    return _calibrated(math.sqrt(strongest * (evidence + PHRASE_WEIGHT)) / needed)


def rewording_score(scattered: float, larger: float) -> float:
    """How surely the whole of one text is the other in other words, 0..1; 0.5 is the reporting threshold.

    Whoever rewords a text sentence by sentence leaves short stretches of it everywhere; who writes on the same question
    leaves hardly any (Clough and Stevenson, Developing a corpus of plagiarised short answers, 2011).

    Args:
        scattered: weight of the different grams, own to the work, that stand in both texts anywhere.
        larger: weight of all that is different in the larger of the two texts.
    """
    return _calibrated(scattered / (_MIN_REWORDED_SHARE * larger)) if scattered >= _MIN_REWORDED else 0.0


def _calibrated(ratio: float) -> float:
    """Evidence as a multiple of what is needed, as a score."""
    return ratio**3 / (1 + ratio**3)


def match(found: ReuseScore, text: NormalizedText, other: NormalizedText, reuse: Reuse) -> Match:
    """A score with its passages in submitted code points."""
    longest = np.argsort(found.spans[:, 0] - found.spans[:, 1], kind="stable")[:_MAX_SEGMENTS]
    return Match(
        score=found.score,
        coverage_upload=found.upload,
        coverage_work=found.work,
        segments=tuple(
            Segment(_submitted(text, a, b), _submitted(other, c, d), "codepoint")
            for a, b, c, d in found.spans[np.sort(longest)].tolist()
        ),
        reuse=reuse,
        common=found.common,
    )


def _submitted(text: NormalizedText, a: int, b: int) -> tuple[float, float]:
    """A range of units as a range of submitted code points."""
    return float(text.where[a]), float(text.where[b - 1] + 1)


def identical(text: NormalizedText, other: NormalizedText) -> Match:
    """The same text but for what folding removes."""
    everything = Segment(_submitted(text, 0, len(text.units)), _submitted(other, 0, len(other.units)), "codepoint")
    return Match(1.0, 1.0, 1.0, (everything,), {"identical_text": True}, "verbatim")
