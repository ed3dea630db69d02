"""A work aligned with an upload: putative matches vote for a similarity, which is refined to a homography.

Points are those of the frames' planes, in pixels; a transform maps the work's plane to the upload's. A mirrored variant
is handled by reflecting the upload first, so that every transform of the first steps keeps its orientation. In all
functions ``left`` are indices of the upload's keypoints and ``right`` of the work's, of one length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .codec import Frame
from .keypoints import INVERTED, MIRRORED
from .transforms import affine, homography, jacobian, residuals, scale, transformed

_MIN_COSINE = 0.62  # of projected descriptors, for a putative match
_MAX_PUTATIVE = 384  # putative matches that vote
_MAX_DISTANCE_RATIO = 0.97  # to the next best keypoint of the work; repeated patterns vote, but for less
_MIN_CLEAR_WEIGHT = 0.5  # of a match from which its keypoint is taken to have no other like it
_MIN_CLEAR_SHARE = 0.1  # of the matches; where fewer are clear, they may be so by chance: see `putative_matches`
_MIN_REPEATED_COSINE, _REPEATED_WEIGHT = 0.9, 0.6  # from which a match that is not clear counts there, and for how much
_MAX_PROPOSALS = 128  # of the matches, the best, each proposes a similarity
_MAX_OCTAVES = 0.55  # by which sizes (log2) of one transform's matches may differ
_MIN_ANGLE_COSINE = math.cos(math.radians(26.0))  # likewise, angles
_VOTE_TOLERANCE, _VOTE_TOLERANCE_SLOPE = 4.0, 0.14  # pixels of the work's plane, and share of the distance from the
# match that proposes
_INLIER_TOLERANCE = 3.0  # pixels of the work's plane within which a match agrees with the refined transform
_CHANCE_MATCHES = 20  # that are always there
_MIN_HOMOGRAPHY_MATCHES = 16
_MAX_AFFINE_RMS = 0.5  # pixels of the work's plane, up to which perspective is not tried
_MIN_REFIT_MATCHES = 5  # from which a transform that is known is fitted again
_GUIDED_TOLERANCE = 6.0  # as _INLIER_TOLERANCE, around where a transform not yet refined puts a keypoint
_MIN_GUIDED_COSINE = 0.5  # as _MIN_COSINE, where it is known which keypoint it has to be
_BACKGROUND_RADIUS = 24.0  # pixels of the work's plane; matches that are off by less, but by more than
# _GUIDED_TOLERANCE, are there by chance

Floats = NDArray[np.floating]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A transform, and the keypoints that agree with it.

    Attributes:
        matrix: float64, shape (3, 3), from the work's plane to the upload's.
        variant: see `keypoints.permuted`: how the upload differs from the work besides.
        work_inliers: shape (n,): which keypoints of the work agree, each once.
        upload_inliers: shape (n,): with which of the upload.
        rms_residual: root mean square, pixels of the work's plane.
        putative: putative matches that voted.
        votes: of these, those that agreed.
        significance: how unlikely it is that so many agree by chance, natural logarithm; 0 where nothing is known.
    """

    matrix: Floats
    variant: int
    work_inliers: Indices
    upload_inliers: Indices
    rms_residual: float
    putative: int
    votes: int
    significance: float = 0.0


def putative_matches(cosines: NDArray[np.float32]) -> tuple[Indices, Indices, Floats]:
    """Keypoints that look alike: ``left``, ``right``, and the weight of each match's vote, best first.

    Args:
        cosines: of the upload's n and the work's m projected descriptors, shape (n, m).
    """
    if not len(cosines) or cosines.shape[1] < 2:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, np.zeros(0)
    rows = np.arange(len(cosines))
    best = cosines.argmax(axis=1)
    first = cosines[rows, best]
    left = np.flatnonzero(first > _MIN_COSINE)
    if not len(left):
        return left, left, np.zeros(0)
    right, first = best[left], first[left]
    others = cosines[left]
    others[np.arange(len(left)), right] = -1.0
    second = others.max(axis=1)
    ratio = np.sqrt(np.maximum(1 - first, 0) / np.maximum(1 - second, 1e-6))
    weight = np.clip((_MAX_DISTANCE_RATIO - ratio) / 0.2, 0.1, 1.0) * np.clip((first - _MIN_COSINE) / 0.2, 0.1, 1.0)
    # Of a ring of equal spokes each keypoint has many like it: what little is clear would outvote all of them.
    if np.count_nonzero(weight > _MIN_CLEAR_WEIGHT) < _MIN_CLEAR_SHARE * len(weight):
        weight = np.where(first > _MIN_REPEATED_COSINE, np.maximum(weight, _REPEATED_WEIGHT), weight)
    order = np.argsort(-weight, kind="stable")[:_MAX_PUTATIVE]
    return left[order], right[order], weight[order].astype(np.float64)


def vote_strength(upload: Frame, work: Frame, voters: Indices, cosines: NDArray[np.float32], variant: int) -> float:
    """How strongly some of the upload's keypoints agree on a transform, 0 where fewer than three do: a cheap look
    before `align`. The more matches there are, the more of them agree by chance.

    Args:
        voters: which keypoints of the upload.
        cosines: of these, as of `putative_matches`.
    """
    left, right, weight = putative_matches(cosines)
    if len(left) < 3:
        return 0.0
    agree = _vote(*_pair_geometry(upload, work, voters[left], right, variant), weight)
    return 0.0 if agree is None else _count_distinct(right[agree]) / math.sqrt(len(left) + _CHANCE_MATCHES)


def align(upload: Frame, work: Frame, cosines: NDArray[np.float32], variant: int) -> Alignment | None:
    """The transform that most putative matches agree on; None where fewer than three do.

    Args:
        cosines: as of `putative_matches`, the upload's descriptors being of this variant.
    """
    left, right, weight = putative_matches(cosines)
    if len(left) < 3:
        return None
    source, target, octaves, turns = _pair_geometry(upload, work, left, right, variant)
    agree = _vote(source, target, octaves, turns, weight)
    if agree is None:
        return None
    matrix, inliers, residual = _refined(source, target, weight, agree, (work.width, work.height))
    if matrix is None or inliers is None:
        return None
    # Each keypoint of the work counts once, with the match that fits best, and so does each place of the upload.
    order = inliers[np.argsort(residual[inliers], kind="stable")]
    _, first = np.unique(right[order], return_index=True)
    order = order[first]
    _, first = np.unique(np.rint(target[order] / 2) @ (1, 4096), return_index=True)
    order = order[first]
    if len(order) < 3:
        return None
    if variant & MIRRORED:
        matrix = np.diag((-1.0, 1.0, 1.0)) @ matrix
    rms = float(np.sqrt((residual[order] ** 2).mean()))
    return Alignment(matrix, variant, right[order], left[order], rms, len(left), len(order))


def guided_matching(
    upload: Frame, work: Frame, matrix: Floats, variant: int, cosines: NDArray[np.float32], putative: int, votes: int
) -> Alignment | None:
    """The keypoints that agree with a transform which is known, whatever else looks like them, and the transform
    refined; None where fewer than three do.

    Letters over a picture are the best match of nearly every keypoint; where one has to look is known now, and few
    others are there.

    Args:
        cosines: as of `align`.
        putative, votes: as the alignment is to have them.
    """
    left, right = np.divmod(np.flatnonzero(cosines.ravel() > _MIN_GUIDED_COSINE), cosines.shape[1])
    left, right, off = _consistent(upload, work, matrix, variant, left, right, _BACKGROUND_RADIUS)
    close = off < _GUIDED_TOLERANCE
    background = np.count_nonzero(~close) / (_BACKGROUND_RADIUS**2 - _GUIDED_TOLERANCE**2)
    left, right, off = left[close], right[close], off[close]
    out: Alignment | None = None
    for radius in (_GUIDED_TOLERANCE, _INLIER_TOLERANCE):
        if out is not None:
            left, right, off = _consistent(upload, work, matrix, variant, left, right, radius)
        significance = _significance(len(left), background * radius**2)
        one, other, residual = _one_to_one(left, right, cosines[left, right], off)
        if len(one) < 3:
            break
        source, target = work.points[other].astype(np.float64), upload.points[one].astype(np.float64)
        matrix, rms = _refitted(matrix, source, target, residual, (work.width, work.height))
        out = Alignment(matrix, variant, other, one, rms, putative, votes, significance)
    return out


def _consistent(
    upload: Frame, work: Frame, matrix: Floats, variant: int, left: Indices, right: Indices, radius: float
) -> tuple[Indices, Indices, Floats]:
    """Of matches those within a radius of where the transform puts them, of the size and direction it gives them; how
    far off each is, pixels of the work's plane."""
    points = work.points.astype(np.float64)
    mapped = transformed(matrix, points).astype(np.float32)
    enlargement = scale(matrix, work.middle)
    off = upload.points[left] - mapped[right]
    square = off[:, 0] * off[:, 0] + off[:, 1] * off[:, 1]
    close = np.flatnonzero(square < (radius * enlargement) ** 2)
    left, right, away = left[close], right[close], np.sqrt(square[close].astype(np.float64)) / enlargement
    direction = np.deg2rad(work.angles[right].astype(np.float64))
    ahead = transformed(matrix, points[right] + np.column_stack((np.cos(direction), np.sin(direction)))) - mapped[right]
    turned = np.arctan2(ahead[:, 1], ahead[:, 0]) + (np.pi if variant & INVERTED else 0.0)
    octaves = np.abs(np.log2(upload.sizes[left] / work.sizes[right]) - np.log2(enlargement))
    fits = (octaves < _MAX_OCTAVES) & (np.cos(np.deg2rad(upload.angles[left]) - turned) > _MIN_ANGLE_COSINE)
    return left[fits], right[fits], away[fits]


def _significance(count: int, expected: float) -> float:
    """Chernoff's bound on the probability that a Poisson variable reaches ``count``, as a logarithm, sign changed: the
    number of false alarms of Desolneux, Moisan, Morel (Meaningful alignments, 2000) but for the number of tests."""
    expected = max(expected, 0.5)
    return count * math.log(count / expected) - count + expected if count > expected else 0.0


def _one_to_one(
    left: Indices, right: Indices, cosines: NDArray[np.float32], off: Floats
) -> tuple[Indices, Indices, Floats]:
    """The most alike of the matches that share a keypoint."""
    order = np.argsort(-cosines, kind="stable")
    for side in (left, right):
        _, first = np.unique(side[order], return_index=True)
        order = order[np.sort(first)]
    return left[order], right[order], off[order]


def _refitted(
    matrix: Floats, source: Floats, target: Floats, residual: Floats, size: tuple[int, int]
) -> tuple[Floats, float]:
    """A transform fitted to matches that agree with one, and their root mean square residual; that one where they are
    too few or fit no better.

    Args:
        size: of the work's plane.
    """
    options = [(_rms(matrix, source, target), matrix)]
    if len(source) >= _MIN_REFIT_MATCHES:
        determinant = np.linalg.det(jacobian(matrix, source.mean(axis=0)))
        reflection = np.diag((math.copysign(1.0, determinant), 1.0, 1.0))
        reflected = transformed(reflection, target)
        flat = affine(source, reflected, np.ones(len(source)), residual)
        if flat is not None:
            options.append((_rms(reflection @ flat, source, target), reflection @ flat))
        if len(source) >= _MIN_HOMOGRAPHY_MATCHES and options[-1][0] > _MAX_AFFINE_RMS:
            perspective = homography(source, reflected, size)
            if perspective is not None:
                options.append((_rms(reflection @ perspective, source, target), reflection @ perspective))
    rms, closest = min(options, key=lambda each: each[0])
    return closest, rms


def _rms(matrix: Floats, source: Floats, target: Floats) -> float:
    """Root mean square of the residuals."""
    return float(np.sqrt((residuals(matrix, source, target) ** 2).mean()))


def _pair_geometry(
    upload: Frame, work: Frame, left: Indices, right: Indices, variant: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Of matches: points of the work, points of the upload reflected where the variant is mirrored, the ratios of their
    sizes (log2) and the turns from one to the other (degrees)."""
    target, angles = upload.points[left].astype(np.float64), upload.angles[left].astype(np.float64)
    if variant & MIRRORED:
        target = target * (-1, 1)
        angles = 180 - angles
    if variant & INVERTED:
        angles = angles + 180
    octaves = np.log2(upload.sizes[left] / work.sizes[right])
    return work.points[right].astype(np.float64), target, octaves, angles - work.angles[right]


def _vote(source: Floats, target: Floats, octaves: Floats, turns: Floats, weight: Floats) -> Indices | None:
    """The largest set of matches that agree with the similarity of one of the best; nothing is drawn at random."""
    arrays = (*source.T, *target.T, octaves, np.deg2rad(turns))
    x, y, u, v, size, turn = (values.astype(np.float32) for values in arrays)
    lead = slice(min(len(source), _MAX_PROPOSALS))  # matches come best first
    cosine, sine, scale = np.cos(turn), np.sin(turn), np.exp2(size[lead])
    a, b = cosine[lead] * scale, sine[lead] * scale
    # Of each leading match's similarity (rows) and each match (columns), as products of matrices.
    plane, square = np.stack((x, y, np.ones_like(x))), x * x + y * y
    right = np.stack((a, -b, u[lead] - a * x[lead] + b * y[lead]), axis=1) @ plane - u
    down = np.stack((b, a, v[lead] - b * x[lead] - a * y[lead]), axis=1) @ plane - v
    far = np.stack((-2 * x[lead], -2 * y[lead]), axis=1) @ plane[:2] + square + square[lead, None]
    allowed = _VOTE_TOLERANCE_SLOPE * np.sqrt(np.maximum(far, 0, out=far), out=far)
    allowed += _VOTE_TOLERANCE
    allowed *= scale[:, None]
    fits = right * right + down * down < allowed * allowed
    fits &= np.stack((cosine[lead], sine[lead]), axis=1) @ np.stack((cosine, sine)) > _MIN_ANGLE_COSINE
    fits &= np.abs(size - size[lead, None]) < _MAX_OCTAVES
    # Many matches at one place vote as one.
    cell = np.rint(source / 3).astype(np.int64) @ (1, 128)
    crowd = np.bincount(cell, weights=weight)[cell]
    votes = fits @ (weight * np.minimum(crowd, 1.0) / np.maximum(crowd, 1e-9))
    agree = np.flatnonzero(fits[int(votes.argmax())])
    return agree if _count_distinct(cell[agree]) >= 3 else None


def _count_distinct(numbers: Indices) -> int:
    """How many different ones; of a few dozen a set counts them several times as fast as NumPy."""
    return len(set(numbers.tolist()))


def _refined(
    source: Floats, target: Floats, weight: Floats, agree: Indices, size: tuple[int, int]
) -> tuple[Floats | None, Indices | None, Floats]:
    """An affine map fitted to the matches that agree, again and again, then a homography where that leaves much; the
    inliers and all residuals."""
    matrix: Floats | None = None
    residual = np.full(len(source), np.inf)
    for factor in (2.5, 1.5, 1, 1):
        matrix = affine(source[agree], target[agree], weight[agree], residual[agree])
        if matrix is None:
            return None, None, residual
        residual = residuals(matrix, source, target)
        agree = np.flatnonzero(residual < factor * _INLIER_TOLERANCE)
        if len(agree) < 3:
            return None, None, residual
    if len(agree) >= _MIN_HOMOGRAPHY_MATCHES and np.sqrt((residual[agree] ** 2).mean()) > _MAX_AFFINE_RMS:
        perspective = homography(source[agree], target[agree], size)
        if perspective is not None:
            closer = residuals(perspective, source, target)
            inliers = np.flatnonzero(closer < _INLIER_TOLERANCE)
            if len(inliers) >= len(agree):
                return perspective, inliers, closer
    return matrix, agree, residual
