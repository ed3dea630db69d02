"""Owner marked, source marked, source traceable: the first three answers on a post, and what they rest on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .claims import is_relevant
from .credit_model import Credit
from .entities import BOTH, OWNER, Entity, TaggedUnit
from .facts import Facts
from .lexicon import ALL_KINDS
from .model import Evidence, Work

MIN_ARTICLE = 80  # code points of running text; with less, a text beside a picture or sound is its caption
MIN_BYLINE_ARTICLE = 120  # code points of running text; with less, a by-line speaks of the picture or sound
_MAX_TITLES = 2  # places of the title that are shown as evidence

_BYLINE = re.compile(
    rf"\W*(?:(?:by|von|par|por|di|da|door|av|af|oleh|author|autor|autora|auteur|autore|автор)[\s:]+|(?:作者|文|撰文)\s*[:/|]\s*)"
    rf"[{OWNER}{BOTH}]\W*$"
)


@dataclass(slots=True)
class Attribution:
    """What of a work a post marks.

    Attributes:
        generic: a source is given that names nobody: "the internet".
    """

    owner: bool = False
    source: bool = False
    traceable: bool = False
    title: bool = False
    generic: bool = False
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def names_anybody(self) -> bool:
        """Whether owner or source is marked."""
        return self.owner or self.source

    @property
    def gaps(self) -> list[str]:
        """The reasons why owner and source do not count as marked and traceable."""
        answers = {
            "owner_not_marked": self.owner,
            "source_not_marked": self.source,
            "source_not_traceable": self.traceable,
        }
        return [reason for reason, marked in answers.items() if not marked]


def attribution(work: Work, facts: Facts) -> Attribution:
    """What of the work is marked by what a post says."""
    out = Attribution(title=bool(facts.titles))
    source_credited = False
    for credit in facts.credits:
        if not is_relevant(credit, work.kind):
            if credit.role in ("translator", "editor"):
                out.evidence.append(_credit_evidence(credit))
            continue
        out.evidence.append(_credit_evidence(credit))
        if _is_byline_of_article(credit, work, facts):
            continue
        out.owner |= credit.credits_owner
        out.source |= credit.credits_source
        source_credited |= credit.credits_source
        out.generic |= credit.credited == "generic"
    for tagged, entity in facts.entities:
        _mark_by_address(out, tagged, entity)
    if facts.has_issue_and_page and source_credited and out.title:
        out.traceable = True
    out.evidence += [unit.evidence("title") for unit in facts.titles[:_MAX_TITLES]]
    return out


def _credit_evidence(credit: Credit) -> Evidence:
    return credit.unit.evidence(credit.role, credit.offset, credit.party)


def _is_byline_of_article(credit: Credit, work: Work, facts: Facts) -> bool:
    """The by-line of an article is not the credit of a picture in it."""
    apart = work.kind != "text" and credit.unit.unit.nearness != "own" and facts.prose >= MIN_BYLINE_ARTICLE
    return apart and _BYLINE.match(credit.unit.low) is not None


def _mark_by_address(out: Attribution, tagged: TaggedUnit, entity: Entity) -> None:
    """Addresses, identifiers and handles mark the source; what leads to the work itself makes it traceable."""
    link = entity.link
    if link is not None and link.deceptive:
        out.source = True  # its address is what the reader is shown; as a deception it is evidence already
        return
    if link is not None:
        if entity.kind == "link":
            out.evidence.append(tagged.evidence("source", entity.offset, link=link))
        exact = link.match == "exact"
        out.source |= exact or link.home
        out.traceable |= exact
    if entity.kind == "identifier":
        out.source = out.traceable = True
        out.evidence.append(tagged.evidence("identifier", entity.offset, link=link))
    elif entity.kind == "handle":
        out.source = True
        out.traceable |= out.title
        out.evidence.append(tagged.evidence("source", entity.offset, "source"))


def rival_credits(work: Work, facts: Facts) -> list[Credit]:
    """Credits of this kind of work that name somebody who is neither owner nor source.

    Beside an article, a by-line that speaks of no kind of work speaks of the article, not of a picture in it.
    """
    rivals = [c for c in facts.credits if c.credited in ("other", "account") and is_relevant(c, work.kind)]
    if work.kind != "text" and facts.prose >= MIN_ARTICLE:
        rivals = [c for c in rivals if c.role != "author" or c.kinds != ALL_KINDS or c.unit.unit.nearness == "own"]
    return rivals


def contradicts(work: Work, facts: Facts) -> bool:
    """Whether embedded fields name the owner in one place, and another author or rights holder in the next."""
    embedded = [c for c in facts.credits if c.unit.unit.tag and is_relevant(c, work.kind)]
    owner = any(c.credits_owner and c.role in ("author", "rights") for c in embedded)
    creator = any(c.credits_owner and c.role == "author" for c in embedded)
    return any(_contradicts(c, owner=owner, creator=creator) for c in embedded)


def _contradicts(credit: Credit, *, owner: bool, creator: bool) -> bool:
    if credit.credited == "account":
        return owner and credit.role in ("author", "rights")
    if credit.credited == "other":  # a Credit field names whoever supplied the picture, which is no contradiction
        return creator and credit.role == "rights" and "credit" not in credit.unit.unit.tag.lower()
    return False
