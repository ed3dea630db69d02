"""Text that pictures carry by themselves: PNG text chunks (PNG 3rd edition, 11.3.3) and GIF comments."""

from __future__ import annotations

from collections.abc import Iterator

from fingerprints.model import Field

from .containers import decode, png_texts


def png_fields(data: bytes, format: str) -> Iterator[Field]:
    if format == "png":
        for key, value in png_texts(data):
            if key != "XML:com.adobe.xmp" and not key.lower().startswith("raw profile"):
                yield Field("png", key, value)


def gif_fields(data: bytes, format: str) -> Iterator[Field]:
    if format != "gif" or len(data) < 13:
        return
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    for _ in range(100_000):
        if at >= len(data) or data[at] == 0x3B:
            return
        comment = data[at : at + 2] == b"!\xfe"
        if data[at] == 0x2C:
            at += 11 + (3 << ((data[at + 9] & 7) + 1) if data[at + 9] & 0x80 else 0)
        else:
            at += 2
        parts: list[bytes] = []
        while at < len(data) and data[at]:
            if comment and len(parts) < 64:
                parts.append(data[at + 1 : at + 1 + data[at]])
            at += 1 + data[at]
        at += 1
        if comment:
            yield Field("gif", "Comment", decode(b"".join(parts)))
