"""Whether what moves in a work moves in an upload, at the same times: that tells a copy from the same place, screen or
slides at another time.

The upload's small pictures are laid on the work's by a transform. Of both, differences over some steps of time are
taken, so that whatever stands still says nothing, and correlated along lines of time against time.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .codec import Film
from .features import PLANE_SIDE
from .planes import UPLOAD_RATE, WORK_RATE

MIN_SPEED, MAX_SPEED = 0.72, 1.38  # seconds of the work a second of the upload
_LAGS = (1, 2, 4)  # samples of the work that differences are taken over
_RATIO = UPLOAD_RATE // WORK_RATE
_FINER = 2  # points a side of a work's pixel at which the upload is read
_MIN_PIXELS = 24  # of the work that the upload shows
_MIN_SAMPLES = 5  # of the work that lie on a line
_FULL_SAMPLES = 8  # of fewer the correlation counts less
_SPEEDS = np.concatenate(([1.0], np.arange(0.74, 0.99, 0.03), np.arange(1.03, 1.36, 0.03)))
_CHANGED_SPEED = 0.97  # of the best correlation, at which the unchanged speed is taken for right
_OFFSET_STEP = 1 / UPLOAD_RATE  # seconds
_CELLS = 4  # along the longer side: parts of the frame whose correlation is measured apart
_MAX_OFFSETS = 4800

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Line:
    """How the upload's time lies on the work's.

    Attributes:
        speed: seconds of the work a second of the upload.
        offset: second of the work at second 0 of the upload.
    """

    speed: float
    offset: float

    def work_time(self, upload: Doubles | float) -> Doubles | float:
        return self.speed * upload + self.offset


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two films agree along a line.

    Attributes:
        motion: correlation of what changes, -1 to 1.
        changing: grey levels by which the work changes, root mean square, as far as it is seen.
        samples: of the work that were compared.
    """

    motion: float
    changing: float
    samples: int


class Overlay:
    """An upload's small pictures laid on a work's."""

    def __init__(
        self, upload: Film, work: Film, matrix: Doubles, upload_span: tuple[int, int], work_span: tuple[float, float]
    ) -> None:
        """
        Args:
            matrix: from the work's plane to the upload's.
            upload_span: of the upload's pictures, the first and the one after the last.
            work_span: seconds of the work that are looked at.
        """
        first, stop = upload_span
        self.first, self.start = first, max(0, int(work_span[0] * WORK_RATE))
        small = work.work_pictures[self.start : max(self.start, int(work_span[1] * WORK_RATE) + 2)]
        self.shape = small.shape[1:]
        rows, columns = self.shape
        theirs = upload.upload_pictures
        stop = min(stop, theirs.count)
        to_plane = _scaling(work, (rows * _FINER, columns * _FINER))
        whole = np.linalg.inv(_scaling(upload, (theirs.rows, theirs.columns))) @ _square(matrix) @ to_plane
        seen = []
        for number in range(first, stop):
            laid = cv2.warpAffine(
                theirs.picture(number),
                whole[:2],
                (columns * _FINER, rows * _FINER),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
            seen.append(cv2.resize(laid, (columns, rows), interpolation=cv2.INTER_AREA))
        at = np.stack(np.meshgrid(np.arange(columns), np.arange(rows))).reshape(2, -1) * _FINER + (_FINER - 1) / 2
        x, y = whole[:2, :2] @ at + whole[:2, 2:]
        self.visible = (x >= 0) & (x <= theirs.columns - 1) & (y >= 0) & (y <= theirs.rows - 1)
        self.upload = np.stack(seen).reshape(len(seen), -1)[:, self.visible].astype(np.float32)
        self.work = small.reshape(len(small), -1)[:, self.visible].astype(np.float32)

    @property
    def enough(self) -> bool:
        """Whether enough of the work is seen to compare anything."""
        return int(np.count_nonzero(self.visible)) >= _MIN_PIXELS and len(self.work) > 0

    def numbers(self, line: Line) -> tuple[Indices, Indices]:
        """Of the work's samples those that lie on a line, from `start`, and of the upload's those nearest to them, from
        `first`."""
        theirs = np.arange(len(self.work))
        ours = (
            np.rint(((theirs + self.start) / WORK_RATE - line.offset) / line.speed * UPLOAD_RATE).astype(np.int64)
            - self.first
        )
        inside = (ours >= 0) & (ours < len(self.upload))
        return theirs[inside], ours[inside]

    def agreement(self, line: Line, these: tuple[Indices, Indices] | None = None) -> Agreement:
        """How far both agree along a line: each part of the frame by itself, so that what was put over some of them
        spoils no others, and each as much as it changes in the work."""
        theirs, ours = self.numbers(line) if these is None else these
        differences = [
            (
                _level(self.upload[ours[lag:]] - self.upload[ours[:-lag]]),
                _level(self.work[theirs[lag:]] - self.work[theirs[:-lag]]),
            )
            for lag in _LAGS
            if len(theirs) > lag
        ]
        if not differences:
            return Agreement(0.0, 0.0, len(theirs))
        part = self._parts()
        parts = int(part.max()) + 1
        products, both, works = (np.zeros(parts) for _ in range(3))
        for a, b in differences:
            products += np.bincount(part, (a * b).sum(axis=0), parts)
            both += np.bincount(part, (a * a).sum(axis=0), parts)
            works += np.bincount(part, (b * b).sum(axis=0), parts)
        each = products / np.sqrt(np.maximum(both * works, 1e-6))
        motion = float((each * works).sum() / max(float(works.sum()), 1e-6))
        changing = float(np.sqrt(works.sum() / sum(b.size for _, b in differences)))
        return Agreement(motion, changing, len(theirs))

    def likeness(self, line: Line, numbers: Indices) -> Doubles:
        """Correlation of the upload's pictures, by their numbers from `first`, with the work's at the same time."""
        at = np.asarray(line.work_time((numbers + self.first) / UPLOAD_RATE)) * WORK_RATE - self.start
        inside = (at > -0.75) & (at < len(self.work) - 0.25)
        before = np.clip(np.floor(at).astype(np.int64), 0, len(self.work) - 1)
        after = np.minimum(before + 1, len(self.work) - 1)
        ours = _level(self.upload[numbers])
        out = np.full(len(numbers), -1.0)
        for near in (before, after):
            theirs = _level(self.work[near])
            size = np.sqrt((ours**2).sum(axis=1) * (theirs**2).sum(axis=1))
            out = np.maximum(out, (ours * theirs).sum(axis=1) / np.maximum(size, 1e-3))
        return np.where(inside, out, -1.0)

    def best_line(self, earliest: float, latest: float, middle: float) -> Line | None:
        """The line along which what changes agrees best.

        Args:
            earliest, latest: second of the work at ``middle``.
            middle: second of the upload around which speeds are tried.
        """
        products, ours, theirs = self._products()
        offsets = np.arange(earliest, latest, _OFFSET_STEP)[:_MAX_OFFSETS]
        found = [self._along(speed, offsets, middle, products, ours, theirs) for speed in _SPEEDS]
        unchanged, best = found[0], max(found)
        if best[0] <= 0:
            return None
        if unchanged[0] >= _CHANGED_SPEED * best[0]:
            best, speeds = unchanged, np.array([1.0])
        else:
            speeds = best[1] + np.arange(-0.02, 0.0201, 0.005)
        nearby = best[2] + np.arange(-2, 2.1) * (_OFFSET_STEP / 2)
        _, speed, at = max(self._along(each, nearby, middle, products, ours, theirs) for each in speeds)
        return Line(float(speed), float(at - speed * middle))

    def _products(self) -> tuple[list[Doubles], list[Doubles], list[Doubles]]:
        """Of each lag the products of the upload's differences and the work's, and both's squares."""
        products, ours, theirs = [], [], []
        work = self.work
        for lag in _LAGS:
            a, b = np.zeros_like(self.upload), np.zeros_like(work)
            a[lag * _RATIO :] = _level(self.upload[lag * _RATIO :] - self.upload[: -lag * _RATIO])
            b[lag:] = _level(work[lag:] - work[:-lag])
            products.append((a @ b.T).astype(np.float64))
            ours.append((a * a).sum(axis=1).astype(np.float64))
            theirs.append((b * b).sum(axis=1).astype(np.float64))
        return products, ours, theirs

    def _along(
        self,
        speed: float,
        offsets: Doubles,
        middle: float,
        products: list[Doubles],
        ours: list[Doubles],
        theirs: list[Doubles],
    ) -> tuple[float, float, float]:
        """The best correlation of lines of one speed, the speed, and the second of the work at ``middle``."""
        there = np.arange(len(theirs[0]))
        at = ((there + self.start) / WORK_RATE - offsets[:, None]) / speed + middle
        here = np.rint(at * UPLOAD_RATE).astype(np.int64) - self.first
        inside = (here >= 0) & (here < len(self.upload))
        here[~inside] = 0
        total, left, right = (np.zeros(len(offsets)) for _ in range(3))
        for lag, product, our, their in zip(_LAGS, products, ours, theirs, strict=True):
            valid = inside & (here >= lag * _RATIO) & (there >= lag)
            total += np.where(valid, product[here, there], 0).sum(axis=1)
            left += np.where(valid, our[here], 0).sum(axis=1)
            right += np.where(valid, their[there], 0).sum(axis=1)
        count = inside.sum(axis=1)
        value = total / np.sqrt(np.maximum(left * right, 1.0)) * np.minimum(1.0, count / _FULL_SAMPLES)
        value[count < _MIN_SAMPLES] = 0.0
        best = int(value.argmax()) if len(value) else 0
        return (float(value[best]), float(speed), float(offsets[best])) if len(value) else (0.0, float(speed), 0.0)

    def _parts(self) -> Indices:
        """The part of the frame that each visible pixel is in."""
        columns = self.shape[1]
        side = max(self.shape) / _CELLS
        y, x = np.divmod(np.flatnonzero(self.visible), columns)
        part: Indices = (y / side).astype(np.int64) * _CELLS + (x / side).astype(np.int64)
        return part


def _level(pictures: Floats) -> Floats:
    """Without their mean."""
    level: Floats = pictures - pictures.mean(axis=1, keepdims=True)
    return level


def _square(matrix: Doubles) -> Doubles:
    return np.vstack((matrix, (0.0, 0.0, 1.0)))


def _scaling(film: Film, shape: tuple[int, int]) -> Doubles:
    """From pixels of a small picture, the middle of the first being (0, 0), to the film's plane."""
    scale = PLANE_SIDE / max(film.width, film.height)
    across, down = film.width * scale / shape[1], film.height * scale / shape[0]
    return np.array(((across, 0.0, across / 2), (0.0, down, down / 2), (0.0, 0.0, 1.0)))
