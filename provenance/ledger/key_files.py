"""Private keys in files of mode 0600, PEM, encrypted where there is a passphrase. A file is never replaced.

They hold the keys that sign statements and the two of a log, or of a witness.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from fingerprints.durable import synchronise

from ..errors import LedgerReadOnly
from ..tlog.keys import SigningKey
from . import pkcs8

LOG_ED25519 = "log-ed25519.pem"
LOG_MLDSA44 = "log-mldsa44.pem"


def save_signing_key(key: SigningKey, path: Path, passphrase: bytes | None = None) -> None:
    """Write a new file; raises FileExistsError rather than replace a key."""
    _save(key.private, path, passphrase)


def load_signing_key(path: Path, passphrase: bytes | None = None) -> SigningKey:
    """Raises FileNotFoundError, or `LedgerReadOnly` when the file is damaged or the passphrase is not its own."""
    private = _load(path, passphrase)
    if not isinstance(private, Ed25519PrivateKey):
        raise LedgerReadOnly(f"{path} does not hold an Ed25519 key: restore it from your backup", reason="key_damaged")
    return SigningKey.of(private)


def save_log_keys(
    log_keys: tuple[Ed25519PrivateKey, MLDSA44PrivateKey], folder: Path, passphrase: bytes | None, suffix: str
) -> None:
    """Write two new files; raises FileExistsError rather than replace a key."""
    first, second = log_key_names(suffix)
    _save(log_keys[0], folder / first, passphrase)
    _save(log_keys[1], folder / second, passphrase)


def create_log_keys(folder: Path, passphrase: bytes | None = None) -> None:
    """Make the log's first two keys unless they are there."""
    first, second = (folder / name for name in log_key_names())
    if not first.exists():
        _save(Ed25519PrivateKey.generate(), first, passphrase)
    if not second.exists():
        _save(MLDSA44PrivateKey.generate(), second, passphrase)


def log_key_names(suffix: str = "") -> tuple[str, str]:
    """File names of the log's two keys; keys that came by rotation have a suffix."""
    first, second = (name.removesuffix(".pem") for name in (LOG_ED25519, LOG_MLDSA44))
    return f"{first}{suffix}.pem", f"{second}{suffix}.pem"


def load_log_keys(
    folder: Path, passphrase: bytes | None = None, suffix: str = ""
) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    """Raises FileNotFoundError, or `LedgerReadOnly` when a file is damaged or the passphrase is not its own."""
    ed25519, mldsa = (_load(folder / name, passphrase) for name in log_key_names(suffix))
    if not isinstance(ed25519, Ed25519PrivateKey) or not isinstance(mldsa, MLDSA44PrivateKey):
        raise LedgerReadOnly(
            f"the log's keys in {folder} are mixed up: restore them from your backup", reason="key_damaged"
        )
    return ed25519, mldsa


def _save(private: pkcs8.PrivateKey, path: Path, passphrase: bytes | None) -> None:
    pem = pkcs8.to_pem(private, passphrase)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(pem)
            handle.flush()
            os.fsync(handle.fileno())
        os.link(temporary, path)  # unlike rename, never replaces a key that is there
    finally:
        temporary.unlink()
    synchronise(path.parent)


def _load(path: Path, passphrase: bytes | None) -> object:
    raw = path.read_bytes()
    encrypted = pkcs8.is_encrypted(raw)
    if encrypted and not passphrase:
        raise LedgerReadOnly(
            f"{path} is encrypted: give its passphrase in SOURCEMARK_KEY_PASSPHRASE_FILE or SOURCEMARK_KEY_PASSPHRASE",
            reason="passphrase_missing",
        )
    try:
        return serialization.load_pem_private_key(raw, passphrase if encrypted else None)
    except ValueError as error:
        if not encrypted:
            raise LedgerReadOnly(f"{path} is damaged: restore it from your backup", reason="key_damaged") from error
        raise LedgerReadOnly(
            f"{path} does not open with this passphrase: it is another one, or the file is damaged (restore it then)",
            reason="passphrase_wrong",
        ) from error
    except (TypeError, UnsupportedAlgorithm) as error:
        raise LedgerReadOnly(f"{path} is damaged: restore it from your backup", reason="key_damaged") from error
