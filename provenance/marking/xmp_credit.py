"""A credit as XMP (ISO 16684-1), with Dublin Core, XMP Rights Management, Photoshop and Creative Commons properties."""

from __future__ import annotations

from typing import Any

from lxml import etree

from . import licences
from .lexicon import credit_template
from .model import Work
from .normalization import fold_name, one_line

_NS = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "cc": "http://creativecommons.org/ns#",
}
_X = "adobe:ns:meta/"
_RDF = f"{{{_NS['rdf']}}}RDF"
_ABOUT = f"{{{_NS['rdf']}}}about"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def packet(existing: bytes | None, work: Work, lang: str, permission: bool) -> bytes:
    """An XMP packet with the credit; what an existing packet says about other things is kept."""
    root = _parse(existing) if existing else None
    if root is None:
        root = etree.Element(f"{{{_X}}}xmpmeta", nsmap={"x": _X})
    rdf = root if root.tag == _RDF else root.find(f".//{_RDF}")
    if rdf is None:
        rdf = etree.SubElement(root, _RDF, nsmap={"rdf": _NS["rdf"]})
    values = properties(work, lang, permission)
    _remove(rdf, [_qualified(name) for name in values])
    own = etree.SubElement(rdf, _qualified("rdf:Description"), nsmap={p: u for p, u in _NS.items() if p != "rdf"})
    own.set(_ABOUT, "")
    for name, (form, value) in values.items():
        _append(own, _qualified(name), form, value)
    return bytes(etree.tostring(root, encoding="utf-8"))


def _remove(rdf: Any, tags: list[str]) -> None:
    """Take properties out of all descriptions, and descriptions that are empty then."""
    for description in list(rdf):
        for tag in tags:
            description.attrib.pop(tag, None)
            for old in description.findall(tag):
                description.remove(old)
        if not len(description) and not set(description.attrib) - {_ABOUT}:
            rdf.remove(description)


def _append(description: Any, tag: str, form: str, value: str) -> None:
    element = etree.SubElement(description, tag)
    if form == "text":
        element.text = value
    elif form == "resource":
        element.set(_qualified("rdf:resource"), value)
    else:
        item = etree.SubElement(etree.SubElement(element, _qualified(f"rdf:{form}")), _qualified("rdf:li"))
        if form == "Alt":
            item.set(_LANG, "x-default")
        item.text = value


def properties(work: Work, lang: str, permission: bool) -> dict[str, tuple[str, str]]:
    """XMP property -> (form, value); a form is text, resource, or the array Seq or Alt with one item."""
    out = {"dc:creator": ("Seq", one_line(work.owner)), "dc:rights": ("Alt", f"© {one_line(work.owner)}")}
    out["xmpRights:Marked"] = ("text", "True")
    out["cc:attributionName"] = ("text", one_line(work.owner))
    if fold_name(work.title):
        out["dc:title"] = ("Alt", one_line(work.title))
    if work.source_name:
        handle = f" (@{work.source_handle.lstrip('@')})" if work.source_handle and not work.source_urls else ""
        out["photoshop:Source"] = ("text", one_line(work.source_name + handle))
    if work.source_urls:
        out["dc:source"] = ("text", one_line(work.source_urls[0]))
        out["cc:attributionURL"] = ("resource", one_line(work.source_urls[0]))
    elif work.identifiers:
        out["dc:source"] = ("text", one_line(work.identifiers[0]))
    licence = licences.parse(work.licence)
    terms = [licences.short_name(licence) or ""]
    deed = licences.deed(licence)
    if deed:
        out["cc:license"] = ("resource", deed)
        out["xmpRights:WebStatement"] = ("text", deed)
    if permission:
        terms.append(str(credit_template(lang)["permission"]))
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
