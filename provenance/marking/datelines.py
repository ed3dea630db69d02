"""Datelines and agency tails: ``LEEDS (Reuters) - ...``, ``新华社北京5月3日电``, ``【東京＝共同】``, ``(dpa)``.

News has its source at its head or at its end, without a label: where it was written, when, and whose it is. A place
alone credits nobody. The name counts as a source where it is the work's owner or source, a known agency, or an
organisation by its last word.
"""

from __future__ import annotations

import re

from .credit_model import UnitReading
from .entities import ACCOUNT, BOTH, LINK, NAMES, OWNER, SOURCE
from .lexicon import ALL_KINDS, Label, Lexicon
from .model import Role
from .normalization import DENSE, HANGUL
from .person_names import QUOTES, NameClassifier

_TEXT = frozenset({"text"})
_PLACE = r"[^\W\d_][^()\[\]:;!?\n]{0,60}?"  # a town, a region, a date
_NAME = r"(?P<name>[^()\[\]\n]{1,40}?)"
_DASH = r"\s*[.:]?\s*[-_]+\s*"
_HAN = f"[{DENSE}{NAMES}]"
_DATE = r"(?:\d{1,4}[年月日/.-]?){0,6}"
# At the head of a unit; what follows is the news itself.
_HEADS = (
    re.compile(rf"\W{{0,3}}(?:{_PLACE}\s*)?\({_NAME}\){_DASH}"),  # LEEDS, England (Reuters) - ; Sevilla (EFE).-
    re.compile(rf"\W{{0,3}}{_PLACE}\s+-+\s+(?P<name>[^-()\n]{{1,40}}?)(?:\s+-+\s+|\.?\s*$)"),  # LEEDS - Reuters -
    re.compile(rf"\W{{0,3}}(?P<name>[{NAMES}]|[^\W\d_][\w .]{{1,30}})\s+-+\s+(?=\S)"),  # Reuters - ; kompas.com -
    re.compile(rf"\W{{0,3}}{_PLACE}\s*\({_NAME}\)\s+(?=[^\W\d_])"),  # नई दिल्ली (भाषा)
    re.compile(r"[(【\[]\s*[^=()\[\]【】]{1,20}[=·・]\s*(?P<name>[^()\[\]【】]{2,20}?)\s*[)】\]]"),  # 【東京＝共同】
    re.compile(rf"[【\[]\s*(?P<name>[{NAMES}]|[^()\[\]【】]{{2,20}}?)\s*[】\]](?=\s*\S)"),  # [연합뉴스]
    # 【中央社台北12日電】: how much is the name is tried, from short to long
    *(
        re.compile(rf"\W{{0,2}}(?P<name>[{NAMES}]|[{DENSE}]{{{n}}}){_HAN}{{0,6}}?{_DATE}(?:专?电|快?讯|消息)(?![息报])")
        for n in range(2, 11)
    ),
    re.compile(rf"\W{{0,2}}(?P<name>[{NAMES}]|[{DENSE}]{{2,10}}?)(?:首席|特约|见习)?记者"),
)
# (PAP) at the very head, and nothing else in the brackets
_BRACKETED = re.compile(r"\s*[(（]\s*(?P<name>[^()（）\n]{2,30}?)\s*[)）]\s*(?=[^\W\d_])")
_PORTAL = re.compile(rf"\s*{LINK}\s*-+\s+\S")  # site.com - ...
_OWN_PAPER = re.compile(r"本(?:报|社|台|刊|网|端)[^。]{0,14}?(?:讯|电|消息|记者)")
# A unit that is nothing but the name, with the little words of tails before it.
_TAIL = re.compile(
    r"[\s(\[/（【<|·*_-]*"
    r"(?:(?:with|avec|mit|con|com|za|z|по материалам|по данным|theo|来源|据|source|quelle)\s*:?\s+)?"
    r"(?P<name>[^()\[\]/（）【】<>|\n]{2,40}?)(?:/[\w-]{2,12})?[\s)\]/）】>|·*_.。-]*"
)
_END = re.compile(rf"[.。!?…\"”»」』]\s*[(（\[]\s*(?P<name>[{NAMES}]|[^()\[\]（）\n]{{2,30}}?)\s*[)）\]]\s*[.。]?\s*$")
_REPORTER = re.compile(
    rf"\W*(?P<name>[{NAMES}]|[{HANGUL}a-z\d]{{2,16}})\s+(?:[{HANGUL}]{{2,4}}\s+)?(?:선임|수습)?기자\b"
)


class DatelineReader:
    """Reads the datelines and tails in the units of a post; one per unit."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.names = NameClassifier(lexicon)

    def read(self, reading: UnitReading) -> None:
        """Add the credit of a unit's dateline or tail. To be called before the labels."""
        low = reading.tagged.low
        if reading.tagged.unit.tag or reading.doubted:
            return
        found = self._head(low)
        if found is not None:
            self._credit(reading, found, _TEXT)
        elif (tail := self._tail(low)) is not None:
            self._credit(reading, tail, ALL_KINDS)
        elif (_PORTAL.match(low) and self._leads_elsewhere(reading)) or _OWN_PAPER.match(low.lstrip(" (（【[")):
            reading.credit_other(0, Label("source", _TEXT))

    def _head(self, low: str) -> re.Match[str] | None:
        for pattern in (*_HEADS, _REPORTER):
            found = pattern.match(low)
            if found is not None and self._is_source(found["name"]):
                return found
        found = _BRACKETED.match(low)
        return found if found is not None and self.is_agency(found["name"]) else None

    def _tail(self, low: str) -> re.Match[str] | None:
        whole = _TAIL.fullmatch(low)
        if whole is not None and self.lexicon.agency.is_word(whole["name"].strip(QUOTES)):
            return whole
        end = _END.search(low)
        return end if end is not None and self._is_source(end["name"]) else None

    def _is_source(self, name: str) -> bool:
        stripped = name.strip(QUOTES)
        if len(stripped) == 1 and stripped in NAMES:
            return True
        if not stripped or any(c in stripped for c in NAMES):
            return False
        return self.is_agency(stripped) or (len(stripped) > 2 and self.names.is_organisation(stripped))

    def is_agency(self, name: str) -> bool:
        """Whether a name is that of an agency, or of several of them: ``dpa/AFP``."""
        parts = [part.strip(QUOTES) for part in re.split(r"[/,+&]|\band\b|\bund\b|\bet\b", name)]
        return bool(parts) and self.lexicon.agency.is_word(parts[0])

    @staticmethod
    def _leads_elsewhere(reading: UnitReading) -> bool:
        """Whether the unit begins with the bare host of another site."""
        link = reading.tagged.entities[0].link
        return link is not None and link.match == "other_site" and "/" not in link.shown

    def _credit(self, reading: UnitReading, found: re.Match[str], kinds: frozenset[str]) -> None:
        start, end = found.span("name")
        names = reading.names_in(start, end)
        reading.consumed.append((found.start(), end))
        if not names:
            reading.credit_other(start, Label("source", kinds))
            return
        character = reading.tagged.low[names[0]]
        role: Role = "author" if character in OWNER + BOTH + ACCOUNT else "source"
        if character in SOURCE + OWNER + BOTH + ACCOUNT:
            reading.credit_name(names[0], role, kinds)
            reading.resolved.add(names[0])
