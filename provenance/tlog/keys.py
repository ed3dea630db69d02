"""Ed25519 keys that sign statements (RFC 8032), and strict verification. Pure; `ledger.key_files` keeps them.

Strict means: a public key of small order or in a non-canonical encoding is refused, because a signature under it can
hold for more than one message (RFC 8032 section 5.1.7 leaves that open).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import nacl.bindings
import nacl.exceptions
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ..errors import VerificationFailed


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key that signs statements. ``keyid`` is the hex SHA-256 of the raw public key."""

    private: Ed25519PrivateKey
    public: bytes
    keyid: str

    @classmethod
    def of(cls, private: Ed25519PrivateKey) -> SigningKey:
        """With its public part and id."""
        public = private.public_key().public_bytes_raw()
        return cls(private, public, keyid_of(public))

    def sign(self, message: bytes) -> bytes:
        """64 bytes; pure Ed25519, deterministic (RFC 8032)."""
        return self.private.sign(message)


def keyid_of(public: bytes) -> str:
    """Lower-case hex SHA-256 of a raw public key."""
    return hashlib.sha256(public).hexdigest()


def new_signing_key() -> SigningKey:
    """From the system's randomness."""
    return SigningKey.of(Ed25519PrivateKey.generate())


def check_public_key(public: bytes) -> None:
    """Raises `VerificationFailed` for a key that is not a canonical point of the prime-order subgroup."""
    if len(public) != 32 or not nacl.bindings.crypto_core_ed25519_is_valid_point(public):
        raise VerificationFailed("this Ed25519 public key is weak or not canonical")


def verify(public: bytes, signature: bytes, message: bytes) -> None:
    """Strict Ed25519 verification; raises `VerificationFailed`."""
    if len(public) != 32 or len(signature) != 64:
        raise VerificationFailed("an Ed25519 key has 32 bytes and a signature 64")
    try:
        nacl.bindings.crypto_sign_open(signature + message, public)
    except (nacl.exceptions.CryptoError, ValueError):
        raise VerificationFailed("the signature does not verify") from None


def new_log_keys() -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    """A log's two private keys, from the system's randomness."""
    return Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate()
