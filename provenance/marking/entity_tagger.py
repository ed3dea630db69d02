"""Named-entity tagging: the names, title, addresses and identifiers of one work, found in the units of one post."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import licences
from .entities import PLACEHOLDERS, Entity, EntityKind, TaggedUnit
from .lexicon import Lexicon
from .links import Link, RegisteredAddresses, split_addresses
from .model import Party, Post, Work
from .name_boundaries import HOLE, NameBoundaries, ends_with
from .name_patterns import Name, name_pattern
from .normalization import DENSE, HANGUL, clean, fold, fold_name, lower
from .segmentation import Unit
from .spaced_out import Handle, SpacedOut, identifier_pattern

_MAX_ENTITIES = 200  # of one unit; what has more is a list of names, not a credit
_MAX_ALIASES = 64
_MAX_IDENTIFIERS = 64
_ARTICLE = re.compile(
    r"(?:the|die|der|das|les?|la|el|los|las)\s+(?=\S+\s+\S)", re.IGNORECASE
)  # before two words or more
_MIN_TITLE = 2  # letters of a title that is looked for

# Of two entities that begin at one place and are of one length, the first of these is taken.
_PRECEDENCE: dict[EntityKind, int] = {
    "identifier": 0, "both": 1, "owner": 2, "source": 3, "handle": 4, "title": 5, "licence": 6, "account": 7, "link": 8,
}  # fmt: skip

_PERSON = re.compile(r"[^\W\d_]+(?:[ '’-]+[^\W\d_]+){1,3}")  # letters of two to four words


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What is looked for, and what it is when it is found.

    Attributes:
        unspaced: written in a script without spaces between words, or in Hangul.
        whole: counts only where it is no part of a longer name.
    """

    pattern: Name | Handle
    kind: EntityKind
    party: Party
    unspaced: bool = False
    whole: bool = False


_Spot = tuple[int, int, Entity]  # start and end in the normalized text


class EntityTagger:
    """Finds one work's entities in the units of one post.

    Attributes:
        owner_is_source: the owner is registered as the source, too: one credit names both.
        organisation: the owner is a newspaper, a station, a company: its own staff may be named as authors.
        account_is_owner: the posting account is the owner or the source.
    """

    def __init__(self, work: Work, post: Post, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.registered = RegisteredAddresses(work.source_urls)
        names = [n for n in (*work.owner_aliases[:_MAX_ALIASES], work.owner) if fold_name(n)]
        owners = {fold_name(n) for n in names}
        source, account = fold_name(work.source_name or ""), fold_name(post.account or "")
        self.owner_is_source = bool(source) and source in owners
        self.organisation = self.owner_is_source or ends_with(fold(work.owner).strip(), lexicon.organisations)
        self.account_is_owner = bool(account) and (account in owners or account == source)
        patterns = [*_owner_patterns(work, names, source, post.lang)]
        if not self.organisation:
            for short in dict.fromkeys(filter(None, map(_initialled, names))):
                patterns += _name(short, "owner", "alias", post.lang)
        if not self.owner_is_source:
            patterns += _name(work.source_name or "", "source", "source", post.lang)
        if not self.account_is_owner:
            patterns += _name(post.account or "", "account", "self", post.lang)
        patterns += _work_patterns(work)
        self._patterns = patterns
        self._identifiers = [p.pattern for p in patterns if isinstance(p.pattern, SpacedOut) and p.kind == "identifier"]
        self._boundaries = NameBoundaries(
            lexicon, [p.pattern for p in patterns], [p.pattern for p in patterns if p.whole]
        )

    def tag(self, unit: Unit) -> TaggedUnit:
        """Replace the entities of a unit by their placeholders."""
        addresses = split_addresses(unit, self.registered)
        cased = HOLE.join(clean(p) for p in addresses.pieces)
        low = lower(cased)
        size = max(1, len(low))
        spots: list[_Spot] = []
        holes = [i for i, c in enumerate(low) if c == HOLE] if addresses.links else []
        for position, link in zip(holes, addresses.links, strict=True):
            spots.append((position, position + 1, self._link_entity(link, position / size)))
        for (a, b), licence in licences.find(low):
            spots.append((a, b, Entity("licence", a / size, licence=licence)))
        for known in self._patterns:
            for a, b in known.pattern.spans(low):
                if not known.whole or self._boundaries.is_whole(low, cased, (a, b), unspaced=known.unspaced):
                    spots.append((a, b, Entity(known.kind, a / size, known.party)))
        return _replace(unit, low, cased, spots)

    def _link_entity(self, link: Link, offset: float) -> Entity:
        """A link is a licence (its deed), a registered identifier that is written as an address, or a link."""
        deed = licences.from_url(link.href)
        if deed is not None:
            return Entity("licence", offset, link=link, licence=deed)
        if link.match not in ("exact", "lookalike") and any(p.is_in(fold(link.href)) for p in self._identifiers):
            return Entity("identifier", offset, link=link)
        return Entity("link", offset, link=link)


def _owner_patterns(work: Work, names: list[str], source: str, lang: str | None) -> Iterator[_Pattern]:
    """The owner's names; the one under which the owner is the source names both."""
    for name in dict.fromkeys(names):
        key = fold_name(name)
        party: Party = "owner" if key == fold_name(work.owner) else "alias"
        if party == "alias" and not same_script(name, work.owner):
            party = "transliteration"
        yield from _name(name, "both" if key == source else "owner", party, lang)


def _initialled(name: str) -> str | None:
    """A person's name with the first name as its initial: by-lines have it so. None for what is no such name."""
    first, _, rest = name.strip().partition(" ")
    if not (first.isalpha() and first[0].isupper() and len(first) > 1 and rest.strip()):
        return None
    return f"{first[0]}. {rest.strip()}" if _PERSON.fullmatch(name.strip()) else None


def _name(name: str, kind: EntityKind, party: Party, lang: str | None, *, whole: bool = True) -> Iterator[_Pattern]:
    article = _ARTICLE.match(name) if whole else None
    for each in (name, name[article.end() :]) if article else (name,):
        pattern = name_pattern(each, lang)
        if pattern is not None:
            unspaced = re.search(f"[{DENSE}{HANGUL}]", fold(each)) is not None
            yield _Pattern(pattern, kind, party, unspaced, whole)


def _work_patterns(work: Work) -> Iterator[_Pattern]:
    """Title, handle and identifiers."""
    if len(fold_name(work.title)) >= _MIN_TITLE:
        yield from _name(work.title, "title", "other", None, whole=False)
    handle = fold(work.source_handle).strip(" @") if work.source_handle else ""
    if handle:
        yield _Pattern(Handle(handle), "handle", "source")
    for identifier in work.identifiers[:_MAX_IDENTIFIERS]:
        found = identifier_pattern(identifier)
        if found is not None:
            yield _Pattern(found, "identifier", "other")


def same_script(a: str, b: str) -> bool:
    """Whether two names are both in Latin letters or both not."""
    return (re.search("[A-Za-z]", a) is None) == (re.search("[A-Za-z]", b) is None)


def _replace(unit: Unit, low: str, cased: str, spots: list[_Spot]) -> TaggedUnit:
    """Leftmost and longest entities as placeholders; none overlaps another."""
    spots.sort(key=lambda s: (s[0], s[0] - s[1], _PRECEDENCE[s[2].kind]))
    entities: list[Entity] = []
    out_low, out_cased, at = [], [], 0
    for a, b, entity in spots:
        if a < at or len(entities) >= _MAX_ENTITIES:
            continue
        out_low += [low[at:a], PLACEHOLDERS[entity.kind]]
        out_cased += [cased[at:a], PLACEHOLDERS[entity.kind]]
        entities.append(entity)
        at = b
    out_low.append(low[at:])
    out_cased.append(cased[at:])
    return TaggedUnit(unit, "".join(out_low).replace(HOLE, " "), "".join(out_cased).replace(HOLE, " "), tuple(entities))
