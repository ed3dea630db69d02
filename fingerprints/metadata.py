"""Embedded metadata of a file: who made it, who owns it, where it is from. No pixel and no sound is decoded.

Read are EXIF (CIPA DC-008, TIFF 6.0), IPTC-IIM 4.2 in Photoshop image resources, XMP (ISO 16684-1), PNG text chunks
(PNG 3rd edition, 11.3.3), GIF comments, and the tags of audio and MP4 files (by tinytag). Everything is bounded: at
most `MAX_FIELDS` fields of `MAX_VALUE` code points; what inflates to more than a megabyte is left out.
"""

from __future__ import annotations

import contextlib
import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator

from lxml import etree
from tinytag import TinyTag

from .model import Field

_Parser = Callable[[bytes, str], Iterator[Field]]

MAX_FIELDS = 500
MAX_VALUE = 4_000  # code points
_MAX_INFLATED = 1 << 20
_MAX_XMP = 2 << 20
_MAX_PACKETS = 4

_PICTURES = frozenset(["jpeg", "png", "webp", "gif", "tiff", "avif", "heic", "bmp", "jp2"])
_TAG_CONTAINER = {
    "mp3": "id3", "flac": "vorbis", "ogg": "vorbis", "opus": "vorbis", "wav": "id3", "aiff": "id3", "m4a": "mp4",
    "mp4": "mp4", "mov": "mp4", "wma": "asf", "aac": "id3",
}  # fmt: skip


def read(data: bytes, format: str) -> tuple[Field, ...]:
    """All rights, authorship and description fields of a file, in the order of their containers.

    Args:
        data: the whole file.
        format: jpeg, png, webp, gif, tiff, avif, heic, bmp, jp2, mp3, flac, ogg, wav, m4a, mp4 ...; others give ().

    Returns:
        fields with decoded text. Never raises: what is broken, too large or encrypted is left out.
    """
    out: dict[Field, None] = {}
    # Every parser below meets hostile bytes; one that fails must not cost the others' fields.
    for parser in _parsers(format):
        with contextlib.suppress(Exception):
            for found in parser(data, format):
                value = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]+", " ", found.value).strip()[:MAX_VALUE]
                if value:
                    out[Field(found.where, found.tag[:100], value)] = None
                if len(out) >= MAX_FIELDS:
                    return tuple(out)
    return tuple(out)


def _parsers(format: str) -> list[_Parser]:
    if format in _PICTURES:
        return [_exif_fields, _iim_fields, _xmp_fields, _png_fields, _gif_fields]
    return [_tags, _xmp_fields] if format in _TAG_CONTAINER else []


def decode(raw: bytes) -> str:
    """Text of unknown encoding: UTF-8, else GB 18030 if every high byte is half of a pair, else Windows-1252."""
    raw = raw.rstrip(b"\x00 ").split(b"\x00", 1)[0] if not raw.startswith((b"\xff\xfe", b"\xfe\xff")) else raw
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace").rstrip("\x00")
    with contextlib.suppress(UnicodeDecodeError):
        return raw.decode("utf-8")
    if re.fullmatch(rb"(?:[\x00-\x7f]|[\x81-\xfe][\x80-\xfe])+", raw):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode("gb18030")
    return raw.decode("cp1252", "replace")


def inflate(raw: bytes) -> bytes | None:
    """A zlib stream of at most one megabyte; None for anything larger or broken."""
    engine = zlib.decompressobj()
    try:
        out = engine.decompress(raw, _MAX_INFLATED)
    except zlib.error:
        return None
    return None if engine.unconsumed_tail else out


# Containers


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


# EXIF

_EXIF_TAGS = {
    270: "ImageDescription", 315: "Artist", 33432: "Copyright", 37510: "UserComment", 40091: "XPTitle",
    40092: "XPComment", 40093: "XPAuthor", 40094: "XPKeywords", 40095: "XPSubject",
}  # fmt: skip
_IIM_IN_TIFF = 33723
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 13: 4}


def _exif_blobs(data: bytes, format: str) -> Iterator[bytes]:
    if format == "tiff":
        yield data
    elif format == "jpeg":
        for marker, start, end in jpeg_segments(data):
            if marker == 0xE1 and data[start + 4 : start + 10] in (b"Exif\x00\x00", b"Exif\x00\xff"):
                yield data[start + 10 : end]
    elif format == "png":
        for kind, start, end in png_chunks(data):
            if kind == b"eXIf":
                yield data[start + 8 : end - 4]
        for key, value in _png_texts(data):
            if key.lower() in ("raw profile type exif", "raw profile type app1"):
                yield _raw_profile(value).removeprefix(b"Exif\x00\x00")
    elif format == "webp":
        for kind, start, end in riff_chunks(data):
            if kind == b"EXIF":
                yield data[start + 8 : end].removeprefix(b"Exif\x00\x00")
    elif format in ("avif", "heic"):
        # the item's place is in the meta box; its beginning is unmistakable without it
        for found in list(re.finditer(rb"II\*\x00\x08\x00\x00\x00|MM\x00\*\x00\x00\x00\x08", data))[:4]:
            yield data[found.start() : found.start() + (1 << 20)]


def tiff_tags(blob: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Tags of the first directory of a TIFF structure and of its EXIF directory: (tag, type, value bytes)."""
    order = {b"II": "<", b"MM": ">"}.get(blob[:2])
    if order is None or len(blob) < 8:
        return
    queue, seen = [struct.unpack_from(order + "I", blob, 4)[0]], set[int]()
    while queue and len(seen) < 8:
        at = queue.pop(0)
        if at in seen or at + 2 > len(blob):
            continue
        seen.add(at)
        (count,) = struct.unpack_from(order + "H", blob, at)
        for i in range(min(count, 1000)):
            entry = at + 2 + 12 * i
            if entry + 12 > len(blob):
                break
            tag, kind, number = struct.unpack_from(order + "HHI", blob, entry)
            size = _SIZES.get(kind, 0) * number
            if size == 0:
                continue
            where = entry + 8 if size <= 4 else struct.unpack_from(order + "I", blob, entry + 8)[0]
            value = blob[where : where + size]
            if tag == 34665 and len(value) >= 4:
                queue.append(struct.unpack(order + "I", value[:4])[0])
            elif len(value) == size:
                yield tag, kind, value


def _exif_fields(data: bytes, format: str) -> Iterator[Field]:
    for blob in _exif_blobs(data, format):
        for tag, _kind, value in tiff_tags(blob):
            name = _EXIF_TAGS.get(tag)
            if name is None:
                continue
            value = value[: 4 * MAX_VALUE]
            if name.startswith("XP"):
                text = value.decode("utf-16-le", "replace").split("\x00")[0]
            elif name == "UserComment":
                text = value[8:].decode("utf-16", "replace") if value[:8] == b"UNICODE\x00" else decode(value[8:])
            elif name == "Copyright":  # photographer's and editor's notice, divided by a NUL
                text = ", ".join(t for t in (decode(part) for part in value.split(b"\x00")) if t.strip())
            else:
                text = decode(value)
            yield Field("exif", name, text)


# IPTC-IIM

_IIM_TAGS = {
    5: "ObjectName", 40: "SpecialInstructions", 80: "By-line", 105: "Headline", 110: "Credit", 115: "Source",
    116: "CopyrightNotice", 120: "Caption",
}  # fmt: skip


def _iim_blobs(data: bytes, format: str) -> Iterator[bytes]:
    if format == "jpeg":
        resources = b""
        for marker, start, end in jpeg_segments(data):
            if marker == 0xED and data[start + 4 : start + 18] == b"Photoshop 3.0\x00":
                resources += data[start + 18 : end]
        yield from _photoshop(resources)
    elif format == "png":
        for key, text in _png_texts(data):
            if key.lower() == "raw profile type iptc":
                blob = _raw_profile(text)
                yield from _photoshop(blob) if blob.startswith(b"8BIM") else (blob,)
    elif format == "tiff":
        for tag, _type, value in tiff_tags(data):
            if tag == _IIM_IN_TIFF:
                yield value
            elif tag == 34377:
                yield from _photoshop(value)


def _photoshop(blob: bytes) -> Iterator[bytes]:
    at = 0
    while at + 12 <= len(blob) and blob[at : at + 4] == b"8BIM":
        kind = int.from_bytes(blob[at + 4 : at + 6], "big")
        name = blob[at + 6] + 1
        start = at + 6 + name + (name & 1)
        size = int.from_bytes(blob[start : start + 4], "big")
        if kind == 0x0404:
            yield blob[start + 4 : start + 4 + size]
        at = start + 4 + size + (size & 1)


def _iim_fields(data: bytes, format: str) -> Iterator[Field]:
    for blob in _iim_blobs(data, format):
        at = 0
        while at + 5 <= len(blob) and blob[at] == 0x1C:
            record, dataset = blob[at + 1], blob[at + 2]
            size = int.from_bytes(blob[at + 3 : at + 5], "big")
            at += 5
            if size & 0x8000:  # extended dataset: the length of the length follows
                digits = size & 0x7FFF
                size = int.from_bytes(blob[at : at + digits], "big")
                at += digits
            if record == 2 and dataset in _IIM_TAGS:
                # the UTF-8 marker of 1:90 is often missing or wrong; `decode` tells the encodings apart by themselves
                yield Field("iim", _IIM_TAGS[dataset], decode(blob[at : at + size]))
            at += size


# XMP

_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://creativecommons.org/ns#": "cc",
    "http://ns.useplus.org/ldf/xmp/1.0/": "plus",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/xmp/1.0/DynamicMedia/": "xmpDM",
}
_ONLY = {
    "dc": frozenset(["creator", "rights", "title", "source", "description", "publisher", "relation", "identifier"]),
    "photoshop": frozenset(["Credit", "Source", "Headline", "Instructions"]),
    "tiff": frozenset(["Artist", "Copyright", "ImageDescription"]),
    "xmpDM": frozenset(["artist", "copyright", "composer"]),
}
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PACKET = re.compile(rb"<(x|xmp):xmpmeta[\s>]|<rdf:RDF[\s>]")


def xmp_packets(data: bytes) -> Iterator[tuple[int, int]]:
    """Where XMP stands in any file: spans of ``<x:xmpmeta>`` (or bare ``<rdf:RDF>``) elements, by a raw scan."""
    at = 0
    for _ in range(_MAX_PACKETS):
        found = _PACKET.search(data, at)
        if found is None:
            return
        name = found[0][1:-1].strip()
        closing = b"</" + name + b">"
        end = data.find(closing, found.start(), found.start() + _MAX_XMP)
        if end < 0:
            at = found.end()
            continue
        at = end + len(closing)
        yield found.start(), at


def xmp_values(packet: bytes) -> Iterator[tuple[str, str]]:
    """The properties of one XMP packet as (``dc:creator``, value), one for each item of a list.

    A packet with a document type is refused: XMP has none, and entities are how an XML bomb is built.
    """
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, dtd_validation=False, no_network=True, huge_tree=False, recover=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    root = etree.fromstring(packet, parser)
    if root is None:
        return
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        for attribute, value in element.attrib.items():
            name = _property(str(attribute))
            if name:
                yield name, str(value)
        name = _property(element.tag)
        if name is None:
            continue
        resource = element.get(f"{{{_RDF}}}resource")
        if resource:
            yield name, str(resource)
        if element.text and element.text.strip():
            yield name, element.text.strip()
        for group in element:
            if group.tag in (f"{{{_RDF}}}Seq", f"{{{_RDF}}}Bag", f"{{{_RDF}}}Alt"):
                for item in group:
                    text = (item.text or "").strip() or str(item.get(f"{{{_RDF}}}resource") or "")
                    if text:
                        yield name, text


def _property(tag: str) -> str | None:
    if not tag.startswith("{"):
        return None
    namespace, _, local = tag[1:].partition("}")
    prefix = _PREFIXES.get(namespace)
    if prefix is None or (prefix in _ONLY and local not in _ONLY[prefix]):
        return None
    return f"{prefix}:{local}"


def _xmp_fields(data: bytes, format: str) -> Iterator[Field]:
    packets = [data[a:b] for a, b in xmp_packets(data)]
    if format == "png":
        for key, value in _png_texts(data):
            if key == "XML:com.adobe.xmp" and value.encode() not in packets:
                packets += [value.encode()[a:b] for a, b in xmp_packets(value.encode())]
            elif key.lower() == "raw profile type xmp":
                packets.append(_raw_profile(value))
    for packet in dict.fromkeys(packets):
        with contextlib.suppress(etree.XMLSyntaxError, ValueError):
            for name, value in xmp_values(packet):
                yield Field("xmp", name, value)


# PNG and GIF text


def _png_texts(data: bytes) -> Iterator[tuple[str, str]]:
    for kind, start, end in png_chunks(data):
        if kind not in (b"tEXt", b"zTXt", b"iTXt"):
            continue
        key, _, rest = data[start + 8 : end - 4].partition(b"\x00")
        raw: bytes | None
        if kind == b"tEXt":
            yield key.decode("latin-1"), decode(rest[:_MAX_INFLATED])
            continue
        if kind == b"zTXt":
            raw = inflate(rest[1:]) if rest[:1] == b"\x00" else None
            text = None if raw is None else decode(raw)
        else:
            compressed, rest = rest[:1] == b"\x01", rest[2:]
            _language, _, rest = rest.partition(b"\x00")
            _translated, _, rest = rest.partition(b"\x00")
            raw = inflate(rest) if compressed else rest[:_MAX_INFLATED]
            text = None if raw is None else raw.decode("utf-8", "replace")
        if text is not None:
            yield key.decode("latin-1"), text


def _raw_profile(text: str) -> bytes:
    """ImageMagick's way to keep a binary profile in a text chunk: name, length, hexadecimal digits."""
    parts = text.split(None, 2)
    return bytes.fromhex("".join(parts[2].split())) if len(parts) == 3 else b""


def _png_fields(data: bytes, format: str) -> Iterator[Field]:
    if format == "png":
        for key, value in _png_texts(data):
            if key != "XML:com.adobe.xmp" and not key.lower().startswith("raw profile"):
                yield Field("png", key, value)


def _gif_fields(data: bytes, format: str) -> Iterator[Field]:
    if format != "gif" or len(data) < 13:
        return
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    for _ in range(100_000):
        if at >= len(data) or data[at] == 0x3B:
            return
        comment = data[at : at + 2] == b"!\xfe"
        if data[at] == 0x2C:
            at += 11 + (3 << ((data[at + 9] & 7) + 1) if data[at + 9] & 0x80 else 0)
        else:
            at += 2
        parts: list[bytes] = []
        while at < len(data) and data[at]:
            if comment and len(parts) < 64:
                parts.append(data[at + 1 : at + 1 + data[at]])
            at += 1 + data[at]
        at += 1
        if comment:
            yield Field("gif", "Comment", decode(b"".join(parts)))


# audio and MP4


def _tags(data: bytes, format: str) -> Iterator[Field]:
    where = _TAG_CONTAINER[format]
    tag = TinyTag.get(file_obj=io.BytesIO(data), duration=False)
    for key, values in tag.as_dict().items():
        if isinstance(values, list):
            for value in values:
                if isinstance(value, str):
                    yield Field(where, key.lstrip("_"), value)
        elif isinstance(values, str) and key not in ("filename", "mime_type"):
            yield Field(where, key.lstrip("_"), values)
