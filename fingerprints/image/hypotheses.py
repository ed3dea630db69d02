"""Hypotheses of where a work lies on an upload: from keypoints that agree, or whole picture on whole picture where the
codes of the two are near."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint
from . import codec
from .alignment import Alignment, align, guided_matching
from .classifier import MIN_CODE_SIMILARITY
from .codec import Frame
from .keypoints import INVERTED, MIRRORED
from .phash import distances
from .prefilter import PrefilterFeatures, back_projected, in_mask, mask_around, prefilter_features
from .query import Query
from .transforms import corners, scale

_MIN_INLIERS = 5  # of an alignment that makes a hypothesis
_MIN_SIGNIFICANCE = 6.5  # of `Alignment`, likewise; chance gives it once in 700 tries
# Votes that do instead: among letters much agrees by chance, wherever one looks. Of 4,200 alignments with works that
# are not there none with less significance had more than 13.
_MIN_VOTES = 15
_SAME_TRANSFORM = 4.0  # pixels of the work's plane within which two transforms are one
CODE_RADIUS = 31
_MIRRORED_ORIENTATIONS = (1, 2, 4, 7)  # of those of `phash.codes`
_UNRELATED_BITS = 128  # bits at which codes say nothing
SIMILAR_BITS = int(_UNRELATED_BITS * (1 - MIN_CODE_SIMILARITY))  # within which a work may be under what covers the
# upload; see `PrefilterFeatures.code_similarity`
_SIMILAR_BITS_OTHER_SHAPE = 89  # likewise, where the two differ in shape
_MAX_LOG_ASPECT = 0.02  # by which the proportions of two pictures of one shape may differ
# An alignment is conclusive if it has this significance, less than this share of the upload's keypoints on the work is
# unmatched (letters agree with other letters), and so many of the upload's keypoints lie on the work.
_MIN_CONCLUSIVE_SIGNIFICANCE, _MAX_UNMATCHED, _MIN_COVERED = 60.0, 0.5, 0.7
_EXPLAINED_RADIUS = 8  # pixels each way that an inlier explains; a small picture in a picture is not much wider

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """Where a work's frame may lie on an upload's.

    Attributes:
        frame_number: of the work's frame.
        matrix: from the work's plane to the upload's, shape (3, 3).
        variant: see `keypoints.permuted`.
        alignment: may fit closer than ``matrix``; None where whole pictures have too few inliers.
    """

    work: Frame
    frame_number: int
    matrix: Floats
    variant: int
    alignment: Alignment | None
    prefilter: PrefilterFeatures


@dataclass(frozen=True, slots=True, eq=False)
class _NearestCode:
    """A work's frame and the upload's code that is nearest to its own.

    Attributes:
        frame_number: of the work's frame.
        orientation: number of the upload's code.
        bits: Hamming distance of the two.
    """

    work: Frame
    frame_number: int
    orientation: int
    bits: int

    @property
    def similarity(self) -> float:
        """`PrefilterFeatures.code_similarity`."""
        return max(0.0, 1 - self.bits / _UNRELATED_BITS)


def from_keypoints(query: Query, candidate: Fingerprint, variants: Sequence[int]) -> list[Hypothesis]:
    """The hypotheses that the keypoints of a work suggest, for each of its frames and these variants."""
    out: list[Hypothesis] = []
    for near in _nearest(query, candidate):
        work = near.work
        for variant in variants:
            cosines = query.variants[variant] @ work.unit.T
            found = align(query.frame, work, cosines, variant)
            if found is None:
                continue
            guided = guided_matching(query.frame, work, found.matrix, variant, cosines, found.putative, found.votes)
            found = guided or found
            if _is_plausible(found):
                features = prefilter_features(query.frame, work, found, found.matrix, cosines, near.similarity)
                out.append(Hypothesis(work, near.frame_number, found.matrix, variant, found, features))
    return out


def from_whole_pictures(
    query: Query, candidate: Fingerprint, known: Sequence[Hypothesis], *, distant: bool
) -> list[Hypothesis]:
    """The hypotheses that the whole work is the whole upload, where their codes are near.

    Args:
        known: hypotheses of the work that need not be made again.
        distant: those too whose codes are less near or that have one shape: letters all over a picture leave it where
            it is, little of its code and few of its keypoints.
    """
    out: list[Hypothesis] = []
    for near in _nearest(query, candidate):
        of_frame = [each for each in known if each.frame_number == near.frame_number]
        one_shape = _of_one_shape(query.frame, near.work, near.orientation)
        if near.bits <= CODE_RADIUS:
            out += _whole_picture(query, near, near.orientation, of_frame, fixed=False)
        elif distant and (near.bits <= _SIMILAR_BITS_OTHER_SHAPE or (near.bits <= SIMILAR_BITS and one_shape)):
            out += _whole_picture(query, near, near.orientation, of_frame, fixed=one_shape)
        elif distant and _of_one_shape(query.frame, near.work, 0):
            upright = _whole_picture(query, near, 0, of_frame, fixed=True)
            out += [each for each in upright if each.alignment is not None and _is_plausible(each.alignment)]
    return out


def _nearest(query: Query, candidate: Fingerprint) -> list[_NearestCode]:
    """Of each of a work's frames."""
    away = distances(query.codes, candidate.codes)
    nearest = away.argmin(axis=0)
    return [
        _NearestCode(work, n, int(nearest[n]), int(away[nearest[n], n]))
        for n, work in enumerate(codec.frames(candidate))
    ]


def _whole_picture(
    query: Query, near: _NearestCode, orientation: int, known: Sequence[Hypothesis], *, fixed: bool
) -> list[Hypothesis]:
    """The hypothesis that the whole work is the whole upload, unless it is known.

    Args:
        orientation: number of the upload's code.
        fixed: not moved to where its few inliers would have it.
    """
    work = near.work
    matrix = _whole_to_whole(query.frame, work, orientation % 8)
    if any(_same_transform(matrix, other.matrix, work) for other in known):
        return []
    variant = INVERTED * (orientation >= 8) | MIRRORED * (orientation % 8 in _MIRRORED_ORIENTATIONS)
    cosines = query.variants[variant] @ work.unit.T
    found = guided_matching(query.frame, work, matrix, variant, cosines, 0, 0)
    if found is not None and not fixed:
        found = guided_matching(query.frame, work, found.matrix, variant, cosines, 0, 0) or found
        matrix = found.matrix
        if any(_same_transform(matrix, other.matrix, work) for other in known):
            return []
    features = prefilter_features(query.frame, work, found, matrix, cosines, near.similarity)
    return [Hypothesis(work, near.frame_number, matrix, variant, found, features)]


def conclusive(upload: Frame, hypotheses: Iterable[Hypothesis]) -> Hypothesis | None:
    """The first hypothesis by which a work is beyond doubt all over the upload: nothing fainter need be looked for."""
    clear = (
        each
        for each in hypotheses
        if each.prefilter.significance >= _MIN_CONCLUSIVE_SIGNIFICANCE
        and each.prefilter.upload_unmatched_share < _MAX_UNMATCHED
    )
    return next((each for each in clear if _covered_share(upload, each) >= _MIN_COVERED), None)


def _covered_share(upload: Frame, hypothesis: Hypothesis) -> float:
    """Share of the upload's keypoints that lie on the work."""
    return float(back_projected(upload, hypothesis.work, hypothesis.matrix)[1].mean())


def explained_keypoints(upload: Frame, hypothesis: Hypothesis) -> NDArray[np.bool_]:
    """Which of the upload's keypoints lie near an inlier."""
    on_work, out = back_projected(upload, hypothesis.work, hypothesis.matrix)
    found = hypothesis.alignment
    inliers = found.work_inliers if found is not None else np.zeros(0, dtype=np.int64)
    mask = mask_around(hypothesis.work, hypothesis.work.points[inliers], _EXPLAINED_RADIUS)
    out[out] = in_mask(on_work[out], mask)
    return out


def _is_plausible(alignment: Alignment) -> bool:
    """Whether enough keypoints agree for a hypothesis."""
    return len(alignment.work_inliers) >= _MIN_INLIERS and (
        alignment.significance >= _MIN_SIGNIFICANCE or alignment.votes >= _MIN_VOTES
    )


def _of_one_shape(upload: Frame, work: Frame, orientation: int) -> bool:
    """Whether the whole work, in this orientation, has the proportions of the whole upload."""
    width, height = (work.height, work.width) if orientation & 4 else (work.width, work.height)
    return abs(math.log(upload.width * height / (upload.height * width))) < _MAX_LOG_ASPECT


def _same_transform(one: Floats, other: Floats, work: Frame) -> bool:
    """Whether two transforms put the corners of a work at nearly the same places."""
    box = (0.0, 0.0, float(work.width), float(work.height))
    apart = np.abs(corners(one, box) - corners(other, box)).max()
    return bool(apart < _SAME_TRANSFORM * scale(one, work.middle))


def _whole_to_whole(upload: Frame, work: Frame, orientation: int) -> Floats:
    """The transform of the whole work to the whole upload: the orientation of `phash.codes` undone."""
    points = []
    for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)):
        if orientation & 4:
            x, y = y, x
        points.append(
            ((1 - x if orientation & 1 else x) * upload.width, (1 - y if orientation & 2 else y) * upload.height)
        )
    origin, right, down = np.array(points)
    out = np.eye(3)
    out[:2, 0], out[:2, 1], out[:2, 2] = (right - origin) / work.width, (down - origin) / work.height, origin
    return out
