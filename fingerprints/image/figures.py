"""Whether all that an upload has of a work is one simple figure, in other colours.

A star, a disc or a ring looks like every other one, and like itself at each of its symmetries: its keypoints are many,
but copies of a few, and say no more than these. A work of which no more is found has to have its colours there, on the
figure and around it: otherwise it is another emblem, or the star of another flag.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .alignment import Alignment
from .codec import Frame
from .keypoints import INVERTED
from .likeness import correlation_of
from .refinement import from_picture, warped

_SAME_COSINE = (
    0.8  # of descriptors from which keypoints are of one kind: whatever way they are turned, descriptors are not
)
_AROUND = 1.5  # times as wide and as high as the keypoints: about half of what is compared is the ground
_MIN_SIDE = 24  # pixels of the small picture, which that is at least
# Kinds of keypoints that make a simple figure, the correlation of the levels from which it is the same one, and what
# three of four levels may differ by. Of the simplest, discs and rings, copies correlated by .99 and others by .86, on
# grounds as dark. Of 33 copies of simple works, some regraded, those less alike than that differed by 24; of other
# figures those that were most alike correlated by .67 and differed by more than 48.
_SIMPLEST, _MIN_OF_SIMPLEST = 4, 0.9
_SIMPLE, _MIN_OF_SIMPLE, _MAX_DIFFERENCE = 10, 0.7, 40.0

Floats = NDArray[np.floating]


def other_figure(upload: Frame, work: Frame, matrix: Floats, variant: int, alignment: Alignment | None) -> bool:
    """Whether what agrees is a simple figure, and its colours and those around it do not.

    Args:
        matrix: from the work's plane to the upload's.
        variant: see `keypoints.permuted`.
        alignment: None where whole pictures were put on each other and have too few inliers.
    """
    kinds = _kinds(work.unit[alignment.work_inliers]) if alignment is not None else 0
    if alignment is None or not 0 < kinds <= _SIMPLE:
        return False
    ours = work.colours
    from_small, size = from_picture(ours, work, matrix)
    picture, visible = warped(upload, from_small, size, colours=True)
    part = _around(work.points[alignment.work_inliers] * (size[0] / work.width), size)
    seen = visible[part] > 0
    if not seen.any():
        return False
    one = ours[part][seen].astype(np.float64)
    other = picture[part][seen].astype(np.float64)
    other = 255 - other if variant & INVERTED else other
    correlation = correlation_of(one.ravel(), other.ravel())
    if kinds <= _SIMPLEST:
        return correlation < _MIN_OF_SIMPLEST
    usual = float(np.percentile(np.abs(one - other).max(axis=1), 75))
    return correlation < _MIN_OF_SIMPLE and usual > _MAX_DIFFERENCE


def _kinds(descriptors: Floats) -> int:
    """How many kinds of keypoints there are, at most one more than a simple figure has.

    Args:
        descriptors: of unit length, shape (n, 64).
    """
    known, kinds = np.zeros(len(descriptors), dtype=bool), 0
    for number, alike in enumerate(descriptors @ descriptors.T > _SAME_COSINE):
        if not known[number] and kinds <= _SIMPLE:
            known |= alike
            kinds += 1
    return kinds


def _around(points: Floats, size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a picture of this size around points."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, np.maximum((high - low) * (_AROUND / 2), _MIN_SIDE / 2)
    left, top = np.maximum(middle - half, 0).astype(int).tolist()
    right, bottom = (np.minimum(middle + half, size).astype(int) + 1).tolist()
    return slice(top, bottom), slice(left, right)
