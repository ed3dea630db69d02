"""XMP (ISO 16684-1), found by a raw scan of any file."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from lxml import etree

from ..model import Field
from ..source import Source
from .containers import png_texts, raw_profile

_MAX_PACKET_BYTES = 2 << 20
_MAX_PACKETS = 4
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


def fields(source: Source, format: str) -> Iterator[Field]:
    packets = [source[a:b] for a, b in xmp_packets(source)]
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
