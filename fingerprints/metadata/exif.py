"""EXIF (CIPA DC-008, TIFF 6.0) of every picture format that carries it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from ..model import Field
from .containers import decode, jpeg_segments, png_chunks, png_texts, raw_profile, riff_chunks, text_field, tiff_tags

_MAX_VALUE_BYTES = 16_000  # read of one value
_MAX_HEIF_ITEM_BYTES = 1 << 20
_PREFIX = b"Exif\x00\x00"

_EXIF_TAGS = {
    270: "ImageDescription", 315: "Artist", 33432: "Copyright", 37510: "UserComment", 40091: "XPTitle",
    40092: "XPComment", 40093: "XPAuthor", 40094: "XPKeywords", 40095: "XPSubject",
}  # fmt: skip


def _tiff_structures(data: bytes, format: str) -> Iterator[bytes]:
    """The TIFF structures in a file that hold EXIF, each from its byte order mark on."""
    if format == "tiff":
        yield data
    elif format == "jpeg":
        for marker, start, end in jpeg_segments(data):
            if marker == 0xE1 and data[start + 4 : start + 10] in (b"Exif\x00\x00", b"Exif\x00\xff"):
                yield data[start + 10 : end]
    elif format == "png":
        yield from _in_png(data)
    elif format == "webp":
        for kind, start, end in riff_chunks(data):
            if kind == b"EXIF":
                yield data[start + 8 : end].removeprefix(_PREFIX)
    elif format in ("avif", "heic"):
        # the item's place is in the meta box; its beginning is unmistakable without it
        for found in islice(re.finditer(rb"II\*\x00\x08\x00\x00\x00|MM\x00\*\x00\x00\x00\x08", data), 4):
            yield data[found.start() : found.start() + _MAX_HEIF_ITEM_BYTES]


def _in_png(data: bytes) -> Iterator[bytes]:
    for kind, start, end in png_chunks(data):
        if kind == b"eXIf":
            yield data[start + 8 : end - 4]
    for key, value in png_texts(data):
        if key.lower() in ("raw profile type exif", "raw profile type app1"):
            yield raw_profile(value).removeprefix(_PREFIX)


def fields(data: bytes, format: str) -> Iterator[Field]:
    """The tags of EXIF that name a maker, a right or a subject."""
    for blob in _tiff_structures(data, format):
        for tag, _kind, value in tiff_tags(blob):
            name = _EXIF_TAGS.get(tag)
            if name is None:
                continue
            value = value[:_MAX_VALUE_BYTES]
            if name.startswith("XP"):
                text = value.decode("utf-16-le", "replace").split("\x00")[0]
            elif name == "UserComment":
                text = value[8:].decode("utf-16", "replace") if value[:8] == b"UNICODE\x00" else decode(value[8:])
            elif name == "Copyright":  # photographer's and editor's notice, divided by a NUL
                text = ", ".join(t for t in (decode(part) for part in value.split(b"\x00")) if t.strip())
            else:
                yield text_field("exif", name, value)
                continue
            yield Field("exif", name, text)
