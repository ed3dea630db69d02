"""How much speaks for a copy: what of a work is heard in an upload, weighed against what would be heard of no copy.

No copies are: other sound (chance), another pattern of the same samples, another performance of the same piece, the
same jingle. Each of them leaves traces that noise, codecs and changes of speed do not.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..index.postings import ranges
from .peaks import Floats, Peaks
from .triples import Indices, Keys

TIME_TOLERANCE, PITCH_TOLERANCE = 0.03, 40.0  # seconds, cents: within which a peak is heard
_REACH = 8.0  # seconds elsewhere, both ways, for control
_NOT_ELSEWHERE = 0.2  # seconds
_MIN_LAID = 20, 0.3  # peaks, and share of them, that must lie on the upload elsewhere
_RIVAL = 0.95  # quantile of the shares elsewhere that is that of a beat, where there is one
_RIVAL_FROM, _RIVAL_TO = (
    0.1,
    0.6,
)  # logarithm of what is heard over what is heard a beat later: none and all of it counts
_CLASSES = 5  # of strength
_INSTANT = 0.1  # seconds of the work whose peaks are of one event
_ONE_EVENT = 0.06  # seconds from a peak to the next within which both are of one event, mostly
_MIN_PAIRS = 10  # of such, to tell
_TOGETHER_FROM, _TOGETHER_TO = 0.006, 0.009  # seconds: events so early or late count in full, not at all
_OFF_BY_CHANCE = 2 * TIME_TOLERANCE / 12**0.5, 2 * PITCH_TOLERANCE / 12**0.5  # standard deviations where all is even
_SPARSE_FROM, _SPARSE_TO = 0.62, 0.75  # share heard and share of that deviation: what counts not at all, and in full
_LEAST_OFF = 0.004, 3.0  # seconds, cents: no copy is measured closer
_NORMAL_IN_UNIFORM = -0.176  # entropy of a uniform distribution less that of a normal one as wide, natural logarithm
_MAX_SHARE = 0.97  # of a copy's peaks that are heard, at most

Doubles = NDArray[np.float64]


def shares_elsewhere(when: Doubles, pitch: Floats, upload: Peaks) -> Doubles:
    """The shares of a work's peaks that are heard if the upload is laid elsewhere, for each place 30 ms from the next.

    Args:
        when, pitch: where the peaks would be heard, seconds and cents, in the order of time.
    """
    near = upload.between(float(when[0]) - _REACH, float(when[-1]) + _REACH)
    order = np.argsort(near.pitch, kind="stable")
    pitches, times = near.pitch[order], near.time[order]
    low = np.searchsorted(pitches, pitch - np.float32(PITCH_TOLERANCE))
    count = np.searchsorted(pitches, pitch + np.float32(PITCH_TOLERANCE)) - low
    later = times[ranges(low, count)] - np.repeat(when, count)
    later = later[np.abs(later) < _REACH]
    places = int(2 * _REACH / TIME_TOLERANCE)
    met = np.bincount(np.floor((later + _REACH) / TIME_TOLERANCE).astype(np.int64), minlength=places)[:places]
    lag = np.arange(1, places) * TIME_TOLERANCE - _REACH
    ends = np.array([near.time[0], near.time[-1]]) if len(near) else np.zeros(2)
    laid = np.searchsorted(when, ends[1] - lag) - np.searchsorted(when, ends[0] - lag)
    told = (laid >= max(_MIN_LAID[0], _MIN_LAID[1] * len(when))) & (np.abs(lag) > _NOT_ELSEWHERE)
    shares: Doubles = (met[:-1] + met[1:])[told] / laid[told]
    return shares


def gains(heard: NDArray[np.bool_], share: float | Doubles, chance: float) -> Doubles:
    """What each peak adds to the logarithm of the ratio of likelihoods: heard in a copy, or by chance."""
    share = np.minimum(share, _MAX_SHARE)
    out: Doubles = np.where(heard, np.log(share / chance), np.log((1 - share) / (1 - chance)))
    return out


def of_copy(
    part: Peaks, heard: NDArray[np.bool_], names: Keys, chance: float, seconds_off: Doubles, cents_off: Floats
) -> float:
    """How much speaks for a copy: natural logarithm of the ratio of likelihoods, of peaks that are no copies of others.

    What is the same again and again in the stretch (a drum's sample, a metronome) counts once. Peaks that are heard by
    whole instants and missing by whole instants are fewer witnesses than they seem: another pattern of the same sounds
    does that, noise does not (overdispersion; McCullagh and Nelder, Generalized linear models, 1989). And a copy
    keeps time and pitch far within the tolerance: what is spread over it evenly is chance, or another performance.
    What takes peaks away, as noise does, moves the others a little: if few are heard, and these in the very places, the
    recordings have only some sounds in common.

    Args:
        heard: which of the work's peaks are.
        names: see `triples.names`.
        chance: share that is heard of no copy.
        seconds_off, cents_off: of each peak that is heard, how far it is from where it should be.
    """
    _, place, times = np.unique(names, return_inverse=True, return_counts=True)
    weight = 1.0 / times[place]
    share = _shares(part, heard)
    gain = float((weight * gains(heard, share, chance)).sum())
    off = float(np.std(seconds_off)), float(np.std(cents_off))
    spread = [max(off[n], _LEAST_OFF[n]) / _OFF_BY_CHANCE[n] for n in (0, 1)]
    closer = -float(np.log(spread[0])) - float(np.log(spread[1]))
    gain += float(weight[heard].sum()) * max(closer + 2 * _NORMAL_IN_UNIFORM, 0.0)
    steady = min(1.0, max(0.0, 3 * (1 - spread[0]))) * min(1.0, max(0.0, 4 * (1 - spread[1])))
    steady *= min(1.0, max(0.0, (float(heard.mean()) + spread[0] - _SPARSE_FROM) / (_SPARSE_TO - _SPARSE_FROM)))
    return gain * steady * _same_performance(part.time[heard], seconds_off) / _dispersion(part, heard, share)


def no_other_pattern(share: float, elsewhere: Doubles) -> float:
    """How far a stretch is not just on the beat: 1, or less where other patterns of the same sounds are as well heard.

    What is made of a few samples at one tempo is heard anywhere on its beat; a copy is heard best in one place.
    """
    if not len(elsewhere):
        return 1.0
    rival = max(float(np.quantile(elsewhere, _RIVAL)), 1e-3)
    return min(1.0, max(0.0, (float(np.log(share / rival)) - _RIVAL_FROM) / (_RIVAL_TO - _RIVAL_FROM)))


def _same_performance(time: Floats, seconds_off: Doubles) -> float:
    """How far a stretch is the same performance: 1, or less where whole events come early or late.

    Players are never in time by less than ten milliseconds, and then all partials of a note are late together. In a
    copy each peak is off by itself: the covariance of neighbours is nil.
    """
    near = np.diff(time) < _ONE_EVENT
    off = seconds_off - seconds_off.mean()
    if near.sum() < _MIN_PAIRS:
        return 1.0
    together = float((off[:-1] * off[1:])[near].mean())
    surely = math.sqrt(max(0.0, together - float(np.square(off).mean()) / math.sqrt(near.sum())))
    return min(1.0, max(0.0, (_TOGETHER_TO - surely) / (_TOGETHER_TO - _TOGETHER_FROM)))


def _shares(part: Peaks, heard: NDArray[np.bool_]) -> Doubles:
    """Of each peak the share that is heard of those about as strong: noise and codecs take weak ones first."""
    group: Indices = np.argsort(np.argsort(part.strength)) * _CLASSES // len(part)
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
