"""Text: found by winnowed grams, decided by alignment and by how much of what is shared is the work's own."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from ..documents.extraction import Reading, read
from ..errors import FingerprintError
from ..model import Fingerprint, Limits, Medium, TextFormat
from ..source import Source
from ..unicode.charset import decode
from ..unicode.folding import fold, fold_words, to_text
from . import codec, minhash, winnowing
from .codec import shown, signature
from .normalization import Normal, normalise
from .search import search

__all__ = [
    "ALGORITHM",
    "NAME",
    "Reading",
    "decode",
    "fingerprint",
    "fingerprint_of",
    "fold",
    "fold_words",
    "read",
    "renewed",
    "search",
    "shown",
    "signature",
]

NAME: Medium = "text"
ALGORITHM = "sourcemark-text/2:minhash128-affine32-seed1"

MINIMUM_WEIGHT = 36.0  # Latin letters (a Han character counts three) below which an altered copy could be chance
_GRAMS = 5  # different grams, likewise;
_LONG_GRAMS = 3  # of those a long text keeps: a line of verse ten thousand times is still a line


def fingerprint(data: bytes, limits: Limits | None = None, declared: TextFormat | None = None) -> Fingerprint:
    """Fingerprint the bytes of a text.

    Args:
        declared: the format, where it is known from elsewhere than the bytes.

    Raises:
        UnreadableMedia, UnsupportedMedium, LimitExceeded: as `read` does.
    """
    source = Source(data, declared)
    return fingerprint_of(read(source, limits or Limits()), source.sha256())


def fingerprint_of(reading: Reading, digest: bytes) -> Fingerprint:
    """Fingerprint a text that is read already, from bytes of this digest."""
    normal = normalise(reading.seen)
    signature, grams = minhash.sketch(normal), winnowing.kept(normal)
    # A letter a million times has length but says nothing: its grams are one.
    few = _GRAMS if len(normal.units) <= winnowing.SHORT else _LONG_GRAMS
    short = normal.weight < MINIMUM_WEIGHT or len(grams) < few
    whole = np.array([_whole(normal)], dtype=np.uint64) if len(normal.units) else np.zeros(0, dtype=np.uint64)
    return Fingerprint(
        medium=NAME,
        algorithm=ALGORITHM,
        digest=digest,
        codes=minhash.code(signature)[: 0 if short else 1],
        keys=whole if short else np.concatenate((whole, grams)),
        detail=codec.pack(to_text(reading.seen), signature),
        facts={
            "characters": len(reading.seen),
            "encoding": reading.encoding,
            "format": reading.format,
            **({"hidden_characters": reading.hidden} if reading.hidden else {}),
        },
        reason="too_short" if short else None,
    )


def renewed(of: Fingerprint) -> Fingerprint | None:
    """Today's fingerprint of a work from what an older version kept of it; None where that cannot be read."""
    try:
        text, html = codec.submitted_before(of)
        data = text.encode()
        made = fingerprint(data, Limits(max_text_bytes=len(data)), "html" if html else "plain")
    except (ValueError, FingerprintError):
        return None
    return replace(made, digest=of.digest, facts={**made.facts, **of.facts})


def _whole(text: Normal) -> int:
    """One key for the whole normal form: texts that differ only in what folding removes share it."""
    return int.from_bytes(hashlib.sha256(text.units.astype("<u4").tobytes()).digest()[:5], "little")


def __getattr__(name: str) -> object:
    if name == "EXAMPLES":
        from .examples import EXAMPLES

        return EXAMPLES
    raise AttributeError(name)
