"""Transforms fitted to pairs of points, and an upload refined on a work's plane."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fingerprints.image import codec, refinement, transforms
from fingerprints.image.examples import photograph, saved
from tests.fingerprints.finding import made

CORNERS = np.array([(0.0, 0.0), (256.0, 0.0), (256.0, 192.0), (0.0, 192.0)])


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 2**32), count=st.integers(5, 80))
def test_the_affine_fit_is_weighted_least_squares(seed: int, count: int) -> None:
    r = np.random.default_rng(seed)
    here = r.random((count, 2)) * (256, 192)
    true = np.array([[1.1, -0.2, 9.0], [0.3, 0.9, -4.0], [0.0, 0.0, 1.0]])
    there = transforms.transformed(true, here) + r.normal(0, 0.5, (count, 2))
    weight, residual = r.random(count) + 0.1, r.random(count) * 3
    fitted = transforms.affine(here, there, weight, residual)
    assert fitted is not None
    strength = weight / (1 + residual**2)
    root = np.sqrt(strength)[:, None]
    design = np.column_stack((here, np.ones(count))) * root
    away = here - np.average(here, axis=0, weights=strength)
    least, most = np.linalg.eigvalsh(away.T @ (away * strength[:, None]))
    if least > 0.13**2 * most:
        expected = np.linalg.lstsq(design, there * root, rcond=None)[0].T
        if np.linalg.det(expected[:, :2]) > 0 and np.linalg.cond(expected[:, :2]) < 3:
            assert np.allclose(fitted[:2], expected, atol=1e-6)


def test_points_on_a_line_give_a_similarity_and_one_point_nothing() -> None:
    line = np.column_stack((np.arange(9.0), np.zeros(9)))
    turned = transforms.transformed(np.array([[0.0, -2, 5], [2, 0, 1], [0, 0, 1]]), line)
    fitted = transforms.affine(line, turned, np.ones(9), np.full(9, np.inf))
    assert fitted is not None
    assert np.allclose(fitted, [[0, -2, 5], [2, 0, 1], [0, 0, 1]])
    assert transforms.affine(line[:1].repeat(9, axis=0), turned, np.ones(9), np.zeros(9)) is None
    assert transforms.affine(line[:2], turned[:2], np.ones(2), np.zeros(2)) is None


def test_residuals_count_in_the_first_plane() -> None:
    larger = np.diag((4.0, 4.0, 1.0))
    assert transforms.scale(larger, CORNERS[2]) == 4
    assert transforms.scale(larger * 2, CORNERS[2]) == 4
    tilted = np.array([[0.8, 0.0, 450.0], [0.0, 0.8, 450.0], [0.0, 0.0, 1.0]]) @ np.array(
        [[1.0, 0, 0], [0, 1, 0], [-0.001, 0, 1]]
    )
    step = 1e-4
    around = np.array([(100.0, 50.0), (100 + step, 50), (100, 50 + step)])
    put = transforms.transformed(tilted, around)
    assert transforms.jacobian(tilted, around[0]) == pytest.approx((put[1:] - put[0]).T / step, rel=1e-4)
    assert transforms.residuals(larger, CORNERS, CORNERS * 4 + (0, 8)) == pytest.approx([2, 2, 2, 2])


def frame(picture: Image.Image) -> codec.Frame:
    (out,) = codec.frames(made(saved(picture, "JPEG", quality=90), thorough=True))
    return out


def refined(upload: codec.Frame, work: codec.Frame, matrix: np.ndarray) -> refinement.Refined:
    size = (work.width, work.height)
    plane = cv2.resize(work.grey, size, interpolation=cv2.INTER_AREA)
    directions = refinement.unit(
        *refinement.gradient(refinement.smoothed(refinement.padded(plane, cv2.BORDER_REPLICATE), 1.0))
    )
    return refinement.refine(upload, matrix, size, directions, inverted=False)


@pytest.mark.parametrize(
    "off",
    [
        ((1.0, 0.0, 1.6), (0.0, 1.0, -1.2), (0.0, 0.0, 1.0)),
        ((1.012, 0.0, -1.5), (0.0, 0.99, 1.0), (0.0, 0.0, 1.0)),
        ((1.0, 0.012, -1.2), (-0.012, 1.0, 1.5), (0.0, 0.0, 1.0)),
        ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (6e-5, 3e-5, 1.0)),
    ],
    ids=["moved", "stretched", "turned", "in perspective"],
)
def test_a_transform_that_is_off_everywhere_is_corrected(off: tuple[tuple[float, ...], ...]) -> None:
    picture = photograph(11)
    (work,) = codec.frames(made(saved(picture, "JPEG", quality=92)))
    upload = frame(picture)
    exact = np.diag((upload.width / work.width, upload.height / work.height, 1.0))
    before = exact @ np.array(off)
    now = refined(upload, work, before)
    wanted = transforms.transformed(exact, CORNERS)
    error = [
        np.abs(transforms.transformed(m, CORNERS) - wanted).max() / transforms.scale(exact, CORNERS[0])
        for m in (before, now.matrix)
    ]
    assert error[0] > 1.5
    assert error[1] < 1.2
    assert now.shift.mean() < 0.2


def test_a_picture_bent_by_no_transform_stays_where_it_is() -> None:
    picture = photograph(11)
    (work,) = codec.frames(made(saved(picture, "JPEG", quality=92)))
    across, down = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in picture.size))
    wave = 3 * np.sin(down / 25) + 3 * np.sin(across / 31)
    upload = frame(Image.fromarray(cv2.remap(np.asarray(picture), across + wave, down, cv2.INTER_LINEAR)))
    exact = np.diag((upload.width / work.width, upload.height / work.height, 1.0))
    now = refined(upload, work, exact)
    apart = np.abs(transforms.transformed(now.matrix, CORNERS) - transforms.transformed(exact, CORNERS)).max()
    assert apart < 2 * transforms.scale(exact, CORNERS[0])
    assert now.shift.mean() > 0.2


def test_blocks_that_lie_this_way_and_that_correct_nothing() -> None:
    r = np.random.default_rng(2)
    strength = np.ones((12, 16))
    anyhow = r.integers(-1, 2, (12, 16, 2)).astype(np.float32)
    assert refinement._correction(anyhow, strength) is None
    across, down = np.meshgrid(np.arange(16.0), np.arange(12.0))
    stretched = np.rint(np.stack((across - 7.5, down - 5.5), axis=2) / 5).astype(np.float32)
    correction = refinement._correction(stretched, strength)
    assert correction is not None
    assert transforms.scale(correction, np.array((128.0, 96.0))) == pytest.approx(1 + 1 / 80, abs=0.003)
    assert refinement._correction(np.zeros_like(stretched), strength) is None
