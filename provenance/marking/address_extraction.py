"""The addresses of a unit, taken out of its text: HTML links, Markdown links, addresses in running text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .links import IN_TEXT, MARKDOWN, Link, RegisteredAddresses, strip_tail
from .segmentation import Unit

_DOTTED = re.compile(r"\.[a-z]|://", re.IGNORECASE)  # every address holds one of these, most sentences none
# Full-width signs as half-width ones, one code point for one, so that positions hold; but full-width punctuation ends
# an address, while half-width punctuation may belong to it.
_HALF_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94) if chr(0xFF01 + i) not in "，；！？（）"}


@dataclass(frozen=True, slots=True)
class SplitText:
    """The text of a unit in pieces between its addresses: piece, address, piece, address, ..., piece."""

    pieces: tuple[str, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class _Spot:
    """A stretch of text that holds an address; markup without one where ``link`` is None.

    ``text_stays``: it is the text of a link, which a reader sees and is no address itself.
    """

    start: int
    end: int
    link: Link | None
    text_stays: bool = False

    def overlaps(self, start: int, end: int) -> bool:
        return self.start < end and start < self.end


def split_addresses(unit: Unit, registered: RegisteredAddresses) -> SplitText:
    """Take the addresses out of a unit."""
    spots = [*_html_links(unit, registered), *_markdown_links(unit.text, registered)]
    spots += list(_literal_addresses(unit.text, registered, spots))
    spots += list(_plain_addresses(unit.text, registered, spots))
    spots.sort(key=lambda spot: (spot.start, spot.end))
    return _split(unit.text, spots)


def _html_links(unit: Unit, registered: RegisteredAddresses) -> Iterator[_Spot]:
    for start, end, href in unit.links:
        text = unit.text[start:end]
        inside = IN_TEXT.search(text)
        shown = strip_tail(inside[0]) if inside else text
        yield _Spot(start, end, registered.link(href, shown), inside is None or shown != text.strip())


def _markdown_links(text: str, registered: RegisteredAddresses) -> Iterator[_Spot]:
    """``[text](address)``: the text stays where it is no address."""
    for match in MARKDOWN.finditer(text) if "](" in text else ():
        link = registered.link(match[2], match[1])
        if IN_TEXT.fullmatch(strip_tail(match[1].strip())):
            yield _Spot(match.start(), match.end(), link)
        else:
            yield _Spot(match.start(), match.start() + 1, None)
            yield _Spot(match.end(1), match.end(), link)


def _literal_addresses(text: str, registered: RegisteredAddresses, taken: list[_Spot]) -> Iterator[_Spot]:
    """Registered addresses with letters that end other addresses in running text."""
    for match in registered.literal.finditer(text) if registered.literal else ():
        if not any(spot.overlaps(*match.span()) for spot in taken):
            relation, home = registered.match(match[0])
            yield _Spot(*match.span(), Link(match[0], match[0], relation, home))


def _plain_addresses(text: str, registered: RegisteredAddresses, taken: list[_Spot]) -> Iterator[_Spot]:
    if "." not in text and "．" not in text:
        return
    plain = text.translate(_HALF_WIDTH)
    for match in IN_TEXT.finditer(plain) if _DOTTED.search(plain) else ():
        start, found = match.start(), strip_tail(match[0])
        if "." in found and not any(spot.overlaps(start, start + len(found)) for spot in taken):
            found, relation, home = registered.shortest(found)
            yield _Spot(start, start + len(found), Link(found, found, relation, home))


def _split(text: str, spots: list[_Spot]) -> SplitText:
    """Cut a text at spots that are in order; of two that overlap the first counts."""
    pieces, links, at = [], [], 0
    piece = ""
    for spot in spots:
        if spot.start < at:
            continue
        if spot.link is None:
            piece += text[at : spot.start]
        else:
            pieces.append(piece + text[at : spot.end if spot.text_stays else spot.start])
            links.append(spot.link)
            piece = ""
        at = spot.end
    pieces.append(piece + text[at:])
    return SplitText(tuple(pieces), tuple(links))
