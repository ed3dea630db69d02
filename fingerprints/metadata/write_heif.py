"""Writes an XMP item into AVIF and HEIC (ISO/IEC 23008-12, annex C; boxes of ISO/IEC 14496-12, 8.11)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..errors import UnreadableMedia, UnsupportedMedium
from .isobmff import boxes

_XMP_TYPE = b"application/rdf+xml"


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


@dataclass(slots=True)
class _Meta:
    """A ``meta`` box: where its payload is in the file, and the boxes in it by type, in their order."""

    start: int
    end: int
    children: dict[bytes, bytes]

    @classmethod
    def read(cls, data: bytes, start: int, end: int) -> _Meta:
        inner = list(boxes(data, start + 4, end))
        children = {kind: data[a:b] for kind, a, b in inner}
        if len(inner) != len(children) or not {b"iinf", b"iloc", b"pitm"} <= children.keys():
            raise UnreadableMedia(
                "structure", "the items of this picture cannot be followed: save it again and send that"
            )
        return cls(start, end, children)

    def growth(self) -> int:
        """Bytes by which the box becomes longer than it is in the file."""
        return 8 + 4 + sum(8 + len(body) for body in self.children.values()) - (self.end - self.start + 8)

    def to_bytes(self, version_and_flags: bytes) -> bytes:
        return _box(b"meta", version_and_flags + b"".join(_box(kind, body) for kind, body in self.children.items()))


def with_xmp_item(data: bytes, packet: bytes) -> bytes:
    """A copy of the picture with this packet as its XMP item, described as being about the primary item.

    Raises:
        UnsupportedMedium, UnreadableMedia: as `write_xmp.with_packet`.
    """
    try:
        return _with_xmp_item(data, packet)
    except OverflowError as error:  # a number that its field has no room for
        raise UnsupportedMedium("heif_layout", "the picture is too large for a further item: save it again") from error


def _with_xmp_item(data: bytes, packet: bytes) -> bytes:
    top = _top_level(data)
    _, start, end = next(box for box in top if box[0] == b"meta")
    meta = _Meta.read(data, start, end)
    places = _Places.read(meta.children[b"iloc"])
    out = bytearray(data)
    _give_last_box_its_length(out, top[-1])
    item = _emptied_item(out, meta, places) or _added_item(meta, places)
    item.extents = [(0, 0, len(packet))]
    has_short_head = data[start - 8 : start - 4] == struct.pack(">I", end - start + 8)
    if not has_short_head or places.length < 4 or max(places.offset, places.base) < 4:
        raise UnsupportedMedium("heif_layout", "the picture's layout is unusual: save it again and send that")
    meta.children[b"iloc"] = places.to_bytes()
    growth = meta.growth()
    places.shift(end, growth)
    place = len(out) + growth + 8  # the packet follows the head of a box behind all others
    if places.offset >= 4:
        item.extents = [(0, place, len(packet))]
    else:
        item.base = place
    meta.children[b"iloc"] = places.to_bytes()
    parts = (bytes(out[: start - 8]), meta.to_bytes(data[start : start + 4]), bytes(out[end:]), _box(b"mdat", packet))
    return b"".join(parts)


def _top_level(data: bytes) -> list[tuple[bytes, int, int]]:
    """The boxes of the file: (type, start of the payload, end)."""
    top = list(boxes(data, 0, len(data)))
    kinds = [kind for kind, _, _ in top]
    if not top or top[-1][2] != len(data) or kinds.count(b"meta") != 1:
        raise UnreadableMedia("structure", "the boxes of this picture cannot be followed: save it again and send that")
    if b"moov" in kinds:
        raise UnsupportedMedium("heif_sequence", "a credit cannot be written into a sequence of pictures: convert it")
    return top


def _emptied_item(out: bytearray, meta: _Meta, places: _Places) -> _Item | None:
    """The XMP item that the picture has, its data overwritten with zeros; None where it has none."""
    number = next((i for i, mime in _items(meta.children[b"iinf"]) if mime == _XMP_TYPE), None)
    if number is None:
        return None
    item = next((i for i in places.items if i.id == number), None)
    if item is None:
        raise UnreadableMedia("structure", "the XMP of this picture cannot be found: save it again and send that")
    for _, offset, length in item.extents if item.method == 0 else ():
        at = item.base + offset
        out[at : at + length] = bytes(len(out[at : at + length]))
    item.method, item.reference, item.base = 0, 0, 0
    return item


def _added_item(meta: _Meta, places: _Places) -> _Item:
    """A new XMP item that refers to the primary one."""
    known = [i.id for i in places.items] + [i for i, _ in _items(meta.children[b"iinf"])]
    item = _Item(1 + max(known), 0, 0, 0)
    places.items.append(item)
    meta.children[b"iinf"] = _with_item(meta.children[b"iinf"], item.id)
    primary = int.from_bytes(meta.children[b"pitm"][4:], "big")
    meta.children[b"iref"] = _with_reference(meta.children.get(b"iref", bytes(4)), item.id, primary)
    return item


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
    entry = b"\x02\x00\x00\x00" + number.to_bytes(2, "big") + b"\x00\x00mime\x00" + _XMP_TYPE + b"\x00"
    return body[:4] + count.to_bytes(wide, "big") + body[4 + wide :] + _box(b"infe", entry)


def _with_reference(body: bytes, number: int, primary: int) -> bytes:
    wide = 2 if body[0] == 0 else 4
    numbers = number.to_bytes(wide, "big") + b"\x00\x01" + primary.to_bytes(wide, "big")
    return body + _box(b"cdsc", numbers)
