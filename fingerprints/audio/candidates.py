"""Which recordings an upload may contain, where, how fast and how high. Only here is the index asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.interface import View
from . import triples
from .peaks import Peaks

_WINDOW, _STEP = 14.0, 9.0  # seconds of the upload that are asked for together, and from one such stretch to the next
_MAX_WORKS_OF_A_KEY = 64  # read
_MIN_HITS, _MIN_EXCESS = 4, 1.5  # keys of a work in a stretch, and standard deviations above what chance gives
_MAX_OF_WINDOW, _MAX_HINTS_OF_WORK = 8, 3  # works of a stretch; changes of speed that are tried for one
_MAX_WORKS = 48
_SOFT = 25.0  # cents: asked for a little lower and a little higher, because pitch is rounded


def _played_faster(by: float) -> tuple[float, float]:
    """Of sound played so many times as fast: seconds of the work a second of it, and cents the work is higher."""
    return by, -1200 * float(np.log2(by))


_STEPS = 1.08
# As it is; slower and faster at the same pitch; lower and higher at the same tempo; both together, as a record is.
CHANGES: tuple[tuple[float, float], ...] = (
    (1.0, 0.0),
    *((_STEPS**n, 0.0) for n in (-2, -1, 1, 2)),
    *((1.0, 100.0 * n) for n in (-2, -1, 1, 2)),
    *(_played_faster(_STEPS**n) for n in (-2, -1, -0.5, 0.5, 1, 2, 3)),
)


@dataclass(frozen=True, slots=True)
class Hint:
    """A work that a stretch of the upload may be of.

    Attributes:
        work: the position of its registration.
        start, stop: of the stretch, seconds of the upload.
        tempo, cents: seconds of the work a second of the upload, and how much higher the work is, about.
        excess: standard deviations by which the keys in common exceed chance.
    """

    work: int
    start: float
    stop: float
    tempo: float
    cents: float
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
    found = triples.find(upload, triples.QUERY_NEIGHBOURS, only_strongest=False)
    asked = [
        np.unique(np.concatenate((found.keys(tempo, cents - _SOFT), found.keys(tempo, cents + _SOFT))))
        for tempo, cents in CHANGES
    ]
    distinct, place = np.unique(np.concatenate(asked), return_inverse=True)
    hits = view.by_keys(distinct, _MAX_WORKS_OF_A_KEY)
    if not len(hits.positions):
        return []
    positions, who = np.unique(hits.positions, return_inverse=True)
    sizes = view.sizes_at(positions).astype(np.float64)
    count = _counts(asked, place, hits.asked, who, len(positions), len(distinct))
    # A work that has many keys has more of any by chance: as many as the others have, for their size.
    others = count.sum(axis=1, keepdims=True) - count
    theirs = sizes.mean() * max(len(view), len(positions)) - sizes
    expected = others * (sizes / np.maximum(theirs, sizes))
    excess = (count - expected) / np.sqrt(expected + 1)
    excess[count < _MIN_HITS] = 0.0
    best = excess.max(axis=0)
    chosen = [n for n in np.argsort(-best, kind="stable")[:_MAX_OF_WINDOW].tolist() if best[n] >= _MIN_EXCESS]
    return [
        Hint(int(positions[n]), start, stop, CHANGES[change][0], CHANGES[change][1], float(excess[change, n]))
        for n in chosen
        for change in np.argsort(-excess[:, n], kind="stable")[:_MAX_HINTS_OF_WORK].tolist()
        if excess[change, n] >= _MIN_EXCESS
    ]


def _counts(
    asked: list[NDArray[np.uint64]],
    place: NDArray[np.int64],
    hit_key: NDArray[np.int64],
    hit_work: NDArray[np.int64],
    works: int,
    keys: int,
) -> NDArray[np.float64]:
    """How many of the keys asked for under each change stand under each work, shape (changes, works)."""
    order = np.argsort(hit_key, kind="stable")
    hit_work = hit_work[order]
    begins = np.searchsorted(hit_key[order], np.arange(keys + 1))
    out = np.empty((len(asked), works))
    start = 0
    for n, each in enumerate(asked):
        mine = place[start : start + len(each)]
        start += len(each)
        count = begins[mine + 1] - begins[mine]
        which = np.repeat(begins[mine] - np.cumsum(count) + count, count) + np.arange(count.sum())
        out[n] = np.bincount(hit_work[which], minlength=works)
    return out
