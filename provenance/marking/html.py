"""What a reader of an HTML page sees, block by block, and what only machines see.

The walk is iterative and linear in the size of the page. CSS: inline styles and ``<style>`` sheets (cascade:
importance, specificity, order). Not applied: external sheets and scripts. Where it is doubtful whether a reader sees
something, it counts as not seen: a credit has to be plain to see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urljoin

from lxml import etree, html

from fingerprints.documents.computed_style import Style
from fingerprints.documents.css import Names, Sheet
from fingerprints.documents.css_conditions import media_holds
from fingerprints.model import Field

from . import selectors, structured_data
from .normalization import collapse_spaces, fold_name

MAX_HTML = 4_000_000  # code points of a page that are read
_MAX_STYLES = 1000  # different looks of elements that are remembered, of one parent
_MAX_LINKS = 200  # links of one block
MAX_MACHINE = 200  # machine-readable fields kept
_BLOCKS = frozenset([
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "ul", "br",
])  # fmt: skip
_NOT_RENDERED = frozenset([
    "head", "title", "script", "style", "template", "noscript", "iframe", "object", "embed", "canvas", "audio",
    "video", "datalist", "option", "select", "textarea", "noframes", "noembed", "applet", "area", "rp", "param",
    "source", "track", "meter", "progress", "defs", "symbol", "clippath", "metadata", "desc",
])  # fmt: skip
_HEAD = frozenset(["base", "link", "meta", "noscript", "script", "style", "template", "title"])
_COMMENTS = frozenset([
    "comment", "comments", "reply", "replies", "commentlist", "disqus", "guestbook", "discussion", "remarks",
    "respond", "评论", "留言", "跟帖",
])  # fmt: skip
_RELATED = frozenset([
    "related", "recommend", "recommended", "recommendation", "recommendations", "sidebar", "advert", "adverts",
    "ad", "ads", "advertisement", "promo", "breadcrumb", "breadcrumbs", "menu", "navbar", "navigation", "popular",
    "trending", "sponsored", "newsletter", "subscribe", "widget", "outbrain", "taboola", "more", "morelinks",
    "readnext", "copyrightbar", "sitefooter", "pagination", "推荐", "相关",
])  # fmt: skip
# A footer named like this is the site's; that of a post or an entry may credit it.
_FOOTER = frozenset([
    "footer", "colophon", "site", "page", "global", "main", "bottom", "wrap", "wrapper", "container", "inner",
    "content", "copyright", "nav", "links",
])  # fmt: skip
_AUTHOR = frozenset(
    ["byline", "author", "writer", "contributor", "creator", "credit", "credits", "photographer", "attribution", "作者"]
)
_SOURCE = frozenset(["source", "sources", "provenance", "origin", "via", "来源"])
_CREDITS = _SOURCE | {"credit", "credits", "attribution"}


# Where an element says what it shows; a page that loads its pictures late names them elsewhere than in src.
_SHOWS = {
    "img": ("data-src", "data-original", "src"), "video": ("src", "poster"), "audio": ("src",), "source": ("src",),
}  # fmt: skip
_MAX_PICTURES = 1000  # of a page
_BEACON = frozenset(["0", "1", "2", "0px", "1px", "2px"])  # sides of what nobody sees: it counts readers
INLINE_DATA = re.compile(r"(?<=[\"'=(\s])data:[\w/+.;=-]{0,100};base64,[A-Za-z0-9+/=%\s]{100,}")


@dataclass(slots=True)
class Block:
    """One block of visible text. ``links`` are (start, end, href) in ``text``; ``hint`` is a role the markup claims.

    ``figure`` is the number of the figure element that it stands in.
    """

    text: str
    locator: str
    links: list[tuple[int, int, str]] = field(default_factory=list)
    hint: str | None = None
    heading: bool = False
    figure: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, sound or film that a page shows.

    Attributes:
        reference: where it is, as the page says; data URIs too.
        block: how many blocks of text end before it.
        inside: text of the next block stands before it.
        figure: as of a block.
        alt: what the page says instead of it.
    """

    reference: str
    block: int
    inside: bool
    figure: int | None
    alt: str = ""


@dataclass(slots=True)
class Page:
    """A page taken apart."""

    blocks: list[Block]
    machine_fields: tuple[Field, ...]
    headings: list[str]
    title: str | None = None
    pictures: list[Picture] = field(default_factory=list)

    @property
    def outside_pictures(self) -> list[Block]:
        """The blocks without the captions of pictures: those in a figure that shows one."""
        figures = {picture.figure for picture in self.pictures if picture.figure is not None}
        return [block for block in self.blocks if block.figure not in figures]

    def about_picture(self, title: str) -> list[Block]:
        """The blocks without the captions of other pictures, where one figure alone names a title."""
        said: dict[int, str] = {}
        for figure, text in [*((p.figure, p.alt) for p in self.pictures), *((b.figure, b.text) for b in self.blocks)]:
            if figure is not None:
                said[figure] = f"{said.get(figure, '')} {text}"
        name = fold_name(title)
        named = {figure for figure, text in said.items() if name and name in fold_name(text)}
        if len(named) != 1:
            return self.blocks
        return [block for block in self.blocks if block.figure is None or block.figure in named]


def read(source: str) -> Page:
    """Take a page apart. Whatever lxml cannot read gives an empty page, never an error."""
    if "base64," in source:
        source = INLINE_DATA.sub("data:,", source)
    source = source[:MAX_HTML].replace("\x00", "")
    parser = html.HTMLParser(huge_tree=True, no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        root = html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return Page([], (), [])
    _end_head(root)
    sheets = "\n".join(e.text or "" for e in root.iter("style") if media_holds(e.get("media") or ""))
    sheet = Sheet(sheets, selectors.compiled)
    base = next((str(e.get("href")) for e in root.iter("base") if e.get("href")), None)
    title = next((collapse_spaces("".join(str(t) for t in e.itertext())) for e in root.iter("title")), None)
    walker = _VisibleText(sheet, base)
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if isinstance(element.tag, str):
            (walker.start if event == "start" else walker.end)(element)
    walker.flush()
    headings = [b.text for b in walker.blocks if b.heading]
    machine_fields = tuple(islice(structured_data.read(root), MAX_MACHINE))
    return Page(walker.blocks, machine_fields, headings, title, walker.pictures)


def _end_head(root: Any) -> None:
    """Move what no head holds to the body, where a browser has it: libxml2 leaves elements of HTML 5 in the head."""
    head = root.find("head")
    first = None if head is None else next((e for e in head if e.tag not in _HEAD), None)
    if head is None or first is None:
        return
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    moved = [first, *first.itersiblings()]
    text, body.text = body.text, None
    moved[-1].tail = f"{moved[-1].tail or ''}{text or ''}" or None
    for place, element in enumerate(moved):
        body.insert(place, element)


@dataclass(slots=True)
class _Frame:
    """An open element."""

    style: Style
    readable: bool  # text right here is seen, if the element is shown
    shown: bool
    hint: str | None
    names: Names
    in_article: bool
    path: str
    figure: int | None = None
    wrapped: selectors.Element | None = None  # where a sheet looks at more than names
    latest: selectors.Element | None = None  # its child that was met last
    children: dict[str, int] = field(default_factory=dict)
    # what elements with the same names and attributes look like in here: paragraphs of a page are much alike
    styles: dict[tuple[Any, ...], tuple[Style, bool]] = field(default_factory=dict)


class _VisibleText:
    def __init__(self, sheet: Sheet, base: str | None) -> None:
        self.sheet, self.base = sheet, base
        self.outside = _Frame(Style(), True, True, None, ("", frozenset(), ""), False, "")  # around the root element
        self.stack: list[_Frame] = []
        self.blocks: list[Block] = []
        self.parts: list[str] = []
        self.length = 0
        self.links: list[tuple[int, int, str]] = []
        self.open_links: list[tuple[int, str]] = []
        self.path: str | None = None  # CSS path of the element that the current block's text began in
        self.hint: str | None = None
        self.heading = False
        self.figure: int | None = None
        self.figures = 0
        self.pictures: list[Picture] = []

    def start(self, element: Any) -> None:
        tag = element.tag.lower()
        parent = self.stack[-1] if self.stack else self.outside
        names = (tag, frozenset((element.get("class") or "").split()), element.get("id") or "")
        if tag in _BLOCKS:
            self.flush()
        style, readable = parent.style, parent.readable
        wrapped = self._wrapped(element, parent)
        shown = parent.shown and tag not in _NOT_RENDERED and not _is_hidden(element)
        shown = shown and not _is_other_content(element, names, in_article=parent.in_article)
        if shown:
            style, readable = self._style(element, names, parent, wrapped)
            shown = not style.removed
        in_article = parent.in_article or tag in ("article", "main")
        hint = _hint(element, names) or (None if tag in _BLOCKS else parent.hint)
        figure = parent.figure
        if tag == "figure":
            self.figures += 1
            figure = self.figures
        path = _css_path(element, tag, parent)
        self.stack.append(_Frame(style, readable, shown, hint, names, in_article, path, figure, wrapped))
        if tag in _SHOWS and (shown if tag == "img" else parent.shown) and len(self.pictures) < _MAX_PICTURES:
            self._picture(element, tag, figure)
        if tag == "a" and element.get("href"):
            self.open_links.append((self.length, str(element.get("href"))))
        self._text(element.text)

    def _picture(self, element: Any, tag: str, figure: int | None) -> None:
        reference = next((str(element.get(name)).strip() for name in _SHOWS[tag] if element.get(name)), "")
        if reference and not {element.get("width"), element.get("height")} & _BEACON:
            alt = str(element.get("alt") or "")
            self.pictures.append(Picture(reference, len(self.blocks), self.path is not None, figure, alt))

    def _wrapped(self, element: Any, parent: _Frame) -> selectors.Element | None:
        if not self.sheet.looks_at_more_than_names:
            return None
        before = parent.latest
        parent.latest = selectors.Element(element, parent.wrapped, 0 if before is None else before.index + 1, before)
        return parent.latest

    def _style(
        self, element: Any, names: Names, parent: _Frame, wrapped: selectors.Element | None
    ) -> tuple[Style, bool]:
        given = (element.get("style"), element.get("color"), element.get("bgcolor"))
        known = parent.styles.get((names, *given)) if wrapped is None else None
        if known is None:
            rules = self.sheet.declarations(names, [f.names for f in self.stack], wrapped)
            style = parent.style.child(rules, *given)
            known = (style, not (style.invisible or style.doubtful))
            if wrapped is None and len(parent.styles) < _MAX_STYLES:
                parent.styles[names, *given] = known
        return known

    def end(self, element: Any) -> None:
        tag = element.tag.lower()
        if tag == "a" and element.get("href") and self.open_links:
            begin, href = self.open_links.pop()
            if self.length > begin:
                self.links.append((begin, self.length, self._resolved(href)))
        if tag in _BLOCKS:
            self.flush()
        self.stack.pop()
        if self.stack:
            self._text(element.tail)

    def _resolved(self, href: str) -> str:
        """A link as the page's base makes it; one that is no address stays as it is written."""
        try:
            return urljoin(self.base, href) if self.base else href
        except ValueError:
            return href

    def _text(self, text: str | None) -> None:
        if not text:
            return
        frame = self.stack[-1]
        if not (frame.shown and frame.readable):
            return
        if self.path is None and text.strip():
            self.path = frame.path
            block = next((f for f in reversed(self.stack) if f.names[0] in _BLOCKS), frame)
            self.hint = frame.hint or block.hint
            self.heading = any(f.names[0] in ("h1", "h2") for f in self.stack[-4:])
            self.figure = frame.figure
        self.parts.append(text)
        self.length += len(text)

    def flush(self) -> None:
        if self.path is not None:
            text = "".join(self.parts)
            open_now = [(begin, self.length, href) for begin, href in self.open_links if self.length > begin]
            links = [(a, b, self._resolved(h) if (a, b, h) in open_now else h) for a, b, h in [*self.links, *open_now]]
            self.blocks.append(Block(text, self.path, links[:_MAX_LINKS], self.hint, self.heading, self.figure))
        self.parts, self.length, self.links, self.path, self.hint, self.heading = [], 0, [], None, None, False
        self.figure = None
        self.open_links = [(0, href) for _, href in self.open_links]


def _css_path(element: Any, tag: str, parent: _Frame) -> str:
    """A CSS path from the nearest ancestor with an id, cut to its last steps where it is very long."""
    name = element.get("id")
    if name and re.fullmatch(r"[\w-]{1,60}", name):
        return f"#{name}"
    if not parent.path or tag in ("html", "body"):
        return f"{parent.path} > {tag}" if parent.path else tag
    parent.children[tag] = place = parent.children.get(tag, 0) + 1
    steps = f"{parent.path} > {tag}:nth-of-type({place})"
    return steps if len(steps) <= 300 else "… > " + " > ".join(steps.split(" > ")[-6:])


def _is_hidden(element: Any) -> bool:
    """Whether attributes hide an element until a script or the reader's doing shows it."""
    return element.get("hidden") is not None or element.get("popover") is not None


def _tokens(names: Names) -> frozenset[str]:
    return _words((*names[1], names[2])) if names[1] or names[2] else frozenset()


@lru_cache(maxsize=4096)
def _words(classes: tuple[str, ...]) -> frozenset[str]:
    """The words that names of classes are made of."""
    return frozenset(t.lower() for c in classes for t in _WORD_EDGE.split(c[:200]) if t)


_WORD_EDGE = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")


def _is_other_content(element: Any, names: Names, *, in_article: bool) -> bool:
    """Readers' comments, related links, navigation and the site's own footer: seen, but not this post's marking."""
    tag = names[0]
    if tag in ("html", "body", "article", "main"):
        return False
    if tag in ("nav", "input") or (tag == "dialog" and element.get("open") is None):
        return True
    if tag in ("footer", "aside") and not in_article:
        return not _is_box_of_credits(element, names)
    role = element.get("role")
    if "Comment" in (element.get("itemtype") or "") or role in ("navigation", "complementary", "contentinfo"):
        return not (in_article and role == "contentinfo")
    return _is_named_as_other_content(_tokens(names), tag, in_article=in_article)


def _is_box_of_credits(element: Any, names: Names) -> bool:
    """Whether an element outside an article says that it credits: by its name, or as the end of a quotation."""
    parent = element.getparent()
    tokens = _tokens(names)
    quotation = parent is not None and parent.tag in ("blockquote", "figure", "q")
    return quotation or (bool(tokens & _CREDITS) and not tokens & (_RELATED | _COMMENTS))


def _is_named_as_other_content(tokens: frozenset[str], tag: str, *, in_article: bool) -> bool:
    """What the words of an element's class and id say."""
    if tokens & {"footer", "colophon"} and tokens <= _FOOTER and not in_article:
        return True
    if tokens & _COMMENTS:
        return not tokens & {"no", "count", "form", "open", "closed"} or tag in ("ol", "ul")
    return bool(tokens & _RELATED) and not tokens & (_AUTHOR | _SOURCE)


def _hint(element: Any, names: Names) -> str | None:
    said = element.get("itemprop") or element.get("rel")
    if said is not None:
        marked = f"{said} {element.get('rel') or ''}".lower().split()
        if "author" in marked or "creator" in marked:
            return "author"
    tokens = _tokens(names)
    if len(tokens) <= 4:
        if tokens & _AUTHOR:
            return "author"
        if tokens & _SOURCE:
            return "source"
    return None
