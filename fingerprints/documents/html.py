"""Which code points of an HTML document a reader sees, without moving any of them.

A tokenizer after the HTML standard's (WHATWG, 13.2.5) and as much of its tree construction (13.2.6) as decides where
an element ends: optional and missing end tags, end tags of nothing. What never ends swallows the rest, as in a
browser. Not rebuilt: misnested formatting elements. The time is linear in the length of the document.
"""

from __future__ import annotations

import re
from array import array
from functools import lru_cache
from html import unescape

import numpy as np
from numpy.typing import NDArray

from ..unicode.folding import CodePoints, fold_units
from .computed_style import Style
from .css import Declaration, Names, Sheet

_RAW = "script|style|title|iframe|noembed|noframes"
_ATTRIBUTES = r"""(?:[^>"'=]++|=\s*+"[^"]*+(?:"|\Z)|=\s*+'[^']*+(?:'|\Z)|["'=])*+(?:>|\Z)"""
_REFERENCE = r"&(?:\#[0-9]{1,12}|\#x[0-9a-f]{1,12}|[a-z][a-z0-9]{1,31})"
_MARKUP = re.compile(
    rf"""
      <!--(?:>|->|.*?(?:--!?>|\Z))
    | <!\[CDATA\[ | \]\]>
    | <(?P<raw>{_RAW})(?=[\s/>]){_ATTRIBUTES}.*?(?:</(?P=raw)(?=[\s/>])[^>]*+(?:>|\Z)|\Z)
    | <(?P<start>[a-z][^\s/>]*+){_ATTRIBUTES}
    | </(?P<end>[a-z][^\s/>]*+){_ATTRIBUTES}
    | <[!?/][^>]*+(?:>|\Z)
    | (?P<entity>{_REFERENCE};?)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_EMPTY_RAW = re.compile(rf"<(?:{_RAW})(?=[\s/>])[^<>]*/>", re.IGNORECASE)
_PLAIN_REFERENCE = re.compile(_REFERENCE + ";", re.IGNORECASE)
_STYLED = re.compile(r"[\s/\"'](?:hidden|style|color|bgcolor)\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>][^\s>]*)))?""")
_PRINTED = re.compile(r"\bmedia\s*=\s*[\"']?\s*(?:print|speech)\b", re.IGNORECASE)
_STYLE_BODY = re.compile(r"[^>]*>(.*?)(?:</style[^>]*>?|\Z)", re.IGNORECASE | re.DOTALL)


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_READING = re.compile(r"<rt(?=[\s/>])[^<>]*>([^<>]{1,32})", re.IGNORECASE)
_MAX_READING = 8  # letters of what stands over one piece of ruby; more is no pronunciation
_SCRIPT = re.compile(r"<script(?=[\s>])", re.IGNORECASE)
_HIDDEN_TIMES = 4  # as much hidden as shown: no page for readers, unless its script shows what is hidden

_VOID = _set("area base br col embed hr img input link meta param source track wbr")
_NOT_SHOWN = _set("template noscript audio video canvas datalist rp")
_TABLE_PARTS = _set("caption tbody td tfoot th thead tr")
_BREAKS = _TABLE_PARTS | _set(
    "address article aside blockquote body br center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol option p pre search section summary table "
    "title ul"
)
# Block-level start tags end an open paragraph; a list item, a row, a cell end the one before them.
_ENDS_PARAGRAPH = _BREAKS - _TABLE_PARTS - _set("body br html legend option title")
_ENDS: dict[str, tuple[str, ...]] = {
    "li": ("li",), "dt": ("dt", "dd"), "dd": ("dt", "dd"), "option": ("option",), "td": ("td", "th"),
    "th": ("td", "th"), "tr": ("tr",), "tbody": ("tbody", "thead", "tfoot"), "thead": ("tbody", "thead", "tfoot"),
    "tfoot": ("tbody", "thead", "tfoot"), "rt": ("rt", "rp"), "rp": ("rt", "rp"),
}  # fmt: skip
# Elements that end tags and implied ends do not reach out of.
_SCOPES = _set("table td th caption template button object")
_LISTS = _SCOPES | _set("ul ol dl")
_TABLES = _set("table template")
_MAX_DEPTH = 2000  # elements within each other; further ones are as their parents (browsers stop at 512)
_MAX_STYLED = 100_000  # computations of a style; a hostile page's further elements are as their parents
_NAMELESS: Names = ("", frozenset(), "")


def visible(text: str, points: CodePoints, *, xml: bool = False) -> tuple[CodePoints, int]:
    """Blank what a reader does not see.

    Args:
        text: the document.
        points: its code points, shape (len(text),); not changed.
        xml: the document is XHTML: ``<title/>`` is a whole element.

    Returns:
        An array of the same shape: markup and hidden text are zero, a character reference is its character followed
        by zeros, a tag that breaks the line is a line feed followed by zeros. And the number of letters and digits
        that are text of the document but hidden from the reader.
    """
    out, hidden = _laid_out(text, points, xml=xml)
    count = len(fold_units(out[hidden])[0])
    out[hidden] = 0
    return out, count


def visible_in_the_end(text: str, points: CodePoints) -> tuple[CodePoints, int, bool]:
    """Like `visible`, but a page that hides nearly all of its text and has a script is read whole.

    Platforms serve articles so, and their script shows them; what it would show is not known without running it.

    Returns:
        What `visible` does, and whether hidden text was taken for shown.
    """
    out, hidden = _laid_out(text, points, xml=False)
    count = len(fold_units(out[hidden])[0])
    if count and _SCRIPT.search(text) and count >= _HIDDEN_TIMES * len(fold_units(out[~hidden])[0]):
        return out, 0, True
    out[hidden] = 0
    return out, count, False


def _laid_out(text: str, points: CodePoints, *, xml: bool) -> tuple[CodePoints, NDArray[np.bool_]]:
    """The code points without markup and the readings of ruby, and which of them are hidden."""
    tree = _Tree(_sheet(text))
    starts, ends = array("q"), array("q")  # compact, because a hostile page is nothing but tags
    if xml:
        for found in _EMPTY_RAW.finditer(text):
            starts.append(found.start())
            ends.append(found.end())
        text = _EMPTY_RAW.sub(lambda found: " " * len(found[0]), text)
    places, characters = _parsed(text, tree, starts, ends, xml=xml)
    out = points.copy()
    out[_inside(starts, ends, len(out))] = 0
    out[np.frombuffer(places, dtype=np.int64)] = np.frombuffer(characters, dtype=np.int64).astype(np.uint32)
    for found in _READING.finditer(text):
        # It would stand between the letters of the text, which are read on without it.
        if sum(map(str.isalnum, unescape(found[1]))) <= _MAX_READING:
            out[found.start(1) : found.end(1)] = 0
    if len(tree.hides) % 2:
        tree.hides.append(len(text))
    return out, _inside(tree.hides[::2], tree.hides[1::2], len(out))


def _parsed(
    text: str, tree: _Tree, starts: array[int], ends: array[int], *, xml: bool
) -> tuple[array[int], array[int]]:
    """Give a document's tags to the tree, and add where its markup starts and ends; the places of the characters that
    stand for markup (character references and line breaks), and these characters."""
    places, characters = array("q"), array("q")
    for found in _MARKUP.finditer(text):
        start, end = found.span()
        kind = found.lastgroup
        if kind == "entity":
            value = unescape(found[0])
            if value == found[0] or len(value) >= end - start:
                continue
            places.extend(range(start, start + len(value)))
            characters.extend(map(ord, value))
        elif kind in ("start", "end"):
            name = found[kind].lower()
            if kind == "start":
                tree.start(name, found[0], start, end, whole=xml and found[0].endswith("/>"))
            else:
                tree.end(name, end)
            if name in _BREAKS:
                places.append(start)
                characters.append(0x0A)
        starts.append(start)
        ends.append(end)
    return places, characters


def references(text: str, points: CodePoints) -> CodePoints:
    """The code points of plain text with character references such as ``&nbsp;`` as their characters and zeros."""
    out = points
    for found in _PLAIN_REFERENCE.finditer(text):
        value = unescape(found[0])
        start, end = found.span()
        if value == found[0] or len(value) >= end - start:
            continue
        if out is points:
            out = points.copy()
        out[start:end] = 0
        out[start : start + len(value)] = [ord(char) for char in value]
    return out


def _inside(starts: array[int], ends: array[int], length: int) -> NDArray[np.bool_]:
    """Which of ``length`` places are in any of the half-open ranges, which do not overlap; shape (length,)."""
    depth = np.zeros(length + 1, dtype=np.int8)
    np.add.at(depth, np.frombuffer(starts, dtype=np.int64), 1)
    np.add.at(depth, np.frombuffer(ends, dtype=np.int64), -1)
    return np.asarray(np.cumsum(depth[:-1], dtype=np.int8) > 0)


def _sheet(text: str) -> Sheet | None:
    """All style sheets of a page: one that comes last is applied to what comes first, too."""
    if re.search("<style", text, re.IGNORECASE) is None:
        return None
    sources = []
    for found in _MARKUP.finditer(text):
        if found.lastgroup == "raw" and found["raw"].lower() == "style":
            body = _STYLE_BODY.match(found[0])
            if body is not None and not _PRINTED.search(found[0], 0, body.start(1)):
                sources.append(body[1])
    return Sheet("\n".join(sources)) if sources else None


class _Tree:
    """The open elements, and where hidden text begins and ends."""

    def __init__(self, sheet: Sheet | None) -> None:
        self.hides = array("q")  # begin, end, begin, end ... of hidden text
        self._sheet = sheet
        self._stack: list[tuple[str, Style, Names]] = []
        self._open: dict[str, list[int]] = {}  # name: places in the stack
        self._deeper: dict[str, int] = {}  # open elements that are too deep for the stack
        self._style = _ROOT_STYLE
        self._left = _MAX_STYLED

    def start(self, name: str, tag: str, at: int, after: int, *, whole: bool) -> None:
        if name in _ENDS_PARAGRAPH and self._open.get("p"):
            self._close("p", _SCOPES, at)
        for before in _ENDS.get(name, ()):
            if self._open.get(before):
                self._close(before, _TABLES if name in _TABLE_PARTS else _LISTS - {name}, at)
        if name in _VOID or whole:
            return
        if len(self._stack) >= _MAX_DEPTH:
            self._deeper[name] = self._deeper.get(name, 0) + 1
            return
        style, names = self._style, _NAMELESS
        if name in _NOT_SHOWN:
            style = _REMOVED
        elif self._sheet is not None or _STYLED.search(tag):
            style, names = self._styled(name, tag)
        self._open.setdefault(name, []).append(len(self._stack))
        self._stack.append((name, style, names))
        self._show(style, after)

    def end(self, name: str, at: int) -> None:
        if self._deeper.get(name):
            self._deeper[name] -= 1
            return
        if name == "br" or not self._open.get(name):
            return
        self._close(name, _TABLES - {name} if name in _TABLE_PARTS or name == "table" else _SCOPES, at)

    def _close(self, name: str, scopes: frozenset[str], at: int) -> None:
        """Close the innermost element of a name and all in it, unless a scope is between."""
        place = self._open[name][-1]
        if place < len(self._stack) - 1 and any(self._open[s][-1] > place for s in scopes if self._open.get(s)):
            return
        self._deeper.clear()  # they are within whatever is closed
        while len(self._stack) > place:
            self._open[self._stack.pop()[0]].pop()
        self._show(self._stack[-1][1] if self._stack else _ROOT_STYLE, at)

    def _show(self, style: Style, at: int) -> None:
        """From here on text has this style."""
        if style is self._style:
            return
        self._style = style
        if _unseen(style) != len(self.hides) % 2:
            self.hides.append(at)

    def _styled(self, name: str, tag: str) -> tuple[Style, Names]:
        names, hidden, look = _attributes(name, tag)
        self._left -= 1
        if self._left < 0 or self._style.removed:
            return self._style, names
        if hidden:
            return _REMOVED, names
        rules = self._sheet.declarations(names, [n for *_, n in self._stack[-60:]]) if self._sheet else []
        return (_child(self._style, tuple(rules), *look) if rules or any(look) else self._style), names


_ROOT_STYLE, _REMOVED = Style(), Style(removed=True)


@lru_cache(maxsize=2048)
def _attributes(name: str, tag: str) -> tuple[Names, bool, tuple[str | None, str | None, str | None]]:
    """What selectors look at, whether the element is ``hidden``, and its inline style, colour and ground."""
    values: dict[str, str] = {}
    for key, *value in _ATTRIBUTE.findall(tag[len(name) + 1 :]):
        values.setdefault(key.lower(), unescape("".join(value)))
    names = (name, frozenset(values.get("class", "").split()), values.get("id", ""))
    hidden = values.get("hidden", "until-found").lower() != "until-found"
    return names, hidden, (values.get("style"), values.get("color"), values.get("bgcolor"))


@lru_cache(maxsize=4096)
def _unseen(style: Style) -> bool:
    return style.invisible


@lru_cache(maxsize=4096)
def _child(
    style: Style, rules: tuple[Declaration, ...], inline: str | None, colour: str | None, ground: str | None
) -> Style:
    return style.child(list(rules), inline, colour, ground)
