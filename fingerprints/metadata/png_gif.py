"""Text that pictures carry by themselves: PNG text chunks (PNG 3rd edition, 11.3.3) and GIF comments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ..model import Field
from .containers import decode, png_texts

_MAX_BLOCKS = 100_000  # of a GIF
_MAX_COMMENT_BLOCKS = 64  # of at most 255 bytes


def png_fields(data: bytes, format: str) -> Iterator[Field]:
    """The text chunks of a PNG but for those that hold other metadata."""
    if format == "png":
        for key, value in png_texts(data):
            if key != "XML:com.adobe.xmp" and not key.lower().startswith("raw profile"):
                yield Field("png", key, value)


def gif_fields(data: bytes, format: str) -> Iterator[Field]:
    """The comment extensions of a GIF."""
    if format != "gif":
        return
    for start, end in gif_blocks(data):
        if data[start : start + 2] == b"!\xfe":
            yield Field(
                "gif", "Comment", decode(b"".join(islice(_sub_blocks(data, start + 2, end), _MAX_COMMENT_BLOCKS)))
            )


def gif_blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """The extensions and pictures of a GIF, each with its sub-blocks: half-open spans, up to the trailer."""
    if len(data) < 13:
        return
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    for _ in range(_MAX_BLOCKS):
        if at + 1 >= len(data) or data[at] not in (0x21, 0x2C):
            return
        start = at
        if data[at] == 0x2C:
            at += 11 + (3 << ((data[at + 9] & 7) + 1) if data[at + 9] & 0x80 else 0)
        else:
            at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
        if at > len(data):
            return
        yield start, at


def _sub_blocks(data: bytes, at: int, end: int) -> Iterator[bytes]:
    while at < end and data[at]:
        yield data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
