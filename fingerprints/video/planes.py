"""Small pictures of a film at even steps of time, by which two films are compared second by second.

Of a work they are kept as its changes: what a picture differs by from the one before, as it will be restored, is
transformed (DCT) and rounded coarsely.
"""

from __future__ import annotations

import struct
import zlib
from functools import cache
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

WORK_RATE, UPLOAD_RATE = 2, 8  # a second
WORK_SIDE, UPLOAD_SIDE = 32, 128  # pixels of the longer side
_BLOCK = 16  # pictures whose coefficients are rounded to the same steps
_STEP = 1.2  # of a rounded coefficient, by the grey levels that the pictures change by
_MIN_STEP, _MAX_STEP = 4.0, 40.0
_ROUNDING = 0.3  # of a step: smaller changes come cheaper as none
_QUALITY = 85  # of the JPEG files that an upload's are kept as
_HEAD = struct.Struct("<IHH")  # pictures, rows, columns

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Collector:
    """Takes small pictures from frames that come in the order of time, each of which stays until the next."""

    def __init__(self, *, thorough: bool) -> None:
        """
        Args:
            thorough: of an upload.
        """
        self._thorough = thorough
        self._rate, self._side = (UPLOAD_RATE, UPLOAD_SIDE) if thorough else (WORK_RATE, WORK_SIDE)
        self._count = 0
        self._pictures: list[Grey] = []  # of an upload, those of the last second
        self._files: list[bytes] = []

    def add(self, at: float, frame: Grey) -> None:
        """A frame at a second."""
        number = int(at * self._rate + 0.01)
        self._fill(number)
        if self._count <= number:
            self._append(_reduced(frame, self._side))

    def finished(self, seconds: float) -> bytes:
        """All of them, as `unpacked` or `SharpPictures` reads them.

        Args:
            seconds: how long the film is.
        """
        self._fill(int(np.ceil(seconds * self._rate - 0.5)))
        rows, columns = self._pictures[-1].shape if self._pictures else (1, 1)
        head = _HEAD.pack(self._count, rows, columns)
        if not self._thorough:
            return head + _packed(self._pictures)
        rest = [_strip(self._pictures)] if self._count % UPLOAD_RATE else []
        return head + b"".join((*self._files, *rest))

    def _fill(self, count: int) -> None:
        while self._count and self._count < count:
            self._append(self._pictures[-1])

    def _append(self, picture: Grey) -> None:
        if self._thorough and self._count % UPLOAD_RATE == 0:
            self._pictures = []
        self._pictures.append(picture)
        self._count += 1
        if self._thorough and self._count % UPLOAD_RATE == 0:
            self._files.append(_strip(self._pictures))


def _reduced(frame: Grey, side: int) -> Grey:
    height, width = frame.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _packed(pictures: list[Grey]) -> bytes:
    """A work's small pictures, coarsely: the more changes in a film, the more so."""
    rows, columns = pictures[-1].shape if pictures else (1, 1)
    down, across = _cosines(rows), _cosines(columns)
    steps = np.empty((len(pictures), rows, columns), dtype=np.int32)
    restored = np.zeros((rows, columns))
    sizes = _step_sizes(pictures)
    for number, picture in enumerate(pictures):
        size = float(sizes[number // _BLOCK])
        change = (down @ picture.astype(np.float64) @ across.T - restored) / size
        steps[number] = np.trunc(change + np.copysign(_ROUNDING, change))
        restored = restored + steps[number] * size
    folded = np.ascontiguousarray(steps << 1 ^ steps >> 31).astype("<u2")
    plain = folded.view(np.uint8).reshape(-1, 2)
    return sizes.tobytes() + zlib.compress(plain.T.tobytes(), 9)


def _step_sizes(pictures: list[Grey]) -> NDArray[np.float16]:
    """Of each block of pictures what the coefficients are rounded to."""
    out = []
    for first in range(0, len(pictures), _BLOCK):
        block = np.stack(pictures[max(first - 1, 0) : first + _BLOCK]).astype(np.float64)
        changes = float(np.sqrt(np.square(np.diff(block, axis=0)).mean())) if len(block) > 1 else 0.0
        out.append(min(max(_STEP * changes, _MIN_STEP), _MAX_STEP))
    return np.array(out, dtype="<f2")


def unpacked(data: bytes) -> Floats:
    """A work's small pictures, `WORK_RATE` a second, shape (n, rows, columns)."""
    count, rows, columns = _HEAD.unpack_from(data)
    sizes = np.frombuffer(data, dtype="<f2", count=-(-count // _BLOCK), offset=_HEAD.size).astype(np.float32)
    raw = zlib.decompress(data[_HEAD.size + 2 * len(sizes) :])
    plain = np.frombuffer(raw, dtype=np.uint8).reshape(2, count, rows, columns)
    folded = plain[0].astype(np.int32) | plain[1].astype(np.int32) << 8
    changes = (folded >> 1 ^ -(folded & 1)).astype(np.float32) * np.repeat(sizes, _BLOCK)[:count, None, None]
    coefficients = np.cumsum(changes, axis=0)
    pictures = _cosines(rows).T.astype(np.float32) @ coefficients @ _cosines(columns).astype(np.float32)
    return np.asarray(pictures, dtype=np.float32)


def _strip(pictures: list[Grey]) -> bytes:
    """Pictures of one second as a JPEG file, one below the other, behind its length."""
    _, file = cv2.imencode(".jpg", np.concatenate(pictures), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return struct.pack("<I", len(file)) + bytes(file)


class UploadPictures(Protocol):
    """The small pictures of an upload, `UPLOAD_RATE` a second.

    Attributes:
        count, rows, columns: how many, and of what size each.
    """

    count: int
    rows: int
    columns: int

    def picture(self, number: int) -> Grey:
        """One of them."""
        ...


class SharpPictures:
    """Those that are kept of an upload, decoded where they are looked at."""

    def __init__(self, data: bytes) -> None:
        self.count, self.rows, self.columns = _HEAD.unpack_from(data)
        self._files: list[bytes] = []
        at = _HEAD.size
        while at < len(data):
            (length,) = struct.unpack_from("<I", data, at)
            self._files.append(data[at + 4 : at + 4 + length])
            at += 4 + length
        self._second: tuple[int, Grey] | None = None  # the last that was decoded

    def picture(self, number: int) -> Grey:
        second, place = divmod(number, UPLOAD_RATE)
        if self._second is None or self._second[0] != second:
            strip = cv2.imdecode(np.frombuffer(self._files[second], dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
            self._second = second, np.asarray(strip, dtype=np.uint8).reshape(-1, self.rows, self.columns)
        picture: Grey = self._second[1][place]
        return picture


class HeldPictures:
    """Those of a work, each shown until the next."""

    def __init__(self, pictures: Floats) -> None:
        self._pictures = np.clip(np.rint(pictures), 0, 255).astype(np.uint8)
        self._times = UPLOAD_RATE // WORK_RATE
        self.rows, self.columns = pictures.shape[1:]
        self.count = len(pictures) * self._times

    def picture(self, number: int) -> Grey:
        picture: Grey = self._pictures[number // self._times]
        return picture


@cache
def _cosines(size: int) -> NDArray[np.float64]:
    """The orthonormal DCT-II matrix."""
    k, n = np.arange(size)[:, None], np.arange(size)[None, :]
    matrix: NDArray[np.float64] = np.cos(np.pi * k * (2 * n + 1) / (2 * size)) * np.sqrt(2 / size)
    matrix[0] /= np.sqrt(2)
    return matrix
