"""What every index engine does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ..model import Fingerprint


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One step of the log of changes.

    Attributes:
        position: place in the log, ascending.
        work: the work's number.
        fingerprint: what the work is found by from now on; None removes it.
    """

    position: int
    work: int
    fingerprint: Fingerprint | None


class Index(Protocol):
    """A candidate index: any number of readers, one writer at a time.

    Attributes:
        position: the position of the last applied change; 0 before any.
    """

    @property
    def position(self) -> int: ...

    def apply(self, changes: Iterable[Change]) -> None:
        """Apply changes, all or none.

        Raises:
            ValueError: positions descend, or begin at or before what is already applied.
        """
        ...

    def candidates(self, query: Fingerprint, limit: int = 50) -> list[int]:
        """Up to ``limit`` works that may match, best first."""
        ...
