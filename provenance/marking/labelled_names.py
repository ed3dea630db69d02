"""Credits by labels: before names (``Photo: X``, ``by X``, ``文/X``) and after (``X 著``, ``X reports``, ``X/文``)."""

from __future__ import annotations

import re

from .credit_model import UnitReading, credited_role
from .entities import ACCOUNT, ANY_ENTITY, BOTH, LINK, OWNER, SOURCE, TITLE
from .label_scope import CREDIT_ROLES, OPENING, LabelScope, LabelScopeFinder
from .lexicon import ALL_KINDS, Label, Lexicon, PhraseMatch
from .normalization import DENSE, HANGUL, fold
from .person_names import QUOTES, NameClassifier

_ITEM = re.compile(
    r"\s*[,、/|(\[{<&+;·×]\s*|\s+-\s+|\s+(?:and|und|et|via|for|in|at|from|on|pour|chez|para|per|von|aus)\s+|[和与及]"
)
_GENITIVE = re.compile(fold(r"(?:의|का|की|के|র|の|的)") + r"\s*$")
_TITLE_OF_OWNER = re.compile(rf"[{OWNER}{BOTH}]\s*(?:的|の|의)?\s*[{re.escape(OPENING)}]+{TITLE}")
_DENSE = re.compile(f"[{DENSE}]")
_MAX_DISTANCE_FROM_TOPIC = 24  # code points from a topic to the label that belongs to it
_MAX_OTHER_NAME = 40  # residue before a name that may be another name; with more, the label does not reach the name
_MAX_LIST_WORDS = 8  # letters between two names of one list

_TIME = r"(?:\s+(?:on )?\w+day|\s+yesterday|\s+today|\s+earlier(?: this week)?|\s+(?:last|this) \w+)?"
_BEFORE_SPEECH = re.compile(rf"{_TIME}\s*(?:[:,\"“«„「(]|$|that\b)")
_REPORTED_BY = re.compile(rf"据([{DENSE}]{{2,12}}?)(?:报道|报导|消息|讯)")
_CLOSING = re.compile(r"[\s/,·|(\"'”»」』*_-]{0,4}")
_CLAUSE = re.compile(r"[^;,。!?\n|]+")
_NAME_AND_LABEL = re.compile(rf"([{DENSE}{HANGUL}·]{{2,12}})(?:\s*/\s*|\s+)([^\s/]{{1,6}})")
_MAX_DISTANCE_TO_TOPIC = 12  # code points from a label to the topic that it belongs to
_MAX_PERSON = 4  # characters of a name that needs no stroke before its label


class PrefixLabelReader:
    """Reads the labels before names in the units of a post of a language."""

    def __init__(self, lexicon: Lexicon, lang: str | None) -> None:
        self.lexicon, self.lang = lexicon, lang
        self.names = NameClassifier(lexicon)
        self.scopes = LabelScopeFinder(lexicon, lang)

    def read(self, reading: UnitReading, labels: list[PhraseMatch]) -> None:
        """Add the credits of a unit's labels."""
        for scope in self.scopes.find(reading.tagged, labels):
            if scope.separated or not self._belongs_to_prose(reading, scope):
                self._read_scope(reading, scope)

    def _belongs_to_prose(self, reading: UnitReading, scope: LabelScope) -> bool:
        """Whether a label without a separator is a word of a sentence that denies, doubts or reports something."""
        if reading.doubted and scope.label.role != "none":
            return True
        distances = (scope.start - end for _, end in reading.phrases.get("topic", ()))
        # "meet the writer X": the label belongs to what the sentence is about
        return any(0 <= d <= _MAX_DISTANCE_FROM_TOPIC for d in distances) and not reading.tagged.has("link")

    def _read_scope(self, reading: UnitReading, scope: LabelScope) -> None:
        low, label = reading.tagged.low, scope.label
        names = reading.names_in(scope.value, scope.end)
        first = names[0] if names else scope.end
        reading.consumed.append((scope.start, scope.value))
        if label.role == "none":
            reading.resolved.update(names)
            reading.consumed.append((scope.value, scope.end))
            return
        lead = low[scope.value : first]
        if not (names and self._reaches_name(lead, scope)):
            if not scope.separated:
                self._credit_unseparated(reading, scope, first)
                return
            self._credit_separated(reading, scope, lead)
            if len(self.names.residue(lead)) > _MAX_OTHER_NAME:
                return
        if label.role in ("translator", "editor") and not scope.separated and _TITLE_OF_OWNER.match(low, first):
            # "selected from X's «title»", "translated X's «title»": what is done to it does not make X an editor
            label = Label("author", ALL_KINDS, label.strong)
        if label.role in ("translator", "editor"):
            names = names[:1]
            if names and low[names[0]] == ACCOUNT:
                reading.consumed.append((scope.value, names[0] + 1))
        self._credit_names(reading, names, label)

    def _reaches_name(self, lead: str, scope: LabelScope) -> bool:
        """Whether nobody else is named between a label and the first of the work's names in its scope."""
        *earlier, last = _ITEM.split(lead.split(TITLE)[-1])
        allowed = 4 if scope.separated and not earlier else 2
        return len(self.names.residue(last)) <= allowed and not any(self.names.residue(item) for item in earlier)

    def _credit_names(self, reading: UnitReading, names: list[int], label: Label) -> None:
        low = reading.tagged.low
        with_owner = any(low[i] in OWNER + BOTH for i in names)
        for i in names:
            role = credited_role(label)
            if low[i] == ACCOUNT and self._is_editing(low, i) and label.role != "cover":
                role = "editor"
            beside_owner = with_owner and label.role == "author" and _in_list_with_owner(low, names, i)
            reading.credit_name(i, role, label.kinds, beside_owner=beside_owner)
        reading.resolved.update(names)

    def _is_editing(self, low: str, i: int) -> bool:
        """Whether the words after the account's name say that it reposts or edits."""
        following = i + 1 + len(low[i + 1 :]) - len(low[i + 1 :].lstrip(" ,/"))
        found = self.lexicon.match_suffix_label(low, following, self.lang)
        return found is not None and found[1].role in ("editor", "translator")

    # names of other people

    def _credit_separated(self, reading: UnitReading, scope: LabelScope, lead: str) -> None:
        """The value of a label up to the first sign of a list: "Photo: Ruth Calder / River Post"."""
        label, tagged = scope.label, reading.tagged
        if _GENITIVE.search(tagged.low[max(0, scope.start - 20) : scope.start]):
            return  # "photo of the day: the lake at dawn" in languages that put the day first
        head = _ITEM.split(lead, maxsplit=1)[0]
        end = scope.value + len(head)
        text = re.sub(ANY_ENTITY + ".*", "", tagged.cased[scope.value : end], flags=re.DOTALL)
        if _DENSE.search(text):
            text = re.split(r"\s", text.strip(), maxsplit=1)[0]
        text = text.strip(QUOTES)
        if not text or not self.names.residue(text.lower()):
            return  # nothing but the small words of credit lines: "this picture uses", not a name
        reading.consumed.append((scope.value, end))
        if self.names.is_generic(text):
            reading.credit_other(scope.value, label, generic=True)
        elif label.role in ("translator", "editor") or (
            label.role in CREDIT_ROLES and self.names.looks_like_name(text, strong=label.strong)
        ):
            reading.credit_other(scope.value, label)

    def _credit_unseparated(self, reading: UnitReading, scope: LabelScope, first: int) -> None:
        """A name directly after a strong label: "By Ruth Calder"."""
        tagged = reading.tagged
        name = self.names.name_after_label(tagged.cased, tagged.low, scope.start, scope.value)
        if not name:
            return
        reading.consumed.append((scope.value, first))
        if self.names.is_generic(name):
            reading.credit_other(scope.value, scope.label, generic=True)
        elif self.names.looks_like_name(name, strong=True):
            reading.credit_other(scope.value, scope.label)


def _in_list_with_owner(low: str, names: list[int], i: int) -> bool:
    """Whether a name stands in one list with the owner: only short words and list signs between them."""
    owner = next(j for j in names if low[j] in OWNER + BOTH)
    between = low[min(owner, i) + 1 : max(owner, i)]
    return len(re.sub(r"[\W_]", "", between)) <= _MAX_LIST_WORDS and SOURCE not in between and LINK not in between


class SuffixLabelReader:
    """Reads the labels after names in the units of a post of a language."""

    def __init__(self, lexicon: Lexicon, lang: str | None) -> None:
        self.lexicon, self.lang = lexicon, lang
        self.names = NameClassifier(lexicon)

    def read(self, reading: UnitReading) -> None:
        """Add the credits of the labels after the work's names that are not resolved yet."""
        for i in reading.names_in(0, len(reading.tagged.low)):
            if i not in reading.resolved:
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
        reading.resolved.add(i)

    def _is_credit(self, reading: UnitReading, label: Label, end: int) -> bool:
        tagged = reading.tagged
        spoken = _BEFORE_SPEECH.match(tagged.low, end) is not None
        if label.speech and not spoken and not tagged.has("link", "title", "source"):
            return False
        if reading.doubted:
            return False
        # "the writer X at the book fair"
        topical = any(0 <= start - end <= _MAX_DISTANCE_TO_TOPIC for start, _ in reading.phrases.get("topic", ()))
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
