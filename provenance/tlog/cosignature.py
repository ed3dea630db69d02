"""C2SP tlog-cosignature: what witnesses sign, and the check of every kind of signature on a note. Pure.

Specification: c2sp.org/tlog-cosignature; plain Ed25519 signatures are those of c2sp.org/signed-note.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from ..errors import VerificationFailed
from . import keys
from .checkpoint import checkpoint_of
from .note import COSIGNATURE_ED25519, ED25519, Note, VKey

MLDSA44_COSIGNATURE = 8 + 2420  # bytes: the time, and the signature


def cosigned_message(key: VKey, timestamp: int, text: bytes) -> bytes:
    """The bytes that a cosignature of this key, at this time, over a checkpoint's text signs (tlog-cosignature)."""
    if key.kind == COSIGNATURE_ED25519:
        return b"cosignature/v1\ntime %d\n" % timestamp + text
    checkpoint = checkpoint_of(text)
    signer, origin = key.name.encode(), checkpoint.origin.encode()
    if not (0 < len(signer) < 256 and 0 < len(origin) < 256):
        raise VerificationFailed("a name is too long for an ML-DSA-44 cosignature")
    return b"".join(
        (
            b"subtree/v1\n\0",
            bytes([len(signer)]),
            signer,
            struct.pack(">Q", timestamp),
            bytes([len(origin)]),
            origin,
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        )
    )


def verify_signature(key: VKey, text: bytes, signature: bytes) -> int | None:
    """Check one signature over a note's text.

    Returns:
        The time of a cosignature in POSIX seconds, None for a plain signature.

    Raises:
        VerificationFailed: it does not hold.
    """
    if key.kind == ED25519:
        keys.verify(key.public, signature, text)
        return None
    if len(signature) < 8:
        raise VerificationFailed("a cosignature is too short")
    (timestamp,) = struct.unpack_from(">Q", signature)
    if timestamp >= 2**63:
        raise VerificationFailed("a cosignature's time is out of range")
    message = cosigned_message(key, timestamp, text)
    if key.kind == COSIGNATURE_ED25519:
        keys.verify(key.public, signature[8:], message)
        return int(timestamp)
    if len(signature) != MLDSA44_COSIGNATURE:
        raise VerificationFailed("an ML-DSA-44 signature has 2,420 bytes")
    try:
        MLDSA44PublicKey.from_public_bytes(key.public).verify(signature[8:], message)
    except (InvalidSignature, ValueError):
        raise VerificationFailed("the ML-DSA-44 signature does not verify") from None
    return int(timestamp)


def verify_note(note: Note, known: Iterable[VKey]) -> dict[VKey, int | None]:
    """The keys whose signatures hold, with the time of cosignatures.

    Signatures of unknown keys are ignored; a known key whose signature fails, or that signed twice, rejects the note.
    """
    by_id: dict[tuple[str, bytes], VKey] = {}
    for key in known:
        if by_id.setdefault((key.name, key.id), key) != key:
            raise VerificationFailed("two keys share one name and id")
    good: dict[VKey, int | None] = {}
    for name, key_id, signature in note.signatures:
        found = by_id.get((name, key_id))
        if found is None:
            continue
        if found in good:
            raise VerificationFailed(f"{name} signed twice")
        good[found] = verify_signature(found, note.text, signature)
    return good
