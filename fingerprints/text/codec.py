"""The detail of a text's fingerprint: its MinHash signature and what a reader sees of it."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from ..model import Fingerprint
from ..unicode.folding import code_points
from .minhash import PERMUTATIONS, Signature
from .normalization import NormalizedText, normalize

_HEAD = struct.Struct("<BI")  # version of the layout, bytes of the compressed text
_VERSION = 2
_SIGNATURE = PERMUTATIONS * 4
_COMPRESSION = 3  # of 1 to 9: half as long as the default, some hundredths larger
_MIN_LONG = 1_000_000  # characters from which speed matters more than a tenth of the size


def pack(text: str, signature: Signature) -> bytes:
    """The detail of a text; what its reader does not see is NUL."""
    packed = zlib.compress(text.encode("utf-8", "surrogatepass"), _COMPRESSION if len(text) < _MIN_LONG else 1)
    return _HEAD.pack(_VERSION, len(packed)) + signature.astype("<u4").tobytes() + packed


def signature(of: Fingerprint) -> Signature:
    """The datasketch MinHash signature (affine32, seed 1) kept in a fingerprint, shape (128,)."""
    return np.frombuffer(of.detail, dtype="<u4", count=PERMUTATIONS, offset=_HEAD.size).astype(np.uint32)


def shown(of: Fingerprint) -> str:
    """What a reader sees of the text, at its submitted code points: NUL stands for each code point that is not seen.

    Raises:
        ValueError: the detail has an unknown layout.
    """
    version, size = _HEAD.unpack_from(of.detail)
    if version != _VERSION or len(of.detail) != _HEAD.size + _SIGNATURE + size:
        raise ValueError("a text fingerprint with an unknown layout")
    return zlib.decompress(of.detail[_HEAD.size + _SIGNATURE :]).decode("utf-8", "surrogatepass")


def normal_form(of: Fingerprint) -> NormalizedText:
    """The normal form of a fingerprinted text; raises ValueError as `shown` does."""
    return normalize(code_points(shown(of)))
