"""From an upload to the works it reuses: look up, align, weigh. Only here is a text decided.

Works are judged together, because what is a template, a quotation or another version of the same work shows only from
the works around one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.protocol import Found, Load, View
from ..index.runs import Postings, Slots
from ..model import Fingerprint, Match, Reuse
from . import keys, minhash, weighing
from .alignment import Seeds, align, seeds, step_for
from .grams import Positions
from .normal import Normal
from .stored import normal_form
from .weighing import Judgement, Weights

_HUB = 64  # works read from one key; how many more there are is known
_COMPARED = 256  # works among which versions of one work are told apart
_VERSIONS = 0.75  # resemblance from which two works are versions of one
_CANDIDATES = 64  # works that are aligned
_HITS = 2  # keys in common, own to the work, below which it is not aligned
_COPY = 0.5  # share of the keys that the registry has at all from which a work is aligned whoever else has them
_AROUND = 6  # units around an indexed gram that stand where it stands: half a winnowing window
_NEAR = 24  # units from the nearest indexed gram up to which what holds for it is taken to hold
_TEMPLATE = 0.6  # share of an upload that is common to several works from which it is nothing but a template
_VERBATIM = 0.97  # share of the passages that is equal, for a copy word for word
_EDITED = 0.6  # likewise for one changed here and there; below it is rewritten
_WHOLE = 0.9  # share of the work from which it is not an excerpt
_STITCHED = 0.8  # share of an upload below which one of several works is a piece of it


def search(query: Fingerprint, view: View, load: Load) -> Found:
    """The registered texts that an upload reuses.

    Args:
        query: the upload's fingerprint.
        view: the index, for fingerprints of this algorithm.
        load: gives the fingerprints of works by number; a work it leaves out is not matched.
    """
    text = normal_form(query)
    if not len(text.units):
        return Found({})
    proposed = _propose(text, query, view)
    spread = _over_units(text, proposed)
    own = weighing.own_share(spread)
    prepared: dict[int, Seeds] = {}
    matches: dict[int, Match] = {}
    judged: dict[int, tuple[Judgement, Normal]] = {}
    for number, fingerprint in load(view.works(proposed.slots).tolist()).items():
        other = normal_form(fingerprint)
        if np.array_equal(text.units, other.units):
            matches[number] = weighing.identical(text, other)
        elif query.fingerprintable and fingerprint.fingerprintable:
            step = step_for(max(len(text.units), len(other.units)))
            if step not in prepared:
                prepared[step] = seeds(text, step)
            theirs = seeds(other, step)
            found = weighing.weigh(align(prepared[step], theirs), prepared[step], theirs, own)
            if found is not None and found.score >= 0.5:
                judged[number] = found, other
    for number, (found, other) in judged.items():
        matches[number] = weighing.match(found, text, other, _reuse(found, len(judged)))
    common = float(weighing.weights(text)[spread >= weighing.COMMON].sum() / text.weight)
    return Found(matches, "template_only" if not matches and common >= _TEMPLATE else None)


def _reuse(found: Judgement, works: int) -> Reuse:
    if works > 1 and found.upload < _STITCHED:
        return "stitched"
    if found.exact < _VERBATIM:
        return "edited" if found.exact >= _EDITED else "rewritten"
    return "verbatim" if found.work >= _WHOLE else "excerpt"


@dataclass(frozen=True, slots=True, eq=False)
class _Proposed:
    """Works to align with, and where the registry has what the upload has.

    Attributes:
        slots: shape (n,).
        positions: shape (m,), units of the upload at which a gram starts that some work is indexed by.
        spread: shape (m,), in how many different works it stands.
    """

    slots: Slots
    positions: Positions
    spread: Weights


def _propose(text: Normal, query: Fingerprint, view: View) -> _Proposed:
    asked, positions = keys.asked(text)
    distinct, place = np.unique(asked, return_inverse=True)
    postings = view.by_keys(distinct, _HUB)
    slots, who = np.unique(postings.slots, return_inverse=True)
    hits = np.bincount(who, minlength=len(slots))
    spread = _spread(view, postings, slots, who, hits)
    own = np.bincount(who, weighing.own_share(spread)[postings.asked], minlength=len(slots))
    order = np.argsort(-own, kind="stable")
    # A copy of the whole is one even where all of it is a template.
    promising = (own >= _HITS) | (hits >= max(_COPY * np.count_nonzero(spread), _HITS))
    order = order[promising[order]][:_CANDIDATES]
    same = view.by_keys(query.keys[:1], _HUB).slots  # under the key of the whole normal form
    spread = spread[place]
    known = np.flatnonzero(spread)
    return _Proposed(np.unique(np.concatenate((same, slots[order]))), positions[known], spread[known])


def _spread(view: View, postings: Postings, slots: Slots, who: NDArray[np.int64], hits: NDArray[np.int64]) -> Weights:
    """In how many different works each key stands: versions of one work count once."""
    counts = postings.counts
    if not len(slots):
        return counts.astype(np.float64)
    family = np.arange(len(slots))
    compared = np.argsort(-hits, kind="stable")[:_COMPARED]
    codes = view.codes_at(slots[compared])
    alike = minhash.resemblance(codes[:, None], codes[None]) >= _VERSIONS
    np.fill_diagonal(alike, True)
    family[compared] = compared[np.argmax(alike, axis=0)]
    pairs = np.unique(postings.asked * len(slots) + family[who])
    families = np.bincount(pairs // len(slots), minlength=len(counts)).astype(np.float64)
    read = np.bincount(postings.asked, minlength=len(counts))
    return np.where(read > 0, families * counts / np.maximum(read, 1), 0.0)


def _over_units(text: Normal, proposed: _Proposed) -> Weights:
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
