"""Transforms of the plane, fitted to pairs of points by least squares. Points have the shape (n, 2), transforms (3, 3).

The affine one is written out: an alignment fits dozens of them to a few dozen pairs each, and calls into a library of
linear algebra would cost more than the sums.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_FLAT = 0.12  # as wide as this share of its length, a set of points still says something across
_STRETCH = 3.2  # longer to shorter scale that a copy may have
_BENT = 2.5  # farthest to nearest depth that a photograph of a picture may have

Floats = NDArray[np.floating]
Box = tuple[float, float, float, float]  # left, top, right, bottom


def moved(matrix: Floats, points: NDArray[np.floating]) -> Floats:
    """Points under a transform."""
    out = points @ matrix[:2, :2].T + matrix[:2, 2]
    if matrix[2, 0] or matrix[2, 1] or matrix[2, 2] != 1:
        out /= (points @ matrix[2, :2] + matrix[2, 2])[:, None]
    return np.asarray(out)


def corners(matrix: Floats, box: Box) -> Floats:
    """The corners of a box under a transform, clockwise from the top left one, shape (4, 2)."""
    left, top, right, bottom = box
    return moved(matrix, np.array([(left, top), (right, top), (right, bottom), (left, bottom)]))


def within(points: Floats, box: Box) -> NDArray[np.bool_]:
    """Which points lie in a box."""
    x, y = points[:, 0], points[:, 1]
    return np.asarray((x >= box[0]) & (y >= box[1]) & (x < box[2]) & (y < box[3]))


def residuals(matrix: Floats, here: Floats, there: Floats) -> Floats:
    """How far each pair is off, in units of the plane that the transform starts from, shape (n,)."""
    out = moved(matrix, here) - there
    middle = here.mean(axis=0) if matrix[2, 0] or matrix[2, 1] else here[0]  # an affine map is the same everywhere
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", out, out)) / scale(matrix, middle))


def jacobian(matrix: Floats, at: Floats) -> Floats:
    """The linear map, shape (2, 2), that a transform is around a point. Where perspective is, it is another everywhere,
    and the upper left part of the matrix is none of them."""
    if not (matrix[2, 0] or matrix[2, 1]):
        return np.asarray(matrix[:2, :2] / matrix[2, 2])
    depth = matrix[2, :2] @ at + matrix[2, 2]
    there = (matrix[:2, :2] @ at + matrix[:2, 2]) / depth
    return np.asarray((matrix[:2, :2] - np.outer(there, matrix[2, :2])) / depth)


def scale(matrix: Floats, at: Floats) -> float:
    """By how much a transform enlarges around a point."""
    return float(np.sqrt(max(abs(_determinant(jacobian(matrix, at))), 1e-9)))


def affine(here: Floats, there: Floats, weight: Floats, residual: Floats) -> Floats | None:
    """A map that keeps its sense; a similarity where the points do not span an area, None where they are one point.

    Args:
        weight: of each pair, shape (n,).
        residual: of an earlier fit, infinite where there is none; what was off counts less.
    """
    if len(here) < 3:
        return None
    strength = weight / (1 + np.where(np.isfinite(residual), residual, 0) ** 2)
    total = strength.sum()
    middle, other = strength @ here / total, strength @ there / total
    away, off = here - middle, there - other
    heavy = away * strength[:, None]
    (xx, xy), (_, yy) = heavy.T @ away
    (xu, xv), (yu, yv) = heavy.T @ off
    area, power = xx * yy - xy * xy, xx + yy
    most = (power + max(power * power - 4 * area, 0.0) ** 0.5) / 2  # eigenvalue; the least is area / most
    if len(here) >= 5 and area > (_FLAT * most) ** 2:
        linear = np.array([[xu * yy - yu * xy, yu * xx - xu * xy], [xv * yy - yv * xy, yv * xx - xv * xy]]) / area
        out = _about(linear, middle, other)
        turn = _determinant(out)
        if turn > 0 and (linear * linear).sum() < (_STRETCH + 1 / _STRETCH) * turn:
            return out
    if power < 1e-6:
        return None
    a, b = (xu + yv) / power, (xv - yu) / power
    if a * a + b * b < 1e-6:
        return None
    return _about(np.array([[a, -b], [b, a]]), middle, other)


def homography(here: Floats, there: Floats, size: tuple[int, int]) -> Floats | None:
    """OpenCV's, by all pairs. None where none fits that a photograph could have made: one that keeps its sense, has the
    whole plane of this size in front of the viewer, and bends what is around the pairs within reason."""
    fitted, _ = cv2.findHomography(here, there, 0)
    if fitted is None:
        return None
    matrix = np.asarray(fitted, dtype=np.float64)
    low, high = here.min(axis=0), here.max(axis=0)
    ends = [(x, y) for x in (low[0], high[0]) for y in (low[1], high[1])]
    ends += [(x, y) for x in (0.0, size[0]) for y in (0.0, size[1])]
    depth = np.array(ends) @ matrix[2, :2] + matrix[2, 2]
    in_front, bent = depth.min() > 0, depth[:4].max() / max(depth[:4].min(), 1e-9)
    return matrix if in_front and bent < _BENT and np.linalg.det(matrix) > 0 else None


def _about(linear: Floats, middle: Floats, other: Floats) -> Floats:
    """The map of this linear part that puts one point on another."""
    out = np.eye(3)
    out[:2, :2] = linear
    out[:2, 2] = other - linear @ middle
    return out


def _determinant(matrix: Floats) -> float:
    return float(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])
