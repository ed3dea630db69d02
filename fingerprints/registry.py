"""The only list of media, and what is the same for all: examine a file, search for what it reuses.

A medium is a module with the names of `Module`. A format whose medium has no module yet gets a fingerprint that finds
exact copies only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from . import image, sniff, text
from .errors import LimitExceeded
from .index.interface import Found, Index, Load, View
from .model import Examination, Field, Fingerprint, Limits, Match, Medium, Quad, Reuse, Segment, Span
from .source import Source

EXACT = "sourcemark-exact/1"
_EXACT_REUSE: dict[Medium, Reuse] = {"text": "verbatim"}


class Module(Protocol):
    """What a medium is made of. It also has ``EXAMPLES``, made when first asked for."""

    NAME: Medium
    ALGORITHM: str

    def fingerprint(self, data: bytes, limits: Limits | None = None, *, thorough: bool = False) -> Fingerprint: ...

    def search(self, query: Fingerprint, view: View, load: Load, seen: View | None = None) -> Found:
        """The works that an upload verifiably reuses: candidates from the index, verified, with evidence."""
        ...


MEDIA: dict[Medium, Module] = {"text": cast(Module, text), "image": cast(Module, image)}
ALGORITHMS = frozenset(module.ALGORITHM for module in MEDIA.values())  # those of today


def examine(
    source: Source,
    limits: Limits,
    trust_anchors: str = "",
    *,
    thorough: bool = False,
) -> Examination:
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
    # A fragment of HTML cannot be told from plain text by its first bytes.
    medium, format = sniff.sniff(source) if source.declared is None else ("text", source.declared)
    if medium == "text":
        reading = text.read(source, limits)
        return Examination(text.fingerprint_of(reading, source.sha256()), reading.format, reading.text)
    module = MEDIA.get(medium)
    if module is None:
        found = Fingerprint(medium, EXACT, source.sha256(), reason="not_fingerprinted")
    else:
        found = module.fingerprint(source.read(limits.max_bytes), limits, thorough=thorough)
    return Examination(found, format, None, _metadata(source, format, trust_anchors))


def _metadata(source: Source, format: str, trust_anchors: str) -> tuple[Field, ...]:
    from . import metadata  # needed in the decoder process only

    return metadata.read(source, format, trust_anchors)


def search(query: Fingerprint, index: Index, load: Load, seen: Index | None = None) -> Found:
    """The registered works that an upload verifiably reuses; the same bytes are a match in every medium.

    Args:
        query: the upload's fingerprint.
        index: the registered works.
        load: gives the fingerprints of works by number, and leaves out those that must not match.
        seen: the lessons of earlier searches.
    """
    module = MEDIA.get(query.medium)
    current = module is not None and query.algorithm == module.ALGORITHM
    view = index.view(query.algorithm)
    exact = {
        work: Match(1.0, 1.0, 1.0, (_everything(query, same),), {"exact": True}, _EXACT_REUSE.get(query.medium))
        for work, same in load(view.works(view.by_digest(query.digest)).tolist()).items()
        if same.digest == query.digest and same.medium == query.medium
    }
    if module is None or not current:
        return Found(exact)

    def others(works: Sequence[int]) -> Mapping[int, Fingerprint]:
        loaded = load([work for work in works if work not in exact])
        return {work: found for work, found in loaded.items() if found.algorithm == query.algorithm}

    found = module.search(query, view, others, None if seen is None else seen.view(query.algorithm))
    if exact:
        return Found({**exact, **found.matches})
    return found


def version(algorithm: str) -> int:
    """The number after the slash of an algorithm's id; 0 where there is none."""
    number = algorithm.partition("/")[2].partition(":")[0]
    return int(number) if number.isdecimal() else 0


def renewed(of: Fingerprint) -> Fingerprint | None:
    """A work's fingerprint by today's algorithm from what an older one kept; None where nothing better can be made."""
    if of.medium == "text":
        return text.renewed(of) if of.algorithm not in (text.ALGORITHM, EXACT) else None
    return image.renewed(of) if of.medium == "image" and of.algorithm != image.ALGORITHM else None


def _everything(query: Fingerprint, candidate: Fingerprint) -> Segment:
    if query.medium == "text":
        return Segment(_span(query, "characters"), _span(candidate, "characters"), "codepoint")
    if query.medium == "image":
        return Segment(_quad(query), _quad(candidate), "pixel")
    return Segment(_span(query, "seconds"), _span(candidate, "seconds"), "second")


def _span(of: Fingerprint, fact: str) -> Span:
    """The whole length; an unknown one is (0, 0)."""
    return 0.0, float(of.facts.get(fact, 0))


def _quad(of: Fingerprint) -> Quad:
    w, h = float(of.facts.get("width", 0)), float(of.facts.get("height", 0))
    return (0.0, 0.0), (w, 0.0), (w, h), (0.0, h)
