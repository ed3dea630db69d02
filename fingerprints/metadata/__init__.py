"""Embedded metadata of a file: who made it, who owns it, where it is from. No pixel and no sound is decoded.

One file a container. Everything is bounded: at most `MAX_FIELDS` fields of `MAX_VALUE` code points; what inflates to
more than a megabyte is left out.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from ..model import Field
from ..source import Source
from . import c2pa_manifest, exif, id3, iim, isobmff, matroska, png_gif, riff_info, xmp
from .containers import inflate, jpeg_segments, png_chunks, riff_chunks
from .xmp import xmp_packets, xmp_values

MAX_FIELDS = 500
MAX_VALUE = 4_000  # code points
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]+")
_PICTURES = frozenset(["jpeg", "png", "webp", "gif", "tiff", "avif", "heic", "bmp", "jp2"])
_BOXES = frozenset(["mp4", "m4a", "mov"])


def read(source: Source, format: str, trust_anchors: str = "") -> tuple[Field, ...]:
    """All rights, authorship and description fields of a file, in the order of their containers.

    Pictures are read whole; of sound and film, only the tags are held.

    Args:
        format: jpeg, png, webp, gif, tiff, avif, heic, bmp, jp2, mp3, flac, ogg, wav, m4a, mp4, mov, mkv, webm, avi,
            asf ...; others give ().
        trust_anchors: PEM certificates that C2PA manifests are trusted by.

    Returns:
        fields with decoded text. What is broken, too large or encrypted is left out.

    Raises:
        UnreadableMedia: the file cannot be opened, or changes while it is read.
    """
    out: dict[Field, None] = {}
    with source.opened() as held:
        for parsed in _containers(held, format, trust_anchors):
            # Every parser meets hostile bytes; one that fails must not cost the others' fields.
            with contextlib.suppress(Exception):
                for found in parsed:
                    value = _CONTROLS.sub(" ", found.value).strip()[:MAX_VALUE]
                    if value:
                        out[Field(found.where, found.tag[:100], value, found.readings)] = None
                    if len(out) >= MAX_FIELDS:
                        return tuple(out)
    return tuple(out)


def _containers(source: Source, format: str, trust_anchors: str) -> list[Iterator[Field]]:
    """The fields of each container that the format can have; none is parsed yet."""
    if format in _PICTURES:
        data = source[:]
        source = Source.blob(data)
        return [
            exif.fields(data, format),
            iim.fields(data, format),
            xmp.fields(source, format),
            png_gif.png_fields(data, format),
            png_gif.gif_fields(data, format),
            c2pa_manifest.fields(source, format, trust_anchors),
        ]
    if format in ("mkv", "webm"):
        return [matroska.fields(source)]
    if format == "avi":
        return [riff_info.fields(source)]
    if format in _BOXES:
        tags = isobmff.fields(source)
    elif format in id3.CONTAINER:
        tags = id3.fields(source, format)
    else:
        return []
    return [tags, xmp.fields(source, format), c2pa_manifest.fields(source, format, trust_anchors)]


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
