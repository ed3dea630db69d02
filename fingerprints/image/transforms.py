"""Transforms of the plane, fitted to pairs of points by least squares. Points have the shape (n, 2), transforms (3, 3).

The affine one is written out: an alignment fits dozens of them to a few dozen pairs each, and calls into a library of
linear algebra would cost more than the sums.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_MIN_WIDTH_SHARE = 0.12  # of its length, as wide as which a set of points still determines an affine map
_MAX_ANISOTROPY = 3.2  # longer to shorter scale that a copy may have
_MAX_DEPTH_RATIO = 2.5  # farthest to nearest depth that a photograph of a picture may have

Floats = NDArray[np.floating]
Box = tuple[float, float, float, float]  # left, top, right, bottom


def transformed(matrix: Floats, points: NDArray[np.floating]) -> Floats:
    """Points under a transform, shape (n, 2)."""
    out = points @ matrix[:2, :2].T + matrix[:2, 2]
    if matrix[2, 0] or matrix[2, 1] or matrix[2, 2] != 1:
        out /= (points @ matrix[2, :2] + matrix[2, 2])[:, None]
    return np.asarray(out)


def corners(matrix: Floats, box: Box) -> Floats:
    """The corners of a box under a transform, clockwise from the top left one, shape (4, 2)."""
    left, top, right, bottom = box
    return transformed(matrix, np.array([(left, top), (right, top), (right, bottom), (left, bottom)]))


def within(points: Floats, box: Box) -> NDArray[np.bool_]:
    """Which points lie in a box."""
    x, y = points[:, 0], points[:, 1]
    return np.asarray((x >= box[0]) & (y >= box[1]) & (x < box[2]) & (y < box[3]))


def residuals(matrix: Floats, source: Floats, target: Floats) -> Floats:
    """How far each pair is off, in units of the plane that the transform starts from, shape (n,)."""
    out = transformed(matrix, source) - target
    middle = source.mean(axis=0) if matrix[2, 0] or matrix[2, 1] else source[0]  # an affine map is the same everywhere
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", out, out)) / scale(matrix, middle))


def jacobian(matrix: Floats, at: Floats) -> Floats:
    """The linear map, shape (2, 2), that a transform is around a point. Where perspective is, it is another everywhere,
    and the upper left part of the matrix is none of them."""
    if not (matrix[2, 0] or matrix[2, 1]):
        return np.asarray(matrix[:2, :2] / matrix[2, 2])
    depth = matrix[2, :2] @ at + matrix[2, 2]
    image = (matrix[:2, :2] @ at + matrix[:2, 2]) / depth
    return np.asarray((matrix[:2, :2] - np.outer(image, matrix[2, :2])) / depth)


def scale(matrix: Floats, at: Floats) -> float:
    """By how much a transform enlarges around a point."""
    return float(np.sqrt(max(abs(_determinant(jacobian(matrix, at))), 1e-9)))


def affine(source: Floats, target: Floats, weight: Floats, residual: Floats) -> Floats | None:
    """An affine map that keeps orientation; a similarity where the points do not span an area, None where they are one
    point.

    Args:
        weight: of each pair, shape (n,).
        residual: of an earlier fit, infinite where there is none; what was off counts less.
    """
    if len(source) < 3:
        return None
    strength = weight / (1 + np.where(np.isfinite(residual), residual, 0) ** 2)
    total = strength.sum()
    middle, other = strength @ source / total, strength @ target / total
    away, off = source - middle, target - other
    weighted = away * strength[:, None]
    (xx, xy), (_, yy) = weighted.T @ away
    (xu, xv), (yu, yv) = weighted.T @ off
    area, power = xx * yy - xy * xy, xx + yy
    largest = (power + max(power * power - 4 * area, 0.0) ** 0.5) / 2  # eigenvalue; the smallest is area / largest
    if len(source) >= 5 and area > (_MIN_WIDTH_SHARE * largest) ** 2:
        linear = np.array([[xu * yy - yu * xy, yu * xx - xu * xy], [xv * yy - yv * xy, yv * xx - xv * xy]]) / area
        out = _about(linear, middle, other)
        turn = _determinant(out)
        if turn > 0 and (linear * linear).sum() < (_MAX_ANISOTROPY + 1 / _MAX_ANISOTROPY) * turn:
            return out
    if power < 1e-6:
        return None
    a, b = (xu + yv) / power, (xv - yu) / power
    if a * a + b * b < 1e-6:
        return None
    return _about(np.array([[a, -b], [b, a]]), middle, other)


def homography(source: Floats, target: Floats, size: tuple[int, int]) -> Floats | None:
    """OpenCV's, by all pairs. None where none fits that a photograph could have made: one that keeps orientation, has
    the whole plane of this size in front of the camera, and is not too steep around the pairs."""
    fitted, _ = cv2.findHomography(source, target, 0)
    if fitted is None:
        return None
    matrix = np.asarray(fitted, dtype=np.float64)
    low, high = source.min(axis=0), source.max(axis=0)
    ends = [(x, y) for x in (low[0], high[0]) for y in (low[1], high[1])]
    ends += [(x, y) for x in (0.0, size[0]) for y in (0.0, size[1])]
    depth = np.array(ends) @ matrix[2, :2] + matrix[2, 2]
    in_front, ratio = depth.min() > 0, depth[:4].max() / max(depth[:4].min(), 1e-9)
    return matrix if in_front and ratio < _MAX_DEPTH_RATIO and np.linalg.det(matrix) > 0 else None


def clip_polygon(polygon: Floats, width: float, height: float) -> Floats:
    """A convex polygon, shape (n, 2), cut to a picture of this size (Sutherland, Hodgman, 1974)."""
    out = polygon
    for axis, limit, sign in ((0, 0.0, 1.0), (0, width, -1.0), (1, 0.0, 1.0), (1, height, -1.0)):
        if not len(out):
            break
        depth = sign * (out[:, axis] - limit)
        points = []
        for n in range(len(out)):
            a, b = depth[n], depth[(n + 1) % len(out)]
            if a >= 0:
                points.append(out[n])
            if (a >= 0) != (b >= 0):
                points.append(out[n] + (out[(n + 1) % len(out)] - out[n]) * (a / (a - b)))
        out = np.array(points).reshape(-1, 2)
    return out


def polygon_area(polygon: Floats) -> float:
    """The area of a polygon that does not cross itself, shape (n, 2)."""
    if len(polygon) < 3:
        return 0.0
    x, y = polygon[:, 0], polygon[:, 1]
    return float(abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2)


def _about(linear: Floats, middle: Floats, other: Floats) -> Floats:
    """The map of this linear part that puts one point on another."""
    out = np.eye(3)
    out[:2, :2] = linear
    out[:2, 2] = other - linear @ middle
    return out


def _determinant(matrix: Floats) -> float:
    return float(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])
