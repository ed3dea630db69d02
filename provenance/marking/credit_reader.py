"""Credits in a marked unit: who is named, in which role, for which kind of work; and the other statements of a post.

A name counts as credited when a label stands before or after it (``文:``, ``by``, ``著``), when the unit is nothing but
names, titles, addresses and the small words of credit lines, or when it stands beside the registered address or title.
Everything else is a topic of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .entity_tagger import ACCOUNT, ANY_MARK, BOTH, LICENCE, LINK, NAMES, OWNER, SOURCE, TITLE, Marked
from .label_scope import OPEN, Region, Regions
from .lexicon import ANY, Hits, Label, Lexicon
from .licences import negated
from .model import Party, Role
from .normalization import DENSE, HANGUL, fold
from .person_names import QUOTES, Names

_ITEM = re.compile(
    r"\s*[,、/|(\[{<&+;·×]\s*|\s+-\s+|\s+(?:and|und|et|via|for|in|at|from|on|pour|chez|para|per|von|aus)\s+|[和与及]"
)
_SIGNED = re.compile(r"[.!?。…\"'”»」』]\s*-{1,3}\s*([^-]{1,120})$")
_WHEN = r"(?:\s+(?:on )?\w+day|\s+yesterday|\s+today|\s+earlier(?: this week)?|\s+(?:last|this) \w+)?"
_SPOKEN = re.compile(rf"{_WHEN}\s*(?:[:,\"“«„「(]|$|that\b)")
_ROLE_UNKNOWN = re.compile(rf"^\W*([^:\ue000-\ue0ff]{{2,40}}):\s*[{OWNER}{BOTH}]")
_OF_SOMETHING = re.compile(fold(r"(?:의|का|की|के|র|の|的)") + r"\s*$")
_REPORTED = re.compile(rf"据([{DENSE}]{{2,12}}?)(?:报道|报导|消息|讯)")
_HEADED = re.compile(rf"[\s{re.escape(OPEN)}]*[{OWNER}{BOTH}][\s/|,·>»”」』)-]+[{SOURCE}]")
_SAID = re.compile(r"[:,]?\s*[“\"«„「『]\s*\w")


_WHOSE_TITLE = re.compile(rf"[{OWNER}{BOTH}]\s*(?:的|の|의)?\s*[{re.escape(OPEN)}]+{TITLE}")
_NAME = re.compile(f"[{NAMES}]")
_CLOSING = re.compile(r"[\s/,·|(\"'”»」』*_-]{0,4}")
_CLAUSE = re.compile(r"[^;,。!?\n|]+")
_NAMED_CLAUSE = re.compile(rf"([{DENSE}{HANGUL}·]{{2,12}})(?:\s*/\s*|\s+)([^\s/]{{1,6}})")
_DENSE = re.compile(f"[{DENSE}]")
_PURE = 3  # what a line may have besides names and the words of credit lines: one unknown word, three Han
NEGATABLE = re.compile(f"[{OWNER}{BOTH}]")


@dataclass(frozen=True, slots=True)
class Credit:
    """Somebody named in a role. ``labelled``: by a label and not only by standing in a credit line."""

    unit: Marked
    role: Role
    scope: frozenset[str]
    party: Party
    name: str
    share: float
    labelled: bool
    kind: str  # owner, source, both, account, other, generic
    shared: bool = False  # in one list of names with the owner


@dataclass(frozen=True, slots=True)
class Statement:
    """Something a unit says that is no credit: permission, claim, denial, modification ..."""

    unit: Marked
    category: str
    share: float


@dataclass(slots=True)
class Found:
    """What one unit says."""

    credits: list[Credit] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    credit_line: bool = False
    title: bool = False


class Reader:
    """Reads marked units with the lexicon."""

    def __init__(self, lexicon: Lexicon, lang: str | None = None, *, quotation: bool = False) -> None:
        self.lexicon = lexicon
        self.names = Names(lexicon)
        self.lang = (lang or "").replace("_", "-").split("-")[0].lower() or None
        self.quotation = quotation
        self.regions = Regions(lexicon, self.lang)

    def read(self, marked: Marked, hits: Hits | None = None) -> Found:
        """All credits and statements of a unit.

        Args:
            hits: the words of the lexicon in the unit, where they were looked for already.
        """
        found = Found()
        low = marked.low
        hits = hits or self.lexicon.hits([low])[0]
        phrases = self.lexicon.categories(hits.phrases, self.lang)
        if "free_use" in phrases and all(negated(low, a) for a, _ in phrases["free_use"]):
            del phrases["free_use"]
        for category, spans in phrases.items():
            found.statements.append(Statement(marked, category, marked.share(spans[0][0])))
        if "related" in phrases and not marked.has("link") and phrases["related"][0][0] < 6:
            found.statements = [s for s in found.statements if s.category == "related"]
            return found
        if NEGATABLE.search(low) and self.lexicon.negates(low, self.lang):
            phrases.setdefault("denial", []).append((0, 0))
        doubted = "denial" in phrases or "doubt" in phrases
        topics = phrases.get("topic", [])
        regions = [
            r for r in self.regions.find(marked, hits.labels) if r.separated or not doubted or r.label.role == "none"
        ]
        consumed: list[tuple[int, int]] = []
        credited: set[int] = set()
        for region in regions:
            if doubted and not region.separated and region.label.role != "none":
                continue
            if not region.separated and any(0 <= region.start - b <= 24 for _, b in topics) and not marked.has("link"):
                continue  # "meet the writer X": the label belongs to what the sentence is about
            self._region(marked, region, found, consumed, credited)
        blocked = self._suffixes(marked, found, credited, doubted, topics)
        self._free_suffix(marked, found, consumed)
        self._unlabelled(marked, found, phrases, consumed, credited | blocked)
        found.title = self._title(marked, found)
        return found

    def _behind(self, word: str) -> Label:
        found = self.lexicon.behind(re.sub(r"\s+", " ", word), self.lang)
        assert found is not None, "the pattern finds only words of the lexicon"
        return found

    # labels before names

    def _region(
        self, marked: Marked, region: Region, found: Found, consumed: list[tuple[int, int]], credited: set[int]
    ) -> None:
        low, label = marked.low, region.label
        names = [i for i in range(region.value, region.end) if low[i] in NAMES]
        first = names[0] if names else region.end
        lead = low[region.value : first]
        consumed.append((region.start, region.value))
        if label.role == "none":
            credited.update(names)
            consumed.append((region.value, region.end))
            return
        head = _ITEM.split(lead, maxsplit=1)[0] if region.separated else ""
        *earlier, last = _ITEM.split(lead.split(TITLE)[-1])
        room = 4 if region.separated and not earlier else 2
        own = bool(names) and len(self.names.residue(last)) <= room and not any(self.names.residue(e) for e in earlier)
        if not own and region.separated:
            self._other(marked, region, head, found, consumed)
            if len(self.names.residue(lead)) > 40:
                return
        elif not own and not region.separated:
            free = self.names.after_label(marked.cased, low, region.start, region.value)
            if free:
                consumed.append((region.value, region.value + len(lead)))
                self._add_free(marked, label, free, region.value, found)
            return
        if label.role in ("translator", "editor") and not region.separated and _WHOSE_TITLE.match(low, first):
            # "selected from X's «title»", "translated X's «title»": what is done to it does not make X an editor
            label = Label("author", ANY, label.strong)
        if label.role in ("translator", "editor"):
            credited.update(names[:1])
            if names and low[names[0]] == ACCOUNT:
                consumed.append((region.value, names[0] + 1))
            self._credit(marked, names[:1], label, found, labelled=True)
            return
        if label.role == "cover":
            credited.update(names)
        self._credit(marked, names, label, found, labelled=True)
        credited.update(names)

    def _credit(self, marked: Marked, names: list[int], label: Label, found: Found, *, labelled: bool) -> None:
        low = marked.low
        with_owner = any(low[i] in OWNER + BOTH for i in names)
        for i in names:
            mark = marked.at(i)
            role: Role = label.role  # type: ignore[assignment]
            if low[i] == ACCOUNT and self._handles(low, i):
                role = "editor"
            if label.role == "cover":
                role = "author"
            found.credits.append(
                Credit(
                    marked,
                    role,
                    label.scope,
                    mark.party or "other",
                    "",
                    mark.share,
                    labelled,
                    mark.kind,
                    with_owner and label.role == "author" and labelled and self._listed(low, names, i),
                )
            )

    def _listed(self, low: str, names: list[int], i: int) -> bool:
        """Whether a name stands in one list with the owner: only short words and list signs between them."""
        owner = next(j for j in names if low[j] in OWNER + BOTH)
        between = low[min(owner, i) + 1 : max(owner, i)]
        return len(re.sub(r"[\W_]", "", between)) <= 8 and SOURCE not in between and LINK not in between

    def _handles(self, low: str, i: int) -> bool:
        """The account says that it reposts or edits."""
        match = self.lexicon.after_label.match(low, i + 1 + len(low[i + 1 :]) - len(low[i + 1 :].lstrip(" ,/")))
        return match is not None and self._behind(match[0]).role in ("editor", "translator")

    # names that are not the work's

    def _other(self, marked: Marked, region: Region, head: str, found: Found, consumed: list[tuple[int, int]]) -> None:
        label = region.label
        if _OF_SOMETHING.search(marked.low[max(0, region.start - 20) : region.start]):
            return  # "photo of the day: the lake at dawn" in languages that put the day first
        raw = marked.cased[region.value : region.value + len(head)]
        text = re.sub(ANY_MARK + ".*", "", raw, flags=re.DOTALL)
        if _DENSE.search(text):
            text = re.split(r"\s", text.strip(), maxsplit=1)[0]
        text = text.strip(QUOTES)
        if not text or not self.names.residue(text.lower()):
            return  # nothing but the small words of credit lines: "this picture uses", not a name
        consumed.append((region.value, region.value + len(head)))
        generic = self.names.generic(text)
        if generic:
            self._add(marked, label, "generic", "generic", text, region.value, found)
        elif label.role in ("author", "source", "rights") and self.names.shaped(text, label):
            if re.search(r"[^\W\d_]", text):
                self._add(marked, label, "other", "other", text, region.value, found)
        elif label.role in ("translator", "editor"):
            self._add(marked, label, "other", "other", text, region.value, found)

    def _add_free(self, marked: Marked, label: Label, name: str, position: int, found: Found) -> None:
        if self.names.generic(name):
            self._add(marked, label, "generic", "generic", name, position, found)
        elif self.names.shaped(name, Label(label.role, label.scope, True)):
            self._add(marked, label, "other", "other", name, position, found)

    def _free_suffix(self, marked: Marked, found: Found, consumed: list[tuple[int, int]]) -> None:
        """``钱一帆/文``, ``高木 写真``: a short clause that is a name and a word after it."""
        reported = _REPORTED.search(marked.low)
        if reported and self.names.organisation(reported[1]) and not self.names.generic(reported[1]):
            self._add(marked, Label("source", ANY), "other", "other", reported[1], reported.start(), found)
        for match in _CLAUSE.finditer(marked.low):
            clause = match[0].strip(QUOTES)
            parts = _NAMED_CLAUSE.fullmatch(clause)
            if not parts or self.lexicon.filler.is_word(parts[1]) or any(a <= match.start() < b for a, b in consumed):
                continue
            label = self.lexicon.behind(parts[2], self.lang)
            if label is None or label.role != "author" or self.names.generic(parts[1]):
                continue
            if len(parts[1]) <= 4 or "/" in clause:
                self._add(marked, label, "other", "other", parts[1], match.start(), found)
                consumed.append(match.span())

    def _add(
        self, marked: Marked, label: Label, party: Party, kind: str, name: str, position: int, found: Found
    ) -> None:
        role: Role = "author" if label.role == "cover" else label.role  # type: ignore[assignment]
        found.credits.append(Credit(marked, role, label.scope, party, name[:200], marked.share(position), True, kind))

    # labels after names

    def _suffixes(
        self, marked: Marked, found: Found, credited: set[int], denied: bool, topics: list[tuple[int, int]]
    ) -> set[int]:
        blocked: set[int] = set()
        low = marked.low
        for name in _NAME.finditer(low):
            i, char, position = name.start(), name[0], name.end()
            if i in credited:
                continue
            closing = _CLOSING.match(low, position)
            match = None
            for begin in range(closing.end() if closing else position, position - 1, -1):
                match = self.lexicon.after_label.match(low, begin)
                if match:
                    break
            if match is None or not self._ends(low, match):
                continue
            label = self._behind(match[0])
            if label.role in ("editor", "translator", "none"):
                if char != ACCOUNT:
                    blocked.add(i)
                    found.credits.append(self._as(marked, i, label))
                continue
            if label.speech and not _SPOKEN.match(low, match.end()) and not marked.has("link", "title", "source"):
                continue
            if denied or (char == ACCOUNT and label.role == "source"):
                continue
            if any(0 <= a - match.end() <= 12 for a, _ in topics) and not marked.has("link", "title"):
                continue  # "the writer X at the book fair"
            found.credits.append(self._as(marked, i, label))
            credited.add(i)
        return blocked

    def _ends(self, low: str, match: re.Match[str]) -> bool:
        """A one-letter Han label must not be the beginning of a longer word (文 of 文化)."""
        word, nxt = match[0], low[match.end() : match.end() + 1]
        if len(word) > 1 or not nxt or not _DENSE.match(nxt):
            return True
        return self.lexicon.label.match(low, match.end()) is not None

    def _as(self, marked: Marked, i: int, label: Label) -> Credit:
        mark = marked.at(i)
        role: Role = label.role  # type: ignore[assignment]
        return Credit(marked, role, label.scope, mark.party or "other", "", mark.share, True, mark.kind)

    # names in a credit line without labels

    def _unlabelled(
        self,
        marked: Marked,
        found: Found,
        phrases: dict[str, list[tuple[int, int]]],
        consumed: list[tuple[int, int]],
        done: set[int],
    ) -> None:
        low = marked.low
        if not re.search(ANY_MARK, low):
            return
        # the text that labels and other people's names do not account for
        kept = [True] * len(low)
        for a, b in consumed:
            for i in range(a, min(b, len(low))):
                kept[i] = low[i] in NAMES
        residue = self.names.residue("".join(c if keep else " " for c, keep in zip(low, kept, strict=True)))
        pure = len(residue) <= _PURE
        exact = any(m.link is not None and m.link.match == "exact" for m in marked.marks)
        registered = exact or marked.has("identifier")
        found.credit_line = pure or bool(found.credits)
        names = [i for i, c in enumerate(low) if c in (OWNER, SOURCE, BOTH) and i not in done]
        if not names or "denial" in phrases or "doubt" in phrases:
            return
        topic = "topic" in phrases
        owners = any(low[i] in OWNER + BOTH for i in names) or any(c.kind in ("owner", "both") for c in found.credits)
        opening = re.match(rf"[\s{re.escape(OPEN)}#]*[{OWNER}{SOURCE}{BOTH}][\s\"'”»」』\])*_{LINK}]*:", low)
        unknown = _ROLE_UNKNOWN.match(low)
        if unknown and not registered and self.names.residue(unknown[1]) and not marked.has("title"):
            return  # a label of a role that no lexicon knows
        signed = _SIGNED.search(low)
        if signed and signed.start() > 0 and len(self.names.residue(signed[1])) <= 4 and not topic:
            names = [i for i in names if i >= signed.start(1)]
            pure = bool(names)
        credits = (
            registered
            or (pure and not topic)
            or ((opening is not None or _HEADED.match(low) is not None) and not topic)
            or (
                owners
                and marked.has("title")
                and (self.quotation or not topic)
                and (self.quotation or len(residue) <= 40)
            )
            or (self.quotation and owners and not topic and _SAID.search(low) is not None)
            or (
                bool(found.credits)
                and any(c.kind in ("owner", "source", "both") for c in found.credits)
                and len(residue) <= 14
            )
        )
        if marked.unit.hint == "title" or not credits:
            return
        found.credit_line = True
        label = Label("author", ANY)
        for i in names:
            mark = marked.at(i)
            role: Role = "source" if low[i] == SOURCE else "author"
            found.credits.append(
                Credit(marked, role, label.scope, mark.party or "other", "", mark.share, False, mark.kind)
            )

    def _title(self, marked: Marked, found: Found) -> bool:
        if TITLE not in marked.low:
            return False
        if found.credit_line or marked.unit.heading or marked.unit.hint == "title":
            return True
        return (
            re.search(rf"[《〈「『“\"«„'*_#‘]\s*{TITLE}", marked.low) is not None
            or len(self.names.residue(marked.low)) <= 4
        )


__all__ = ["ACCOUNT", "LICENCE", "Credit", "Found", "Reader", "Statement"]
