"""What a medium's EXAMPLES are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Example:
    """A work with files that must match it and files that must not; all made by code, nobody's property.

    Attributes:
        name: what kind of work it is.
        work: bytes of the work.
        copies: bytes of altered copies, by edit.
        others: bytes of files that look alike but are no copies, by kind.
    """

    name: str
    work: bytes
    copies: Mapping[str, bytes]
    others: Mapping[str, bytes] = field(default_factory=dict)
