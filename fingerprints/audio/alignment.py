"""Where an upload's peaks lie on a work's: straight lines of time against time, at one interval of pitch.

Triples that both have give points; a line through two of them says how fast and how high the upload was played, and
the line with most points on it is laid exactly through the peaks. What lies on it is then counted peak by peak: of the
work's peaks that the line says should be heard, how many are, compared with how many would be by chance if the upload
lay elsewhere. The stretch where that speaks for the copy is the segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.postings import ranges
from . import evidence
from .evidence import PITCH_TOLERANCE, TIME_TOLERANCE, Doubles
from .peaks import Floats, Peaks
from .triples import Indices, Keys, Triples

MIN_TEMPO, MAX_TEMPO = 0.74, 1.36  # seconds of the work a second of the upload
_MAX_POINTS = 1500
_MAX_SAME_KEYS = 8  # in a work
_TEMPOS = np.linspace(0.955, 1.045, 23)  # of what is supposed: closer than two changes of speed that are asked for
_CELL_SECONDS, _CELL_CENTS = 0.09, 100.0  # in which points of a line lie together
_MAX_TEMPO_OFF = 0.02  # of a line laid through points from where it was found
_MIN_ON_LINE = 4  # first peaks of triples
_REFINEMENTS = 3
_MAX_CONTROLLED = 600  # peaks of the work that are laid elsewhere
_FIRST_SHARE = 0.3  # of a copy's peaks that are heard: supposed first
_MIN_CHANCE, _CHANCE = 0.02, 0.06  # share of peaks heard by chance: at least, and where it cannot be counted


@dataclass(frozen=True, slots=True)
class Line:
    """How the upload lies on the work.

    Attributes:
        tempo: seconds of the work a second of the upload.
        offset: second of the work at second 0 of the upload.
        cents: how much higher the work is.
    """

    tempo: float
    offset: float
    cents: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the work that is heard in the upload.

    Attributes:
        line: where it lies.
        upload, work: seconds, from and to.
        evidence: natural logarithm of how much likelier what is heard is of a copy than by chance.
    """

    line: Line
    upload: tuple[float, float]
    work: tuple[float, float]
    evidence: float


@dataclass(frozen=True, slots=True, eq=False)
class KeyedTriples:
    """Triples by their keys, to be looked up again and again.

    Attributes:
        keys: shape (k,), ascending.
        first: of each, the place of its first peak.
        time, pitch: of the first peak of each, shape (k,).
    """

    keys: Keys
    first: Indices
    time: Floats
    pitch: Floats

    @classmethod
    def of_work(cls, found: Triples, peaks: Peaks) -> KeyedTriples:
        """Those of a work, but for what it has again and again, as a steady tone has."""
        every = cls._sorted(found.keys(), found.first, peaks)
        first = np.searchsorted(every.keys, every.keys)
        few = np.searchsorted(every.keys, every.keys, side="right") - first <= _MAX_SAME_KEYS
        return cls(every.keys[few], every.first[few], every.time[few], every.pitch[few])

    @classmethod
    def of_upload(cls, found: Triples, peaks: Peaks, tempo: float, cents: Sequence[float]) -> KeyedTriples:
        """Those that an upload would have before each of such changes, see `Triples.keys`."""
        keys = np.concatenate([found.keys(tempo, each) for each in cents])
        return cls._sorted(keys, np.tile(found.first, len(cents)), peaks)

    @classmethod
    def _sorted(cls, keys: Keys, first: Indices, peaks: Peaks) -> KeyedTriples:
        order = np.argsort(keys, kind="stable")
        first = first[order]
        return cls(keys[order], first, peaks.time[first], peaks.pitch[first])


def points(upload: KeyedTriples, work: KeyedTriples) -> Doubles:
    """Times of the upload and the work, and intervals of pitch, of the triples that both have.

    Returns:
        Shape (n, 3): second of the upload, second of the work, cents that the work is higher.
    """
    low = np.searchsorted(upload.keys, work.keys)
    count = np.searchsorted(upload.keys, work.keys, side="right") - low
    which, other = np.repeat(np.arange(len(low)), count), ranges(low, count)
    _, once = np.unique(upload.first[other] * len(low) + which, return_index=True)
    which, other = which[once], other[once]
    return np.stack(
        (
            upload.time[other].astype(np.float64),
            work.time[which].astype(np.float64),
            (work.pitch[which] - upload.pitch[other]).astype(np.float64),
        ),
        axis=1,
    )


def best_lines(found: Doubles, tempo: float) -> list[Line]:
    """The lines that most points lie on: of all that are about so fast, and of those exactly so fast."""
    if len(found) < _MIN_ON_LINE:
        return []
    if len(found) > _MAX_POINTS:
        found = found[np.random.default_rng(0).choice(len(found), _MAX_POINTS, replace=False)]
    tempos = tempo * _TEMPOS
    offset = found[:, 1][None] - tempos[:, None] * found[:, 0][None]
    # Votes for cells of tempo, offset and pitch, each cell half over the next. Many triples of one first peak are one
    # witness.
    _, instant = np.unique(found[:, 0], return_inverse=True)
    row = np.arange(len(tempos))[:, None]
    cell = np.stack(
        [
            ((row * 2 + half) << 40)
            + ((np.floor(offset / _CELL_SECONDS + half / 2).astype(np.int64) + (1 << 23)) << 8)
            + (np.floor(found[:, 2] / _CELL_CENTS + half / 2).astype(np.int64) + 128)[None]
            for half in (0, 1)
        ]
    )
    votes = np.unique(cell * len(found) + instant)
    cells, witnesses = np.unique(votes // len(found), return_counts=True)
    exactly = cells >> 41 == len(tempos) // 2
    chosen = {int(np.argmax(witnesses)), int(np.argmax(np.where(exactly, witnesses, 0)))}
    out = []
    for n in sorted(chosen):
        if witnesses[n] >= _MIN_ON_LINE:
            half, which = int(cells[n]) >> 40 & 1, int(cells[n]) >> 41
            out.append(_through(found[cell[half, which] == cells[n]], float(tempos[which])))
    return out


def _through(points: Doubles, tempo: float) -> Line:
    """The line through points that lie on one of about this tempo."""
    x, y, cents = points.T
    if np.ptp(x) > 1.0:
        fitted = np.polyfit(x, y, 1)
        if abs(fitted[0] / tempo - 1) < _MAX_TEMPO_OFF:
            return Line(float(fitted[0]), float(fitted[1]), float(np.median(cents)))
    return Line(tempo, float(np.median(y - tempo * x)), float(np.median(cents)))


def refined(line: Line, upload: Peaks, work: Peaks) -> Line:
    """The line laid through the peaks themselves."""
    for _ in range(_REFINEMENTS):
        which, other = heard(line, upload, work)
        if len(which) < _MIN_ON_LINE or np.ptp(upload.time[other]) < 1.0:
            return line
        x, y = upload.time[other].astype(np.float64), work.time[which].astype(np.float64)
        tempo, offset = np.polyfit(x, y, 1)
        if not MIN_TEMPO < tempo < MAX_TEMPO:
            return line
        cents = float(np.median(work.pitch[which] - upload.pitch[other]))
        line = Line(float(tempo), float(offset), cents)
    return line


def heard(line: Line, upload: Peaks, work: Peaks) -> tuple[Indices, Indices]:
    """Which peaks of the work are heard in the upload, and by which of its peaks, each by the nearest in time."""
    when = (work.time - line.offset) / line.tempo
    low = np.searchsorted(upload.time, when - TIME_TOLERANCE)
    count = np.searchsorted(upload.time, when + TIME_TOLERANCE) - low
    which, other = np.repeat(np.arange(len(work)), count), ranges(low, count)
    near = np.abs(work.pitch[which] - line.cents - upload.pitch[other]) < PITCH_TOLERANCE
    which, other = which[near], other[near]
    off = np.abs(upload.time[other] - when[which])
    order = np.lexsort((off, which))
    first = order[np.diff(which[order], prepend=-1) > 0]
    return which[first], other[first]


def stretch(line: Line, upload: Peaks, work: Peaks, names: Keys, taken: NDArray[np.bool_]) -> Stretch | None:
    """The stretch of the work that a line says is heard, where it is most evident; None where nothing is.

    Args:
        names: of the work's peaks, see `triples.names`.
        taken: of the upload's peaks, those that other stretches explain already.
    """
    if not len(upload):
        return None
    ends = np.array([upload.time[0] - 0.1, upload.time[-1] + 0.1]) * line.tempo + line.offset
    a, b = np.searchsorted(work.time, ends).tolist()
    part = work.slice(a, b)
    if len(part) < 2 * _MIN_ON_LINE:
        return None
    is_heard = np.zeros(len(part), dtype=np.bool_)
    which, other = heard(line, upload, part)
    which, other = which[~taken[other]], other[~taken[other]]
    is_heard[which] = True
    if is_heard.sum() < 2 * _MIN_ON_LINE:
        return None
    when = (part.time.astype(np.float64) - line.offset) / line.tempo
    pitch = part.pitch - np.float32(line.cents)
    around = _middle(which)
    elsewhere = evidence.shares_elsewhere(when[around], pitch[around], upload)
    chance = max(float(elsewhere.mean()), _MIN_CHANCE) if len(elsewhere) else _CHANCE
    start, stop = _best_run(is_heard, max(_FIRST_SHARE, 3 * chance), chance)
    share = float(is_heard[start:stop].mean()) if stop > start else 0.0
    if share <= chance:
        return None
    # Once more with what is now known to be the rate.
    start, stop = _best_run(is_heard, share, chance)
    inside = (which >= start) & (which < stop)
    which, other = which[inside], other[inside]
    of_copy = evidence.of_copy(
        part.slice(start, stop),
        is_heard[start:stop],
        names[a + start : a + stop],
        chance,
        when[which] - upload.time[other],
        pitch[which] - upload.pitch[other],
    )
    around = _middle(np.arange(start, stop))
    elsewhere = evidence.shares_elsewhere(when[around], pitch[around], upload)
    of_copy *= evidence.no_other_pattern(float(is_heard[start:stop].mean()), elsewhere)
    span = float(part.time[start]), float(part.time[stop - 1])
    there = tuple((each - line.offset) / line.tempo for each in span)
    return Stretch(line, (there[0], there[1]), span, of_copy)


def _middle(places: Indices) -> slice:
    """Some hundred places around the middle of those given, at most from the first to the last."""
    middle = int(places[len(places) // 2])
    return slice(
        max(int(places[0]), middle - _MAX_CONTROLLED // 2), min(int(places[-1]) + 1, middle + _MAX_CONTROLLED // 2)
    )


def _best_run(heard: NDArray[np.bool_], share: float, chance: float) -> tuple[int, int]:
    """The run of peaks that speaks most for a copy in which this share is heard (maximum-sum segment)."""
    total = np.concatenate(([0.0], np.cumsum(evidence.gains(heard, share, chance))))
    lowest = np.minimum.accumulate(total)
    stop = int(np.argmax(total - lowest))
    start = int(np.flatnonzero(total[: stop + 1] == lowest[stop])[-1])
    return start, stop
