"""The list INFO of AVI (Microsoft, Multimedia Programming Interface and Data Specifications 1.0)."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Field
from ..source import Source
from .containers import text_field

_TAGS = {
    b"IART": "artist", b"ICOP": "copyright", b"INAM": "title", b"ICMT": "comment", b"ISRC": "source",
    b"IPRD": "album", b"ISBJ": "subject", b"IDIT": "date", b"ICMS": "commissioned", b"IURL": "url",
}  # fmt: skip
_MAX_CHUNKS = 10_000  # looked at: a long film has one for each part of its index
_MAX_VALUE_BYTES = 16_000


def fields(source: Source) -> Iterator[Field]:
    """The entries of the list, by their usual names in lower case."""
    for kind, start, end in _chunks(source, 12, source.size):
        if kind == b"LIST" and source[start : start + 4] == b"INFO":
            for tag, first, last in _chunks(source, start + 4, end):
                if tag in _TAGS:
                    yield text_field("riff", _TAGS[tag], source[first : min(last, first + _MAX_VALUE_BYTES)])


def _chunks(source: Source, at: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the payload of the chunks of a list."""
    for _ in range(_MAX_CHUNKS):
        head = source[at : at + 8]
        if len(head) < 8 or at >= stop:
            return
        end = min(at + 8 + int.from_bytes(head[4:], "little"), stop)
        yield head[:4], at + 8, end
        at = end + (end & 1)
