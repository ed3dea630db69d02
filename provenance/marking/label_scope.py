"""Where a label stands in a marked unit, where what it labels begins, and how far it reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .entity_tagger import ANY_MARK, BOTH, IDENTIFIER, LINK, NAMES, OWNER, TITLE, Marked
from .lexicon import ANY, Hit, Label, Lexicon
from .normalization import DENSE
from .person_names import Names
from .phrase_matcher import squeezed

OPEN = "\"'“«‹「『《〈(（[*_#·<【"
_SEPARATOR = re.compile(
    rf"\s*(?:[:|=»→]+|/(?!/)|\s-\s|-(?={ANY_MARK})|[】\]」](?=\s*\S))\s*[:|/]?\s*|\s+(?=@)|\s*·\s*(?={ANY_MARK})"
)
_JOIN = re.compile(r"\s*[·/&+、]\s*|\s*(?:和|与|及|と)\s*|\s+(?:and|und|et|y|e|i|en|och|ve|va|dan|и|і|و)\s*")
_STOP = re.compile(r"[;。!?\n]|(?<![^\s]\w)\.(?=\s|$)|(?<=\w\w)\.(?=\s|$)|\.(?=\s*$)")
_BY = frozenset(["by", "par", "von", "door", "por", "oleh", "av", "af"])
# "an essay by the Leeds carpenter X", and nothing more
_DESCRIBED = re.compile(rf" [^.,;:|/()\n\ue000-\ue0ff]{{1,40}} [{OWNER}{BOTH}](?=\s*[.!]?\s*$)")
_OPENING = re.compile(rf"[\s{re.escape(OPEN)}]*")
_TARGET = re.compile(f"[{NAMES}{TITLE}{LINK}{IDENTIFIER}]")
_YEARS = re.compile(r"\s*(?:[(\[]?(?:19|20)\d\d(?:\s*[-,]\s*(?:19|20)?\d\d)?[)\]]?年?)?\s*")
MOST_LABELS = 1000  # at either end of a text
_DENSE = re.compile(f"[{DENSE}]")


@dataclass(frozen=True, slots=True)
class Region:
    """From a label's start over the place where its value begins to the end of what it can speak of."""

    start: int
    value: int
    end: int
    label: Label
    separated: bool


def _outermost(matches: list[Hit]) -> list[Hit]:
    """The first and last labels of a text: credits stand at its ends, and nobody writes thousands of them."""
    return matches if len(matches) <= 2 * MOST_LABELS else matches[:MOST_LABELS] + matches[-MOST_LABELS:]


class Regions:
    """Finds the regions of units with the lexicon, in a post of a language."""

    def __init__(self, lexicon: Lexicon, lang: str | None) -> None:
        self.lexicon, self.lang = lexicon, lang
        self.names = Names(lexicon)

    def find(self, marked: Marked, labels: list[Hit]) -> Iterator[Region]:
        """The regions of a unit in order, the role of its markup first; none overlaps another."""
        low, hint = marked.low, marked.unit.hint
        spots: list[tuple[int, int, Label, bool]] = []
        if hint in ("author", "rights", "source"):
            spots.append((0, 0, Label(hint, ANY, True), True))
        for hit in _outermost(labels):
            spot = self._label(marked, hit)
            if spot is not None and not (spots and spot[0] < spots[-1][1]):
                spots.append(spot)
        for i, (start, value, label, separated) in enumerate(spots):
            limit = max(value, spots[i + 1][0]) if i + 1 < len(spots) else len(low)
            stop = _STOP.search(low, value, limit)
            end = stop.start() if stop else limit
            if label.role in ("translator", "editor", "cover"):
                cut = re.compile(r"[,|/、]|\s{2,}").search(low, value, end)
                end = cut.start() if cut else end
            yield Region(start, value, max(end, value), label, separated)

    def _label(self, marked: Marked, hit: Hit) -> tuple[int, int, Label, bool] | None:
        low = marked.low
        start, end, key = hit
        label = self.lexicon.before(key, self.lang)
        previous = low[start - 1 : start]
        dense = _DENSE.search(key) is not None
        if dense and len(key) == 1 and previous and _DENSE.match(previous):
            return None
        scope, role, strong = label.scope, label.role, label.strong
        joined = False
        for _ in range(3):
            join = _JOIN.match(low, end)
            nxt = self.lexicon.label.match(low, join.end()) if join else None
            if nxt is None or self.lexicon.before(squeezed(nxt[0]), self.lang).role in ("none", "cover"):
                break
            other = self.lexicon.before(squeezed(nxt[0]), self.lang)
            if other.role in ("author", "source", "rights") or role in ("author", "source", "rights"):
                scope = scope | other.scope
                role = role if role in ("author", "source", "rights") else other.role
            end, joined = nxt.end(), True
        label = Label(role, scope, strong)
        years = _YEARS.match(low, end)
        after = years.end() if years and role == "rights" else end
        separator = _SEPARATOR.match(low, after)
        if separator and separator.end() > after:
            if separator[0].strip() == "" and not joined:
                pass
            elif "/" in separator[0] and previous and not re.match(r"[\s\W_]", previous):
                return None
            else:
                return start, separator.end(), label, True
        glued = self._glue(low, after) if marked.marks else None
        if glued is not None:
            return start, glued, label, False
        if strong and role == "author" and key.rpartition(" ")[2] in _BY and _DESCRIBED.match(low, after):
            return start, _DESCRIBED.match(low, after).end() - 1, label, False  # type: ignore[union-attr]
        if role in ("none", "cover") and low[after : after + 1] in " ":
            return start, after, label, False
        sure = label.strong or (role in ("translator", "editor") and not dense)
        if sure and self.names.after_label(marked.cased, low, start, after) is not None:
            return start, after, label, False
        return None

    def _glue(self, low: str, position: int) -> int | None:
        """Where the mark stands that a label points to, over connectors, honorifics and opening quotes."""
        for _ in range(6):
            match = _OPENING.match(low, position)
            position = match.end() if match else position
            if _TARGET.match(low, position):
                return position
            word = self.lexicon.connector.match(low, position)
            if word is None or word.end() == position:
                return None
            position = word.end()
        return None
