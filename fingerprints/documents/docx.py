"""The text of Word documents (ECMA-376 part 1, WordprocessingML), in reading order.

Paragraphs, tables, text boxes where they are anchored, then footnotes and endnotes. Deleted text, field codes,
comments, headers and footers are not the document's text; hidden text (``w:vanish``) is only counted.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice, takewhile
from typing import Any

from lxml import etree

from ..errors import UnreadableMedia
from ..model import Limits
from ..source import Source
from .archive import Archive
from .embedded import Embedded
from .ooxml import relationships
from .text_limit import TextLimit

_TYPES = "[Content_Types].xml"
_MAIN = re.compile(
    rb"wordprocessingml\.(?:document|template)\.main\+xml|ms-word\.(?:document|template)\.macroEnabled(?:Template)?\.main"
)
_MAX_DEPTH = 200  # elements within each other; a bomb of boxes in boxes is no document
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_SKIPPED = frozenset(["del", "moveFrom", "instrText", "delText", "Fallback", "pPrChange", "rPrChange"])
_MAX_READING = 8  # letters over one piece of ruby (17.3.3.24); more is no pronunciation
_PICTURES = {"blip": "embed", "imagedata": "id"}  # DrawingML and VML, and the attribute that names the relationship
_SEPARATORS = frozenset(["separator", "continuationSeparator", "continuationNotice"])


def is_docx(archive: Archive) -> bool:
    """Whether an archive is a Word document, by what it says of its parts."""
    return _TYPES in archive and _MAIN.search(archive.read(_TYPES)) is not None


def extract(source: Source, limits: Limits) -> tuple[str, int]:
    """The text, a line a paragraph, in cells too; and how many letters and digits are hidden.

    Raises:
        UnreadableMedia: ``truncated``, ``damaged``, ``encrypted``.
        LimitExceeded: ``too_large`` (of the text), ``unpacked_too_large``, ``too_many_entries``.
    """
    text, _ = _read(Archive(source, limits.max_unpacked_bytes), limits)
    return text.joined(), text.hidden


def pictures(source: Source, limits: Limits) -> Iterator[Embedded]:
    """The pictures that stand in the text, in reading order. Raises as `extract` does."""
    archive = Archive(source, limits.max_unpacked_bytes)
    text, main = _read(archive, limits)
    targets = relationships(archive, main)
    before = text.leading_line_ends()
    for part, relation, at in text.pictures:
        if part == main and relation in targets:
            yield Embedded(targets[relation], max(0, at - before), partial(archive.read, targets[relation]))


def _read(archive: Archive, limits: Limits) -> tuple[_Text, str]:
    """The text, and the name of the main part."""
    main = _main_part(archive)
    folder = main.rpartition("/")[0]
    text = _Text(TextLimit(limits))
    for part in (main, f"{folder}/footnotes.xml", f"{folder}/endnotes.xml"):
        if part == main or part in archive:
            _Part(text, part).read(archive.read(part))
    return text, main


def _main_part(archive: Archive) -> str:
    # Found by its name in the list of types; every writer calls it so, but some put it elsewhere.
    types = archive.read(_TYPES)
    for found in re.finditer(rb"<(?:\w+:)?Override\b[^>]*>", types):
        if _MAIN.search(found[0]):
            name = re.search(rb"PartName\s*=\s*[\"']/?([^\"']+)", found[0])
            if name and name[1].decode("utf-8", "replace") in archive:
                return name[1].decode("utf-8", "replace")
    return "word/document.xml"


class _Text:
    """Pieces of text, up to a limit."""

    def __init__(self, limit: TextLimit) -> None:
        self._parts: list[str] = []
        self._limit = limit
        self.hidden = 0
        self.pictures: list[tuple[str, str, int]] = []  # part, relationship, code points before it

    def add(self, piece: str) -> None:
        self._limit.take(len(piece))
        self._parts.append(piece)

    def line(self) -> None:
        if self._parts and self._parts[-1] != "\n":
            self.add("\n")

    def picture(self, part: str, relation: str) -> None:
        self.pictures.append((part, relation, self._limit.taken))

    def joined(self) -> str:
        return "".join(self._parts).strip("\n")

    def leading_line_ends(self) -> int:
        """Line ends at the beginning, which the joined text does not have."""
        return len(list(takewhile("\n".__eq__, chain.from_iterable(self._parts))))


class _Part:
    """One part of a document while it is read."""

    def __init__(self, text: _Text, name: str) -> None:
        self._text, self._name = text, name
        self._depth = 0
        self._skipped = 0  # skipped elements around the present one
        self._vanished = False  # the present run is hidden

    def read(self, xml: bytes) -> None:
        """Add the part's text.

        Raises:
            UnreadableMedia: ``damaged``.
            LimitExceeded: see `_Text`.
        """
        try:
            # No DTD, no entities, no network; the parser's own limits on depth and sizes stay on.
            events = etree.iterparse(
                io.BytesIO(xml), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False
            )
            for event, element in events:
                if event == "start":
                    self._start(_local(element), element)
                else:
                    self._end(_local(element), element)
                    _forget(element)
        except etree.XMLSyntaxError as error:
            raise UnreadableMedia("damaged", f"the document is damaged ({str(error)[:100]}); save it again") from None

    def _start(self, name: str, element: Any) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise UnreadableMedia("damaged", "the document nests its parts deeper than any document does")
        if _is_skipped(name, element):
            self._skipped += 1
        elif self._skipped:
            return
        elif name == "r":
            self._vanished = False
        elif name == "txbxContent":
            self._text.line()
        elif name in _PICTURES and (relation := _value(element, _PICTURES[name])):
            self._text.picture(self._name, relation)

    def _end(self, name: str, element: Any) -> None:
        self._depth -= 1
        if _is_skipped(name, element):
            self._skipped -= 1
        elif self._skipped:
            return
        elif name in ("vanish", "webHidden"):
            self._vanished = _value(element, "val") not in ("0", "false", "off")
        elif name == "t":
            if not _is_reading(element):
                self._add(element.text or "")
        elif name in _BREAKS and _local(element.getparent()) == "r":
            self._text.add(_BREAKS[name])
        elif name == "p":
            self._text.add("\n")
        elif name == "r":
            self._vanished = False

    def _add(self, text: str) -> None:
        if self._vanished:
            self._text.hidden += sum(map(str.isalnum, text))
        elif text:
            self._text.add(text)


def _is_skipped(name: str, element: Any) -> bool:
    return name in _SKIPPED or (name in ("footnote", "endnote") and _value(element, "type") in _SEPARATORS)


def _is_reading(element: Any) -> bool:
    """Whether text is how the characters below it are pronounced: it would stand between them."""
    above = (_local(parent) for parent in element.iterancestors())
    return "rt" in islice(above, 2) and sum(map(str.isalnum, element.text or "")) <= _MAX_READING


def _local(element: Any) -> str:
    tag = element.tag if element is not None else None
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _value(element: Any, name: str) -> str | None:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), None)


def _forget(element: Any) -> None:
    """Free what is read: memory stays that of one branch, however large the document."""
    element.clear(keep_tail=False)
    while element.getprevious() is not None:
        del element.getparent()[0]
