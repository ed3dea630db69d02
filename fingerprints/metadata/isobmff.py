"""Tags of MP4, M4A and MOV: iTunes and QuickTime item lists, QuickTime keys, user data (ISO/IEC 14496-12, QTFF)."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Field
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
_MOST = 20_000  # boxes looked at


def fields(data: bytes, format: str) -> Iterator[Field]:
    """The tags of a file made of boxes, by their usual names in lower case."""
    for kind, parent, start, end in _walk(data):
        if kind == b"ilst":
            keys = _keys(data, start)
            yield from _items(data, start, end, keys)
        elif parent == b"udta" and kind in _NAMES:
            yield from _user(kind, data[start:end])


def side_by_side(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of the payload, end) of the boxes side by side in a span."""
    while start + 8 <= end:
        size, kind, head = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            return
        yield kind, start + head, start + size
        start += size


def _walk(data: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    stack, seen = [(b"", 0, len(data))], 0
    while stack:
        parent, start, end = stack.pop()
        for kind, a, b in side_by_side(data, start, end):
            seen += 1
            if seen > _MOST:
                return
            yield kind, parent, a, b
            if kind in _PARENTS:
                stack.append((kind, a, b))
            elif kind == b"meta":  # a full box in MP4, a plain one in QuickTime
                stack.append((kind, a if data[a + 4 : a + 8] in (b"hdlr", b"keys", b"ilst") else a + 4, b))


def _keys(data: bytes, ilst: int) -> list[str]:
    """The names of a QuickTime metadata item list: the keys box stands beside it."""
    at = data.rfind(b"keys", max(0, ilst - 65_536), ilst)
    if at < 0:
        return []
    names, start = [], at + 12
    for _ in range(min(int.from_bytes(data[at + 8 : at + 12], "big"), 1_000)):
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or start + size > ilst:
            break
        names.append(data[start + 8 : start + size].decode("utf-8", "replace").rpartition(".")[2].lower())
        start += size
    return names


def _items(data: bytes, start: int, end: int, keys: list[str]) -> Iterator[Field]:
    for kind, a, b in side_by_side(data, start, end):
        number = int.from_bytes(kind, "big")
        name = _NAMES.get(kind) or (keys[number - 1] if 0 < number <= len(keys) else None)
        for inner, c, d in side_by_side(data, a, b):
            if kind == b"----" and inner == b"name":
                name = data[c + 4 : d].decode("utf-8", "replace").lower()
            if inner == b"data" and name and int.from_bytes(data[c : c + 4], "big") & 0xFFFFFF in (0, 1, 2):
                wide = int.from_bytes(data[c : c + 4], "big") & 0xFFFFFF == 2
                yield Field(
                    "mp4", name, data[c + 8 : d].decode("utf-16-be", "replace") if wide else decode(data[c + 8 : d])
                )


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
