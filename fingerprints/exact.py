"""A medium of which nothing but the same bytes is recognised: formats of sound and film, until they have their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .index.interface import Statistics, View
from .medium import Example, Found
from .model import Examination, Fingerprint, Limits, Match, MediumName, Preview, Segment, Status
from .source import Source

ALGORITHM = "sourcemark-exact/1"
_HEADS: dict[MediumName, bytes] = {
    "audio": b"fLaC\x00\x00\x00\x22",
    "video": b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x23\x42\x82\x84webm",
}


@dataclass(frozen=True, slots=True)
class NoProposal:
    """Nothing: the same bytes are found in every medium alike (`registry.propose`)."""

    works: tuple[int, ...] = ()


class ExactCopies:
    """See `Medium`."""

    HAS_METADATA = True
    STATUSES: frozenset[Status] = frozenset()

    def __init__(self, name: MediumName) -> None:
        self.NAME: MediumName = name
        self.ALGORITHM = ALGORITHM

    def warm(self) -> None:
        pass

    def examine(self, source: Source, format: str, limits: Limits, *, thorough: bool = False) -> Examination:
        fingerprint = Fingerprint(self.NAME, ALGORITHM, source.sha256(), reason="not_fingerprinted")
        return Examination(fingerprint, format)

    def propose(self, query: Fingerprint, view: View) -> NoProposal:
        return NoProposal()

    def decide(
        self, query: Fingerprint, proposal: NoProposal, works: Mapping[int, Fingerprint], statistics: Statistics
    ) -> Found:
        return Found({})

    def upgrade(self, old: Fingerprint) -> Fingerprint | None:
        return None

    def whole(self, of: Fingerprint) -> Segment:
        span = 0.0, float(of.facts.get("seconds", 0))
        return Segment(span, span, "second")

    def shown(self, of: Fingerprint) -> str | None:
        return None

    def preview(self, upload: Fingerprint, match: Match) -> Preview | None:
        return None

    def render(self, upload: Preview, matches: Sequence[tuple[Fingerprint, Match]]) -> bytes | None:
        return None

    def example_works(self) -> Sequence[Example]:
        work = _HEADS[self.NAME] + bytes(range(200))
        return [Example("recording", work, others={"longer": work + b"x"})]
