"""What the credit reader finds in a unit: credits and other statements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .entities import NAMES, EntityKind, TaggedUnit
from .lexicon import Label
from .model import Party, Role

# Who is credited: one of the work's parties, the posting account, somebody else, or nobody in particular.
Credited = Literal["owner", "source", "both", "account", "other", "generic"]
Span = tuple[int, int]
_NAME = re.compile(f"[{NAMES}]")
_CREDITED: Mapping[EntityKind, Credited] = {"owner": "owner", "source": "source", "both": "both", "account": "account"}


@dataclass(frozen=True, slots=True)
class Credit:
    """Somebody named in a role.

    Attributes:
        kinds: the kinds of work that the credit speaks of.
        offset: where the name stands in the unit, 0..1.
        beside_owner: in one list of names with the owner.
    """

    unit: TaggedUnit
    role: Role
    kinds: frozenset[str]
    credited: Credited
    party: Party
    offset: float
    beside_owner: bool = False

    @property
    def credits_owner(self) -> bool:
        return self.credited in ("owner", "both")

    @property
    def credits_source(self) -> bool:
        return self.credited in ("source", "both")


@dataclass(frozen=True, slots=True)
class Statement:
    """Something a unit says that is no credit: permission, claim, denial ...; a category of the lexicon."""

    unit: TaggedUnit
    category: str
    offset: float = 0.0


@dataclass(slots=True)
class UnitReading:
    """What is known of one unit while it is read, and what it says in the end.

    Attributes:
        phrases: category of the lexicon -> spans, with a denial of the owner as a ``denial`` at 0.
        consumed: spans that labels and the names of other people account for.
        resolved: positions of names that need no further reading: credited, or no credit for certain.
        is_credit_line: the unit is nothing but credits.
        names_title: the unit gives the title as a title.
    """

    tagged: TaggedUnit
    phrases: dict[str, list[Span]]
    credits: list[Credit] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    consumed: list[Span] = field(default_factory=list)
    resolved: set[int] = field(default_factory=set)
    is_credit_line: bool = False
    names_title: bool = False

    @property
    def categories(self) -> frozenset[str]:
        """The categories of the unit's statements."""
        return frozenset(s.category for s in self.statements)

    @property
    def doubted(self) -> bool:
        """A name in the unit is denied or doubted."""
        return "denial" in self.phrases or "doubt" in self.phrases

    @property
    def topical(self) -> bool:
        """The unit is about a name: praise, an event, an interview."""
        return "topic" in self.phrases

    def names_in(self, start: int, end: int) -> list[int]:
        """The positions of the names of the work's parties and the account in a span."""
        return [match.start() for match in _NAME.finditer(self.tagged.low, start, end)]

    def credit_name(self, position: int, role: Role, kinds: frozenset[str], *, beside_owner: bool = False) -> None:
        """Add a credit of the name that stands at a position."""
        entity = self.tagged.at(position)
        credited, party = _CREDITED[entity.kind], entity.party or "other"
        self.credits.append(Credit(self.tagged, role, kinds, credited, party, entity.offset, beside_owner))

    def credit_other(self, position: int, label: Label, *, generic: bool = False) -> None:
        """Add a credit of somebody who has nothing to do with the work, or of nobody in particular."""
        credited: Literal["other", "generic"] = "generic" if generic else "other"
        offset = self.tagged.offset(position)
        self.credits.append(Credit(self.tagged, credited_role(label), label.kinds, credited, credited, offset))


def credited_role(label: Label) -> Role:
    """The role that a label gives; that of a cover picture is its author."""
    return "author" if label.role == "cover" else label.role  # type: ignore[return-value]  # one of the Role literals
