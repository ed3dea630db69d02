"""Embedded metadata of a file: who made it, who owns it, where it is from. No pixel and no sound is decoded.

One file a container. Everything is bounded: at most `MAX_FIELDS` fields of `MAX_VALUE` code points; what inflates to
more than a megabyte is left out.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator

from ..model import Field
from . import c2pa_manifest, exif, id3, iim, isobmff, matroska, png_gif, xmp
from .containers import inflate, jpeg_segments, png_chunks, riff_chunks
from .xmp import xmp_packets, xmp_values

_Parser = Callable[[bytes, str], Iterator[Field]]

MAX_FIELDS = 500
MAX_VALUE = 4_000  # code points
_PICTURES = frozenset(["jpeg", "png", "webp", "gif", "tiff", "avif", "heic", "bmp", "jp2"])
_BOXES = frozenset(["mp4", "m4a", "mov"])


def read(data: bytes, format: str, trust_anchors: str = "") -> tuple[Field, ...]:
    """All rights, authorship and description fields of a file, in the order of their containers.

    Args:
        data: the whole file.
        format: jpeg, png, webp, gif, tiff, avif, heic, bmp, jp2, mp3, flac, ogg, wav, m4a, mp4, mov, mkv, webm ...;
            others give ().
        trust_anchors: PEM certificates that C2PA manifests are trusted by.

    Returns:
        fields with decoded text. Never raises: what is broken, too large or encrypted is left out.
    """
    out: dict[Field, None] = {}
    # Every parser below meets hostile bytes; one that fails must not cost the others' fields.
    for parser in _parsers(format, trust_anchors):
        with contextlib.suppress(Exception):
            for found in parser(data, format):
                value = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]+", " ", found.value).strip()[:MAX_VALUE]
                if value:
                    out[Field(found.where, found.tag[:100], value)] = None
                if len(out) >= MAX_FIELDS:
                    return tuple(out)
    return tuple(out)


def _parsers(format: str, trust_anchors: str) -> list[_Parser]:
    def credentials(data: bytes, format: str) -> Iterator[Field]:
        return c2pa_manifest.fields(data, format, trust_anchors)

    if format in _PICTURES:
        return [exif.fields, iim.fields, xmp.fields, png_gif.png_fields, png_gif.gif_fields, credentials]
    if format in _BOXES:
        return [isobmff.fields, xmp.fields, credentials]
    if format in ("mkv", "webm"):
        return [matroska.fields]
    return [id3.fields, xmp.fields, credentials] if format in id3.CONTAINER else []


__all__ = [
    "MAX_FIELDS",
    "MAX_VALUE",
    "inflate",
    "jpeg_segments",
    "png_chunks",
    "read",
    "riff_chunks",
    "xmp_packets",
    "xmp_values",
]
