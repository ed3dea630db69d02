"""Whether two aligned pictures show the same, block by block: do their edges run the same way at the same places?

The upload is warped onto the work's plane. Of every pixel the directions of both gradients are compared, which neither
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
from .refinement import BLOCK, NOISE_GRADIENT, blocks, gradient, padded, refine, smoothed, unit
from .transforms import scale

_MAX_GRADIENT = 160.0  # beyond it an edge counts no more: one hard edge is not the picture
_HARD_GRADIENT = 260.0  # of lettering and stickers
MIN_AGREEMENT = 0.35  # of its gradients, for a block that is the same in both
_MAX_LOST_AGREEMENT = 0.2  # below which a block shows something else
_STRONG_GRADIENT = 40.0  # of an edge that a copy keeps
_MAX_SMOOTH_SHARE = 0.3  # of an edge's gradient: less than that around it is no edge
_SAME_EDGE = np.ones((5, 5), dtype=np.uint8)  # pixels in which an edge of the other would be the same edge
_BOTH_SIDES = np.ones((7, 7), dtype=np.uint8)  # pixels in which both sides of an edge lie
LEVEL_TOLERANCE = 8.0  # of the work's levels, by which a copy may lie off the line
_PIXEL_TOLERANCE = 12.0  # likewise, of one pixel
_SAMPLING_STEP = 8  # every so many-th pixel each way is fitted to
_MIN_SAMPLES = 32  # of these, for a line
_DOUBTFUL_WEIGHT = 0.1  # of a pixel in a block that does not agree
_CLIPPED_LEVELS = 3.0  # what lies nearer to black or white may have been clipped to it
_SLOPE_PRIOR = 30.0  # square levels; the variance of the work's levels up to which the slope is rather 1
_MIN_SLOPE, _MIN_STEEPNESS = 0.1, 0.3  # a slope is no smaller; from a smaller one, levels lie as far off as from this
_FIT_ROUNDS = 6
_COARSE_SIGMA = 4.0  # pixels, at which pixelated and blurred parts still agree

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]
Line = tuple[Floats | float, Floats | float]  # slope and offset


@dataclass(frozen=True, slots=True)
class PixelFeatures:
    """Shares 0..1 of the visible pixels, by their gradients and levels; a level is the same if it lies near the line.

    Attributes:
        panel_excess: of the pixels where nothing agrees, the share that has the upload's most frequent level, less the
            share of the work's pixels there that has it; high where a panel was laid over the work.
        work_edges_missing: share of the work's strong edges where the upload is smooth.
        upload_edges_added: share of the upload's strong edges where the work is smooth.
        work_edges_removed: of the work's strong edges, the share where the upload is smooth and has the level of one
            side: what stood there is not in the upload. Where it has neither level, something may lie over the edge.
        upload_edges_inserted: of the upload's strong edges, the share where the work is smooth and has the level of one
            side.
        smooth_level_share: share of what is smooth in both that has the same level; .5 where nothing is.
        level_share: share of all that has.
        edge_blocks_lost: share of the small blocks with strong edges, a quarter of a block each, whose edges the upload
            lacks.
    """

    panel_excess: float
    work_edges_missing: float
    upload_edges_added: float
    work_edges_removed: float
    upload_edges_inserted: float
    smooth_level_share: float
    level_share: float
    edge_blocks_lost: float


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Arrays of shape (rows, columns), one entry a block of the work, unless said otherwise.

    Attributes:
        matrix: the refined transform, shape (3, 3).
        visible: share of the block that lies inside the upload.
        work_gradient, upload_gradient: mean capped gradient, levels; what there is to agree about.
        work_agreement: share of the work's gradients that the upload has, -1..1.
        upload_agreement: share of the upload's gradients that the work has, -1..1.
        coarse_agreement: as ``work_agreement``, of both pictures blurred.
        hard_edges: share of the block's pixels where the upload has the hard edges of something added.
        work_level, upload_level: mean levels.
        work_level_fine, upload_level_fine: likewise of small blocks, a quarter of a block each, shape (2 rows,
            2 columns).
        shift: pixels by which the block of the upload lies beside where the transform puts it.
        line: slope, .1 at least, and offset of the straight line that makes the work's levels the upload's, those of an
            inverted upload turned back; 1 and 0 where too little is visible.
        pixels: what single pixels say.
    """

    matrix: Floats
    visible: Floats
    work_gradient: Floats
    upload_gradient: Floats
    work_agreement: Floats
    upload_agreement: Floats
    coarse_agreement: Floats
    hard_edges: Floats
    work_level: Floats
    upload_level: Floats
    work_level_fine: Floats
    upload_level_fine: Floats
    shift: Floats
    line: tuple[float, float]
    pixels: PixelFeatures


@dataclass(frozen=True, slots=True, eq=False)
class _Pixels:
    """Both pictures on the work's plane of whole blocks; arrays of its shape.

    Attributes:
        work, upload: levels, smoothed.
        visible: 1 where the upload has pixels.
        work_edges, upload_edges: magnitudes of the gradients.
        cosine: of the angle between both gradients, less where either is noise.
    """

    work: Floats
    upload: Floats
    visible: Floats
    work_edges: Floats
    upload_edges: Floats
    cosine: Floats


def compare(upload: Frame, work: Frame, matrix: Floats, variant: int) -> Comparison:
    """Compare an upload with a work that ``matrix`` maps onto it."""
    size = (work.width, work.height)
    enlargement = scale(matrix, work.middle)
    grey = padded(cv2.resize(work.grey, size, interpolation=cv2.INTER_AREA), cv2.BORDER_REPLICATE)
    work_picture = smoothed(grey, 1.0 if enlargement > 0.8 else 0.8 / enlargement)
    gx, gy = gradient(work_picture)
    refined = refine(upload, matrix, size, unit(gx, gy), inverted=bool(variant & INVERTED))
    hx, hy = gradient(refined.picture)
    g, h = cv2.magnitude(gx, gy), cv2.magnitude(hx, hy)
    cosine = (gx * hx + gy * hy) / ((g + NOISE_GRADIENT) * (h + NOISE_GRADIENT))
    pixels = _Pixels(work_picture, refined.picture, refined.visible, g, h, cosine)
    work_weight = np.minimum(g, _MAX_GRADIENT) * refined.visible
    upload_weight = np.minimum(h, _MAX_GRADIENT) * refined.visible
    visible, work_sum, upload_sum = blocks(refined.visible), blocks(work_weight), blocks(upload_weight)
    agreement = blocks(work_weight * cosine) / np.maximum(work_sum, 1e-3)
    line = _level_line(pixels, agreement > MIN_AGREEMENT)
    return Comparison(
        matrix=refined.matrix,
        visible=visible,
        work_gradient=work_sum / np.maximum(visible, 1e-3),
        upload_gradient=upload_sum / np.maximum(visible, 1e-3),
        work_agreement=agreement,
        upload_agreement=blocks(upload_weight * cosine) / np.maximum(upload_sum, 1e-3),
        coarse_agreement=_coarse_agreement(pixels),
        hard_edges=blocks(((h > _HARD_GRADIENT) & (refined.visible > 0)).astype(np.float32)),
        work_level=blocks(work_picture),
        upload_level=blocks(refined.picture),
        work_level_fine=blocks(work_picture, BLOCK // 2),
        upload_level_fine=blocks(refined.picture, BLOCK // 2),
        shift=refined.shift,
        line=line,
        pixels=_pixel_features(pixels, line, work_weight, (agreement < _MAX_LOST_AGREEMENT) & (visible > 0.5)),
    )


def _pixel_features(pixels: _Pixels, line: tuple[float, float], work_weight: Floats, lost: Flags) -> PixelFeatures:
    """
    Args:
        work_weight: the work's gradients, capped, where they are visible.
        lost: which blocks show something else.
    """
    expected, tolerance = _mapped_levels(pixels.work, line), _PIXEL_TOLERANCE * _steepness(line)
    (missing, removed), (added, inserted) = _unmatched_edges(pixels, expected, tolerance)
    smooth, everywhere = _level_shares(pixels, np.abs(pixels.upload - expected) < tolerance)
    return PixelFeatures(
        panel_excess=_panel_excess(pixels, lost),
        work_edges_missing=missing,
        upload_edges_added=added,
        work_edges_removed=removed,
        upload_edges_inserted=inserted,
        smooth_level_share=smooth,
        level_share=everywhere,
        edge_blocks_lost=_edge_blocks_lost(work_weight, pixels.cosine),
    )


def _level_line(pixels: _Pixels, agrees: Flags) -> tuple[float, float]:
    """`Comparison.line`; ``agrees`` by block.

    Two lines are fitted by iteratively reweighted least squares: one begins with all pixels that are not clipped to
    black or white, the other with those whose level is the same. The one near which most lies is returned: white paper
    under dark letters misleads the first, filters the second.
    """
    sampled = (slice(_SAMPLING_STEP // 2, None, _SAMPLING_STEP),) * 2
    trust = np.where(upsampled(agrees, BLOCK // _SAMPLING_STEP), 1.0, _DOUBTFUL_WEIGHT)
    base = (pixels.visible[sampled] * trust).ravel()
    some = np.flatnonzero(base)
    if len(some) < _MIN_SAMPLES:
        return 1.0, 0.0
    arrays = base, pixels.work[sampled], pixels.upload[sampled]
    base, x, y = (part.ravel()[some].astype(np.float64) for part in arrays)
    powers = np.stack((np.ones_like(x), x, y, x * x, x * y), axis=1)
    unclipped = (y > _CLIPPED_LEVELS) & (y < 255 - _CLIPPED_LEVELS)
    weight = base * np.stack((unclipped, _closeness(level_residuals(x, y, (1.0, 0.0)))))
    for _ in range(_FIT_ROUNDS):
        total, *sums = (weight @ powers).T
        mx, my, xx, xy = (each / np.maximum(total, 1e-9) for each in sums)
        slope = np.maximum((xy - mx * my + _SLOPE_PRIOR) / (xx - mx * mx + _SLOPE_PRIOR), _MIN_SLOPE)
        line = slope[:, None], (my - slope * mx)[:, None]
        near = base * _closeness(level_residuals(x, y, line))
        mapped = line[0] * x + line[1]
        weight = near * ((mapped > 0) & (mapped < 255))  # what is clipped says nothing about the slope
    best = int(near.sum(axis=1).argmax())
    return float(line[0][best, 0]), float(line[1][best, 0])


def _closeness(residual: Floats) -> Floats:
    """The weight of a pixel that lies off the line: that of Cauchy's robust loss."""
    return 1 / (1 + (residual / LEVEL_TOLERANCE) ** 2)


def level_residuals(x: Floats, y: Floats, line: Line) -> Floats:
    """By how many of the work's levels an upload's levels ``y`` lie off the line where the work has ``x``."""
    return np.asarray(np.abs(y - _mapped_levels(x, line)) / _steepness(line))


def _mapped_levels(x: Floats, line: Line) -> Floats:
    """The work's levels as an upload would have them, clipped to black and white."""
    return np.asarray(np.clip(line[0] * x + line[1], 0, 255))


def _steepness(line: Line) -> Any:
    """How many of an upload's levels are taken for one of the work's: the slope, of a flat line more."""
    return np.maximum(line[0], _MIN_STEEPNESS)


def _unmatched_edges(pixels: _Pixels, expected: Floats, tolerance: float) -> list[tuple[float, float]]:
    """Of the strong edges of the work, then of the upload, the share near which the other has nothing of the kind, and
    the share where it has besides the level of one side of the edge, but for less than ``tolerance``.

    Args:
        expected: the work's levels as the upload would have them.
    """
    seen = pixels.visible > 0
    g, h = pixels.work_edges, pixels.upload_edges
    both = (g > _STRONG_GRADIENT) & (pixels.cosine > 0.7) & seen
    contrast = float(np.clip(np.median(h[both] / g[both]), 0.1, 4.0)) if both.sum() > BLOCK else 1.0
    h = h / contrast
    out = []
    for one, other, levels, other_levels in ((g, h, expected, pixels.upload), (h, g, pixels.upload, expected)):
        edge = np.flatnonzero((one > _STRONG_GRADIENT) & seen)
        weight = np.minimum(one.take(edge), _MAX_GRADIENT)
        unmatched = cv2.dilate(other, _SAME_EDGE).take(edge) < _MAX_SMOOTH_SHARE * one.take(edge)
        where, lone = edge[unmatched], weight[unmatched]
        # The lighter side of an edge, then the darker one.
        sides = (cv2.dilate(levels, _BOTH_SIDES), cv2.erode(levels, _BOTH_SIDES))
        off = [np.abs(side.take(where) - other_levels.take(where)) for side in sides]
        total = max(float(weight.sum()), _MAX_GRADIENT)
        out.append((float(lone.sum()) / total, float(lone[np.minimum(*off) < tolerance].sum()) / total))
    return out


def _level_shares(pixels: _Pixels, same: Flags) -> tuple[float, float]:
    """`PixelFeatures.smooth_level_share` and `PixelFeatures.level_share`."""
    seen = pixels.visible > 0
    edges = cv2.dilate(np.maximum(pixels.work_edges, pixels.upload_edges), _SAME_EDGE)
    smooth = seen & (edges < _STRONG_GRADIENT)
    counts = [(np.count_nonzero(same & part), np.count_nonzero(part)) for part in (smooth, seen)]
    in_smooth, in_seen = (float(count / total) if total else 0.5 for count, total in counts)
    return in_smooth, in_seen


def _edge_blocks_lost(work_weight: Floats, cosine: Floats) -> float:
    """`PixelFeatures.edge_blocks_lost`."""
    edges, agree = blocks(work_weight, BLOCK // 2), blocks(work_weight * cosine, BLOCK // 2)
    strong = edges > _STRONG_GRADIENT / 2
    return float((agree[strong] < _MAX_LOST_AGREEMENT * edges[strong]).mean()) if strong.any() else 0.0


def _panel_excess(pixels: _Pixels, lost: Flags) -> float:
    """`PixelFeatures.panel_excess`; ``lost`` by block."""
    where = upsampled(lost, BLOCK)
    if not where.any():
        return 0.0
    pictures = pixels.upload, pixels.work
    histograms = [np.bincount((p[where] * 0.125).astype(np.uint8), minlength=32) for p in pictures]
    of_upload, of_work = (np.convolve(each, (1, 1), "same") / where.sum() for each in histograms)
    most = int(of_upload.argmax())
    return float(of_upload[most] - of_work[most])


def _coarse_agreement(pixels: _Pixels) -> Floats:
    """`Comparison.coarse_agreement`: both pictures are blurred at a quarter of the size each way."""
    rows, columns = pixels.work.shape
    quarter, full = (max(4, columns // 4), max(4, rows // 4)), (columns, rows)
    small = (cv2.resize(p, quarter, interpolation=cv2.INTER_AREA) for p in (pixels.work, pixels.upload))
    (gx, gy), (hx, hy) = (gradient(smoothed(each, _COARSE_SIGMA / 4)) for each in small)
    g, h = cv2.magnitude(gx, gy), cv2.magnitude(hx, hy)
    cosine = (gx * hx + gy * hy) / ((g + NOISE_GRADIENT) * (h + NOISE_GRADIENT))
    weight = cv2.resize(np.minimum(g, _MAX_GRADIENT), full, interpolation=cv2.INTER_NEAREST) * pixels.visible
    agreement = weight * cv2.resize(cosine, full, interpolation=cv2.INTER_NEAREST)
    return blocks(agreement) / np.maximum(blocks(weight), 1e-3)


def upsampled(flags: Flags, times: int) -> Flags:
    """Each entry as many entries each way."""
    return np.asarray(np.repeat(np.repeat(flags, times, axis=0), times, axis=1))
