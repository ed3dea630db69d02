"""Text: found by winnowed grams, decided by alignment and by how much of what is shared is the work's own."""

from __future__ import annotations

import hashlib

import numpy as np

from .. import sniff
from ..errors import LimitExceeded, UnreadableMedia
from ..model import Fingerprint, Limits, Medium, TextFormat
from . import keys, minhash, stored
from .decoding import decode
from .folding import code_points, fold, fold_words, to_text
from .html import visible
from .normal import Normal, normalise
from .search import search
from .stored import shown, signature

__all__ = ["ALGORITHM", "NAME", "decode", "fingerprint", "fold", "fold_words", "search", "shown", "signature"]

NAME: Medium = "text"
ALGORITHM = "sourcemark-text/2:fold2-winnow12-minhash128-affine32-seed1"

_GRAMS = 5  # different grams, likewise
MINIMUM_WEIGHT = 36.0  # Latin letters (a Han character counts three) below which an altered copy could be chance


def fingerprint(data: bytes, limits: Limits | None = None, declared: TextFormat | None = None) -> Fingerprint:
    """Fingerprint the bytes of a text.

    Args:
        declared: the format, where it is known from elsewhere than the bytes.

    Raises:
        UnreadableMedia: empty or undecodable.
        UnsupportedMedium: not text.
        LimitExceeded: more bytes than ``limits.max_text_bytes``.
    """
    limits = limits or Limits()
    if len(data) > limits.max_text_bytes:
        raise LimitExceeded("too_large", f"the text is larger than {limits.max_text_bytes} bytes; send it in parts")
    medium, format = (NAME, declared) if declared is not None else sniff.sniff(data)
    if medium != NAME:
        raise UnreadableMedia("mislabelled", f"this is {medium} ({format}), not text")
    text, encoding = decode(data)
    seen = code_points(text)
    if format == "html":
        seen = visible(text, seen)
        text = to_text(seen)
    normal = normalise(seen)
    signature, grams = minhash.sketch(normal), keys.kept(normal)
    # A letter a million times has length but says nothing: its grams are one.
    short = normal.weight < MINIMUM_WEIGHT or len(grams) < _GRAMS
    whole = np.array([_whole(normal)], dtype=np.uint64) if len(normal.units) else np.zeros(0, dtype=np.uint64)
    return Fingerprint(
        medium=NAME,
        algorithm=ALGORITHM,
        digest=hashlib.sha256(data).digest(),
        codes=minhash.code(signature)[: 0 if short else 1],
        keys=whole if short else np.concatenate((whole, grams)),
        detail=stored.pack(text, signature),
        facts={"characters": len(text), "encoding": encoding, "format": format},
        reason="too_short" if short else None,
    )


def _whole(text: Normal) -> int:
    """One key for the whole normal form: texts that differ only in what folding removes share it."""
    return int.from_bytes(hashlib.sha256(text.units.astype("<u4").tobytes()).digest()[:5], "little")


def __getattr__(name: str) -> object:
    if name == "EXAMPLES":
        from .examples import EXAMPLES

        return EXAMPLES
    raise AttributeError(name)
