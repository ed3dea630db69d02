"""Credits by labels that stand after names: ``X 著``, ``X reports``, ``X/文``."""

from __future__ import annotations

import re

from .credit_model import UnitReading, credited_role
from .entities import ACCOUNT
from .lexicon import ALL_KINDS, Label, Lexicon
from .normalization import DENSE, HANGUL
from .person_names import QUOTES, NameClassifier

_TIME = r"(?:\s+(?:on )?\w+day|\s+yesterday|\s+today|\s+earlier(?: this week)?|\s+(?:last|this) \w+)?"
_BEFORE_SPEECH = re.compile(rf"{_TIME}\s*(?:[:,\"“«„「(]|$|that\b)")
_REPORTED_BY = re.compile(rf"据([{DENSE}]{{2,12}}?)(?:报道|报导|消息|讯)")
_CLOSING = re.compile(r"[\s/,·|(\"'”»」』*_-]{0,4}")
_CLAUSE = re.compile(r"[^;,。!?\n|]+")
_NAME_AND_LABEL = re.compile(rf"([{DENSE}{HANGUL}·]{{2,12}})(?:\s*/\s*|\s+)([^\s/]{{1,6}})")
_DENSE = re.compile(f"[{DENSE}]")
_MAX_TOPIC_DISTANCE = 12  # code points from a label to the topic that it belongs to
_MAX_PERSON = 4  # characters of a name that needs no stroke before its label


class SuffixLabelReader:
    """Reads the labels after names in the units of a post of a language."""

    def __init__(self, lexicon: Lexicon, lang: str | None) -> None:
        self.lexicon, self.lang = lexicon, lang
        self.names = NameClassifier(lexicon)

    def read(self, reading: UnitReading) -> None:
        """Add the credits of the labels after the work's names that are not settled yet."""
        for i in reading.names_in(0, len(reading.tagged.low)):
            if i not in reading.settled:
                self._read_name(reading, i)

    def _read_name(self, reading: UnitReading, i: int) -> None:
        low = reading.tagged.low
        is_account = low[i] == ACCOUNT
        found = self._label_after(low, i + 1)
        if found is None:
            return
        end, label = found
        if label.role in ("editor", "translator", "none"):
            if is_account:
                return
        elif not self._is_credit(reading, label, end) or (is_account and label.role == "source"):
            return
        reading.credit_name(i, credited_role(label), label.kinds)
        reading.settled.add(i)

    def _is_credit(self, reading: UnitReading, label: Label, end: int) -> bool:
        tagged = reading.tagged
        spoken = _BEFORE_SPEECH.match(tagged.low, end) is not None
        if label.speech and not spoken and not tagged.has("link", "title", "source"):
            return False
        if reading.doubted:
            return False
        # "the writer X at the book fair"
        topical = any(0 <= start - end <= _MAX_TOPIC_DISTANCE for start, _ in reading.phrases.get("topic", ()))
        return not topical or tagged.has("link", "title")

    def _label_after(self, low: str, position: int) -> tuple[int, Label] | None:
        """The label after a name and the signs that close it, the farthest first: its end and what it means."""
        closing = _CLOSING.match(low, position)
        for start in range(closing.end() if closing else position, position - 1, -1):
            found = self.lexicon.match_suffix_label(low, start, self.lang)
            if found is not None:
                return found if self._is_whole(low, start, found[0]) else None
        return None

    def _is_whole(self, low: str, start: int, end: int) -> bool:
        """A one-letter Han label must not be the beginning of a longer word (文 of 文化)."""
        following = low[end : end + 1]
        if end - start > 1 or not following or not _DENSE.match(following):
            return True
        return self.lexicon.prefix_labels.match(low, end) is not None

    def read_other_names(self, reading: UnitReading) -> None:
        """Add the credits of other people: ``钱一帆/文``, ``高木 写真``, ``据新华社报道``."""
        low = reading.tagged.low
        reported = _REPORTED_BY.search(low)
        if reported and self.names.is_organisation(reported[1]) and not self.names.is_generic(reported[1]):
            reading.credit_other(reported.start(), Label("source", ALL_KINDS))
        for clause in _CLAUSE.finditer(low):
            label = self._clause_label(reading, clause)
            if label is not None:
                reading.credit_other(clause.start(), label)
                reading.consumed.append(clause.span())

    def _clause_label(self, reading: UnitReading, clause: re.Match[str]) -> Label | None:
        """The label of a short clause that is a name and a label after it; None for any other."""
        text = clause[0].strip(QUOTES)
        parts = _NAME_AND_LABEL.fullmatch(text)
        if not parts or self.lexicon.filler.is_word(parts[1]):
            return None
        if any(a <= clause.start() < b for a, b in reading.consumed):
            return None
        label = self.lexicon.suffix_label(parts[2], self.lang)
        if label is None or label.role != "author" or self.names.is_generic(parts[1]):
            return None
        return label if len(parts[1]) <= _MAX_PERSON or "/" in text else None
