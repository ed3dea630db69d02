"""C2SP tlog-proof: an inclusion proof with the checkpoint it leads to, as text. Pure.

Specification: c2sp.org/tlog-proof, version 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import VerificationFailed
from .encoding import b64, decimal, unb64
from .merkle import HASH_SIZE

_HEADER = "c2sp.org/tlog-proof@v1"
_MAX_HASHES = 63


@dataclass(frozen=True, slots=True)
class Proof:
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes


def format_proof(index: int, hashes: Sequence[bytes], checkpoint: bytes) -> bytes:
    return "\n".join([_HEADER, f"index {index}", *map(b64, hashes), "", ""]).encode() + checkpoint


def parse_proof(raw: bytes) -> Proof:
    """Raises `VerificationFailed`."""
    head, separator, checkpoint = raw.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise VerificationFailed("the proof's head is not ASCII") from None
    if not separator or lines.pop(0) != _HEADER:
        raise VerificationFailed(f"the proof does not begin with {_HEADER}")
    if lines and lines[0].startswith("extra "):
        unb64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise VerificationFailed("the proof names no index")
    index = decimal(lines.pop(0).removeprefix("index "))
    hashes = tuple(unb64(line) for line in lines)
    if len(hashes) > _MAX_HASHES or any(len(h) != HASH_SIZE for h in hashes):
        raise VerificationFailed("the proof has too many hashes, or one of a wrong length")
    return Proof(index, hashes, checkpoint)
