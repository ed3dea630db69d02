"""What is reported of a picture match: where the work lies on the upload, and what was done to it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint, Match, Quad, Segment
from . import codec
from .alignment import Alignment
from .codec import Frame
from .keypoints import INVERTED, MIRRORED
from .measurement import MatchedRegion
from .prefilter import PrefilterFeatures
from .transforms import clip_polygon, corners, jacobian, polygon_area

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One alignment of a frame of the upload with a frame of a work, compared and classified."""

    upload: Frame
    work: Frame
    frame_number: int  # of the work's frame
    matrix: Floats
    variant: int
    alignment: Alignment | None
    prefilter: PrefilterFeatures
    region: MatchedRegion
    score: float


def match(query: Fingerprint, work: Fingerprint, scored: Scored, frame: int) -> Match:
    """An alignment as evidence in the pixels of both pictures as they are shown.

    Args:
        frame: number of the upload's frame.
    """
    mine, theirs = scored.upload, scored.work
    to_upload = np.array(codec.size(query)) / (mine.width, mine.height)
    to_work = np.array(codec.size(work)) / (theirs.width, theirs.height)
    box = scored.region.box
    there = corners(scored.matrix, box)
    seen = polygon_area(clip_polygon(there, mine.width, mine.height)) / max(polygon_area(there), 1e-9)
    left, top, right, bottom = box
    segment = Segment(
        quad(np.clip(there, 0, (mine.width, mine.height)) * to_upload), quad(corners(np.eye(3), box) * to_work), "pixel"
    )
    middle = np.array(((left + right) / 2, (top + bottom) / 2))
    linear = np.diag(to_upload) @ jacobian(scored.matrix, middle) @ np.diag(1 / to_work)
    transform = _transform(linear, scored.variant)
    transform |= _frame_numbers(query, work, frame, scored.frame_number)
    coverage_work = (right - left) * (bottom - top) * seen / (theirs.width * theirs.height)
    return Match(
        scored.score, scored.region.features.extent.upload_share, min(coverage_work, 1.0), (segment,), transform
    )


def _frame_numbers(query: Fingerprint, work: Fingerprint, frame: int, work_frame: int) -> dict[str, bool | float]:
    """Which frames match, of those that have several."""
    numbers = {"frame": (query, frame), "work_frame": (work, work_frame)}
    return {name: float(number) for name, (of, number) in numbers.items() if len(codec.frames(of)) > 1}


def _transform(linear: Floats, variant: int) -> dict[str, bool | float]:
    """What was done to a work, by the linear part of its transform, shape (2, 2)."""
    mirrored = bool(variant & MIRRORED)
    turned = linear @ np.diag((-1.0, 1.0)) if mirrored else linear
    rotation = math.degrees(math.atan2(turned[1, 0] - turned[0, 1], turned[0, 0] + turned[1, 1])) % 360
    return {
        "mirrored": mirrored,
        "inverted": bool(variant & INVERTED),
        "rotation": round(rotation, 1) % 360,
        "scale": math.sqrt(abs(float(np.linalg.det(linear)))),
    }


def identical(query: Fingerprint, work: Fingerprint) -> Match | None:
    """The match of two pictures of which nothing but the pixels is known; None where those differ."""
    if query.reason != work.reason or query.detail != work.detail:
        return None
    same = whole(query, work, 1.0)
    return replace(same, transform={**same.transform, "identical_pixels": True})


def whole(query: Fingerprint, work: Fingerprint, score: float, frame: int = 0, work_frame: int = 0) -> Match:
    """The match of two pictures that are the same from edge to edge, the upload enlarged or not.

    Args:
        frame, work_frame: numbers of the frames that are the same.
    """
    (wide, _), (work_wide, _) = codec.size(query), codec.size(work)
    here, there = (quad(corners(np.eye(3), (0, 0, *codec.size(of)))) for of in (query, work))
    transform: dict[str, bool | float] = {
        "mirrored": False, "inverted": False, "rotation": 0.0, "scale": wide / work_wide,
    }  # fmt: skip
    transform |= _frame_numbers(query, work, frame, work_frame)
    return Match(score, 1.0, 1.0, (Segment(here, there, "pixel"),), transform)


def quad(points: Floats) -> Quad:
    a, b, c, d = ((float(x), float(y)) for x, y in points)
    return a, b, c, d
