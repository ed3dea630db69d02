"""The text of EPUB books (EPUB 3.3, W3C): the chapters in the order of the spine, each as a reader sees its XHTML."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from html import unescape
from itertools import islice
from typing import Any
from urllib.parse import unquote

import numpy as np

from ..errors import UnreadableMedia
from ..model import Limits
from ..source import Source
from ..unicode.charset import decode
from ..unicode.folding import CodePoints, code_points, to_text
from . import html
from .archive import Archive
from .embedded import MAX_PICTURES, Embedded
from .text_limit import TextLimit

_PICTURE = re.compile(
    r"<(?:\w+:)?(?:img|image)\b[^<>]{0,2000}?\s(?:src|(?:xlink:)?href)\s{0,9}=\s{0,9}(?:\"([^\"<>]{1,2000})\"|'([^'<>]{1,2000})')",
    re.IGNORECASE,
)
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
    chapters = [(each.text, each.hidden) for each in _chapters(Archive(source, limits.max_unpacked_bytes), limits)]
    return "\n".join(text for text, _ in chapters if text), sum(hidden for _, hidden in chapters)


def pictures(source: Source, limits: Limits) -> Iterator[Embedded]:
    """The pictures that the chapters show, in reading order. Raises as `extract` does."""
    archive = Archive(source, limits.max_unpacked_bytes)
    start = 0
    for chapter in _chapters(archive, limits):
        folder = posixpath.dirname(chapter.name)
        for reference, at in _references(chapter):
            path = posixpath.normpath(posixpath.join(folder, unquote(unescape(reference))))
            if path in archive:
                yield Embedded(path, start + at, partial(archive.read, path))
        start += len(chapter.text) + 1 if chapter.text else 0


@dataclass(frozen=True, slots=True)
class _Chapter:
    """One part of a book.

    Attributes:
        seen: shape (len(markup),), as of `extraction.Reading`.
        text: what is seen, without what is blank at both ends.
        hidden: how many letters and digits are hidden.
    """

    name: str
    markup: str
    seen: CodePoints
    text: str
    hidden: int


def _chapters(archive: Archive, limits: Limits) -> Iterator[_Chapter]:
    package = next((_get(e, "full-path") for e in _iter(archive, _CONTAINER, "rootfile")), "")
    locked = _encrypted(archive)
    limit = TextLimit(limits)
    for name in _spine(archive, package):
        if name in locked:
            raise UnreadableMedia("encrypted", "the book is locked (DRM); send its text")
        if name not in archive:
            continue
        raw = archive.read(name)
        if not raw:
            continue
        markup, _ = decode(raw)
        seen, hidden = html.visible(markup, code_points(markup), xml=True)
        text = to_text(seen[seen > 0]).strip()
        limit.take(len(text) + 1)
        yield _Chapter(name, markup, seen, text, hidden)


def _references(chapter: _Chapter) -> Iterator[tuple[str, int]]:
    """What the pictures of a chapter refer to, and after how many code points of its text each stands."""
    found = list(islice(_PICTURE.finditer(chapter.markup), MAX_PICTURES + 1))
    if not found:
        return
    whole = to_text(chapter.seen[chapter.seen > 0])
    blank = len(whole) - len(whole.lstrip())
    before = np.cumsum(chapter.seen > 0)
    for each in found:
        yield each[1] or each[2], max(0, int(before[each.start() - 1]) - blank if each.start() else 0)


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
    return [e for e in archive.xml(name, "book").iter("*") if str(e.tag).rpartition("}")[2] == local]


def _get(element: Any, name: str) -> str:
    return str(element.get(name) or "")
