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

from .fitting import scale
from .keypoints import INVERTED
from .settling import BLOCK, FLOOR, blocks, filled, gradient, settle, smoothed, unit
from .stored import Frame

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
        matrix: the transform that was corrected, shape (3, 3).
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

    matrix: Floats
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
    larger = scale(matrix, work.middle)
    plain = filled(cv2.resize(work.grey, size, interpolation=cv2.INTER_AREA), cv2.BORDER_REPLICATE)
    mine = smoothed(plain, 1.0 if larger > 0.8 else 0.8 / larger)
    gx, gy = gradient(mine)
    settled = settle(upload, matrix, size, unit(gx, gy), inverted=bool(form & INVERTED))
    theirs, visible = settled.picture, settled.visible
    hx, hy = gradient(theirs)
    g, h = cv2.magnitude(gx, gy), cv2.magnitude(hx, hy)
    cosine = (gx * hx + gy * hy) / ((g + FLOOR) * (h + FLOOR))
    weight, other = np.minimum(g, _CAP) * visible, np.minimum(h, _CAP) * visible
    seen = blocks(visible)
    of_work, of_upload = blocks(weight), blocks(other)
    coarse, coarse_weight = _coarse(mine, theirs, visible)
    erased, alien = _lone(g, h, cosine, visible)
    agree = blocks(weight * cosine) / np.maximum(of_work, 1e-3)
    return Compared(
        matrix=settled.matrix,
        visible=seen,
        work=of_work / np.maximum(seen, 1e-3),
        upload=of_upload / np.maximum(seen, 1e-3),
        agree=agree,
        back=blocks(other * cosine) / np.maximum(of_upload, 1e-3),
        coarse=blocks(coarse) / np.maximum(blocks(coarse_weight), 1e-3),
        crisp=blocks(((h > _CRISP) & (visible > 0)).astype(np.float32)),
        tone_work=blocks(mine),
        tone_upload=blocks(theirs),
        shade_work=blocks(mine, BLOCK // 2),
        shade_upload=blocks(theirs, BLOCK // 2),
        shift=settled.shift,
        panel=_panel(mine, theirs, (agree < _LOST) & (seen > 0.5)),
        erased=erased,
        alien=alien,
        gone=_gone(weight, cosine),
    )


def _lone(g: Floats, h: Floats, cosine: Floats, visible: Floats) -> tuple[float, float]:
    """Shares of the strong edges of the work and of the upload near which the other has nothing of the kind."""
    seen = visible > 0
    both = (g > _STRONG) & (cosine > 0.7) & seen
    faded = float(np.clip(np.median(h[both] / g[both]), 0.1, 4.0)) if both.sum() > BLOCK else 1.0
    h = h / faded
    around = np.ones((5, 5), dtype=np.uint8)
    out = []
    for one, other in ((g, h), (h, g)):
        weight = np.minimum(one, _CAP) * ((one > _STRONG) & seen)
        alone = weight * (cv2.dilate(other, around) < _SMOOTH * one)
        out.append(float(alone.sum() / max(float(weight.sum()), _CAP)))
    return out[0], out[1]


def _gone(weight: Floats, cosine: Floats) -> float:
    """Of the small blocks where the work has strong edges, the share that does not agree."""
    edges, agree = blocks(weight, BLOCK // 2), blocks(weight * cosine, BLOCK // 2)
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


def _coarse(mine: Floats, theirs: Floats, visible: Floats) -> tuple[Floats, Floats]:
    """Agreement and weight a pixel of both pictures, blurred and at a quarter of the size each way."""
    quarter = (max(4, mine.shape[1] // 4), max(4, mine.shape[0] // 4))
    back = (mine.shape[1], mine.shape[0])
    a, b = (smoothed(cv2.resize(p, quarter, interpolation=cv2.INTER_AREA), _COARSE / 4) for p in (mine, theirs))
    gx, gy = gradient(a)
    hx, hy = gradient(b)
    g, h = cv2.magnitude(gx, gy), cv2.magnitude(hx, hy)
    cosine = (gx * hx + gy * hy) / ((g + FLOOR) * (h + FLOOR))
    weight = cv2.resize(np.minimum(g, _CAP), back, interpolation=cv2.INTER_NEAREST) * visible
    return weight * cv2.resize(cosine, back, interpolation=cv2.INTER_NEAREST), weight


def enlarged(blocks: NDArray[np.bool_], times: int) -> NDArray[np.bool_]:
    """Each block as many entries each way."""
    return np.asarray(np.repeat(np.repeat(blocks, times, axis=0), times, axis=1))
