"""The credit line that the check passes, as text, HTML or XMP, and written into a copy of a file."""

from __future__ import annotations

from html import escape
from typing import Any, Literal

from lxml import etree

from fingerprints import metadata
from fingerprints.errors import FingerprintError
from fingerprints.metadata import write_tags, write_xmp
from fingerprints.sniff import sniff
from fingerprints.source import Source

from ..errors import BadInput, from_fingerprint_error
from . import licences
from .lexicon import lexicon
from .model import Work
from .normalization import fold_name

Format = Literal["text", "html", "xmp"]
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
        if not len(description) and not set(description.attrib) - {f"{{{_NS['rdf']}}}about"}:
            rdf.remove(description)
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
    out["xmpRights:TaggedUnit"] = ("text", "True")
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
    """A copy of a file that carries the credit: XMP, or comments in FLAC and Ogg. Other metadata is kept.

    Args:
        permission: as in `credit_line`.

    Raises:
        UnsupportedContent: a format that has no place for a credit or none that this version writes.
        BadContent: a file whose structure cannot be followed.
        TooLarge: the container has no room for it (a JPEG's XMP has 64 KB).
    """
    try:
        _, format = sniff(Source.blob(data))
        if format in ("flac", "ogg", "opus"):
            return write_tags.comments(data, format, *_comments(work, lang, permission))
        existing = next((data[a:b] for a, b in metadata.xmp_packets(Source.blob(data))), None)
        if existing is None and format == "png":
            existing = _compressed(data)
        return write_xmp.xmp(data, format, _packet(existing, work, lang, permission))
    except FingerprintError as error:
        raise from_fingerprint_error(error) from error


def _comments(work: Work, lang: str, permission: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Vorbis comments: those that are the credit, and those for files that say nothing there."""
    values = {name: text for name, (_, text) in _properties(work, lang, permission).items()}
    licence = "; ".join(values[k] for k in ("xmpRights:UsageTerms", "cc:license") if k in values)
    credit = {
        "COPYRIGHT": values["dc:rights"],
        "SOURCE": values.get("photoshop:Source", ""),
        "WEBSITE": values.get("dc:source", ""),
        "LICENSE": licence,
    }
    defaults = {"ARTIST": values["dc:creator"], "TITLE": values.get("dc:title", "")}
    return {k: v for k, v in credit.items() if v}, {k: v for k, v in defaults.items() if v}


def _compressed(data: bytes) -> bytes | None:
    """The XMP of a PNG that keeps it compressed."""
    for kind, start, end in metadata.png_chunks(data):
        if kind == b"iTXt" and write_xmp.is_png_xmp(data, kind, start):
            _, _, rest = data[start + 8 : end - 4].partition(b"\x00")
            parts = rest[2:].split(b"\x00", 2)
            raw = metadata.inflate(parts[2]) if rest[:1] == b"\x01" and len(parts) == 3 else None
            return next((raw[a:b] for a, b in metadata.xmp_packets(Source.blob(raw))), None) if raw else None
    return None
