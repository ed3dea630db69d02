"""C2SP signed notes, verifier keys, checkpoints and cosignatures. Pure.

Specifications: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from ..errors import VerificationFailed
from . import keys
from .encoding import b64, decimal, unb64
from .merkle import EMPTY_ROOT, HASH_SIZE

ED25519 = 0x01
COSIGNATURE_ED25519 = 0x04
COSIGNATURE_MLDSA44 = 0x06
_KEY_SIZE = {ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_MLDSA44: 1312}
_MLDSA44_SIGNATURE = 2420
_MAX_NOTE = 1 << 20
_MAX_SIGNATURES = 100
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIGNATURE_LINE = re.compile("\u2014 ([^ ]+) ([^ ]+)")


def _check_name(name: str) -> None:
    odd = any(c.isspace() or unicodedata.category(c) in ("Cc", "Cs", "Zs", "Zl", "Zp") for c in name)
    if not name or "+" in name or odd:
        raise VerificationFailed(f"{name!r:.60} is not a key name")


@dataclass(frozen=True, slots=True)
class VKey:
    """A verifier key: ``name+hash+base64(type || key)``."""

    name: str
    id: bytes
    kind: int
    public: bytes

    @classmethod
    def make(cls, name: str, kind: int, public: bytes) -> VKey:
        _check_name(name)
        digest = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()
        return cls(name, digest[:4], kind, public)

    @classmethod
    def parse(cls, text: str) -> VKey:
        """Raises `VerificationFailed`."""
        parts = text.strip("\n").split("+", 2)
        if len(parts) != 3 or not re.fullmatch(r"[0-9a-f]{8}", parts[1]):
            raise VerificationFailed(f"{text!r:.60} is not a verifier key")
        raw = unb64(parts[2])
        if not raw or _KEY_SIZE.get(raw[0]) != len(raw) - 1:
            raise VerificationFailed("the verifier key has an unknown type or a wrong length")
        made = cls.make(parts[0], raw[0], raw[1:])
        if made.id.hex() != parts[1]:
            raise VerificationFailed("the verifier key's id does not fit its key")
        return made

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True)
class Note:
    """``text`` ends with its newline; a signature is (name, key id, bytes)."""

    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


def parse_note(raw: bytes) -> Note:
    """Raises `VerificationFailed`."""
    if len(raw) > _MAX_NOTE:
        raise VerificationFailed("the note is too large")
    try:
        content = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise VerificationFailed("the note is not UTF-8") from None
    if _CONTROL.search(content):
        raise VerificationFailed("the note holds a control character")
    cut = content.rfind("\n\n")
    if cut < 0 or not content.endswith("\n") or cut + 2 >= len(content):
        raise VerificationFailed("the note has no signatures")
    lines = content[cut + 2 : -1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise VerificationFailed("the note has too many signatures")
    signatures = []
    for line in lines:
        match = _SIGNATURE_LINE.fullmatch(line)
        if match is None:
            raise VerificationFailed(f"{line!r:.60} is not a signature line")
        _check_name(match[1])
        data = unb64(match[2])
        if len(data) < 5:
            raise VerificationFailed("a signature is too short")
        signatures.append((match[1], data[:4], data[4:]))
    return Note(content[: cut + 1].encode(), tuple(signatures))


def signature_line(key: VKey, signature: bytes) -> bytes:
    """One line of a note's signatures, with its newline."""
    return f"\u2014 {key.name} {b64(key.id + signature)}\n".encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log signs: its origin, size and root. ``raw`` is the whole signed note where there is one."""

    origin: str
    size: int
    root: bytes
    raw: bytes = b""

    @property
    def text(self) -> bytes:
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n".encode()


def checkpoint_of(text: bytes, raw: bytes = b"") -> Checkpoint:
    """A checkpoint from a note's text; extension lines are allowed and ignored. Raises `VerificationFailed`."""
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise VerificationFailed("the checkpoint is not UTF-8") from None
    if len(lines) < 4 or lines[-1] != "" or "" in lines[:-1]:
        raise VerificationFailed("the checkpoint does not have its three lines")
    root = unb64(lines[2])
    size = decimal(lines[1])
    if len(root) != HASH_SIZE or (size == 0 and root != EMPTY_ROOT):
        raise VerificationFailed("the checkpoint's root is not a hash of its log")
    return Checkpoint(lines[0], size, root, raw)


def parse_checkpoint(raw: bytes) -> Checkpoint:
    """Reads a signed checkpoint without checking its signatures; raises `VerificationFailed`."""
    return checkpoint_of(parse_note(raw).text, raw)


# --- signatures ------------------------------------------------------------------------------------------------------
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
    if len(signature) != 8 + _MLDSA44_SIGNATURE:
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
    _check_name(checkpoint.origin)
    lines = [
        signature_line(key, signature)
        for signer in (log_keys, *more)
        for key, signature in signer.signatures(checkpoint, timestamp)
    ]
    return checkpoint.text + b"\n" + b"".join(lines)
