"""Entities of a post: what is known about the work, and where it is named; and units with their entities replaced.

In a tagged unit every entity is one placeholder character of the private-use area. What is left between the
placeholders has to be understood as language: labels, connectors, prose. The patterns of the credit reader work on such
strings of placeholders and words, in any language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .licences import Licence
from .links import Link
from .model import Evidence, Party, Role
from .segmentation import Unit

EntityKind = Literal["owner", "source", "both", "title", "account", "handle", "identifier", "licence", "link"]
OWNER, SOURCE, BOTH, TITLE, ACCOUNT, HANDLE, IDENTIFIER, LICENCE, LINK = (chr(0xE000 + i) for i in range(9))
PLACEHOLDERS: dict[EntityKind, str] = {
    "owner": OWNER, "source": SOURCE, "both": BOTH, "title": TITLE, "account": ACCOUNT, "handle": HANDLE,
    "identifier": IDENTIFIER, "licence": LICENCE, "link": LINK,
}  # fmt: skip
NAMES = f"{OWNER}{SOURCE}{BOTH}{ACCOUNT}"
ANY_ENTITY = "[\ue000-\ue008]"
_ENTITIES = re.compile(ANY_ENTITY)


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of a unit.

    Attributes:
        kind: ``both`` is an owner who is the source as well.
        offset: where it stands in the unit, 0..1.
        party: who is named; None where it is no name.
        link: of a ``link``, and of an identifier or licence that is given as a link.
        licence: of a ``licence``.
    """

    kind: EntityKind
    offset: float
    party: Party | None = None
    link: Link | None = None
    licence: Licence | None = None


@dataclass(frozen=True, slots=True)
class TaggedUnit:
    """A unit as placeholders and words. ``low`` and ``cased`` have the same length; ``entities`` are in text order."""

    unit: Unit
    low: str
    cased: str
    entities: tuple[Entity, ...]

    def at(self, position: int) -> Entity:
        """The entity whose placeholder stands at a position of ``low``."""
        return self.entities[len(_ENTITIES.findall(self.low, 0, position))]

    def has(self, *kinds: EntityKind) -> bool:
        return any(entity.kind in kinds for entity in self.entities)

    def has_exact_link(self) -> bool:
        """Whether a registered address of the work is in it."""
        return any(entity.link is not None and entity.link.match == "exact" for entity in self.entities)

    def evidence(
        self, role: Role, offset: float = 0.0, party: Party | None = None, link: Link | None = None
    ) -> Evidence:
        """A place of the unit as evidence: what is marked there, who is named, how its link relates to the work."""
        unit = self.unit
        match = link.match if link is not None else None
        return Evidence(unit.where, unit.locator, unit.quote(offset), role, party, unit.visible, match, unit.c2pa_state)

    def offset(self, position: int) -> float:
        """A position of ``low`` as a share 0..1 of the unit."""
        return position / max(1, len(self.low))
