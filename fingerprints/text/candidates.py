"""Which works to align an upload with, and where the registry has what the upload has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.interface import KeyHits, View
from ..index.interface import Positions as LogPositions
from ..index.postings import Keys
from ..model import Fingerprint
from . import commonness, scoring, winnowing
from .commonness import MAX_NEIGHBOUR, MIN_SHARED, Commonness, Hits, Weights
from .grams import Positions, grouped
from .normalization import NormalizedText

_MAX_WORKS_OF_A_KEY = 64  # read; how many more there are is known
_MAX_CANDIDATES = 64  # works that are aligned
_MAX_WITNESSES = 32  # works besides that are asked what they have of a candidate
_MAX_LINE = 64  # units of an upload up to which one key less does
_MIN_PAGE = 1200  # units of an upload from which it takes one more
_MIN_LONG_KEYS = 300  # keys of a work from which it takes another: `MAX_SHORT_UNITS` in windows of `WINDOW`
_MAX_PHRASE = 24  # letters between the first and the last key of one phrase
_MIN_SCATTERED = 0.004  # keys anywhere, a unit of the upload, that do as well: it was reworded throughout
_MIN_COPY = 0.08  # share of the grams from which a work is aligned whoever else has them: half of those it keeps


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """What the registry has of an upload.

    Attributes:
        works: the works to align with, best first.
        witnesses: works besides that have what several works have.
        accounts: who registered each of both.
        keys: shape (m,), the upload's keys that some work is indexed by, in the order of the text.
        positions: shape (m,), the unit each starts at.
        common: in how many different works each stands.
        registered: how many works are registered.
    """

    works: tuple[int, ...]
    witnesses: tuple[int, ...]
    accounts: dict[int, int]
    keys: Keys
    positions: Positions
    common: Commonness
    registered: int


def look_up(text: NormalizedText, query: Fingerprint, view: View) -> Lookup:
    """Look an upload up; only here are the registered works asked.

    Args:
        text: the normal form of ``query``.
    """
    asked, positions = winnowing.upload_keys(text)
    distinct, place = grouped(asked)
    postings, same = _asked(distinct, query.keys[:1], view)
    works, who = np.unique(postings.positions, return_inverse=True)
    hits = np.bincount(who, minlength=len(works))
    letters = np.cumsum(scoring.unit_weights(text))[positions]
    found = Hits(postings, works, who, place, letters, float(letters.max(initial=0.0)) + MAX_NEIGHBOUR + 1)
    common = commonness.count(view, found)
    first_work = np.full(len(distinct), np.iinfo(np.int64).max)
    np.minimum.at(first_work, postings.asked, postings.positions)
    # Whatever others registered later, a text is found by what was its own when it came: `Priority` then decides.
    counted = np.where(
        first_work[postings.asked] == postings.positions, 1.0, commonness.own_share(common.phrases)[postings.asked]
    )
    own = np.bincount(who, counted, minlength=len(works))
    together = _together(found.first()[counted > 0], found.span, len(works))
    promising = together >= _needed(text, works, view)
    promising |= own >= _MIN_SCATTERED * len(text.units)
    # A copy of the whole is one even where all of it is a template.
    promising |= hits >= max(_MIN_COPY * len(distinct), MIN_SHARED)
    order = np.lexsort((-own, -together))
    order = order[promising[order]][:_MAX_CANDIDATES]
    chosen = np.concatenate((same, works[order]))
    also = works[_witnesses(postings, who, len(works), common.phrases)]
    also = also[~np.isin(also, chosen)][:_MAX_WITNESSES]
    named = np.concatenate((chosen, also))
    accounts = dict(zip(named.tolist(), view.accounts_at(named).tolist(), strict=True))
    candidates = tuple(dict.fromkeys(chosen.tolist()))
    witnesses = tuple(work for work in accounts if work not in candidates)
    known = np.flatnonzero(common.phrases[place])
    standing = asked[known], positions[known], common.taken(place[known])
    return Lookup(candidates, witnesses, accounts, *standing, len(view))


def _asked(grams: Keys, whole: Keys, view: View) -> tuple[KeyHits, LogPositions]:
    """What stands under the keys of grams, and under that of the whole normal form: asked together, for a question to
    other machines is a round."""
    hits = view.by_keys(np.concatenate((grams, whole)), _MAX_WORKS_OF_A_KEY)
    first = int(np.searchsorted(hits.asked, len(grams)))
    of_grams = KeyHits(hits.counts[: len(grams)], hits.asked[:first], hits.positions[:first])
    return of_grams, hits.positions[first:]


def _witnesses(postings: KeyHits, who: NDArray[np.int64], works: int, spread: Weights) -> NDArray[np.int64]:
    """Of the works found those that have most of what several have."""
    shared = np.bincount(who[spread[postings.asked] > 1.0], minlength=works)
    most = np.argsort(-shared, kind="stable")[: _MAX_WITNESSES + _MAX_CANDIDATES]
    return most[shared[most] > MIN_SHARED]


def _needed(text: NormalizedText, works: LogPositions, view: View) -> NDArray[np.int64]:
    """How many keys each work must have near each other to be aligned."""
    if len(text.units) >= _MIN_PAGE:
        return np.where(view.sizes_at(works) >= _MIN_LONG_KEYS, MIN_SHARED + 2, MIN_SHARED + 1)
    return np.full(len(works), MIN_SHARED - 1 if len(text.units) < _MAX_LINE else MIN_SHARED)


def _together(where: Weights, span: float, works: int) -> NDArray[np.int64]:
    """The most keys that each work has near each other in the upload, those of one phrase counted as three.

    Strangers share keys one by one, or a few on one phrase; and of a long upload the work with one paragraph must come
    before those with a phrase here and there.
    """
    out = np.zeros(works, dtype=np.int64)
    place = np.sort(where)
    ends = np.searchsorted(place, place + MAX_NEIGHBOUR)
    count = ends - np.arange(len(place))
    count = np.where(place[ends - 1] - place >= _MAX_PHRASE, count, np.minimum(count, MIN_SHARED + 1))
    np.maximum.at(out, (place // span).astype(np.int64), count)
    return out
