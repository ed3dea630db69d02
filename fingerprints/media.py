"""The only list of media, and what is the same for all: examine a file, compare two fingerprints.

A medium is a module with the names of `Module`. A format whose medium has no module yet gets a fingerprint that finds
exact copies only.
"""

from __future__ import annotations

import hashlib
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from . import image, sniff, text
from .errors import LimitExceeded
from .model import Examination, Field, Fingerprint, Limits, Match, Medium, Quad, Segment, Span, TextFormat

EXACT = "sourcemark-exact/1"


class Module(Protocol):
    """What a medium is made of.

    ``query_codes`` gives the codes to look up for one fingerprint, shape (n, 4): more than it stores where a look-up
    has to try orientations. ``RADIUS`` is the Hamming distance, 0..255 bits, within which a stored code is a candidate.
    The module also has ``EXAMPLES``, made when first asked for.
    """

    NAME: Medium
    ALGORITHM: str
    RADIUS: int

    def fingerprint(self, data: bytes, limits: Limits | None = None) -> Fingerprint: ...

    def verify(self, query: Fingerprint, candidate: Fingerprint) -> Match | None: ...

    def query_codes(self, query: Fingerprint) -> NDArray[np.uint64]: ...


MEDIA: dict[Medium, Module] = {"text": cast(Module, text), "image": cast(Module, image)}


def examine(data: bytes, limits: Limits, declared: TextFormat | None = None, trust_anchors: str = "") -> Examination:
    """Read everything that is needed from one file. Runs inside the decoder process.

    Args:
        declared: the bytes are UTF-8 text of this format, as their sender said; a fragment of HTML cannot be told
            from plain text by its first bytes.
        trust_anchors: PEM certificates that C2PA manifests are trusted by.

    Raises:
        UnreadableMedia, UnsupportedMedium, LimitExceeded: see their reasons.
    """
    if len(data) > limits.max_bytes:
        raise LimitExceeded("too_large", f"the file is larger than {limits.max_bytes} bytes")
    if declared is not None:
        return Examination(text.fingerprint(data, limits, declared), declared, text.decode(data)[0])
    medium, format = sniff.sniff(data)
    module = MEDIA.get(medium)
    submitted: str | None = None
    if module is None:
        found = Fingerprint(medium, EXACT, hashlib.sha256(data).digest(), reason="not_fingerprinted")
    else:
        found = module.fingerprint(data, limits)
        if medium == "text":
            submitted, _ = text.decode(data)
    return Examination(found, format, submitted, _metadata(data, format, trust_anchors))


def _metadata(data: bytes, format: str, trust_anchors: str) -> tuple[Field, ...]:
    from . import metadata  # needed in the decoder process only

    return metadata.read(data, format, trust_anchors)


def query_codes(query: Fingerprint) -> tuple[NDArray[np.uint64], int]:
    """The codes to look up for one upload, shape (n, 4), and the radius in bits."""
    module = MEDIA.get(query.medium)
    if module is None or query.algorithm != module.ALGORITHM:
        return query.codes, 0
    return module.query_codes(query), module.RADIUS


def verify(query: Fingerprint, candidate: Fingerprint) -> Match | None:
    """Whether the upload verifiably reuses the work; the same bytes are a match in every medium."""
    if query.medium != candidate.medium:
        return None
    if query.digest == candidate.digest:
        return Match(1.0, 1.0, 1.0, (_everything(query, candidate),), {"exact": True})
    module = MEDIA.get(query.medium)
    if module is None or not query.algorithm == candidate.algorithm == module.ALGORITHM:
        return None
    return module.verify(query, candidate)


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
