"""The ways to lay a work on an upload: by keypoints that agree, or whole on whole where the two are alike from afar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint
from . import codec
from .alignment import Alignment, align, guided
from .classifier import LIKE
from .codec import Frame
from .keypoints import INVERTED, MIRRORED
from .phash import distances
from .prefilter import Glance, around, brought, glance, marked
from .query import Query
from .transforms import corners, scale

_WITNESSES = 5  # places that agree, for a glance
_SURPRISE = 6.5  # of `Alignment`, likewise; chance gives it once in 700 tries
# Votes that do instead: among letters much agrees by chance, wherever one looks. Of 4,200 alignments with works that
# are not there none with less surprise had more than 13.
_VOTES = 15
_TOGETHER = 4.0  # pixels of the work's plane within which two transforms are one
CODE_RADIUS = 31
_MIRRORING = (1, 2, 4, 7)  # orientations of `hashing.codes`
_CODE_ZERO = 128  # bits at which codes say nothing
LIKE_BITS = int(_CODE_ZERO * (1 - LIKE))  # within which a work may be below what covers the upload; see `Glance.code`
_ALIKE = 89  # likewise, where the two differ in shape
_SHAPE = 0.02  # by which the proportions of two pictures of one shape may differ
# A work is there for certain, and all over the upload, if its alignment has this surprise, less than this is strange
# where it lies (`Glance`; letters agree with other letters), and so many of the upload's keypoints lie there.
_SURE, _STRANGE, _ALL_OVER = 60.0, 0.5, 0.7
_EXPLAINS = 8  # pixels each way that a keypoint which agrees explains; a small picture in a picture is not much wider

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A way to lay a work's frame on an upload's."""

    work: Frame
    number: int  # of the work's frame
    matrix: Floats
    form: int
    by: Alignment | None  # may fit closer than `matrix`; None where whole pictures have too few places that agree
    glance: Glance


@dataclass(frozen=True, slots=True, eq=False)
class _Nearest:
    """A work's frame and the upload's code that is nearest to its own."""

    work: Frame
    number: int  # of the work's frame
    orientation: int  # number of the code
    bits: int  # by which it is off

    @property
    def likeness(self) -> float:
        """`Glance.code`."""
        return max(0.0, 1 - self.bits / _CODE_ZERO)


def by_keypoints(query: Query, candidate: Fingerprint, forms_: Sequence[int]) -> list[Laid]:
    """The ways to lay a work on an upload's frame that are worth a glance."""
    out: list[Laid] = []
    for near in _nearest(query, candidate):
        work = near.work
        for which in forms_:
            alike = query.forms[which] @ work.unit.T
            by = align(query.frame, work, alike, which)
            if by is not None:
                by = guided(query.frame, work, by.matrix, which, alike, by.tried, by.votes) or by
                if _tells(by):
                    first = glance(query.frame, work, by, by.matrix, alike, near.likeness)
                    out.append(Laid(work, near.number, by.matrix, which, by, first))
    return out


def as_wholes(query: Query, candidate: Fingerprint, besides: Sequence[Laid], *, afar: bool) -> list[Laid]:
    """The same, of whole pictures whose codes are near.

    Args:
        besides: how the work lies already.
        afar: those too that are alike from afar or have one shape: letters all over a picture leave it where it is,
            little of its code and few of its keypoints.
    """
    out: list[Laid] = []
    for near in _nearest(query, candidate):
        laid = [each for each in besides if each.number == near.number]
        same = _of_one_shape(query.frame, near.work, near.orientation)
        if near.bits <= CODE_RADIUS:
            out += _laid_whole(query, near, near.orientation, laid, fixed=False)
        elif afar and (near.bits <= _ALIKE or (near.bits <= LIKE_BITS and same)):
            out += _laid_whole(query, near, near.orientation, laid, fixed=same)
        elif afar and _of_one_shape(query.frame, near.work, 0):
            whole = _laid_whole(query, near, 0, laid, fixed=True)
            out += [each for each in whole if each.by is not None and _tells(each.by)]
    return out


def _nearest(query: Query, candidate: Fingerprint) -> list[_Nearest]:
    """Of each of a work's frames."""
    away = distances(query.codes, candidate.codes)
    nearest = away.argmin(axis=0)
    return [
        _Nearest(work, n, int(nearest[n]), int(away[nearest[n], n])) for n, work in enumerate(codec.frames(candidate))
    ]


def _laid_whole(query: Query, near: _Nearest, orientation: int, besides: Sequence[Laid], *, fixed: bool) -> list[Laid]:
    """A whole work laid on the whole upload, unless it lies so already.

    Args:
        orientation: number of the upload's code.
        fixed: not moved to where the few places that agree would have it.
    """
    work = near.work
    matrix = _whole(query.frame, work, orientation % 8)
    if any(_together(matrix, other.matrix, work) for other in besides):
        return []
    which = INVERTED * (orientation >= 8) | MIRRORED * (orientation % 8 in _MIRRORING)
    alike = query.forms[which] @ work.unit.T
    by = guided(query.frame, work, matrix, which, alike, 0, 0)
    if by is not None and not fixed:
        by = guided(query.frame, work, by.matrix, which, alike, 0, 0) or by
        matrix = by.matrix
        if any(_together(matrix, other.matrix, work) for other in besides):
            return []
    first = glance(query.frame, work, by, matrix, alike, near.likeness)
    return [Laid(work, near.number, matrix, which, by, first)]


def certain(upload: Frame, laid: Iterable[Laid]) -> Laid | None:
    """A work that is there for certain, and all over the upload: what agrees with less of it need not be looked for."""
    clear = (each for each in laid if each.glance.surprise >= _SURE and each.glance.strange < _STRANGE)
    return next((each for each in clear if brought(upload, each.work, each.matrix)[1].mean() >= _ALL_OVER), None)


def explained(upload: Frame, laid: Laid) -> NDArray[np.bool_]:
    """Which of the upload's keypoints lie near one that agrees."""
    back, out = brought(upload, laid.work, laid.matrix)
    places = laid.by.places if laid.by is not None else np.zeros(0, dtype=np.int64)
    out[out] = marked(back[out], around(laid.work, laid.work.points[places], _EXPLAINS))
    return out


def _tells(by: Alignment) -> bool:
    """Whether enough places agree for a glance."""
    return len(by.places) >= _WITNESSES and (by.surprise >= _SURPRISE or by.votes >= _VOTES)


def _of_one_shape(upload: Frame, work: Frame, orientation: int) -> bool:
    """Whether the whole work, laid so, has the proportions of the whole upload."""
    width, height = (work.height, work.width) if orientation & 4 else (work.width, work.height)
    return abs(math.log(upload.width * height / (upload.height * width))) < _SHAPE


def _together(one: Floats, other: Floats, work: Frame) -> bool:
    """Whether two transforms put the corners of a work at nearly the same places."""
    box = (0.0, 0.0, float(work.width), float(work.height))
    apart = np.abs(corners(one, box) - corners(other, box)).max()
    return bool(apart < _TOGETHER * scale(one, work.middle))


def _whole(upload: Frame, work: Frame, orientation: int) -> Floats:
    """The transform that lays the whole work on the whole upload: the orientation of `hashing.codes` undone."""
    points = []
    for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)):
        if orientation & 4:
            x, y = y, x
        points.append(
            ((1 - x if orientation & 1 else x) * upload.width, (1 - y if orientation & 2 else y) * upload.height)
        )
    origin, right, down = np.array(points)
    out = np.eye(3)
    out[:2, 0], out[:2, 1], out[:2, 2] = (right - origin) / work.width, (down - origin) / work.height, origin
    return out
