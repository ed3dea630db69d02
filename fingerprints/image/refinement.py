"""An upload warped onto a work's plane, and the transform refined there by where the blocks turn out to lie.

Keypoints are few where letters, noise or a photographed screen change a picture, and what they fix is fixed near them
only. Blocks are everywhere. In a copy the shifts of the blocks follow one smooth transform; in another view of the same
scene they follow none, and the shifts that remain show it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .codec import Frame
from .transforms import scale

BLOCK = 16  # pixels of the work's plane
NOISE_GRADIENT = 10.0  # levels across three pixels (Sobel), that noise has too
_MAX_ROUNDS = 5  # warp, find the blocks' shifts, correct
_MAX_SHIFT = 2  # pixels by which a block may lie beside where the transform puts it, in a disc
_MIN_MEAN_SHIFT = 0.1  # square pixels, weighted mean, from which a correction is looked for
_MAX_UNEXPLAINED = 0.45  # of the square shifts, what a correction may leave
_PERSPECTIVE_RIDGE = 1e-3  # against perspective that few blocks suggest
_FIT_ROUNDS = 4  # of reweighted least squares

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """
    Attributes:
        matrix: the corrected transform, shape (3, 3).
        picture: the upload on the work's plane of whole blocks, smoothed, each block shifted to where it agrees best.
        visible: 1 where the upload has pixels, shape of the picture.
        shift: by how many pixels each block was shifted, shape (rows, columns).
    """

    matrix: Floats
    picture: Floats
    visible: Floats
    shift: Floats


def refine(
    upload: Frame, matrix: Floats, size: tuple[int, int], directions: tuple[Floats, Floats], *, inverted: bool
) -> Refined:
    """Warp an upload, and correct the transform while that makes more agree.

    Args:
        matrix: from the work's plane to the upload's.
        size: width and height of the work's plane.
        directions: of the work's gradients, as `unit` gives them.
        inverted: whether the upload's levels are.
    """
    best = -1.0
    for rounds in range(1, _MAX_ROUNDS + 1):
        picture, visible = warped(upload, matrix, size)
        picture, visible = padded(picture, cv2.BORDER_REPLICATE), padded(visible, cv2.BORDER_CONSTANT)
        picture = smoothed(255 - picture if inverted else picture, 1.0)
        offsets, strength = _offsets(directions, picture, visible)
        if (total := float(strength.sum())) <= best:
            break
        best, refined = total, (matrix, picture, visible, offsets)
        correction = _correction(offsets, strength) if rounds < _MAX_ROUNDS else None
        if correction is None:
            break
        matrix = matrix @ correction
        matrix = matrix / matrix[2, 2]
    matrix, picture, visible, offsets = refined
    return Refined(matrix, _shifted(picture, offsets), visible, np.hypot(offsets[..., 0], offsets[..., 1]))


def from_picture(picture: NDArray[np.uint8], work: Frame, matrix: Floats) -> tuple[Floats, tuple[int, int]]:
    """The transform from a picture of a work, instead of its plane, to the upload's plane; and the picture's width and
    height."""
    rows, columns = picture.shape[:2]
    return matrix @ np.diag((work.width / columns, work.height / rows, 1.0)), (columns, rows)


def warped(upload: Frame, matrix: Floats, size: tuple[int, int], *, colours: bool = False) -> tuple[Floats, Floats]:
    """The upload on the work's plane, and 1 where it has pixels.

    Args:
        matrix: from the work's plane to the upload's.
        size: width and height of the work's plane.
        colours: those of the small picture in place of the grey levels.
    """
    picture = upload.colours if colours else upload.grey
    enlargement = scale(matrix, np.array(size) / 2)  # not always of the plane's size
    density = enlargement * picture.shape[1] / upload.width
    if density > 1.3:  # average before sampling
        small = (max(1, round(picture.shape[1] / density)), max(1, round(picture.shape[0] / density)))
        picture = np.asarray(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    rows, columns = picture.shape[:2]
    to_picture = np.diag((columns / upload.width, rows / upload.height, 1.0))
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # OpenCV counts from the centre of the first pixel
    to_upload = np.linalg.inv(half) @ to_picture @ matrix @ half
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(picture, to_upload, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    # What lies inside, less a margin: a picture of ones warped likewise, and nothing from behind the viewer.
    margin = min(1.5 * max(enlargement, 1.0), 6.0) * columns / upload.width
    within = np.ones((rows, columns), dtype=np.uint8)
    wide = int(np.ceil(margin))
    within[:wide], within[-wide:], within[:, :wide], within[:, -wide:] = 0, 0, 0, 0
    near = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    inside = np.asarray(cv2.warpPerspective(within, to_upload, size, flags=near, borderMode=cv2.BORDER_CONSTANT))
    if matrix[2, 0] or matrix[2, 1]:
        x, y = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
        inside = inside * ((matrix[2, 0] * x + (matrix[2, 1] * y)[:, None] + matrix[2, 2]) * matrix[2, 2] > 0)
    return np.asarray(warped, dtype=np.float32), inside.astype(np.float32)


def _offsets(directions: tuple[Floats, Floats], picture: Floats, visible: Floats) -> tuple[Floats, Floats]:
    """By how much each block has to be shifted to agree best with the work's directions, neighbours considered, and how
    well it agrees then: shapes (rows, columns, 2) and (rows, columns)."""
    gx, gy = directions
    hx, hy = unit(*gradient(picture))
    gx, gy = gx * visible, gy * visible
    around = range(-_MAX_SHIFT, _MAX_SHIFT + 1)
    reach = [(dx, dy) for dy in around for dx in around if dx * dx + dy * dy <= _MAX_SHIFT * _MAX_SHIFT]
    reach.sort(key=lambda d: d[0] ** 2 + d[1] ** 2)
    sums = []
    margin = (_MAX_SHIFT,) * 4
    bordered = [cv2.copyMakeBorder(a, *margin, cv2.BORDER_CONSTANT) for a in (hx, hy)]
    rows, columns = picture.shape
    for dx, dy in reach:
        y, x = _MAX_SHIFT + dy, _MAX_SHIFT + dx
        dot = cv2.multiply(gx, bordered[0][y : y + rows, x : x + columns])
        dot = cv2.add(dot, cv2.multiply(gy, bordered[1][y : y + rows, x : x + columns]))
        sums.append(cv2.blur(blocks(dot), (3, 3), borderType=cv2.BORDER_CONSTANT))
    stack = np.stack(sums)
    stack[0] *= 1.03  # stay, unless moving is better
    best = stack.argmax(axis=0)
    strength = np.maximum(stack.max(axis=0), 0)
    return np.array(reach, dtype=np.float32)[best], strength


def _correction(offsets: Floats, strength: Floats) -> Floats | None:
    """The homography near identity that explains the shifts of the blocks; None where none does.

    It is fitted by iteratively reweighted least squares, blocks that lie off weighing less.
    """
    rows, columns = strength.shape
    power = strength.ravel() / max(float(strength.sum()), 1e-6)
    off = offsets.reshape(-1, 2).astype(np.float64)
    before = float(power @ (off**2).sum(axis=1))
    if before < _MIN_MEAN_SHIFT:
        return None
    half = max(rows, columns) / 2
    y, x = (np.indices((rows, columns)).reshape(2, -1) + 0.5 - np.array([[rows], [columns]]) / 2) / half
    one, none = np.ones_like(x), np.zeros_like(x)
    # To first order a homography moves (x, y) by (a + bx + cy + gxx + hxy, d + ex + fy + gxy + hyy).
    across = np.stack((one, x, y, none, none, none, x * x, x * y), axis=1)
    down = np.stack((none, none, none, one, x, y, x * y, y * y), axis=1)
    design, target = np.concatenate((across, down)), off.T.ravel()
    weight = power
    for _ in range(_FIT_ROUNDS):
        twice = np.tile(weight, 2)[:, None]
        ridge = np.diag([1e-6] * 6 + [_PERSPECTIVE_RIDGE] * 2)
        solution = np.linalg.solve(design.T @ (design * twice) + ridge, design.T @ (twice[:, 0] * target))
        left = ((target - design @ solution) ** 2).reshape(2, -1).sum(axis=0)
        weight = power / (1 + left)
    after = float(weight @ left) / max(float(weight.sum()), 1e-9)
    before = float(weight @ (off**2).sum(axis=1)) / max(float(weight.sum()), 1e-9)
    if after > _MAX_UNEXPLAINED * before:
        return None
    a, b, c, d, e, f, g, h = solution
    side = half * BLOCK
    near = np.array([[1 + b / side, c / side, a], [e / side, 1 + f / side, d], [-g / side**2, -h / side**2, 1]])
    middle = np.array([[1, 0, columns * BLOCK / 2], [0, 1, rows * BLOCK / 2], [0, 0, 1]])
    return np.asarray(middle @ near @ np.linalg.inv(middle))


def _shifted(picture: Floats, offsets: Floats) -> Floats:
    """The upload with each block shifted."""
    if not offsets.any():
        return picture
    rows, columns = picture.shape
    field = cv2.resize(offsets, (columns, rows), interpolation=cv2.INTER_LINEAR)
    across, down = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    moved = cv2.remap(
        picture, across + field[..., 0], down + field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved)


def smoothed(picture: NDArray[np.generic], sigma: float) -> Floats:
    """Gaussian blur; ``sigma`` in pixels."""
    return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), sigma))


def gradient(picture: Floats) -> tuple[Floats, Floats]:
    """Sobel gradients to the right and down."""
    return cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)


def unit(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Gradients of about unit length, shorter where they are noise."""
    length = cv2.magnitude(x, y) + NOISE_GRADIENT
    return x / length, y / length


def padded(picture: NDArray[np.generic], border: int) -> Floats:
    """A picture continued to whole blocks, so that all that follows needs no edges."""
    down, right = -picture.shape[0] % BLOCK, -picture.shape[1] % BLOCK
    return np.asarray(cv2.copyMakeBorder(picture, 0, down, 0, right, border))


def blocks(values: Floats, side: int = BLOCK) -> Floats:
    """Means of the blocks of a picture of whole blocks."""
    shape = values.shape[1] // side, values.shape[0] // side
    return np.asarray(cv2.resize(values, shape, interpolation=cv2.INTER_AREA)).reshape(shape[1], shape[0])
