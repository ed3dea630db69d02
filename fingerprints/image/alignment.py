"""Laying a work on an upload: descriptor matches vote for a similarity, which is refined to a homography.

Points are those of the frames' planes, in pixels; a transform maps the work's plane to the upload's. A mirrored form is
handled by reflecting the upload first, so that every transform of the first steps keeps its sense.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .codec import Frame
from .keypoints import INVERTED, MIRRORED
from .transforms import affine, homography, jacobian, moved, residuals, scale

_ALIKE = 0.62  # cosine of projected descriptors from which two places may be the same
_MOST = 384  # pairs that vote
_RATIO = 0.97  # of the distance to the next best place of the work; repeated patterns vote, but for less
_CLEAR = 0.5  # weight of a pair from which its place is taken to have no other like it
_MANY_CLEAR = 0.1  # share of the pairs; where fewer are clear, they may be so by chance: see `pairs`
_EQUAL, _ONE_OF_MANY = 0.9, 0.6  # cosine from which a pair that is not clear counts there, and how much it weighs
_LEADING = 128  # of these pairs, the best, each proposes a transform
_OCTAVES = 0.55  # how far sizes (log2) of one transform's pairs may differ
_COSINE = math.cos(math.radians(26.0))  # likewise, angles
_NEAR, _SLOPE = 4.0, 0.14  # pixels of the work's plane, and share of the distance from the voting pair
_CLOSE = 3.0  # pixels of the work's plane within which a pair agrees with the refined transform
_USUAL = 20  # pairs that are always there
_HOMOGRAPHY = 16  # pairs from which perspective is fitted
_STRAIGHT = 0.5  # pixels of the work's plane, by which pairs may be off, in the mean, without perspective being tried
_FEW = 5  # pairs from which a transform that is known is fitted again
_GUIDED = 6.0  # as _CLOSE, around where a transform not yet refined puts a keypoint
_GUIDED_ALIKE = 0.5  # as _ALIKE, where it is known which place it has to be
_RING = 24.0  # pixels of the work's plane; pairs that are off by less, but by more than _GUIDED, are there by chance

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """
    Attributes:
        matrix: float64, shape (3, 3), from the work's plane to the upload's.
        form: see `keypoints.form`: how the upload differs from the work besides.
        places: int, shape (n,): which keypoints of the work agree, each once.
        upload: int, shape (n,): with which of the upload.
        residual: root mean square, pixels of the work's plane.
        tried: pairs that voted.
        votes: of these, those that agreed.
        surprise: how unlikely it is that so many pairs agree by chance, natural logarithm; 0 where nothing is known.
    """

    matrix: Floats
    form: int
    places: NDArray[np.int64]
    upload: NDArray[np.int64]
    residual: float
    tried: int
    votes: int
    surprise: float = 0.0


def pairs(alike: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Places that look alike: indices of the upload and the work, and how much each pair's vote weighs.

    Args:
        alike: cosines of the upload's n and the work's m projected descriptors, shape (n, m).
    """
    if not len(alike) or alike.shape[1] < 2:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, np.zeros(0)
    rows = np.arange(len(alike))
    best = alike.argmax(axis=1)
    first = alike[rows, best]
    few = np.flatnonzero(first > _ALIKE)
    if not len(few):
        return few, few, np.zeros(0)
    near = alike[few]
    near[np.arange(len(few)), best[few]] = -1.0
    second = near.max(axis=1)
    ratio = np.sqrt(np.maximum(1 - first[few], 0) / np.maximum(1 - second, 1e-6))
    # Of a work's place that attracts many of the upload's the best count.
    weight = np.clip((_RATIO - ratio) / 0.2, 0.1, 1.0) * np.clip((first[few] - _ALIKE) / 0.2, 0.1, 1.0)
    # Of a ring of equal spokes each place has many like it: what little is clear would outvote all of them.
    if np.count_nonzero(weight > _CLEAR) < _MANY_CLEAR * len(weight):
        weight = np.where(first[few] > _EQUAL, np.maximum(weight, _ONE_OF_MANY), weight)
    order = np.argsort(-weight, kind="stable")[:_MOST]
    return few[order], best[few][order], weight[order].astype(np.float64)


def agreeing(upload: Frame, work: Frame, voters: NDArray[np.int64], alike: NDArray[np.float32], form: int) -> float:
    """How strongly some of the upload's keypoints agree on a transform, 0 where fewer than three do: a cheap look
    before `align`. The more pairs there are, the more of them agree by chance.

    Args:
        voters: which keypoints of the upload.
        alike: of these, as of `pairs`.
    """
    left, right, weight = pairs(alike)
    if len(left) < 3:
        return 0.0
    agree = _vote(*_geometry(upload, work, voters[left], right, form), weight)
    return 0.0 if agree is None else _distinct(right[agree]) / math.sqrt(len(left) + _USUAL)


def align(upload: Frame, work: Frame, alike: NDArray[np.float32], form: int) -> Alignment | None:
    """The transform that most of the places which look alike agree on; None where fewer than three do.

    Args:
        alike: as of `pairs`, the upload's descriptors being of this form.
    """
    left, right, weight = pairs(alike)
    if len(left) < 3:
        return None
    here, there, octaves, turns = _geometry(upload, work, left, right, form)
    agree = _vote(here, there, octaves, turns, weight)
    if agree is None:
        return None
    matrix, inside, residual = _refined(here, there, weight, agree, (work.width, work.height))
    if matrix is None or inside is None:
        return None
    # Each place of the work counts once, with the pair that fits best; several of the upload may claim it.
    order = inside[np.argsort(residual[inside], kind="stable")]
    _, first = np.unique(right[order], return_index=True)
    order = order[first]
    _, first = np.unique(np.rint(there[order] / 2) @ (1, 4096), return_index=True)
    order = order[first]
    if len(order) < 3:
        return None
    if form & MIRRORED:
        matrix = np.diag((-1.0, 1.0, 1.0)) @ matrix
    spread = float(np.sqrt((residual[order] ** 2).mean()))
    return Alignment(matrix, form, right[order], left[order], spread, len(left), len(order))


def guided(
    upload: Frame, work: Frame, matrix: Floats, form: int, alike: NDArray[np.float32], tried: int, votes: int
) -> Alignment | None:
    """The places that agree with a transform which is known, whatever else looks like them, and the transform refined.

    Letters over a picture take the place of the best pair of nearly every keypoint; where one has to look is known now,
    and few others are there.

    Args:
        alike: as of `align`.
        tried, votes: as the alignment is to have them.
    """
    left, right = np.divmod(np.flatnonzero(alike.ravel() > _GUIDED_ALIKE), alike.shape[1])
    left, right, away = _near(upload, work, matrix, form, left, right, _RING)
    close = away < _GUIDED
    around = np.count_nonzero(~close) / (_RING**2 - _GUIDED**2)
    left, right, away = left[close], right[close], away[close]
    out: Alignment | None = None
    for reach in (_GUIDED, _CLOSE):
        if out is not None:
            left, right, away = _near(upload, work, matrix, form, left, right, reach)
        surprise = _surprise(len(left), around * reach**2)
        one, other, residual = _each_once(left, right, alike[left, right], away)
        if len(one) < 3:
            break
        here, there = work.points[other].astype(np.float64), upload.points[one].astype(np.float64)
        matrix, spread = _closer(matrix, here, there, residual, (work.width, work.height))
        out = Alignment(matrix, form, other, one, spread, tried, votes, surprise)
    return out


def _near(
    upload: Frame,
    work: Frame,
    matrix: Floats,
    form: int,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    reach: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Of pairs those near where the transform puts them, of the size and direction it gives them; how far off each is,
    pixels of the work's plane."""
    here = work.points.astype(np.float64)
    put = moved(matrix, here).astype(np.float32)
    size = scale(matrix, work.middle)
    off = upload.points[left] - put[right]
    square = off[:, 0] * off[:, 0] + off[:, 1] * off[:, 1]
    close = np.flatnonzero(square < (reach * size) ** 2)
    left, right, away = left[close], right[close], np.sqrt(square[close].astype(np.float64)) / size
    direction = np.deg2rad(work.angles[right].astype(np.float64))
    ahead = moved(matrix, here[right] + np.column_stack((np.cos(direction), np.sin(direction)))) - put[right]
    turned = np.arctan2(ahead[:, 1], ahead[:, 0]) + (np.pi if form & INVERTED else 0.0)
    octaves = np.abs(np.log2(upload.sizes[left] / work.sizes[right]) - np.log2(size))
    fits = (octaves < _OCTAVES) & (np.cos(np.deg2rad(upload.angles[left]) - turned) > _COSINE)
    return left[fits], right[fits], away[fits]


def _surprise(count: int, usual: float) -> float:
    """Chernoff's bound on the probability that a Poisson variable reaches ``count``, as a logarithm, sign changed: the
    number of false alarms of Desolneux, Moisan, Morel (Meaningful alignments, 2000) but for the number of tests."""
    usual = max(usual, 0.5)
    return count * math.log(count / usual) - count + usual if count > usual else 0.0


def _each_once(
    left: NDArray[np.int64], right: NDArray[np.int64], alike: NDArray[np.float32], away: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """The most alike of the pairs that share a keypoint."""
    order = np.argsort(-alike, kind="stable")
    for side in (left, right):
        _, first = np.unique(side[order], return_index=True)
        order = order[np.sort(first)]
    return left[order], right[order], away[order]


def _closer(
    matrix: Floats, here: Floats, there: Floats, residual: Floats, size: tuple[int, int]
) -> tuple[Floats, float]:
    """A transform fitted to pairs that agree with one, and their spread under it; that one where they are too few or
    fit no better.

    Args:
        size: of the work's plane.
    """
    options = [(_spread(matrix, here, there), matrix)]
    if len(here) >= _FEW:
        sense = np.diag((math.copysign(1.0, np.linalg.det(jacobian(matrix, here.mean(axis=0)))), 1.0, 1.0))
        unreflected = moved(sense, there)
        straight = affine(here, unreflected, np.ones(len(here)), residual)
        if straight is not None:
            options.append((_spread(sense @ straight, here, there), sense @ straight))
        if len(here) >= _HOMOGRAPHY and options[-1][0] > _STRAIGHT:
            bent = homography(here, unreflected, size)
            if bent is not None:
                options.append((_spread(sense @ bent, here, there), sense @ bent))
    spread, closest = min(options, key=lambda each: each[0])
    return closest, spread


def _spread(matrix: Floats, here: Floats, there: Floats) -> float:
    """Root mean square of the residuals."""
    return float(np.sqrt((residuals(matrix, here, there) ** 2).mean()))


def _geometry(
    upload: Frame, work: Frame, left: NDArray[np.int64], right: NDArray[np.int64], form: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Of pairs: points of the work, points of the upload reflected where the form is mirrored, the ratios of their
    sizes (log2) and the turns from one to the other (degrees)."""
    there, angles = upload.points[left].astype(np.float64), upload.angles[left].astype(np.float64)
    if form & MIRRORED:
        there = there * (-1, 1)
        angles = 180 - angles
    if form & INVERTED:
        angles = angles + 180
    octaves = np.log2(upload.sizes[left] / work.sizes[right])
    return work.points[right].astype(np.float64), there, octaves, angles - work.angles[right]


def _vote(here: Floats, there: Floats, octaves: Floats, turns: Floats, weight: Floats) -> NDArray[np.int64] | None:
    """The largest set of pairs that agree with the similarity of one of the best pairs; nothing is drawn at random."""
    x, y, u, v, size, turn = (values.astype(np.float32) for values in (*here.T, *there.T, octaves, np.deg2rad(turns)))
    lead = slice(min(len(here), _LEADING))  # pairs come best first
    cosine, sine, scale = np.cos(turn), np.sin(turn), np.exp2(size[lead])
    a, b = cosine[lead] * scale, sine[lead] * scale
    # Of each leading pair's similarity (rows) and each pair (columns), as products of matrices.
    plane, square = np.stack((x, y, np.ones_like(x))), x * x + y * y
    right = np.stack((a, -b, u[lead] - a * x[lead] + b * y[lead]), axis=1) @ plane - u
    down = np.stack((b, a, v[lead] - b * x[lead] - a * y[lead]), axis=1) @ plane - v
    far = np.stack((-2 * x[lead], -2 * y[lead]), axis=1) @ plane[:2] + square + square[lead, None]
    allowed = _SLOPE * np.sqrt(np.maximum(far, 0, out=far), out=far)
    allowed += _NEAR
    allowed *= scale[:, None]
    fits = right * right + down * down < allowed * allowed
    fits &= np.stack((cosine[lead], sine[lead]), axis=1) @ np.stack((cosine, sine)) > _COSINE
    fits &= np.abs(size - size[lead, None]) < _OCTAVES
    # Many pairs at one place are one witness.
    cell = np.rint(here / 3).astype(np.int64) @ (1, 128)
    crowd = np.bincount(cell, weights=weight)[cell]
    votes = fits @ (weight * np.minimum(crowd, 1.0) / np.maximum(crowd, 1e-9))
    agree = np.flatnonzero(fits[int(votes.argmax())])
    return agree if _distinct(cell[agree]) >= 3 else None


def _distinct(numbers: NDArray[np.int64]) -> int:
    """How many different ones; of a few dozen a set counts them several times as fast as NumPy."""
    return len(set(numbers.tolist()))


def _refined(
    here: Floats, there: Floats, weight: Floats, agree: NDArray[np.int64], size: tuple[int, int]
) -> tuple[Floats | None, NDArray[np.int64] | None, Floats]:
    """An affine map fitted to the pairs that agree, again and again, then a homography where that leaves much."""
    matrix: Floats | None = None
    residual = np.full(len(here), np.inf)
    for tolerance in (2.5 * _CLOSE, 1.5 * _CLOSE, _CLOSE, _CLOSE):
        matrix = affine(here[agree], there[agree], weight[agree], residual[agree])
        if matrix is None:
            return None, None, residual
        residual = residuals(matrix, here, there)
        agree = np.flatnonzero(residual < tolerance)
        if len(agree) < 3:
            return None, None, residual
    if len(agree) >= _HOMOGRAPHY and np.sqrt((residual[agree] ** 2).mean()) > _STRAIGHT:
        bent = homography(here[agree], there[agree], size)
        if bent is not None:
            closer = residuals(bent, here, there)
            inside = np.flatnonzero(closer < _CLOSE)
            if len(inside) >= len(agree):
                return bent, inside, closer
    return matrix, agree, residual
