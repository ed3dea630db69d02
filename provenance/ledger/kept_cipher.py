"""Encryption of what the database holds of others, by a key that lies with the signing keys.

AES-256-GCM (NIST SP 800-38D), each text bound to what it belongs to. The key is derived by HKDF-SHA256 (RFC 5869) from
a private key of its own, which is kept, encrypted and backed up like those that sign. Whoever reads the database alone
can read none of it.
"""

from __future__ import annotations

import os
import threading

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..config import Settings
from ..errors import LedgerReadOnly, from_os_error
from ..tlog import keys
from . import key_files, pkcs8

_NONCE_BYTES = 12


class KeptCipher:
    """Seals and opens. Thread-safe."""

    def __init__(self, settings: Settings, file: str, use: bytes, what: str) -> None:
        """
        Args:
            file: name of the key's file.
            use: what the key is for, so that no two uses share one.
            what: is sealed by it, for messages: "the secrets of webhooks".
        """
        self.path = settings.keys_dir / file
        self._settings = settings
        self._use = use
        self._what = what
        self._lock = threading.Lock()
        self._cipher: AESGCM | None = None

    def seal(self, plain: bytes, about: str) -> bytes:
        """The key is made with the first.

        Args:
            about: id of what it belongs to.

        Raises:
            LedgerReadOnly: the key cannot be used, or made.
        """
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._key(make=True).encrypt(nonce, plain, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """
        Raises:
            LedgerReadOnly: the key is not here, or cannot be used.
            ValueError: it is not this key's, or was changed.
        """
        try:
            return self._key().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
        except InvalidTag:
            raise ValueError(f"{about} does not open with {self.path}") from None

    def _key(self, *, make: bool = False) -> AESGCM:
        with self._lock:
            if self._cipher is None:
                private = self._load(make=make).private
                derived = HKDF(hashes.SHA256(), 32, salt=None, info=self._use).derive(private.private_bytes_raw())
                self._cipher = AESGCM(derived)
            return self._cipher

    def _load(self, *, make: bool) -> keys.SigningKey:
        if make and not self.path.exists():
            self._refuse_to_make_a_bare_key()
            try:
                key_files.save_signing_key(keys.new_signing_key(), self.path, self._settings.passphrase)
            except FileExistsError:
                pass  # another process was faster: its key is the key
            except OSError as error:
                raise from_os_error(error, self.path.parent) from error
        try:
            return key_files.load_signing_key(self.path, self._settings.passphrase)
        except FileNotFoundError:
            raise LedgerReadOnly(
                f"{self.path} is not there, by which {self._what} are sealed: restore it from your backup, or copy it "
                "from the machine that made them",
                reason="key_missing",
            ) from None

    def _refuse_to_make_a_bare_key(self) -> None:
        """Where the other keys are encrypted, a key without a passphrase would give away what it is to keep."""
        beside = self.path.with_name(key_files.LOG_ED25519)
        if self._settings.passphrase is None and beside.exists() and pkcs8.is_encrypted(beside.read_bytes()):
            raise LedgerReadOnly(
                f"{self.path} cannot be made without the passphrase of the other keys: set "
                "SOURCEMARK_KEY_PASSPHRASE_FILE or SOURCEMARK_KEY_PASSPHRASE",
                reason="passphrase_missing",
            )
