"""The log's own private keys: which are in force, by what the log itself says, and where their files are."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..config import Settings
from ..database.engine import Database
from ..database.tables import entries, log_state
from ..errors import LedgerReadOnly
from ..tlog import envelope, note
from ..tlog.signed_checkpoint import LogKeys
from . import key_files


class Keyring:
    """The keys of one log.

    Attributes:
        origin: of the log; empty until it is opened.
    """

    def __init__(self, db: Database, settings: Settings) -> None:
        self.origin = ""
        self._db = db
        self._settings = settings
        self._opened: dict[str, LogKeys] = {}  # those that were needed, by the suffix of their files

    def in_force(self) -> LogKeys:
        """The log's private keys that are in force."""
        said = self.change()
        return self.load("") if said is None else self._of(said["keys"] or said["replaces"])

    def vkeys(self) -> list[str]:
        """The log's public keys as C2SP verifier keys, Ed25519 first."""
        return self.in_force().vkeys()

    def signers(self, keys_index: int | None, start: int, moment: int) -> tuple[LogKeys, int, *tuple[LogKeys, ...]]:
        """Who signs a checkpoint, and when: the first one that covers a change of keys, the old ones too."""
        said = self.change(keys_index)
        if said is None or not said["keys"] or keys_index is None or keys_index < start:
            return self.in_force(), moment
        return self._of(said["replaces"]), moment, self._of(said["keys"])

    def change(self, index: int | None = None) -> Mapping[str, Any] | None:
        """What a log-key entry says, by default the newest one; None while the first keys are in force."""
        with self._db.read() as connection:
            if index is None:
                index = connection.execute(sa.select(log_state.c.keys_index)).scalar()
            if index is None:
                return None
            raw = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == index)).scalar()
        leaf = None if raw is None else envelope.parse_leaf(raw)
        if leaf is None or leaf.kind != "log-key":
            raise LedgerReadOnly(
                f"the database takes entry {index} for a change of the log's keys, and it is none: run "
                "`sourcemark ledger fsck`",
                reason="log_damaged",
            )
        return leaf.predicate

    def _of(self, vkeys: Sequence[str]) -> LogKeys:
        """The private keys of verifier keys: the first ones', or those whose files bear the id."""
        wanted = note.VKey.parse(vkeys[0])
        for suffix in ("", f"-{wanted.id.hex()}"):
            with contextlib.suppress(LedgerReadOnly):
                found = self.load(suffix)
                if found.vkeys() == list(vkeys):
                    return found
        raise LedgerReadOnly(
            f"the log's keys with the id {wanted.id.hex()} are not in {self._settings.keys_dir}: restore them "
            "from your backup",
            reason="key_missing",
        )

    def load(self, suffix: str) -> LogKeys:
        """The log's private keys in the files with this suffix."""
        if suffix not in self._opened:
            try:
                found = key_files.load_log_keys(self._settings.keys_dir, self._settings.passphrase, suffix)
                self._opened[suffix] = LogKeys(self.origin, *found)
            except FileNotFoundError as error:
                raise LedgerReadOnly(
                    f"the log's keys are not in {self._settings.keys_dir}: restore them from your backup",
                    reason="key_missing",
                ) from error
        return self._opened[suffix]
