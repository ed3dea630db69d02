"""Where a text shows pictures, and which of its lines speak of one of them.

A figure's text is its picture's. Without a figure the short line that follows a picture is read as its caption. Lists
of picture credits stand anywhere in an article; an entry names its picture by number ("Photo 2: ...", 图2) or by the
name of its file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import unquote, urlsplit

from ..marking import html
from ..marking.html import Block, Picture
from ..marking.lexicon import ALL_KINDS, lexicon
from ..marking.normalization import fold
from ..marking.segmentation import Nearness, Unit, from_blocks

_MAX_LINE = 200  # code points; a longer paragraph is no caption and no line of a list of credits
_MAX_LIST = 1_000  # code points of a paragraph that lists credits of pictures by their numbers
_MAX_HEADING = 40  # code points of the heading of a list of credits
MIN_ARTICLE = 200  # code points of text; with less, a text beside pictures is their caption
_LIST_END = re.compile(r"[\W_]*\Z")
_WORD = (
    r"(?:图片|照片|插图|配图|图|圖|写真|図|사진|photos?|pictures?|images?|figures?|fig|pics?|fotos?|bild(?:er)?|"
    r"abb(?:ildung)?|im[aá]gen(?:es)?|immagin[ei]|рис(?:унок)?|фото)"
)
_NUMBERED = re.compile(
    rf"(?<![A-Za-zÀ-ÿА-Яа-я]){_WORD}(?P<key>\.?\s*(?:no\.?|nr\.?|n°|[#№])?\s*"
    r"(?P<numbers>\d{1,3}(?:\s*(?:[-–—~,、/&至到和与]|and|und|et|to|bis)\s*\d{1,3})*))(?![\d年月])",
    re.IGNORECASE,
)
_LEADING = re.compile(r"(?P<key>\s*[(（\[]?(?P<numbers>\d{1,3})[)）\].、:：])")
_RANGE = re.compile(r"(\d+)(?:\s*(?:[-–—~至到]|to|bis)\s*(\d+))?")
_MARKDOWN_PICTURE = re.compile(r"!\[[^\[\]\n]{0,500}\]\(\s{0,9}<?([^\s()<>]{1,2000})[^()\n]{0,500}\)?")
_DATA = re.compile(r"data:,(\d+)")


@dataclass(frozen=True)
class Layout:
    """The lines of a text that a reader sees, in order, and where it shows pictures.

    Attributes:
        where: as of the units.
        inline: the data URIs of the pictures that stand in the text itself; a picture refers to one as ``data:,n``.
    """

    where: str
    blocks: Sequence[Block]
    pictures: Sequence[Picture]
    inline: Sequence[str] = ()

    @cached_property
    def is_article(self) -> bool:
        return sum(len(block.text.strip()) for block in self.blocks) > MIN_ARTICLE

    def name_of(self, picture: Picture, article: str, names: Sequence[str]) -> str | None:
        """The name of the part that a picture is; None where it was not sent.

        Args:
            article: name of the part that this is the layout of.
            names: of the parts that a reference may be to.
        """
        found = _DATA.fullmatch(picture.reference)
        return _resolved(picture.reference, names) if found is None else inline_name(article, int(found[1]))

    def around(self, shown: Sequence[Picture], number: int, name: str, names: Sequence[str]) -> Iterator[Unit]:
        """The units of the text, each with how near it stands to one picture; those of other pictures are left out.

        Args:
            shown: the places where the text shows the picture; empty where it does not refer to it.
            number: of the picture in the article, from 1.
            name: its file's.
            names: those of all pictures of the post.
        """
        near: dict[int, Nearness] = {}
        others: set[int] = set()
        for picture, beside in zip(self.pictures, self._beside, strict=True):
            if picture in shown:
                near.update(beside)
            else:
                others.update(beside)
        far: Nearness = "elsewhere" if self.is_article else "beside"
        for n, block in enumerate(self.blocks):
            if n in others and n not in near:
                continue
            nearness: Nearness = near.get(n) or ("own" if n in self._lists else far)
            about = _about(block, number, name, names, listed=n in self._lists)
            yield from from_blocks([about or block], self.where, nearness if about is None else "own")

    @cached_property
    def _beside(self) -> list[dict[int, Nearness]]:
        """Of each picture the blocks that speak of it by where they stand."""
        figures: dict[int, dict[int, Nearness]] = {}
        for n, block in enumerate(self.blocks):
            if block.figure is not None:
                figures.setdefault(block.figure, {})[n] = "own"
        return [
            figures.get(-1 if picture.figure is None else picture.figure) or self._following(picture)
            for picture in self.pictures
        ]

    def _following(self, picture: Picture) -> dict[int, Nearness]:
        """The line that a picture stands in or that follows it."""
        following = range(picture.block, min(picture.block + 1 + picture.inside, len(self.blocks)))
        return {n: "beside" for n in following if self._is_line(self.blocks[n]) and self.blocks[n].figure is None}

    @cached_property
    def _lists(self) -> frozenset[int]:
        """The blocks that stand under a heading such as "Picture credits"."""
        listed: set[int] = set()
        inside = False
        for n, block in enumerate(self.blocks):
            if _is_heading_of_credits(block.text):
                inside = True
            elif not self._is_line(block):
                inside = False
            elif inside:
                listed.add(n)
        return frozenset(listed)

    @staticmethod
    def _is_line(block: Block) -> bool:
        return not block.heading and len(block.text.strip()) <= _MAX_LINE


def of_page(text: str) -> Layout:
    """The layout of an HTML page."""
    inline: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        inline.append(found[0])
        return f"data:,{len(inline) - 1}"

    page = html.read(html.INLINE_DATA.sub(numbered, text) if "base64," in text else text)
    return Layout("html", page.blocks, page.pictures, inline)


def of_text(text: str, pictures: Sequence[tuple[str, int]] = (), *, markdown: bool = False) -> Layout:
    """The layout of a plain text, of Markdown or of a document.

    Args:
        pictures: references to the pictures of a document, and after how many code points they stand.
    """
    shown = [*pictures]
    if markdown:
        shown += [(found[1], found.start()) for found in _MARKDOWN_PICTURE.finditer(text)]
        text = _MARKDOWN_PICTURE.sub(lambda found: " " * len(found[0]), text)
    blocks, ends, at = [], [], 0
    for line in text.split("\n"):
        if line.strip():
            blocks.append(Block(line, f"{at}-{at + len(line)}"))
            ends.append(at + len(line))
        at += len(line) + 1
    places = []
    for reference, place in sorted(shown, key=lambda each: each[1]):
        block = bisect_right(ends, place)
        inside = block < len(blocks) and int(blocks[block].locator.partition("-")[0]) < place
        places.append(Picture(reference, block, inside, None))
    return Layout("text", blocks, places)


def inline_name(article: str, number: int) -> str:
    """What a picture is called that stands in a page itself, as its data URI of this number, from 0."""
    return f"{article}#{number + 1}"


def _resolved(reference: str, names: Sequence[str]) -> str | None:
    """The name of the part that a reference is to: by the whole of it, or by the file name at its end; never fetched.

    ``cid:`` (RFC 2392) refers to a name, before its @ too, or to one without its extension.
    """
    if reference in names:
        return reference
    if reference[:4].lower() == "cid:":
        wanted = {unquote(reference[4:]), unquote(reference[4:]).partition("@")[0]}
        return next((name for name in names if name in wanted or name.rpartition(".")[0] in wanted), None)
    try:
        path = urlsplit(reference).path
    except ValueError:
        return None
    last = unquote(path).replace("\\", "/").rpartition("/")[2]
    return next((name for name in names if name.rpartition("/")[2].casefold() == last.casefold()), None)


def _is_heading_of_credits(text: str) -> bool:
    """Whether a line is a label of pictures and nothing else: "Photo credits:", 图片来源."""
    low = fold(text.strip())
    if not low or len(low) > _MAX_HEADING:
        return False
    found = lexicon().match_prefix_label(low, 0, None)
    if found is None or not _LIST_END.match(low, found[0]):
        return False
    return "image" in found[1].kinds and found[1].kinds != ALL_KINDS


@dataclass(frozen=True, slots=True)
class _Key:
    """What an entry names its picture by: from ``start`` on the block speaks of it; ``blank`` is no credit."""

    start: int
    blank: tuple[int, int]
    mine: bool


def _about(block: Block, number: int, name: str, names: Sequence[str], *, listed: bool) -> Block | None:
    """A block without what it says of other pictures by their numbers or names; None where it names no picture so."""
    text = block.text
    keys = [] if len(text) > _MAX_LIST else _keys(text, number, name, names, listed=listed)
    if not keys:
        return None
    if not any(key.mine for key in keys):
        return replace(block, text="", links=[])
    ends = [*(key.start for key in keys[1:]), len(text)]
    for key, stop in zip(keys, ends, strict=True):
        a, b = key.blank if key.mine else (key.start, stop)
        text = text[:a] + " " * (b - a) + text[b:]
    links = [(a, b, href) for a, b, href in block.links if text[a:b].strip()]
    return replace(block, text=text, links=links)


def _keys(text: str, number: int, name: str, names: Sequence[str], *, listed: bool) -> list[_Key]:
    """The names and numbers of pictures in a text, in order. A number in the name of a file is none."""
    keys = []
    for other in names:
        at = text.find(other) if len(other) > 3 else -1
        if at >= 0:
            keys.append(_Key(at, (at, at + len(other)), other == name))
    numbered = list(_NUMBERED.finditer(text))
    if listed and not numbered and (leading := _LEADING.match(text)) is not None:
        numbered.append(leading)
    for found in numbered:
        if not any(a < found.end() and found.start() < b for a, b in (key.blank for key in keys)):
            keys.append(_Key(found.start(), found.span("key"), number in _numbers(found["numbers"])))
    return sorted(keys, key=lambda key: key.start)


def _numbers(said: str) -> set[int]:
    """The numbers of "1", "1, 3", "2-4"."""
    numbers: set[int] = set()
    for first, last in _RANGE.findall(said):
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers
