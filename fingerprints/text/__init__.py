"""Text: a MinHash sketch finds near copies, an exact alignment of the folded texts decides and shows them.

The first version finds copies of a whole text: re-wrapped, re-typed, converted between scripts, lightly edited, put
into HTML. Short excerpts of a long work are not proposed as candidates yet.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint, Limits, Match, Medium, Segment, TextFormat
from .alignment import align
from .decoding import decode
from .folding import code_points, fold, fold_words, to_text
from .normal import Normal, normalise
from .reading import Reading, read
from .scoring import MINIMUM_WEIGHT, score
from .shingle import PERMUTATIONS, bands, sketch, whole

__all__ = [
    "ALGORITHM",
    "NAME",
    "RADIUS",
    "Reading",
    "decode",
    "fingerprint",
    "fingerprint_of",
    "fold",
    "fold_words",
    "query_codes",
    "read",
    "verify",
]

NAME: Medium = "text"
ALGORITHM = "sourcemark-text/1:fold1-grams6443-minhash128-affine32-seed1"
RADIUS = 0  # texts have no codes

_SHOWN = 1000  # passages shown, the longest: a book that was edited throughout has more than anybody reads
WHOLE = 0xFFFF  # payload of the key of the whole normal form; a band's payload is its number
_HEAD = struct.Struct("<BBI")  # version of the layout, nothing, bytes of the compressed text
_SIGNATURE = PERMUTATIONS * 4


def fingerprint(data: bytes, limits: Limits | None = None, declared: TextFormat | None = None) -> Fingerprint:
    """Fingerprint the bytes of a text.

    Args:
        declared: the format, where it is known from elsewhere than the bytes.

    Raises:
        UnreadableMedia: empty or undecodable.
        UnsupportedMedium: not text.
        LimitExceeded: more bytes than ``limits.max_text_bytes``.
    """
    return fingerprint_of(read(data, limits or Limits(), declared), data)


def fingerprint_of(reading: Reading, data: bytes) -> Fingerprint:
    """Fingerprint a text that is read already."""
    normal = normalise(reading.seen)
    signature, distinct = sketch(normal.units, normal.scripts)
    keys = np.zeros(0, dtype=np.uint64)
    payloads = np.zeros(0, dtype=np.uint32)
    if len(normal.units):
        keys = np.array([whole(normal.units)], dtype=np.uint64)
        payloads = np.array([WHOLE], dtype=np.uint32)
    reason = None
    # A letter a million times has length but says nothing: grams count once.
    if normal.weight < MINIMUM_WEIGHT or distinct < MINIMUM_WEIGHT / 3:
        reason = "too_short"
    else:
        keys = np.concatenate((keys, bands(signature)))
        payloads = np.concatenate((payloads, np.arange(len(keys) - 1, dtype=np.uint32)))
    seen = to_text(reading.seen)
    packed = zlib.compress(seen.encode("utf-8", "surrogatepass"), 6 if len(seen) < 1_000_000 else 1)
    return Fingerprint(
        medium=NAME,
        algorithm=ALGORITHM,
        digest=hashlib.sha256(data).digest(),
        keys=keys,
        payloads=payloads,
        detail=_HEAD.pack(2, 0, len(packed)) + signature.astype("<u4").tobytes() + packed,
        facts={
            "characters": len(seen),
            "encoding": reading.encoding,
            "format": reading.format,
            "hidden_characters": reading.hidden,
        },
        reason=reason,
    )


def verify(query: Fingerprint, candidate: Fingerprint) -> Match | None:
    """Whether two texts share so much that one is a copy, and where; spans count submitted code points."""
    mine, theirs = _normal(query), _normal(candidate)
    if not len(mine.units) or not len(theirs.units):
        return None
    if np.array_equal(mine.units, theirs.units):
        everything = Segment((0.0, float(mine.length)), (0.0, float(theirs.length)), "codepoint")
        return Match(1.0, 1.0, 1.0, (everything,), {"identical_text": True})
    if not query.fingerprintable or not candidate.fingerprintable:
        return None
    found = align(mine, theirs)
    if not len(found.spans):
        return None
    upload = _covered(found.spans[:, :2], mine)
    work = _covered(found.spans[:, 2:], theirs)
    value = score(upload, work, found.distinct)
    if value < 0.5:
        return None
    longest = np.argsort(found.spans[:, 0] - found.spans[:, 1], kind="stable")[:_SHOWN]
    segments = tuple(
        Segment(_submitted(mine, a, b), _submitted(theirs, c, d), "codepoint")
        for a, b, c, d in found.spans[np.sort(longest)].tolist()
    )
    return Match(value, upload, work, segments)


def query_codes(query: Fingerprint) -> NDArray[np.uint64]:
    """Texts are proposed by keys only."""
    return query.codes


def signature(of: Fingerprint) -> NDArray[np.uint32]:
    """The datasketch MinHash signature (affine32, seed 1) kept in a fingerprint, shape (128,)."""
    return np.frombuffer(of.detail, dtype="<u4", count=PERMUTATIONS, offset=_HEAD.size).astype(np.uint32)


def _normal(of: Fingerprint) -> Normal:
    """The normal form again; the query's stays while its candidates pass."""
    return _few(of.detail) if len(of.detail) > _LONG else _many(of.detail)


def _read(detail: bytes) -> Normal:
    version, _, size = _HEAD.unpack_from(detail)
    if version != 2 or len(detail) != _HEAD.size + _SIGNATURE + size:
        raise ValueError("a text fingerprint with an unknown layout")
    text = zlib.decompress(detail[_HEAD.size + _SIGNATURE :]).decode("utf-8", "surrogatepass")
    return normalise(code_points(text))


_LONG = 500_000  # bytes of detail from which a normal form takes megabytes
_many, _few = lru_cache(maxsize=16)(_read), lru_cache(maxsize=2)(_read)


def _covered(spans: NDArray[np.int64], text: Normal) -> float:
    """The share of the units inside any of the spans, 0..1."""
    depth = np.zeros(len(text.units) + 1, dtype=np.int64)
    np.add.at(depth, spans[:, 0], 1)
    np.add.at(depth, spans[:, 1], -1)
    return float(np.count_nonzero(np.cumsum(depth[:-1]) > 0) / len(text.units))


def _submitted(text: Normal, a: int, b: int) -> tuple[float, float]:
    """A range of units as a range of submitted code points."""
    return float(text.where[a]), float(text.where[b - 1] + 1)


def __getattr__(name: str) -> object:
    if name == "EXAMPLES":
        from .examples import EXAMPLES

        return EXAMPLES
    raise AttributeError(name)
