"""EXIF (CIPA DC-008, TIFF 6.0) of every picture format that carries it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Field
from .containers import decode, jpeg_segments, png_chunks, png_texts, raw_profile, riff_chunks, tiff_tags

MAX_TEXT = 4_000  # code points of one value

_EXIF_TAGS = {
    270: "ImageDescription", 315: "Artist", 33432: "Copyright", 37510: "UserComment", 40091: "XPTitle",
    40092: "XPComment", 40093: "XPAuthor", 40094: "XPKeywords", 40095: "XPSubject",
}  # fmt: skip


def _exif_blobs(data: bytes, format: str) -> Iterator[bytes]:
    if format == "tiff":
        yield data
    elif format == "jpeg":
        for marker, start, end in jpeg_segments(data):
            if marker == 0xE1 and data[start + 4 : start + 10] in (b"Exif\x00\x00", b"Exif\x00\xff"):
                yield data[start + 10 : end]
    elif format == "png":
        for kind, start, end in png_chunks(data):
            if kind == b"eXIf":
                yield data[start + 8 : end - 4]
        for key, value in png_texts(data):
            if key.lower() in ("raw profile type exif", "raw profile type app1"):
                yield raw_profile(value).removeprefix(b"Exif\x00\x00")
    elif format == "webp":
        for kind, start, end in riff_chunks(data):
            if kind == b"EXIF":
                yield data[start + 8 : end].removeprefix(b"Exif\x00\x00")
    elif format in ("avif", "heic"):
        # the item's place is in the meta box; its beginning is unmistakable without it
        for found in list(re.finditer(rb"II\*\x00\x08\x00\x00\x00|MM\x00\*\x00\x00\x00\x08", data))[:4]:
            yield data[found.start() : found.start() + (1 << 20)]


def fields(data: bytes, format: str) -> Iterator[Field]:
    for blob in _exif_blobs(data, format):
        for tag, _kind, value in tiff_tags(blob):
            name = _EXIF_TAGS.get(tag)
            if name is None:
                continue
            value = value[: 4 * MAX_TEXT]
            if name.startswith("XP"):
                text = value.decode("utf-16-le", "replace").split("\x00")[0]
            elif name == "UserComment":
                text = value[8:].decode("utf-16", "replace") if value[:8] == b"UNICODE\x00" else decode(value[8:])
            elif name == "Copyright":  # photographer's and editor's notice, divided by a NUL
                text = ", ".join(t for t in (decode(part) for part in value.split(b"\x00")) if t.strip())
            else:
                text = decode(value)
            yield Field("exif", name, text)
