"""Measuring the features of one hypothesis, inside the rectangle of the work that agrees best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .alignment import Alignment
from .codec import Frame
from .comparison import LEVEL_TOLERANCE, MIN_AGREEMENT, Comparison, level_residuals, upsampled
from .features import (
    DifferenceFeatures,
    ExtentFeatures,
    Features,
    GeneralFeatures,
    KeypointFeatures,
    LevelFeatures,
    RectangleFeatures,
    VisibleWorkFeatures,
)
from .prefilter import PrefilterFeatures
from .refinement import BLOCK
from .transforms import Box, clip_polygon, corners, polygon_area, transformed, within

_MIN_TEXTURE = 12.0  # mean gradient of a block from which it shows something
_MIN_VISIBLE = 0.25  # share of a block inside the upload, from which it is compared
_MIN_VISIBLE_LEVELS = 0.6  # likewise, for what is said of levels
_CELL = 3  # blocks a side of a coarse cell
_BARE_GAIN = 0.5  # of a block that shows nothing in both, so that a sky belongs to what was found
_MIN_GAIN_AGREEMENT = 0.30  # what a block must agree more than, to belong to the rectangle

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class MatchedRegion:
    """
    Attributes:
        features: what the classifier decides by.
        box: left, top, right, bottom of the part of the work that was found, pixels of its plane.
        gain: how much agrees in it, less what does not; of several hypotheses of one work the highest is the right one.
    """

    features: Features
    box: Box
    gain: float


class _Blocks:
    """A comparison by blocks of the work: arrays of shape (rows, columns).

    Attributes:
        visible: share of the block inside the upload; 0 of what is hardly visible.
        weight: the work's gradients, as far as visible.
        agreement: of the pictures as they are or blurred.
        textured: whether there is anything to agree about.
        agrees: whether it does.
        missing: the work's gradients that do not agree.
    """

    def __init__(self, comparison: Comparison) -> None:
        self.visible = np.where(comparison.visible > _MIN_VISIBLE, comparison.visible, 0)
        self.weight = comparison.work_gradient * self.visible
        self.agreement = np.maximum(comparison.work_agreement, np.minimum(comparison.coarse_agreement, 0.9) - 0.15)
        self.textured = (comparison.work_gradient > _MIN_TEXTURE) & (self.visible > 0)
        self.agrees = self.textured & (self.agreement > MIN_AGREEMENT)
        self.missing = np.clip(1 - self.agreement / 0.7, 0, 1) * self.weight
        self.total = max(float(self.weight.sum()), 1e-6)

    def gain(self, comparison: Comparison) -> Floats:
        """What speaks for each block's being part of the match, less what speaks against."""
        plain = comparison.upload_gradient < _MIN_TEXTURE
        # Where the work is plain and the upload is not, something is there that is not the work's.
        foreign = np.where(plain, 0.0, np.minimum(comparison.upload_gradient, 60.0) * self.visible * 0.25)
        # What cannot be seen is left out of the rectangle.
        bare = np.where(self.visible > 0, np.where(plain, _BARE_GAIN, 0.0), -_BARE_GAIN)
        return np.where(self.textured, self.weight * (self.agreement - _MIN_GAIN_AGREEMENT), bare - foreign)

    def mean(self, values: Floats, where: Flags, weight: Floats | None = None) -> float:
        """The mean of some blocks, by their gradients."""
        weight = self.weight if weight is None else weight
        return float((values * weight)[where].sum() / max(float(weight[where].sum()), 1e-6))


def measure(
    upload: Frame,
    work: Frame,
    alignment: Alignment | None,
    comparison: Comparison,
    rarity: Floats,
    prefilter: PrefilterFeatures,
) -> MatchedRegion:
    """Find the rectangle of the work that agrees best, and measure the features of one hypothesis.

    Args:
        alignment: None where whole pictures were put on each other and have too few inliers.
        rarity: of each inlier one by the number of works with such a keypoint, shape (n,).
    """
    blocks = _Blocks(comparison)
    gain = blocks.gain(comparison)
    top, left, bottom, right = best_rectangle(gain)
    inside = np.zeros(gain.shape, dtype=bool)
    inside[top:bottom, left:right] = True
    box = (
        float(left * BLOCK),
        float(top * BLOCK),
        float(min(right * BLOCK, work.width)),
        float(min(bottom * BLOCK, work.height)),
    )
    features = Features(
        keypoints=_keypoint_features(upload, work, alignment, comparison, blocks, rarity, prefilter, box),
        rectangle=_rectangle_features(comparison, blocks, inside),
        extent=ExtentFeatures(
            visible_work_share=_weight_inside(blocks, inside) / blocks.total,
            work_share=_weight_inside(blocks, inside) / max(float(_full_weight(comparison, blocks).sum()), 1e-6),
            upload_share=_share_of_upload(upload, comparison.matrix, box),
        ),
        visible_work=_visible_work_features(comparison, blocks, inside),
        pixels=comparison.pixels,
        differences=_difference_features(comparison, blocks, inside),
        levels=_level_features(comparison, blocks, inside),
        general=GeneralFeatures(
            block_shift=blocks.mean(comparison.shift, inside & blocks.textured & blocks.agrees),
            log_textured_blocks=float(np.log1p(int((comparison.work_gradient > _MIN_TEXTURE).sum()))),
            anisotropy=prefilter.anisotropy,
            code_similarity=prefilter.code_similarity,
        ),
    )
    return MatchedRegion(features, box, float(gain[top:bottom, left:right].sum()))


def best_rectangle(gain: Floats) -> tuple[int, int, int, int]:
    """Top, left, bottom, right (exclusive) of the rectangle with the largest sum; at least one entry large."""
    rows, columns = gain.shape
    total = np.zeros((rows + 1, columns + 1))
    total[1:, 1:] = gain.cumsum(axis=0).cumsum(axis=1)
    tops, bottoms = _ascending_pairs(rows + 1)
    strips = total[bottoms] - total[tops]  # one row a pair of top and bottom
    lefts, rights = _ascending_pairs(columns + 1)
    sums = strips[:, rights] - strips[:, lefts]
    strip, span = divmod(int(sums.argmax()), sums.shape[1])
    return int(tops[strip]), int(lefts[span]), int(bottoms[strip]), int(rights[span])


@cache
def _ascending_pairs(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs of numbers below ``count``, the first the lower."""
    return np.triu_indices(count, 1)


def _keypoint_features(
    upload: Frame,
    work: Frame,
    alignment: Alignment | None,
    comparison: Comparison,
    blocks: _Blocks,
    rarity: Floats,
    prefilter: PrefilterFeatures,
    box: Box,
) -> KeypointFeatures:
    in_box = within(work.points, box)
    row, column = _block_of(work.points, blocks.weight.shape)
    visible = in_box & (blocks.visible[row, column] > 0)
    all_inliers = alignment.work_inliers if alignment is not None else np.zeros(0, dtype=np.int64)
    inliers, rare = all_inliers[in_box[all_inliers]], rarity[in_box[all_inliers]]
    on_work = transformed(np.linalg.inv(comparison.matrix), upload.points.astype(np.float64))
    return KeypointFeatures(
        log_inliers=float(np.log1p(len(inliers))),
        log_rare_inliers=float(np.log1p(rare.sum())),
        log_inlier_blocks=float(np.log1p(len(np.unique(row[inliers] * 64 + column[inliers])))),
        work_inlier_share=len(inliers) / max(int(visible.sum()), 8),
        upload_inlier_share=len(inliers) / max(int(within(on_work, box).sum()), 8),
        work_unmatched_share=prefilter.work_unmatched_share,
        upload_unmatched_share=prefilter.upload_unmatched_share,
        fit_exactness=prefilter.fit_exactness,
        vote_share=prefilter.vote_share,
    )


def _rectangle_features(comparison: Comparison, blocks: _Blocks, inside: Flags) -> RectangleFeatures:
    textured = inside & blocks.textured
    count, agreeing = int(textured.sum()), int((blocks.agrees & inside).sum())
    return RectangleFeatures(
        log_agreeing_blocks=float(np.log1p(agreeing)),
        work_agreement=blocks.mean(comparison.work_agreement, inside),
        upload_agreement=blocks.mean(comparison.upload_agreement, inside, comparison.upload_gradient * blocks.visible),
        coarse_agreement=blocks.mean(comparison.coarse_agreement, inside),
        agreeing_block_share=agreeing / max(count, 4),
        agreement_percentile_20=float(np.percentile(blocks.agreement[textured], 20)) if count else -1.0,
    )


def _visible_work_features(comparison: Comparison, blocks: _Blocks, inside: Flags) -> VisibleWorkFeatures:
    # Its own edges instead of the work's, as many as the work has, and not the hard ones of lettering.
    natural = np.clip(comparison.upload_gradient / np.maximum(comparison.work_gradient, 8.0), 0, 1)
    natural = natural * np.clip(1 - comparison.hard_edges * 8, 0, 1)
    natural *= np.clip(1 - np.maximum(comparison.upload_agreement, 0) / 0.6, 0, 1)
    replaced = blocks.missing * natural
    other = blocks.textured & ~blocks.agrees
    return VisibleWorkFeatures(
        replaced_share=float(replaced.sum() / blocks.total),
        replaced_share_inside=float(replaced[inside].sum() / _weight_inside(blocks, inside)),
        largest_hole_share=_largest_hole(blocks) / blocks.total,
        agreeing_share=float(blocks.weight[blocks.agrees].sum() / blocks.total),
        agreeing_cell_share=_agreeing_cell_share(blocks),
        other_agreement=blocks.mean(np.clip(comparison.work_agreement, -0.3, 1), other) if other.any() else 0.3,
    )


def _difference_features(comparison: Comparison, blocks: _Blocks, inside: Flags) -> DifferenceFeatures:
    missing = max(float(blocks.missing[inside].sum()), 1e-6)
    hard = np.clip(comparison.hard_edges * 8, 0, 1)
    blank = np.clip(1 - comparison.upload_gradient / np.maximum(comparison.work_gradient, 8.0), 0, 1)
    return DifferenceFeatures(
        hard_edged_share=float((blocks.missing * hard)[inside].sum() / missing),
        blank_share=float((blocks.missing * blank)[inside].sum() / missing),
    )


def _level_features(comparison: Comparison, blocks: _Blocks, inside: Flags) -> LevelFeatures:
    seen = blocks.visible > _MIN_VISIBLE_LEVELS
    shown = inside & seen
    other = upsampled(inside & blocks.textured & ~blocks.agrees & seen, 2)
    residual, near = _line_features(comparison, blocks.agrees, seen)
    return LevelFeatures(
        block_correlation=_correlation(comparison.work_level[shown], comparison.upload_level[shown]),
        other_correlation=_correlation(comparison.work_level_fine[other], comparison.upload_level_fine[other])
        if other.any()
        else 1.0,
        log_median_residual=residual,
        near_line_share=near,
    )


def _line_features(comparison: Comparison, agrees: Flags, seen: Flags) -> tuple[float, float]:
    """`LevelFeatures.log_median_residual`, of all that agrees, and `LevelFeatures.near_line_share`."""
    where = upsampled(seen, 2)
    sure = upsampled(agrees, 2)[where]
    if sure.sum() < 8:
        return float(np.log1p(255)), 0.0
    off = level_residuals(comparison.work_level_fine[where], comparison.upload_level_fine[where], comparison.line)
    return float(np.log1p(np.median(off[sure]))), float((off < LEVEL_TOLERANCE).mean())


def _weight_inside(blocks: _Blocks, inside: Flags) -> float:
    return max(float(blocks.weight[inside].sum()), 1e-6)


def _largest_hole(blocks: _Blocks) -> float:
    """The work's gradients in the largest rectangle where nothing agrees."""
    against = blocks.weight * np.where(blocks.agreement < 0.2, 1.0, -3.0)
    top, left, bottom, right = best_rectangle(against)
    return max(float(against[top:bottom, left:right].sum()), 0.0)


def _agreeing_cell_share(blocks: _Blocks) -> float:
    """Share of the coarse cells with anything to see in which a third of it, or two blocks, agrees."""
    rows, columns = blocks.weight.shape
    down, right = -rows % _CELL, -columns % _CELL

    def by_cell(values: NDArray[np.generic]) -> Floats:
        shape = (rows + down) // _CELL, _CELL, (columns + right) // _CELL, _CELL
        return np.asarray(np.pad(values, ((0, down), (0, right))).reshape(shape).sum(axis=(1, 3)))

    total, agreeing, count = by_cell(blocks.weight), by_cell(blocks.weight * blocks.agrees), by_cell(blocks.agrees)
    textured = total > 2 * _MIN_TEXTURE
    return float(((agreeing > total / 3) | (count >= 2))[textured].mean()) if textured.any() else 0.0


def _full_weight(comparison: Comparison, blocks: _Blocks) -> Floats:
    """The work's gradients, unseen blocks counted as the seen ones are on average."""
    seen = comparison.visible > _MIN_VISIBLE
    usual = float(blocks.weight[seen].mean()) if seen.any() else 0.0
    return np.where(seen, blocks.weight, usual)


def _block_of(points: Floats, shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows = np.clip((points[:, 1] // BLOCK).astype(int), 0, shape[0] - 1)
    return rows, np.clip((points[:, 0] // BLOCK).astype(int), 0, shape[1] - 1)


def _share_of_upload(upload: Frame, matrix: Floats, box: Box) -> float:
    visible = clip_polygon(corners(matrix, box), upload.width, upload.height)
    return min(1.0, polygon_area(visible) / (upload.width * upload.height))


def _correlation(a: Floats, b: Floats) -> float:
    if len(a) < 3 or a.std() < 1 or b.std() < 1:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
