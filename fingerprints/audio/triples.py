"""Triples of peaks as keys: what of them stays when sound is played faster, higher, or both, is known beforehand.

A key packs the pitch of the first peak, the intervals to the others, and how long they come after it, times on a scale
of ratios. So a copy with another tempo and pitch has the keys of the work moved by the same steps, and an upload is
looked up as it is and as it would have been before such a change. A work is kept by one triple a peak, the strongest
ones near it; of an upload all triples of its strongest neighbours are asked for, because whatever noise added or took
away, some of them are the work's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .peaks import Floats, Peaks

WORK_NEIGHBOURS, QUERY_NEIGHBOURS, CHANGED_NEIGHBOURS = 3, 8, 5
_NEXT = 48  # peaks after one that are looked at
_MIN_SECONDS, _MAX_SECONDS = 0.06, 1.2  # from the first peak to another
_MAX_INTERVAL = 1900.0  # cents
_DECIBELS_A_SECOND = 6.0  # a neighbour counts for so much less the later it comes
PITCH_STEP, INTERVAL_STEP = 100.0, 50.0  # cents
TEMPO_STEP = float(np.log(1.08))
_SHORTEST = 0.05  # seconds: time 0 on the scale of ratios
_LEAST = 0.03  # seconds; what is shorter counts as this

Indices = NDArray[np.int64]
Keys = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Triples:
    """Triples of peaks.

    Attributes:
        first: shape (k,), the place of the first peak of each.
        pitch: shape (k,), of the first peak, cents.
        intervals: shape (2, k), of the others to it, cents.
        delays: shape (2, k), of the others, logarithms of multiples of 50 ms.
    """

    first: Indices
    pitch: Floats
    intervals: Floats
    delays: Floats

    def keys(self, tempo: float = 1.0, cents: float = 0.0) -> Keys:
        """The key of each, shape (k,).

        Args:
            tempo: seconds of the work a second of this sound.
            cents: how much higher the work is.
        """
        pitch = _step(self.pitch + np.float32(cents), PITCH_STEP, 8, 127)
        interval = _step(self.intervals, INTERVAL_STEP, 64, 127)
        delay = _step(self.delays + np.float32(np.log(tempo)), TEMPO_STEP, 16, 63)
        packed: Keys = (((pitch << 7 | interval[0]) << 7 | interval[1]) << 6 | delay[0]) << 6 | delay[1]
        return packed.astype(np.uint64)


def find(peaks: Peaks, neighbours: int, *, only_strongest: bool) -> Triples:
    """The triples of peaks.

    Args:
        neighbours: of each peak, the strongest after it, from which the others of its triples are taken.
        only_strongest: one triple a peak, with the two strongest; else all.
    """
    count = len(peaks)
    # What comes after the last peak is never near.
    time, pitch, strength = (
        sliding_window_view(np.append(each, np.full(_NEXT, filler, dtype=np.float32)), _NEXT)[1 : count + 1]
        for each, filler in ((peaks.time, np.inf), (peaks.pitch, 0), (peaks.strength, 0))
    )
    delay = time - peaks.time[:, None]
    near = (delay >= _MIN_SECONDS) & (delay <= _MAX_SECONDS) & (np.abs(pitch - peaks.pitch[:, None]) <= _MAX_INTERVAL)
    worth = np.where(near, strength - _DECIBELS_A_SECOND * delay, np.float32(-np.inf))
    best = np.argpartition(-worth, neighbours, axis=1)[:, :neighbours]
    best = np.take_along_axis(best, np.argsort(-np.take_along_axis(worth, best, 1), axis=1, kind="stable"), 1)
    there, after = np.take_along_axis(near, best, 1), best + np.arange(1, count + 1)[:, None]
    firsts, seconds, thirds = [], [], []
    for a, b in list(combinations(range(neighbours), 2))[: 1 if only_strongest else None]:
        first = np.flatnonzero(there[:, a] & there[:, b])
        firsts.append(first)
        seconds.append(np.minimum(after[first, a], after[first, b]))
        thirds.append(np.maximum(after[first, a], after[first, b]))
    first = np.concatenate(firsts)
    others = np.stack((np.concatenate(seconds), np.concatenate(thirds)))
    delays = np.maximum(peaks.time[others] - peaks.time[first], np.float32(_LEAST))
    return Triples(
        first,
        peaks.pitch[first],
        peaks.pitch[others] - peaks.pitch[first],
        np.log(delays / np.float32(_SHORTEST)),
    )


def names(of: Triples, peaks: int) -> Keys:
    """For each of so many peaks what its triple's key says of the first two, and a number of its own where it has
    none: the same for the same sound, whatever comes later."""
    out: Keys = np.arange(peaks, dtype=np.uint64) | np.uint64(1 << 40)
    out[of.first] = of.keys() & ~np.uint64(127 << 12 | 63)
    return out


def _step(value: Floats, size: float, zero: int, most: int) -> Indices:
    """The step that a value is nearest to, as a number from 0 to ``most``."""
    steps: Indices = np.clip(np.floor(value / np.float32(size) + np.float32(0.5)) + zero, 0, most).astype(np.int64)
    return steps
