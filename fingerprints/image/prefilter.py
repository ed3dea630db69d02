"""What the keypoints of an alignment say before the pictures are compared: most works that share a few places with an
upload are dropped by it, at a tenth of what a comparison costs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .alignment import Alignment
from .codec import Frame
from .transforms import jacobian, moved, within

_AROUND = 20  # pixels each way, around a keypoint that agrees

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Glance:
    """Counts as logarithms, shares 0..1. Of the work's and the upload's keypoints only those count that lie where the
    other picture is.

    Attributes:
        agreeing: log(1 + keypoints that agree).
        surprise: see `Alignment`.
        alike: mean cosine of the descriptors that agree.
        density: share of the work's keypoints that agree.
        found: share of the upload's keypoints that agree.
        silent: share of the work's keypoints around which none agrees.
        strange: share of the upload's keypoints around which none agrees.
        exact: 1 / (1 + residual in pixels), of the transform that fits best.
        votes: share of the pairs that look alike which agree with the transform.
        tried: log(1 + pairs that look alike).
        stretch: |log2| of the longer to the shorter scale of the transform.
        code: 1 - distance of the whole pictures' codes / 128, at least 0.
    """

    agreeing: float
    surprise: float
    alike: float
    density: float
    found: float
    silent: float
    strange: float
    exact: float
    votes: float
    tried: float
    stretch: float
    code: float


def glance(upload: Frame, work: Frame, by: Alignment | None, matrix: Floats, alike: Floats, code: float) -> Glance:
    """
    Args:
        by: None where the whole pictures are laid on each other and too few places agree.
        alike: cosines of all the upload's and the work's descriptors, shape (n, m).
        code: see `Glance`.
    """
    scales = np.linalg.svd(jacobian(matrix, work.middle), compute_uv=False)
    stretch = float(np.log2(scales[0] / max(scales[1], 1e-6)))
    if by is None:
        return Glance(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, stretch, code)
    agree = work.points[by.places]
    near = around(work, agree, _AROUND)
    seen = within(moved(matrix, work.points.astype(np.float64)), (0, 0, upload.width, upload.height))
    back, mine = brought(upload, work, matrix)
    return Glance(
        agreeing=float(np.log1p(len(agree))),
        surprise=float(by.surprise),
        alike=float(alike[by.upload, by.places].mean()),
        density=min(len(agree) / max(int(seen.sum()), 8), 1.0),
        found=min(len(agree) / max(int(mine.sum()), 8), 1.0),
        silent=1 - _share(marked(work.points[seen], near)),
        strange=1 - _share(marked(back[mine], near)),
        exact=1 / (1 + by.residual),
        votes=by.votes / max(by.tried, 8),
        tried=float(np.log1p(by.tried)),
        stretch=stretch,
        code=code,
    )


def brought(upload: Frame, work: Frame, matrix: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The upload's keypoints on the work's plane, and which lie inside the work."""
    back = moved(np.linalg.inv(matrix), upload.points.astype(np.float64))
    return back, within(back, (0, 0, work.width, work.height))


def around(work: Frame, points: Floats, reach: int) -> NDArray[np.uint8]:
    """1 within so many pixels each way of points of the work's plane, shape (height, width)."""
    out = np.zeros((work.height, work.width), dtype=np.uint8)
    out[_pixels(points, out.shape)] = 1
    return np.asarray(cv2.dilate(out, np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8)))


def marked(points: Floats, picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether each point lies where a picture has 1."""
    return np.asarray(picture[_pixels(points, picture.shape)] == 1)


def _share(of: NDArray[np.bool_]) -> float:
    return float(of.mean()) if len(of) else 1.0


def _pixels(points: Floats, shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of points of a picture of this shape."""
    column, row = np.minimum(points.astype(np.int64), (shape[1] - 1, shape[0] - 1)).T
    return row, column
