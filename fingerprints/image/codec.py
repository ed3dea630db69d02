"""The detail of a picture's fingerprint: for every different frame its keypoints and a picture of it.

A work keeps its keypoints as codes and a small JPEG to look at and to compare with. An upload, which is kept only while
it is searched for, keeps whole descriptors and its grey levels besides, so that nothing is lost before the comparison.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..model import Fingerprint
from . import codebook
from .descriptors import LENGTH
from .keypoints import Keypoints

PLANE_SIDE = 256  # pixels of a work's longer side in which its keypoints and all comparisons count
THUMBNAIL_SIDE = 320  # pixels of the longer side of the small pictures

_PIXELS, _WORK, _UPLOAD = 1, 2, 3  # layouts: nothing but a digest of the pixels; frames of a work; frames of an upload
_HEAD = struct.Struct("<BBII")  # layout, frames, width and height as shown
_FRAME_HEAD = struct.Struct("<HHHI")  # of a frame: width, height, keypoints, bytes of the thumbnail
_STEPS_A_PIXEL = 64
_STEPS_AN_OCTAVE = 16  # of keypoint sizes
_SIZE_OFFSET = 64  # steps by which a size of one pixel is stored

Floats = NDArray[np.floating]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a stored picture.

    Attributes:
        width, height: of the plane in which points count; longer side `PLANE_SIDE` for a work.
        points: float32, shape (n, 2), pixels from the top left corner.
        sizes: float32, shape (n,), pixels.
        angles: float32, shape (n,), degrees clockwise.
        vectors: the projected descriptors, shape (n, 64).
        descriptors: shape (n, 128), whole ones; None where only codes were kept.
        full_grey: the grey levels of shape (height, width); None where only the small picture was kept.
        thumbnail: the small picture, a JPEG file.
    """

    width: int
    height: int
    points: Floats
    sizes: Floats
    angles: Floats
    vectors: Floats
    descriptors: NDArray[np.generic] | None
    full_grey: Bytes | None
    thumbnail: bytes

    @cached_property
    def grey(self) -> Bytes:
        """The grey levels that there are; those of the small picture are not of the plane's size."""
        if self.full_grey is not None:
            return self.full_grey
        decoded = cv2.imdecode(np.frombuffer(self.thumbnail, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
        return np.asarray(decoded, dtype=np.uint8)

    @cached_property
    def colours(self) -> Bytes:
        """The small picture, shape (rows, columns, 3)."""
        decoded = cv2.imdecode(np.frombuffer(self.thumbnail, dtype=np.uint8), cv2.IMREAD_COLOR)
        return np.asarray(decoded, dtype=np.uint8)

    @property
    def middle(self) -> NDArray[np.float64]:
        """The point in the middle of the plane."""
        return np.array((self.width / 2, self.height / 2))

    @cached_property
    def unit(self) -> NDArray[np.float32]:
        """The projected descriptors, each of unit length."""
        return codebook.unit(self.vectors)


@dataclass(frozen=True, slots=True, eq=False)
class DecodedFrame:
    """One frame as the decoder process has it: its grey levels, keypoints in their plane, and a small picture."""

    grey: Bytes
    keypoints: Keypoints
    thumbnail: bytes


def _reduced(picture: Image.Image, longest: int) -> Image.Image:
    """A picture of at most ``longest`` pixels a side; a smaller one as it is."""
    longer = max(picture.size)
    if longer <= longest:
        return picture
    size = tuple(max(1, round(side * longest / longer)) for side in picture.size)
    return picture.resize((size[0], size[1]), Image.Resampling.BOX, reducing_gap=2.0)


def thumbnail(picture: Image.Image) -> bytes:
    """A small JPEG file to look at."""
    out = io.BytesIO()
    _reduced(picture, THUMBNAIL_SIDE).save(out, "JPEG", quality=80)
    return out.getvalue()


def pixels_only(width: int, height: int, digest: bytes) -> bytes:
    """The detail of a picture that is found by its exact pixels only."""
    return _HEAD.pack(_PIXELS, 0, width, height) + digest


def pack(width: int, height: int, frames: list[DecodedFrame], *, upload: bool) -> bytes:
    """The detail of a picture of this size as shown."""
    parts = [_HEAD.pack(_UPLOAD if upload else _WORK, len(frames), width, height)]
    for frame in frames:
        found, (rows, columns) = frame.keypoints, frame.grey.shape
        sizes = np.rint(np.log2(np.maximum(found.sizes, 0.1)) * _STEPS_AN_OCTAVE + _SIZE_OFFSET)
        parts += (
            _FRAME_HEAD.pack(columns, rows, len(found), len(frame.thumbnail)),
            np.rint(np.clip(found.points, 0, 1023) * _STEPS_A_PIXEL).astype("<u2").tobytes(),
            np.clip(sizes, 0, 255).astype(np.uint8).tobytes(),
            (np.rint(found.angles * (256 / 360)).astype(np.int64) % 256).astype(np.uint8).tobytes(),
            found.descriptors.tobytes()
            if upload
            else codebook.encoded(codebook.projected(found.descriptors)).tobytes(),
            frame.thumbnail,
            frame.grey.tobytes() if upload else b"",
        )
    return b"".join(parts)


def size(of: Fingerprint) -> tuple[int, int]:
    """Width and height of the picture as it is shown."""
    _, _, width, height = _HEAD.unpack_from(of.detail)
    return width, height


def frames(of: Fingerprint) -> tuple[Frame, ...]:
    """The frames of a picture; none of one that is found by its exact pixels only.

    Raises:
        ValueError: a detail of another layout.
    """
    return _frames(of.detail)


def thumbnails(of: Fingerprint) -> tuple[bytes, ...]:
    """A small JPEG file of every frame that was kept, to look at."""
    return tuple(frame.thumbnail for frame in frames(of))


@lru_cache(maxsize=128)
def _frames(detail: bytes) -> tuple[Frame, ...]:
    layout, count, _, _ = _HEAD.unpack_from(detail)
    if layout not in (_PIXELS, _WORK, _UPLOAD):
        raise ValueError("an image fingerprint with an unknown layout")
    reader = _Reader(detail, _HEAD.size)
    return tuple(_read_frame(reader, upload=layout == _UPLOAD) for _ in range(count))


class _Reader:
    """Reads a detail from some place on."""

    def __init__(self, detail: bytes, at: int) -> None:
        self._detail, self._at = detail, at

    def head(self) -> tuple[int, int, int, int]:
        """Width, height, keypoints and bytes of the thumbnail of the next frame."""
        columns, rows, keypoints, length = _FRAME_HEAD.unpack_from(self._detail, self._at)
        self._at += _FRAME_HEAD.size
        return columns, rows, keypoints, length

    def numbers(self, kind: str, count: int) -> NDArray[Any]:
        made = np.frombuffer(self._detail, dtype=kind, count=count, offset=self._at)
        self._at += made.nbytes
        return made

    def raw(self, count: int) -> bytes:
        self._at += count
        return self._detail[self._at - count : self._at]


def _read_frame(reader: _Reader, *, upload: bool) -> Frame:
    columns, rows, n, length = reader.head()
    points = reader.numbers("<u2", 2 * n).astype(np.float32).reshape(n, 2) / _STEPS_A_PIXEL
    sizes = np.exp2((reader.numbers("u1", n).astype(np.float32) - _SIZE_OFFSET) / _STEPS_AN_OCTAVE)
    angles = reader.numbers("u1", n).astype(np.float32) * np.float32(360 / 256)
    each = LENGTH if upload else codebook.CODE_LENGTH
    stored = reader.numbers("u1", each * n).reshape(n, each)
    small = reader.raw(length)
    if not upload:
        return Frame(columns, rows, points, sizes, angles, codebook.decoded(stored), None, None, small)
    full_grey = reader.numbers("u1", rows * columns).reshape(rows, columns)
    return Frame(columns, rows, points, sizes, angles, codebook.projected(stored), stored, full_grey, small)
