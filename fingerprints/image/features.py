"""The features that the decision is made from: what of an upload and a work agrees, where, and how rare it is.

`measurement` measures them inside the rectangle of the work that agrees best; `classifier` decides by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields

from .comparison import PixelFeatures


@dataclass(frozen=True, slots=True)
class KeypointFeatures:
    """Of the keypoints in the rectangle.

    Attributes:
        log_inliers: log(1 + inliers).
        log_rare_inliers: the same, each divided by the number of registered works that have such a keypoint.
        log_inlier_blocks: log(1 + blocks with an inlier).
        work_inlier_share: share of the work's visible keypoints that are inliers.
        upload_inlier_share: share of the upload's keypoints that are inliers.
        work_unmatched_share, upload_unmatched_share, fit_exactness, vote_share: see `PrefilterFeatures`.
    """

    log_inliers: float
    log_rare_inliers: float
    log_inlier_blocks: float
    work_inlier_share: float
    upload_inlier_share: float
    work_unmatched_share: float
    upload_unmatched_share: float
    fit_exactness: float
    vote_share: float


@dataclass(frozen=True, slots=True)
class RectangleFeatures:
    """How far the blocks in the rectangle agree.

    Attributes:
        log_agreeing_blocks: log(1 + textured blocks that agree).
        work_agreement: share of the work's gradients that the upload has.
        upload_agreement: the reverse.
        coarse_agreement: of the blurred pictures.
        agreeing_block_share: share of the textured blocks that agree.
        agreement_percentile_20: what four of five textured blocks reach.
    """

    log_agreeing_blocks: float
    work_agreement: float
    upload_agreement: float
    coarse_agreement: float
    agreeing_block_share: float
    agreement_percentile_20: float


@dataclass(frozen=True, slots=True)
class ExtentFeatures:
    """How much lies in the rectangle.

    Attributes:
        visible_work_share: share of the visible work's gradients.
        work_share: share of the work's gradients.
        upload_share: share of the upload's area.
    """

    visible_work_share: float
    work_share: float
    upload_share: float


@dataclass(frozen=True, slots=True)
class VisibleWorkFeatures:
    """Of all that the upload shows of the work, in the rectangle or not; but for the last two shares of its gradients.

    Attributes:
        replaced_share: where the upload shows something else instead.
        replaced_share_inside: the same, of the rectangle.
        largest_hole_share: in the largest rectangle where nothing agrees.
        agreeing_share: in blocks that agree.
        agreeing_cell_share: share of the coarse cells, of 3 x 3 blocks, in which something agrees.
        other_agreement: agreement of the blocks that do not agree; nothing where another picture is, something between
            the letters of a caption.
    """

    replaced_share: float
    replaced_share_inside: float
    largest_hole_share: float
    agreeing_share: float
    agreeing_cell_share: float
    other_agreement: float


@dataclass(frozen=True, slots=True)
class DifferenceFeatures:
    """Of what does not agree in the rectangle.

    Attributes:
        hard_edged_share: where something with hard edges was put.
        blank_share: where the upload shows nothing.
    """

    hard_edged_share: float
    blank_share: float


@dataclass(frozen=True, slots=True)
class LevelFeatures:
    """Of the brightness.

    Attributes:
        block_correlation: of the rectangle's blocks.
        other_correlation: of the small blocks of what does not agree in the rectangle: pixelated and blurred parts keep
            it, other lines of text in the same place do not. 1 where nothing differs.
        log_median_residual: log(1 + levels) by which what agrees differs, in the middle, from the straight line that
            makes the work's levels the upload's.
        near_line_share: share of the visible small blocks, plain ones too, whose level lies near that line.
    """

    block_correlation: float
    other_correlation: float
    log_median_residual: float
    near_line_share: float


@dataclass(frozen=True, slots=True)
class GeneralFeatures:
    """
    Attributes:
        block_shift: pixels by which what agrees in the rectangle lies beside where the transform puts it: another view
            of one scene has no single transform.
        log_textured_blocks: log(1 + textured blocks of the work).
        anisotropy, code_similarity: see `PrefilterFeatures`.
    """

    block_shift: float
    log_textured_blocks: float
    anisotropy: float
    code_similarity: float


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for and against a hypothesis; counts as logarithms, shares 0..1, agreement and correlation -1..1."""

    keypoints: KeypointFeatures
    rectangle: RectangleFeatures
    extent: ExtentFeatures
    visible_work: VisibleWorkFeatures
    pixels: PixelFeatures
    differences: DifferenceFeatures
    levels: LevelFeatures
    general: GeneralFeatures

    def row(self) -> tuple[float, ...]:
        """All values, in the order of `FEATURES`."""
        return tuple(value for group in astuple(self) for value in group)


def _names() -> Iterator[str]:
    groups = (
        KeypointFeatures, RectangleFeatures, ExtentFeatures, VisibleWorkFeatures, PixelFeatures, DifferenceFeatures,
        LevelFeatures, GeneralFeatures,
    )  # fmt: skip
    for group, features in zip(fields(Features), groups, strict=True):
        for feature in fields(features):
            yield f"{group.name}.{feature.name}"


FEATURES = tuple(_names())
