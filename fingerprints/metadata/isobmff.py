"""Tags of MP4, M4A and MOV: iTunes and QuickTime item lists, QuickTime keys, user data (ISO/IEC 14496-12, QTFF)."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Field
from ..source import Source, Spans
from .containers import decode

_NAMES = {
    b"\xa9ART": "artist", b"aART": "albumartist", b"\xa9nam": "title", b"\xa9cmt": "comment", b"cprt": "copyright",
    b"\xa9cpy": "copyright", b"\xa9des": "description", b"desc": "description", b"ldes": "description",
    b"\xa9wrt": "composer",
    b"\xa9com": "composer", b"\xa9pub": "publisher", b"\xa9url": "url", b"\xa9src": "source", b"\xa9aut": "author",
    b"\xa9dir": "director", b"\xa9prd": "producer", b"\xa9inf": "information", b"\xa9alb": "album",
    b"\xa9prf": "performer",
    b"auth": "author", b"titl": "title", b"perf": "performer", b"dscp": "description", b"\xa9swr": "software",
    b"\xa9too": "encoder", b"purl": "url", b"\xa9art": "artist", b"\xa9lyr": "lyrics",
}  # fmt: skip
_ISO = (b"auth", b"titl", b"perf", b"dscp", b"cprt")  # in user data: version, language, text
_PARENTS = (b"moov", b"udta", b"trak", b"mdia")
_MAX_BOXES = 20_000  # boxes looked at
_MAX_VALUE_BYTES = 16 << 20  # a longer value is left out
_MAX_KEYS_DISTANCE = 65_536  # bytes before its item list in which a keys box is looked for
_MAX_KEYS = 1_000


def fields(source: Source) -> Iterator[Field]:
    """The tags of a file made of boxes, by their usual names in lower case."""
    for kind, parent, start, end in _walk(source):
        if kind == b"ilst":
            yield from _items(source, start, end, _keys(source, start))
        elif parent == b"udta" and kind in _NAMES and end - start <= _MAX_VALUE_BYTES:
            yield from _user(kind, source[start:end])


def boxes(data: Spans, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of the payload, end) of the boxes side by side in a span (ISO/IEC 14496-12, 4.2)."""
    while start + 8 <= end:
        raw = data[start : start + 16]
        size, kind, head = int.from_bytes(raw[:4], "big"), raw[4:8], 8
        if size == 1:
            size, head = int.from_bytes(raw[8:16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            return
        yield kind, start + head, start + size
        start += size


def _walk(source: Source) -> Iterator[tuple[bytes, bytes, int, int]]:
    """(type, parent's type, start of the payload, end) of the boxes on the way to tags."""
    stack, seen = [(b"", 0, source.size)], 0
    while stack:
        parent, start, end = stack.pop()
        for kind, a, b in boxes(source, start, end):
            seen += 1
            if seen > _MAX_BOXES:
                return
            yield kind, parent, a, b
            if kind in _PARENTS:
                stack.append((kind, a, b))
            elif kind == b"meta":  # a full box in MP4, a plain one in QuickTime
                stack.append((kind, a if source[a + 4 : a + 8] in (b"hdlr", b"keys", b"ilst") else a + 4, b))


def _keys(source: Source, ilst: int) -> list[str]:
    """The names of a QuickTime metadata item list: the keys box stands beside it."""
    data = source[max(0, ilst - _MAX_KEYS_DISTANCE) : ilst]
    at = data.rfind(b"keys")
    if at < 0:
        return []
    names, start = [], at + 12
    for _ in range(min(int.from_bytes(data[at + 8 : at + 12], "big"), _MAX_KEYS)):
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or start + size > len(data):
            break
        names.append(data[start + 8 : start + size].decode("utf-8", "replace").rpartition(".")[2].lower())
        start += size
    return names


def _items(source: Source, start: int, end: int, keys: list[str]) -> Iterator[Field]:
    for kind, a, b in boxes(source, start, end):
        if b - a > _MAX_VALUE_BYTES:
            continue
        data = source[a:b]
        number = int.from_bytes(kind, "big")
        name = _NAMES.get(kind) or (keys[number - 1] if 0 < number <= len(keys) else None)
        for inner, c, d in boxes(data, 0, len(data)):
            if kind == b"----" and inner == b"name":
                name = data[c + 4 : d].decode("utf-8", "replace").lower()
            type_code = int.from_bytes(data[c : c + 4], "big") & 0xFFFFFF
            if inner == b"data" and name and type_code in (0, 1, 2):  # of a type not stated, UTF-8, UTF-16
                value = data[c + 8 : d]
                yield Field("mp4", name, value.decode("utf-16-be", "replace") if type_code == 2 else decode(value))


def _user(kind: bytes, raw: bytes) -> Iterator[Field]:
    if kind in _ISO:
        text = raw[6:]
        yield Field(
            "mp4",
            _NAMES[kind],
            decode(text) if text[:2] not in (b"\xfe\xff", b"\xff\xfe") else text.decode("utf-16", "replace"),
        )
        return
    at = 0
    while at + 4 <= len(raw):  # QuickTime: length, language, text, once for each language
        size = int.from_bytes(raw[at : at + 2], "big")
        if size == 0 or at + 4 + size > len(raw):
            return
        yield Field("mp4", _NAMES[kind], decode(raw[at + 4 : at + 4 + size]))
        at += 4 + size
