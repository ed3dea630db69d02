"""One transparency log in its database: what the rest of the application may do with it.

An entry goes in by `Log.submit`, within the caller's transaction, and is published when `Log.commit` returns; the
rounds between the two are the `sequencer`'s. Callers that arrive while a round runs wait and are all served by the next
one (group commit). What is published is read through `Log.reader`.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from ..config import Settings
from ..database.engine import Database
from ..database.exclusive import exclusive
from ..database.locks import busy
from ..database.tables import checkpoints, log_state, pending_entries
from ..errors import Conflict, LedgerReadOnly, Unavailable, VerificationFailed
from ..tlog import envelope, note
from ..tlog.merkle import EMPTY_ROOT, Frontier
from ..tlog.signed_checkpoint import LogKeys, open_checkpoint, signed_time
from . import checkpoint_store, key_files
from .clock import CheckpointClock
from .keyring import Keyring
from .publisher import Publisher
from .queue import EntryQueue
from .reader import LogReader
from .sequencer import Sequencer
from .signer_state import SignerState
from .timestamper import Timestamper


class Log:
    """One log. Thread-safe. `start` before anything else.

    Attributes:
        origin: its name; empty until it is opened.
        reader: the published log: checkpoint, proofs, tiles.
        timestamper: the RFC 3161 time-stamps of its checkpoints.
    """

    def __init__(self, db: Database, settings: Settings, clock: CheckpointClock | None = None) -> None:
        self.origin = ""
        self.settings = settings
        self.reader = LogReader(settings.log_dir, self._is_genuine, settings.database_timeout_seconds)
        self.timestamper = Timestamper(db, settings, self.reader)
        self._db = db
        self._keyring = Keyring(db, settings)
        self._queue = EntryQueue(db)
        self._publisher = Publisher(db, settings, self._keyring, self.reader, self.timestamper.wake)
        self._clock = clock or CheckpointClock()
        self._sequencer = Sequencer(db, settings, self._keyring, self._queue, self._publisher, self._clock)
        self._turn = threading.Lock()

    # --- opening ---------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Make the log if there is none, and finish what a crash may have left.

        A ledger whose stores disagree is opened read-only: it answers and proves, and refuses to write.
        """
        origin = self._stored_origin()
        if origin is None:
            with exclusive(self._db, self.settings.home, "log"):
                origin = self._create()
        self._know(origin)
        self.timestamper.start()
        with contextlib.suppress(LedgerReadOnly):  # the sequencer remembers it and tells whoever wants to write
            try:
                self._sequencer.run()
            except Unavailable as error:
                if error.reason != "witnesses":  # without them nothing is published, but all else can be done
                    raise

    def open_to_read(self) -> None:
        """Open a log that cannot be written now: nothing that a crash has left is finished.

        Raises:
            Unavailable: there is none.
        """
        origin = self._stored_origin()
        if origin is None:
            raise Unavailable(f"there is no log in {self._db.place}", reason="not_published")
        self._know(origin)

    def _know(self, origin: str) -> None:
        self.origin = self._keyring.origin = self._queue.origin = origin
        self._publisher.start()

    def close(self) -> None:
        """Finish what is being asked of others, and close the connections to them."""
        self.timestamper.close()
        self._publisher.close()

    def _stored_origin(self) -> str | None:
        with self._db.read() as connection:
            origin = connection.execute(sa.select(log_state.c.origin)).scalar()
        return None if origin is None else str(origin)

    def _create(self) -> str:
        origin = self._stored_origin()
        if origin is not None:  # another process was first
            return origin
        if SignerState(self.settings.signer_state).read() is not None:
            raise LedgerReadOnly(
                f"the database {self._db.place} is empty, but {self.settings.signer_state} says that a log was signed "
                "here: restore the database from your backup, or move the home folder away to begin a new log",
                reason="database_behind_signer",
            )
        origin = self.settings.origin or f"log-{secrets.token_hex(4)}.localhost/sourcemark"
        key_files.create_log_keys(self.settings.keys_dir, self.settings.passphrase)
        frontier = Frontier()
        with self._db.write() as connection:
            connection.execute(
                log_state.insert().values(
                    id=1, origin=origin, size=0, root=EMPTY_ROOT, frontier=frontier.to_bytes(), claims_size=0
                )
            )
        return origin

    # --- writing ---------------------------------------------------------------------------------------------------
    def check_writable(self) -> None:
        """Raises `LedgerReadOnly` with the alarm that made the log read-only, or if the log has ended."""
        self._sequencer.check_writable()

    def check_clock(self) -> None:
        """Whether this machine's clock can be right.

        Raises:
            LedgerReadOnly: it is behind the last checkpoint, so nothing is signed.
            Unavailable: a time-stamping authority says that it was ahead.
        """
        newest = self.reader.read()
        if newest is not None:
            self._clock.follow(newest.raw)
        self._clock.time()
        self.timestamper.check_clock()

    @contextmanager
    def dated_anew(self) -> Iterator[None]:
        """Let checkpoints be dated before the last one, which was in the future, while the log's keys are replaced.

        Raises:
            LedgerReadOnly: the clock is behind even the log's first checkpoint.
        """
        with self._db.read() as connection:
            first = connection.execute(sa.select(checkpoints.c.note).order_by(checkpoints.c.size).limit(1)).scalar()
        self._clock.forgive(True, None if first is None else signed_time(first))
        try:
            yield
        finally:
            self._clock.forgive(False)

    def parse(self, leaf: bytes) -> envelope.Leaf:
        """See `envelope.parse_leaf`; an entry on its way into the log is parsed once."""
        return self._queue.parse(leaf)

    def verify(self, leaves: Sequence[bytes]) -> None:
        """See `EntryQueue.verify`; before `submit`, so that the database's one writer does not wait for it."""
        self._queue.verify(leaves)

    def submit(self, connection: sa.Connection, leaves: Sequence[bytes]) -> None:
        """Put signed entries in the queue, within the caller's transaction.

        Raises:
            LedgerReadOnly: the log's stores disagree.
            Conflict: an entry is in the log already, or waits for it.
            BadInput, VerificationFailed: see `verify`.
        """
        self.check_writable()
        self._queue.add(connection, leaves)

    def commit(self, hashes: Iterable[bytes]) -> dict[bytes, int]:
        """Wait until the entries with these leaf hashes are signed, published and durable; their indexes.

        Raises:
            LedgerReadOnly, Unavailable: nothing is known to be published; the entries stay in the queue.
            Conflict: the sequencer refused an entry, and why.
        """
        wanted = set(hashes)
        with self._one_thread():
            # What was parsed here and has no index yet waits: only of the others the database is asked.
            indexes = self._sequencer.indexes({each for each in wanted if self._queue.parsed(each) is None})
            if len(indexes) < len(wanted) or not self._published(indexes):
                self._sequencer.run()
                indexes |= self._sequencer.indexes(wanted - indexes.keys())
                if not self._published(indexes):
                    # Given by another process in the middle of this round, when the lock was taken away from one of
                    # the two: the next round signs and publishes whatever has an index.
                    self._sequencer.run()
        if len(indexes) < len(wanted):
            with self._db.read() as connection:
                why = connection.execute(
                    sa.select(pending_entries.c.refused).where(pending_entries.c.leaf_hash.in_(wanted - indexes.keys()))
                ).scalar()
            raise Conflict(str(why or "the statement is not in the queue"))
        return indexes

    @contextmanager
    def _one_thread(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=self._db.timeout_seconds):
            raise busy("the log", "another thread of this process")
        try:
            yield
        finally:
            self._turn.release()

    def _published(self, indexes: dict[bytes, int]) -> bool:
        return max(indexes.values(), default=-1) < self._publisher.size

    # --- reading ---------------------------------------------------------------------------------------------------
    def head(self) -> envelope.After:
        """Size and root of the newest published checkpoint: what a statement signed now is after."""
        current = self.reader.checkpoint()
        return current.size, current.root

    def covering(self, index: int) -> bytes:
        """The earliest checkpoint that holds a published entry and suits the present policy, a signed note.

        When it was signed, and cosigned, bounds the entry's time; later registrations do not move it.
        """
        return checkpoint_store.earliest(self._db, index, self.reader.checkpoint(), self.meets_policy)

    def signed(self) -> bytes:
        """The newest signed checkpoint; between two steps of a round it is ahead of the published one."""
        return self._publisher.stored()[2]

    def keys_in_force(self) -> LogKeys:
        """The log's private keys that are in force."""
        return self._keyring.in_force()

    def vkeys(self) -> list[str]:
        """The log's public keys as C2SP verifier keys, Ed25519 first."""
        return self._keyring.vkeys()

    def policy(self) -> bytes:
        """See `Publisher.policy`."""
        return self._publisher.policy()

    def meets_policy(self, signed: bytes) -> bool:
        """See `Publisher.meets_policy`."""
        return self._publisher.meets_policy(signed)

    def signed_by_keys_in_force(self, signed: bytes) -> bool:
        """Whether the keys in force signed a checkpoint of this log, whoever witnessed it."""
        try:
            open_checkpoint(signed, [note.VKey.parse(key) for key in self.vkeys()], origin=self.origin)
        except VerificationFailed:
            return False
        return True

    def _is_genuine(self, signed: bytes) -> bool:
        """Whether a checkpoint was signed here: by the keys in force, or, while they change, as the database has it."""
        return self.signed_by_keys_in_force(signed) or self._publisher.is_stored(signed)

    # --- the published files ---------------------------------------------------------------------------------------
    def export(self, folder: Path) -> int:
        """See `Publisher.export`."""
        return self._publisher.export(folder)

    def rebuild(self) -> int:
        """Make every tile again from the database; returns the log's size."""
        with self._one_thread(), exclusive(self._db, self.settings.home, "log"):
            return self._publisher.rebuild()
