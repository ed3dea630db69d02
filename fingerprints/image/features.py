"""The evidence that an upload contains a work: what of the two agrees, where, and how rare it is.

It is gathered inside the rectangle of the work that agrees best; `rule` decides by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .alignment import Alignment
from .codec import Frame
from .comparison import AGREES, LEVELS, Compared, away, enlarged
from .prefilter import Glance
from .refinement import BLOCK
from .transforms import Box, corners, moved, within

_SHOWS = 12.0  # mean gradient of a block from which it shows something
_SEEN = 0.6  # of a block, for what is said of levels
_CELL = 3  # blocks a side of a coarse cell
_BARE = 0.5  # in its favour: a block that shows nothing in both, so that a sky belongs to what was found
_AGAINST = 0.30  # what a block must agree more than, to belong to the rectangle

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against; counts as logarithms, shares 0..1.

    Attributes:
        places: log(1 + keypoints in the rectangle that agree).
        rare: the same, each divided by the number of registered works that have such a place.
        spread: log(1 + blocks with such a keypoint).
        density: share of the work's visible keypoints in the rectangle that agree.
        found: share of the upload's keypoints inside the rectangle that agree.
        silent, strange, exact, votes: see `Glance`.
        blocks: log(1 + textured blocks in the rectangle that agree).
        agree: share of the work's gradients in the rectangle that the upload has.
        back: the reverse.
        coarse: agreement of the blurred pictures in the rectangle.
        even: share of the rectangle's textured blocks that agree.
        worst: agreement that four of five textured blocks of the rectangle reach.
        of_visible: share of the visible work's gradients that lie in the rectangle.
        of_work: share of the work's gradients that lie in it.
        of_upload: share of the upload that lies in it.
        contrary: share of the visible work's gradients where the upload shows something else instead.
        contrary_inside: the same, of the rectangle.
        hole: share of the visible work in the largest rectangle where nothing agrees.
        shared: share of the visible work's gradients in blocks that agree, wherever they are.
        everywhere: share of the visible work's coarse cells, of 3 x 3 blocks, in which something agrees.
        partly: agreement of the visible blocks that do not agree; nothing where another picture is, something between
            the letters of a caption.
        panel, erased, alien, absent, put, alike, same, gone: see `Compared`.
        added: of what does not agree in the rectangle, the share where something with hard edges was put.
        empty: of what does not agree in the rectangle, the share where the upload shows nothing.
        tone: correlation of the blocks' brightness in the rectangle.
        shade: the same, of the small blocks of what does not agree in it: pixelated and blurred parts keep it, other
            lines of text in the same place do not. 1 where nothing is lost.
        level: by how many levels the brightness of what agrees differs, in the middle, from the straight line that
            makes the work's the upload's, as log(1 + levels).
        lit: share of the visible small blocks, plain ones too, whose brightness lies near that line.
        shift: pixels by which what agrees in it lies beside where the transform puts it: another view of one scene has
            no single transform.
        texture: log(1 + textured blocks of the work).
        stretch, code: see `Glance`.
    """

    places: float
    rare: float
    spread: float
    density: float
    found: float
    silent: float
    strange: float
    exact: float
    votes: float
    blocks: float
    agree: float
    back: float
    coarse: float
    even: float
    worst: float
    of_visible: float
    of_work: float
    of_upload: float
    contrary: float
    contrary_inside: float
    hole: float
    shared: float
    everywhere: float
    partly: float
    panel: float
    erased: float
    alien: float
    absent: float
    put: float
    alike: float
    same: float
    gone: float
    added: float
    empty: float
    tone: float
    shade: float
    level: float
    lit: float
    shift: float
    texture: float
    stretch: float
    code: float


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """
    Attributes:
        evidence: what the rule decides by.
        box: left, top, right, bottom of the part of the work that was found, pixels of its plane.
        gain: how much agrees in it, less what does not; of several alignments of one work the highest is the right one.
    """

    evidence: Evidence
    box: Box
    gain: float


def weigh(
    upload: Frame, work: Frame, by: Alignment | None, compared: Compared, rarity: Floats, first: Glance
) -> Weighed:
    """Gather the evidence of one alignment.

    Args:
        by: the keypoints' alignment; None where the whole pictures were laid on each other and too few places agree.
        rarity: of each of the alignment's places one by the number of works with such a place, shape (n,).
        first: the glance at it.
    """
    seen = np.where(compared.visible > 0.25, compared.visible, 0)
    weight = compared.work * seen
    support = np.maximum(compared.agree, np.minimum(compared.coarse, 0.9) - 0.15)
    shows = (compared.work > _SHOWS) & (seen > 0)
    agrees = shows & (support > AGREES)
    # Where the work is plain and the upload is not, something is there that is not the work's.
    plain = np.where(compared.upload < _SHOWS, 0.0, np.minimum(compared.upload, 60.0) * seen * 0.25)
    # What cannot be seen is left out of the rectangle.
    bare = np.where(seen > 0, np.where(compared.upload < _SHOWS, _BARE, 0.0), -_BARE)
    gain = np.where(shows, weight * (support - _AGAINST), bare - plain)
    top, left, bottom, right = best_rectangle(gain)
    inside = np.zeros(weight.shape, dtype=bool)
    inside[top:bottom, left:right] = True
    total = max(float(weight.sum()), 1e-6)
    here = max(float(weight[inside].sum()), 1e-6)

    def mean(values: NDArray[np.floating], where: NDArray[np.bool_], of: NDArray[np.floating] = weight) -> float:
        return float((values * of)[where].sum() / max(float(of[where].sum()), 1e-6))

    missing = np.clip(1 - support / 0.7, 0, 1)
    # Its own edges instead of the work's, as many as the work has, and not the hard ones of lettering.
    natural = np.clip(compared.upload / np.maximum(compared.work, 8.0), 0, 1) * np.clip(1 - compared.crisp * 8, 0, 1)
    natural *= np.clip(1 - np.maximum(compared.back, 0) / 0.6, 0, 1)
    lost = missing * weight
    replaced = lost * natural
    lost_here = max(float(lost[inside].sum()), 1e-6)
    inner = inside & shows
    points = work.points
    box = (
        float(left * BLOCK),
        float(top * BLOCK),
        float(min(right * BLOCK, work.width)),
        float(min(bottom * BLOCK, work.height)),
    )
    boxed = within(points, box)
    where = _block_of(points, weight.shape)
    visible_points = boxed & (seen[where] > 0)
    places = by.places[boxed[by.places]] if by is not None else np.zeros(0, dtype=np.int64)
    rare = rarity[boxed[by.places]] if by is not None else np.zeros(0)
    back = moved(np.linalg.inv(compared.matrix), upload.points.astype(np.float64))
    mine = int(within(back, box).sum())
    quad_share = _share_of_upload(upload, compared.matrix, box)
    count = int(inner.sum())
    level, lit = _lit(compared, agrees, seen > _SEEN)
    evidence = Evidence(
        places=float(np.log1p(len(places))),
        rare=float(np.log1p(rare.sum())),
        spread=float(np.log1p(len(np.unique(where[0][places] * 64 + where[1][places])))),
        density=len(places) / max(int(visible_points.sum()), 8),
        found=len(places) / max(mine, 8),
        silent=first.silent,
        strange=first.strange,
        exact=first.exact,
        votes=first.votes,
        blocks=float(np.log1p(int((agrees & inside).sum()))),
        agree=mean(compared.agree, inside),
        back=mean(compared.back, inside, compared.upload * seen),
        coarse=mean(compared.coarse, inside),
        even=int((agrees & inside).sum()) / max(count, 4),
        worst=float(np.percentile(support[inner], 20)) if count else -1.0,
        of_visible=here / total,
        of_work=here / max(float(_full(compared, weight).sum()), 1e-6),
        of_upload=quad_share,
        contrary=float(replaced.sum() / total),
        contrary_inside=float(replaced[inside].sum() / here),
        hole=_hole(weight, support) / total,
        shared=float(weight[agrees].sum() / total),
        everywhere=_everywhere(weight, agrees),
        partly=mean(np.clip(compared.agree, -0.3, 1), shows & ~agrees) if (shows & ~agrees).any() else 0.3,
        panel=compared.panel,
        erased=compared.erased,
        alien=compared.alien,
        absent=compared.absent,
        put=compared.put,
        alike=compared.alike,
        same=compared.same,
        gone=compared.gone,
        added=float((lost * np.clip(compared.crisp * 8, 0, 1))[inside].sum() / lost_here),
        empty=float(
            (lost * np.clip(1 - compared.upload / np.maximum(compared.work, 8.0), 0, 1))[inside].sum() / lost_here
        ),
        tone=_correlation(compared.tone_work[inside & (seen > _SEEN)], compared.tone_upload[inside & (seen > _SEEN)]),
        shade=_shade(compared, inner & ~agrees & (seen > _SEEN)),
        level=level,
        lit=lit,
        shift=mean(compared.shift, inner & agrees),
        texture=float(np.log1p(int((compared.work > _SHOWS).sum()))),
        stretch=first.stretch,
        code=first.code,
    )
    return Weighed(evidence, box, float(gain[top:bottom, left:right].sum()))


def best_rectangle(gain: NDArray[np.floating]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right (exclusive) of the rectangle with the largest sum; at least one entry large."""
    rows, columns = gain.shape
    total = np.zeros((rows + 1, columns + 1))
    total[1:, 1:] = gain.cumsum(axis=0).cumsum(axis=1)
    tops, bottoms = _pairs(rows + 1)
    strips = total[bottoms] - total[tops]  # one row a pair of top and bottom
    lefts, rights = _pairs(columns + 1)
    sums = strips[:, rights] - strips[:, lefts]
    strip, span = divmod(int(sums.argmax()), sums.shape[1])
    return int(tops[strip]), int(lefts[span]), int(bottoms[strip]), int(rights[span])


@cache
def _pairs(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs of numbers below ``count``, the first the lower."""
    return np.triu_indices(count, 1)


def _hole(weight: NDArray[np.floating], support: NDArray[np.floating]) -> float:
    """The work's gradients in the largest rectangle where nothing agrees."""
    against = weight * np.where(support < 0.2, 1.0, -3.0)
    top, left, bottom, right = best_rectangle(against)
    return max(float(against[top:bottom, left:right].sum()), 0.0)


def _everywhere(weight: Floats, agrees: NDArray[np.bool_]) -> float:
    """Share of the coarse cells with anything to see in which a third of it, or two blocks, agrees."""
    down, right = -weight.shape[0] % _CELL, -weight.shape[1] % _CELL
    shape = (weight.shape[0] + down) // _CELL, _CELL, (weight.shape[1] + right) // _CELL, _CELL
    all_ = np.pad(weight, ((0, down), (0, right))).reshape(shape).sum(axis=(1, 3))
    same = np.pad(weight * agrees, ((0, down), (0, right))).reshape(shape).sum(axis=(1, 3))
    count = np.pad(agrees, ((0, down), (0, right))).reshape(shape).sum(axis=(1, 3))
    there = all_ > 2 * _SHOWS
    return float(((same > all_ / 3) | (count >= 2))[there].mean()) if there.any() else 0.0


def _shade(compared: Compared, lost: NDArray[np.bool_]) -> float:
    where = enlarged(lost, 2)
    return _correlation(compared.shade_work[where], compared.shade_upload[where]) if where.any() else 1.0


def _lit(compared: Compared, agrees: NDArray[np.bool_], seen: NDArray[np.bool_]) -> tuple[float, float]:
    """`Evidence.level`, of all that agrees, and `Evidence.lit`."""
    where = enlarged(seen, 2)
    sure = enlarged(agrees, 2)[where]
    if sure.sum() < 8:
        return float(np.log1p(255)), 0.0
    off = away(compared.shade_work[where], compared.shade_upload[where], compared.line)
    return float(np.log1p(np.median(off[sure]))), float((off < LEVELS).mean())


def _full(compared: Compared, weight: NDArray[np.floating]) -> NDArray[np.floating]:
    """The work's gradients, unseen blocks counted as the seen ones are on average."""
    seen = compared.visible > 0.25
    usual = float(weight[seen].mean()) if seen.any() else 0.0
    return np.where(seen, weight, usual)


def _block_of(points: NDArray[np.floating], shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows = np.clip((points[:, 1] // BLOCK).astype(int), 0, shape[0] - 1)
    return rows, np.clip((points[:, 0] // BLOCK).astype(int), 0, shape[1] - 1)


def _share_of_upload(upload: Frame, matrix: Floats, box: Box) -> float:
    return min(1.0, area(clipped(corners(matrix, box), upload.width, upload.height)) / (upload.width * upload.height))


def clipped(quad: Floats, width: float, height: float) -> Floats:
    """A convex polygon cut to a picture (Sutherland, Hodgman, 1974)."""
    out = quad
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


def area(polygon: Floats) -> float:
    if len(polygon) < 3:
        return 0.0
    x, y = polygon[:, 0], polygon[:, 1]
    return float(abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2)


def _correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    if len(a) < 3 or a.std() < 1 or b.std() < 1:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
