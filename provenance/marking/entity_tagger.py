"""A unit of a post with everything known about the work replaced by one-character marks.

What is left between the marks is what has to be understood as language: labels, connectors, prose. The patterns of
`provenance.marking.credit_reader` then work on short strings of marks and words, in any language.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

from . import licences, urls
from .lexicon import Lexicon
from .licences import Licence
from .model import Party, Post, Work
from .normalization import ALPHA, DENSE, HANGUL, clean, fold, fold_name, lower, name_pattern
from .phrase_matcher import squeezed
from .segmentation import Unit, split_addresses

Kind = Literal["owner", "source", "both", "title", "account", "handle", "identifier", "licence", "link"]
OWNER, SOURCE, BOTH, TITLE, ACCOUNT, HANDLE, IDENTIFIER, LICENCE, LINK = (chr(0xE000 + i) for i in range(9))
_MARK: dict[Kind, str] = {
    "owner": OWNER, "source": SOURCE, "both": BOTH, "title": TITLE, "account": ACCOUNT, "handle": HANDLE,
    "identifier": IDENTIFIER, "licence": LICENCE, "link": LINK,
}  # fmt: skip
NAMES = f"{OWNER}{SOURCE}{BOTH}{ACCOUNT}"
ANY_MARK = "[\ue000-\ue008]"
_MARKS = re.compile(ANY_MARK)
_HOLE = "\ue0ff"
_MOST = 200  # marks of one unit; what has more is a list of names, not a credit


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing found: what it is, who it names, where in the unit (0..1)."""

    kind: Kind
    share: float
    party: Party | None = None
    link: urls.Link | None = None
    licence: Licence | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A unit as marks and words. ``low`` and ``cased`` have the same length; ``marks`` are in order of appearance."""

    unit: Unit
    low: str
    cased: str
    marks: tuple[Mark, ...]

    def at(self, position: int) -> Mark:
        """The mark at a position of ``low``."""
        return self.marks[len(_MARKS.findall(self.low, 0, position))]

    def has(self, *kinds: Kind) -> bool:
        return any(m.kind in kinds for m in self.marks)

    def share(self, position: int) -> float:
        return position / max(1, len(self.low))


@dataclass(frozen=True, slots=True)
class _Name:
    pattern: re.Pattern[str]
    kind: Kind
    party: Party
    dense: bool
    bounded: bool = True


class Marker:
    """Finds one work's names, titles, addresses and identifiers in the units of one post."""

    def __init__(self, work: Work, post: Post, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.registered = urls.Registered(work.source_urls)
        lang = post.lang
        self._names: list[_Name] = []
        names = [n for n in (*work.owner_aliases[:64], work.owner) if fold_name(n)]
        owners = {fold_name(n) for n in names}
        source = fold_name(work.source_name) if work.source_name else ""
        self.owner_is_source = bool(source) and source in owners
        self.organisation = self.owner_is_source or _ends_with(fold(work.owner).strip(), lexicon.organisations)
        for name in dict.fromkeys(names):
            key = fold_name(name)
            party: Party = "owner" if key == fold_name(work.owner) else "alias"
            if party == "alias" and not same_script(name, work.owner):
                party = "transliteration"
            self._add(name, "both" if key == source else "owner", party, lang)
        if work.source_name and source not in owners:
            kind: Kind = "source"
            self._add(work.source_name, kind, "source", lang)
        account = fold_name(post.account) if post.account else ""
        self.account_is_owner = bool(account) and (account in owners or account == source)
        if post.account and account and not self.account_is_owner:
            self._add(post.account, "account", "self", lang)
        if len(fold_name(work.title)) >= 2:
            self._add(work.title, "title", "other", None, bounded=False)
        if work.source_handle and fold(work.source_handle).strip(" @"):
            handle = re.escape(fold(work.source_handle).strip(" @"))
            self._names.append(
                _Name(re.compile(rf"(?<![a-z0-9_.-])@?{handle}(?![a-z0-9_-])"), "handle", "source", False, False)
            )
        for identifier in work.identifiers[:64]:
            pattern = _identifier_pattern(identifier)
            if pattern:
                self._names.append(_Name(pattern, "identifier", "other", False, False))

    def _add(self, name: str, kind: Kind, party: Party, lang: str | None, *, bounded: bool = True) -> None:
        pattern = name_pattern(name, lang)
        if pattern is not None:
            dense = re.search(f"[{DENSE}{HANGUL}]", fold(name)) is not None
            self._names.append(_Name(pattern, kind, party, dense, bounded))

    def mark(self, unit: Unit) -> Marked:
        """Replace what is known in a unit by marks."""
        addresses = split_addresses(unit, self.registered)
        cased = _HOLE.join(clean(p) for p in addresses.pieces)
        low = lower(cased)
        spots: list[tuple[int, int, Mark]] = []
        size = max(1, len(low))
        holes = [i for i, c in enumerate(low) if c == _HOLE] if addresses.links else []
        for position, link in zip(holes, addresses.links, strict=True):
            deed = licences.from_url(link.href)
            identifier = next(
                (n for n in self._names if n.kind == "identifier" and n.pattern.search(fold(link.href))), None
            )
            if deed is not None:
                spots.append((position, position + 1, Mark("licence", position / size, link=link, licence=deed)))
            elif identifier is not None and link.match not in ("exact", "lookalike"):
                spots.append((position, position + 1, Mark("identifier", position / size, link=link)))
            else:
                spots.append((position, position + 1, Mark("link", position / size, link=link)))
        for (a, b), licence in licences.find(low):
            spots.append((a, b, Mark("licence", a / size, licence=licence)))
        for name in self._names:
            for match in name.pattern.finditer(low):
                a, b = match.span()
                if a < b and (not name.bounded or self._whole(low, cased, a, b, name.dense)):
                    spots.append((a, b, Mark(name.kind, a / size, name.party)))
        return _replace(unit, low, cased, spots)

    def _whole(self, low: str, cased: str, a: int, b: int, dense: bool) -> bool:
        """Whether a name stands there by itself and is not a part of a longer name."""
        left, right = low[a - 1 : a], low[b : b + 1]
        if dense:
            return self._left_dense(low, a, left) and self._right_dense(low, b, right)
        if left and re.match(ALPHA, left) and not _ARABIC_PREFIX.search(low[max(0, a - 3) : a]):
            return False
        if right and re.match(ALPHA, right):
            return False
        if (right == "-" and re.match(ALPHA, low[b + 1 : b + 2])) or (
            left == "-" and re.match(ALPHA, low[a - 2 : a - 1])
        ):
            return False
        if left == "@" or (left == "#" and right and re.match(r"\w", right)):
            return low[a] == "@" or left == "#" or (b - a >= 6 and not re.match(r"[\w.-]\w", low[b : b + 2]))
        return not self._longer(low, cased, a, b)

    def _longer(self, low: str, cased: str, a: int, b: int) -> bool:
        """A capitalised neighbour that is no known word makes it another, longer name.

        Scripts without capitals: one more word between a label with a name and the end of the clause does.
        """
        if _UNCASED.match(low, a):
            label = squeezed(_CLAUSE_EDGE.split(low[max(0, a - 60) : a])[-1].strip(" :-"))
            labelled = label in self.lexicon.label.words and _LAST_WORD.match(low, b) is not None
            return labelled and not self._known(low, cased, b + 1)
        after = re.match(rf" ({_CAPITAL}[\w'.-]*)", cased[b : b + 40])
        if after and not self._known(low, cased, b + 1):
            return True
        before = re.search(rf"(?:^|[^\w.'-])({_CAPITAL}[\w'-]*\.?) $", cased[max(0, a - 40) : a])
        if not before:
            return False
        word = lower(before[1])
        initial = (
            re.search(r"(?:^|[.!?:;|>)(\"“-])\s*$", cased[max(0, a - 80) : max(0, a - 1 - len(before[1]))]) is not None
        )
        if word.strip(".") in self.lexicon.vocabulary or (initial and len(low) - b > 2):
            return False
        return not _ends_with(low[:a].rstrip(), self.lexicon.vocabulary)

    def _known(self, low: str, cased: str, start: int) -> bool:
        """Whether the capitalised word that begins here is no part of the name before it.

        It is another of the work's names, or a word of the lexicon that is used as one: a word that ends the clause is
        a surname (Vy Anh, though ảnh is a photo), but for labels that stand after names (Ruth Calder Photography).
        """
        word = self.lexicon.trailing.match(low, start)
        if word and self.lexicon.is_after(squeezed(word[0])):
            return True
        if word and not _ENDS.match(low, word.end()):
            filler = squeezed(word[0]) in self.lexicon.fillers
            return filler or _LEADS_ON.match(cased, word.end()) is not None
        return any(n.pattern.match(low, start) for n in self._names)

    def _left_dense(self, low: str, a: int, left: str) -> bool:
        if not left or not re.match(f"[{DENSE}{HANGUL}]", left):
            return True
        if re.match(f"[{HANGUL}]", left):
            return False
        return _ends_with(low[:a], self.lexicon.vocabulary) or self._ends_with_name(low, a)

    def _ends_with_name(self, low: str, a: int) -> bool:
        return any(m.end() == a for n in self._names if n.bounded for m in n.pattern.finditer(low, max(0, a - 40), a))

    def _right_dense(self, low: str, b: int, right: str) -> bool:
        if not right or not re.match(f"[{DENSE}{HANGUL}]", right):
            return True
        if re.match(f"[{HANGUL}]", right):
            word = re.match(f"[{HANGUL}]+", low[b : b + 12])
            return word is not None and word[0] in self.lexicon.follower_words
        tail = low[b : b + 8]
        following = [w for w in self.lexicon.follower_words if tail.startswith(w)]
        # one letter at the end of a clause is the last of a longer name, unless it is a label: 许望归来, but 许望归著
        last = (
            following == [tail[0]]
            and re.match(r"\s*(?:$|[。.,;|/\n])", tail[1:])
            and not self.lexicon.is_after(tail[0])
        )
        return (bool(following) and not last) or any(n.pattern.match(low, b) for n in self._names if n.bounded)


_ENDS = re.compile(r"\s*(?:$|[.,;|/()\n!?])")
_CAPITAL = "[A-ZА-ЯЁІЇЄΑ-Ω]"
_LEADS_ON = re.compile(rf"\s*[:=»>·-]|\s+(?:{_CAPITAL}|@|{ANY_MARK}|{_HOLE})")  # to a name, as labels do
_UNCASED = re.compile("[\u0590-\u0dff]")  # Hebrew, Arabic, the Indic scripts
_CLAUSE_EDGE = re.compile(r"[.;|/\n(]")
_LAST_WORD = re.compile(rf" [^\W\d_]+{_ENDS.pattern}")
# Prepositions and "and" written together with the word after them, in Arabic and Hebrew.
_ARABIC_PREFIX = re.compile(r"(?:^|[^\w])(?:[وبلفك]{1,2}|لل|[ושהכלבמ]{1,3}-?)$")


def _ends_with(text: str, words: Set[str]) -> bool:
    return any(text[-n:] in words and _edge(text, n) for n in range(1, min(16, len(text)) + 1))


def _edge(text: str, n: int) -> bool:
    """A suffix of the text of n code points begins a word (always, in Han and kana)."""
    return n == len(text) or not re.match(ALPHA, text[-n]) or not re.match(ALPHA, text[-n - 1])


def same_script(a: str, b: str) -> bool:
    """Whether two names are both in Latin letters or both not."""
    return (re.search("[A-Za-z]", a) is None) == (re.search("[A-Za-z]", b) is None)


def _identifier_pattern(identifier: str) -> re.Pattern[str] | None:
    """DOI, ISBN, ISRC, ISCC ... with or without prefix, hyphens and spaces."""
    text = re.sub(
        r"^(?:doi|isbn(?:-1[03])?|issn|isrc|iscc|urn)[:\s]+|^https?://(?:dx\.)?doi\.org/", "", fold(identifier).strip()
    )
    core = re.findall(r"[^\W_]", text)
    if len(core) < 6 or len(core) > 200:
        return None
    body = r"[\s\-–._/:]{0,2}".join(re.escape(c) for c in core)
    return re.compile(rf"(?<![a-z0-9]){body}(?![a-z0-9])")


def _replace(unit: Unit, low: str, cased: str, spots: list[tuple[int, int, Mark]]) -> Marked:
    spots.sort(key=lambda s: (s[0], s[0] - s[1], _ORDER[s[2].kind]))
    marks: list[Mark] = []
    out_low, out_cased, at = [], [], 0
    for a, b, mark in spots:
        if a < at or len(marks) >= _MOST:
            continue
        out_low += [low[at:a], _MARK[mark.kind]]
        out_cased += [cased[at:a], _MARK[mark.kind]]
        marks.append(mark)
        at = b
    out_low.append(low[at:])
    out_cased.append(cased[at:])
    return Marked(unit, "".join(out_low).replace(_HOLE, " "), "".join(out_cased).replace(_HOLE, " "), tuple(marks))


_ORDER: dict[Kind, int] = {
    "identifier": 0, "both": 1, "owner": 2, "source": 3, "handle": 4, "title": 5, "licence": 6, "account": 7, "link": 8,
}  # fmt: skip
