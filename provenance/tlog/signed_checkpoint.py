"""Checkpoints with their signatures: by a log's keys, opened by who trusts those keys. Pure.

Specifications: c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ..errors import VerificationFailed
from . import keys
from .checkpoint import Checkpoint, checkpoint_of
from .cosignature import cosigned_message, verify_note
from .note import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, ED25519, VKey, check_name, parse_note, signature_line

_COSIGNATURE = struct.Struct(">4sQ")  # key id and POSIX seconds, what an ML-DSA-44 cosignature begins with
_MIN_COSIGNATURE = 1024  # characters of a line that holds one; an Ed25519 signature has 92


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint whose signatures were checked, and by which keys it is signed."""

    origin: str
    size: int
    root: bytes
    signed_by: dict[VKey, int | None]


def open_checkpoint(
    raw: bytes, log_keys: Sequence[VKey], witness_keys: Sequence[VKey] = (), origin: str | None = None
) -> OpenedCheckpoint:
    """Check a signed checkpoint: every known key of the log must have signed it, and every known signature must hold.

    Args:
        log_keys: plain Ed25519 and ML-DSA-44 keys; those that bear the checkpoint's origin as name count as the log's.
        witness_keys: keys whose cosignatures are checked where they are present.
        origin: the log that is expected; None takes any.

    Raises:
        VerificationFailed: and why.
    """
    note = parse_note(raw)
    checkpoint = checkpoint_of(note.text)
    if origin is not None and checkpoint.origin != origin:
        raise VerificationFailed(f"the checkpoint is of {checkpoint.origin!r:.80}, not of {origin!r}")
    good = verify_note(note, [*log_keys, *witness_keys])
    own = [key for key in log_keys if key.name == checkpoint.origin]
    if not own or COSIGNATURE_ED25519 in {key.kind for key in own}:
        raise VerificationFailed(f"no key of the log {checkpoint.origin!r:.80} is known")
    missing = [key for key in own if key not in good]
    if missing:
        raise VerificationFailed(f"a key of the log did not sign: {missing[0].name}+{missing[0].id.hex()}")
    return OpenedCheckpoint(checkpoint.origin, checkpoint.size, checkpoint.root, good)


def signed_time(raw: bytes) -> int | None:
    """POSIX seconds at which a log says it signed a checkpoint; None when no line of its own bears a time.

    Nothing is checked, for speed: for whoever reads checkpoints of their own log back.
    """
    origin, _, _ = raw.partition(b"\n")
    start = "\u2014 ".encode() + origin + b" "
    for line in raw[raw.rfind(b"\n\n") + 2 :].split(b"\n"):
        if line.startswith(start) and len(line) > _MIN_COSIGNATURE:
            try:
                _, seconds = _COSIGNATURE.unpack(binascii.a2b_base64(line[len(start) : len(start) + 16]))
            except (binascii.Error, struct.error):
                return None
            return int(seconds)
    return None


class LogKeys:
    """The log's private keys: Ed25519 for every reader today, ML-DSA-44 for readers in a world of quantum computers."""

    def __init__(self, origin: str, ed25519: Ed25519PrivateKey, mldsa44: MLDSA44PrivateKey) -> None:
        self._ed25519, self._mldsa44 = ed25519, mldsa44
        self.ed25519_vkey = VKey.make(origin, ED25519, ed25519.public_key().public_bytes_raw())
        self.mldsa44_vkey = VKey.make(origin, COSIGNATURE_MLDSA44, mldsa44.public_key().public_bytes_raw())

    def vkeys(self) -> list[str]:
        return [str(self.ed25519_vkey), str(self.mldsa44_vkey)]

    def statement_key(self) -> keys.SigningKey:
        """The Ed25519 key as a signer of statements, none of which can be read as a checkpoint: those end a line."""
        return keys.SigningKey.of(self._ed25519)

    def signatures(self, checkpoint: Checkpoint, timestamp: int) -> list[tuple[VKey, bytes]]:
        time_bytes = struct.pack(">Q", timestamp)
        message = cosigned_message(self.mldsa44_vkey, timestamp, checkpoint.text)
        return [
            (self.ed25519_vkey, self._ed25519.sign(checkpoint.text)),
            (self.mldsa44_vkey, time_bytes + self._mldsa44.sign(message)),
        ]


def sign_checkpoint(checkpoint: Checkpoint, log_keys: LogKeys, timestamp: int, *more: LogKeys) -> bytes:
    """The signed note of a checkpoint, at a time in POSIX seconds; in a rotation by the old and the new keys."""
    check_name(checkpoint.origin)
    lines = [
        signature_line(key, signature)
        for signer in (log_keys, *more)
        for key, signature in signer.signatures(checkpoint, timestamp)
    ]
    return checkpoint.text + b"\n" + b"".join(lines)
