"""Where a label stands in a tagged unit, where the value that it labels begins, and how far its scope reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .entities import ANY_ENTITY, BOTH, IDENTIFIER, LINK, NAMES, OWNER, TITLE, TaggedUnit
from .lexicon import ALL_KINDS, Label, Lexicon, PhraseMatch
from .normalization import DENSE
from .person_names import NameClassifier

OPENING = "\"'“«‹「『《〈(（[*_#·<【"  # quotation marks, brackets and marks of emphasis before a name
_SEPARATOR = re.compile(
    rf"\s*(?:[:|=»→]+|/(?!/)|\s-\s|-(?={ANY_ENTITY})|[】\]」](?=\s*\S))\s*[:|/]?\s*|\s+(?=@)|\s*·\s*(?={ANY_ENTITY})"
)
_CONJUNCTION = re.compile(r"\s*[·/&+、]\s*|\s*(?:和|与|及|と)\s*|\s+(?:and|und|et|y|e|i|en|och|ve|va|dan|и|і|و)\s*")
_SCOPE_END = re.compile(r"[;。!?\n]|(?<![^\s]\w)\.(?=\s|$)|(?<=\w\w)\.(?=\s|$)|\.(?=\s*$)")
_LIST_END = re.compile(r"[,|/、]|\s{2,}")
_BY = frozenset(["by", "par", "von", "door", "por", "oleh", "av", "af"])
# "an essay by the Leeds carpenter X", and nothing more
_DESCRIBED_NAME = re.compile(rf" [^.,;:|/()\n\ue000-\ue0ff]{{1,40}} [{OWNER}{BOTH}](?=\s*[.!]?\s*$)")
_OPENING_RUN = re.compile(rf"[\s{re.escape(OPENING)}]*")
_VALUE = re.compile(f"[{NAMES}{TITLE}{LINK}{IDENTIFIER}]")
_YEARS = re.compile(r"\s*(?:[(\[]?(?:19|20)\d\d(?:\s*[-,]\s*(?:19|20)?\d\d)?[)\]]?年?)?\s*")
_DENSE = re.compile(f"[{DENSE}]")
CREDIT_ROLES = ("author", "source", "rights")
MAX_LABELS = 1000  # at either end of a text
_MAX_CONJUNCTIONS = 3  # labels joined to one: "text, photos and design: X"
_MAX_CONNECTORS = 6  # words between a label and its value: "by the great novelist X"


@dataclass(frozen=True, slots=True)
class LabelScope:
    """A label and what it speaks of: from ``start`` over ``value``, where its value begins, to ``end``.

    ``separated``: a colon or another sign stands between the label and its value.
    """

    start: int
    value: int
    end: int
    label: Label
    separated: bool


def _outermost(matches: list[PhraseMatch]) -> list[PhraseMatch]:
    """The first and last labels of a text: credits stand at its ends, and nobody writes thousands of them."""
    return matches if len(matches) <= 2 * MAX_LABELS else matches[:MAX_LABELS] + matches[-MAX_LABELS:]


class LabelScopeFinder:
    """Finds the scopes of the labels of a unit, in a post of a language."""

    def __init__(self, lexicon: Lexicon, lang: str | None) -> None:
        self.lexicon, self.lang = lexicon, lang
        self.names = NameClassifier(lexicon)

    def find(self, tagged: TaggedUnit, labels: list[PhraseMatch]) -> Iterator[LabelScope]:
        """The scopes of a unit in order, that of its markup's role first; none overlaps another."""
        low, hint = tagged.low, tagged.unit.hint
        spots: list[LabelScope] = []  # each to the end of the unit
        if hint in CREDIT_ROLES:
            spots.append(LabelScope(0, 0, len(low), Label(hint, ALL_KINDS, True), True))
        for match in _outermost(labels):
            spot = self._label_and_value(tagged, match)
            if spot is not None and not (spots and spot.start < spots[-1].value):
                spots.append(spot)
        for i, spot in enumerate(spots):
            limit = max(spot.value, spots[i + 1].start) if i + 1 < len(spots) else len(low)
            stop = _SCOPE_END.search(low, spot.value, limit)
            end = stop.start() if stop else limit
            if spot.label.role in ("translator", "editor", "cover"):
                cut = _LIST_END.search(low, spot.value, end)
                end = cut.start() if cut else end
            yield LabelScope(spot.start, spot.value, max(end, spot.value), spot.label, spot.separated)

    def _label_and_value(self, tagged: TaggedUnit, match: PhraseMatch) -> LabelScope | None:
        """A label with the place of its value; None where it labels nothing."""
        low = tagged.low
        start, end, phrase = match
        label = self.lexicon.prefix_label(phrase, self.lang)
        previous = low[start - 1 : start]
        dense = _DENSE.search(phrase) is not None
        if dense and len(phrase) == 1 and previous and _DENSE.match(previous):
            return None  # the last letter of a longer word
        label, end, joined = self._conjoined(low, end, label)
        years = _YEARS.match(low, end)
        after = years.end() if years and label.role == "rights" else end
        separator = _SEPARATOR.match(low, after)
        if separator and separator.end() > after and (separator[0].strip() or joined):
            if "/" in separator[0] and previous and not re.match(r"[\s\W_]", previous):
                return None
            return LabelScope(start, separator.end(), len(low), label, True)
        value = self._unseparated_value(tagged, start, after, label, phrase)
        return None if value is None else LabelScope(start, value, len(low), label, False)

    def _conjoined(self, low: str, end: int, label: Label) -> tuple[Label, int, bool]:
        """A label with those that conjunctions join to it ("text and photos"), its end, and whether there are any."""
        role, kinds, joined = label.role, label.kinds, False
        for _ in range(_MAX_CONJUNCTIONS):
            conjunction = _CONJUNCTION.match(low, end)
            following = self.lexicon.match_prefix_label(low, conjunction.end(), self.lang) if conjunction else None
            if following is None or following[1].role in ("none", "cover"):
                break
            label_end, other = following
            if other.role in CREDIT_ROLES or role in CREDIT_ROLES:
                kinds = kinds | other.kinds
                role = role if role in CREDIT_ROLES else other.role
            end, joined = label_end, True
        return (Label(role, kinds, label.strong) if joined else label), end, joined

    def _unseparated_value(self, tagged: TaggedUnit, start: int, after: int, label: Label, phrase: str) -> int | None:
        """Where the value of a label begins that nothing separates from it; None where there is none."""
        low = tagged.low
        entity = self._entity_after(low, after) if tagged.entities else None
        if entity is not None:
            return entity
        if label.strong and label.role == "author" and phrase.rpartition(" ")[2] in _BY:
            described = _DESCRIBED_NAME.match(low, after)
            if described:
                return described.end() - 1
        if label.role in ("none", "cover") and low[after : after + 1] in " ":
            return after
        sure = label.strong or (label.role in ("translator", "editor") and not _DENSE.search(phrase))
        if sure and self.names.name_after_label(tagged.cased, low, start, after) is not None:
            return after
        return None

    def _entity_after(self, low: str, position: int) -> int | None:
        """Where the entity stands that a label points to, over connectors, honorifics and opening quotes."""
        for _ in range(_MAX_CONNECTORS):
            opening = _OPENING_RUN.match(low, position)
            position = opening.end() if opening else position
            if _VALUE.match(low, position):
                return position
            word = self.lexicon.connector.match(low, position)
            if word is None or word.end() == position:
                return None
            position = word.end()
        return None
