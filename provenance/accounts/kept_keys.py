"""The files of the signing keys that an installation keeps, one a key, named by its id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..config import Settings
from ..errors import LedgerReadOnly
from ..ledger import key_files
from ..tlog import keys
from ..tlog.keys import SigningKey


class KeptKeys:
    """Makes, finds and opens them. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.keys_dir
        self._settings = settings  # for the passphrase, when a file is opened
        self._opened: dict[str, SigningKey] = {}

    def path(self, keyid: str) -> Path:
        return self.folder / f"{keyid}.pem"

    def first(self, keyids: Sequence[str]) -> str | None:
        """The first of these keys whose file is here."""
        return next((keyid for keyid in keyids if self.path(keyid).exists()), None)

    def make(self) -> SigningKey:
        """A new key, in a file before anybody sees it."""
        key = keys.new_signing_key()
        key_files.save_signing_key(key, self.path(key.keyid), self._settings.passphrase)
        return key

    def load(self, keyid: str) -> SigningKey:
        """Raises `LedgerReadOnly` where the file cannot be opened, or holds another key."""
        if keyid in self._opened:  # opening an encrypted one is meant to take time
            return self._opened[keyid]
        key = key_files.load_signing_key(self.path(keyid), self._settings.passphrase)
        if key.keyid != keyid:
            raise LedgerReadOnly(
                f"{self.path(keyid)} holds another key: restore it from your backup", reason="key_damaged"
            )
        self._opened[keyid] = key
        return key

    def delete(self, keyid: str) -> None:
        """Delete the file of a key, if it is here."""
        self.path(keyid).unlink(missing_ok=True)
