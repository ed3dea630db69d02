"""Which works to align an upload with, and where the registry has what the upload has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.protocol import View
from ..index.runs import Keys, Postings, Slots
from ..model import Fingerprint
from . import keys, minhash, weighing
from .grams import Positions, grouped
from .normal import Normal
from .weighing import Weights

_HUB = 64  # works read from one key; how many more there are is known
_COMPARED = 48  # works among which versions of one work are told apart
_VERSIONS = 0.75  # resemblance from which two texts are versions of one
_CANDIDATES = 64  # works that are aligned
_HITS = 2  # keys in common, own to the work and near each other, below which it is not aligned
_PAGE = 1200  # units of an upload from which it takes one more
_LONG = 380  # keys of a work from which it takes another one more (`keys.SHORT` units in windows of `keys.WINDOW`)
_PHRASE = 32  # letters that they then must lie apart: more than those of one phrase
_SCATTERED = 0.004  # keys anywhere, a unit of the upload, that do as well: it was reworded throughout
_NEIGHBOURS = 200  # letters of the upload between keys that are near each other; a Han character counts three
_COPY = 0.08  # share of the upload's grams from which a work is aligned whoever else has them: half of those it keeps
_AROUND = 6  # units around an indexed gram that stand where it stands: half a winnowing window
_NEAR = 24  # units from the nearest indexed gram up to which what holds for it is taken to hold


@dataclass(frozen=True, slots=True, eq=False)
class Proposed:
    """What the registry says of an upload.

    Attributes:
        works: the works to align with.
        keys: shape (m,), the upload's keys that some work is indexed by, in the order of the text.
        positions: shape (m,), the unit each starts at.
        spread: shape (m,), in how many different works each stands.
    """

    works: NDArray[np.int64]
    keys: Keys
    positions: Positions
    spread: Weights


def propose(text: Normal, query: Fingerprint, view: View) -> Proposed:
    """Look an upload up."""
    asked, positions = keys.asked(text)
    distinct, place = grouped(asked)
    postings = view.by_keys(distinct, _HUB)
    slots, who = np.unique(postings.slots, return_inverse=True)
    hits = np.bincount(who, minlength=len(slots))
    spread = _spread(view, postings, slots, who, hits)
    own = np.bincount(who, weighing.own_share(spread)[postings.asked], minlength=len(slots))
    order = np.argsort(-own, kind="stable")
    first = np.zeros(len(distinct))
    first[place[::-1]] = np.cumsum(weighing.weights(text))[positions[::-1]]
    counted = weighing.own_share(spread)[postings.asked] > 0
    who, where = who[counted], first[postings.asked[counted]]
    in_order = np.lexsort((where, who))
    who, where = who[in_order], where[in_order]
    if len(text.units) < _PAGE:
        promising = _near(who, where, len(slots), _HITS, 1)
    else:
        long = view.sizes_at(slots) >= _LONG
        promising = _near(who, where, len(slots), _HITS + 1, 2) & ~long
        promising |= _near(who, where, len(slots), _HITS + 2, _PHRASE) | (own >= _SCATTERED * len(text.units))
    # A copy of the whole is one even where all of it is a template.
    promising |= hits >= max(_COPY * len(distinct), _HITS)
    order = order[promising[order]][:_CANDIDATES]
    same = view.by_keys(query.keys[:1], _HUB).slots  # under the key of the whole normal form
    spread = spread[place]
    known = np.flatnonzero(spread)
    works = view.works(np.unique(np.concatenate((same, slots[order]))))
    return Proposed(works, asked[known], positions[known], spread[known])


def _near(who: NDArray[np.int64], where: Weights, works: int, needed: int, apart: int) -> NDArray[np.bool_]:
    """Which works have so many keys near each other in the upload, the first and the last at least so far apart.

    Strangers share keys one by one, or a few on one phrase.
    """
    out = np.zeros(works, dtype=np.bool_)
    more = needed - 1
    length = where[more:] - where[: len(where) - more]
    near = (who[more:] == who[: len(who) - more]) & (length <= _NEIGHBOURS) & (length >= apart)
    out[who[more:][near]] = True
    return out


def _spread(view: View, postings: Postings, slots: Slots, who: NDArray[np.int64], hits: NDArray[np.int64]) -> Weights:
    """In how many different works each key stands: versions of one work count once."""
    counts = postings.counts
    if not len(slots):
        return counts.astype(np.float64)
    compared = np.flatnonzero(hits > _HITS)  # with fewer keys in common it is a phrase that they share
    compared = compared[np.argsort(-hits[compared], kind="stable")][:_COMPARED]
    first = compared[versions(view.codes_at(slots[compared]))] if len(compared) else compared
    if not (first != compared).any():
        return counts.astype(np.float64)
    # What holds for those compared is taken to hold for all: a work may be registered a thousand times.
    family = np.full(len(slots), -1)
    family[compared] = first
    known = family[who] >= 0
    asked = postings.asked[known]
    pairs = np.unique(asked * len(slots) + family[who[known]])
    families = np.bincount(pairs // len(slots), minlength=len(counts))
    read = np.bincount(asked, minlength=len(counts))
    out: Weights = np.where(read > 0, families * counts / np.maximum(read, 1), counts)
    return out


def versions(codes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For each text the first that it is a version of, itself perhaps, by their codes of shape (n, 4)."""
    alike = minhash.resemblance(codes[:, None], codes[None]) >= _VERSIONS
    np.fill_diagonal(alike, True)
    out: NDArray[np.int64] = np.argmax(alike, axis=0)
    return out


def over_units(text: Normal, proposed: Proposed) -> Weights:
    """In how many different works the surroundings of each unit of the upload stand, shape (m,); 0 where in none.

    A work is indexed by few of its grams, so what holds for one holds for its neighbours.
    """
    out = np.zeros(len(text.units))
    offsets = np.arange(-_AROUND, max(keys.SIZES) + _AROUND)
    size = np.array(keys.SIZES)[text.scripts[proposed.positions]]
    units = proposed.positions[:, None] + offsets
    inside = (offsets < size[:, None] + _AROUND) & (units >= 0) & (units < len(out))
    np.maximum.at(out, units[inside], np.broadcast_to(proposed.spread[:, None], units.shape)[inside])
    # Where a template is interrupted by what was filled in, its ends have no indexed gram: the nearest one speaks.
    known = np.flatnonzero(out)
    if len(known):
        gaps = np.flatnonzero(out == 0)
        after = np.searchsorted(known, gaps)
        right, left = known[np.minimum(after, len(known) - 1)], known[np.maximum(after - 1, 0)]
        nearest = np.where(np.abs(right - gaps) < np.abs(gaps - left), right, left)
        near = np.abs(nearest - gaps) <= _NEAR
        out[gaps[near]] = out[nearest[near]]
    return out
