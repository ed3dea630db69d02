"""Who was first: what works that came later have of a work does not make it common.

What stands in several works is a template, a footer or a saying, unless all the others have it from one. So of what a
work has in common with later ones those are left out that took it:

- who has half of the work, or a part of it where the parts that all of them have are most of it; a template is a part
  of a work, and always the same part;
- who has a passage of it and is another account, unless many accounts have it. An account that repeats itself shows
  what its template is; nobody shows that somebody else's words are common by registering them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint
from . import scoring, winnowing
from .candidates import Lookup
from .commonness import Commonness, Weights, versions
from .grams import Positions
from .normalization import NormalizedText

_MIN_KEYS = 3  # of a passage: what two works share by fewer is a phrase
_MIN_PASSAGE = (
    0.3  # of the keys that the upload has of a work that another has as well, for one that shares the passage
)
_CONTAINED = 0.5  # share of a work that who has it has taken
_PLUNDERED = 0.6  # share of a work in all that later ones have of it, from which each has taken its part
_MIN_STRETCH = 200.0  # letters of it in one piece: of a filled form two works share what stands between the facts
_MANY_ACCOUNTS = 8  # other accounts that have a passage, from which it is a common one
_MANY = 16  # works that took a passage, from which those that were not looked at did too
_AROUND = winnowing.WINDOW // 2  # units around an indexed gram that stand where it stands


class Priority:
    """Of one look-up: what its candidates have in common, and who of them was first."""

    def __init__(self, text: NormalizedText, found: Lookup, works: Mapping[int, Fingerprint]) -> None:
        """
        Args:
            text: the upload.
            works: the fingerprints of all that the look-up named.
        """
        self._text, self._found, self._works = text, found, works
        self._shared = found.common.phrases > 1.0

    @cached_property
    def _has(self) -> dict[int, NDArray[np.bool_]]:
        """Of the upload's keys those that each work has, shape (m,)."""
        named = (*self._found.works, *self._found.witnesses)
        return {n: np.isin(self._found.keys, self._works[n].keys) for n in named if n in self._works}

    def commonness(self, number: int, other: NormalizedText) -> Commonness | None:
        """In how many different works each unit of the upload stands, for one candidate.

        Args:
            number, other: the candidate.

        Returns:
            None where nothing that came later took anything from the candidate.
        """
        if not self._shared.any():
            return None
        sharing = self._sharing(number)
        taken = self._takers(number, other, list(sharing)) if sharing else []
        if not taken:
            return None
        family = versions(np.stack([self._works[n].codes[0] for n in taken]))
        without = np.zeros(len(self._shared))
        for first in np.unique(family):
            without += np.logical_or.reduce([sharing[taken[n]] for n in np.flatnonzero(family == first)])
        all_took = len(taken) == len(sharing) >= _MANY
        return self._found.common.without(without, all_took).over_units(self._text, self._found.positions)

    def _sharing(self, number: int) -> dict[int, NDArray[np.bool_]]:
        """The later works that share a passage of the upload with this one, and which keys of it they have."""
        positions = self._found.positions
        # Where the work stands, by the keys around: of two works one may be indexed by fewer.
        mine = _near(positions, self._has[number]) & self._shared
        least = max(_MIN_KEYS, _MIN_PASSAGE * np.count_nonzero(mine))
        out: dict[int, NDArray[np.bool_]] = {}
        for later, keys in self._has.items():
            has = keys & mine
            if (
                later > number
                and np.count_nonzero(has) >= _MIN_KEYS
                and np.count_nonzero(_near(positions, has) & mine) >= least
            ):
                out[later] = has
        return out

    def _takers(self, number: int, other: NormalizedText, later: Sequence[int]) -> list[int]:
        """Of later works that share a passage with this one those that have it from there."""
        parts = _parts(other, {n: self._works[n] for n in later})
        accounts = self._found.accounts
        strangers = {n for n in later if accounts[n] != accounts[number]}
        few = len({accounts[n] for n in strangers}) < _MANY_ACCOUNTS
        weights = scoring.unit_weights(other)
        plundered = float(weights[np.logical_or.reduce(list(parts.values()))].sum()) >= _PLUNDERED * other.weight
        return [
            n
            for n, part in parts.items()
            if plundered or (few and n in strangers) or float(weights[part].sum()) >= _CONTAINED * other.weight
        ]


def _near(positions: Positions, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which positions are not further than a window from a marked one."""
    at = positions[marked]
    if not len(at):
        return marked
    after = np.searchsorted(at, positions)
    right, left = at[np.minimum(after, len(at) - 1)], at[np.maximum(after - 1, 0)]
    out: NDArray[np.bool_] = np.minimum(np.abs(right - positions), np.abs(positions - left)) <= winnowing.WINDOW
    return out


def _parts(other: NormalizedText, later: Mapping[int, Fingerprint]) -> dict[int, NDArray[np.bool_]]:
    """Which units of a work each later one has, by what that is indexed by."""
    hashes, positions = winnowing.upload_keys(other)
    size = np.array(winnowing.SIZES)[other.scripts[positions]]
    total = np.concatenate(([0.0], np.cumsum(scoring.unit_weights(other))))
    out: dict[int, NDArray[np.bool_]] = {}
    for n, fingerprint in later.items():
        at = np.flatnonzero(np.isin(hashes, fingerprint.keys))
        steps = np.zeros(len(other.units) + 1, dtype=np.int64)
        np.add.at(steps, np.maximum(positions[at] - _AROUND, 0), 1)
        np.add.at(steps, np.minimum(positions[at] + size[at] + _AROUND, len(other.units)), -1)
        out[n] = _without_short(np.cumsum(steps[:-1]) > 0, total, min(_MIN_STRETCH, _CONTAINED * other.weight))
    return out


def _without_short(part: NDArray[np.bool_], total: Weights, least: float) -> NDArray[np.bool_]:
    """The stretches of a part that have at least so many letters.

    Args:
        total: shape (m + 1,), the weight of all units before each.
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], part.astype(np.int8), [0]))))
    start, end = edges[::2], edges[1::2]
    long = total[end] - total[start] >= least
    steps = np.zeros(len(part) + 1, dtype=np.int64)
    steps[start[long]] += 1
    steps[end[long]] -= 1
    return np.cumsum(steps[:-1]) > 0
