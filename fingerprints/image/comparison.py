"""Whether two aligned pictures show the same, block by block: do their edges run the same way at the same places?

The upload is drawn onto the work's plane. Of every pixel the directions of both gradients are compared, which neither
brightness nor contrast nor colour filters change; what lies between the letters of a caption still agrees. Unrelated
pictures agree to zero on average, whatever is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .codec import Frame
from .keypoints import INVERTED
from .refinement import BLOCK, FLOOR, blocks, filled, gradient, settle, smoothed, unit
from .transforms import scale

_CAP = 160.0  # beyond it an edge counts no more: one hard edge is not the picture
_CRISP = 260.0  # gradient of lettering and stickers
AGREES = 0.35  # of its gradients, for a block that is the same in both
_LOST = 0.2  # agreement below which a block shows something else
_STRONG = 40.0  # gradient of an edge that a copy keeps
_SMOOTH = 0.3  # of an edge's gradient: less than that around it is no edge
_AROUND = np.ones((5, 5), dtype=np.uint8)  # pixels in which an edge of the other would be the same edge
_SIDES = np.ones((7, 7), dtype=np.uint8)  # pixels in which both sides of an edge lie
LEVELS = 8.0  # of the work's brightness, that a copy may lie beside the line
_NEAR = 12.0  # likewise, of one pixel
_SPARSE = 8  # every so many-th pixel each way says what the line is
_FEWEST = 32  # of these, that say something
_DOUBTED = 0.1  # weight of a pixel in a block that does not agree
_CUT = 3.0  # levels; what lies nearer to black or white may have been cut to it
_EVEN = 30.0  # square levels: the less a work's levels differ, the less they say about the slope, which is 1 then
_LEAST_SLOPE, _FLAT = 0.1, 0.3  # a slope is no smaller; from a smaller one, levels lie as far off as from this
_REPEATS = 6  # of the fit
_COARSE = 4.0  # sigma in pixels, at which pixelated and blurred parts still agree

Floats = NDArray[np.floating]
Line = tuple[Floats | float, Floats | float]  # slope and offset


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Arrays of shape (rows, columns), one entry a block of the work, and numbers.

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
        line: slope, .1 at least, and offset of the straight line that makes the work's levels the upload's, those of an
            inverted upload turned back; 1 and 0 where too little is visible.
        erased: share of the work's strong edges where the upload is smooth.
        alien: share of the upload's strong edges where the work is smooth.
        absent: of the work's strong edges, the share where the upload is smooth and has the level of one side: what
            stood there is not in the upload. Where it has neither level, something may lie over the edge.
        put: of the upload's strong edges, the share where the work is smooth and has the level of one side.
        alike: share of what is smooth in both and visible that has one level, by the line; .5 where nothing is.
        same: share of all that is visible that has.
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
    line: tuple[float, float]
    erased: float
    alien: float
    absent: float
    put: float
    alike: float
    same: float
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
    agree = blocks(weight * cosine) / np.maximum(of_work, 1e-3)
    line = _line(mine, theirs, visible, agree > AGREES)
    told, near = _told(mine, line), _NEAR * _steepness(line)
    (erased, absent), (alien, put) = _lone(g, h, cosine, visible, told, theirs, near)
    alike, same = _alike(g, h, visible, np.abs(theirs - told) < near)
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
        line=line,
        erased=erased,
        alien=alien,
        absent=absent,
        put=put,
        alike=alike,
        same=same,
        gone=_gone(weight, cosine),
    )


def _line(mine: Floats, theirs: Floats, visible: Floats, agrees: NDArray[np.bool_]) -> tuple[float, float]:
    """`Compared.line`, of pictures of whole blocks; ``agrees`` by block.

    Two lines are fitted again and again, what lies off them weighing less: one begins with all pixels that are not cut
    to black or white, the other with those whose level is the same. The one near which most lies is returned: white
    paper under dark letters misleads the first, filters the second.
    """
    few = (slice(_SPARSE // 2, None, _SPARSE),) * 2
    base = (visible[few] * np.where(enlarged(agrees, BLOCK // _SPARSE), 1.0, _DOUBTED)).ravel()
    some = np.flatnonzero(base)
    if len(some) < _FEWEST:
        return 1.0, 0.0
    base, x, y = (part.ravel()[some].astype(np.float64) for part in (base, mine[few], theirs[few]))
    powers = np.stack((np.ones_like(x), x, y, x * x, x * y), axis=1)
    fitted = base * np.stack(((y > _CUT) & (y < 255 - _CUT), _nearness(away(x, y, (1.0, 0.0)))))
    for _ in range(_REPEATS):
        total, *sums = (fitted @ powers).T
        mx, my, xx, xy = (each / np.maximum(total, 1e-9) for each in sums)
        slope = np.maximum((xy - mx * my + _EVEN) / (xx - mx * mx + _EVEN), _LEAST_SLOPE)
        line = slope[:, None], (my - slope * mx)[:, None]
        near = base * _nearness(away(x, y, line))
        there = line[0] * x + line[1]
        fitted = near * ((there > 0) & (there < 255))  # what is cut says nothing about the slope
    best = int(near.sum(axis=1).argmax())
    return float(line[0][best, 0]), float(line[1][best, 0])


def _nearness(off: Floats) -> Floats:
    return 1 / (1 + (off / LEVELS) ** 2)


def away(x: Floats, y: Floats, line: Line) -> Floats:
    """By how many of the work's levels an upload's levels ``y`` lie off the line where the work has ``x``."""
    return np.asarray(np.abs(y - _told(x, line)) / _steepness(line))


def _told(x: Floats, line: Line) -> Floats:
    """The work's levels as an upload would have them, cut to black and white."""
    return np.asarray(np.clip(line[0] * x + line[1], 0, 255))


def _steepness(line: Line) -> Any:
    """How many of an upload's levels are taken for one of the work's: the slope, of a flat line more."""
    return np.maximum(line[0], _FLAT)


def _lone(
    g: Floats, h: Floats, cosine: Floats, visible: Floats, told: Floats, theirs: Floats, near: float
) -> list[tuple[float, float]]:
    """Of the strong edges of the work, then of the upload, the share near which the other has nothing of the kind, and
    the share where it has besides the level of one side of the edge, but for less than ``near``."""
    seen = visible > 0
    both = (g > _STRONG) & (cosine > 0.7) & seen
    faded = float(np.clip(np.median(h[both] / g[both]), 0.1, 4.0)) if both.sum() > BLOCK else 1.0
    h = h / faded
    out = []
    for one, other, edges, levels in ((g, h, told, theirs), (h, g, theirs, told)):
        edge = np.flatnonzero((one > _STRONG) & seen)
        weight = np.minimum(one.take(edge), _CAP)
        alone = cv2.dilate(other, _AROUND).take(edge) < _SMOOTH * one.take(edge)
        there, lone = edge[alone], weight[alone]
        off = [np.abs(side(edges, _SIDES).take(there) - levels.take(there)) for side in (cv2.dilate, cv2.erode)]
        total = max(float(weight.sum()), _CAP)
        out.append((float(lone.sum()) / total, float(lone[np.minimum(*off) < near].sum()) / total))
    return out


def _alike(g: Floats, h: Floats, visible: Floats, near: NDArray[np.bool_]) -> tuple[float, float]:
    """`Compared.alike` and `Compared.same`."""
    seen = visible > 0
    smooth = seen & (cv2.dilate(np.maximum(g, h), _AROUND) < _STRONG)
    counts = [(np.count_nonzero(near & part), np.count_nonzero(part)) for part in (smooth, seen)]
    alike, same = (float(here / there) if there else 0.5 for here, there in counts)
    return alike, same


def _gone(weight: Floats, cosine: Floats) -> float:
    """Of the small blocks where the work has strong edges, the share that does not agree."""
    edges, agree = blocks(weight, BLOCK // 2), blocks(weight * cosine, BLOCK // 2)
    strong = edges > _STRONG / 2
    return float((agree[strong] < _LOST * edges[strong]).mean()) if strong.any() else 0.0


def _panel(mine: Floats, theirs: Floats, lost: NDArray[np.bool_]) -> float:
    where = enlarged(lost, BLOCK)
    if not where.any():
        return 0.0
    shares = [np.bincount((p[where] * 0.125).astype(np.uint8), minlength=32) for p in (theirs, mine)]
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
