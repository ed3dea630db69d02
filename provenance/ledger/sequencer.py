"""The log in its database: the one sequencer, and what its parts do for it.

The steps of one round, under a lock that only one process holds:

T1  (by the callers) business rows and a pending entry, in one transaction (`arrivals`)
T2  indexes for the pending entries that may enter (`admission`), the new size, frontier and root, in one transaction
T3  the batch is read back and hashed anew, compared, signed (`keyring`); the checkpoint is stored under its size, then
    put into the separate signer-state store, which refuses to go back or sideways (`signer`)
T4  witnesses cosign the checkpoint, as many as the policy demands (`publication`)
T5  tiles, then the checkpoint, each by rename (`publication`)
T6  the callers are answered; beside it, a time-stamp is taken from time to time (`stamper`)

A crash between any two is mended by the next round of any process: the database is the truth. Callers that arrive
while a round runs wait and are all served by the next one (group commit).
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..config import Settings
from ..database.engine import Database, exclusive, storage_failed
from ..database.tables import checkpoints, entries, log_state, now, pending_entries
from ..errors import FULL_DISK, Conflict, LedgerReadOnly, Unavailable, from_os_error
from ..tlog import envelope, keys, merkle, note
from ..tlog.merkle import EMPTY_ROOT, Frontier
from .admission import admit, directory_of, keys_of
from .checkpoint_store import SignerState
from .keyring import Keyring
from .publisher import Publication
from .queue import Arrivals

_ROUND = 4096  # entries given indexes in one transaction


class Log:
    """One log. Thread-safe. `start` before anything else."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db = db
        self.settings = settings
        self.origin = ""
        self.keyring = Keyring(db, settings)
        self.arrivals = Arrivals(db)
        self.publication = Publication(db, settings, self.keyring)
        self.published, self.stamper = self.publication.published, self.publication.stamper
        self._signer = SignerState(settings.signer_state)
        self._turn = threading.Lock()
        self._placed: dict[bytes, int] = {}  # indexes that were given here and nobody has asked for, the newest ones
        self._alarm: LedgerReadOnly | None = None
        self._ended: LedgerReadOnly | None = None

    # --- opening ---------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Make the log if there is none, and finish what a crash may have left.

        A ledger whose stores disagree is opened read-only: it answers and proves, and refuses to write.
        """
        with self.db.read() as connection:
            origin = connection.execute(sa.select(log_state.c.origin)).scalar()
        if origin is None:
            with exclusive(self.db, self.settings.home, "log"):
                origin = self._create()
        self.origin = self.keyring.origin = self.arrivals.origin = str(origin)
        self.publication.start()
        with contextlib.suppress(LedgerReadOnly):  # remembered in _alarm; whoever wants to write is told
            try:
                self._round()
            except Unavailable as error:
                if error.reason != "witnesses":  # without them nothing is published, but all else can be done
                    raise

    def close(self) -> None:
        """Finish what is being asked of others, and close the connections to them."""
        self.publication.close()

    def _create(self) -> str:
        with self.db.read() as connection:
            origin = connection.execute(sa.select(log_state.c.origin)).scalar()
        if origin is not None:  # another process was first
            return str(origin)
        if self._signer.read() is not None:
            raise LedgerReadOnly(
                f"the database {self.db.place} is empty, but {self.settings.signer_state} says that a log was signed "
                "here: restore the database from your backup, or move the home folder away to begin a new log",
                reason="database_behind_signer",
            )
        origin = self.settings.origin or f"log-{secrets.token_hex(4)}.localhost/sourcemark"
        keys.create_log_keys(self.settings.keys_dir, self.settings.passphrase)
        frontier = Frontier()
        with self.db.write() as connection:
            connection.execute(
                log_state.insert().values(
                    id=1, origin=origin, size=0, root=EMPTY_ROOT, frontier=frontier.to_bytes(), claims_size=0
                )
            )
        return origin

    # --- T1 --------------------------------------------------------------------------------------------------------
    def submit(self, connection: sa.Connection, leaves: Sequence[bytes]) -> None:
        """Put signed entries in the queue, within the caller's transaction.

        Raises:
            LedgerReadOnly: the log's stores disagree.
            Conflict: an entry is in the log already, or waits for it.
            BadInput, VerificationFailed: see `Arrivals.verify`.
        """
        self.check_writable()
        self.arrivals.queue(connection, leaves)

    # --- T2 to T6 --------------------------------------------------------------------------------------------------
    def commit(self, hashes: Iterable[bytes]) -> dict[bytes, int]:
        """Wait until the entries with these leaf hashes are signed, published and durable; their indexes.

        Raises:
            LedgerReadOnly, Unavailable: nothing is known to be published; the entries stay in the queue.
            Conflict: the sequencer refused an entry, and why.
        """
        wanted = set(hashes)
        with self._turn:
            # What was read here and has no index yet waits: only of the others the database is asked.
            indexes = self._indexes({each for each in wanted if self.arrivals.known(each) is None})
            if len(indexes) < len(wanted) or max(indexes.values(), default=-1) >= self.publication.size:
                self._round()
                indexes |= self._indexes(wanted - indexes.keys())
                if max(indexes.values(), default=-1) >= self.publication.size:
                    # Given by another process in the middle of this round, when the lock was taken away from one of
                    # the two: the next round signs and publishes whatever has an index.
                    self._round()
        if len(indexes) < len(wanted):
            with self.db.read() as connection:
                why = connection.execute(
                    sa.select(pending_entries.c.refused).where(pending_entries.c.leaf_hash.in_(wanted - indexes.keys()))
                ).scalar()
            raise Conflict(str(why or "the statement is not in the queue"))
        return indexes

    def _indexes(self, hashes: set[bytes]) -> dict[bytes, int]:
        found = {each: self._placed.pop(each) for each in hashes & self._placed.keys()}
        rest = hashes - found.keys()
        if rest:
            with self.db.read() as connection:
                rows = connection.execute(
                    sa.select(entries.c.leaf_hash, entries.c.idx).where(entries.c.leaf_hash.in_(rest))
                )
                found |= dict(rows.all())
        return found

    def _round(self) -> None:
        if self._alarm is not None:
            raise self._alarm
        try:
            with exclusive(self.db, self.settings.home, "log"):
                self._compare_stores()
                self._sign()
                self.publication.publish()
                while self._integrate():
                    self._sign()
                    self.publication.publish()
                self._ended = self._end()
        except LedgerReadOnly as error:
            self._alarm = error
            raise
        except OSError as error:
            if error.errno in FULL_DISK:
                raise from_os_error(error, self.settings.log_dir) from error
            # After a failed fsync nobody knows what is on the disk; going on could acknowledge what is not there.
            self._alarm = storage_failed(error.filename or self.settings.log_dir, str(error.strerror))
            raise self._alarm from error

    def _end(self) -> LedgerReadOnly | None:
        said = self.keyring.change()
        if said is None or said["keys"]:
            return None
        goes_on = f"; it is continued by {said['successor']}" if "successor" in said else ""
        return LedgerReadOnly(
            f"the log {self.origin} was ended by its operator{goes_on}: what it holds stays provable, nothing is added",
            reason="log_ended",
        )

    def check_writable(self) -> None:
        """Raises the alarm that made the log read-only, if there is one, or says that the log has ended."""
        if self._alarm is not None:
            raise self._alarm
        if self._ended is not None:
            raise self._ended

    def _compare_stores(self) -> None:
        """A store that is ahead of the database means that the database was put back: never go on from there."""
        with self.db.read() as connection:
            size, root = connection.execute(sa.select(log_state.c.size, log_state.c.root)).one()
        signed = self._signer.read()
        published = self.published.read()
        for name, other in (("the signer state", signed), ("the published log", published)):
            if other is None:
                continue
            if other.size > size or (other.size == size and other.root != root):
                raise LedgerReadOnly(
                    f"{name} has {other.size} entries and the database has {size}, or other ones: the database was "
                    "restored from an old backup or changed; restore the newest backup, do not write on",
                    reason="database_behind",
                )

    def _integrate(self) -> int:
        """T2. Returns how many entries got an index or never get one."""
        with self.db.write() as connection:
            state = connection.execute(sa.select(log_state).with_for_update()).one()
            waiting = self._waiting(connection)
            if not waiting:
                return 0
            directory = directory_of(
                connection, self.origin, {k for _, _, leaf in waiting for k in keys_of(connection, leaf)}
            )
            if state.keys_index is not None:
                said = self.keyring.change(state.keys_index)
                assert said is not None
                directory.log_keys, directory.ended = said["keys"] or said["replaces"], not said["keys"]
            taken: list[int] = []
            placed: dict[bytes, int] = {}
            frontier = Frontier.from_bytes(state.frontier)

            def earlier(index: int) -> bytes:
                if index < state.size:
                    row = sa.select(entries.c.leaf).where(entries.c.idx == index)
                else:
                    row = sa.select(pending_entries.c.leaf).where(pending_entries.c.id == taken[index - state.size])
                return bytes(connection.execute(row).scalar_one())

            for number, leaf_hash, leaf in waiting:
                index = state.size + len(taken)
                why = admit(connection, leaf, index, directory, self.keyring, earlier)
                if why is None:
                    taken.append(number)
                    placed[leaf_hash] = index
                else:
                    refused = pending_entries.update().where(pending_entries.c.id == number)
                    connection.execute(refused.values(refused=why))
            if taken:
                frontier.extend(list(placed))
                _move(connection, taken, state.size)
                connection.execute(
                    log_state.update().values(size=frontier.size, root=frontier.root(), frontier=frontier.to_bytes())
                )
        self._placed = placed if len(self._placed) > _ROUND else self._placed | placed
        self.arrivals.forget(leaf_hash for _, leaf_hash, _ in waiting)
        return len(waiting)

    def _waiting(self, connection: sa.Connection) -> list[tuple[int, bytes, envelope.Leaf]]:
        """Number, leaf hash and content of the entries that come next; what was read on arrival is not read again."""
        rows = connection.execute(
            sa.select(pending_entries.c.id, pending_entries.c.leaf_hash)
            .where(pending_entries.c.refused.is_(None))
            .order_by(pending_entries.c.id)
            .limit(_ROUND)
        ).all()
        known = {leaf_hash: self.arrivals.known(leaf_hash) for _, leaf_hash in rows}
        new = [number for number, leaf_hash in rows if known[leaf_hash] is None]
        if new:
            unread = sa.select(pending_entries.c.leaf_hash, pending_entries.c.leaf).where(_among(new))
            known |= {leaf_hash: self.arrivals.read(leaf) for leaf_hash, leaf in connection.execute(unread)}
        found = []
        for number, leaf_hash in rows:
            leaf = known[leaf_hash]
            assert leaf is not None
            found.append((number, leaf_hash, leaf))
        return found

    def _sign(self) -> None:
        """T3: sign what the database holds, after hashing it anew; store the checkpoint, then the signer state."""
        with self.db.read() as connection:
            state = connection.execute(sa.select(log_state)).one()
            last = connection.execute(sa.select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
        remembered = self._signer.read()
        if last is not None and last.size == state.size:
            signed = last.note
            if last.root != state.root:
                raise LedgerReadOnly("the database's root is not the signed one: run `sourcemark ledger fsck`")
        else:
            frontier = Frontier() if last is None else Frontier.from_bytes(last.frontier)
            start = frontier.size
            for first in range(start, state.size, _ROUND):
                stop = min(state.size, first + _ROUND)
                frontier.extend([merkle.leaf_hash(leaf) for leaf in self.publication.leaves(first, stop)])
            if frontier.size != state.size or frontier.root() != state.root:
                raise LedgerReadOnly(
                    "entries read back from the database do not have the root they were given: check memory and disk, "
                    "then run `sourcemark ledger fsck`",
                    reason="batch_changed",
                )
            if last is not None:
                self.publication.compare_witnesses(last.note)
            if remembered is not None and (remembered.size, remembered.root) == (state.size, state.root):
                signed = remembered.raw  # signed before, lost from the database: never signed differently
            else:
                signed = note.sign_checkpoint(
                    note.Checkpoint(self.origin, state.size, state.root), *self.keyring.signers(state.keys_index, start)
                )
            try:
                with self.db.write() as connection:
                    connection.execute(
                        checkpoints.insert().values(
                            size=state.size,
                            root=state.root,
                            frontier=frontier.to_bytes(),
                            note=signed,
                            created_at=now(),
                        )
                    )
            except IntegrityError as error:  # cannot happen under the lock; if it does, two sequencers run
                raise LedgerReadOnly("another sequencer signed the same size: stop one of them") from error
        self._signer.advance(self.origin, state.size, state.root, signed)

    # --- what everybody may read -----------------------------------------------------------------------------------
    def head(self) -> envelope.After:
        """Size and root of the newest published checkpoint: what a statement signed now is after."""
        current = self.published.checkpoint()
        return current.size, current.root

    def signed(self) -> bytes:
        """The newest signed checkpoint; between two steps of a round it is ahead of the published one."""
        return self.publication.stored()[2]

    def vkeys(self) -> list[str]:
        """The log's public keys as C2SP verifier keys, Ed25519 first."""
        return self.keyring.vkeys()

    def policy(self) -> bytes:
        """See `Publication.policy`."""
        return self.publication.policy()

    def rebuild(self) -> int:
        """Make every tile again from the database; returns the log's size."""
        with self._turn, exclusive(self.db, self.settings.home, "log"):
            return self.publication.rebuild()


def _among(numbers: Sequence[int]) -> sa.ColumnElement[bool]:
    """Pending entries by number, in ascending order without repeats.

    They are written into the query: thousands of parameters would cost more than all the rest. Usually none is missing
    between the first and the last, and nobody else can fill a gap that is not there.
    """
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return pending_entries.c.id.between(numbers[0], numbers[-1])
    return pending_entries.c.id.in_(sa.bindparam("numbers", numbers, expanding=True, literal_execute=True))


def _move(connection: sa.Connection, numbers: Sequence[int], size: int) -> None:
    """Move pending entries into the log, in the order of their numbers, behind the ``size`` that it has."""
    waiting = pending_entries.c
    place = sa.literal(size - 1) + sa.func.row_number().over(order_by=waiting.id)
    columns = ["idx", "leaf", "leaf_hash", "kind", "keyid", "integrated_at"]
    rows = sa.select(place, waiting.leaf, waiting.leaf_hash, waiting.kind, waiting.keyid, sa.literal(now()))
    connection.execute(entries.insert().from_select(columns, rows.where(_among(numbers))))
    connection.execute(pending_entries.delete().where(_among(numbers)))
