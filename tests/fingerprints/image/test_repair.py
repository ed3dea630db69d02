"""Damaged files that every viewer shows: scanned as seen, not registered."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from fingerprints import image
from fingerprints.errors import UnreadableMedia
from fingerprints.model import Limits
from fingerprints.source import Source

LEVELS = np.random.default_rng(4).integers(0, 256, (20, 30, 3), dtype=np.uint8)
PICTURE = Image.fromarray(LEVELS).resize((300, 200), Image.Resampling.BICUBIC)


def saved(format: str, **options: object) -> bytes:
    out = io.BytesIO()
    PICTURE.save(out, format, **options)
    return out.getvalue()


def commented(data: bytes) -> bytes:
    body = b"tEXtComment\0hello"
    return data[:33] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body) ^ 1) + data[33:]


JPEG, PROGRESSIVE = saved("JPEG", quality=85), saved("JPEG", quality=85, progressive=True)
DAMAGED = {
    "PNG, wrong checksum of a comment": commented(saved("PNG")),
    "JPEG without its end marker": JPEG[:-2],
    "JPEG without its last block": JPEG[:-50],
    "progressive JPEG, cut": PROGRESSIVE[: len(PROGRESSIVE) * 8 // 10],
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_viewers_show_is_scanned(name: str) -> None:
    data = DAMAGED[name]
    found = image.examine(Source.blob(data), "png" if "PNG" in name else "jpeg", Limits(), thorough=True).fingerprint
    assert found.facts["damaged"] is True
    assert found.digest == hashlib.sha256(data).digest()
    assert len(found.codes) == 1
    with pytest.raises(UnreadableMedia):
        image.examine(Source.blob(data), "png" if "PNG" in name else "jpeg", Limits())


def test_a_head_alone_is_no_picture() -> None:
    with pytest.raises(UnreadableMedia, match="ends too early"):
        image.examine(Source.blob(JPEG[: JPEG.find(b"\xff\xda") + 14]), "jpeg", Limits(), thorough=True)


def test_half_a_picture_is_no_picture() -> None:
    with pytest.raises(UnreadableMedia, match="ends too early"):
        image.examine(Source.blob(JPEG[: len(JPEG) // 2]), "jpeg", Limits(), thorough=True)
