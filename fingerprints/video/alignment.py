"""Where a work's frame lies in an upload's: keypoints with like keys vote for one similarity at one time, and an affine
map is fitted to those that agree.

Points are those of the films' planes; a transform maps the work's plane to the upload's. Mirrored uploads are reflected
first, so that every transform of the vote keeps its orientation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..image.codebook import SIGNATURE_BITS
from ..index.postings import ranges
from .features import PROBES, Features

_RADIUS = 5  # bits of a signature within which keypoints are alike
_SOFTNESS = 2.5  # bits; a pair that differs by so many weighs 1/e
_MAX_PAIRS, _MAX_PROPOSALS = 2000, 96  # of a vote, and of these those that propose a transform each
_VOTE_TOLERANCE, _VOTE_SLOPE = 5.0, 0.14  # of the plane, and share of the distance from the pair that proposes
_MIN_ANGLE_COSINE, _MAX_OCTAVES = 0.88, 0.6  # by which directions and sizes of one transform may differ
_TOLERANCES = (8.0, 7.0, 6.0, 5.0, 4.0)  # of the work's plane, in which pairs agree with the fit, step by step
_MIN_AFFINE = 6  # pairs; fewer fit a similarity
_MAX_STRETCH = 2.2  # of an affine map, longer by shorter axis
_SLACK, _MAX_CHANGE = 1.2, 0.3  # seconds, and share, by which times of one transform's pairs may differ
_CELL = 4.0  # of the plane: keypoints that near are one witness

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Keypoints of an upload and of a work that have like keys.

    Attributes:
        upload, work: their numbers, shape (n,).
        weight: shape (n,).
    """

    upload: Indices
    work: Indices
    weight: Doubles

    def __len__(self) -> int:
        return len(self.upload)

    def where(self, these: NDArray[np.bool_] | Indices) -> Pairs:
        return Pairs(self.upload[these], self.work[these], self.weight[these])


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where a work's frame lies in the upload's.

    Attributes:
        matrix: shape (2, 3), from the work's plane to the upload's.
        mirrored: whether the upload is.
        witnesses: places of the work that agree.
        frames: key frames of the upload that agree.
        pairs: which agree.
    """

    matrix: Doubles
    mirrored: bool
    witnesses: int
    frames: int
    pairs: Pairs

    @property
    def enlargement(self) -> float:
        """Length in the upload by length in the work."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))


class WorkKeys:
    """A work's keypoints by their visual words."""

    def __init__(self, features: Features) -> None:
        keys = features.keys[:, 0]
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order]
        self.words = self.keys >> np.uint64(SIGNATURE_BITS)

    def pairs(self, upload: Features, which: Indices, *, mirrored: bool) -> Pairs:
        """What is like some of the upload's keypoints."""
        probes = min(PROBES, upload.keys.shape[1])
        keys = upload.keys[which, probes * mirrored : probes * (mirrored + 1)].ravel()
        words = keys >> np.uint64(SIGNATURE_BITS)
        low = np.searchsorted(self.words, words)
        count = np.searchsorted(self.words, words, side="right") - low
        asked, found = np.repeat(np.arange(len(words)), count), ranges(low, count)
        distance = np.bitwise_count(keys[asked] ^ self.keys[found])  # the words are the same
        near = distance <= _RADIUS
        asked, found, distance = asked[near], found[near], distance[near].astype(np.float64)
        return Pairs(which[asked // probes], self.order[found], np.exp(-((distance / _SOFTNESS) ** 2)))


class _Geometry:
    """Of pairs: points, sizes, directions and times, the upload's reflected where it is mirrored."""

    def __init__(self, upload: Features, work: Features, pairs: Pairs, *, mirrored: bool) -> None:
        self.source = work.points[pairs.work].astype(np.float64)
        self.target = upload.points[pairs.upload].astype(np.float64)
        angle = np.deg2rad(upload.angles[pairs.upload].astype(np.float64))
        if mirrored:
            self.target = self.target * (-1, 1)
            angle = np.pi - angle
        self.octaves = np.log2(upload.sizes[pairs.upload] / work.sizes[pairs.work]).astype(np.float64)
        self.turns = angle - np.deg2rad(work.angles[pairs.work].astype(np.float64))
        self.at = upload.time[pairs.upload].astype(np.float64)
        self.earliest = work.time[pairs.work].astype(np.float64) - self.at - _SLACK  # offset of the work's time
        self.latest = work.until[pairs.work].astype(np.float64) - self.at + _SLACK
        self.place = np.rint(self.source / _CELL).astype(np.int64) @ (1, 256)

    def together(self, lead: int | slice) -> NDArray[np.bool_]:
        """Which pairs may be at one time with each of the leading ones, at some speed, shape (leading, n)."""
        at, early, late = (np.atleast_1d(each[lead])[:, None] for each in (self.at, self.earliest, self.latest))
        slack = _MAX_CHANGE * np.abs(self.at - at)
        out: NDArray[np.bool_] = (self.earliest - slack <= late) & (early <= self.latest + slack)
        return out


def place(upload: Features, work: Features, pairs: Pairs, *, mirrored: bool) -> Placement | None:
    """The transform, at one time, that most pairs agree on; None where fewer than three places do."""
    if len(pairs) < 3:
        return None
    # What is alike in many places says little in each.
    many = np.bincount(pairs.upload)[pairs.upload]
    pairs = Pairs(pairs.upload, pairs.work, pairs.weight / np.sqrt(many))
    pairs = pairs.where(np.argsort(-pairs.weight, kind="stable")[:_MAX_PAIRS])
    shape = _Geometry(upload, work, pairs, mirrored=mirrored)
    matrix, best = _vote(shape, pairs.weight)
    if matrix is None:
        return None
    return _fitted(matrix, upload, shape, pairs, shape.together(best)[0], mirrored=mirrored)


def refit(upload: Features, work: Features, pairs: Pairs, near: Placement) -> Placement | None:
    """The transform fitted to other pairs that nearly agree with one that is known."""
    if len(pairs) < _MIN_AFFINE:
        return None
    shape = _Geometry(upload, work, pairs, mirrored=near.mirrored)
    matrix = np.diag((-1.0, 1.0)) @ near.matrix if near.mirrored else near.matrix
    everywhere = np.ones(len(pairs), dtype=np.bool_)
    found = _fitted(matrix, upload, shape, pairs, everywhere, mirrored=near.mirrored)
    return found if found is not None and found.witnesses >= _MIN_AFFINE else None


def _vote(shape: _Geometry, weight: Doubles) -> tuple[Doubles | None, int]:
    """The similarity of that leading pair which most others agree with, and the pair's number."""
    lead = slice(min(len(weight), _MAX_PROPOSALS))
    scale = np.exp2(shape.octaves[lead])
    a, b = np.cos(shape.turns[lead]) * scale, np.sin(shape.turns[lead]) * scale
    x, y = (shape.source[:, axis][None] - shape.source[lead, axis][:, None] for axis in (0, 1))
    u, v = (shape.target[:, axis][None] - shape.target[lead, axis][:, None] for axis in (0, 1))
    allowed = (_VOTE_TOLERANCE + _VOTE_SLOPE * np.hypot(x, y)) * scale[:, None]
    right, down = a[:, None] * x - b[:, None] * y - u, b[:, None] * x + a[:, None] * y - v
    fits = right * right + down * down < allowed * allowed
    fits &= np.cos(shape.turns[None] - shape.turns[lead][:, None]) > _MIN_ANGLE_COSINE
    fits &= np.abs(shape.octaves[None] - shape.octaves[lead][:, None]) < _MAX_OCTAVES
    fits &= shape.together(lead)
    crowd = np.bincount(shape.place, weights=weight)[shape.place]
    votes = fits @ (weight * np.minimum(crowd, 2.0) / np.maximum(crowd, 1e-9))
    best = int(votes.argmax())
    if len(np.unique(shape.place[fits[best]])) < 3:
        return None, best
    linear = np.array(((a[best], -b[best]), (b[best], a[best])))
    return np.column_stack((linear, shape.target[best] - linear @ shape.source[best])), best


def _fitted(
    matrix: Doubles, upload: Features, shape: _Geometry, pairs: Pairs, allowed: NDArray[np.bool_], *, mirrored: bool
) -> Placement | None:
    """An affine map fitted to the pairs that agree, again and again, more and more narrowly."""
    agree = np.zeros(0, dtype=np.int64)
    for tolerance in _TOLERANCES:
        scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
        if scale < 1e-3:
            return None
        off = np.linalg.norm(shape.source @ matrix[:, :2].T + matrix[:, 2] - shape.target, axis=1) / scale
        fits = (off < tolerance) & allowed & (np.abs(shape.octaves - np.log2(scale)) < _MAX_OCTAVES)
        agree = np.flatnonzero(fits)
        if len(agree) < 3:
            return None
        weight = pairs.weight[agree] / (1 + (off[agree] / 3) ** 2)
        fitted = _map(shape.source[agree], shape.target[agree], weight, len(np.unique(shape.place[agree])))
        if fitted is None:
            return None
        matrix = fitted
    witnesses = len(np.unique(shape.place[agree]))
    frames = len(np.unique(upload.time[pairs.upload[agree]]))
    if mirrored:
        matrix = np.diag((-1.0, 1.0)) @ matrix
    return Placement(matrix, mirrored, witnesses, frames, pairs.where(agree)) if witnesses >= 3 else None


def _map(source: Doubles, target: Doubles, weight: Doubles, places: int) -> Doubles | None:
    """The affine map, or of few pairs, or where it is stretched, the similarity, by weighted least squares."""
    if places >= _MIN_AFFINE:
        root = np.sqrt(weight)[:, None]
        solved = np.linalg.lstsq(np.column_stack((source, np.ones(len(source)))) * root, target * root, rcond=None)[0].T
        axes = np.linalg.svd(solved[:, :2], compute_uv=False)
        if axes[1] > 0 and axes[0] < _MAX_STRETCH * axes[1] and np.linalg.det(solved[:, :2]) > 0:
            return np.asarray(solved)
    share = weight / weight.sum()
    middle, other = share @ source, share @ target
    a, b = source - middle, target - other
    spread = float((share * (a**2).sum(axis=1)).sum())
    if spread < 1e-6:
        return None
    real = float((share * (a * b).sum(axis=1)).sum()) / spread
    imaginary = float((share * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])).sum()) / spread
    linear = np.array(((real, -imaginary), (imaginary, real)))
    return np.column_stack((linear, other - linear @ middle))
