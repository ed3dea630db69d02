"""The signer's own memory of the last checkpoint, in a store apart from the database.

A database can be restored from a backup or cloned; a log that then signs another tree of a size it has signed before
has forked for good. This store refuses to go back or sideways, whatever the database says.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from fingerprints.durable import synchronise

from ..database.locks import DEFAULT_SECONDS, file_lock
from ..errors import LedgerReadOnly, VerificationFailed
from ..tlog.checkpoint import Checkpoint, parse_checkpoint
from ..tlog.encoding import b64, unb64


class SignerState:
    """One small file, replaced under a lock by compare-and-swap, synchronised to disk before it counts."""

    def __init__(self, path: Path, lock_seconds: float = DEFAULT_SECONDS) -> None:
        """
        Args:
            lock_seconds: how long to wait for another process that writes.
        """
        self.path = path
        self._lock_seconds = lock_seconds

    def read(self) -> Checkpoint | None:
        """The last checkpoint signed here, None before the first; raises `LedgerReadOnly` when damaged."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            data = json.loads(raw)
            signed = parse_checkpoint(unb64(data["note"]))
            if (signed.origin, signed.size, signed.root) != (data["origin"], data["size"], unb64(data["root"])):
                raise VerificationFailed("the note is of another checkpoint")
            return signed
        except (ValueError, KeyError, TypeError, RecursionError, VerificationFailed) as error:
            raise LedgerReadOnly(
                f"the signer state {self.path} is damaged: restore it from your backup", reason="signer_state_damaged"
            ) from error

    def advance(self, origin: str, size: int, root: bytes, signed: bytes) -> bytes:
        """Compare and swap: remember a signed checkpoint before it is published.

        Args:
            root: 32 bytes.
            signed: the signed note of a checkpoint of this origin, size and root.

        Returns:
            The note to publish: the one remembered, if this size and root were signed before.

        Raises:
            LedgerReadOnly: the state is ahead, or has the same size with another root, or is damaged.
            Unavailable: its lock cannot be had; nothing was written.
            OSError: the disk is full or failed; the state may or may not have been written.
        """
        with file_lock(self.path.with_suffix(".lock"), self._lock_seconds):
            last = self.read()
            if last is not None:
                if last.origin != origin:
                    raise self._refusal(f"it is of the log {last.origin}, not of {origin}")
                if last.size > size:
                    raise self._refusal(f"it has signed {last.size} entries, the database has {size}")
                if last.size == size:
                    if last.root != root:
                        raise self._refusal(f"it has signed another log of {size} entries")
                    return last.raw
            self._write({"origin": origin, "size": size, "root": b64(root), "note": b64(signed)})
            return signed

    def _refusal(self, why: str) -> LedgerReadOnly:
        return LedgerReadOnly(
            f"the signer state {self.path} does not allow this signature: {why}. The database was restored from an old "
            "backup or is another one: restore the newest backup, do not write on",
            reason="signer_refused",
        )

    def _write(self, data: dict[str, object]) -> None:
        temporary = self.path.with_suffix(".tmp")
        with temporary.open("w") as handle:
            json.dump(data, handle)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(self.path)
        synchronise(self.path.parent)
