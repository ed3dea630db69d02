"""SIFT descriptors as Sourcemark computes them, against OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from fingerprints.image import descriptors, keypoints
from fingerprints.image.descriptors import BLUR, LAYERS
from fingerprints.image.examples import photograph


def by_opencv(
    grey: NDArray[np.uint8], points: NDArray[np.float32], sizes: NDArray[np.float32], angles: NDArray[np.float32]
) -> NDArray[np.float32]:
    """`described` as OpenCV has it."""
    layers = np.rint(LAYERS * np.log2(sizes / (2 * BLUR))).astype(int) - 1
    packed = (layers // LAYERS - 1 & 255 | (layers % LAYERS + 1) << 8).tolist()
    given = zip(points.tolist(), sizes.tolist(), angles.tolist(), packed, strict=True)
    found = [cv2.KeyPoint(x, y, size, angle, 0.0, level) for (x, y), size, angle, level in given]
    kept, raw = cv2.SIFT_create().compute(grey, found)
    assert len(kept) == len(found)
    return np.asarray(raw, dtype=np.float32)


def grey(seed: int) -> NDArray[np.uint8]:
    return np.asarray(photograph(seed).convert("L"))


def cosines(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.floating]:
    """Of RootSIFT made of both."""
    a, b = (np.sqrt(each / each.sum(axis=1, keepdims=True)) for each in (one, other))
    return np.asarray((a * b).sum(axis=1))


@pytest.mark.parametrize("seed", [1, 4, 7])
@pytest.mark.parametrize(("shape", "mean"), [((480, 640), 0.994), ((192, 256), 0.993), ((256, 40), 0.985)])
def test_descriptors_are_opencvs_but_for_little(seed: int, shape: tuple[int, int], mean: float) -> None:
    picture = cv2.resize(grey(seed), shape[::-1], interpolation=cv2.INTER_AREA)
    found, theirs = keypoints.detector().detectAndCompute(picture, None)
    assert len(found) > 20
    points, sizes, angles = (
        np.array(each, dtype=np.float32) for each in zip(*((k.pt, k.size, k.angle) for k in found), strict=True)
    )
    alike = cosines(descriptors.described(picture, points, sizes, angles), np.asarray(theirs))
    assert alike.mean() > mean
    assert alike.min() > 0.9


def test_neither_light_nor_contrast_changes_a_descriptor() -> None:
    picture = grey(3)
    at = np.array([(200.0, 150.0), (333.3, 250.0), (3.0, 470.0)], dtype=np.float32)
    sizes, angles = np.array([4.0, 9.0, 30.0], dtype=np.float32), np.array([10.0, 200.0, 355.0], dtype=np.float32)
    plain = descriptors.described(picture, at, sizes, angles)
    faint = descriptors.described((picture // 4 * 2 + 90).astype(np.uint8), at, sizes, angles)
    assert ((plain * faint).sum(axis=1) > 0.98).all()
    turned = descriptors.described(picture, at, sizes, angles + 90)
    assert ((plain * turned).sum(axis=1) < 0.95).all()


@settings(deadline=None, max_examples=60)
@given(
    picture=arrays.arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 70))),
    at=st.tuples(st.floats(-5, 90), st.floats(-5, 90)),
    size=st.floats(0.5, 200),
    angle=st.floats(0, 360),
)
def test_any_keypoint_of_any_picture_has_a_descriptor_of_unit_length_at_most(
    picture: NDArray[np.uint8], at: tuple[float, float], size: float, angle: float
) -> None:
    (found,) = descriptors.described(picture, np.float32([at]), np.float32([size]), np.float32([angle]))
    assert found.shape == (descriptors.LENGTH,)
    assert found.dtype == np.float32
    assert (found >= 0).all()
    assert float(np.linalg.norm(found)) < 1.001


@pytest.mark.parametrize("level", [0, 77, 128, 200, 255])
@pytest.mark.parametrize("shape", [(40, 40), (480, 641)])
def test_a_flat_picture_has_descriptors_of_nothing(level: int, shape: tuple[int, int]) -> None:
    flat = np.full(shape, level, dtype=np.uint8)
    found = descriptors.described(flat, np.float32([(20, 20), (7, 30)]), np.float32([4, 20]), np.float32([30, 200]))
    assert np.linalg.norm(found, axis=1).max() < 0.1
