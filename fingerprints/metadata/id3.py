"""Tags of audio files: ID3 read here, with the encodings met in the wild; Vorbis comments and others by tinytag."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from tinytag import TinyTag

from ..model import Field
from ..source import Source
from .containers import MAX_INFLATED, decode, text_field

CONTAINER = {
    "mp3": "id3",
    "aac": "id3",
    "flac": "vorbis",
    "ogg": "vorbis",
    "opus": "vorbis",
    "wav": "id3",
    "aiff": "id3",
    "asf": "asf",
}
# Frames of ID3v2.3 and 2.4 (https://id3.org) and their three-letter forms of 2.2.
_FRAMES = {
    "TPE1": "artist", "TPE2": "albumartist", "TCOM": "composer", "TEXT": "lyricist", "TIT2": "title",
    "TCOP": "copyright",
    "TPUB": "publisher", "TOWN": "owner", "TRSN": "station", "TALB": "album", "TSRC": "isrc", "TOPE": "originalartist",
    "WOAS": "source", "WOAF": "url", "WOAR": "www", "WCOP": "license", "WPUB": "publisherurl",
    "WORS": "station", "COMM": "comment",
    "USLT": "lyrics", "TIT1": "grouping", "TIT3": "subtitle",
    "TP1": "artist", "TP2": "albumartist", "TCM": "composer", "TXT": "lyricist", "TT2": "title", "TCR": "copyright",
    "TPB": "publisher", "TAL": "album", "WAS": "source", "WAF": "url", "WAR": "www", "WCP": "license", "COM": "comment",
}  # fmt: skip
_MAX_FRAMES = 1_000


def fields(source: Source, format: str) -> Iterator[Field]:
    """The tags of an audio file, by their usual names in lower case."""
    if format in ("mp3", "aac"):
        yield from _id3(source)
        return
    with source.open() as reader:
        tag = TinyTag.get(file_obj=reader, duration=False)
    for key, values in tag.as_dict().items():
        if key in ("filename", "mime_type"):
            continue
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, str):
                yield Field(CONTAINER[format], key.lstrip("_"), value)


def _id3(source: Source) -> Iterator[Field]:
    head = source[:10]
    if head[:3] == b"ID3" and len(head) == 10:
        yield from _id3v2(head, source[10 : 10 + synchsafe_number(head[6:10])])
    tail = source[-128:]
    if tail[:3] == b"TAG" and len(tail) == 128:
        for name, a, b in (("title", 3, 33), ("artist", 33, 63), ("comment", 97, 125)):
            yield text_field("id3", name, tail[a:b])


def _id3v2(head: bytes, body: bytes) -> Iterator[Field]:
    version, flags = head[3], head[5]
    if flags & 0x80 and version < 4:
        body = body.replace(b"\xff\x00", b"\xff")
    at = 0
    if flags & 0x40 and version > 2:  # extended header
        at = synchsafe_number(body[:4]) if version == 4 else int.from_bytes(body[:4], "big") + 4
    name_size, header_size = (3, 6) if version == 2 else (4, 10)
    for _ in range(_MAX_FRAMES):
        name = body[at : at + name_size]
        if len(body) < at + header_size or not re.fullmatch(rb"[A-Z0-9]{3,4}", name):
            return
        raw = body[at + name_size : at + name_size * 2]
        size = synchsafe_number(raw) if version == 4 else int.from_bytes(raw, "big")
        content = body[at + header_size : at + header_size + size]
        if version > 2:
            content = _plain(content, body[at + 9], version)
        at += header_size + size
        yield from _frame(name.decode(), content)


def _plain(content: bytes, flags: int, version: int) -> bytes:
    """A frame without its compression and unsynchronisation; nothing of one that is encrypted."""
    compressed, encrypted = (flags & 0x08, flags & 0x04) if version == 4 else (flags & 0x80, flags & 0x40)
    if encrypted:
        return b""
    if version == 4 and flags & 0x01:
        content = content[4:]
    if version == 4 and flags & 0x02:
        content = content.replace(b"\xff\x00", b"\xff")
    if compressed:
        engine = zlib.decompressobj()
        content = engine.decompress(content if version == 4 else content[4:], MAX_INFLATED)
    return content


def _frame(name: str, content: bytes) -> Iterator[Field]:
    if not content:
        return
    tag = _FRAMES.get(name)
    if name in ("TXXX", "TXX", "WXXX", "WXX"):
        key, _, value = _text(content[0], content[1:]).partition("\x00")
        if name.startswith("W"):
            value = value or _text(content[0], content[1:]).rpartition("\x00")[2]
        yield Field("id3", (key.lower() or "url").strip(), value)
    elif name in ("COMM", "COM", "USLT"):
        described = _text(content[0], content[4:])
        yield Field("id3", tag or "comment", described.rpartition("\x00")[2] if "\x00" in described else described)
    elif tag and name.startswith("W"):
        yield Field("id3", tag, decode(content))
    elif tag:
        for value in _text(content[0], content[1:]).split("\x00"):
            if value:
                yield Field("id3", tag, value)


def _text(encoding: int, raw: bytes) -> str:
    """Text by the encoding byte of its frame. Players write local encodings and call them Latin-1: `decode` tells."""
    if encoding == 1:
        parts = _wide(raw)
        return "\x00".join(
            p.decode("utf-16", "replace") if p[:2] in (b"\xff\xfe", b"\xfe\xff") else p.decode("utf-16-le", "replace")
            for p in parts
        ).strip("\x00")
    if encoding == 2:
        return raw.decode("utf-16-be", "replace").strip("\x00")
    return "\x00".join(decode(part) for part in raw.split(b"\x00")).strip("\x00")


def _wide(raw: bytes) -> list[bytes]:
    parts, start = [], 0
    for i in range(0, len(raw) - 1, 2):
        if raw[i : i + 2] == b"\x00\x00":
            parts.append(raw[start:i])
            start = i + 2
    return [*parts, raw[start:]]


def synchsafe_number(raw: bytes) -> int:
    """A number of seven bits a byte (ID3v2.4 structure, 6.2)."""
    value = 0
    for byte in raw:
        value = value << 7 | byte & 0x7F
    return value
