"""Writes a private frame into the ID3v2 tag of an MP3 (ID3v2.3 and 2.4, https://id3.org); the sound is not touched."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from ..errors import LimitExceeded, UnreadableMedia, UnsupportedMedium
from .id3 import synchsafe_number

_MAX_TAG_BYTES = (1 << 28) - 1  # four digits of seven bits
_PADDING_BYTES = 64  # without any, readers that doubt how a frame's size is written do not believe the last one


def with_private_frame(data: bytes, owner: bytes, content: bytes) -> bytes:
    """A copy of an MP3 whose ID3 tag has this private frame; all other frames stay as they are, byte for byte.

    Raises:
        UnsupportedMedium: a tag that cannot be added to without rewriting its frames.
    """
    version, frames, sound = 4, b"", data
    if data[:3] == b"ID3":
        version, flags = data[3], data[5]
        if version not in (3, 4) or flags & 0xD0:
            raise UnsupportedMedium(
                "old_id3", "the file's ID3 tag is of an old or unusual kind: save it as ID3v2.3 or 2.4 and send that"
            )
        end = 10 + synchsafe_number(data[6:10])
        frames, sound = b"".join(_frames(data[10:end], version, owner)), data[end:]
    body = owner + content
    size = _synchsafe(len(body)) if version == 4 else struct.pack(">I", len(body))
    frames += b"PRIV" + size + b"\x00\x00" + body + bytes(_PADDING_BYTES)
    if len(frames) > _MAX_TAG_BYTES:
        raise LimitExceeded("id3_too_large", "the file's ID3 tag has no room for the credit: remove pictures from it")
    return b"ID3" + bytes([version, 0, 0]) + _synchsafe(len(frames)) + frames + sound


def _frames(body: bytes, version: int, without: bytes) -> Iterator[bytes]:
    at = 0
    while at + 10 <= len(body) and re.fullmatch(rb"[A-Z0-9]{4}", body[at : at + 4]):
        raw = body[at + 4 : at + 8]
        size = synchsafe_number(raw) if version == 4 else int.from_bytes(raw, "big")
        frame = body[at : at + 10 + size]
        if len(frame) < 10 + size:
            raise UnreadableMedia("structure", "the file's ID3 tag is cut off: save it again and send that")
        at += 10 + size
        if not (frame[:4] == b"PRIV" and frame[10:].startswith(without)):
            yield frame


def _synchsafe(number: int) -> bytes:
    """Four bytes of seven bits each (ID3v2.4 structure, 6.2)."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
