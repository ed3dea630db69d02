"""Whether two pictures look the same as they stand, colours and all.

Of an icon there are too few keypoints and blocks to decide by; but a copy of it, in whatever container and of whatever
size, has its colours everywhere, and another icon in the same shape has not.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .codec import Frame

MAX_ICON_SIDE = 64  # pixels of the longer side of a work that is looked at so
MAX_COPY_SIDE = 256  # likewise, of an upload: what icons are enlarged to
_MAX_ASPECT = 0.05  # by which the proportions of two copies of one picture may differ
# What the small pictures of a copy may differ by, in levels: in the mean, and in nineteen of twenty pixels; and how
# closely their levels have to correlate. Of 60 icons in one frame, copies at other sizes had 8, 25 and .984 at worst,
# the nearest pair of different ones 21, 68 and .893.
_MAX_MEAN, _MAX_USUAL, _MIN_CORRELATION = 12.0, 40.0, 0.96

Floats = NDArray[np.floating]


def likeness(upload: Frame, work: Frame) -> float:
    """How alike two whole pictures look, 0..1; 0 unless one is a copy of the other, 1 where nothing differs.

    What is compared is the small pictures that are kept of both, at the size of the smaller one.
    """
    if upload.thumbnail == work.thumbnail:
        return 1.0
    pictures = upload.colours, work.colours
    (one_high, one_wide), (other_high, other_wide) = (each.shape[:2] for each in pictures)
    if abs(one_wide * other_high / (other_wide * one_high) - 1) > _MAX_ASPECT:
        return 0.0
    size = min(one_wide, other_wide), min(one_high, other_high)
    one, other = (cv2.resize(each, size, interpolation=cv2.INTER_AREA).astype(np.float32) for each in pictures)
    off = np.abs(one - other).mean(axis=2)
    correlation = correlation_of(one.ravel(), other.ravel())
    if off.mean() > _MAX_MEAN or np.percentile(off, 95) > _MAX_USUAL or correlation < _MIN_CORRELATION:
        return 0.0
    return correlation


def correlation_of(one: Floats, other: Floats) -> float:
    """Pearson's, of levels of shape (n,); 0 where one has no spread."""
    a, b = one - one.mean(), other - other.mean()
    return float(a @ b / max(float(np.sqrt((a @ a) * (b @ b))), 1e-6))
