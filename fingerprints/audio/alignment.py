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

from ..index.postings import ranges
from .peaks import Floats, Peaks
from .triples import Indices, Keys, Triples

MIN_TEMPO, MAX_TEMPO = 0.74, 1.36  # seconds of the work a second of the upload
_MAX_POINTS = 1500
_TEMPOS = np.linspace(0.955, 1.045, 23)  # of what is supposed: closer than two changes of speed that are asked for
_CELL_SECONDS, _CELL_CENTS = 0.09, 100.0  # in which points of a line lie together
_MAX_TEMPO_OFF = 0.02  # of a line laid through points from where it was found
_MIN_ON_LINE = 4  # first peaks of triples
_TIME_TOLERANCE, _PITCH_TOLERANCE = 0.03, 40.0  # seconds, cents: within which a peak is heard
_CONTROLS = (-7.3, -4.1, -2.3, -1.3, 1.1, 1.9, 3.7, 6.7)  # seconds elsewhere
_REFINEMENTS = 3
_CLASSES = 5  # of strength
_INSTANT = 0.1  # seconds of the work whose peaks are of one event
_OFF_BY_CHANCE = 2 * _TIME_TOLERANCE / 12**0.5, 2 * _PITCH_TOLERANCE / 12**0.5  # standard deviations where all is even
_LEAST_OFF = 0.004, 3.0  # seconds, cents: no copy is measured closer
_NORMAL_IN_UNIFORM = -0.176  # entropy of a uniform distribution less that of a normal one as wide, natural logarithm
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
    """

    line: Line
    upload: tuple[float, float]
    work: tuple[float, float]
    evidence: float


@dataclass(frozen=True, slots=True, eq=False)
class WorkTriples:
    """A work's triples by their keys, to be looked up again and again.

    Attributes:
        keys: shape (k,), ascending.
        time, pitch: of the first peak of each, shape (k,).
    """

    keys: Keys
    time: Floats
    pitch: Floats

    @classmethod
    def of(cls, found: Triples, peaks: Peaks) -> WorkTriples:
        """The triples of these peaks."""
        keys = found.keys()
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], peaks.time[found.first[order]], found.pitch[order])


def points(upload: Triples, at: Floats, work: WorkTriples, tempo: float, cents: float) -> Doubles:
    """Times of the upload and the work, and intervals of pitch, of the triples that both have.

    Args:
        at: times of the upload's peaks.
        tempo, cents: as for `Triples.keys`, of the upload.

    Returns:
        Shape (n, 3): second of the upload, second of the work, cents that the work is higher.
    """
    asked = upload.keys(tempo, cents)
    low = np.searchsorted(work.keys, asked)
    count = np.searchsorted(work.keys, asked, side="right") - low
    count[count > 8] = 0  # a steady tone has one key again and again
    which, other = np.repeat(np.arange(len(asked)), count), ranges(low, count)
    return np.stack(
        (
            at[upload.first[which]].astype(np.float64),
            work.time[other].astype(np.float64),
            (work.pitch[other] - upload.pitch[which]).astype(np.float64),
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
    which, other = np.repeat(np.arange(len(work)), count), ranges(low, count)
    near = np.abs(work.pitch[which] - line.cents - upload.pitch[other]) < _PITCH_TOLERANCE
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
    heard = np.zeros(len(part), dtype=np.bool_)
    which, other = _heard(line, upload, part)
    which, other = which[~taken[other]], other[~taken[other]]
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
    inside = (which >= start) & (which < stop)
    off = _off(line, upload, part, which[inside], other[inside])
    evidence = _evidence(part.slice(start, stop), heard[start:stop], names[a + start : a + stop], chance, off)
    span = float(part.time[start]), float(part.time[stop - 1])
    there = tuple((each - line.offset) / line.tempo for each in span)
    return Stretch(line, (there[0], there[1]), span, evidence)


def _off(line: Line, upload: Peaks, part: Peaks, which: Indices, other: Indices) -> tuple[float, float]:
    """How far peaks are heard from where the line says: standard deviations, in seconds and in cents."""
    seconds = (part.time[which] - line.offset) / line.tempo - upload.time[other]
    cents = part.pitch[which] - line.cents - upload.pitch[other]
    return max(float(np.std(seconds)), _LEAST_OFF[0]), max(float(np.std(cents)), _LEAST_OFF[1])


def _evidence(part: Peaks, heard: NDArray[np.bool_], names: Keys, chance: float, off: tuple[float, float]) -> float:
    """How much speaks for a copy: natural logarithm of the ratio of likelihoods, of peaks that are no copies of others.

    What is the same again and again in the stretch (a drum's sample, a metronome) counts once. Peaks that are heard by
    whole instants and missing by whole instants are fewer witnesses than they seem: another pattern of the same sounds
    does that, noise does not (overdispersion; McCullagh and Nelder, Generalized linear models, 1989). And a copy
    keeps time and pitch far within the tolerance: what is spread over it evenly is chance, or another performance.
    """
    _, place, times = np.unique(names, return_inverse=True, return_counts=True)
    weight = 1.0 / times[place]
    share = _shares(part, heard)
    gain = float((weight * _gains(heard, share, chance)).sum())
    spread = [each / limit for each, limit in zip(off, _OFF_BY_CHANCE, strict=True)]
    closer = -float(np.log(spread[0])) - float(np.log(spread[1]))
    gain += float(weight[heard].sum()) * max(closer + 2 * _NORMAL_IN_UNIFORM, 0.0)
    steady = min(1.0, max(0.0, 3 * (1 - spread[0]))) * min(1.0, max(0.0, 4 * (1 - spread[1])))
    return gain * steady / _dispersion(part, heard, share)


def _shares(part: Peaks, heard: NDArray[np.bool_]) -> Doubles:
    """Of each peak the share that is heard of those about as strong: noise and codecs take weak ones first."""
    group = np.argsort(np.argsort(part.strength)) * _CLASSES // len(part)
    many = np.bincount(group, minlength=_CLASSES) + 2.0
    share: Doubles = ((np.bincount(group, heard, minlength=_CLASSES) + 2.0 * heard.mean()) / many)[group]
    return np.clip(share, 1 - _MAX_SHARE, _MAX_SHARE)


def _dispersion(part: Peaks, heard: NDArray[np.bool_], share: Doubles) -> float:
    """How much more the shares that are heard vary from instant to instant than those of independent peaks; 1 or more.

    Both over all, and from each instant to the next.
    """
    _, instant = np.unique(np.floor(part.time / _INSTANT), return_inverse=True)
    excess = np.bincount(instant, heard - share) / np.sqrt(np.bincount(instant, share * (1 - share)))
    if len(excess) < 2:
        return 1.0
    overall = float(np.square(excess).sum()) / (len(excess) - 1)
    stepwise = float(np.square(np.diff(excess)).mean()) / 2
    return max(1.0, overall, stepwise)


def _by_chance(line: Line, upload: Peaks, part: Peaks) -> float:
    """The share of a work's peaks that would be heard if the upload lay elsewhere."""
    shares = []
    for shift in _CONTROLS:
        when = (part.time - line.offset) / line.tempo + shift
        inside: NDArray[np.bool_] = (when > upload.time[0]) & (when < upload.time[-1])
        if inside.sum() >= _MIN_ON_LINE:
            shares.append(len(_heard(line, upload, part.where(inside), shift)[0]) / int(inside.sum()))
    return float(np.mean(shares)) if shares else _CHANCE


def _best_run(heard: NDArray[np.bool_], share: float, chance: float) -> tuple[int, int]:
    """The run of peaks that speaks most for a copy in which this share is heard (maximum-sum segment)."""
    total = np.concatenate(([0.0], np.cumsum(_gains(heard, share, chance))))
    lowest = np.minimum.accumulate(total)
    stop = int(np.argmax(total - lowest))
    start = int(np.flatnonzero(total[: stop + 1] == lowest[stop])[-1])
    return start, stop


def _gains(heard: NDArray[np.bool_], share: float | Doubles, chance: float) -> Doubles:
    """What each peak adds to the logarithm of the ratio of likelihoods: heard in a copy, or by chance."""
    share = np.minimum(share, _MAX_SHARE)
    gains: Doubles = np.where(heard, np.log(share / chance), np.log((1 - share) / (1 - chance)))
    return gains
