"""The sequencer: the one writer of a log, round by round.

The steps of one round, under a lock that only one process holds:

T1  (by the callers) business rows and a pending entry, in one transaction (`queue`)
T2  indexes for the pending entries that the key directory admits, the new size, frontier and root, in one transaction
T3  the batch is read back and hashed anew, compared, signed (`keyring`); the checkpoint is stored under its size, then
    put into the separate signer state, which refuses to go back or sideways (`signer_state`)
T4  witnesses cosign the checkpoint, as many as the policy demands (`publisher`)
T5  tiles, then the checkpoint, each by rename (`publisher`)
T6  the callers are answered; beside it, a time-stamp is taken from time to time (`timestamper`)

A crash between any two is mended by the next round of any process: the database is the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..config import Settings
from ..database.engine import Database, storage_failed
from ..database.exclusive import exclusive
from ..database.tables import checkpoints, entries, log_state, now, pending_entries
from ..errors import FULL_DISK, LedgerReadOnly, VerificationFailed, from_os_error
from ..tlog import envelope, merkle
from ..tlog.checkpoint import Checkpoint
from ..tlog.key_directory import Earlier, KeyDirectory
from ..tlog.merkle import Frontier
from ..tlog.signed_checkpoint import sign_checkpoint
from .clock import CheckpointClock
from .key_rows import deciding_keys, load_directory, record_key_change
from .keyring import Keyring
from .publisher import Publisher
from .queue import EntryQueue
from .signer_state import SignerState

_ROUND = 4096  # entries given indexes in one transaction

Pending = tuple[int, bytes, envelope.Leaf]  # number in the queue, leaf hash, content


class Sequencer:
    """Gives entries their indexes, signs and publishes them. One round at a time in a process: see `Log.commit`."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        keyring: Keyring,
        queue: EntryQueue,
        publisher: Publisher,
        clock: CheckpointClock,
    ) -> None:
        self._db = db
        self._settings = settings
        self._keyring = keyring
        self._queue = queue
        self._publisher = publisher
        self._clock = clock
        self._signer = SignerState(settings.signer_state, settings.database_timeout_seconds)
        self._placed: dict[bytes, int] = {}  # indexes that were given here and nobody has asked for, the newest ones
        self._alarm: LedgerReadOnly | None = None
        self._ended: LedgerReadOnly | None = None

    def check_writable(self) -> None:
        """Raises the alarm that made the log read-only, if there is one, or says that the log has ended.

        An alarm of the clock lasts until it is right, the others until the process is started again.
        """
        if self._alarm is not None:
            raise self._alarm
        if self._ended is not None:
            raise self._ended
        try:
            self._clock.time()
        except LedgerReadOnly:
            signed = self._signer.read()  # another process may have replaced the log's keys meanwhile
            if signed is not None:
                self._clock.follow(signed.raw)
            self._clock.time()

    def indexes(self, hashes: set[bytes]) -> dict[bytes, int]:
        """Indexes of those of these entries that have one, by leaf hash."""
        found = {each: self._placed.pop(each) for each in hashes & self._placed.keys()}
        rest = hashes - found.keys()
        if rest:
            with self._db.read() as connection:
                rows = connection.execute(
                    sa.select(entries.c.leaf_hash, entries.c.idx).where(entries.c.leaf_hash.in_(rest))
                )
                found |= dict(rows.all())
        return found

    def run(self) -> None:
        """One round: T2 to T5 for everything that waits, and for what a crash has left.

        Raises:
            LedgerReadOnly: the log's stores disagree, or storage failed; from now on this process does not write.
            Unavailable: the database, a full disk, or too few witnesses; try again.
        """
        if self._alarm is not None:
            raise self._alarm
        try:
            with exclusive(self._db, self._settings.home, "log"):
                self._compare_stores()
                self._clock.time()  # before anything gets an index that could not be signed
                self._sign()
                self._publisher.publish()
                while self._integrate():
                    self._sign()
                    self._publisher.publish()
                self._ended = self._end()
        except LedgerReadOnly as error:
            if error.reason != "clock_behind":
                self._alarm = error
            raise
        except OSError as error:
            if error.errno in FULL_DISK:
                raise from_os_error(error, self._settings.log_dir) from error
            # After a failed fsync nobody knows what is on the disk; going on could acknowledge what is not there.
            self._alarm = storage_failed(error.filename or self._settings.log_dir, str(error.strerror))
            raise self._alarm from error

    def _end(self) -> LedgerReadOnly | None:
        said = self._keyring.change()
        if said is None or said["keys"]:
            return None
        goes_on = f"; it is continued by {said['successor']}" if "successor" in said else ""
        return LedgerReadOnly(
            f"the log {self._keyring.origin} was ended by its operator{goes_on}: what it holds stays provable, nothing "
            "is added",
            reason="log_ended",
        )

    def _compare_stores(self) -> None:
        """A store that is ahead of the database means that the database was put back: never go on from there."""
        with self._db.read() as connection:
            size, root = connection.execute(sa.select(log_state.c.size, log_state.c.root)).one()
        signed = self._signer.read()
        published = self._publisher.reader.read()
        newest = signed or published
        if newest is not None:
            self._clock.follow(newest.raw)
        if signed is None and published is not None:
            raise LedgerReadOnly(
                f"the signer state {self._signer.path} is missing, though the log was published: restore it from your "
                "backup; where there is none, `sourcemark ledger rebuild` makes it again",
                reason="signer_state_missing",
            )
        for name, other in (("the signer state", signed), ("the published log", published)):
            if other is None:
                continue
            if other.size > size or (other.size == size and other.root != root):
                raise LedgerReadOnly(
                    f"{name} has {other.size} entries and the database has {size}, or other ones: the database was "
                    "restored from an old backup or changed; restore the newest backup, do not write on",
                    reason="database_behind",
                )

    # --- T2 --------------------------------------------------------------------------------------------------------
    def _integrate(self) -> int:
        """T2. Returns how many entries got an index or never get one."""
        with self._db.write() as connection:
            state = connection.execute(sa.select(log_state).with_for_update()).one()
            waiting = self._waiting(connection)
            if not waiting:
                return 0
            directory = self._directory(connection, state.keys_index, [leaf for _, _, leaf in waiting])
            taken: list[Pending] = []
            earlier = _earlier(connection, state.size, taken)
            for each in waiting:
                number, leaf_hash, leaf = each
                index = state.size + len(taken)
                try:
                    # By another process, or by nobody: whoever writes to the database must not write to the log.
                    if not self._queue.is_verified(leaf_hash):
                        directory.verify(leaf)
                    directory.admit(index, leaf, earlier)
                except VerificationFailed as error:
                    _refuse(connection, number, error)
                    continue
                record_key_change(connection, leaf, index, directory)
                taken.append(each)
            if taken:
                try:
                    frontier = Frontier.from_bytes(state.frontier)
                    frontier.extend([leaf_hash for _, leaf_hash, _ in taken])
                    _move(connection, [number for number, _, _ in taken], state.size)
                except (ValueError, IntegrityError) as error:  # no hashes to go on from, or entries where none may be
                    raise LedgerReadOnly(
                        "the entries of the database are not those that it counts: run `sourcemark ledger fsck`",
                        reason="root_changed",
                    ) from error
                connection.execute(
                    log_state.update().values(size=frontier.size, root=frontier.root(), frontier=frontier.to_bytes())
                )
        placed = {leaf_hash: index for index, (_, leaf_hash, _) in enumerate(taken, state.size)}
        self._placed = placed if len(self._placed) > _ROUND else self._placed | placed
        self._queue.forget(leaf_hash for _, leaf_hash, _ in waiting)
        return len(waiting)

    def _directory(
        self, connection: sa.Connection, keys_index: int | None, leaves: Sequence[envelope.Leaf]
    ) -> KeyDirectory:
        """The key directory as it stands before these entries, as far as it decides about them.

        Args:
            keys_index: of the last log-key entry.
        """
        holders: dict[int, str] = {}
        keyids = {keyid for leaf in leaves for keyid in deciding_keys(connection, leaf, holders)}
        directory = load_directory(connection, self._keyring.origin, keyids)
        directory.holders = holders
        if keys_index is not None:
            said = self._keyring.change(keys_index)
            assert said is not None
            directory.log_keys, directory.ended = said["keys"] or said["replaces"], not said["keys"]
        elif any(leaf.kind == "log-key" for leaf in leaves):
            directory.log_keys = self._keyring.vkeys()
        return directory

    def _waiting(self, connection: sa.Connection) -> list[Pending]:
        """Number, leaf hash and content of the entries that come next; what was parsed on arrival is not read again."""
        rows = connection.execute(
            sa.select(pending_entries.c.id, pending_entries.c.leaf_hash)
            .where(pending_entries.c.refused.is_(None))
            .order_by(pending_entries.c.id)
            .limit(_ROUND)
        ).all()
        known = {leaf_hash: self._queue.parsed(leaf_hash) for _, leaf_hash in rows}
        new = [number for number, leaf_hash in rows if known[leaf_hash] is None]
        if new:
            waiting = pending_entries.c
            unread = sa.select(waiting.id, waiting.leaf_hash, waiting.leaf, entries.c.idx).where(_among(new))
            unread = unread.outerjoin(entries, entries.c.leaf_hash == waiting.leaf_hash)
            for number, leaf_hash, leaf, index in connection.execute(unread).all():
                try:
                    known[leaf_hash] = self._read(leaf_hash, leaf, index)
                except VerificationFailed as error:
                    _refuse(connection, number, error)
        found = []
        for number, leaf_hash in rows:
            leaf = known[leaf_hash]
            if leaf is not None:
                found.append((number, leaf_hash, leaf))
        return found

    def _read(self, leaf_hash: bytes, raw: bytes, index: int | None) -> envelope.Leaf:
        """A waiting entry that this process did not see arrive: one damaged row stops none of the others."""
        if index is not None:
            raise VerificationFailed(f"it is in the log already, as entry {index}")
        if merkle.leaf_hash(raw) != leaf_hash:
            raise VerificationFailed("it was changed in the database")
        return self._queue.parse(raw)

    # --- T3 --------------------------------------------------------------------------------------------------------
    def _sign(self) -> None:
        """T3: sign what the database holds, after hashing it anew; store the checkpoint, then the signer state."""
        with self._db.read() as connection:
            state = connection.execute(sa.select(log_state)).one()
            last = connection.execute(sa.select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
        if last is None or last.size != state.size:
            signed = self._next_checkpoint(state, last)
        elif last.root == state.root:
            signed = last.note
        else:
            raise LedgerReadOnly(
                "the database's root is not the signed one: run `sourcemark ledger fsck`", reason="root_changed"
            )
        self._signer.advance(self._keyring.origin, state.size, state.root, signed)

    def _next_checkpoint(self, state: sa.Row[Any], last: sa.Row[Any] | None) -> bytes:
        """Sign and store the checkpoint of the log's state, which is ahead of the last one."""
        frontier = Frontier() if last is None else Frontier.from_bytes(last.frontier)
        start = frontier.size
        for first in range(start, state.size, _ROUND):
            stop = min(state.size, first + _ROUND)
            frontier.extend([merkle.leaf_hash(leaf) for leaf in self._publisher.leaves(first, stop)])
        if frontier.size != state.size or frontier.root() != state.root:
            raise LedgerReadOnly(
                "entries read back from the database do not have the root they were given: check memory and disk, "
                "then run `sourcemark ledger fsck`",
                reason="batch_changed",
            )
        if last is not None:
            self._publisher.compare_witnesses(last.note)
        remembered = self._signer.read()
        if remembered is not None and (remembered.size, remembered.root) == (state.size, state.root):
            signed = remembered.raw  # signed before, lost from the database: never signed differently
        else:
            checkpoint = Checkpoint(self._keyring.origin, state.size, state.root)
            signed = sign_checkpoint(checkpoint, *self._keyring.signers(state.keys_index, start, self._clock.time()))
        row = {"size": state.size, "root": state.root, "frontier": frontier.to_bytes(), "note": signed}
        try:
            with self._db.write() as connection:
                connection.execute(checkpoints.insert().values(**row, created_at=now()))
        except IntegrityError as error:  # cannot happen under the lock; if it does, two sequencers run
            raise LedgerReadOnly(
                "another sequencer signed the same size: stop one of them", reason="two_sequencers"
            ) from error
        return signed


def _refuse(connection: sa.Connection, number: int, why: VerificationFailed) -> None:
    connection.execute(pending_entries.update().where(pending_entries.c.id == number).values(refused=why.detail))


def _earlier(connection: sa.Connection, size: int, taken: Sequence[Pending]) -> Earlier:
    """Reads entries of the log, and those behind its ``size`` that get their indexes in this transaction."""

    def earlier(index: int) -> bytes:
        if index < size:
            row = sa.select(entries.c.leaf).where(entries.c.idx == index)
        else:
            row = sa.select(pending_entries.c.leaf).where(pending_entries.c.id == taken[index - size][0])
        return bytes(connection.execute(row).scalar_one())

    return earlier


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
