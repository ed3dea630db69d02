"""How the containers of metadata are laid out: JPEG segments, PNG and RIFF chunks, TIFF directories."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator

from ..model import Field
from ..unicode import charset

# Of names in cameras and editors that know no other than their region's.
_REGIONAL = (
    "gb18030", "cp932", "euc_jp", "big5hkscs", "cp949", "cp1252", "cp1251", "koi8_r", "cp1253", "cp1250", "mac_roman",
)  # fmt: skip
_MAX_JUDGED_BYTES = 2000
MAX_INFLATED = 1 << 20  # bytes
_MAX_DIRECTORIES, _MAX_ENTRIES = 8, 1000  # of a TIFF structure, and of one directory
_EXIF_DIRECTORY = 34665  # tag
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 13: 4}  # bytes of the TIFF types that hold text or offsets


def decode(raw: bytes) -> str:
    """Text of unknown encoding, as it is read most likely; see `readings`."""
    return readings(raw)[0]


def readings(raw: bytes) -> tuple[str, ...]:
    """What text of unknown encoding may say, the most likely first; one only where the bytes leave no doubt.

    A name is too short to tell what language it is in: whoever knows whose name to expect can tell.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return (raw.decode("utf-16", "replace").rstrip("\x00"),)
    raw = raw.rstrip(b"\x00 ").split(b"\x00", 1)[0]
    with contextlib.suppress(UnicodeDecodeError):
        return (raw.decode("utf-8"),)
    ranked = charset.ranked(raw[:_MAX_JUDGED_BYTES], _REGIONAL)
    found = dict.fromkeys(text for encoding in ranked if (text := charset.decoded(raw, encoding)) is not None)
    return tuple(found) or (raw.decode("cp1252", "replace"),)


def text_field(where: str, tag: str, raw: bytes) -> Field:
    """A field with text of unknown encoding."""
    value, *others = readings(raw)
    return Field(where, tag, value, tuple(others))


def inflate(raw: bytes) -> bytes | None:
    """A zlib stream of at most one megabyte; None for anything larger or broken."""
    engine = zlib.decompressobj()
    try:
        out = engine.decompress(raw, MAX_INFLATED)
    except zlib.error:
        return None
    return None if engine.unconsumed_tail else out


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The marker segments before the picture: (marker, start of the segment, end), markers as 0xE1 for APP1."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in (0xD8, 0x01) or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        if marker in (0xDA, 0xD9):
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end <= at + 3 or end > len(data):
            return
        yield marker, at, end
        at = end


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a PNG: (type, start of the chunk with its length field, end after its CRC)."""
    at = 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            return
        yield data[at + 4 : at + 8], at, end
        at = end


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a RIFF file: (type, start of the chunk header, end of the payload without padding)."""
    at = 12
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if end > len(data):
            return
        yield data[at : at + 4], at, end
        at = end + (end & 1)


def tiff_tags(blob: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Tags of the first directory of a TIFF structure and of its EXIF directory: (tag, type, value bytes)."""
    order = {b"II": "<", b"MM": ">"}.get(blob[:2])
    if order is None or len(blob) < 8:
        return
    queue, seen = [struct.unpack_from(order + "I", blob, 4)[0]], set[int]()
    while queue and len(seen) < _MAX_DIRECTORIES:
        at = queue.pop(0)
        if at in seen or at + 2 > len(blob):
            continue
        seen.add(at)
        (count,) = struct.unpack_from(order + "H", blob, at)
        for i in range(min(count, _MAX_ENTRIES)):
            entry = at + 2 + 12 * i
            if entry + 12 > len(blob):
                break
            tag, kind, number = struct.unpack_from(order + "HHI", blob, entry)
            size = _TYPE_SIZES.get(kind, 0) * number
            if size == 0:
                continue
            where = entry + 8 if size <= 4 else struct.unpack_from(order + "I", blob, entry + 8)[0]
            value = blob[where : where + size]
            if tag == _EXIF_DIRECTORY and len(value) >= 4:
                queue.append(struct.unpack(order + "I", value[:4])[0])
            elif len(value) == size:
                yield tag, kind, value


def png_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """The text chunks of a PNG, unpacked: (keyword, text)."""
    for kind, start, end in png_chunks(data):
        if kind not in (b"tEXt", b"zTXt", b"iTXt"):
            continue
        key, _, rest = data[start + 8 : end - 4].partition(b"\x00")
        raw: bytes | None
        if kind == b"tEXt":
            yield key.decode("latin-1"), decode(rest[:MAX_INFLATED])
            continue
        if kind == b"zTXt":
            raw = inflate(rest[1:]) if rest[:1] == b"\x00" else None
            text = None if raw is None else decode(raw)
        else:
            compressed, rest = rest[:1] == b"\x01", rest[2:]
            _language, _, rest = rest.partition(b"\x00")
            _translated, _, rest = rest.partition(b"\x00")
            raw = inflate(rest) if compressed else rest[:MAX_INFLATED]
            text = None if raw is None else raw.decode("utf-8", "replace")
        if text is not None:
            yield key.decode("latin-1"), text


def raw_profile(text: str) -> bytes:
    """ImageMagick's way to keep a binary profile in a text chunk: name, length, hexadecimal digits."""
    parts = text.strip().split("\n", 2)
    return bytes.fromhex("".join(parts[2].split())) if len(parts) == 3 else b""
