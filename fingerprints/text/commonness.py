"""How common what an upload says is: in how many different works of the registry its grams and its stretches stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.interface import KeyHits, View
from ..index.interface import Positions as LogPositions
from . import minhash, winnowing
from .alignment import Seeds, TextAlignment
from .grams import Positions
from .normalization import NormalizedText

MIN_TEMPLATE_WORKS = 3.0  # different works from which a passage is a template or a common quotation
MIN_SHARED = 2  # keys that two works share, up to which it is a phrase
MAX_NEIGHBOUR = 200  # letters of the upload between keys that are near each other; a Han character counts three
_LIBRARY = 1000  # works from which on a phrase that many have says less and less
_MIN_APART = 9  # letters between keys that support each other: more than one phrase of three words
_MAX_LINK = 30  # letters between keys of one stretch: a work keeps one in nineteen units at least
_STRETCHES = (40.0, 60.0)  # letters from the first to the last key of a stretch that a work has
_MIN_OWN = 0.5  # share of a long stretch that no other work has so much of in one piece, below which it is a template
_MAX_PLACES = 4  # of a key in the upload that are followed
_MAX_COMPARED = 48  # works among which versions of one work are told apart
_MIN_RESEMBLANCE = 0.75  # of two texts that are versions of one
_AROUND = winnowing.WINDOW // 2  # units around an indexed gram that stand where it stands
_MAX_SPREAD_AT_ONCE = 1 << 14  # positions, to bound memory
_MAX_TO_NEAREST = 24  # units from the nearest indexed gram up to which what holds for it is taken to hold

# How much of a unit's weight counts, by the number of different works it stands in: 0, 1, 2, 3, 4, more.
_OWN_SHARES = np.array([1.0, 1.0, 0.5, 0.1, 0.0])

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Commonness:
    """In how many different works of the registry what an upload says stands, by its keys or by its units.

    Attributes:
        spreads: shape (3, m): in how many each stands; then in how many within so many letters of the upload in one
            piece as `_STRETCHES` says, at most as many.
    """

    spreads: Weights

    @property
    def phrases(self) -> Weights:
        """In how many works each stands, shape (m,)."""
        out: Weights = self.spreads[0]
        return out

    def taken(self, which: NDArray[np.intp]) -> Commonness:
        """Of some of the keys, in the order asked for."""
        return Commonness(self.spreads[:, which])

    def without(self, works: Weights, known: bool) -> Commonness:
        """Leave out works that have each key from another.

        Args:
            works: shape (m,), how many of them have each.
            known: whether those are only the part that was looked at of many that do.
        """
        left = np.maximum(self.spreads - works, np.minimum(self.spreads, 1.0))
        return Commonness(np.where(known & (works > 0), 1.0, left))

    def over_units(self, text: NormalizedText, positions: Positions) -> Commonness:
        """Of an upload's units what is known of its keys, which start at these positions."""
        return Commonness(_over_units(text, positions, self.spreads))

    def own_shares(self, found: TextAlignment, query: Seeds) -> Weights:
        """How much of each unit of an upload counts beside one work, shape (m,).

        What is equal from one sentence to the next is no less a quote where its phrases stand in other works, here one
        and there another: of a long stretch only that is common of which others have half in one piece.
        """
        out = own_share(self.phrases)
        weight = query.total[found.runs[:, 1]] - query.total[found.runs[:, 0]]
        level = np.searchsorted(2.0 * np.array(_STRETCHES), weight, side="right") - 1
        for run in np.flatnonzero(level >= 0).tolist():
            a, b = found.runs[run, :2].tolist()
            own = own_share(self.spreads[1 + level[run], a:b])
            if own.mean() >= _MIN_OWN:
                out[a:b] = own
        return out


def own_share(spread: Weights) -> Weights:
    """How much of a unit's weight counts, 0..1, by the number of different works it stands in."""
    out: Weights = np.interp(spread, np.arange(len(_OWN_SHARES)), _OWN_SHARES)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Which works have which keys of an upload.

    Attributes:
        postings: of the upload's different keys.
        works: those that have any.
        who: shape (h,), which of them each posting is of.
        place: shape (m,), which of the keys each gram of the upload is, in the order of the text.
        letters: shape (m,), the letters of the upload before each gram.
        span: more letters than the upload has, so that it can stand once for every work.
    """

    postings: KeyHits
    works: LogPositions
    who: NDArray[np.int64]
    place: NDArray[np.intp]
    letters: Weights
    span: float

    def first(self) -> Weights:
        """For each posting where its key stands first in the upload, another range of letters for every work."""
        first = np.zeros(len(self.postings.counts))
        first[self.place[::-1]] = self.letters[::-1]
        out: Weights = self.who * self.span + first[self.postings.asked]
        return out

    def everywhere(self) -> tuple[Positions, Weights]:
        """The same for all places but those of a key that the upload has very often, with the postings they are of."""
        order = np.argsort(self.place, kind="stable")
        count = np.bincount(self.place, minlength=len(self.postings.counts))
        starts, count = np.cumsum(count) - count, np.minimum(count, _MAX_PLACES)
        times = count[self.postings.asked]
        which = np.repeat(np.arange(len(times)), times)
        rank = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
        at = order[starts[self.postings.asked[which]] + rank]
        return which, self.who[which] * self.span + self.letters[at]


def count(view: View, hits: Hits) -> Commonness:
    """In how many different works each key that was asked for stands: versions of one work count once."""
    family = _families(view, hits.works, np.bincount(hits.who, minlength=len(hits.works)))
    phrases = _spread(hits, family, _supported(hits.first()), min(1.0, _LIBRARY / max(len(view), 1)))
    stretch = _stretches(hits)
    stretches = [np.minimum(_spread(hits, family, stretch >= least, 0.0), phrases) for least in _STRETCHES]
    return Commonness(np.stack((phrases, *stretches)))


def _families(view: View, works: LogPositions, hits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of the works found the first that each is a version of, shape (n,); -1 of those that were not compared."""
    out = np.full(len(works), -1)
    compared = np.flatnonzero(hits > MIN_SHARED)  # with fewer keys in common it is a phrase that they share
    compared = compared[np.argsort(-hits[compared], kind="stable")][:_MAX_COMPARED]
    if len(compared):
        out[compared] = compared[versions(view.codes_at(works[compared]))]
    return out


def versions(codes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For each text the first that it is a version of, itself perhaps, by their codes of shape (n, 4)."""
    alike = minhash.resemblance(codes[:, None], codes[None]) >= _MIN_RESEMBLANCE
    np.fill_diagonal(alike, True)
    out: NDArray[np.int64] = np.argmax(alike, axis=0)
    return out


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
    out[order] = ((apart >= _MIN_APART) & (apart <= MAX_NEIGHBOUR)).any(axis=0)
    return out


def _stretches(hits: Hits) -> Weights:
    """Of each posting the letters from the first to the last of those of its work that follow each other."""
    which, where = hits.everywhere()
    order = np.argsort(where)
    ordered = where[order]
    starts = np.concatenate(([True], np.diff(ordered) > _MAX_LINK))[: len(ordered)]
    ends = np.append(starts[1:], True)[: len(ordered)]
    out = np.zeros(len(hits.who))
    np.maximum.at(out, which[order], (ordered[ends] - ordered[starts])[np.cumsum(starts) - 1])
    return out


def _spread(hits: Hits, family: NDArray[np.int64], counted: NDArray[np.bool_], others: float) -> Weights:
    """In how many different works the surroundings of each key stand: versions of one work count once.

    Args:
        counted: which of the hits count as one; the ``others`` as so much.
    """
    counts = hits.postings.counts.astype(np.float64)
    size = len(counts)
    read = np.bincount(hits.postings.asked, minlength=size)
    asked, who = hits.postings.asked[counted], hits.who[counted]
    standing = np.bincount(asked, minlength=size)
    alone = counts * (1.0 - standing / np.maximum(read, 1))
    out: Weights = np.maximum(counts - alone * (1.0 - others), np.minimum(counts, 1.0))
    # What holds for those compared is taken to hold for all: a work may be registered a thousand times.
    known = family[who] >= 0
    pairs = np.unique(asked[known] * len(family) + family[who[known]])
    families = np.bincount(pairs // len(family), minlength=size) if len(family) else np.zeros(size)
    members = np.bincount(asked[known], minlength=size)
    return np.where(members > 0, np.maximum(out * families / np.maximum(members, 1), 1.0), out)


def _over_units(text: NormalizedText, positions: Positions, spreads: Weights) -> Weights:
    """In how many different works the surroundings of each unit of the upload stand, shape (3, m); 0 where in none.

    A work is indexed by few of its grams, so what holds for one holds for its neighbours.

    Args:
        positions, spreads: of the grams that some work is indexed by; see `Commonness`.
    """
    length = len(text.units)
    out = np.zeros((len(spreads), length))
    offsets = np.arange(-_AROUND, max(winnowing.SIZES) + _AROUND)
    for start in range(0, len(positions), _MAX_SPREAD_AT_ONCE):
        some = positions[start : start + _MAX_SPREAD_AT_ONCE]
        size = np.array(winnowing.SIZES)[text.scripts[some]]
        units = some[:, None] + offsets
        inside = (offsets < size[:, None] + _AROUND) & (units >= 0) & (units < length)
        near, gram = units[inside], np.nonzero(inside)[0] + start
        for row, spread in zip(out, spreads, strict=True):
            np.maximum.at(row, near, spread[gram])
    # Where a template is interrupted by what was filled in, its ends have no indexed gram: the nearest one speaks.
    known = np.flatnonzero(out[0])
    if len(known):
        gaps = np.flatnonzero(out[0] == 0)
        after = np.searchsorted(known, gaps)
        right, left = known[np.minimum(after, len(known) - 1)], known[np.maximum(after - 1, 0)]
        nearest = np.where(np.abs(right - gaps) < np.abs(gaps - left), right, left)
        close = np.abs(nearest - gaps) <= _MAX_TO_NEAREST
        out[:, gaps[close]] = out[:, nearest[close]]
    return out
