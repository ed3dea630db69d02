"""The only list of media, and what is the same for all: examine a file, search for what it reuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import audio, image, reading, sniff, text, video
from .errors import LimitExceeded
from .index.interface import Statistics, View
from .medium import Found, Medium, P, Proposal
from .model import Examination, Field, Fingerprint, Limits, Match, MediumName, Reuse, Segment
from .source import Source


def _checked(medium: Medium[P]) -> Medium[Any]:
    """The same medium; a type checker compares it with the contract here, its type of proposal included."""
    return medium


MEDIA: Mapping[MediumName, Medium[Any]] = {
    "text": _checked(text),
    "image": _checked(image),
    "audio": _checked(audio),
    "video": _checked(video),
}
ALGORITHMS = frozenset(medium.ALGORITHM for medium in MEDIA.values())  # those of today


def examine(source: Source, limits: Limits, trust_anchors: str = "", *, thorough: bool = False) -> Examination:
    """Read everything that is needed from one file. Runs inside the decoder process.

    Args:
        trust_anchors: PEM certificates that C2PA manifests are trusted by.
        thorough: for a search: look closer than is kept of a work, where the medium knows how.

    Raises:
        UnreadableMedia, UnsupportedMedium, LimitExceeded: see their reasons.
    """
    with source.opened() as held:
        return _examine(held, limits, trust_anchors, thorough=thorough)


def _examine(source: Source, limits: Limits, trust_anchors: str, *, thorough: bool) -> Examination:
    if source.size > limits.max_bytes:
        raise LimitExceeded("too_large", f"the file is larger than {limits.max_bytes} bytes")
    medium, format = sniff.sniff(source) if source.declared is None else ("text", source.declared)
    found = MEDIA[medium].examine(source, format, limits, thorough=thorough)
    if thorough and medium == image.NAME and (moving := video.examine_animation(source, limits)) is not None:
        found = replace(found, fingerprint=replace(found.fingerprint, also=(moving,)))
    if medium == image.NAME:
        found = reading.added(found, source.read(limits.max_bytes), limits)
    fields = _metadata(source, format, trust_anchors) if MEDIA[medium].HAS_METADATA else ()
    return replace(found, fields=fields)


def _metadata(source: Source, format: str, trust_anchors: str) -> tuple[Field, ...]:
    from . import metadata  # needed in the decoder process only

    return metadata.read(source, format, trust_anchors)


@dataclass(frozen=True, slots=True)
class Candidates:
    """What an index has of an upload.

    Attributes:
        same_digest: works whose SHA-256 begins like the upload's.
        proposal: what the upload's medium proposes; None where its fingerprint is not by today's algorithm.
    """

    same_digest: tuple[int, ...]
    proposal: Proposal | None

    @property
    def works(self) -> list[int]:
        """Where all works are registered whose fingerprints are needed to decide."""
        proposed = () if self.proposal is None else self.proposal.works
        return list(dict.fromkeys((*self.same_digest, *proposed)))


def propose(query: Fingerprint, view: View) -> Candidates:
    """Look an upload up.

    Args:
        query: the upload's fingerprint.
        view: the registered works, for fingerprints of the query's algorithm.

    Of a fingerprint that has others beside it (`Fingerprint.also`), each is looked up by itself; `joined` makes one
    answer of what is decided.
    """
    view.soon("by_digest", query.digest)
    medium = MEDIA[query.medium]
    proposal = medium.propose(query, view) if query.algorithm == medium.ALGORITHM else None
    return Candidates(tuple(view.by_digest(query.digest).tolist()), proposal)


def decide(
    query: Fingerprint, candidates: Candidates, works: Mapping[int, Fingerprint], statistics: Statistics
) -> Found:
    """The registered works that an upload verifiably reuses; the same bytes are a match in every medium.

    Args:
        works: fingerprints by the works' positions in the log; a candidate that is not there is not matched.
        statistics: of all that is registered; a view of the moment when the candidates were proposed is best.
    """
    medium = MEDIA[query.medium]
    exact = {
        work: _exact(medium, query, same)
        for work in candidates.same_digest
        if (same := works.get(work)) is not None and same.digest == query.digest and same.medium == query.medium
    }
    if candidates.proposal is None:
        return Found(exact)
    others = {
        number: by_same
        for number, work in works.items()
        if number not in exact and (by_same := work.by(query.algorithm)) is not None
    }
    found = medium.decide(query, candidates.proposal, others, statistics)
    matches = {number: reading.marked(query, works[number], match) for number, match in found.matches.items()}
    return Found({**exact, **matches}) if exact else Found(matches, found.reason)


def joined(query: Fingerprint, answers: Sequence[Found]) -> Found:
    """What is found by each of a query's fingerprints (`Fingerprint.each`), in their order, as one answer."""
    if query.medium != image.NAME or not query.also:
        return video.fused(query, answers) if query.also else answers[0]
    parts = list(zip(query.each, answers, strict=True))
    seen = [(part, found) for part, found in parts if part.medium != text.NAME]
    moving = replace(query, also=tuple(part for part, _ in seen[1:]))
    shown = video.fused(moving, [found for _, found in seen]) if moving.also else answers[0]
    read = [found.matches for part, found in parts if part.medium == text.NAME]
    return Found({**{n: match for each in read for n, match in each.items()}, **shown.matches}, shown.reason)


def _exact(medium: Medium[Any], query: Fingerprint, work: Fingerprint) -> Match:
    here, there = medium.whole(query), medium.whole(work)
    segment = Segment(here.upload, there.work, here.unit)
    # Texts alone have kinds of reuse, and they alone count code points.
    reuse: Reuse | None = "verbatim" if here.unit == "codepoint" else None
    return Match(1.0, 1.0, 1.0, (segment,), {"exact": True}, reuse)


def version(algorithm: str) -> int:
    """The number after the slash of an algorithm's id; 0 where there is none."""
    number = algorithm.partition("/")[2].partition(":")[0]
    return int(number) if number.isdecimal() else 0
