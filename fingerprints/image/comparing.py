"""Whether two aligned pictures show the same, block by block: do their edges run the same way at the same places?

The upload is drawn onto the work's plane. Of every pixel the directions of both gradients are compared, which neither
brightness nor contrast nor colour filters change; what lies between the letters of a caption still agrees. Unrelated
pictures agree to zero on average, whatever is in them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .keypoints import INVERTED
from .stored import Frame

BLOCK = 16  # pixels of the work's plane
_REACH = 2  # pixels by which a block may lie beside where the transform puts it, in a disc
_FLOOR = 10.0  # gradient (levels across three pixels, Sobel) that noise has too
_CAP = 160.0  # beyond it an edge counts no more: one hard edge is not the picture
_CRISP = 260.0  # gradient of lettering and stickers
_LOST = 0.2  # agreement below which a block shows something else
_STRONG = 40.0  # gradient of an edge that a copy keeps
_SMOOTH = 0.3  # of an edge's gradient: less than that around it is no edge
_COARSE = 4.0  # sigma in pixels, at which pixelated and blurred parts still agree

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Arrays of shape (rows, columns), one entry a block of the work.

    Attributes:
        visible: share of the block that lies inside the upload.
        work, upload: mean capped gradient of each, levels; what there is to agree about.
        agree: share of the work's gradients that the upload has, -1..1.
        back: share of the upload's gradients that the work has, -1..1.
        coarse: as ``agree``, of both pictures blurred.
        crisp: share of the block's pixels where the upload has the hard edges of something added.
        tone_work, tone_upload: mean levels.
        shade_work, shade_upload: likewise of small blocks, a quarter of a block each, shape (2 rows, 2 columns).
        shift: pixels by which the block of the upload lies beside where the transform puts it.
        panel: one number: of the pixels where nothing agrees, the share that has the upload's most frequent level, less
            the share of the work's pixels there that has it; high where a panel was laid over the work.
        erased: share of the work's strong edges where the upload is smooth.
        alien: share of the upload's strong edges where the work is smooth.
        gone: share of the small blocks with strong edges, a quarter of a block each, whose edges the upload lacks.
    """

    visible: Floats
    work: Floats
    upload: Floats
    agree: Floats
    back: Floats
    coarse: Floats
    crisp: Floats
    tone_work: Floats
    tone_upload: Floats
    shade_work: Floats
    shade_upload: Floats
    shift: Floats
    panel: float
    erased: float
    alien: float
    gone: float


def compare(upload: Frame, work: Frame, matrix: Floats, form: int) -> Compared:
    """Compare an upload with a work that ``matrix`` maps onto it."""
    size = (work.width, work.height)
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    plain = _filled(cv2.resize(work.grey, size, interpolation=cv2.INTER_AREA), cv2.BORDER_REPLICATE)
    mine = _smoothed(plain, 1.0 if scale > 0.8 else 0.8 / scale)
    theirs, visible = _drawn(upload, matrix, scale, size)
    theirs, visible = _filled(theirs, cv2.BORDER_REPLICATE), _filled(visible, cv2.BORDER_CONSTANT)
    if form & INVERTED:
        theirs = 255 - theirs
    theirs = _smoothed(theirs, 1.0)
    gx, gy = _gradient(mine)
    theirs, shift = _settled(_unit(gx, gy), theirs, visible)
    hx, hy = _gradient(theirs)
    g, h = cv2.magnitude(gx, gy), cv2.magnitude(hx, hy)
    cosine = (gx * hx + gy * hy) / ((g + _FLOOR) * (h + _FLOOR))
    weight, other = np.minimum(g, _CAP) * visible, np.minimum(h, _CAP) * visible
    seen = _blocks(visible)
    of_work, of_upload = _blocks(weight), _blocks(other)
    coarse, coarse_weight = _coarse(mine, theirs, visible)
    erased, alien = _lone(g, h, cosine, visible)
    agree = _blocks(weight * cosine) / np.maximum(of_work, 1e-3)
    return Compared(
        visible=seen,
        work=of_work / np.maximum(seen, 1e-3),
        upload=of_upload / np.maximum(seen, 1e-3),
        agree=agree,
        back=_blocks(other * cosine) / np.maximum(of_upload, 1e-3),
        coarse=_blocks(coarse) / np.maximum(_blocks(coarse_weight), 1e-3),
        crisp=_blocks(((h > _CRISP) & (visible > 0)).astype(np.float32)),
        tone_work=_blocks(mine),
        tone_upload=_blocks(theirs),
        shade_work=_blocks(mine, BLOCK // 2),
        shade_upload=_blocks(theirs, BLOCK // 2),
        shift=shift,
        panel=_panel(mine, theirs, (agree < _LOST) & (seen > 0.5)),
        erased=erased,
        alien=alien,
        gone=_gone(weight, cosine),
    )


def _lone(g: Floats, h: Floats, cosine: Floats, visible: Floats) -> tuple[float, float]:
    """Shares of the strong edges of the work and of the upload near which the other has nothing of the kind."""
    both = (g > _STRONG) & (cosine > 0.7) & (visible > 0)
    faded = float(np.clip(np.median(h[both] / g[both]), 0.1, 4.0)) if both.sum() > BLOCK else 1.0
    around = np.ones((5, 5), dtype=np.uint8)
    out = []
    for one, other in ((g, h / faded), (h / faded, g)):
        strong = (one > _STRONG) & (visible > 0)
        weight = np.minimum(one, _CAP)[strong]
        alone = weight[(cv2.dilate(other, around) < _SMOOTH * one)[strong]]
        out.append(float(alone.sum() / max(float(weight.sum()), _CAP)))
    return out[0], out[1]


def _gone(weight: Floats, cosine: Floats) -> float:
    """Of the small blocks where the work has strong edges, the share that does not agree."""
    edges, agree = _blocks(weight, BLOCK // 2), _blocks(weight * cosine, BLOCK // 2)
    strong = edges > _STRONG / 2
    return float((agree[strong] < _LOST * edges[strong]).mean()) if strong.any() else 0.0


def _panel(mine: Floats, theirs: Floats, lost: NDArray[np.bool_]) -> float:
    where = enlarged(lost, BLOCK)
    if not where.any():
        return 0.0
    shares = [np.bincount((p[where] / 8).astype(np.int64).clip(0, 31), minlength=32) for p in (theirs, mine)]
    level, there = (np.convolve(share, (1, 1), "same") / where.sum() for share in shares)
    most = int(level.argmax())
    return float(level[most] - there[most])


def _drawn(upload: Frame, matrix: Floats, scale: float, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """The upload on the work's plane, and 1 where it has pixels."""
    grey = upload.grey  # not always of the plane's size
    density = scale * grey.shape[1] / upload.width
    if density > 1.3:  # average before sampling
        small = (max(1, round(grey.shape[1] / density)), max(1, round(grey.shape[0] / density)))
        grey = np.asarray(cv2.resize(grey, small, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    to_grey = np.diag((grey.shape[1] / upload.width, grey.shape[0] / upload.height, 1.0))
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # OpenCV counts from the centre of the first pixel
    to_upload = np.linalg.inv(half) @ to_grey @ matrix @ half
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    drawn = cv2.warpPerspective(grey, to_upload, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    # What lies inside, less a margin: a picture of ones drawn likewise, and nothing from behind the viewer.
    margin = min(1.5 * max(scale, 1.0), 6.0) * grey.shape[1] / upload.width
    within = np.ones(grey.shape, dtype=np.uint8)
    wide = int(np.ceil(margin))
    within[:wide], within[-wide:], within[:, :wide], within[:, -wide:] = 0, 0, 0, 0
    near = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    inside = np.asarray(cv2.warpPerspective(within, to_upload, size, flags=near, borderMode=cv2.BORDER_CONSTANT))
    if matrix[2, 0] or matrix[2, 1]:
        x, y = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
        inside = inside * ((matrix[2, 0] * x + (matrix[2, 1] * y)[:, None] + matrix[2, 2]) * matrix[2, 2] > 0)
    return np.asarray(drawn, dtype=np.float32), inside.astype(np.float32)


def _settled(directions: tuple[Floats, Floats], theirs: Floats, visible: Floats) -> tuple[Floats, Floats]:
    """The upload with each block moved by the few pixels that make it agree best with the work's directions,
    neighbours considered; how far."""
    gx, gy = directions
    hx, hy = _unit(*_gradient(theirs))
    gx, gy = gx * visible, gy * visible
    around = range(-_REACH, _REACH + 1)
    reach = [(dx, dy) for dy in around for dx in around if dx * dx + dy * dy <= _REACH * _REACH]
    reach.sort(key=lambda d: d[0] ** 2 + d[1] ** 2)
    sums = []
    padded = [cv2.copyMakeBorder(a, _REACH, _REACH, _REACH, _REACH, cv2.BORDER_CONSTANT) for a in (hx, hy)]
    rows, columns = theirs.shape
    for dx, dy in reach:
        y, x = _REACH + dy, _REACH + dx
        dot = cv2.multiply(gx, padded[0][y : y + rows, x : x + columns])
        dot = cv2.add(dot, cv2.multiply(gy, padded[1][y : y + rows, x : x + columns]))
        sums.append(cv2.blur(_blocks(dot), (3, 3), borderType=cv2.BORDER_CONSTANT))
    stack = np.stack(sums)
    stack[0] *= 1.03  # stay, unless moving is better
    best = stack.argmax(axis=0)
    offsets = np.array(reach, dtype=np.float32)[best]
    shift = np.hypot(offsets[..., 0], offsets[..., 1])
    if not best.any():
        return theirs, shift
    grid = offsets.shape[1] * BLOCK, offsets.shape[0] * BLOCK
    field = cv2.resize(offsets, grid, interpolation=cv2.INTER_LINEAR)
    across, down = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    moved = cv2.remap(
        theirs, across + field[..., 0], down + field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved), shift


def _coarse(mine: Floats, theirs: Floats, visible: Floats) -> tuple[Floats, Floats]:
    """Agreement and weight a pixel of both pictures, blurred and at a quarter of the size each way."""
    quarter = (max(4, mine.shape[1] // 4), max(4, mine.shape[0] // 4))
    back = (mine.shape[1], mine.shape[0])
    a, b = (_smoothed(cv2.resize(p, quarter, interpolation=cv2.INTER_AREA), _COARSE / 4) for p in (mine, theirs))
    gx, gy = _gradient(a)
    hx, hy = _gradient(b)
    g, h = cv2.magnitude(gx, gy), cv2.magnitude(hx, hy)
    cosine = (gx * hx + gy * hy) / ((g + _FLOOR) * (h + _FLOOR))
    weight = cv2.resize(np.minimum(g, _CAP), back, interpolation=cv2.INTER_NEAREST) * visible
    return weight * cv2.resize(cosine, back, interpolation=cv2.INTER_NEAREST), weight


def _smoothed(picture: NDArray[np.generic], sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), sigma))


def _gradient(picture: Floats) -> tuple[Floats, Floats]:
    return cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)


def _unit(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    length = cv2.magnitude(x, y) + _FLOOR
    return x / length, y / length


def _filled(picture: NDArray[np.generic], border: int) -> Floats:
    """A picture continued to whole blocks, so that all that follows needs no edges."""
    down, right = -picture.shape[0] % BLOCK, -picture.shape[1] % BLOCK
    return np.asarray(cv2.copyMakeBorder(picture, 0, down, 0, right, border))


def enlarged(blocks: NDArray[np.bool_], times: int) -> NDArray[np.bool_]:
    """Each block as many entries each way."""
    return np.asarray(np.repeat(np.repeat(blocks, times, axis=0), times, axis=1))


def _blocks(values: Floats, side: int = BLOCK) -> Floats:
    """Means of the blocks of a picture of whole blocks."""
    shape = values.shape[1] // side, values.shape[0] // side
    return np.asarray(cv2.resize(values, shape, interpolation=cv2.INTER_AREA)).reshape(shape[1], shape[0])
