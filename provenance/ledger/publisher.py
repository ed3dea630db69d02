"""T4 and T5 of a round: a signed checkpoint gets its witnesses' cosignatures, then its tiles are written, then itself.

The checkpoints come from the database, where the `sequencer` has put them; what is published once is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from ..config import Settings
from ..database.engine import Database
from ..database.tables import checkpoints, entries
from ..errors import BadInput, LedgerReadOnly, Misconfigured, Unavailable, VerificationFailed
from ..tlog import policy
from ..tlog.checkpoint import parse_checkpoint
from ..tlog.merkle import consistency_proof, verify_consistency
from ..tlog.signed_checkpoint import open_checkpoint
from . import tile_store
from .keyring import Keyring
from .reader import LogReader
from .signer_state import SignerState
from .witness_client import WitnessClient


class Publisher:
    """Publishes the checkpoints of one log, with the cosignatures that its policy demands.

    Attributes:
        reader: of the folder it publishes to.
        size: of what this process knows to be published, -1 before it has looked.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        keyring: Keyring,
        reader: LogReader,
        on_published: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_published`` is called whenever a new checkpoint stands in the folder; it must not block."""
        self.reader = reader
        self.size = -1
        self._on_published = on_published
        self._db = db
        self._settings = settings
        self._keyring = keyring
        self._witness_lines: bytes | None = None
        self._witnesses: WitnessClient | None = None
        self._witness_policy = b""  # of which those are the witnesses
        self._witnesses_compared = False
        self._cosigned = b""  # a checkpoint known to have its quorum

    def start(self) -> None:
        """Read the settings; raises `Misconfigured`."""
        self._witness_lines = self._settings.witness_lines

    def close(self) -> None:
        """Finish what is being asked of others, and close the connections to them."""
        if self._witnesses is not None:
            self._witnesses.close()

    def publish(self) -> None:
        """T4 and T5. What is already published is left alone."""
        size, _, signed = self.stored()
        published = self.reader.read()
        if published is None or published.raw != signed or not (signed == self._cosigned or self.meets_policy(signed)):
            signed = self._cosign(0 if published is None else published.size, size, signed)
            with self.reader.alone():
                published = self.reader.read()
                start = 0 if published is None else published.size
                if start <= size:
                    tile_store.publish(self._settings.log_dir, start, size, self.leaves, signed, self._keys())
            self._on_published()
        self._cosigned, self.size = signed, size

    def _cosign(self, published: int, size: int, signed: bytes) -> bytes:
        """T4: the checkpoint with its cosignatures, which are stored with it before anybody sees them."""
        witnesses = self._demanded()
        if witnesses is None:
            return signed
        nodes = self.reader.nodes(published, self._leaf_hashes)
        cosigned = witnesses.collect(signed, lambda old: consistency_proof(nodes, old, size), published)
        if cosigned != signed:
            with self._db.write() as connection:
                connection.execute(checkpoints.update().where(checkpoints.c.size == size).values(note=cosigned))
        return cosigned

    def compare_witnesses(self, signed: bytes) -> None:
        """Before this process signs for the first time: a witness that has more than the database stops it."""
        witnesses = self._demanded()
        if witnesses is not None and not self._witnesses_compared:
            witnesses.compare(signed)
            self._witnesses_compared = True

    def _demanded(self) -> WitnessClient | None:
        """The witnesses of the policy, None when there are none."""
        if self._witness_lines is None:
            return None
        current = self.policy()
        if current != self._witness_policy:  # at first, and when the log's keys have changed
            parsed = policy.parse_policy(current)
            if self._witnesses is not None:
                self._witnesses.close()
            try:
                some = bool(parsed.urls) or parsed.witnessed
                self._witnesses = WitnessClient(parsed, self._settings.witness_seconds) if some else None
            except BadInput as error:
                raise Misconfigured(f"SOURCEMARK_WITNESS_POLICY: {error.detail}") from error
            self._witness_policy = current
        return self._witnesses

    def meets_policy(self, signed: bytes) -> bool:
        """Whether a signed checkpoint of this log suits its present policy: keys and witnesses."""
        trusted = policy.parse_policy(self.policy())
        try:
            opened = open_checkpoint(signed, trusted.logs, list(trusted.witnesses.values()), self._keyring.origin)
        except VerificationFailed:
            return False
        return trusted.satisfied_by(set(opened.signed_by))

    def policy(self) -> bytes:
        """The C2SP tlog-policy: the log's keys and its witnesses; where there are none, it says so."""
        if self._witness_lines is None:
            return policy.format_policy(self._keyring.vkeys())
        try:
            return policy.with_logs(self._witness_lines, self._keyring.vkeys())
        except VerificationFailed as error:
            raise Misconfigured(f"SOURCEMARK_WITNESS_POLICY: {error.detail}") from error

    def stored(self) -> tuple[int, bytes, bytes]:
        """Size, root and note of the newest signed checkpoint, published or not."""
        with self._db.read() as connection:
            row = connection.execute(
                sa.select(checkpoints.c.size, checkpoints.c.root, checkpoints.c.note)
                .order_by(checkpoints.c.size.desc())
                .limit(1)
            ).first()
        if row is None:
            raise Unavailable("the log has no checkpoint yet: try again in a moment", reason="not_published")
        return row.size, row.root, row.note

    def is_stored(self, signed: bytes) -> bool:
        """Whether the database has this very note."""
        with self._db.read() as connection:
            return (
                connection.execute(sa.select(checkpoints.c.size).where(checkpoints.c.note == signed)).first()
                is not None
            )

    def leaves(self, start: int, stop: int) -> list[bytes]:
        """The entries [start, stop) as the database has them."""
        return self._column(entries.c.leaf, start, stop)

    def _leaf_hashes(self, start: int, stop: int) -> list[bytes]:
        return self._column(entries.c.leaf_hash, start, stop)

    def _column(self, column: sa.Column[bytes], start: int, stop: int) -> list[bytes]:
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(column).where(entries.c.idx >= start, entries.c.idx < stop).order_by(entries.c.idx)
            )
            return [value for (value,) in rows]

    def _keys(self) -> dict[str, bytes]:
        """The published files that say whose keys sign."""
        vkeys = "".join(f"{key}\n" for key in self._keyring.vkeys())
        return {"log.vkey": vkeys.encode(), "policy": self.policy()}

    def export(self, folder: Path) -> int:
        """Write the published log to another folder; returns its size.

        Raises:
            BadInput: the folder holds a log that this one does not continue; nothing there is changed.
            Unavailable: it cannot be written.
        """
        size, root, signed = self.stored()
        target = folder.expanduser()
        try:
            start = self._continued(target, size, root)
            target.mkdir(parents=True, exist_ok=True)
            tile_store.publish(target, start, size, self.leaves, signed, self._keys())
        except OSError as error:
            raise Unavailable(f"{folder} cannot be written: {error.strerror}", reason="storage") from error
        return size

    def _continued(self, target: Path, size: int, root: bytes) -> int:
        """The size of the log that an earlier export left in a folder, of which ours is the continuation; 0 for none.

        Whoever mirrors a log holds the proof when it forks: that must not be written over.
        """
        try:
            raw = (target / "checkpoint").read_bytes()
        except FileNotFoundError:  # nothing yet, or an export that was killed
            return 0
        try:
            before = parse_checkpoint(raw)
        except VerificationFailed as error:
            raise BadInput(f"{target}/checkpoint is no checkpoint ({error.detail}): choose an empty folder") from error
        if before.origin != self._keyring.origin or before.size > size:
            raise BadInput(f"{target} holds another or a longer log: choose an empty folder")
        published = self.reader.read()
        nodes = self.reader.nodes(0 if published is None else published.size, self._leaf_hashes)
        try:
            if before.size:
                proof = consistency_proof(nodes, before.size, size)
                verify_consistency(before.size, size, proof, before.root, root)
        except VerificationFailed as error:
            raise BadInput(
                f"{target} holds a log of {before.size} entries that this one does not continue: keep that folder, it "
                "proves that one of them was rewritten; run `sourcemark ledger fsck`, and export to an empty folder"
            ) from error
        return before.size

    def rebuild(self) -> int:
        """Make every tile again from the database, and a signer state that is missing; returns the log's size.

        Raises:
            LedgerReadOnly: the signer state, what was published or a witness has more than the database, or another
                log: that is the proof of an old backup, and stays.
        """
        size, root, signed = self.stored()
        signer = SignerState(self._settings.signer_state)
        remembered = signer.read()
        for other in (remembered, self.reader.genuine()):
            if other is not None and (other.size > size or (other.size == size and other.root != root)):
                raise LedgerReadOnly(
                    f"{other.size} entries were signed, and the database has {size}, or other ones: restore the newest "
                    "backup; nothing is made anew",
                    reason="database_behind",
                )
        if remembered is None:
            self.compare_witnesses(signed)
            signer.advance(self._keyring.origin, size, root, signed)
        with self.reader.alone():
            tile_store.publish(self._settings.log_dir, 0, size, self.leaves, signed, self._keys())
        return size
