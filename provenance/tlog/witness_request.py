"""C2SP tlog-witness: the body of a request to cosign a checkpoint. Pure.

Specification: c2sp.org/tlog-witness, add-checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import VerificationFailed
from .encoding import b64, decimal, unb64
from .merkle import HASH_SIZE

SIZE_TYPE = "text/x.tlog.size"  # media type of an answer with the size that the witness has
MAX_REQUEST = 64 * 1024  # bytes
_MAX_HASHES = 63


def format_request(old: int, proof: Sequence[bytes], checkpoint: bytes) -> bytes:
    """The body of an add-checkpoint request."""
    return "".join([f"old {old}\n", *(f"{b64(h)}\n" for h in proof), "\n"]).encode() + checkpoint


def parse_request(body: bytes) -> tuple[int, list[bytes], bytes]:
    """Old size, consistency proof and signed checkpoint of a request; raises `VerificationFailed`."""
    if len(body) > MAX_REQUEST:
        raise VerificationFailed(f"the request is larger than {MAX_REQUEST} bytes")
    head, separator, checkpoint = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise VerificationFailed("the request's head is not ASCII") from None
    if not separator or not first.startswith("old "):
        raise VerificationFailed("the request does not begin with the old size, the proof and an empty line")
    proof = [unb64(line) for line in lines]
    if len(proof) > _MAX_HASHES or any(len(h) != HASH_SIZE for h in proof):
        raise VerificationFailed("the proof has too many hashes, or one of a wrong length")
    return decimal(first.removeprefix("old ")), proof, checkpoint
