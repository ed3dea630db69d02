"""Writes Vorbis comments into FLAC (RFC 9639) and Ogg (RFC 3533, 7845); the sound is not touched.

Comments: https://xiph.org/vorbis/doc/v-comment.html.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..errors import LimitExceeded, UnreadableMedia, UnsupportedMedium

_MAX_FLAC_BLOCK_BYTES = (1 << 24) - 1
_FLAC_COMMENTS = 4  # type of the metadata block


def with_comments(data: bytes, format: str, added: Mapping[str, str], defaults: Mapping[str, str]) -> bytes:
    """A copy of a FLAC, Vorbis or Opus file with these comments.

    Args:
        added: by name in capitals; they take the place of comments of these names.
        defaults: written only where the file has no comment of that name.

    Raises:
        UnsupportedMedium, UnreadableMedia, LimitExceeded: as `write_xmp.with_packet`.
    """
    try:
        return _flac(data, added, defaults) if format == "flac" else _ogg(data, added, defaults)
    except (IndexError, struct.error) as error:
        raise _broken() from error


def _broken() -> UnreadableMedia:
    return UnreadableMedia("structure", "the tags of this file cannot be followed: save it again and send that")


def _merged_comments(block: bytes, added: Mapping[str, str], defaults: Mapping[str, str]) -> bytes:
    """A comment header with comments replaced and added."""
    (size,) = struct.unpack_from("<I", block, 0)
    vendor, at = block[4 : 4 + size], 4 + size
    (count,) = struct.unpack_from("<I", block, at)
    at += 4
    kept: list[bytes] = []
    names: set[str] = set()
    for _ in range(count):
        (size,) = struct.unpack_from("<I", block, at)
        entry = block[at + 4 : at + 4 + size]
        if len(entry) < size:
            raise _broken()
        at += 4 + size
        name = entry.partition(b"=")[0].decode("ascii", "replace").upper()
        if name not in added:
            kept.append(entry)
            names.add(name)
    wanted = {**added, **{k: v for k, v in defaults.items() if k not in names and k not in added}}
    kept += [f"{name}={value}".encode() for name, value in wanted.items()]
    listed = b"".join(struct.pack("<I", len(entry)) + entry for entry in kept)
    return struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(kept)) + listed


_NO_COMMENTS = struct.pack("<II", 0, 0)  # no vendor, no comments


def _flac(data: bytes, added: Mapping[str, str], defaults: Mapping[str, str]) -> bytes:
    if data[:4] != b"fLaC":
        raise UnsupportedMedium("tagged_flac", "the file begins with a tag of another kind: save it as a plain FLAC")
    blocks: list[tuple[int, bytes]] = []
    at, last = 4, False
    while not last:
        last, kind = bool(data[at] & 0x80), data[at] & 0x7F
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        body = data[at + 4 : at + 4 + size]
        if len(body) < size:
            raise _broken()
        blocks.append((kind, body))
        at += 4 + size
    old = next((body for kind, body in blocks if kind == _FLAC_COMMENTS), _NO_COMMENTS)
    rest = [(kind, body) for kind, body in blocks if kind != _FLAC_COMMENTS]
    rest.insert(1, (_FLAC_COMMENTS, _merged_comments(old, added, defaults)))
    if len(rest[1][1]) > _MAX_FLAC_BLOCK_BYTES:
        raise LimitExceeded("comments_too_large", "the file's comments have no room for the credit: remove some first")
    out = [b"fLaC"]
    for i, (kind, body) in enumerate(rest):
        out += [bytes([kind | (0x80 if i == len(rest) - 1 else 0)]), len(body).to_bytes(3, "big"), body]
    return b"".join((*out, data[at:]))


@dataclass(slots=True)
class _Page:
    flags: int
    granule: bytes
    serial: bytes
    sequence: int
    lacing: bytes
    body: bytes

    def to_bytes(self) -> bytes:
        head = b"OggS\x00" + bytes([self.flags]) + self.granule + self.serial + struct.pack("<I", self.sequence)
        tail = bytes([len(self.lacing)]) + self.lacing + self.body
        return head + struct.pack("<I", _checksum(head + bytes(4) + tail)) + tail


@dataclass(slots=True)
class _Headers:
    """The header packets after the first page, as they come in."""

    packets: list[bytes] = field(default_factory=list)
    open: bytes = b""

    def take(self, page: _Page) -> None:
        at = 0
        for size in page.lacing:
            self.open += page.body[at : at + size]
            at += size
            if size < 255:
                self.packets.append(self.open)
                self.open = b""


def _ogg(data: bytes, added: Mapping[str, str], defaults: Mapping[str, str]) -> bytes:
    pages = list(_pages(data))
    first = pages[0]
    vorbis = first.body.startswith(b"\x01vorbis")
    if not vorbis and not first.body.startswith(b"OpusHead"):
        raise UnsupportedMedium("ogg_codec", "a credit can be written into Ogg files of Vorbis and Opus only")
    if any(p.serial != first.serial for p in pages):
        raise UnsupportedMedium("ogg_streams", "the file has several streams: a credit can be written into one only")
    wanted, headers, used = 2 if vorbis else 1, _Headers(), 1
    while len(headers.packets) < wanted:
        headers.take(pages[used])
        used += 1
    if len(headers.packets) != wanted or headers.open:
        raise _broken()
    prefix = b"\x03vorbis" if vorbis else b"OpusTags"
    old = headers.packets[0]
    if not old.startswith(prefix):
        raise _broken()
    merged = prefix + _merged_comments(old[len(prefix) :], added, defaults) + (b"\x01" if vorbis else b"")
    made = list(_paged([merged, *headers.packets[1:]], first.serial))
    shift = len(made) + 1 - used
    out = [first.to_bytes(), *(p.to_bytes() for p in made)]
    for page in pages[used:]:
        page.sequence += shift
        out.append(page.to_bytes())
    return b"".join(out)


def _pages(data: bytes) -> Iterator[_Page]:
    at = 0
    while at < len(data):
        if data[at : at + 4] != b"OggS" or data[at + 4] != 0:
            raise _broken()
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        start = at + 27 + len(lacing)
        body = data[start : start + sum(lacing)]
        if len(body) < sum(lacing):
            raise _broken()
        (sequence,) = struct.unpack_from("<I", data, at + 18)
        yield _Page(data[at + 5], data[at + 6 : at + 14], data[at + 14 : at + 18], sequence, lacing, body)
        at = start + len(body)


def _paged(packets: list[bytes], serial: bytes) -> Iterator[_Page]:
    """Header packets in pages numbered from 1."""
    lacing = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets)
    body, at = b"".join(packets), 0
    for number, start in enumerate(range(0, len(lacing), 255), 1):
        sizes = lacing[start : start + 255]
        continued = start > 0 and lacing[start - 1] == 255
        # a page on which no packet ends has no position
        granule = bytes(8) if any(s < 255 for s in sizes) else b"\xff" * 8
        yield _Page(int(continued), granule, serial, number, sizes, body[at : at + sum(sizes)])
        at += sum(sizes)


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _checksum(page: bytes) -> int:
    """Ogg's CRC: that of zlib with the bits of every byte, and of the sum, in the other order, and no inversions."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{mirrored:032b}"[::-1], 2)
