"""Writes an XMP packet into a copy of a file: nothing is re-encoded, no other metadata is lost (ISO 16684-3).

An earlier packet is replaced; whoever wants its properties kept merges them into the new one first.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from ..errors import LimitExceeded, UnreadableMedia, UnsupportedMedium
from . import write_heif
from .containers import jpeg_segments, png_chunks, riff_chunks
from .isobmff import boxes
from .png_gif import gif_blocks
from .write_id3 import with_private_frame

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_MAX_JPEG_PACKET_BYTES = 65_533 - len(_JPEG_XMP)
_PNG_XMP = b"XML:com.adobe.xmp"
_GIF_XMP = b"!\xff\x0bXMP DataXMP"
_GIF_END = bytes([1, *range(255, -1, -1), 0])  # leads a reader that knows no XMP out of the packet
_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_TIFF_XMP = 700


def with_packet(data: bytes, format: str, packet: bytes) -> bytes:
    """A copy of a file with this packet as its XMP.

    Args:
        format: as `fingerprints.sniff` names it.
        packet: an ``<x:xmpmeta>`` element, UTF-8.

    Raises:
        UnsupportedMedium: a format that this version does not write.
        UnreadableMedia: the file's structure cannot be followed.
        LimitExceeded: the container has no room for the packet.
    """
    writer = _WRITERS.get(format)
    if writer is None:
        raise UnsupportedMedium(
            "no_place_for_xmp",
            f"a credit cannot be written into a file of the format {format}: show the credit line beside it; it can be "
            "written into JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC, JPEG 2000, MP3, FLAC, Ogg, WAV, M4A, MP4 and MOV",
        )
    try:
        return writer(data, packet)
    except (IndexError, struct.error) as error:
        raise _broken(format) from error


def _broken(format: str) -> UnreadableMedia:
    return UnreadableMedia(
        "structure", f"the structure of this {format} file cannot be followed: save it again and send that"
    )


def _wrapped(packet: bytes) -> bytes:
    return b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>' + packet + b'<?xpacket end="w"?>'


# Pictures


def _jpeg(data: bytes, packet: bytes) -> bytes:
    body = _wrapped(packet)
    if len(body) > _MAX_JPEG_PACKET_BYTES:
        raise LimitExceeded(
            "xmp_too_large",
            "the file's XMP has no room for the credit: a JPEG holds 64 KB of it; remove some of it first",
        )
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(_JPEG_XMP) + len(body)) + _JPEG_XMP + body
    out, at, place = [data[:2]], 2, 1
    for marker, start, end in jpeg_segments(data):
        piece = data[start:end]
        at = end
        if marker == 0xE1 and piece[4 : 4 + len(_JPEG_XMP)] == _JPEG_XMP:
            continue
        out.append(piece)
        if marker == 0xE0 or (marker == 0xE1 and piece[4:8] == b"Exif"):
            place = len(out)
    if at == 2:
        raise _broken("jpeg")
    out.insert(place, segment)
    return b"".join(out) + data[at:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def is_png_xmp(data: bytes, kind: bytes, start: int) -> bool:
    """Whether a PNG's chunk is its XMP."""
    return kind in (b"iTXt", b"tEXt", b"zTXt") and data[start + 8 : start + 9 + len(_PNG_XMP)] == _PNG_XMP + b"\x00"


def _png(data: bytes, packet: bytes) -> bytes:
    ours = _chunk(b"iTXt", _PNG_XMP + b"\x00\x00\x00\x00\x00" + _wrapped(packet))
    out, at, placed = [data[:8]], 8, False
    for kind, start, end in png_chunks(data):
        at = end
        if is_png_xmp(data, kind, start):
            continue
        if kind == b"IDAT" and not placed:
            out.append(ours)
            placed = True
        out.append(data[start:end])
    if not placed:
        raise _broken("png")
    return b"".join(out) + data[at:]


def _riff(kind: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(k + struct.pack("<I", len(b)) + b + (b"\x00" if len(b) & 1 else b"") for k, b in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + kind + body


def _chunks(data: bytes, without: bytes) -> list[tuple[bytes, bytes]]:
    found = [(kind, start, end) for kind, start, end in riff_chunks(data)]
    end = found[-1][2] + (found[-1][2] & 1) if found else 12
    if end < min(len(data), 8 + int.from_bytes(data[4:8], "little")):
        raise IndexError("a chunk is longer than the file")
    return [(kind, data[start + 8 : end]) for kind, start, end in found if kind != without]


def _webp(data: bytes, packet: bytes) -> bytes:
    chunks = _chunks(data, b"XMP ")
    kinds = [kind for kind, _ in chunks]
    if not {b"VP8 ", b"VP8L", b"VP8X"} & set(kinds):
        raise _broken("webp")
    if b"VP8X" in kinds:
        chunks = [(k, bytes([b[0] | 0x04]) + b[1:]) if k == b"VP8X" and b else (k, b) for k, b in chunks]
    else:
        chunks.insert(0, (b"VP8X", _vp8x(*next((k, b) for k, b in chunks if k in (b"VP8 ", b"VP8L")))))
    return _riff(b"WEBP", [*chunks, (b"XMP ", _wrapped(packet))])


def _vp8x(kind: bytes, body: bytes) -> bytes:
    """The extended header of a simple WebP, from the size its bitstream declares (RFC 9649)."""
    if kind == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a":
        width, height = (n & 0x3FFF for n in struct.unpack_from("<HH", body, 6))
        alpha = 0
    elif kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        width, height, alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bits >> 28 & 1
    else:
        raise _broken("webp")
    flags = 0x04 | (0x10 if alpha else 0)
    return struct.pack("<I", flags) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]


def _gif(data: bytes, packet: bytes) -> bytes:
    """An application extension (GIF89a) whose sub-blocks are the packet itself, led out of by a descending ramp."""
    blocks = list(gif_blocks(data))
    at = blocks[0][0]
    out = [b"GIF89a", data[6:at]]
    for start, end in blocks:
        if data[start : start + len(_GIF_XMP)] != _GIF_XMP:
            out.append(data[start:end])
        at = end
    if data[at : at + 1] != b";":
        raise _broken("gif")
    return b"".join((*out, _GIF_XMP, _wrapped(packet), _GIF_END, data[at:]))


def _tiff(data: bytes, packet: bytes) -> bytes:
    """A new first directory at the end of the file, with the old one's entries and the packet; all offsets hold."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(data[:4])
    if order is None:
        raise UnsupportedMedium("big_tiff", "a credit cannot be written into a BigTIFF: save the picture as a TIFF")
    (first,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, first)
    entries = [data[first + 2 + 12 * i : first + 14 + 12 * i] for i in range(count)]
    following = data[first + 2 + 12 * count : first + 6 + 12 * count]
    if len(following) != 4 or not count:
        raise _broken("tiff")
    for entry in entries:  # a dead packet would still be found by whoever looks for XMP without following directories
        tag, _, size, old = struct.unpack(order + "HHII", entry)
        if tag == _TIFF_XMP and size > 4:
            data = data[:old] + bytes(len(data[old : old + size])) + data[old + size :]
    entries = [e for e in entries if struct.unpack(order + "H", e[:2])[0] != _TIFF_XMP]
    body = _wrapped(packet)
    place = len(data) + (len(data) & 1)
    directory = place + len(body) + (len(body) & 1)
    if directory + 14 + 12 * count > 0xFFFF_FFFF:
        raise LimitExceeded("tiff_too_large", "a TIFF holds 4 GB: there is no room for the credit")
    entries.append(struct.pack(order + "HHII", _TIFF_XMP, 1, len(body), place))
    entries.sort(key=lambda e: struct.unpack(order + "H", e[:2])[0])
    head = data[:4] + struct.pack(order + "I", directory)
    return b"".join(
        (head, data[8:], bytes(len(data) & 1), body, bytes(len(body) & 1), struct.pack(order + "H", len(entries)),
         *entries, following)
    )  # fmt: skip


def _heif(data: bytes, packet: bytes) -> bytes:
    return write_heif.with_xmp_item(data, _wrapped(packet))


# Boxes: MP4, M4A, MOV, JPEG 2000


def _boxes(data: bytes, packet: bytes) -> bytes:
    """A ``uuid`` box at the end, where it moves nothing that the file points to.

    An earlier one goes if it is the last, else it becomes ``free`` space.
    """
    out, end = bytearray(data), 0
    for kind, start, end in boxes(data, 0, len(data)):
        head = start - 8 if data[start - 4 : start] == kind else start - 16
        if kind == b"uuid" and data[start : start + 16] == _UUID:
            if end == len(data):
                del out[head:]
                continue
            out[head + 4 : head + 8] = b"free"
            out[start:end] = bytes(end - start)
        if data[head : head + 4] == bytes(4):  # it says "to the end of the file": from now on it has to say where
            if end - head > 0xFFFF_FFFF:
                raise LimitExceeded("box_too_large", "the file's last box has 4 GB and no length: save the file again")
            out[head : head + 4] = struct.pack(">I", end - head)
    if end != len(data) or not end:
        raise _broken("mp4")
    body = _wrapped(packet)
    return bytes(out) + struct.pack(">I", 24 + len(body)) + b"uuid" + _UUID + body


# Sound


def _wav(data: bytes, packet: bytes) -> bytes:
    if data[:4] != b"RIFF":
        raise UnsupportedMedium("rf64", "a credit cannot be written into an RF64 file: show the credit line beside it")
    return _riff(data[8:12], [*_chunks(data, b"_PMX"), (b"_PMX", _wrapped(packet))])


def _mp3(data: bytes, packet: bytes) -> bytes:
    return with_private_frame(data, b"XMP\x00", _wrapped(packet))


_WRITERS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "jpeg": _jpeg, "png": _png, "webp": _webp, "gif": _gif, "tiff": _tiff, "jp2": _boxes, "mp4": _boxes, "m4a": _boxes,
    "mov": _boxes, "avif": _heif, "heic": _heif, "wav": _wav, "mp3": _mp3,
}  # fmt: skip
