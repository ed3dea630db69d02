"""Writes an XMP item into AVIF and HEIC (ISO/IEC 23008-12, annex C; boxes of ISO/IEC 14496-12, 8.11)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..errors import UnreadableMedia, UnsupportedMedium
from .isobmff import boxes

_TYPE = b"application/rdf+xml"


@dataclass(slots=True)
class _Item:
    """Where an item's data is. Extents are (index, offset, length)."""

    id: int
    method: int
    reference: int
    base: int
    extents: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Places:
    """An ``iloc`` box: its version, the sizes of its numbers in bytes, its items."""

    version: int
    offset: int
    length: int
    base: int
    index: int
    items: list[_Item]

    @classmethod
    def read(cls, body: bytes) -> _Places:
        version, sizes, more = body[0], body[4], body[5]
        out = cls(version, sizes >> 4, sizes & 15, more >> 4, more & 15 if version else 0, [])
        numbers = _Numbers(body, 6)
        for _ in range(numbers.take(4 if version == 2 else 2)):
            item = numbers.take(4 if version == 2 else 2)
            method = numbers.take(2) & 15 if version else 0
            reference, base = numbers.take(2), numbers.take(out.base)
            extents = [
                (numbers.take(out.index), numbers.take(out.offset), numbers.take(out.length))
                for _ in range(numbers.take(2))
            ]
            out.items.append(_Item(item, method, reference, base, extents))
        return out

    def to_bytes(self) -> bytes:
        wide = 4 if self.version == 2 else 2
        out = [bytes([self.version, 0, 0, 0, self.offset << 4 | self.length, self.base << 4 | self.index])]
        out.append(len(self.items).to_bytes(wide, "big"))
        for item in self.items:
            out.append(item.id.to_bytes(wide, "big"))
            if self.version:
                out.append(item.method.to_bytes(2, "big"))
            out += [item.reference.to_bytes(2, "big"), item.base.to_bytes(self.base, "big")]
            out.append(len(item.extents).to_bytes(2, "big"))
            for index, offset, length in item.extents:
                out += [index.to_bytes(self.index, "big"), offset.to_bytes(self.offset, "big")]
                out.append(length.to_bytes(self.length, "big"))
        return b"".join(out)

    def shift(self, after: int, by: int) -> None:
        """Move what lies in the file after a place."""
        for item in self.items:
            if item.method != 0 or item.reference != 0:
                continue
            if item.base >= after:
                item.base += by
            elif item.base == 0:
                item.extents = [(i, o + by if o >= after else o, n) for i, o, n in item.extents]
            else:
                raise UnsupportedMedium("heif_layout", "the picture's layout is unusual: save it again and send that")


@dataclass(slots=True)
class _Numbers:
    body: bytes
    at: int

    def take(self, size: int) -> int:
        raw = self.body[self.at : self.at + size]
        if len(raw) < size:
            raise IndexError("the numbers end before the box says so")
        self.at += size
        return int.from_bytes(raw, "big")


def xmp(data: bytes, wrapped: bytes) -> bytes:
    """A copy of the picture with this packet as its XMP item, described as being about the primary item.

    Raises:
        UnsupportedMedium, UnreadableMedia: as `embed.xmp`.
    """
    try:
        return _xmp(data, wrapped)
    except OverflowError as error:  # a number that its field has no room for
        raise UnsupportedMedium("heif_layout", "the picture is too large for a further item: save it again") from error


def _xmp(data: bytes, wrapped: bytes) -> bytes:
    top = list(boxes(data, 0, len(data)))
    kinds = [kind for kind, _, _ in top]
    if not top or top[-1][2] != len(data) or kinds.count(b"meta") != 1:
        raise UnreadableMedia("structure", "the boxes of this picture cannot be followed: save it again and send that")
    if b"moov" in kinds:
        raise UnsupportedMedium("heif_sequence", "a credit cannot be written into a sequence of pictures: convert it")
    _, start, end = next(box for box in top if box[0] == b"meta")
    parts = {kind: data[a:b] for kind, a, b in boxes(data, start + 4, end)}
    order = [kind for kind, _, _ in boxes(data, start + 4, end)]
    if len(order) != len(parts) or not {b"iinf", b"iloc", b"pitm"} <= parts.keys():
        raise UnreadableMedia("structure", "the items of this picture cannot be followed: save it again and send that")
    places = _Places.read(parts[b"iloc"])
    old = next((i for i, mime in _items(parts[b"iinf"]) if mime == _TYPE), None)
    out = bytearray(data)
    _give_last_box_its_length(out, top[-1])
    if old is not None:
        item = next((i for i in places.items if i.id == old), None)
        if item is None:
            raise UnreadableMedia("structure", "the XMP of this picture cannot be found: save it again and send that")
        for _, offset, length in item.extents if item.method == 0 else ():
            at = item.base + offset
            out[at : at + length] = bytes(len(out[at : at + length]))
        item.method, item.reference, item.base = 0, 0, 0
    else:
        item = _Item(1 + max([i.id for i in places.items] + [i for i, _ in _items(parts[b"iinf"])]), 0, 0, 0)
        places.items.append(item)
        parts[b"iinf"] = _with_item(parts[b"iinf"], item.id)
        if b"iref" not in parts:
            order.append(b"iref")
        primary = int.from_bytes(parts[b"pitm"][4:], "big")
        parts[b"iref"] = _with_reference(parts.get(b"iref", bytes(4)), item.id, primary)
    item.extents = [(0, 0, len(wrapped))]
    head = data[start - 8 : start - 4] != struct.pack(">I", end - start + 8)
    if head or places.length < 4 or max(places.offset, places.base) < 4:
        raise UnsupportedMedium("heif_layout", "the picture's layout is unusual: save it again and send that")
    grown = (
        8 + 4 + sum(8 + (len(places.to_bytes()) if k == b"iloc" else len(parts[k])) for k in order) - (end - start + 8)
    )
    places.shift(end, grown)
    place = len(out) + grown + 8
    if places.offset >= 4:
        item.extents = [(0, place, len(wrapped))]
    else:
        item.base = place
    parts[b"iloc"] = places.to_bytes()
    body = data[start : start + 4] + b"".join(_box(kind, parts[kind]) for kind in order)
    return b"".join((bytes(out[: start - 8]), _box(b"meta", body), bytes(out[end:]), _box(b"mdat", wrapped)))


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def _give_last_box_its_length(out: bytearray, last: tuple[bytes, int, int]) -> None:
    _, start, end = last
    if out[start - 8 : start - 4] == bytes(4):
        out[start - 8 : start - 4] = struct.pack(">I", end - start + 8)


def _items(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Id and MIME type (empty for others) of the items of an ``iinf`` box."""
    for kind, a, b in boxes(body, 6 if body[0] == 0 else 8, len(body)):
        if kind != b"infe" or body[a] not in (2, 3):
            raise UnsupportedMedium("heif_layout", "the picture's items are of an old kind: save it again")
        wide = 2 if body[a] == 2 else 4
        number = int.from_bytes(body[a + 4 : a + 4 + wide], "big")
        rest = body[a + 6 + wide : b]
        yield number, rest[4:].split(b"\x00")[1] if rest[:4] == b"mime" and b"\x00" in rest[4:] else b""


def _with_item(body: bytes, number: int) -> bytes:
    wide = 2 if body[0] == 0 else 4
    count = int.from_bytes(body[4 : 4 + wide], "big") + 1
    entry = b"\x02\x00\x00\x00" + number.to_bytes(2, "big") + b"\x00\x00mime\x00" + _TYPE + b"\x00"
    return body[:4] + count.to_bytes(wide, "big") + body[4 + wide :] + _box(b"infe", entry)


def _with_reference(body: bytes, number: int, primary: int) -> bytes:
    wide = 2 if body[0] == 0 else 4
    numbers = number.to_bytes(wide, "big") + b"\x00\x01" + primary.to_bytes(wide, "big")
    return body + _box(b"cdsc", numbers)
