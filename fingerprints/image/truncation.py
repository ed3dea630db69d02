"""Whether a picture file lacks its end, by the lengths and end marks of its container; asked when decoding failed."""

from __future__ import annotations

from typing import Literal

_BOX_TYPES = (b"ftyp", b"jP  ")
_MAX_PARTS = 100_000  # parts looked at; no picture has so many
_TIFF_TYPE_BYTES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8)  # bytes of a value, by TIFF's number for its type


def cut_short(data: bytes) -> bool:
    """True where the container says that more bytes should follow; False where it does not say or is not known."""
    if data.startswith(b"\x89PNG"):
        return _chunks_end(data) > len(data)
    if data.startswith(b"GIF8"):
        return not data.rstrip(b"\x00").endswith(b";")
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in data
    if data.startswith(b"\xff\x4f\xff\x51"):
        return b"\xff\xd9" not in data[-64:]
    if data.startswith(b"RIFF"):
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if data[4:8] in _BOX_TYPES:
        return _boxes_end(data) > len(data)
    if data.startswith(b"BM"):
        return int.from_bytes(data[2:6], "little") > len(data)
    if data[:4] in (b"II*\x00", b"MM\x00*"):
        return _directory_end(data, "little" if data[:2] == b"II" else "big") > len(data)
    return False


def _chunks_end(data: bytes) -> int:
    """Where the chunks of a PNG end (ISO/IEC 15948, 5.3), the one that ends it included."""
    at = 8
    for _ in range(_MAX_PARTS):
        kind = data[at + 4 : at + 8]
        if len(kind) == 4 and not kind.isalpha():
            break  # no chunk at all
        at += 12 + _number(data, at, 4, "big")
        if kind == b"IEND" or at > len(data):
            break
    return at


def _boxes_end(data: bytes) -> int:
    """Where the last box on the top level ends (ISO/IEC 14496-12, 4.2; 15444-1, I.4)."""
    at = 0
    for _ in range(_MAX_PARTS):
        if at >= len(data):
            break
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0 or len(data) - at < 8:
            return len(data) + (len(data) - at < 8)
        if size < 8:
            break
        at += size
    return at


def _directory_end(data: bytes, order: Literal["little", "big"]) -> int:
    """Where the first directory of a TIFF and the values it points to end (TIFF 6.0, section 2)."""
    if len(data) < 8:
        return 8
    at = _number(data, 4, 4, order)
    if at + 2 > len(data):
        return at + 2
    end = at + 2 + 12 * _number(data, at, 2, order) + 4
    for entry in range(at + 2, min(end - 4, len(data) - 11), 12):
        kind = _number(data, entry + 2, 2, order)
        values, place = _number(data, entry + 4, 4, order), _number(data, entry + 8, 4, order)
        size = values * (_TIFF_TYPE_BYTES[kind] if kind < len(_TIFF_TYPE_BYTES) else 1)
        if size > 4:
            end = max(end, place + size)
    return end


def _number(data: bytes, at: int, size: int, order: Literal["little", "big"]) -> int:
    return int.from_bytes(data[at : at + size], order)
