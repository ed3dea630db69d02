"""Whether a picture file lacks its end, by the lengths and end marks of its container; asked when decoding failed."""

from __future__ import annotations

_BOXES = (b"ftyp", b"jP  ")


def cut_short(data: bytes) -> bool:
    """True where the container says that more bytes should follow; False where it does not say or is not known."""
    if data.startswith(b"\x89PNG"):
        return b"IEND" not in data
    if data.startswith(b"GIF8"):
        return not data.rstrip(b"\x00").endswith(b";")
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in data
    if data.startswith(b"\xff\x4f\xff\x51"):
        return b"\xff\xd9" not in data[-64:]
    if data.startswith(b"RIFF"):
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if data[4:8] in _BOXES:
        return _boxes_end(data) > len(data)
    if data.startswith(b"BM"):
        return int.from_bytes(data[2:6], "little") > len(data)
    if data[:4] in (b"II*\x00", b"MM\x00*"):
        order = "little" if data[:2] == b"II" else "big"
        return int.from_bytes(data[4:8], order) + 2 > len(data)  # type: ignore[arg-type]
    return False


def _boxes_end(data: bytes) -> int:
    """Where the last box on the top level ends (ISO/IEC 14496-12, 4.2; 15444-1, I.4), at the most so many of them."""
    at = 0
    for _ in range(1000):
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
