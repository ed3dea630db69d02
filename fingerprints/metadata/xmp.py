"""XMP (ISO 16684-1), found by a raw scan of any file."""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Iterator
from typing import Any

from lxml import etree

from ..model import Field
from ..source import Source
from .containers import jpeg_segments, png_texts, raw_profile

_MAX_PACKET_BYTES = 2 << 20
_MAX_PACKETS = 4
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\x00"
_MAX_HEADERS_BYTES = 16 << 20  # of a JPEG file, before the picture
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
_TAKEN = {
    "dc": frozenset(["creator", "rights", "title", "source", "description", "publisher", "relation", "identifier"]),
    "photoshop": frozenset(["Credit", "Source", "Headline", "Instructions"]),
    "tiff": frozenset(["Artist", "Copyright", "ImageDescription"]),
    "xmpDM": frozenset(["artist", "copyright", "composer"]),
}
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RESOURCE = f"{_RDF}resource"
_LISTS = (f"{_RDF}Seq", f"{_RDF}Bag", f"{_RDF}Alt")
_PACKET = re.compile(rb"<(x|xmp):xmpmeta[\s>]|<rdf:RDF[\s>]")
_WORDS = (b":xmpmeta", b"<rdf:RDF")  # of which each match of it has one
_MAX_TAG_BYTES = len("<xmp:xmpmeta>")


def xmp_packets(source: Source) -> Iterator[tuple[int, int]]:
    """Where XMP stands in any file: spans of ``<x:xmpmeta>`` (or bare ``<rdf:RDF>``) elements, by a raw scan."""
    at = 0
    for _ in range(_MAX_PACKETS):
        found = _opening_tag(source, at)
        if found is None:
            return
        start, tag = found
        closing = b"</" + tag[1:-1].strip() + b">"
        end = source[start : start + _MAX_PACKET_BYTES].find(closing)
        if end < 0:
            at = start + len(tag)
            continue
        at = start + end + len(closing)
        yield start, at


def _opening_tag(source: Source, start: int) -> tuple[int, bytes] | None:
    """Where the next packet begins, and its opening tag up to the first attribute."""
    for at, window in source.windows(_MAX_TAG_BYTES - 1, start):
        # Almost no part of a film has any, and to look for a word is far faster than to look for a pattern.
        if any(word in window for word in _WORDS) and (found := _PACKET.search(window)):
            return at + found.start(), found[0]
    return None


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
    for element in () if root is None else root.iter():
        if isinstance(element.tag, str):
            for attribute, value in element.attrib.items():
                if name := _property(str(attribute)):
                    yield name, str(value)
            if name := _property(element.tag):
                for text in _element_values(element):
                    yield name, text


def _element_values(element: Any) -> Iterator[str]:
    """The values of a property that is an element: a reference, a text, the items of a list (ISO 16684-1, 7)."""
    resource = element.get(_RESOURCE)
    if resource:
        yield str(resource)
    if element.text and element.text.strip():
        yield element.text.strip()
    for group in element:
        if group.tag in _LISTS:
            for item in group:
                text = (item.text or "").strip() or str(item.get(_RESOURCE) or "")
                if text:
                    yield text


def _property(tag: str) -> str | None:
    """A qualified name as ``dc:creator``; None for what is not about rights, authorship or description."""
    if not tag.startswith("{"):
        return None
    namespace, _, local = tag[1:].partition("}")
    prefix = _PREFIXES.get(namespace)
    if prefix is None or (prefix in _TAKEN and local not in _TAKEN[prefix]):
        return None
    return f"{prefix}:{local}"


def _extended(data: bytes) -> list[bytes]:
    """The extended XMP of a JPEG file (XMP part 3, 1.1.3.1): pieces in any order, each with its place in the whole."""
    pieces: dict[bytes, dict[int, bytes]] = {}
    for marker, start, end in jpeg_segments(data):
        body = data[start + 4 : end]
        if marker == 0xE1 and body.startswith(_EXTENSION) and len(body) > len(_EXTENSION) + 40:
            identity, (whole, offset) = body[35:67], struct.unpack(">II", body[67:75])
            if whole <= _MAX_PACKET_BYTES and offset < whole and len(pieces) < _MAX_PACKETS:
                pieces.setdefault(identity, {})[offset] = body[75:]
    return [b"".join(found[offset] for offset in sorted(found))[:_MAX_PACKET_BYTES] for found in pieces.values()]


def fields(source: Source, format: str) -> Iterator[Field]:
    """The properties of all XMP packets of a file, each packet once."""
    packets = [source[a:b] for a, b in xmp_packets(source)]
    if format == "jpeg":
        packets += _extended(source[:_MAX_HEADERS_BYTES])
    if format == "png":
        for key, value in png_texts(source[:]):
            if key == "XML:com.adobe.xmp" and value.encode() not in packets:
                packets += [value.encode()[a:b] for a, b in xmp_packets(Source.blob(value.encode()))]
            elif key.lower() == "raw profile type xmp":
                packets.append(raw_profile(value))
    for packet in dict.fromkeys(packets):
        with contextlib.suppress(etree.XMLSyntaxError, ValueError):
            for name, value in xmp_values(packet):
                yield Field("xmp", name, value)
