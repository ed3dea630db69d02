"""Private keys encrypted with a passphrase: PKCS #8 with PBES2, scrypt and AES-256-CBC (RFC 8018, RFC 7914).

openssl and every other PKCS #8 reader opens them. Written here, because the library's own encryption stretches the
passphrase with 2,048 rounds of PBKDF2 only, half a millisecond; this takes a guesser 16 MiB and 5 x 16,384 rounds.
"""

from __future__ import annotations

import base64
import os

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7

# Of the parameters that OWASP holds equal the ones with the least memory: openssl reads up to 32 MiB unasked.
_N, _R, _P = 1 << 14, 8, 5
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")
_HEADER = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"

PrivateKey = Ed25519PrivateKey | MLDSA44PrivateKey


def is_encrypted(pem: bytes) -> bool:
    """Whether a PEM file needs a passphrase."""
    return _HEADER in pem


def to_pem(key: PrivateKey, passphrase: bytes | None) -> bytes:
    """The key as PEM, encrypted if there is a passphrase."""
    plain = serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    if not passphrase:
        return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)
    salt, iv = os.urandom(16), os.urandom(16)
    secret = Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase)
    padder = PKCS7(128).padder()
    padded = padder.update(key.private_bytes(serialization.Encoding.DER, pkcs8, plain)) + padder.finalize()
    encryptor = Cipher(algorithms.AES256(secret), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padded) + encryptor.finalize()
    parameters = _sequence(_octets(salt), _integer(_N), _integer(_R), _integer(_P))
    scheme = _sequence(_sequence(_SCRYPT, parameters), _sequence(_AES_256_CBC, _octets(iv)))
    der = _sequence(_sequence(_PBES2, scheme), _octets(sealed))
    text = base64.b64encode(der)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join([_HEADER, *lines, b"-----END ENCRYPTED PRIVATE KEY-----", b""])


# --- DER (X.690), as much as is needed -------------------------------------------------------------------------------
def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _octets(content: bytes) -> bytes:
    return _tagged(0x04, content)


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
