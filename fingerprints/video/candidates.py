"""Which films an upload may show, when and in which variant. Only here is the index asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..image.codebook import SIGNATURE_BITS, WORD_BITS
from ..index.interface import View
from ..index.postings import NearKeys
from .features import PROBES, UNSURE_BITS, Features

WINDOW, STEP = 12.0, 6.0  # seconds of the upload that are asked for together, and from one such window to the next
_RADIUS = 4  # of 24 bits of a signature
_SOFTNESS = 2.0  # bits; a hit that is off by so many weighs 1/e
_BY_DISTANCE = np.exp(-((np.arange(_RADIUS + 1) / _SOFTNESS) ** 2))
_MAX_FOUND = 1024  # registrations of one key and distance
_FRAMES, _ASKED_OF_FRAME = 8, 128  # of a window: key frames that are asked for, and keypoints of each
_READ = 512  # postings of a keypoint's word that are read, about
_MAX_PREFIX = 16  # bits
_SAMPLED, _SAMPLED_PREFIX = 256, 8  # keypoints, and bits, by which it is estimated how many a word has
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


@dataclass(frozen=True, slots=True, eq=False)
class _Votes:
    """What keypoints of some seconds of an upload have found.

    Attributes:
        positions: of registrations, shape (h,).
        words: asked for, shape (h,).
        mirrored: shape (h,).
        weight: shape (h,).
        asks: words that were asked for a keypoint, as it is and mirrored.
    """

    positions: NDArray[np.int64]
    words: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    weight: NDArray[np.float64]
    asks: tuple[int, int]

    def __add__(self, other: _Votes) -> _Votes:
        return _Votes(
            np.concatenate((self.positions, other.positions)),
            np.concatenate((self.words, other.words)),
            np.concatenate((self.mirrored, other.mirrored)),
            np.concatenate((self.weight, other.weight)),
            self.asks,
        )


def look_up(upload: Features, seconds: float, view: View) -> FilmProposal:
    """Look an upload up, window by window, each half over the next."""
    prefix = _prefix(upload, view)
    steps = max(1, int(np.ceil(seconds / STEP)))
    frames = _FRAMES // min(steps, 2)
    votes = [_voted(upload, _asked(upload, n * STEP, (n + 1) * STEP, frames), prefix, view) for n in range(steps)]
    hints = []
    for n in range(max(1, steps - 1)):
        both = votes[n] + votes[n + 1] if steps > 1 else votes[n]
        hints += _hints(both, n * STEP, min(n * STEP + WINDOW, seconds), view)
    hints.sort(key=lambda hint: -hint.excess)
    return FilmProposal(tuple(hints[: _MAX_HINTS * max(1, int(seconds // 60))]))


def _asked(upload: Features, start: float, stop: float, frames: int) -> NDArray[np.int64]:
    """Keypoints that are asked for: some of the key frames, and of each the first, which are the strongest."""
    inside = np.flatnonzero((upload.until > start) & (upload.time < stop))
    times = np.unique(upload.time[inside])
    chosen = times[np.linspace(0, len(times) - 1, min(len(times), frames)).astype(int)] if len(times) else times
    return np.concatenate(
        [inside[:0], *(inside[upload.time[inside] == time][:_ASKED_OF_FRAME] for time in chosen.tolist())]
    )


def _prefix(upload: Features, view: View) -> int:
    """How many bits of a signature must agree, the unsure ones aside, for what is read not to grow with the registry.

    What a word has in the mean is estimated from what begins like the signatures of some of the keypoints.
    """
    keys = upload.keys[np.linspace(0, len(upload) - 1, min(len(upload), _SAMPLED)).astype(int), 0]
    if not len(keys):
        return 0
    some = NearKeys(keys, WORD_BITS, _SAMPLED_PREFIX, np.zeros_like(keys), SIGNATURE_BITS, _MAX_FOUND)
    crowd = float(view.count_near_keys(some).mean()) * 2**_SAMPLED_PREFIX
    bits = np.log2(max(crowd / _READ, 1.0)) / (1 - UNSURE_BITS / SIGNATURE_BITS)
    return min(int(np.ceil(bits)), _MAX_PREFIX)


def _voted(upload: Features, points: NDArray[np.int64], prefix: int, view: View) -> _Votes:
    # Both words as it is, the nearest one mirrored; a work has but one.
    variants = (0, 1, PROBES) if upload.keys.shape[1] > 1 else (0,)
    keys = upload.keys[points][:, variants].T.ravel()
    unsure = upload.unsure[points][:, variants].T.ravel()
    hits = view.by_near_keys(NearKeys(keys, WORD_BITS, prefix, unsure, _RADIUS, _MAX_FOUND))
    # What many works have says little: each keypoint shares itself out.
    common = np.bincount(hits.asked, minlength=len(keys))
    weight = _BY_DISTANCE[hits.distance] / (1 + np.log2(np.maximum(common, 1)[hits.asked]))
    words = (keys >> np.uint64(SIGNATURE_BITS)).astype(np.int64)[hits.asked]
    mirrored = np.repeat(np.array(variants) >= PROBES, len(points))[hits.asked]
    return _Votes(hits.positions, words, mirrored, weight, (max(1, len(variants) - 1), 1))


def _hints(votes: _Votes, start: float, stop: float, view: View) -> list[Hint]:
    """The works that have most of the votes of a window."""
    if not len(votes.positions):
        return []
    positions, who = np.unique(votes.positions, return_inverse=True)
    which = who * 2 + votes.mirrored
    # A word votes for a work once.
    order = np.lexsort((-votes.weight, votes.words, which))
    first = order[np.diff(which[order] << WORD_BITS | votes.words[order], prepend=-1) != 0]
    weight = np.bincount(which[first], votes.weight[first], 2 * len(positions)).astype(np.float64).reshape(-1, 2)
    sizes = view.sizes_at(positions).astype(np.float64)
    excess = _excess(weight, sizes, max(len(view), len(positions)), votes.asks).ravel()
    best = np.argsort(-excess, kind="stable")[:_MAX_OF_WINDOW].tolist()
    return [
        Hint(int(positions[n // 2]), start, stop, bool(n % 2), float(excess[n]))
        for n in best
        if excess[n] >= _MIN_EXCESS
    ]


def _excess(
    votes: NDArray[np.float64], sizes: NDArray[np.float64], works: int, asks: tuple[int, int]
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
