"""Whether a file ends before its container says it does, where ffmpeg does not say so."""

from __future__ import annotations

from ..source import Source

_MAX_OGG_PAGE = 65_307  # bytes (RFC 3533)
_END_OF_STREAM = 4  # flag of the last page of a stream
_UNKNOWN_RIFF_SIZE = 0x7FFF_F000  # written, or more, where a file was made in a pipe
_W64 = b"riff\x2e\x91\xcf\x11"
_ASF_PROPERTIES = b"\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65"
_ASF_HEADER_BYTES = 65_536


def is_cut(source: Source) -> bool:
    """Whether the end of a file is missing, by what RIFF (WAV, AVI), Wave64, ASF and Ogg say of their length."""
    head = source[:24]
    if head[:4] == b"OggS":
        end = source[max(source.size - _MAX_OGG_PAGE, 0) : source.size]
        last = end.rfind(b"OggS")
        return last < 0 or not end[last + 5 : last + 6] or not end[last + 5] & _END_OF_STREAM
    said = 0
    if head[:4] == b"RIFF":
        said = 8 + int.from_bytes(head[4:8], "little") - 1  # a byte that only pads may be missing
        said = said if said < _UNKNOWN_RIFF_SIZE else 0
    elif head[:8] == _W64:
        said = int.from_bytes(head[16:24], "little")
    elif head[:4] == b"\x30\x26\xb2\x75":
        found = source[:_ASF_HEADER_BYTES].partition(_ASF_PROPERTIES)[2]
        said = int.from_bytes(found[24:32], "little")
    return source.size < said
