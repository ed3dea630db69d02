"""Links of a post: what they lead to, what a reader sees of them, and how they relate to the registered addresses.

They are taken out of the text of a unit: HTML links, Markdown links, addresses in running text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from .lookalikes import is_lookalike
from .model import UrlMatch
from .segmentation import Unit
from .urls import MAX_URL, SCHEME, Address, normalise, site

# What may stand in an address written in running text; Han, kana and Hangul end it, so do full-width signs.
_BODY = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%|À-ɏͰ-ϿЀ-ԯא-ת\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff]"
_PLAIN = re.compile(f"{_BODY}+")
_HOST = r"(?:[A-Za-z0-9À-ɏͰ-ϿЀ-ԯ](?:[A-Za-z0-9À-ɏͰ-ϿЀ-ԯ_-]{0,62})\.){1,8}(?:[A-Za-z]{2,24}|xn--[a-z0-9-]{2,59})"
_IN_TEXT = re.compile(
    rf"(?:https?|ftp)://{_BODY}{{1,{MAX_URL}}}|(?<![\w@.])(?:www\.)?{_HOST}(?::\d{{2,5}})?(?:/{_BODY}{{0,{MAX_URL}}})?(?![A-Za-z0-9@])",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(r"\[([^\[\]\n]{0,300})\]\(\s*<?([^\s()<>]{1,2048})>?(?:\s+\"[^\"\n]{0,200}\")?\s*\)")
_SHORTENERS = frozenset([
    "bit.ly", "t.co", "t.cn", "tinyurl.com", "goo.gl", "ow.ly", "is.gd", "buff.ly", "lnkd.in", "url.cn", "dwz.cn",
    "suo.im", "rebrand.ly", "cutt.ly", "shorturl.at", "fb.me", "wp.me", "tiny.cc", "v.gd", "j.mp",
    "rb.gy", "s.id", "linktr.ee", "lnk.bio", "dlvr.it", "trib.al", "b23.tv",
])  # fmt: skip
_MAX_SHOWN = 300  # code points of what a reader sees of a link
_MAX_CUTS = 20  # signs at which the end of an address in running text is tried
_SIGN = re.compile(r"[,;()\[\]|!'\"]")
_GLUED_LICENCE = re.compile(r"/(?=(?:cc|©)(?:[^a-z]|$)|cc[- ]?(?:by|0))", re.IGNORECASE)  # .../77/CC BY 4.0
# Shorteners that a platform puts in by itself: the visible address of such a link is not the poster's doing.
_AUTOMATIC = frozenset(["t.co", "t.cn", "lnkd.in", "url.cn"])

_DOTTED = re.compile(r"\.[a-z]|://", re.IGNORECASE)  # every address holds one of these, most sentences none
# Full-width signs as half-width ones, one code point for one, so that positions hold; but full-width punctuation ends
# an address, while half-width punctuation may belong to it.
_HALF_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94) if chr(0xFF01 + i) not in "，；！？（）"}


@dataclass(frozen=True, slots=True)
class Link:
    """An address found in a post: what it leads to, what a reader sees of it, and how it relates to the work."""

    href: str
    shown: str
    match: UrlMatch
    home: bool = False
    deceptive: bool = False


def _strip_tail(url: str) -> str:
    """Without the punctuation that ends the sentence around an address."""
    while url:
        last = url[-1]
        if last in ".,;:!?'\"|*_([" or (last in ")]" and url.count("(["[last == "]"]) < url.count(last)):
            url = url[:-1]
        else:
            break
    return url


class RegisteredAddresses:
    """The registered addresses of one work."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.addresses = [address for address in map(normalise, urls) if address is not None]
        self.keys = {address.key for address in self.addresses}
        self.literals = _literals(urls)

    def match(self, url: str) -> tuple[UrlMatch, bool]:
        """How an address relates to the registered ones, and whether it is only the home page of the same host."""
        address = normalise(url)
        if address is None:
            return "unresolvable", False
        if any(is_lookalike(address, a) for a in self.addresses):
            return "lookalike", False
        if address.key in self.keys:
            return "exact", False
        if address.host in _SHORTENERS:
            return "unresolvable", False
        for registered in self.addresses:
            if self._on_site(address, registered):
                return "same_site", address.is_home and address.host == registered.host
        return "other_site", False

    def shortest(self, found: str) -> tuple[str, UrlMatch, bool]:
        """An address of running text, cut at a sign where only its beginning is a registered one: ``/77,CC BY``."""
        match, home = self.match(found)
        if match != "exact":
            signs = (*islice(_SIGN.finditer(found, len("https://")), _MAX_CUTS), *_GLUED_LICENCE.finditer(found))
            for sign in signs:
                if self.match(found[: sign.start()])[0] == "exact":
                    return found[: sign.start()], "exact", False
        return found, match, home

    def link(self, href: str, shown: str) -> Link:
        """A link with the text a reader sees. Deceptive: the text is an address, and the link leads elsewhere."""
        match, home = self.match(href)
        deceptive = self._is_deceptive(href, _strip_tail(shown.strip()))
        return Link(href[:MAX_URL], shown[:_MAX_SHOWN], match, home, deceptive)

    def _is_deceptive(self, href: str, shown: str) -> bool:
        """Whether a shown text is an address on a registered site, and the link leads elsewhere."""
        seen = normalise(shown) if _IN_TEXT.fullmatch(shown) else None
        if seen is None:
            return False
        real = normalise(href)
        if real is not None and (_agrees(seen, real) or real.host in _AUTOMATIC):
            return False
        return any(self._on_site(seen, registered) for registered in self.addresses)

    @staticmethod
    def _on_site(address: Address, registered: Address) -> bool:
        return address.host == registered.host or site(address.host) == site(registered.host)


def _literals(urls: Sequence[str]) -> list[str]:
    """Addresses, without schemes, that have letters which end others in running text, such as Han in the path."""
    given = [url.strip() for url in urls]
    odd = [SCHEME.sub("", url) for url in given if url and not _PLAIN.fullmatch(url)]
    return [url for url in odd if url]


def _spans_of(literals: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """Where addresses of `_literals` stand, with the scheme if there is one; of two that overlap the first counts."""
    found = []
    for order, literal in enumerate(literals):
        at = text.find(literal)
        while at >= 0:
            scheme = next((s for s in ("https://", "http://") if text[max(0, at - len(s)) : at] == s), "")
            found.append((at - len(scheme), order, at + len(literal)))
            at = text.find(literal, at + 1)
    free = 0
    for start, _, end in sorted(found):
        if start >= free:
            yield start, end
            free = end


def _agrees(seen: Address, real: Address) -> bool:
    """A shortened display (``site.org/long-pa...``) of the same place is honest."""
    if seen.host != real.host:
        return False
    path = seen.path.rstrip(".")
    return real.path.startswith(path.removesuffix("...").removesuffix("%E2%80%A6")) or seen.path == real.path


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
    return _split_at(unit.text, spots)


def _html_links(unit: Unit, registered: RegisteredAddresses) -> Iterator[_Spot]:
    for start, end, href in unit.links:
        text = unit.text[start:end]
        inside = _IN_TEXT.search(text)
        shown = _strip_tail(inside[0]) if inside else text
        yield _Spot(start, end, registered.link(href, shown), inside is None or shown != text.strip())


def _markdown_links(text: str, registered: RegisteredAddresses) -> Iterator[_Spot]:
    """``[text](address)``: the text stays where it is no address."""
    for match in _MARKDOWN.finditer(text) if "](" in text else ():
        link = registered.link(match[2], match[1])
        if _IN_TEXT.fullmatch(_strip_tail(match[1].strip())):
            yield _Spot(match.start(), match.end(), link)
        else:
            yield _Spot(match.start(), match.start() + 1, None)
            yield _Spot(match.end(1), match.end(), link)


def _literal_addresses(text: str, registered: RegisteredAddresses, taken: list[_Spot]) -> Iterator[_Spot]:
    """Registered addresses with letters that end other addresses in running text."""
    for start, end in _spans_of(registered.literals, text):
        if not any(spot.overlaps(start, end) for spot in taken):
            found = text[start:end]
            relation, home = registered.match(found)
            yield _Spot(start, end, Link(found, found, relation, home))


def _plain_addresses(text: str, registered: RegisteredAddresses, taken: list[_Spot]) -> Iterator[_Spot]:
    if "." not in text and "．" not in text:
        return
    plain = text.translate(_HALF_WIDTH)
    for match in _IN_TEXT.finditer(plain) if _DOTTED.search(plain) else ():
        start, found = match.start(), _strip_tail(match[0])
        if "." in found and not any(spot.overlaps(start, start + len(found)) for spot in taken):
            found, relation, home = registered.shortest(found)
            yield _Spot(start, start + len(found), Link(found, found, relation, home))


def _split_at(text: str, spots: list[_Spot]) -> SplitText:
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
