"""All that a post says about the crediting of one work, collected over its units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .claims import ClaimReader
from .credit_model import Credit, Statement, UnitReading
from .credit_reader import CreditReader
from .entities import Entity, TaggedUnit
from .entity_tagger import EntityTagger
from .lexicon import ALL_KINDS, lexicon
from .licences import Licence
from .model import Post, Work
from .other_works import OtherWorks
from .segmentation import Unit

_MAX_RELATED = 80  # code points of a unit in a list of other posts; a longer one is the post's own text again
_NUMBER = re.compile(r"[\d一二三四五六七八九十百]")
_ISSUE = re.compile(
    r"(?:第\s*\d+\s*[期号卷辑]|第\s*[一二三四五六七八九十百]+\s*[期号卷辑]|\bissue\s*(?:no\.?\s*)?\d+|\bvol(?:\.|ume)?\s*\d+|\bno\.?\s*\d+|№\s*\d+|\bheft\s*\d+"
    r"|\bn[°o]\s*\d+|\bnum(?:\.|ero)\s*\d+|\bnr\.?\s*\d+|\bausgabe\s*\d+|제\s*\d+\s*호|\d+\s*월?\s*호|\d{4}\s*年\s*\d+\s*月\s*号?|العدد\s*\d+|выпуск\s*\d+)"
)
# Volume, issue and pages of a journal: 12(3): 45-67; 2021, (06): 18-21
_CITATION = re.compile(
    r"\b\d{1,4}\s*,?\s*\(\d{1,3}(?:[-/]\d{1,3})?\)\s*[:,]\s*(?:pp?\.?\s*)?[a-z]?\d{1,5}(?:\s*[-+]\s*\d{1,5})?"
)
_PAGE = re.compile(
    r"(?:第\s*[\da-z]+\s*[页頁版面]|[a-z]?\d+\s*[版页頁]|\bpp?\.?\s*\d+|\bpages?\s*\d+|\bs\.\s*\d+|\bseite\s*\d+|\bpag(?:\.|ina)?\s*\d+|стр\.?\s*\d+"
    r"|\bс\.\s*\d+|\d+\s*(?:쪽|면|페이지)|ص\s*\d+|صفحه\s*\d+)"
)


@dataclass(frozen=True, slots=True)
class AccountClaim:
    """A claim of the posting account: a code of `provenance.marking.rules.REASONS`, and the unit that makes it."""

    code: str
    unit: TaggedUnit


@dataclass(slots=True)
class Facts:
    """What a post says.

    Attributes:
        titles: the units that give the title as a title.
        prose: code points of text that is no credit line.
        has_issue_and_page: a unit says in which issue and on which page something was printed.
    """

    credits: list[Credit] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    entities: list[tuple[TaggedUnit, Entity]] = field(default_factory=list)
    claims: list[AccountClaim] = field(default_factory=list)
    titles: list[TaggedUnit] = field(default_factory=list)
    prose: int = 0
    has_issue_and_page: bool = False

    @property
    def licences(self) -> Iterator[tuple[TaggedUnit, Entity, Licence]]:
        """The licences that the post names, in order of appearance."""
        return ((unit, entity, entity.licence) for unit, entity in self.entities if entity.licence is not None)

    @property
    def states_change(self) -> bool:
        """Whether the post says that the work was changed; to name a translator says so."""
        return self.states("modified") or any(c.role == "translator" for c in self.credits)

    @property
    def claims_authorship(self) -> bool:
        """Whether the posting account claims the work, or rights in it, for itself alone."""
        return self.states("originality") or any(claim.code != "coauthor_claimed" for claim in self.claims)

    def states(self, category: str) -> bool:
        """Whether there is a statement of a category."""
        return any(s.category == category for s in self.statements)


class FactCollector:
    """Reads the units of one post about one work; a unit that it has read before it does not read again."""

    def __init__(self, work: Work, post: Post) -> None:
        self.kind = work.kind
        self.lexicon = lexicon()
        self.tagger = EntityTagger(work, post, self.lexicon)
        self._credits = CreditReader(self.lexicon, post.lang, quotation=post.use == "quotation")
        self._claims = ClaimReader(self.tagger, work)
        self._others = OtherWorks(work, post, self.lexicon)
        self._readings: dict[Unit, UnitReading] = {}

    def collect(self, units: Iterable[Unit]) -> Facts:
        """What some units of the post say."""
        facts = Facts()
        in_order = list(units)
        self._read(unit for unit in dict.fromkeys(in_order) if unit not in self._readings)
        for reading in _without_related(self._readings[unit] for unit in in_order):
            self._add(facts, reading)
        return facts

    def _read(self, units: Iterable[Unit]) -> None:
        tagged = [self.tagger.tag(unit) for unit in units]
        matches = self.lexicon.match_all([each.low for each in tagged])
        for each, found in zip(tagged, matches, strict=True):
            self._readings[each.unit] = self._credits.read(each, found)

    def _add(self, facts: Facts, reading: UnitReading) -> None:
        tagged = reading.tagged
        if not reading.is_credit_line and not tagged.unit.tag:
            facts.prose += len(tagged.low)
        if self._is_about_another(reading):
            return
        if tagged.unit.nearness == "elsewhere" and not self._speaks_of_the_work(reading):
            return
        if reading.credits or reading.statements:  # most units are prose
            facts.credits += reading.credits
            facts.statements += self._claims.statements(reading)
            facts.claims += [AccountClaim(code, tagged) for code in self._claims.claims(reading)]
        facts.entities += [(tagged, entity) for entity in tagged.entities]
        if reading.names_title:
            facts.titles.append(tagged)
        facts.has_issue_and_page |= _has_issue_and_page(tagged.low)

    def _is_about_another(self, reading: UnitReading) -> bool:
        """Whether a unit is the credit of another work that the post shows."""
        says = reading.credits or reading.statements or reading.tagged.has("licence")
        return bool(says) and self._others.has_credit_in(reading.tagged)

    def _speaks_of_the_work(self, reading: UnitReading) -> bool:
        """Whether a unit far from the work is about it: by a credit of its kind of work alone, an address, an id."""
        if reading.tagged.has_exact_link() or any(e.kind == "identifier" for e in reading.tagged.entities):
            return True
        return any(self.kind in credit.kinds and credit.kinds != ALL_KINDS for credit in reading.credits)


def _has_issue_and_page(low: str) -> bool:
    if _CITATION.search(low):
        return True
    return all(pattern.search(low) is not None for pattern in (_NUMBER, _ISSUE, _PAGE))


def _without_related(readings: Iterable[UnitReading]) -> Iterator[UnitReading]:
    """Leave out what stands under a heading such as "Read next": it is about other things.

    The list ends with a credit or a long unit. A unit with the address of the work is always read.
    """
    skipping = False
    for reading in readings:
        if not reading.credits and any(s.category == "related" for s in reading.statements):
            skipping = True
        elif skipping and (reading.credits or len(reading.tagged.low.strip()) > _MAX_RELATED):
            skipping = False
        if not skipping or reading.tagged.has_exact_link():
            yield reading
