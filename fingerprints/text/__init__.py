"""Text: found by winnowed grams, decided by alignment and by how much of what is shared is the work's own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from ..documents.extraction import Reading, read
from ..medium import Example
from ..model import KEY_BYTES, Examination, Fingerprint, Limits, Match, MediumName, Preview, Segment, Status, TextFormat
from ..source import Source
from ..unicode.folding import to_text
from . import codec, minhash, winnowing
from .codec import shown
from .grams import Hashes
from .normalization import NormalizedText, normalize
from .search import decide, propose

__all__ = [
    "ALGORITHM",
    "HAS_METADATA",
    "NAME",
    "STATUSES",
    "decide",
    "examine",
    "example_works",
    "fingerprint",
    "preview",
    "propose",
    "render",
    "shown",
    "upgrade",
    "warm",
    "whole",
]

NAME: MediumName = "text"
ALGORITHM = "sourcemark-text/2:minhash128-affine32-seed1"
HAS_METADATA = False
STATUSES: frozenset[Status] = frozenset({"too_short", "template_only"})

MINIMUM_WEIGHT = 36.0  # Latin letters (a Han character counts three) below which an altered copy could be chance
_MIN_GRAMS = 5  # different grams, likewise;
_MIN_GRAMS_OF_LONG = 3  # of those a long text keeps: a line of verse ten thousand times is still a line


def warm() -> None:
    """Importing has loaded all tables."""


def examine(source: Source, format: str, limits: Limits, *, thorough: bool = False) -> Examination:
    reading = read(source, limits, format)
    return Examination(_fingerprint(reading, source.sha256()), reading.format, reading.text)


def fingerprint(data: bytes, limits: Limits | None = None, declared: TextFormat | None = None) -> Fingerprint:
    """Fingerprint the bytes of a text.

    Args:
        declared: the format, where it is known from elsewhere than the bytes.

    Raises:
        UnreadableMedia, UnsupportedMedium, LimitExceeded: as `read` does.
    """
    source = Source(data, declared)
    return _fingerprint(read(source, limits or Limits()), source.sha256())


def upgrade(old: Fingerprint) -> Fingerprint | None:
    """No older algorithm was ever released."""
    return None


def whole(of: Fingerprint) -> Segment:
    span = 0.0, float(of.facts.get("characters", 0))
    return Segment(span, span, "codepoint")


def preview(upload: Fingerprint, match: Match) -> Preview | None:
    """None: of a text's passages the words are shown."""
    return None


def render(upload: Preview, matches: Sequence[tuple[Fingerprint, Match]]) -> bytes | None:
    return None


def example_works() -> Sequence[Example]:
    from .examples import EXAMPLES  # takes a while to make

    return EXAMPLES


def _fingerprint(reading: Reading, digest: bytes) -> Fingerprint:
    normal = normalize(reading.seen)
    signature, grams = minhash.sketch(normal), winnowing.work_keys(normal)
    # A letter a million times has length but says nothing: its grams are one.
    least = _MIN_GRAMS if len(normal.units) <= winnowing.MAX_SHORT_UNITS else _MIN_GRAMS_OF_LONG
    short = normal.weight < MINIMUM_WEIGHT or len(grams) < least
    key = _whole_key(normal)
    return Fingerprint(
        medium=NAME,
        algorithm=ALGORITHM,
        digest=digest,
        codes=minhash.code(signature)[: 0 if short else 1],
        keys=key if short else np.concatenate((key, grams)),
        detail=codec.pack(to_text(reading.seen), signature),
        facts={
            "characters": len(reading.seen),
            "encoding": reading.encoding,
            "format": reading.format,
            **({"hidden_characters": reading.hidden} if reading.hidden else {}),
            **({"unread": "script"} if reading.by_script else {}),
        },
        reason="too_short" if short else None,
    )


def _whole_key(text: NormalizedText) -> Hashes:
    """One key for the whole normal form, none of an empty one: texts that differ only in what folding removes share
    it."""
    if not len(text.units):
        return np.zeros(0, dtype=np.uint64)
    digest = hashlib.sha256(text.units.astype("<u4").tobytes()).digest()
    return np.array([int.from_bytes(digest[:KEY_BYTES], "little")], dtype=np.uint64)
