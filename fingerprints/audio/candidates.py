"""Which recordings an upload may contain, where, how fast and how high. Only here is the index asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.interface import View
from ..index.postings import earliest, ranges
from . import triples
from .peaks import Peaks

_WINDOW, _STEP = 16.0, 11.0  # seconds of the upload that are asked for together, and from one such stretch to the next
_MAX_WORKS_OF_A_KEY = 64  # read
_MIN_HITS, _MIN_EXCESS = 4, 1.5  # keys of a work in a stretch, and standard deviations above what chance gives
_MAX_BY_CHANCE = 1e-7  # share of pairs of a key asked for and a key of other works that are equal, at most
_MAX_OF_WINDOW, _MAX_HINTS_OF_WORK = 8, 3  # works of a stretch; changes of speed that are tried for one
_MAX_WORKS = 48
_PLAIN_EXCESS = 40.0  # a work that stands out so much as it is leaves no room for changes
_CHANGE_BITS, _CHANGE_MASK = np.uint64(5), np.uint64(31)
_SOFT = 25.0  # cents: asked for a little lower and a little higher, because pitch is rounded


@dataclass(frozen=True, slots=True)
class Change:
    """What may have been done to a work before it was uploaded.

    Attributes:
        tempo, cents: seconds of the work a second of the upload, and how much higher the work is.
        backwards: the upload is played backwards.
    """

    tempo: float = 1.0
    cents: float = 0.0
    backwards: bool = False


_STEPS = 1.08
UNCHANGED = Change()
# Slower and faster at the same pitch; lower and higher at the same tempo; both together, as a record is; backwards.
CHANGES = (
    *(Change(_STEPS**n) for n in (-2, -1, 1, 2)),
    *(Change(cents=100.0 * n) for n in (-2, -1, 1, 2)),
    *(Change(_STEPS**n, -1200 * float(np.log2(_STEPS)) * n) for n in (-2, -1, -0.5, 0.5, 1, 2, 3)),
    Change(backwards=True),
)


@dataclass(frozen=True, slots=True)
class Hint:
    """A work that a stretch of the upload may be of.

    Attributes:
        work: the position of its registration.
        start, stop: of the stretch, seconds of the upload.
        change: what was done to the work, about.
        excess: standard deviations by which the keys in common exceed chance.
    """

    work: int
    start: float
    stop: float
    change: Change
    excess: float


@dataclass(frozen=True, slots=True)
class SoundProposal:
    """The recordings that an upload may contain.

    Attributes:
        hints: the likeliest first.
    """

    hints: tuple[Hint, ...]

    @property
    def works(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(hint.work for hint in self.hints))


def look_up(upload: Peaks, view: View) -> SoundProposal:
    """Look an upload up, stretch by stretch."""
    hints: list[Hint] = []
    start = 0.0
    last = float(upload.time[-1]) if len(upload) else 0.0
    while start <= last:
        hints += _of_stretch(upload.between(start, start + _WINDOW), start, start + _WINDOW, view)
        if start + _WINDOW >= last:
            break
        start += _STEP
    hints.sort(key=lambda hint: -hint.excess)
    works = set(list(dict.fromkeys(hint.work for hint in hints))[:_MAX_WORKS])
    return SoundProposal(tuple(hint for hint in hints if hint.work in works))


def _of_stretch(upload: Peaks, start: float, stop: float, view: View) -> list[Hint]:
    """What a stretch may be of: asked for as it is, and where that says nothing, as it would be before each change."""
    hints = _under(_asked(upload, (UNCHANGED,), triples.QUERY_NEIGHBOURS), (UNCHANGED,), start, stop, view)
    if not hints or hints[0].excess < _PLAIN_EXCESS:
        hints += _under(_asked(upload, CHANGES, triples.CHANGED_NEIGHBOURS), CHANGES, start, stop, view)
    hints.sort(key=lambda hint: -hint.excess)
    chosen = list(dict.fromkeys(hint.work for hint in hints))[:_MAX_OF_WINDOW]
    return [hint for work in chosen for hint in [each for each in hints if each.work == work][:_MAX_HINTS_OF_WORK]]


def _asked(upload: Peaks, changes: Sequence[Change], neighbours: int) -> triples.Keys:
    """The keys that an upload would have without each of the changes, ascending.

    Which change stands in the lowest bits: one sort finds both the keys and under which changes they are asked for.
    """
    found = {
        backwards: triples.find(upload.backwards() if backwards else upload, neighbours, only_strongest=False)
        for backwards in {change.backwards for change in changes}
    }
    asked = np.concatenate(
        [
            found[change.backwards].keys(change.tempo, change.cents + soft) << _CHANGE_BITS | np.uint64(n)
            for n, change in enumerate(changes)
            for soft in (-_SOFT, _SOFT)
        ]
    )
    asked.sort()
    return asked[earliest(asked, 1)]


def _under(asked: triples.Keys, changes: Sequence[Change], start: float, stop: float, view: View) -> list[Hint]:
    """The works that have more of the keys of a stretch than chance gives, under each of the changes."""
    keys = asked >> _CHANGE_BITS
    is_new = earliest(keys, 1)
    hits = view.by_keys(keys[is_new], _MAX_WORKS_OF_A_KEY)
    if not len(hits.positions):
        return []
    positions, who = np.unique(hits.positions, return_inverse=True)
    begins = np.searchsorted(hits.asked, np.arange(int(is_new.sum()) + 1))
    place = np.cumsum(is_new) - 1
    many = begins[place + 1] - begins[place]
    under = np.repeat((asked & _CHANGE_MASK).astype(np.int64), many)
    cells = under * len(positions) + who[ranges(begins[place], many)]
    count = np.bincount(cells, minlength=len(changes) * len(positions)).reshape(len(changes), -1).astype(np.float64)
    sizes = view.sizes_at(positions).astype(np.float64)
    many_asked = np.bincount((asked & _CHANGE_MASK).astype(np.int64), minlength=len(changes))
    excess = _excess(count, sizes, many_asked, max(len(view), len(positions)))
    best = np.argsort(-excess.max(axis=0), kind="stable")[:_MAX_OF_WINDOW]
    return [
        Hint(int(positions[n]), start, stop, change, float(excess[number, n]))
        for n in best.tolist()
        for number, change in enumerate(changes)
        if excess[number, n] >= _MIN_EXCESS
    ]


def _excess(
    count: NDArray[np.float64], sizes: NDArray[np.float64], asked: NDArray[np.int64], works: int
) -> NDArray[np.float64]:
    """Standard deviations by which works exceed chance: the others' keys in common, for their size.

    Args:
        count: keys in common under each change, shape (changes, n).
        sizes: keys of each work that has any in common, shape (n,).
        asked: keys asked for under each change, shape (changes,).
        works: how many are registered.
    """
    others = count.sum(axis=1, keepdims=True) - count
    theirs = sizes.mean() * works - sizes
    # What many works share, or one that is registered many times, is no chance.
    rate = np.minimum(others / np.maximum(theirs, sizes), _MAX_BY_CHANCE * asked[:, None])
    expected = sizes * rate
    excess: NDArray[np.float64] = (count - expected) / np.sqrt(expected + 1)
    excess[count < _MIN_HITS] = 0.0
    return excess
