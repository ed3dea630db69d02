"""Whether an upload is the same form as a work, filled with other facts.

Two fillings of one form agree in all that is printed on it, and that is most of both: alignment, edges and levels say
copy. They differ in the slots. There the work has strokes on its paper, and the upload has other strokes of the same
ink on the same paper. Whatever is done to a copy leaves hardly a place like that: blur and compression keep strokes
where they are; letters and stickers laid over it have another ink, or hide the paper.

Strokes are compared by horizontal gradients, in windows about three letters wide: those of two words in one line of
print have nothing in common, while their levels have the line itself. Both pictures are looked at in the pixels of the
work's small picture, the finest there is of it.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .codec import Frame
from .keypoints import INVERTED
from .refinement import from_picture, smoothed, warped
from .transforms import scale

_WIDE, _HIGH = 15, 7  # pixels of the windows in which strokes are compared
_STEP = 4  # pixels from one window to the next
_SHARP, _MIN_BLUR = 0.55, 0.6  # blur of both pictures: pixels of the upload, but so many of the work at least
_SHIFTS = (-0.75, 0.0, 0.75)  # pixels each way by which strokes may lie beside where the transform puts them
_FAR = 2  # pixels each way in which strokes are looked for that are not there
_MIN_STROKES = 7.0  # levels, root mean square gradient of a window with strokes
_NOISE = 3.0  # likewise, of one without
_SAME, _OTHER = 0.8, 0.5  # cosines from which and below which a window's strokes are the same and other ones
_MAX_LIKE_CONTRAST = 2.0  # times as strong, or as weak, as other strokes of one ink may be
# by which two papers and two inks of one form may differ: thin strokes are pale
_PAPER_LEVELS, _INK_LEVELS = 24.0, 60.0
_PAPER_RANGE, _MIN_PAPER = 0.15, 0.4  # a window's paper: levels within this share of its range; share of its pixels
_MAX_ONE_SIDED = 0.4  # of a window's gradients to the right, less those to the left: an edge is no stroke

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A picture, the transform of a work's plane to its own, and the variant; see `keypoints.permuted`."""

    frame: Frame
    matrix: Floats
    variant: int


@dataclass(frozen=True, slots=True)
class Slots:
    """What windows of a work with strokes show in an upload.

    Attributes:
        same_share: share of the windows with the same strokes.
        windows: number of those with other strokes of the same ink on the same paper.
        places: number of connected parts that these make.
        pure_share: their share among all windows without the work's strokes.
        alike_share: share among these of what has the ink's contrast and the levels, strokes or not.
    """

    same_share: float = 0.0
    windows: int = 0
    places: int = 0
    pure_share: float = 0.0
    alike_share: float = 0.0

    @property
    def filled_otherwise(self) -> bool:
        """Whether a form is filled otherwise; see `_FORMS`."""
        return any(all(value >= least for value, least in zip(astuple(self), form, strict=True)) for form in _FORMS)


# The least values of a form that is filled otherwise: a few slots in what is mostly printed, or a table of facts.
_FORMS = (astuple(Slots(0.2, 10, 6, 0.1, 0.45)), astuple(Slots(0.12, 24, 12, 0.07, 0.8)))
_MIN_WINDOWS = min(windows for _, windows, *_ in _FORMS)


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """Which windows of a work with strokes show what in another picture, shape (rows, columns).

    Attributes:
        seen: any of it.
        same: the same strokes.
        differs: not the same ones.
        alike: of these, with the ink's contrast and the levels.
        pure: of these, with other strokes on paper.
    """

    seen: Flags
    same: Flags
    differs: Flags
    alike: Flags
    pure: Flags


def slots(upload: Frame, work: Frame, matrix: Floats, variant: int) -> Slots:
    """Compare the strokes of a work with those of an upload.

    Args:
        matrix: from the work's plane to the upload's.
        variant: see `keypoints.permuted`.
    """
    found = _windows(upload, work, matrix, variant)
    return Slots() if found is None else _counted(found)


def _counted(found: _Windows) -> Slots:
    total = max(int(found.differs.sum()), 1)
    return Slots(
        same_share=float(found.same.sum() / found.seen.sum()),
        windows=int(found.pure.sum()),
        places=cv2.connectedComponents(found.pure.astype(np.uint8), connectivity=8)[0] - 1,
        pure_share=float(found.pure.sum() / total),
        alike_share=float(found.alike.sum() / total),
    )


def shared_facts(upload: Placed, work: Frame, sibling: Placed) -> float:
    """Of the windows where two works have different facts on one form, the share where an upload has those of the
    first; 1 where they are no fillings of one form.

    Args:
        upload, sibling: with the transforms of the first work's plane to theirs.
    """
    between = _windows(sibling.frame, work, sibling.matrix, sibling.variant)
    if between is None or not _counted(between).filled_otherwise:
        return 1.0
    one, other, visible = _pictures(upload.frame, work, upload.matrix, upload.variant)
    where = between.pure & (visible[_WINDOWS] > 0)
    if np.count_nonzero(where) < _MIN_WINDOWS:
        return 1.0
    return float((_Strokes(one, other).cosine(_SHIFTS)[where] > _SAME).mean())


def _windows(upload: Frame, work: Frame, matrix: Floats, variant: int) -> _Windows | None:
    """None where hardly any window differs."""
    one, other, visible = _pictures(upload, work, matrix, variant)
    strokes = _Strokes(one, other)
    seen = (visible[_WINDOWS] > 0) & (strokes.of_work > _MIN_STROKES)
    if np.count_nonzero(seen & (strokes.cosine() < _OTHER)) < _MIN_WINDOWS:
        return None  # most copies
    cosine = strokes.cosine(_SHIFTS)
    same, differs = seen & (cosine > _SAME), seen & (cosine < _OTHER)
    if not same.any() or np.count_nonzero(differs) < _MIN_WINDOWS:
        return None
    differs = strokes.nowhere_near(differs)
    contrast = max(float(np.median(strokes.of_upload[same] / strokes.of_work[same])), 0.1)
    ratio = strokes.of_upload / (contrast * np.maximum(strokes.of_work, _NOISE))
    alike = differs & (ratio > 1 / _MAX_LIKE_CONTRAST) & (ratio < _MAX_LIKE_CONTRAST) & _same_levels(one, other, same)
    pure = alike & strokes.two_sided() & _on_paper(one) & _on_paper(other)
    return _Windows(seen, same, differs, alike, pure)


_WINDOWS = (slice(_STEP // 2, None, _STEP),) * 2  # the middle of each, in a picture


def _pictures(upload: Frame, work: Frame, matrix: Floats, variant: int) -> tuple[Floats, Floats, Floats]:
    """The work's small picture, the upload on it, equally blurred, and 1 where the upload has pixels."""
    from_small, size = from_picture(work.grey, work, matrix)
    picture, visible = warped(upload, from_small, size)
    enlargement = scale(from_small, np.array(size) / 2)
    one = smoothed(work.grey, max(_MIN_BLUR, _SHARP / max(enlargement, 0.1)))
    return one, smoothed(255 - picture if variant & INVERTED else picture, _MIN_BLUR), visible


class _Strokes:
    """Horizontal gradients of a work and of an upload on it, and how strong they are in each window (root mean
    square).

    Args:
        work, upload: levels.
    """

    def __init__(self, work: Floats, upload: Floats) -> None:
        across = np.array([[-1.0, 0.0, 1.0]], dtype=np.float32)
        work, upload = (cv2.filter2D(each, -1, across) for each in (work, upload))
        self._work, self._upload = work, upload
        self._work_square = _mean(work * work)
        self.of_work = np.sqrt(np.maximum(self._work_square[_WINDOWS], 0))
        self.of_upload = np.sqrt(np.maximum(_mean(upload * upload)[_WINDOWS], 0))

    def cosine(self, shifts: tuple[float, ...] = (0.0,)) -> Floats:
        """How alike they are in each window, -1..1, the upload shifted by what is best."""
        height, width = self._work.shape
        best = np.full(self.of_work.shape, -1.0)
        for dx in shifts:
            for dy in shifts:
                move = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float32)
                moved = cv2.warpAffine(self._upload, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
                both = (self._work_square + _NOISE**2) * (_mean(moved * moved) + _NOISE**2)
                best = np.maximum(best, (_mean(self._work * moved) / np.sqrt(np.maximum(both, 1.0)))[_WINDOWS])
        return best

    def nowhere_near(self, where: Flags) -> Flags:
        """Of these windows those whose strokes the upload does not have a little farther away either."""
        margin = _HIGH // 2 + _FAR, _HIGH // 2 + _FAR, _WIDE // 2 + _FAR, _WIDE // 2 + _FAR
        work, upload = (cv2.copyMakeBorder(each, *margin, cv2.BORDER_REFLECT) for each in (self._work, self._upload))
        out = where.copy()
        for row, column in np.argwhere(where).tolist():
            y, x = row * _STEP + _STEP // 2, column * _STEP + _STEP // 2
            around = upload[y : y + _HIGH + 2 * _FAR, x : x + _WIDE + 2 * _FAR]
            strokes = work[y + _FAR : y + _FAR + _HIGH, x + _FAR : x + _FAR + _WIDE]
            out[row, column] = cv2.matchTemplate(around, strokes, cv2.TM_CCORR_NORMED).max() < _OTHER
        return out

    def two_sided(self) -> Flags:
        """In which windows both have strokes, with an edge on either side."""
        sums = ((abs(_mean(each)), _mean(abs(each))) for each in (self._work, self._upload))
        return np.logical_and(*((net < _MAX_ONE_SIDED * gross)[_WINDOWS] for net, gross in sums))


def _mean(values: Floats) -> Floats:
    """Of the window around each pixel."""
    return np.asarray(cv2.blur(values, (_WIDE, _HIGH)))


def _range(picture: Floats) -> tuple[Floats, Floats]:
    """The lightest and the darkest level of the window around each pixel."""
    window = np.ones((_HIGH, _WIDE), dtype=np.uint8)
    return np.asarray(cv2.dilate(picture, window)), np.asarray(cv2.erode(picture, window))


def _on_paper(picture: Floats) -> Flags:
    """Which windows have much of one level, the lightest or the darkest."""
    light, dark = _range(picture)
    near = _PAPER_RANGE * (light - dark)
    shares = (_mean(each.astype(np.float32))[_WINDOWS] for each in (picture > light - near, picture < dark + near))
    return np.maximum(*shares) > _MIN_PAPER


def _same_levels(one: Floats, other: Floats, same: Flags) -> Flags:
    """In which windows both have the same paper and nearly the same ink, whichever of them is the lighter.

    Args:
        same: in which windows the strokes are the same: how the work's levels became the upload's is learnt there.
    """
    ours, theirs = ([each[_WINDOWS] for each in _range(picture)] for picture in (one, other))
    x, y = (np.concatenate([each[same] for each in levels]) for levels in (ours, theirs))
    slope = float(np.clip(np.cov(x, y)[0, 1] / max(float(x.var()), 1.0), 0.1, 3.0))
    offset = float(np.median(y - slope * x))
    light, dark = (np.abs(slope * a + offset - b) / slope for a, b in zip(ours, theirs, strict=True))
    return np.asarray((light < _PAPER_LEVELS) & (dark < _INK_LEVELS) | (dark < _PAPER_LEVELS) & (light < _INK_LEVELS))
