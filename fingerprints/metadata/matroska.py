"""Tags and the title of Matroska and WebM (RFC 9559, EBML: RFC 8794)."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Field

_SEGMENT, _INFO, _TITLE, _CLUSTER = 0x18538067, 0x1549A966, 0x7BA9, 0x1F43B675
_TAGS, _TAG, _SIMPLE, _NAME, _STRING = 0x1254C367, 0x7373, 0x67C8, 0x45A3, 0x4487
_INSIDE = frozenset({_SEGMENT, _INFO, _TAGS, _TAG, _SIMPLE})
_MOST = 20_000  # elements looked at
_DEEP = 8


def fields(data: bytes, format: str) -> Iterator[Field]:
    """The title and the simple tags, names in lower case."""
    name = ""
    for kind, start, end in _elements(data):
        if kind == _TITLE:
            yield Field("matroska", "title", _text(data[start:end]))
        elif kind == _NAME:
            name = _text(data[start:end]).lower()
        elif kind == _STRING and name:
            yield Field("matroska", name, _text(data[start:end]))


def _text(raw: bytes) -> str:
    return raw[:16_000].decode("utf-8", "replace").rstrip("\x00")


def _elements(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(id, start of the payload, end) of the elements on the way to titles and tags, in their order."""
    ends, at = [len(data)], 0
    for _ in range(_MOST):
        while ends and at >= ends[-1]:
            ends.pop()
        if not ends:
            return
        kind, at = _number(data, at, keep=True)
        size, at = _number(data, at, keep=False)
        if kind is None or size is None:
            return
        unknown = size < 0
        if unknown and kind != _SEGMENT:  # a live recording: its clusters have no length, tags are behind the last
            found = data.find(_TAGS.to_bytes(4, "big"), at)
            if found < 0:
                return
            at = found
            continue
        end = ends[-1] if unknown else min(at + size, ends[-1])
        yield kind, at, end
        if kind in _INSIDE and len(ends) < _DEEP:
            ends.append(end)
        else:
            at = end


def _number(data: bytes, at: int, *, keep: bool) -> tuple[int | None, int]:
    """A number of variable length, with its length marker (an id) or without; -1 is "unknown"."""
    if at >= len(data) or not data[at]:
        return None, at
    length = 9 - data[at].bit_length()
    raw = data[at : at + length]
    if len(raw) < length or (keep and length > 4):
        return None, at
    value = int.from_bytes(raw, "big")
    if not keep:
        value &= (1 << 7 * length) - 1
        if value == (1 << 7 * length) - 1:
            value = -1
    return value, at + length
