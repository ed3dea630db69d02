"""Where an upload's peaks lie on a work's: straight lines of time against time, at one interval of pitch.

Triples that both have give points; a line through two of them says how fast and how high the upload was played, and
the line with most points on it is laid exactly through the peaks. What lies on it is then counted peak by peak: of the
work's peaks that the line says should be heard, how many are, compared with how many would be by chance if the upload
lay elsewhere. The stretch where that speaks for the copy is the segment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .peaks import Floats, Peaks
from .triples import Indices, Triples

MIN_TEMPO, MAX_TEMPO = 0.74, 1.36  # seconds of the work a second of the upload
_MAX_POINTS = 400
_MAX_LINES = 4000
_MIN_APART = 0.5  # seconds between two points that a line is drawn through
_MAX_OFF, _MAX_CENTS_OFF = 0.04, 60.0  # of a point from its line
_MIN_ON_LINE = 4  # first peaks of triples
_TIME_TOLERANCE, _PITCH_TOLERANCE = 0.03, 40.0  # seconds, cents: within which a peak is heard
_CONTROLS = (-7.3, -4.1, -2.3, -1.3, 1.1, 1.9, 3.7, 6.7)  # seconds elsewhere
_REFINEMENTS = 3
_MIN_CHANCE, _CHANCE = 0.02, 0.06  # share of peaks heard by chance: at least, and where it cannot be counted
_FIRST_SHARE, _MAX_SHARE = 0.3, 0.97  # of a copy's peaks that are heard: supposed first, and at most

Doubles = NDArray[np.float64]


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
        heard: share of the work's peaks that are heard.
        chance: share that would be heard elsewhere in the upload.
        expected: how many peaks the work has there.
    """

    line: Line
    upload: tuple[float, float]
    work: tuple[float, float]
    evidence: float
    heard: float
    chance: float
    expected: int


def points(upload: Triples, at: Floats, work: Triples, there: Floats, tempo: float, cents: float) -> Doubles:
    """Times of the upload and the work, and intervals of pitch, of the triples that both have.

    Args:
        at, there: times of the peaks of both.
        tempo, cents: as for `Triples.keys`, of the upload.

    Returns:
        Shape (n, 3): second of the upload, second of the work, cents that the work is higher.
    """
    asked, kept = upload.keys(tempo, cents), work.keys()
    order = np.argsort(kept, kind="stable")
    low = np.searchsorted(kept, asked, sorter=order)
    count = np.searchsorted(kept, asked, side="right", sorter=order) - low
    count[count > 8] = 0  # a steady tone has one key again and again
    which = np.repeat(np.arange(len(asked)), count)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    other = order[low[which] + place]
    return np.stack(
        (
            at[upload.first[which]].astype(np.float64),
            there[work.first[other]].astype(np.float64),
            (work.pitch[other] - upload.pitch[which]).astype(np.float64),
        ),
        axis=1,
    )


def best_line(found: Doubles) -> Line | None:
    """The line that most points lie on; None where too few do."""
    if len(found) < _MIN_ON_LINE:
        return None
    chosen = np.random.default_rng(0)
    some = found if len(found) <= _MAX_POINTS else found[chosen.choice(len(found), _MAX_POINTS, replace=False)]
    a, b = np.triu_indices(len(some), 1)
    apart = some[b, 0] - some[a, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        tempo = (some[b, 1] - some[a, 1]) / apart
    good = (np.abs(apart) >= _MIN_APART) & (tempo > MIN_TEMPO) & (tempo < MAX_TEMPO)
    good &= np.abs(some[a, 2] - some[b, 2]) < _MAX_CENTS_OFF
    lines = np.flatnonzero(good)
    if not len(lines):
        return None
    if len(lines) > _MAX_LINES:
        lines = chosen.choice(lines, _MAX_LINES, replace=False)
    tempo, first = tempo[lines], a[lines]
    offset = some[first, 1] - tempo * some[first, 0]
    off = np.abs(some[:, 1][None] - tempo[:, None] * some[:, 0][None] - offset[:, None]) < _MAX_OFF
    off &= np.abs(some[:, 2][None] - some[first, 2][:, None]) < _MAX_CENTS_OFF
    # Many triples of one first peak are one witness.
    _, instant = np.unique(some[:, 0], return_inverse=True)
    order = np.argsort(instant, kind="stable")
    starts = np.flatnonzero(np.diff(instant[order], prepend=-1))
    witnesses = np.logical_or.reduceat(off[:, order], starts, axis=1).sum(axis=1)
    best = int(np.argmax(witnesses))
    if witnesses[best] < _MIN_ON_LINE:
        return None
    on = some[off[best]]
    if np.ptp(on[:, 0]) > 1.0:
        fitted = np.polyfit(on[:, 0], on[:, 1], 1)
        if MIN_TEMPO < fitted[0] < MAX_TEMPO:
            return Line(float(fitted[0]), float(fitted[1]), float(np.median(on[:, 2])))
    return Line(float(tempo[best]), float(offset[best]), float(np.median(on[:, 2])))


def refined(line: Line, upload: Peaks, work: Peaks) -> Line:
    """The line laid through the peaks themselves."""
    for _ in range(_REFINEMENTS):
        heard, other = _heard(line, upload, work)
        if len(heard) < _MIN_ON_LINE or np.ptp(upload.time[other]) < 1.0:
            return line
        x, y = upload.time[other].astype(np.float64), work.time[heard].astype(np.float64)
        tempo, offset = np.polyfit(x, y, 1)
        if not MIN_TEMPO < tempo < MAX_TEMPO:
            return line
        cents = float(np.median(work.pitch[heard] - upload.pitch[other]))
        line = Line(float(tempo), float(offset), cents)
    return line


def _heard(line: Line, upload: Peaks, work: Peaks, shift: float = 0.0) -> tuple[Indices, Indices]:
    """Which peaks of the work are heard in the upload, and by which of its peaks, each by the nearest in time.

    Args:
        shift: seconds of the upload by which it is laid elsewhere, for control.
    """
    when = (work.time - line.offset) / line.tempo + shift
    low = np.searchsorted(upload.time, when - _TIME_TOLERANCE)
    count = np.searchsorted(upload.time, when + _TIME_TOLERANCE) - low
    which = np.repeat(np.arange(len(work)), count)
    other = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)
    near = np.abs(work.pitch[which] - line.cents - upload.pitch[other]) < _PITCH_TOLERANCE
    which, other = which[near], other[near]
    off = np.abs(upload.time[other] - when[which])
    order = np.lexsort((off, which))
    first = order[np.diff(which[order], prepend=-1) > 0]
    return which[first], other[first]


def stretch(line: Line, upload: Peaks, work: Peaks, taken: NDArray[np.bool_] | None = None) -> Stretch | None:
    """The stretch of the work that a line says is heard, where it is most evident; None where nothing is.

    Args:
        taken: of the upload's peaks, those that other stretches explain already.
    """
    if not len(upload):
        return None
    ends = np.array([upload.time[0] - 0.1, upload.time[-1] + 0.1]) * line.tempo + line.offset
    a, b = np.searchsorted(work.time, ends).tolist()
    part = Peaks(work.time[a:b], work.pitch[a:b], work.strength[a:b])
    if len(part) < 2 * _MIN_ON_LINE:
        return None
    heard = np.zeros(len(part), dtype=np.bool_)
    which, other = _heard(line, upload, part)
    if taken is not None:
        which = which[~taken[other]]
    heard[which] = True
    if heard.sum() < 2 * _MIN_ON_LINE:
        return None
    chance = max(_by_chance(line, upload, part), _MIN_CHANCE)
    start, stop = _best_run(heard, max(_FIRST_SHARE, 3 * chance), chance)
    share = float(heard[start:stop].mean()) if stop > start else 0.0
    if share <= chance:
        return None
    # Once more with what is now known to be the rate.
    start, stop = _best_run(heard, share, chance)
    share = float(heard[start:stop].mean())
    evidence = float(_gains(heard[start:stop], share, chance).sum())
    span = float(part.time[start]), float(part.time[stop - 1])
    there = tuple((each - line.offset) / line.tempo for each in span)
    return Stretch(line, (there[0], there[1]), span, evidence, share, chance, stop - start)


def _by_chance(line: Line, upload: Peaks, part: Peaks) -> float:
    """The share of a work's peaks that would be heard if the upload lay elsewhere."""
    shares = []
    for shift in _CONTROLS:
        when = (part.time - line.offset) / line.tempo + shift
        inside: NDArray[np.bool_] = (when > upload.time[0]) & (when < upload.time[-1])
        if inside.sum() >= _MIN_ON_LINE:
            some = Peaks(part.time[inside], part.pitch[inside], part.strength[inside])
            shares.append(len(_heard(line, upload, some, shift)[0]) / int(inside.sum()))
    return float(np.mean(shares)) if shares else _CHANCE


def _best_run(heard: NDArray[np.bool_], share: float, chance: float) -> tuple[int, int]:
    """The run of peaks that speaks most for a copy in which this share is heard (maximum-sum segment)."""
    total = np.concatenate(([0.0], np.cumsum(_gains(heard, share, chance))))
    lowest = np.minimum.accumulate(total)
    stop = int(np.argmax(total - lowest))
    start = int(np.flatnonzero(total[: stop + 1] == lowest[stop])[-1])
    return start, stop


def _gains(heard: NDArray[np.bool_], share: float, chance: float) -> Doubles:
    """What each peak adds to the logarithm of the ratio of likelihoods: heard in a copy, or by chance."""
    share = min(share, _MAX_SHARE)
    gains = np.full(len(heard), np.log((1 - share) / (1 - chance)))
    gains[heard] = np.log(share / chance)
    return gains
