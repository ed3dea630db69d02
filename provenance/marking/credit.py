"""The credit line that the check passes, as text, HTML or XMP, and written into a copy of a picture.

Nothing is re-encoded and other metadata stays: a JPEG gets or keeps one XMP APP1 segment (XMP part 3, 1.1.3), a PNG an
``iTXt`` chunk named ``XML:com.adobe.xmp`` (1.1.5), a WebP an ``XMP `` chunk and the flag for it in ``VP8X``.
"""

from __future__ import annotations

import struct
import zlib
from html import escape
from typing import Any, Literal

from lxml import etree

from fingerprints import metadata
from provenance.errors import BadInput, TooLarge, UnsupportedContent

from . import licences
from .fold import fold_name
from .lexicon import lexicon
from .model import Work

Format = Literal["text", "html", "xmp"]
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_PNG_XMP = b"XML:com.adobe.xmp"
_JPEG_LIMIT = 65_533 - len(_JPEG_XMP)
_NS = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "cc": "http://creativecommons.org/ns#",
}
_X = "adobe:ns:meta/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def languages() -> tuple[str, ...]:
    """The languages that have a template, as BCP 47 primary tags."""
    return tuple(sorted(k for k, v in lexicon().files.items() if "template" in v))


def template(lang: str | None) -> dict[str, Any]:
    """The template of a language tag (``zh-Hant`` falls back to ``zh``), English for one that is not known."""
    files = lexicon().files
    primary = (lang or "en").replace("_", "-").split("-")[0].lower()
    found: dict[str, Any] = files.get(primary, files["en"]).get("template") or files["en"]["template"]
    return found


def credit_line(work: Work, format: str = "text", lang: str = "en", *, permission: bool = False) -> str:
    """The line that marks owner, source and licence so that the check finds them compliant.

    Args:
        format: ``text``, ``html`` (schema.org microdata, ``rel="license"``) or ``xmp`` (a whole packet).
        lang: language of the labels; names and titles stay as registered.
        permission: say that permission was given. Only the person who has it may say so; a work with all rights
            reserved is not compliant without it, and no line can stand in for it.

    Raises:
        BadInput: an unknown format.
    """
    if format == "text":
        return str(template(lang)["join"]).join(text for text, _ in _parts(work, lang, permission))
    if format == "html":
        return _html(work, lang, permission)
    if format == "xmp":
        return _packet(None, work, lang, permission).decode()
    raise BadInput(f"the format of a credit line is text, html or xmp, not {format!r}")


def _parts(work: Work, lang: str, permission: bool) -> list[tuple[str, str]]:
    """The pieces of the line in order, each with its kind."""
    words = template(lang)
    kind = work.kind if work.kind in words["author"] else "text"
    out = [(_fill(words["author"][kind], owner=work.owner), "author")]
    if fold_name(work.title):
        out.append((_fill(words["title"], title=_line(work.title)), "title"))
    if work.source_name:
        source = _fill(words["source"], source=work.source_name)
        if work.source_handle and not work.source_urls:
            source += " " + _fill(words["handle"], handle=work.source_handle.lstrip("@"))
        out.append((source, "source"))
    if work.source_urls:
        out.append((_fill(words["link"], url=work.source_urls[0]), "link"))
    elif work.identifiers:
        out.append((work.identifiers[0], "identifier"))
    name = licences.short_name(licences.parse(work.licence))
    if name:
        out.append((_fill(words["licence"], licence=name), "licence"))
    if permission:
        out.append((words["permission"], "permission"))
    return out


def _fill(pattern: str, **values: str) -> str:
    for key, value in values.items():
        pattern = pattern.replace("{" + key + "}", _line(value))
    return pattern


def _line(text: str) -> str:
    """One line, without what XML or a terminal cannot hold."""
    return " ".join("".join(c if c.isprintable() or c == " " else " " for c in text).split())


def _html(work: Work, lang: str, permission: bool) -> str:
    out = []
    deed = licences.deed(licences.parse(work.licence))
    for text, kind in _parts(work, lang, permission):
        piece = escape(text)
        if kind == "author":
            name = escape(_line(work.owner))
            person = 'itemprop="author" itemscope itemtype="https://schema.org/Thing"'
            piece = piece.replace(name, f'<span {person}><span itemprop="name">{name}</span></span>', 1)
        elif kind == "title":
            piece = f'<cite itemprop="name">{piece}</cite>'
        elif kind == "link" and work.source_urls[0].lower().startswith(("http://", "https://")):
            url = escape(work.source_urls[0])
            piece = piece.replace(url, f'<a itemprop="url" href="{url}">{url}</a>', 1)
        elif kind == "licence" and deed:
            name = escape(licences.short_name(licences.parse(work.licence)) or "")
            piece = piece.replace(name, f'<a rel="license" itemprop="license" href="{deed}">{name}</a>', 1)
        out.append(piece)
    join = escape(str(template(lang)["join"]))
    return f'<p lang="{escape(lang)}" itemscope itemtype="https://schema.org/CreativeWork">{join.join(out)}</p>'


# XMP


def _packet(existing: bytes | None, work: Work, lang: str, permission: bool) -> bytes:
    """An XMP packet with the credit; what an existing packet says about other things is kept."""
    root = _parse(existing) if existing else None
    if root is None:
        root = etree.Element(f"{{{_X}}}xmpmeta", nsmap={"x": _X})
        etree.SubElement(root, f"{{{_NS['rdf']}}}RDF", nsmap={"rdf": _NS["rdf"]})
    rdf = root if root.tag == f"{{{_NS['rdf']}}}RDF" else root.find(f".//{{{_NS['rdf']}}}RDF")
    if rdf is None:
        rdf = etree.SubElement(root, f"{{{_NS['rdf']}}}RDF", nsmap={"rdf": _NS["rdf"]})
    values = _properties(work, lang, permission)
    for description in list(rdf):
        for name in values:
            tag = _qualified(name)
            description.attrib.pop(tag, None)
            for old in description.findall(tag):
                description.remove(old)
    own = etree.SubElement(rdf, f"{{{_NS['rdf']}}}Description", nsmap={p: u for p, u in _NS.items() if p != "rdf"})
    own.set(f"{{{_NS['rdf']}}}about", "")
    for name, (shape, text) in values.items():
        element = etree.SubElement(own, _qualified(name))
        if shape == "text":
            element.text = text
        elif shape == "resource":
            element.set(f"{{{_NS['rdf']}}}resource", text)
        else:
            item = etree.SubElement(etree.SubElement(element, f"{{{_NS['rdf']}}}{shape}"), f"{{{_NS['rdf']}}}li")
            if shape == "Alt":
                item.set(_LANG, "x-default")
            item.text = text
    return bytes(etree.tostring(root, encoding="utf-8"))


def _properties(work: Work, lang: str, permission: bool) -> dict[str, tuple[str, str]]:
    """XMP property -> (shape, value)."""
    out = {"dc:creator": ("Seq", _line(work.owner)), "dc:rights": ("Alt", f"© {_line(work.owner)}")}
    out["xmpRights:Marked"] = ("text", "True")
    out["cc:attributionName"] = ("text", _line(work.owner))
    if fold_name(work.title):
        out["dc:title"] = ("Alt", _line(work.title))
    if work.source_name:
        handle = f" (@{work.source_handle.lstrip('@')})" if work.source_handle and not work.source_urls else ""
        out["photoshop:Source"] = ("text", _line(work.source_name + handle))
    if work.source_urls:
        out["dc:source"] = ("text", _line(work.source_urls[0]))
        out["cc:attributionURL"] = ("resource", _line(work.source_urls[0]))
    elif work.identifiers:
        out["dc:source"] = ("text", _line(work.identifiers[0]))
    licence = licences.parse(work.licence)
    terms = [licences.short_name(licence) or ""]
    deed = licences.deed(licence)
    if deed:
        out["cc:license"] = ("resource", deed)
        out["xmpRights:WebStatement"] = ("text", deed)
    if permission:
        terms.append(str(template(lang)["permission"]))
    if any(terms):
        out["xmpRights:UsageTerms"] = ("Alt", "; ".join(t for t in terms if t))
    return out


def _qualified(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{_NS[prefix]}}}{local}"


def _parse(packet: bytes) -> Any:
    """An existing packet as a tree; None when it is broken or has a document type."""
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return None
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(packet, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


# Files


def write_into(data: bytes, work: Work, lang: str = "en", *, permission: bool = False) -> bytes:
    """A copy of a picture that carries the credit in its XMP. Not a pixel changes, other metadata is kept.

    Args:
        data: a JPEG, PNG or WebP file.
        permission: as in `credit_line`.

    Raises:
        UnsupportedContent: another format, or a file whose structure cannot be followed.
        TooLarge: a JPEG's XMP would not fit into one segment (64 KB).
    """
    existing = next((data[a:b] for a, b in metadata.xmp_packets(data)), None)
    if data.startswith(b"\xff\xd8\xff"):
        return _into_jpeg(data, _packet(existing, work, lang, permission))
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _into_png(data, _packet(existing or _compressed(data), work, lang, permission))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _into_webp(data, _packet(existing, work, lang, permission))
    raise UnsupportedContent(
        "a credit can be written into JPEG, PNG and WebP files; convert the picture to one of these"
    )


def _wrapped(packet: bytes) -> bytes:
    return b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>' + packet + b'<?xpacket end="w"?>'


def _into_jpeg(data: bytes, packet: bytes) -> bytes:
    body = _wrapped(packet)
    if len(body) > _JPEG_LIMIT:
        raise TooLarge("the file's XMP has no room for the credit: a JPEG holds 64 KB of it; remove some of it first")
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(_JPEG_XMP) + len(body)) + _JPEG_XMP + body
    out, at, place = [data[:2]], 2, 1
    for marker, start, end in metadata.jpeg_segments(data):
        piece = data[start:end]
        at = end
        if marker == 0xE1 and piece[4 : 4 + len(_JPEG_XMP)] == _JPEG_XMP:
            continue
        out.append(piece)
        if marker == 0xE0 or (marker == 0xE1 and piece[4:8] == b"Exif"):
            place = len(out)
    if at == 2:
        raise UnsupportedContent("this JPEG has no segments that can be followed; save it again and send that")
    out.insert(place, segment)
    return b"".join(out) + data[at:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _is_xmp(data: bytes, kind: bytes, start: int) -> bool:
    return kind in (b"iTXt", b"tEXt", b"zTXt") and data[start + 8 : start + 9 + len(_PNG_XMP)] == _PNG_XMP + b"\x00"


def _compressed(data: bytes) -> bytes | None:
    """The XMP of a PNG that keeps it compressed."""
    for kind, start, end in metadata.png_chunks(data):
        if kind == b"iTXt" and _is_xmp(data, kind, start) and data[start + 9 + len(_PNG_XMP)] == 1:
            rest = data[start + 11 + len(_PNG_XMP) : end - 4].split(b"\x00", 2)
            raw = metadata.inflate(rest[2]) if len(rest) == 3 else None
            spans = list(metadata.xmp_packets(raw)) if raw else []
            return raw[spans[0][0] : spans[0][1]] if raw and spans else None
    return None


def _into_png(data: bytes, packet: bytes) -> bytes:
    ours = _chunk(b"iTXt", _PNG_XMP + b"\x00\x00\x00\x00\x00" + _wrapped(packet))
    out, at, placed = [data[:8]], 8, False
    for kind, start, end in metadata.png_chunks(data):
        at = end
        if _is_xmp(data, kind, start):
            continue
        if kind == b"IDAT" and not placed:
            out.append(ours)
            placed = True
        out.append(data[start:end])
    if not placed:
        raise UnsupportedContent("this PNG has no picture data that can be found; save it again and send that")
    return b"".join(out) + data[at:]


def _into_webp(data: bytes, packet: bytes) -> bytes:
    chunks = [(kind, data[start + 8 : end]) for kind, start, end in metadata.riff_chunks(data)]
    kinds = [kind for kind, _ in chunks]
    if not {b"VP8 ", b"VP8L", b"VP8X"} & set(kinds):
        raise UnsupportedContent("this WebP has no picture data that can be found; save it again and send that")
    chunks = [(kind, body) for kind, body in chunks if kind != b"XMP "]
    if b"VP8X" in kinds:
        chunks = [(k, bytes([b[0] | 0x04]) + b[1:]) if k == b"VP8X" and b else (k, b) for k, b in chunks]
    else:
        chunks.insert(0, (b"VP8X", _vp8x(*next((k, b) for k, b in chunks if k in (b"VP8 ", b"VP8L")))))
    chunks.append((b"XMP ", _wrapped(packet)))
    body = b"".join(k + struct.pack("<I", len(b)) + b + (b"\x00" if len(b) & 1 else b"") for k, b in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _vp8x(kind: bytes, body: bytes) -> bytes:
    """The extended header of a simple WebP, from the size its bitstream declares (RFC 9649)."""
    if kind == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a":
        width, height = (n & 0x3FFF for n in struct.unpack_from("<HH", body, 6))
        alpha = 0
    elif kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        width, height, alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bits >> 28 & 1
    else:
        raise UnsupportedContent("this WebP's picture header cannot be read; save it again and send that")
    flags = 0x04 | (0x10 if alpha else 0)
    return struct.pack("<I", flags) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
