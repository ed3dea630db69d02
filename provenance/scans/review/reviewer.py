"""Who reviews: a person with an API key of the scope review, or at the command line."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One person.

    Attributes:
        account_id: whose posts are reviewed; None: everybody's, of an administrator.
        id: the id of the API key, or the name at the command line.
        name: the key's label; may be empty.
    """

    account_id: str | None
    id: str
    name: str

    def is_person(self, reviewer: str | None, name: str | None) -> bool:
        """Whether somebody recorded is this person. Two keys under one label are taken for one person's: a new key
        makes nobody a second opinion on what they have said before."""
        return self.id == reviewer or bool(self.name and self.name == name)

    def is_among(self, names: Collection[str]) -> bool:
        """Whether a list of ids and labels names this person."""
        return self.id in names or bool(self.name and self.name in names)
