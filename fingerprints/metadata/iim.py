"""IPTC-IIM 4.2 in Photoshop image resources."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Field
from .containers import jpeg_segments, png_texts, raw_profile, text_field, tiff_tags

_IIM_IN_TIFF, _PHOTOSHOP_IN_TIFF = 33723, 34377  # tags
_DATASETS = {
    5: "ObjectName", 40: "SpecialInstructions", 80: "By-line", 105: "Headline", 110: "Credit", 115: "Source",
    116: "CopyrightNotice", 120: "Caption",
}  # fmt: skip


def _records(data: bytes, format: str) -> Iterator[bytes]:
    """The runs of IIM datasets in a file."""
    if format == "jpeg":
        resources = b""
        for marker, start, end in jpeg_segments(data):
            if marker == 0xED and data[start + 4 : start + 18] == b"Photoshop 3.0\x00":
                resources += data[start + 18 : end]
        yield from _photoshop(resources)
    elif format == "png":
        for key, text in png_texts(data):
            if key.lower() == "raw profile type iptc":
                blob = raw_profile(text)
                yield from _photoshop(blob) if blob.startswith(b"8BIM") else (blob,)
    elif format == "tiff":
        for tag, _, value in tiff_tags(data):
            if tag == _IIM_IN_TIFF:
                yield value
            elif tag == _PHOTOSHOP_IN_TIFF:
                yield from _photoshop(value)


def _photoshop(blob: bytes) -> Iterator[bytes]:
    """The IPTC-NAA records (resource 0x0404) among Photoshop image resources."""
    at = 0
    while at + 12 <= len(blob) and blob[at : at + 4] == b"8BIM":
        kind = int.from_bytes(blob[at + 4 : at + 6], "big")
        name = blob[at + 6] + 1
        start = at + 6 + name + (name & 1)
        size = int.from_bytes(blob[start : start + 4], "big")
        if kind == 0x0404:
            yield blob[start + 4 : start + 4 + size]
        at = start + 4 + size + (size & 1)


def fields(data: bytes, format: str) -> Iterator[Field]:
    """The datasets of the application record (2) that name a maker, a right or a subject."""
    for blob in _records(data, format):
        at = 0
        while at + 5 <= len(blob) and blob[at] == 0x1C:
            record, dataset = blob[at + 1], blob[at + 2]
            size = int.from_bytes(blob[at + 3 : at + 5], "big")
            at += 5
            if size & 0x8000:  # extended dataset: the length of the length follows
                digits = size & 0x7FFF
                size = int.from_bytes(blob[at : at + digits], "big")
                at += digits
            if record == 2 and dataset in _DATASETS:
                # the UTF-8 marker of 1:90 is often missing or wrong; `decode` tells the encodings apart by themselves
                yield text_field("iim", _DATASETS[dataset], blob[at : at + size])
            at += size
