"""The log in its database: the one sequencer, and what it publishes.

The steps of one round, under a lock that only one process holds:

T1  (by the callers) business rows and a pending entry, in one transaction
T2  indexes for the pending entries, the new size, frontier and root, in one transaction
T3  the batch is read back and hashed anew, compared, signed; the checkpoint is stored under its size, then put
    into the separate signer-state store, which refuses to go back or sideways
T4  witnesses cosign the checkpoint, as many as the policy demands
T5  tiles, then the checkpoint, each by rename
T6  the callers are answered; beside it, a time-stamp is taken from time to time (`stamper`)

A crash between any two is mended by the next round of any process: the database is the truth. Callers that arrive
while a round runs wait and are all served by the next one (group commit).
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..config import Settings
from ..db import Database, exclusive, storage_failed
from ..errors import (
    FULL_DISK,
    BadInput,
    Conflict,
    LedgerReadOnly,
    Misconfigured,
    Unavailable,
    VerificationFailed,
    from_os_error,
)
from ..tables import checkpoints, entries, log_state, now, pending_entries, signing_keys
from . import keys, note, policy, statement, tiles
from .directory import KeyDirectory
from .published import Published
from .signer import SignerState
from .stamper import Stamper
from .tree import EMPTY_ROOT, Frontier, consistency_proof
from .witness import Witnesses

_ROUND = 4096  # entries given indexes in one transaction
_KEPT = 8 * 1024 * 1024  # bytes of entries that are kept read, from their arrival until they have an index


class Log:
    """One log. Thread-safe. `start` before anything else."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db = db
        self.settings = settings
        self.origin = ""
        self._turn = threading.Lock()
        self.published = Published(settings.log_dir)
        self._published_size = -1  # size of what this process knows to be published
        self._alarm: LedgerReadOnly | None = None
        self._ended: LedgerReadOnly | None = None
        self._signer = SignerState(settings.signer_state)
        self.stamper = Stamper(db, settings, self.published)
        # Entries by leaf hash, and those whose signatures were found to hold, so that each is read and verified once.
        self._read: dict[bytes, statement.Leaf] = {}
        self._read_bytes = 0
        self._verified: set[bytes] = set()
        self._keys: dict[str, note.LogKeys] = {}  # those that were needed, by the suffix of their files
        self._witness_lines: bytes | None = None
        self._witnesses: Witnesses | None = None
        self._witness_policy = b""  # of which those are the witnesses
        self._witnesses_compared = False
        self._cosigned = b""  # a checkpoint known to have its quorum

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
        self.origin = str(origin)
        self._witness_lines = self.settings.witness_lines
        self.stamper.start()
        with contextlib.suppress(LedgerReadOnly):  # remembered in _alarm; whoever wants to write is told
            try:
                self._round()
            except Unavailable as error:
                if error.reason != "witnesses":  # without them nothing is published, but all else can be done
                    raise

    def close(self) -> None:
        """Finish what is being asked of others, and close the connections to them."""
        self.stamper.close()
        if self._witnesses is not None:
            self._witnesses.close()

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
    def read_leaf(self, raw: bytes) -> statement.Leaf:
        """See `statement.parse_leaf`."""
        leaf_hash = statement.leaf_hash(raw)
        found = self._read.get(leaf_hash)
        if found is None:
            found = statement.parse_leaf(raw)
            if self._read_bytes > _KEPT:
                self._read, self._read_bytes, self._verified = {}, 0, set()
            self._read[leaf_hash] = found
            self._read_bytes += len(raw)
        return found

    def verify(self, leaves: Sequence[bytes], connection: sa.Connection | None = None) -> None:
        """Check form, host, signatures and lower time bounds of entries; no lock is needed for that, so do it before.

        Raises:
            VerificationFailed: a signature does not hold, or is by a key that this service does not know. Whether the
                key may sign at the entry's place is for the sequencer to say.
            BadInput: a statement names a checkpoint that was never signed.
        """
        new = {statement.leaf_hash(raw): raw for raw in leaves}
        parsed = {leaf_hash: self.read_leaf(raw) for leaf_hash, raw in new.items() if leaf_hash not in self._verified}
        if not parsed:
            return
        signers = {keyid for leaf in parsed.values() for keyid in leaf.signers}
        with contextlib.nullcontext(connection) if connection is not None else self.db.read() as reading:
            directory = self.directory(reading, signers, enrolled=False)
            for leaf in parsed.values():
                if leaf.host != statement.host_of(self.origin):
                    raise VerificationFailed(
                        f"the statement was written for the log of {leaf.host!r:.80}, not this one"
                    )
                directory.verify(leaf)
            self._check_afters(reading, {leaf.after for leaf in parsed.values()})
        self._verified |= parsed.keys()

    def submit(self, connection: sa.Connection, leaves: Sequence[bytes]) -> None:
        """Put signed entries in the queue, within the caller's transaction.

        Raises:
            LedgerReadOnly: the log's stores disagree.
            Conflict: an entry is in the log already, or waits for it.
            BadInput, VerificationFailed: see `verify`.
        """
        self.check_writable()
        self.verify(leaves, connection)
        moment = now()
        rows = []
        for raw in leaves:
            leaf = self.read_leaf(raw)
            rows.append(
                {
                    "leaf": raw,
                    "leaf_hash": statement.leaf_hash(raw),
                    "kind": leaf.kind,
                    "keyid": leaf.signers[0],
                    "created_at": moment,
                }
            )
        hashes = [row["leaf_hash"] for row in rows]
        known = connection.execute(sa.select(entries.c.idx).where(entries.c.leaf_hash.in_(hashes))).first()
        if known is not None:
            raise Conflict(f"this statement is in the log already, as entry {known.idx}")
        waits = sa.select(pending_entries.c.id).where(pending_entries.c.leaf_hash.in_(hashes))
        if len(set(hashes)) < len(hashes) or connection.execute(waits).first() is not None:
            raise Conflict("this statement was sent already")
        connection.execute(pending_entries.insert(), rows)

    def _check_afters(self, connection: sa.Connection, afters: set[statement.After]) -> None:
        """The lower time bound of a statement must be a checkpoint that this log really signed."""
        sizes = [size for size, _ in afters]
        rows = connection.execute(
            sa.select(checkpoints.c.size, checkpoints.c.root).where(checkpoints.c.size.in_(sizes))
        )
        unknown = afters - {(size, root) for size, root in rows}
        if unknown:
            raise BadInput(
                f"the statement says it is after a checkpoint of size {min(unknown)[0]} that was never signed"
            )

    # --- T2 to T6 --------------------------------------------------------------------------------------------------
    def commit(self, hashes: Iterable[bytes]) -> dict[bytes, int]:
        """Wait until the entries with these leaf hashes are signed, published and durable; their indexes.

        Raises:
            LedgerReadOnly, Unavailable: nothing is known to be published; the entries stay in the queue.
            Conflict: the sequencer refused an entry, and why.
        """
        wanted = set(hashes)
        with self._turn:
            indexes = self._indexes(wanted)
            if len(indexes) < len(wanted) or max(indexes.values(), default=-1) >= self._published_size:
                self._round()
                indexes = self._indexes(wanted)
        if len(indexes) < len(wanted):
            with self.db.read() as connection:
                why = connection.execute(
                    sa.select(pending_entries.c.refused).where(pending_entries.c.leaf_hash.in_(wanted - indexes.keys()))
                ).scalar()
            raise Conflict(str(why or "the statement is not in the queue"))
        return indexes

    def _indexes(self, hashes: set[bytes]) -> dict[bytes, int]:
        with self.db.read() as connection:
            rows = connection.execute(
                sa.select(entries.c.leaf_hash, entries.c.idx).where(entries.c.leaf_hash.in_(hashes))
            )
            return dict(rows.all())

    def _round(self) -> None:
        if self._alarm is not None:
            raise self._alarm
        try:
            with exclusive(self.db, self.settings.home, "log"):
                self._compare_stores()
                self._sign()
                self._publish()
                while self._integrate():
                    self._sign()
                    self._publish()
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
        said = self._log_key_entry()
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
        """T2. Returns how many entries got an index."""
        with self.db.write() as connection:
            state = connection.execute(sa.select(log_state).with_for_update()).one()
            waiting = connection.execute(
                sa.select(pending_entries)
                .where(pending_entries.c.refused.is_(None))
                .order_by(pending_entries.c.id)
                .limit(_ROUND)
            ).all()
            if not waiting:
                return 0
            leaves = {row.id: self.read_leaf(row.leaf) for row in waiting}
            directory = self.directory(connection, {k for leaf in leaves.values() for k in _keys_of(connection, leaf)})
            if state.keys_index is not None:
                said = self._log_key_entry(state.keys_index)
                assert said is not None
                directory.log_keys, directory.ended = said["keys"] or said["replaces"], not said["keys"]
            moment = now()
            taken: list[dict[str, object]] = []
            frontier = Frontier.from_bytes(state.frontier)
            for row in waiting:
                index = state.size + len(taken)
                why = self._admit(connection, leaves[row.id], index, directory, taken)
                if why is not None:
                    connection.execute(
                        pending_entries.update().where(pending_entries.c.id == row.id).values(refused=why)
                    )
                    continue
                taken.append(
                    {
                        "idx": index,
                        "leaf": row.leaf,
                        "leaf_hash": row.leaf_hash,
                        "kind": row.kind,
                        "keyid": row.keyid,
                        "integrated_at": moment,
                    }
                )
                frontier.append(row.leaf_hash)
            if taken:
                connection.execute(entries.insert(), taken)
                connection.execute(
                    pending_entries.delete().where(pending_entries.c.leaf_hash.in_([t["leaf_hash"] for t in taken]))
                )
                connection.execute(
                    log_state.update().values(
                        size=state.size + len(taken), root=frontier.root(), frontier=frontier.to_bytes()
                    )
                )
        for row in waiting:
            if self._read.pop(row.leaf_hash, None) is not None:
                self._read_bytes -= len(row.leaf)
            self._verified.discard(row.leaf_hash)
        return len(waiting)

    def directory(self, connection: sa.Connection, keyids: set[str], *, enrolled: bool = True) -> KeyDirectory:
        """What the log's key directory says of these keys and of those they succeeded.

        Args:
            enrolled: leave out the keys whose enrolment the log does not have yet.
        """
        directory, wanted = KeyDirectory(self.origin), set(keyids)
        while wanted:
            rows = connection.execute(sa.select(signing_keys).where(signing_keys.c.keyid.in_(wanted))).all()
            wanted = {row.predecessor for row in rows if row.predecessor is not None} - directory.known.keys()
            for row in rows:
                if enrolled and row.enrolled_index is None:
                    continue
                directory.known[row.keyid] = row.public_key
                if row.revoked_index is not None:
                    directory.revoked.add(row.keyid)
                if row.predecessor is not None:
                    directory.predecessors[row.keyid] = row.predecessor
                if row.recovery is not None:
                    directory.recoveries[row.keyid] = row.recovery
        return directory

    def _admit(
        self,
        connection: sa.Connection,
        leaf: statement.Leaf,
        index: int,
        directory: KeyDirectory,
        taken: Sequence[Mapping[str, Any]],
    ) -> str | None:
        """Why an entry may not enter the log, by the log's own order of enrolments and revocations.

        Args:
            taken: the entries before it that are not in the database yet, the last ones in the log.
        """

        def earlier(at: int) -> bytes:
            if at >= index - len(taken):
                return bytes(taken[at - (index - len(taken))]["leaf"])
            return bytes(connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == at)).scalar_one())

        if leaf.kind == "log-key" and directory.log_keys is None:
            directory.log_keys = self.log_keys().vkeys()
        try:
            directory.admit(index, leaf, earlier)
        except VerificationFailed as error:
            return error.detail
        if leaf.kind == "key-enrol":
            keyid = statement.enrolled_key(leaf)[0]
            values: dict[str, Any] = {
                "enrolled_index": index,
                "predecessor": directory.predecessors.get(keyid),
                "recovery": directory.recoveries.get(keyid),
            }
        elif leaf.kind == "key-revoke":
            keyid, values = leaf.predicate["keyid"], {"revoked_index": index}
        elif leaf.kind == "log-key":
            connection.execute(log_state.update().values(keys_index=index))
            return None
        else:
            return None
        connection.execute(signing_keys.update().where(signing_keys.c.keyid == keyid).values(values))
        return None

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
                frontier.extend([statement.leaf_hash(leaf) for leaf in self._leaves(first, stop)])
            if frontier.size != state.size or frontier.root() != state.root:
                raise LedgerReadOnly(
                    "entries read back from the database do not have the root they were given: check memory and disk, "
                    "then run `sourcemark ledger fsck`",
                    reason="batch_changed",
                )
            if last is not None:
                self._compare_witnesses(last.note)
            if remembered is not None and (remembered.size, remembered.root) == (state.size, state.root):
                signed = remembered.raw  # signed before, lost from the database: never signed differently
            else:
                signed = note.sign_checkpoint(
                    note.Checkpoint(self.origin, state.size, state.root), *self._signers(state, start)
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

    def _compare_witnesses(self, signed: bytes) -> None:
        """Before this process signs for the first time: a witness that has more than the database stops it."""
        witnesses = self._demanded()
        if witnesses is not None and not self._witnesses_compared:
            witnesses.compare(signed)
            self._witnesses_compared = True

    def _publish(self) -> None:
        """T4 and T5. What is already published is left alone."""
        size, _, signed = self._stored()
        published = self.published.read()
        if published is None or published.raw != signed or not (signed == self._cosigned or self.has_quorum(signed)):
            signed = self._cosign(0 if published is None else published.size, size, signed)
            with self.published.alone():
                published = self.published.read()
                start = 0 if published is None else published.size
                if start <= size:
                    tiles.publish(self.settings.log_dir, start, size, self._leaves, signed)
                    self._write_keys(self.settings.log_dir)
            self.stamper.wake()
        self._cosigned, self._published_size = signed, size

    def _cosign(self, published: int, size: int, signed: bytes) -> bytes:
        """T4: the checkpoint with its cosignatures, which are stored with it before anybody sees them."""
        witnesses = self._demanded()
        if witnesses is None:
            return signed
        with self.db.read() as connection:
            new = (entries.c.idx >= published, entries.c.idx < size)
            tail = connection.execute(sa.select(entries.c.leaf_hash).where(*new).order_by(entries.c.idx))
            nodes = self.published.ahead(published, [leaf_hash for (leaf_hash,) in tail])
        cosigned = witnesses.collect(signed, lambda old: consistency_proof(nodes, old, size), published)
        if cosigned != signed:
            with self.db.write() as connection:
                connection.execute(checkpoints.update().where(checkpoints.c.size == size).values(note=cosigned))
        return cosigned

    def has_quorum(self, signed: bytes) -> bool:
        """Whether a signed checkpoint of this log suits its present policy: keys and witnesses."""
        trusted = policy.parse_policy(self.policy())
        try:
            opened = note.open_checkpoint(signed, trusted.logs, list(trusted.witnesses.values()), self.origin)
        except VerificationFailed:
            return False
        return trusted.satisfied_by(set(opened.signed_by))

    def signed_by_present_keys(self, signed: bytes) -> bool:
        """Whether the keys in force signed a checkpoint of this log, whoever witnessed it."""
        try:
            note.open_checkpoint(signed, [note.VKey.parse(key) for key in self.vkeys()], origin=self.origin)
        except VerificationFailed:
            return False
        return True

    def _demanded(self) -> Witnesses | None:
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
                self._witnesses = Witnesses(parsed, self.settings.witness_seconds) if some else None
            except BadInput as error:
                raise Misconfigured(f"SOURCEMARK_WITNESS_POLICY: {error.detail}") from error
            self._witness_policy = current
        return self._witnesses

    def _leaves(self, start: int, stop: int) -> list[bytes]:
        with self.db.read() as connection:
            rows = connection.execute(
                sa.select(entries.c.leaf).where(entries.c.idx >= start, entries.c.idx < stop).order_by(entries.c.idx)
            )
            return [leaf for (leaf,) in rows]

    def _signers(self, state: sa.Row[Any], start: int) -> tuple[note.LogKeys, int, *tuple[note.LogKeys, ...]]:
        """Who signs a checkpoint, and when: the first one that covers a change of keys, the old ones too."""
        moment, said = int(time.time()), self._log_key_entry(state.keys_index)
        if said is None or not said["keys"] or state.keys_index < start:
            return self.log_keys(), moment
        return self._keys_of(said["replaces"]), moment, self._keys_of(said["keys"])

    def log_keys(self) -> note.LogKeys:
        """The log's private keys that are in force."""
        said = self._log_key_entry()
        return self.load_keys("") if said is None else self._keys_of(said["keys"] or said["replaces"])

    def _log_key_entry(self, index: int | None = None) -> Mapping[str, Any] | None:
        """What the newest log-key entry says, None while the first keys are in force."""
        with self.db.read() as connection:
            if index is None:
                index = connection.execute(sa.select(log_state.c.keys_index)).scalar()
            if index is None:
                return None
            leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == index)).scalar_one()
        return statement.parse_leaf(leaf).predicate

    def _keys_of(self, vkeys: Sequence[str]) -> note.LogKeys:
        """The private keys of verifier keys: the first ones', or those whose files bear the id."""
        wanted = note.VKey.parse(vkeys[0])
        for suffix in ("", f"-{wanted.id.hex()}"):
            with contextlib.suppress(LedgerReadOnly):
                found = self.load_keys(suffix)
                if found.vkeys() == list(vkeys):
                    return found
        raise LedgerReadOnly(
            f"the log's keys with the id {wanted.id.hex()} are not in {self.settings.keys_dir}: restore them from your "
            "backup",
            reason="key_missing",
        )

    def load_keys(self, suffix: str) -> note.LogKeys:
        """The log's private keys in the files with this suffix."""
        if suffix not in self._keys:
            try:
                found = keys.load_log_keys(self.settings.keys_dir, self.settings.passphrase, suffix)
                self._keys[suffix] = note.LogKeys(self.origin, *found)
            except FileNotFoundError as error:
                raise LedgerReadOnly(
                    f"the log's keys are not in {self.settings.keys_dir}: restore them from your backup",
                    reason="key_missing",
                ) from error
        return self._keys[suffix]

    def _write_keys(self, folder: Path) -> None:
        (folder / "log.vkey").write_text("".join(f"{key}\n" for key in self.vkeys()))
        (folder / "policy").write_bytes(self.policy())

    # --- what everybody may read -----------------------------------------------------------------------------------
    def _stored(self) -> tuple[int, bytes, bytes]:
        with self.db.read() as connection:
            row = connection.execute(
                sa.select(checkpoints.c.size, checkpoints.c.root, checkpoints.c.note)
                .order_by(checkpoints.c.size.desc())
                .limit(1)
            ).first()
        if row is None:
            raise Unavailable("the log has no checkpoint yet: try again in a moment")
        return row.size, row.root, row.note

    def head(self) -> statement.After:
        """Size and root of the newest published checkpoint: what a statement signed now is after."""
        current = self.published.checkpoint()
        return current.size, current.root

    def signed(self) -> bytes:
        """The newest signed checkpoint; between two steps of a round it is ahead of the published one."""
        return self._stored()[2]

    def vkeys(self) -> list[str]:
        """The log's public keys as C2SP verifier keys, Ed25519 first."""
        return self.log_keys().vkeys()

    def policy(self) -> bytes:
        """The C2SP tlog-policy: the log's keys and its witnesses; where there are none, it says so."""
        if self._witness_lines is None:
            return policy.format_policy(self.vkeys())
        try:
            return policy.with_logs(self._witness_lines, self.vkeys())
        except VerificationFailed as error:
            raise Misconfigured(f"SOURCEMARK_WITNESS_POLICY: {error.detail}") from error

    def export(self, folder: Path) -> int:
        """Write the published log to another folder; returns its size."""
        size, _, signed = self._stored()
        target = folder.expanduser()
        try:
            before = note.parse_checkpoint((target / "checkpoint").read_bytes())
            if before.origin != self.origin or before.size > size:
                raise BadInput(f"{folder} holds another or a longer log: choose an empty folder")
            start = before.size
        except FileNotFoundError:
            start = 0
        try:
            target.mkdir(parents=True, exist_ok=True)
            tiles.publish(target, start, size, self._leaves, signed)
            self._write_keys(target)
        except OSError as error:
            raise Unavailable(f"{folder} cannot be written: {error.strerror}") from error
        return size

    def rebuild(self) -> int:
        """Make every tile again from the database; returns the log's size."""
        with self._turn, exclusive(self.db, self.settings.home, "log"), self.published.alone():
            size, _, signed = self._stored()
            tiles.publish(self.settings.log_dir, 0, size, self._leaves, signed)
            self._write_keys(self.settings.log_dir)
        return size


def _keys_of(connection: sa.Connection, leaf: statement.Leaf) -> set[str]:
    """The keys that decide whether an entry may enter the log."""
    said = leaf.predicate
    found = {*leaf.signers, *(said[name] for name in ("keyid", "recovery") if name in said)}
    named = said.get("opens", said).get("index")  # of an entry of the round before it, the keys are asked for anyway
    if named is not None:
        raw = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == named)).scalar()
        found |= set() if raw is None else set(statement.parse_leaf(raw).signers)
    return found
