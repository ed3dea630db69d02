"""Features of a hypothesis that need no pixels: most works that share a few keypoints with an upload are dropped by
them, at a tenth of what a comparison costs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .alignment import Alignment
from .codec import Frame
from .transforms import jacobian, transformed, within

_NEIGHBOURHOOD = 20  # pixels each way, around an inlier

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class PrefilterFeatures:
    """Counts as logarithms, shares 0..1. Of the work's and the upload's keypoints only those count that lie where the
    other picture is.

    Attributes:
        log_inliers: log(1 + inliers).
        significance: see `Alignment`.
        descriptor_cosine: mean cosine of the inliers' descriptors.
        work_inlier_share: share of the work's keypoints that are inliers.
        upload_inlier_share: share of the upload's keypoints that are inliers.
        work_unmatched_share: share of the work's keypoints without an inlier around them.
        upload_unmatched_share: share of the upload's keypoints without an inlier around them.
        fit_exactness: 1 / (1 + residual in pixels), of the transform that fits best.
        vote_share: share of the putative matches that agree with the transform.
        log_putative: log(1 + putative matches).
        anisotropy: |log2| of the longer to the shorter scale of the transform.
        code_similarity: 1 - distance of the whole pictures' codes / 128, at least 0.
    """

    log_inliers: float
    significance: float
    descriptor_cosine: float
    work_inlier_share: float
    upload_inlier_share: float
    work_unmatched_share: float
    upload_unmatched_share: float
    fit_exactness: float
    vote_share: float
    log_putative: float
    anisotropy: float
    code_similarity: float


def prefilter_features(
    upload: Frame, work: Frame, alignment: Alignment | None, matrix: Floats, cosines: Floats, code_similarity: float
) -> PrefilterFeatures:
    """The features of one hypothesis.

    Args:
        alignment: None where whole pictures are put on each other and have too few inliers.
        cosines: of all the upload's and the work's descriptors, shape (n, m).
        code_similarity: see `PrefilterFeatures`.
    """
    scales = np.linalg.svd(jacobian(matrix, work.middle), compute_uv=False)
    anisotropy = float(np.log2(scales[0] / max(scales[1], 1e-6)))
    if alignment is None:
        return PrefilterFeatures(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, anisotropy, code_similarity)
    inliers = work.points[alignment.work_inliers]
    near = mask_around(work, inliers, _NEIGHBOURHOOD)
    visible = within(transformed(matrix, work.points.astype(np.float64)), (0, 0, upload.width, upload.height))
    on_work, inside = back_projected(upload, work, matrix)
    return PrefilterFeatures(
        log_inliers=float(np.log1p(len(inliers))),
        significance=float(alignment.significance),
        descriptor_cosine=float(cosines[alignment.upload_inliers, alignment.work_inliers].mean()),
        work_inlier_share=min(len(inliers) / max(int(visible.sum()), 8), 1.0),
        upload_inlier_share=min(len(inliers) / max(int(inside.sum()), 8), 1.0),
        work_unmatched_share=1 - _share(in_mask(work.points[visible], near)),
        upload_unmatched_share=1 - _share(in_mask(on_work[inside], near)),
        fit_exactness=1 / (1 + alignment.rms_residual),
        vote_share=alignment.votes / max(alignment.putative, 8),
        log_putative=float(np.log1p(alignment.putative)),
        anisotropy=anisotropy,
        code_similarity=code_similarity,
    )


def back_projected(upload: Frame, work: Frame, matrix: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The upload's keypoints on the work's plane, and which lie inside the work."""
    points = transformed(np.linalg.inv(matrix), upload.points.astype(np.float64))
    return points, within(points, (0, 0, work.width, work.height))


def mask_around(work: Frame, points: Floats, radius: int) -> NDArray[np.uint8]:
    """1 within so many pixels each way of points of the work's plane, shape (height, width)."""
    mask = np.zeros((work.height, work.width), dtype=np.uint8)
    mask[_pixels(points, mask.shape)] = 1
    return np.asarray(cv2.dilate(mask, np.ones((2 * radius + 1, 2 * radius + 1), dtype=np.uint8)))


def in_mask(points: Floats, mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether each point lies where a mask has 1."""
    return np.asarray(mask[_pixels(points, mask.shape)] == 1)


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 1.0


def _pixels(points: Floats, shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of points of a picture of this shape."""
    column, row = np.minimum(points.astype(np.int64), (shape[1] - 1, shape[0] - 1)).T
    return row, column
