"""The detail of a film's fingerprint: where its keypoints are, and its small pictures.

The keys of a work's keypoints are those of its fingerprint, in the same order; an upload's, which are many and not
indexed, stand in the detail.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..image.codebook import SIGNATURE_BITS
from ..model import KEY_BYTES, Fingerprint
from . import planes
from .features import PROBES, Features, none

_HEAD = struct.Struct("<BHHfIII")  # layout, width, height, seconds, key frames, keypoints, bytes of the small pictures
_WORK, _UPLOAD = 1, 3
_SIGNATURE_BYTES = SIGNATURE_BITS // 8
_STEPS_AN_OCTAVE, _SIZE_OFFSET = 16, 64  # of keypoint sizes; steps by which a size of one pixel is stored
_STEPS_A_PIXEL = 64  # of an upload


@dataclass(frozen=True)
class Film:
    """What is kept of a film.

    Attributes:
        width, height: of its frame as it is shown, pixels.
        seconds: how long its pictures last.
        upload: whether it is kept as an upload is.
    """

    width: int
    height: int
    seconds: float
    upload: bool
    features: Features
    small: bytes

    @cached_property
    def work_pictures(self) -> planes.Grey:
        """A work's small pictures, see `planes.unpacked`."""
        return planes.unpacked(self.small)

    @cached_property
    def upload_pictures(self) -> planes.UploadPictures:
        """The small pictures of an upload, or of a work as if it were one."""
        return planes.SharpPictures(self.small) if self.upload else planes.HeldPictures(self.work_pictures)


def pack(film: Film) -> bytes:
    """The detail of a film."""
    found = film.features
    times, counts = np.unique(found.time, return_counts=True)
    first = np.cumsum(counts) - counts
    layout = _UPLOAD if film.upload else _WORK
    size = np.rint(np.log2(np.maximum(found.sizes, 0.1)) * _STEPS_AN_OCTAVE + _SIZE_OFFSET)
    scale, kind = (_STEPS_A_PIXEL, "<u2") if film.upload else (1, "<u1")
    parts = [
        _HEAD.pack(layout, film.width, film.height, film.seconds, len(times), len(found), len(film.small)),
        times.astype("<f4").tobytes(),
        found.until[first].astype("<f4").tobytes(),
        counts.astype("<u2").tobytes(),
        np.clip(np.rint(found.points * scale - (not film.upload) * 0.5), 0, np.iinfo(kind).max).astype(kind).tobytes(),
        np.clip(size, 0, 255).astype(np.uint8).tobytes(),
        (np.rint(found.angles * (256 / 360)).astype(np.int64) % 256).astype(np.uint8).tobytes(),
    ]
    if film.upload:
        parts += (_short(found.keys, KEY_BYTES), _short(found.unsure, _SIGNATURE_BYTES))
    return b"".join((*parts, film.small))


def film(of: Fingerprint) -> Film | None:
    """What is kept of a film's pictures; None where nothing is.

    Raises:
        ValueError: the detail has an unknown layout.
    """
    return _film(of.detail, of.keys.tobytes()) if of.detail else None


@lru_cache(maxsize=64)
def _film(detail: bytes, keys: bytes) -> Film:
    layout, width, height, seconds, frames, count, length = _HEAD.unpack_from(detail)
    if layout not in (_WORK, _UPLOAD):
        raise ValueError("a film's fingerprint with an unknown layout")
    upload, at = layout == _UPLOAD, _HEAD.size

    def numbers(kind: str, many: int) -> NDArray[Any]:
        nonlocal at
        made = np.frombuffer(detail, dtype=kind, count=many, offset=at)
        at += made.nbytes
        return made

    times, untils, counts = numbers("<f4", frames), numbers("<f4", frames), numbers("<u2", frames)
    points = numbers("<u2" if upload else "<u1", 2 * count).astype(np.float32).reshape(count, 2)
    points = points / np.float32(_STEPS_A_PIXEL) if upload else points + np.float32(0.5)
    sizes = np.exp2((numbers("<u1", count).astype(np.float32) - _SIZE_OFFSET) / _STEPS_AN_OCTAVE)
    angles = numbers("<u1", count).astype(np.float32) * np.float32(360 / 256)
    if upload:
        each, unsure = (
            _long(numbers("<u1", 2 * PROBES * count * size), size).reshape(count, 2 * PROBES)
            for size in (KEY_BYTES, _SIGNATURE_BYTES)
        )
    else:
        each = np.frombuffer(keys, dtype=np.uint64).reshape(-1, 1)
        unsure = np.zeros_like(each)
    if len(each) != count or len(detail) != at + length:
        raise ValueError("a film's fingerprint has the wrong length")
    features = (
        Features(np.repeat(times, counts), np.repeat(untils, counts), points, sizes, angles, each, unsure)
        if count
        else none(each.shape[1])
    )
    return Film(width, height, seconds, upload, features, detail[at:])


def _short(numbers: NDArray[np.uint64], size: int) -> bytes:
    """So many lower bytes of each number."""
    return numbers.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :size].tobytes()


def _long(lower: NDArray[np.uint8], size: int) -> NDArray[np.uint64]:
    """The numbers of which so many lower bytes are kept."""
    out = np.zeros((len(lower) // size, 8), dtype=np.uint8)
    out[:, :size] = lower.reshape(-1, size)
    return out.view("<u8").astype(np.uint64).ravel()
