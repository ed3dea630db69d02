"""Local features: RootSIFT keypoints, and what mirroring and inversion make of their descriptors.

SIFT (Lowe, 2004), found by OpenCV and described by `descriptors`, square-rooted (Arandjelovic, Zisserman, Three things
everyone should know to improve object retrieval, 2012). Mirroring a picture or inverting its levels permutes the
descriptor, so one extraction serves four variants.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .descriptors import BLUR, LAYERS, LENGTH, described

VARIANTS = 4  # of a picture; bits: 1 mirrored, 2 inverted
MIRRORED, INVERTED = 1, 2

_MIN_CONTRAST = 0.012  # lower than OpenCV's: faint pictures have keypoints too, and the best are chosen afterwards
_MAX_EDGE_RATIO = 14.0
_CELLS = 8  # a side; no part of the picture takes all keypoints

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Local features of a picture.

    Attributes:
        points: float32, shape (n, 2), x and y in pixels; the corner of the picture is (0, 0).
        sizes: float32, shape (n,), diameters in pixels.
        angles: float32, shape (n,), degrees clockwise, 0 to 360.
        descriptors: uint8, shape (n, 128), RootSIFT times 512, at most 255.
    """

    points: Floats
    sizes: Floats
    angles: Floats
    descriptors: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.points)


@cache
def detector() -> Any:
    """OpenCV's SIFT as it is used here, on one core."""
    cv2.setNumThreads(1)  # processes are the parallelism
    return cv2.SIFT_create(
        nOctaveLayers=LAYERS,
        contrastThreshold=_MIN_CONTRAST,
        edgeThreshold=_MAX_EDGE_RATIO,
        sigma=2 * BLUR,  # of the doubled picture
        enable_precise_upscale=False,
    )


def detect(grey: NDArray[np.uint8], limit: int) -> Keypoints:
    """The keypoints of a grey picture, strongest first, at most ``limit``, spread over the picture."""
    found = detector().detect(grey)
    if not found:
        empty = np.zeros(0, dtype=np.float32)
        return Keypoints(empty.reshape(0, 2), empty, empty, np.zeros((0, LENGTH), dtype=np.uint8))
    seen = np.array([(*k.pt, k.size, k.angle, k.response) for k in found], dtype=np.float32)
    chosen = _chosen(seen[:, :2], seen[:, 4], grey.shape, limit)
    points, (sizes, angles, _) = seen[chosen, :2], seen[chosen, 2:].T
    raw = described(grey, points, sizes, angles)
    root = np.sqrt(raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-9)) * 512
    return Keypoints(points + np.float32(0.5), sizes, angles, np.minimum(np.rint(root), 255).astype(np.uint8))


def _chosen(points: Floats, strength: Floats, shape: tuple[int, ...], limit: int) -> NDArray[np.int64]:
    """The strongest, but of each of 8 x 8 cells at first no more than four times its share."""
    order = np.argsort(-strength, kind="stable")
    if len(order) <= limit:
        return order
    points = points[order]
    cell = (points[:, 1] * _CELLS / shape[0]).astype(int) * _CELLS + (points[:, 0] * _CELLS / shape[1]).astype(int)
    by_cell = np.argsort(cell, kind="stable")
    first = np.searchsorted(cell[by_cell], np.arange(_CELLS**2))
    rank = np.empty(len(order), dtype=int)
    rank[by_cell] = np.arange(len(order)) - first[cell[by_cell]]
    share = 4 * limit // _CELLS**2
    return order[np.argsort(rank >= share, kind="stable")[:limit]]


@cache
def _permutations() -> NDArray[np.int64]:
    """Which entry of a descriptor comes to stand where, shape (4, 128), by variant.

    Entry (row, column, direction) of the 4 x 4 x 8 histogram: mirroring reverses the axis across the keypoint's
    direction and the sense of directions; inversion turns all gradients, and with them the keypoint, by half a turn,
    which turns the grid and leaves directions relative to the keypoint as they were.
    """
    grid = np.arange(LENGTH).reshape(4, 4, 8)
    mirrored = grid[::-1, :, (-np.arange(8)) % 8]
    return np.stack([g.ravel() for g in (grid, mirrored, grid[::-1, ::-1], mirrored[::-1, ::-1])])


def permuted(descriptors: NDArray[Any], variant: int) -> NDArray[Any]:
    """Descriptors as they would be if the picture were mirrored (bit 1) and inverted (bit 2)."""
    return descriptors if variant == 0 else descriptors[:, _permutations()[variant]]
