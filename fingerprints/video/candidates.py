"""Which films an upload may show, when and in which variant. Only here is the index asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..image.codebook import SIGNATURE_BITS, WORD_BITS
from ..index.interface import View
from ..index.postings import NearKeys
from .features import PROBES, Features

WINDOW, STEP = 12.0, 6.0  # seconds of the upload that are asked for together, and from one such window to the next
_RADIUS = 4  # of 24 bits of a signature
_SOFTNESS = 2.0  # bits; a hit that is off by so many weighs 1/e
_BY_DISTANCE = np.exp(-((np.arange(_RADIUS + 1) / _SOFTNESS) ** 2))
_MAX_FOUND = 1024  # registrations of one key and distance
_FRAMES, _ASKED_OF_FRAME = 8, 160  # of a window: key frames that are asked for, and keypoints of each
_MIN_EXCESS = 0.5
_MAX_OF_WINDOW, _MAX_HINTS = 10, 64


@dataclass(frozen=True, slots=True)
class Hint:
    """A work that a window of the upload may show.

    Attributes:
        work: the position of its registration.
        start, stop: of the window, seconds of the upload.
        mirrored: whether the upload is.
        excess: standard deviations by which what votes for it exceeds chance.
    """

    work: int
    start: float
    stop: float
    mirrored: bool
    excess: float


@dataclass(frozen=True, slots=True)
class FilmProposal:
    """The films that an upload may show.

    Attributes:
        hints: the likeliest first.
    """

    hints: tuple[Hint, ...]

    @property
    def works(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(hint.work for hint in self.hints))


def windows(seconds: float) -> Iterator[tuple[float, float]]:
    """Of an upload, each half over the next."""
    start = 0.0
    while True:
        stop = min(start + WINDOW, seconds)
        yield start, stop
        if stop >= seconds:
            return
        start += STEP


def look_up(upload: Features, seconds: float, view: View) -> FilmProposal:
    """Look an upload up, window by window."""
    hints = [hint for start, stop in windows(seconds) for hint in _of_window(upload, start, stop, view)]
    hints.sort(key=lambda hint: -hint.excess)
    return FilmProposal(tuple(hints[: _MAX_HINTS * max(1, int(seconds // 60))]))


def _asked(upload: Features, start: float, stop: float) -> NDArray[np.int64]:
    """Keypoints that a window asks for: some of its key frames, and of each the first, which are the strongest."""
    inside = np.flatnonzero((upload.until > start) & (upload.time < stop))
    times = np.unique(upload.time[inside])
    chosen = times[np.linspace(0, len(times) - 1, min(len(times), _FRAMES)).astype(int)] if len(times) else times
    return np.concatenate(
        [inside[:0], *(inside[upload.time[inside] == time][:_ASKED_OF_FRAME] for time in chosen.tolist())]
    )


def _of_window(upload: Features, start: float, stop: float, view: View) -> list[Hint]:
    points = _asked(upload, start, stop)
    if not len(points):
        return []
    # Both words as it is, the nearest one mirrored; a work has but one.
    variants = (0, 1, PROBES) if upload.keys.shape[1] > 1 else (0,)
    keys = upload.keys[points][:, variants].T.ravel()
    mirrored = np.repeat(np.array(variants) >= PROBES, len(points))
    near = NearKeys(keys, WORD_BITS, 0, np.zeros(len(keys), dtype=np.uint64), _RADIUS, _MAX_FOUND)
    hits = view.by_near_keys(near)
    if not len(hits.positions):
        return []
    # What many works have says little: each keypoint shares itself out. A word votes for a work once.
    common = np.bincount(hits.asked, minlength=len(keys))
    weight = _BY_DISTANCE[hits.distance] / (1 + np.log2(common[hits.asked]))
    positions, who = np.unique(hits.positions, return_inverse=True)
    which = who * 2 + mirrored[hits.asked]
    word = (keys >> np.uint64(SIGNATURE_BITS)).astype(np.int64)[hits.asked]
    order = np.lexsort((-weight, word, which))
    first = order[np.diff(which[order] << WORD_BITS | word[order], prepend=-1) != 0]
    votes = np.bincount(which[first], weight[first], 2 * len(positions)).astype(np.float64).reshape(-1, 2)
    asks = np.maximum(np.bincount(mirrored, minlength=2) / len(points), 1)
    excess = _excess(votes, view.sizes_at(positions).astype(np.float64), max(len(view), len(positions)), asks)
    best = np.argsort(-excess.ravel(), kind="stable")[:_MAX_OF_WINDOW]
    return [
        Hint(int(positions[n // 2]), start, stop, bool(n % 2), float(excess.ravel()[n]))
        for n in best.tolist()
        if excess.ravel()[n] >= _MIN_EXCESS
    ]


def _excess(
    votes: NDArray[np.float64], sizes: NDArray[np.float64], works: int, asks: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Standard deviations by which works exceed chance: the others' votes, for their size.

    Args:
        votes: shape (n, 2), as it is and mirrored.
        sizes: keys of each work, shape (n,).
        works: how many are registered.
        asks: words asked for a keypoint, as it is and mirrored.
    """
    others = votes.sum(axis=0, keepdims=True) - votes
    theirs = np.maximum(sizes.mean() * works - sizes, sizes)
    expected = others * (sizes / theirs)[:, None]
    excess: NDArray[np.float64] = (votes - expected) / np.sqrt(expected + 1) / np.sqrt(asks)
    return excess
