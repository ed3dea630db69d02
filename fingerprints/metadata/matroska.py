"""Tags and the title of Matroska and WebM (RFC 9559, EBML: RFC 8794)."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Field
from ..source import Source

_SEGMENT, _INFO, _TITLE, _CLUSTER = 0x18538067, 0x1549A966, 0x7BA9, 0x1F43B675
_TAGS, _TAG, _SIMPLE, _NAME, _STRING = 0x1254C367, 0x7373, 0x67C8, 0x45A3, 0x4487
_INSIDE = frozenset({_SEGMENT, _INFO, _TAGS, _TAG, _SIMPLE})
_MAX_ELEMENTS = 20_000  # elements looked at
_MAX_DEPTH = 8
_MAX_VALUE_BYTES = 16_000


def fields(source: Source) -> Iterator[Field]:
    """The title and the simple tags, names in lower case."""
    name = ""
    for kind, start, end in _elements(source):
        if kind == _TITLE:
            yield Field("matroska", "title", _text(source, start, end))
        elif kind == _NAME:
            name = _text(source, start, end).lower()
        elif kind == _STRING and name:
            yield Field("matroska", name, _text(source, start, end))


def _text(source: Source, start: int, end: int) -> str:
    return source[start : min(end, start + _MAX_VALUE_BYTES)].decode("utf-8", "replace").rstrip("\x00")


def _elements(source: Source) -> Iterator[tuple[int, int, int]]:
    """(id, start of the payload, end) of the elements on the way to titles and tags, in their order."""
    ends, at = [source.size], 0
    for _ in range(_MAX_ELEMENTS):
        while ends and at >= ends[-1]:
            ends.pop()
        if not ends:
            return
        kind, at = _number(source, at, keep_marker=True)
        size, at = _number(source, at, keep_marker=False)
        if kind is None or size is None:
            return
        unknown = size < 0
        if unknown and kind != _SEGMENT:  # a live recording: its clusters have no length, tags are behind the last
            found = source.find(_TAGS.to_bytes(4, "big"), at)
            if found < 0:
                return
            at = found
            continue
        end = ends[-1] if unknown else min(at + size, ends[-1])
        yield kind, at, end
        if kind in _INSIDE and len(ends) < _MAX_DEPTH:
            ends.append(end)
        else:
            at = end


def _number(source: Source, at: int, *, keep_marker: bool) -> tuple[int | None, int]:
    """A number of variable length, with its length marker (an id) or without; -1 is "unknown"."""
    raw = source[at : at + 8]
    if not raw or not raw[0]:
        return None, at
    length = 9 - raw[0].bit_length()
    raw = raw[:length]
    if len(raw) < length or (keep_marker and length > 4):
        return None, at
    value = int.from_bytes(raw, "big")
    if not keep_marker:
        value &= (1 << 7 * length) - 1
        if value == (1 << 7 * length) - 1:
            value = -1
    return value, at + length
