"""A post cut into units: sentences and short lines, each with where it stands and the addresses in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from fingerprints.model import Field

from .html import Block
from .model import QUOTE
from .normalization import DENSE

MAX_TEXT = 400_000  # code points read: the first and the last half of it, where credits stand
MAX_UNIT = 4_000
_ABBREVIATION = re.compile(
    rf"(?:^|[\W{DENSE}])(?:[A-Za-zÀ-ÿА-Яа-я]|no|nr|dr|mr|mrs|ms|prof|st|vol|pp|feat|ft|inc|ltd|co|vs|ca|ed|eds|cf|jr|sr|hr|fr|bzw|z\.b|ill|illus|abb|fig|fot|il|trad|aut)$",
    re.IGNORECASE,
)
_END = re.compile(r"(?:[。！？]+|[!?]+(?![\x21-\x7e]))[”」』\"')）]*|\.(?=\s)|\n")


# Where a unit stands to what is checked: it is part of it or in its figure; beside it; elsewhere in the post, where a
# credit speaks of it only by saying so.
Nearness = Literal["own", "beside", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One sentence or line of a post.

    Attributes:
        where: text, html, caption, picture_text or the metadata container of a field.
        locator: of the whole unit.
        text: as submitted.
        links: (start, end, href) of HTML links in ``text``.
        hint: a role the markup or the field's tag gives to everything in the unit.
        tag: the name of the field; empty elsewhere.
    """

    where: str
    locator: str
    text: str
    links: tuple[tuple[int, int, str], ...] = ()
    hint: str | None = None
    visible: bool = True
    heading: bool = False
    tag: str = ""
    first: bool = False
    c2pa_state: str | None = None
    nearness: Nearness = "beside"

    def quote(self, share: float = 0.0) -> str:
        """At most 200 code points around a place that lies at a share 0..1 of the unit."""
        text = self.text.strip()
        if len(text) <= QUOTE:
            return text
        start = max(0, min(int(share * len(text)) - QUOTE // 4, len(text) - QUOTE))
        return text[start : start + QUOTE]


def sentences(text: str, size: int = MAX_UNIT) -> Iterator[tuple[int, int]]:
    """Half-open spans of the sentences and lines of a text, blank ones left out."""
    start = 0
    for match in _END.finditer(text):
        if match[0] == "." and _ABBREVIATION.search(text[max(start, match.start() - 12) : match.start()]):
            continue
        yield from _pieces(text, start, match.end(), size)
        start = match.end()
    yield from _pieces(text, start, len(text), size)


def _pieces(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = min(start + size, end)
        if stop < end:  # cut at a space, so that no address is cut in two
            space = text.rfind(" ", start + size // 2, stop)
            stop = space + 1 if space > 0 else stop
        if text[start:stop].strip():
            yield start, stop
        start = stop


def from_text(text: str, where: str, *, heading: bool = False) -> Iterator[Unit]:
    """The units of a plain text; locators are code point spans ``a-b``."""
    half = MAX_TEXT // 2
    parts = [(0, text)] if len(text) <= MAX_TEXT else [(0, text[:half]), (len(text) - half, text[-half:])]
    for offset, part in parts:
        for a, b in sentences(
            part.replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n").replace("\x85", "\n")
        ):
            yield Unit(where, f"{offset + a}-{offset + b}", part[a:b], heading=heading)


def from_blocks(blocks: Iterable[Block], where: str = "html", nearness: Nearness = "beside") -> Iterator[Unit]:
    """The units of visible blocks; locators are those of the blocks: CSS paths of a page, spans of a text."""
    for block in blocks:
        spans = list(sentences(block.text.replace("\r", " ").replace("\n", " ")))
        for a, b in spans:
            links = tuple((max(s, a) - a, min(e, b) - a, h) for s, e, h in block.links if s < b and e > a)
            hint = block.hint if len(block.text.strip()) <= 120 else None
            text = block.text[a:b].replace("\n", " ")
            yield Unit(where, block.locator, text, links, hint, heading=block.heading, nearness=nearness)


_ROLES = {
    "author": "artist by-line byline dc:creator author creator xpauthor performer composer albumartist photographer "
    "iptc4xmpext:artworkcreator plus:imagecreatorname cc:attributionname tiff:artist writer lyricist director",
    "rights": "copyright copyrightnotice dc:rights xmprights:owner plus:copyrightownername plus:licensorname credit "
    "photoshop:credit copyrightholder owner iptc4xmpext:aocopyrightnotice tiff:copyright rights "
    "copyrightowner",
    "source": "source dc:source photoshop:source cc:attributionurl cc:morepermissions dc:publisher publisher url "
    "website xmprights:webstatement station webstatement dc:relation iptc4xmpext:aosource dc:identifier www",
    "title": "objectname dc:title title xptitle photoshop:headline headline",
    "licence": "xmprights:usageterms cc:license xmprights:certificate plus:licenseid usageterms license licence",
}
_ROLE_OF = {tag: role for role, tags in _ROLES.items() for tag in tags.split()}
_IGNORED = frozenset([
    "encoder", "encoder_settings", "software", "creatortool", "xmp:creatortool", "album", "genre", "year", "date",
    "track", "disc", "writer-editor", "captionwriter", "photoshop:captionwriter", "isrc", "bpm", "compilation",
    "encoded_by", "state", "failure", "signer", "digitalsourcetype", "lyrics", "grouping", "subtitle",
])  # fmt: skip


def field_role(tag: str) -> str | None:
    """What a metadata field speaks of: author, rights, source, title, licence; None for free text; "" to ignore."""
    name = tag.lower()
    if name.startswith(("meta:", "jsonld:", "link:", "microdata:", "rdfa:")):
        return name.split(":")[1]
    if name in _IGNORED or name.startswith("datamining"):
        return ""
    return _ROLE_OF.get(name) or _ROLE_OF.get(name.split(":")[-1])


def from_fields(fields: Iterable[Field], *, visible: bool) -> Iterator[Unit]:
    """The units of embedded or machine-readable fields; locators are their tags."""
    fields = tuple(fields)
    states = [f.value for f in fields if (f.where, f.tag) == ("c2pa", "state")]
    for item in fields:
        role = field_role(item.tag)
        if role == "":
            continue
        state = states[0] if item.where == "c2pa" and states else None
        text = item.value[:MAX_UNIT]
        spans = [(0, len(text))] if role else list(sentences(text))
        for a, b in spans:
            if text[a:b].strip():
                line = text[a:b].replace("\n", " ")
                yield Unit(item.where, item.tag, line, hint=role, visible=visible, tag=item.tag, c2pa_state=state)
