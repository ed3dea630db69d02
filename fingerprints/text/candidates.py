"""Which works to align an upload with, and where the registry has what the upload has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.interface import View
from ..index.postings import Keys, Postings, Slots
from ..model import Fingerprint
from . import minhash, scoring, winnowing
from .grams import Positions, grouped
from .normalization import NormalizedText
from .scoring import Weights

_MAX_WORKS_OF_A_KEY = 64  # read; how many more there are is known
_MAX_COMPARED = 48  # works among which versions of one work are told apart
_MIN_RESEMBLANCE = 0.75  # of two texts that are versions of one
_MAX_CANDIDATES = 64  # works that are aligned
_MAX_WITNESSES = 32  # works besides that are asked what they have of a candidate
_MIN_SHARED = 2  # keys own to the work and near each other, below which it is not aligned
_MAX_LINE = 64  # units of an upload up to which one key less does
_MIN_PAGE = 1200  # units of an upload from which it takes one more
_MIN_LONG_KEYS = 300  # keys of a work from which it takes another: `MAX_SHORT_UNITS` in windows of `WINDOW`
_LIBRARY = 1000  # works from which on a phrase that many have says less and less
_MIN_APART = 9  # letters between keys that support each other: more than one phrase of three words
_MAX_PHRASE = 24  # letters between the first and the last key of one phrase
_MIN_SCATTERED = 0.004  # keys anywhere, a unit of the upload, that do as well: it was reworded throughout
_MAX_NEIGHBOUR = 200  # letters of the upload between keys that are near each other; a Han character counts three
_MIN_COPY = 0.08  # share of the grams from which a work is aligned whoever else has them: half of those it keeps
_AROUND = winnowing.WINDOW // 2  # units around an indexed gram that stand where it stands
_MAX_SPREAD_AT_ONCE = 1 << 14  # positions, to bound memory
_MAX_TO_NEAREST = 24  # units from the nearest indexed gram up to which what holds for it is taken to hold


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """What the registry has of an upload.

    Attributes:
        works: the works to align with, best first.
        witnesses: works besides that have what several works have.
        accounts: who registered each of both, by the works' numbers.
        keys: shape (m,), the upload's keys that some work is indexed by, in the order of the text.
        positions: shape (m,), the unit each starts at.
        spread: shape (m,), in how many different works each stands.
    """

    works: tuple[int, ...]
    witnesses: tuple[int, ...]
    accounts: dict[int, int]
    keys: Keys
    positions: Positions
    spread: Weights


def look_up(text: NormalizedText, query: Fingerprint, view: View) -> Lookup:
    """Look an upload up; only here are the registered works asked.

    Args:
        text: the normal form of ``query``.
    """
    asked, positions = winnowing.upload_keys(text)
    distinct, place = grouped(asked)
    postings = view.by_keys(distinct, _MAX_WORKS_OF_A_KEY)
    slots, who = np.unique(postings.slots, return_inverse=True)
    hits = np.bincount(who, minlength=len(slots))
    first = np.zeros(len(distinct))  # letters of the upload before the first occurrence of each key
    first[place[::-1]] = np.cumsum(scoring.unit_weights(text))[positions[::-1]]
    span = float(first.max(initial=0.0)) + _MAX_NEIGHBOUR + 1
    where = who * span + first[postings.asked]  # the letters of the upload, once for every work
    supported = _supported(where) if len(view) > _LIBRARY else np.ones(len(where), dtype=np.bool_)
    spread = _spread(view, postings, slots, who, hits, supported)
    numbers = view.works(slots)
    first_work = np.full(len(distinct), np.iinfo(np.int64).max)
    np.minimum.at(first_work, postings.asked, numbers[who])
    # Whatever others registered later, a text is found by what was its own when it came: `commonness` then decides.
    counted = np.where(first_work[postings.asked] == numbers[who], 1.0, scoring.own_share(spread)[postings.asked])
    own = np.bincount(who, counted, minlength=len(slots))
    together = _together(where[counted > 0], span, len(slots))
    promising = together >= _needed(text, slots, view)
    promising |= own >= _MIN_SCATTERED * len(text.units)
    # A copy of the whole is one even where all of it is a template.
    promising |= hits >= max(_MIN_COPY * len(distinct), _MIN_SHARED)
    order = np.lexsort((-own, -together))
    order = order[promising[order]][:_MAX_CANDIDATES]
    same = view.by_keys(query.keys[:1], _MAX_WORKS_OF_A_KEY).slots  # under the key of the whole normal form
    chosen = np.concatenate((same, slots[order])).astype(np.int32)
    also = _witnesses(postings, who, len(slots), spread)
    also = also[~np.isin(slots[also], chosen)][:_MAX_WITNESSES]
    named = np.concatenate((chosen, slots[also])).astype(np.int32)
    accounts = dict(zip(view.works(named).tolist(), view.accounts_at(named).tolist(), strict=True))
    works = tuple(dict.fromkeys(view.works(chosen).tolist()))
    witnesses = tuple(number for number in accounts if number not in works)
    spread = spread[place]
    known = np.flatnonzero(spread)
    return Lookup(works, witnesses, accounts, asked[known], positions[known], spread[known])


def _witnesses(postings: Postings, who: NDArray[np.int64], works: int, spread: Weights) -> NDArray[np.int64]:
    """Of the works found those that have most of what several have."""
    shared = np.bincount(who[spread[postings.asked] > 1.0], minlength=works)
    most = np.argsort(-shared, kind="stable")[: _MAX_WITNESSES + _MAX_CANDIDATES]
    return most[shared[most] > _MIN_SHARED]


def _needed(text: NormalizedText, slots: Slots, view: View) -> NDArray[np.int64]:
    """How many keys each work must have near each other to be aligned."""
    if len(text.units) >= _MIN_PAGE:
        return np.where(view.sizes_at(slots) >= _MIN_LONG_KEYS, _MIN_SHARED + 2, _MIN_SHARED + 1)
    return np.full(len(slots), _MIN_SHARED - 1 if len(text.units) < _MAX_LINE else _MIN_SHARED)


def _supported(where: Weights) -> NDArray[np.bool_]:
    """Which hits have another of the same work not far away.

    A phrase of three words stands in many works of a large registry and makes nothing a template; a sentence does.
    Among few works a phrase that several have is one of their subject, and counts.
    """
    order = np.argsort(where)
    ordered = where[order]
    after = np.minimum(np.searchsorted(ordered, ordered + _MIN_APART), len(ordered) - 1)
    before = np.maximum(np.searchsorted(ordered, ordered - _MIN_APART, side="right") - 1, 0)
    apart = np.stack((ordered[after] - ordered, ordered - ordered[before]))
    out = np.empty(len(where), dtype=np.bool_)
    out[order] = ((apart >= _MIN_APART) & (apart <= _MAX_NEIGHBOUR)).any(axis=0)
    return out


def _together(where: Weights, span: float, works: int) -> NDArray[np.int64]:
    """The most keys that each work has near each other in the upload, those of one phrase counted as three.

    Strangers share keys one by one, or a few on one phrase; and of a long upload the work with one paragraph must come
    before those with a phrase here and there.
    """
    out = np.zeros(works, dtype=np.int64)
    place = np.sort(where)
    ends = np.searchsorted(place, place + _MAX_NEIGHBOUR)
    count = ends - np.arange(len(place))
    count = np.where(place[ends - 1] - place >= _MAX_PHRASE, count, np.minimum(count, _MIN_SHARED + 1))
    np.maximum.at(out, (place // span).astype(np.int64), count)
    return out


def _spread(
    view: View,
    postings: Postings,
    slots: Slots,
    who: NDArray[np.int64],
    hits: NDArray[np.int64],
    supported: NDArray[np.bool_],
) -> Weights:
    """In how many different works the surroundings of each key stand: versions of one work count once."""
    counts = postings.counts.astype(np.float64)
    size = len(counts)
    read = np.bincount(postings.asked, minlength=size)
    asked, who = postings.asked[supported], who[supported]
    standing = np.bincount(asked, minlength=size)
    alone = counts * (1.0 - standing / np.maximum(read, 1))
    out: Weights = np.maximum(counts - alone * (1.0 - min(1.0, _LIBRARY / max(len(view), 1))), np.minimum(counts, 1.0))
    compared = np.flatnonzero(hits > _MIN_SHARED)  # with fewer keys in common it is a phrase that they share
    compared = compared[np.argsort(-hits[compared], kind="stable")][:_MAX_COMPARED]
    first = compared[versions(view.codes_at(slots[compared]))] if len(compared) else compared
    if not (first != compared).any():
        return out
    # What holds for those compared is taken to hold for all: a work may be registered a thousand times.
    family = np.full(len(slots), -1)
    family[compared] = first
    known = family[who] >= 0
    pairs = np.unique(asked[known] * len(slots) + family[who[known]])
    families = np.bincount(pairs // len(slots), minlength=size)
    members = np.bincount(asked[known], minlength=size)
    return np.where(members > 0, np.maximum(out * families / np.maximum(members, 1), 1.0), out)


def versions(codes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For each text the first that it is a version of, itself perhaps, by their codes of shape (n, 4)."""
    alike = minhash.resemblance(codes[:, None], codes[None]) >= _MIN_RESEMBLANCE
    np.fill_diagonal(alike, True)
    out: NDArray[np.int64] = np.argmax(alike, axis=0)
    return out


def spread_over_units(text: NormalizedText, positions: Positions, spread: Weights) -> Weights:
    """In how many different works the surroundings of each unit of the upload stand, shape (m,); 0 where in none.

    A work is indexed by few of its grams, so what holds for one holds for its neighbours.

    Args:
        positions, spread: of the grams that some work is indexed by, as in `Lookup`.
    """
    out = np.zeros(len(text.units))
    offsets = np.arange(-_AROUND, max(winnowing.SIZES) + _AROUND)
    for start in range(0, len(positions), _MAX_SPREAD_AT_ONCE):
        some = positions[start : start + _MAX_SPREAD_AT_ONCE]
        size = np.array(winnowing.SIZES)[text.scripts[some]]
        units = some[:, None] + offsets
        inside = (offsets < size[:, None] + _AROUND) & (units >= 0) & (units < len(out))
        here = np.broadcast_to(spread[start : start + _MAX_SPREAD_AT_ONCE, None], units.shape)
        np.maximum.at(out, units[inside], here[inside])
    # Where a template is interrupted by what was filled in, its ends have no indexed gram: the nearest one speaks.
    known = np.flatnonzero(out)
    if len(known):
        gaps = np.flatnonzero(out == 0)
        after = np.searchsorted(known, gaps)
        right, left = known[np.minimum(after, len(known) - 1)], known[np.maximum(after - 1, 0)]
        nearest = np.where(np.abs(right - gaps) < np.abs(gaps - left), right, left)
        near = np.abs(nearest - gaps) <= _MAX_TO_NEAREST
        out[gaps[near]] = out[nearest[near]]
    return out
