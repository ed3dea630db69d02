"""The text of EPUB books (EPUB 3.3, W3C): the chapters in the order of the spine, each as a reader sees its XHTML."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import unquote

from lxml import etree

from ..errors import LimitExceeded, UnreadableMedia
from ..model import Limits
from ..source import Source
from ..unicode.charset import decode
from ..unicode.folding import code_points, to_text
from . import html
from .archive import Archive

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"


def is_epub(archive: Archive) -> bool:
    """Whether an archive is an EPUB, by its container file; OpenDocument has none with a package in it."""
    return _CONTAINER in archive and b"application/oebps-package+xml" in archive.read(_CONTAINER)


def extract(source: Source, limits: Limits) -> tuple[str, int]:
    """The text of all chapters, and how many letters and digits are hidden.

    Raises:
        UnreadableMedia: ``truncated``, ``damaged``, ``encrypted``.
        LimitExceeded: ``too_large`` (of the text), ``unpacked_too_large``, ``too_many_entries``.
    """
    archive = Archive(source, limits.max_unpacked_bytes)
    package = next((_get(e, "full-path") for e in _iter(archive, _CONTAINER, "rootfile")), "")
    chapters = _spine(archive, package)
    locked = _encrypted(archive)
    out: list[str] = []
    left, hidden = limits.max_text_bytes, 0
    for name in chapters:
        if name in locked:
            raise UnreadableMedia("encrypted", "the book is locked (DRM); send its text")
        if name not in archive:
            continue
        raw = archive.read(name)
        if not raw:
            continue
        markup, _ = decode(raw)
        seen, more = html.visible(markup, code_points(markup), xml=True)
        text = to_text(seen[seen > 0]).strip()
        hidden += more
        left -= len(text) + 1
        if left < 0:
            raise LimitExceeded(
                "too_large", f"the text is longer than {limits.max_text_bytes} characters; send it in parts"
            )
        out.append(text)
    return "\n".join(part for part in out if part), hidden


def _spine(archive: Archive, package: str) -> list[str]:
    """The parts that are read one after the other."""
    folder = posixpath.dirname(package)
    items = {
        _get(item, "id"): posixpath.normpath(posixpath.join(folder, unquote(_get(item, "href"))))
        for item in _iter(archive, package, "item")
        if "html" in _get(item, "media-type") or "xml" in _get(item, "media-type")
    }
    order = [items.get(_get(ref, "idref"), "") for ref in _iter(archive, package, "itemref")]
    return list(dict.fromkeys(name for name in order if name))


def _encrypted(archive: Archive) -> set[str]:
    """The parts that are encrypted; fonts often are, and no harm done."""
    if _ENCRYPTION not in archive:
        return set()
    return {unquote(_get(element, "URI")) for element in _iter(archive, _ENCRYPTION, "CipherReference")}


def _iter(archive: Archive, name: str, local: str) -> list[Any]:
    """All elements of a local name in an XML part."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(archive.read(name), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableMedia("damaged", f"the book is damaged ({str(error)[:100]}); save it again") from None
    return [e for e in root.iter("*") if str(e.tag).rpartition("}")[2] == local]


def _get(element: Any, name: str) -> str:
    return str(element.get(name) or "")
