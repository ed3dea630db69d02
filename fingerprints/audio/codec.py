"""The detail of a recording's fingerprint: its peaks, four bytes each or less."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint
from .peaks import Peaks

_HEAD = struct.Struct("<BI")  # version of the layout, number of peaks
_VERSION = 1
_TICK = 0.002  # seconds
_CENTS = 5.0
_DECIBELS = 0.5
_COMPRESSION = 6


def pack(peaks: Peaks) -> bytes:
    """The detail of a recording."""
    ticks = np.rint(np.maximum(peaks.time, 0) / _TICK).astype(np.int64)
    planes = (
        np.diff(ticks, prepend=0).astype("<u4"),
        np.rint(np.clip(peaks.pitch / _CENTS, 0, 65535)).astype("<u2"),
        np.rint(np.clip(peaks.strength / _DECIBELS, 0, 255)).astype("u1"),
    )
    # Byte by byte, because the upper ones hardly vary.
    packed = b"".join(plane.view(np.uint8).reshape(len(plane), plane.itemsize).T.tobytes() for plane in planes)
    return _HEAD.pack(_VERSION, len(peaks)) + zlib.compress(packed, _COMPRESSION)


def peaks(of: Fingerprint) -> Peaks:
    """The peaks kept of a recording; none of one without a detail.

    Raises:
        ValueError: the detail has an unknown layout.
    """
    if not of.detail:
        none = np.zeros(0, dtype=np.float32)
        return Peaks(none, none, none)
    version, count = _HEAD.unpack_from(of.detail)
    raw = zlib.decompress(of.detail[_HEAD.size :]) if version == _VERSION else b""
    if version != _VERSION or len(raw) != 7 * count:
        raise ValueError("a sound fingerprint with an unknown layout")
    steps, pitch, strength = _plane(raw, 0, 4, count), _plane(raw, 4, 2, count), _plane(raw, 6, 1, count)
    return Peaks(
        (np.cumsum(steps) * _TICK).astype(np.float32),
        (pitch * _CENTS).astype(np.float32),
        (strength * _DECIBELS).astype(np.float32),
    )


def _plane(raw: bytes, before: int, size: int, count: int) -> NDArray[np.int64]:
    """Numbers of ``size`` bytes each, whose bytes stand plane by plane after those of ``before`` bytes a number."""
    bytes_ = np.frombuffer(raw, dtype=np.uint8, count=size * count, offset=before * count).reshape(size, count)
    return sum((bytes_[n].astype(np.int64) << 8 * n for n in range(size)), np.zeros(count, dtype=np.int64))
