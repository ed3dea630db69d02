"""The secrets of webhooks as the database holds them: sealed by a key that lies with the signing keys.

Each secret is encrypted by AES-256-GCM (NIST SP 800-38D) and bound to its endpoint. The key is derived by HKDF-SHA256
(RFC 5869) from a private key of its own, which is kept, encrypted and backed up like those that sign. Whoever reads the
database alone can sign nothing.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..config import Settings
from ..errors import LedgerReadOnly, from_os_error
from ..ledger import key_files, pkcs8
from ..tlog import keys

FILE = "webhooks.pem"
_USE = b"sourcemark: secrets of webhooks, version 1"
_NONCE_BYTES = 12


class WebhookSecrets:
    """Seals and opens secrets. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = settings.keys_dir / FILE
        self._lock = threading.Lock()
        self._cipher: AESGCM | None = None

    def seal(self, endpoint_id: str, secret: str, until: str | None = None) -> dict[str, Any]:
        """A secret as it is stored, with the moment until which it signs. The key is made with the first one.

        Raises:
            LedgerReadOnly: the key cannot be used, or made.
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._key(make=True).encrypt(nonce, secret.encode(), endpoint_id.encode())
        return {"sealed": base64.b64encode(sealed).decode(), "until": until}

    def open(self, endpoint_id: str, stored: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Secrets of an endpoint, each with its ``secret`` and ``until``; also of before they were sealed.

        Raises:
            LedgerReadOnly: the key is not here, or cannot be used.
        """
        return [{"secret": self._open(endpoint_id, each), "until": each["until"]} for each in stored]

    def _open(self, endpoint_id: str, stored: Mapping[str, Any]) -> str:
        if not is_sealed(stored):
            return str(stored["secret"])
        sealed = base64.b64decode(stored["sealed"])
        try:
            plain = self._key().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], endpoint_id.encode())
        except InvalidTag:
            raise LedgerReadOnly(
                f"the secret of {endpoint_id} does not open with {self._path}: restore that file from your backup, or "
                f"make a new secret by `sourcemark webhook rotate {endpoint_id} --keep-hours 0`",
                reason="key_damaged",
            ) from None
        return plain.decode()

    def _key(self, *, make: bool = False) -> AESGCM:
        with self._lock:
            if self._cipher is None:
                private = self._load(make=make).private
                derived = HKDF(hashes.SHA256(), 32, salt=None, info=_USE).derive(private.private_bytes_raw())
                self._cipher = AESGCM(derived)
            return self._cipher

    def _load(self, *, make: bool) -> keys.SigningKey:
        if make and not self._path.exists():
            self._refuse_to_make_a_bare_key()
            try:
                key_files.save_signing_key(keys.new_signing_key(), self._path, self._settings.passphrase)
            except FileExistsError:
                pass  # another process was faster: its key is the key
            except OSError as error:
                raise from_os_error(error, self._path.parent) from error
        try:
            return key_files.load_signing_key(self._path, self._settings.passphrase)
        except FileNotFoundError:
            raise LedgerReadOnly(
                f"{self._path} is not there, by which the secrets of webhooks are sealed: restore it from your backup, "
                "or copy it from the machine that made them",
                reason="key_missing",
            ) from None

    def _refuse_to_make_a_bare_key(self) -> None:
        """Where the other keys are encrypted, a key without a passphrase would give away what it is to keep."""
        beside = self._path.with_name(key_files.LOG_ED25519)
        if self._settings.passphrase is None and beside.exists() and pkcs8.is_encrypted(beside.read_bytes()):
            raise LedgerReadOnly(
                f"{self._path} cannot be made without the passphrase of the other keys: set "
                "SOURCEMARK_KEY_PASSPHRASE_FILE or SOURCEMARK_KEY_PASSPHRASE",
                reason="passphrase_missing",
            )


def is_sealed(stored: Mapping[str, Any]) -> bool:
    """Whether a secret is stored sealed: those of older databases are not, until something is sent there."""
    return "sealed" in stored
