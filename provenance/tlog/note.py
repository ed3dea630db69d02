"""C2SP signed-note: notes, their signature lines, and verifier keys. Pure.

Specification: c2sp.org/signed-note. `cosignature` checks the signatures.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from ..errors import VerificationFailed
from .encoding import b64, unb64

ED25519 = 0x01
COSIGNATURE_ED25519 = 0x04
COSIGNATURE_MLDSA44 = 0x06
_KEY_SIZE = {ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_MLDSA44: 1312}
_MAX_NOTE = 1 << 20
_MAX_SIGNATURES = 100
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIGNATURE_LINE = re.compile("\u2014 ([^ ]+) ([^ ]+)")


def check_name(name: str) -> None:
    """Raises `VerificationFailed` for what cannot name a key or a log."""
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
        check_name(name)
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
        check_name(match[1])
        data = unb64(match[2])
        if len(data) < 5:
            raise VerificationFailed("a signature is too short")
        signatures.append((match[1], data[:4], data[4:]))
    return Note(content[: cut + 1].encode(), tuple(signatures))


def signature_line(key: VKey, signature: bytes) -> bytes:
    """One line of a note's signatures, with its newline."""
    return f"\u2014 {key.name} {b64(key.id + signature)}\n".encode()
