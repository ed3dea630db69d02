"""The contract of a medium: bytes -> fingerprint -> candidates -> match, and how a match is shown.

A medium is a module, or an object, with the members of `Medium`; `registry` lists them, and mypy checks each against
this protocol. A search takes two steps, so that the index may be spread over machines: `propose` is all that reads the
index, `decide` reads a proposal, the fingerprints of the works it names, and at most counts over everything registered
(`index.interface.Statistics`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from .index.interface import Statistics, View
from .model import Examination, Fingerprint, Limits, Match, MediumName, Preview, Segment, Status
from .source import Source


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a search found.

    Attributes:
        matches: by the works' positions in the log.
        reason: why there is none, where that has a name.
    """

    matches: Mapping[int, Match]
    reason: str | None = None


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
    copies: Mapping[str, bytes] = field(default_factory=dict)
    others: Mapping[str, bytes] = field(default_factory=dict)


class Proposal(Protocol):
    """What an index has of an upload. Each medium has a type of its own, frozen and picklable."""

    @property
    def works(self) -> Sequence[int]:
        """Where the candidates are registered in the log; `Medium.decide` is to be given their fingerprints."""
        ...


P = TypeVar("P", bound=Proposal)


class Medium(Protocol[P]):
    """What a medium is made of.

    Attributes:
        NAME: as `sniff` names it.
        ALGORITHM: id and version of the fingerprints made today. They compare only within one algorithm, so any change
            of pixels, grams, seeds or tables is a new version.
        HAS_METADATA: whether rights metadata embedded in its files is read and recorded.
        STATUSES: of its reasons why nothing was matched, those that a scan's status repeats.
    """

    NAME: MediumName
    ALGORITHM: str
    HAS_METADATA: bool
    STATUSES: frozenset[Status]

    def warm(self) -> None:
        """Load what `examine` needs, before the decoder process gives up its right to open files."""
        ...

    def examine(self, source: Source, format: str, limits: Limits, *, thorough: bool = False) -> Examination:
        """Fingerprint a file. Runs inside the decoder process; embedded metadata is read elsewhere.

        Args:
            format: by content, as `sniff` names it.
            thorough: for a search: look closer than is kept of a work, where the medium knows how.

        Raises:
            UnreadableMedia, UnsupportedMedium, LimitExceeded: see their reasons.
        """
        ...

    def propose(self, query: Fingerprint, view: View) -> P:
        """Look an upload up.

        Args:
            query: the upload's fingerprint, of `ALGORITHM`.
            view: the registered works.
        """
        ...

    def decide(
        self, query: Fingerprint, proposal: P, works: Mapping[int, Fingerprint], statistics: Statistics
    ) -> Found:
        """The works that an upload verifiably reuses, with evidence. Only here is anything reported.

        Args:
            proposal: what `propose` gave for the query.
            works: fingerprints of `ALGORITHM` by the works' positions; a proposed one that is not there is not matched.
            statistics: of all that is registered, as it was when proposed.
        """
        ...

    def upgrade(self, old: Fingerprint) -> Fingerprint | None:
        """A work's fingerprint by today's algorithm, from what an older one kept of it; None where none can be made."""
        ...

    def whole(self, of: Fingerprint) -> Segment:
        """All of a work or upload, as a segment of itself; empty where its extent is not known."""
        ...

    def shown(self, of: Fingerprint) -> str | None:
        """The text of a work as a reader sees it, at its submitted code points; None where a medium keeps none."""
        ...

    def preview(self, upload: Fingerprint, match: Match) -> Preview | None:
        """The small picture to keep of a matched upload, as ``match`` found it; None where a medium has none."""
        ...

    def render(self, upload: Preview, matches: Sequence[tuple[Fingerprint, Match]]) -> bytes | None:
        """A PNG that shows an upload beside works it matched; None where nothing can be shown.

        Args:
            matches: the works' fingerprints and how each matched, best first.
        """
        ...

    def example_works(self) -> Sequence[Example]:
        """Works with copies that must be found and others that must not, for the contract test."""
        ...
