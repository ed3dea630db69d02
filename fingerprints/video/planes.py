"""Small pictures of a film at even steps of time, by which two films are compared second by second.

Of a work they are kept as its changes: what a picture differs by from the one before, as it will be restored, is
transformed (DCT) and rounded coarsely.
"""

from __future__ import annotations

import math
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
_PIECE = 1 << 16  # bytes packed at once
_ROUNDING = 0.3  # of a step: smaller changes come cheaper as none
_HELD = 16  # seconds of an upload that are held decoded: more than are looked at together
_QUALITY = 85  # of the JPEG files that an upload's are kept as
_HEAD = struct.Struct("<IHH")  # pictures, rows, columns

Grey = NDArray[np.uint8]


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
        self._last: Grey | None = None
        self._pictures: list[Grey] = []  # of an upload, those of the last second
        self._files: list[bytes] = []
        self._packer = _Packer()

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
        rows, columns = (1, 1) if self._last is None else self._last.shape
        head = _HEAD.pack(self._count, rows, columns)
        if not self._thorough:
            return head + self._packer.finished()
        rest = [_strip(self._pictures)] if self._pictures else []
        return head + b"".join((*self._files, *rest))

    def _fill(self, count: int) -> None:
        while self._last is not None and self._count < count:
            self._append(self._last)

    def _append(self, picture: Grey) -> None:
        self._last = picture
        self._count += 1
        if not self._thorough:
            self._packer.add(picture)
            return
        self._pictures.append(picture)
        if len(self._pictures) == UPLOAD_RATE:
            self._files.append(_strip(self._pictures))
            self._pictures = []


def _reduced(frame: Grey, side: int) -> Grey:
    height, width = frame.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


class _Packer:
    """Packs a work's small pictures as they come, coarsely: the more changes in a film, the more so."""

    def __init__(self) -> None:
        self._sizes: list[float] = []  # of each block what the coefficients are rounded to
        self._block: list[Grey] = []
        self._last: Grey | None = None  # of the block before
        self._restored: NDArray[np.float64] | None = None
        # All lower bytes, then all upper ones, which are few: kept apart until the end.
        self._lower, self._upper = zlib.compressobj(9), zlib.compressobj(1)
        self._packed, self._waiting = bytearray(), bytearray()

    def add(self, picture: Grey) -> None:
        self._block.append(picture)
        if len(self._block) == _BLOCK:
            self._finish_block()

    def finished(self) -> bytes:
        """See `unpacked`; what comes after the head."""
        if self._block:
            self._finish_block()
        self._waiting += self._upper.flush()
        upper = zlib.decompressobj()
        for start in range(0, len(self._waiting), _PIECE):
            rest = bytes(self._waiting[start : start + _PIECE])
            while rest:
                self._packed += self._lower.compress(upper.decompress(rest, _PIECE))
                rest = upper.unconsumed_tail
        self._packed += self._lower.compress(upper.flush()) + self._lower.flush()
        return np.array(self._sizes, dtype="<f2").tobytes() + bytes(self._packed)

    def _finish_block(self) -> None:
        pictures = np.stack(self._block).astype(np.float64)
        rows, columns = pictures.shape[1:]
        down, across = _cosines(rows), _cosines(columns)
        restored = np.zeros((rows, columns)) if self._restored is None else self._restored
        size = self._step_size(pictures)
        steps = np.empty(pictures.shape, dtype=np.int32)
        for number, picture in enumerate(pictures):
            change = (down @ picture @ across.T - restored) / size
            steps[number] = np.trunc(change + np.copysign(_ROUNDING, change))
            restored = restored + steps[number] * size
        folded = (steps << 1 ^ steps >> 31).astype("<u2")
        self._packed += self._lower.compress((folded & 0xFF).astype(np.uint8).tobytes())
        self._waiting += self._upper.compress((folded >> 8).astype(np.uint8).tobytes())
        self._sizes.append(size)
        self._last, self._restored, self._block = self._block[-1], restored, []

    def _step_size(self, pictures: NDArray[np.float64]) -> float:
        before = pictures if self._last is None else np.concatenate((self._last[None], pictures))
        changes = float(np.sqrt(np.square(np.diff(before, axis=0)).mean())) if len(before) > 1 else 0.0
        return float(np.float16(min(max(_STEP * changes, _MIN_STEP), _MAX_STEP)))


def unpacked(data: bytes) -> Grey:
    """A work's small pictures, `WORK_RATE` a second, shape (n, rows, columns)."""
    count, rows, columns = _HEAD.unpack_from(data)
    sizes = np.frombuffer(data, dtype="<f2", count=-(-count // _BLOCK), offset=_HEAD.size).astype(np.float32)
    packed = memoryview(data)[_HEAD.size + 2 * len(sizes) :]
    lower, upper = _Reader(packed), _Reader(packed)
    upper.skip(count * rows * columns)
    down, across = _cosines(rows).astype(np.float32), _cosines(columns).astype(np.float32)
    out = np.empty((count, rows, columns), dtype=np.uint8)
    last = np.zeros((rows, columns), dtype=np.float32)
    for start, size in zip(range(0, count, _BLOCK), sizes, strict=True):
        shape = min(_BLOCK, count - start), rows, columns
        folded = lower.numbers(shape) | upper.numbers(shape) << 8
        coefficients = np.cumsum((folded >> 1 ^ -(folded & 1)).astype(np.float32) * size, axis=0) + last
        last = coefficients[-1]
        pictures = down.T @ coefficients @ across
        out[start : start + _BLOCK] = np.clip(np.rint(pictures), 0, 255)
    return out


class _Reader:
    """Reads a compressed stream little by little."""

    def __init__(self, packed: memoryview) -> None:
        self._stream, self._packed, self._at, self._rest = zlib.decompressobj(), packed, 0, b""

    def skip(self, count: int) -> None:
        """Leave so many bytes out."""
        for start in range(0, count, _PIECE):
            self._read(min(_PIECE, count - start))

    def numbers(self, shape: tuple[int, int, int]) -> NDArray[np.int32]:
        """The next bytes as numbers."""
        return np.frombuffer(self._read(math.prod(shape)), dtype=np.uint8).reshape(shape).astype(np.int32)

    def _read(self, count: int) -> bytes:
        out = b""
        while len(out) < count:
            if not self._rest:
                self._rest = bytes(self._packed[self._at : self._at + _PIECE])
                self._at += len(self._rest)
            more = self._stream.decompress(self._rest, count - len(out))
            if not more and not self._rest:
                raise ValueError("a film's fingerprint has too few small pictures")
            self._rest = self._stream.unconsumed_tail
            out += more
        return out


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
        self._seconds: dict[int, Grey] = {}  # those that were decoded last

    def picture(self, number: int) -> Grey:
        second, place = divmod(number, UPLOAD_RATE)
        if second not in self._seconds:
            if len(self._seconds) == _HELD:
                del self._seconds[next(iter(self._seconds))]
            strip = cv2.imdecode(np.frombuffer(self._files[second], dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
            self._seconds[second] = np.asarray(strip, dtype=np.uint8).reshape(-1, self.rows, self.columns)
        picture: Grey = self._seconds[second][place]
        return picture


class HeldPictures:
    """Those of a work, each shown until the next."""

    def __init__(self, pictures: Grey) -> None:
        self._pictures = pictures
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
