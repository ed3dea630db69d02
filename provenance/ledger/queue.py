"""T1 of a round, and what comes before: statements that arrive are parsed and verified once, then queued."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..database.engine import Database, insert_many
from ..database.tables import checkpoints, entries, now, pending_entries
from ..errors import BadInput, Conflict, VerificationFailed
from ..tlog import envelope, merkle
from ..tlog.key_directory import KeyDirectory
from .key_rows import load_directory

_MAX_PARSED_BYTES = 8 * 1024 * 1024  # of statements kept parsed from their arrival until they have an index
_MIN_SIGNATURES_PER_THREAD = 64


class EntryQueue:
    """Entries on their way into one log.

    Attributes:
        origin: of the log; empty until it is opened.
    """

    def __init__(self, db: Database) -> None:
        self.origin = ""
        self._db = db
        # Entries by leaf hash, and those whose signatures were found to hold, so that each is parsed and verified once.
        self._parsed: dict[bytes, envelope.Leaf] = {}
        self._parsed_bytes = 0
        self._verified: set[bytes] = set()

    def parse(self, raw: bytes) -> envelope.Leaf:
        """See `envelope.parse_leaf`."""
        return self._parse_as(merkle.leaf_hash(raw), raw)

    def _parse_as(self, leaf_hash: bytes, raw: bytes) -> envelope.Leaf:
        found = self._parsed.get(leaf_hash)
        if found is None:
            found = envelope.parse_leaf(raw)
            if self._parsed_bytes > _MAX_PARSED_BYTES:
                self._parsed, self._parsed_bytes, self._verified = {}, 0, set()
            self._parsed[leaf_hash] = found
            self._parsed_bytes += len(found.payload)
        return found

    def verify(self, leaves: Sequence[bytes], connection: sa.Connection | None = None) -> None:
        """Check form, host, signatures and lower time bounds of entries; no lock is needed for that, so do it before.

        Raises:
            VerificationFailed: a signature does not hold, or is by a key that this service does not know. Whether the
                key may sign at the entry's place is for the sequencer to say.
            BadInput: a statement names a checkpoint that was never signed.
        """
        self._verify({merkle.leaf_hash(raw): raw for raw in leaves}, connection)

    def _verify(self, new: Mapping[bytes, bytes], connection: sa.Connection | None) -> None:
        parsed = {
            leaf_hash: self._parse_as(leaf_hash, raw)
            for leaf_hash, raw in new.items()
            if leaf_hash not in self._verified
        }
        if not parsed:
            return
        signers = {keyid for leaf in parsed.values() for keyid in leaf.signers}
        with contextlib.nullcontext(connection) if connection is not None else self._db.read() as reading:
            directory = load_directory(reading, self.origin, signers, enrolled=False)
            for leaf in parsed.values():
                if leaf.host != envelope.host_of(self.origin):
                    raise VerificationFailed(
                        f"the statement was written for the log of {leaf.host!r:.80}, not this one"
                    )
            _verify_all(directory, list(parsed.values()))
            self._check_afters(reading, {leaf.after for leaf in parsed.values()})
        self._verified |= parsed.keys()

    def add(self, connection: sa.Connection, leaves: Sequence[bytes]) -> None:
        """Put signed entries in the queue, within the caller's transaction.

        Raises:
            Conflict: an entry is in the log already, or waits for it.
            BadInput, VerificationFailed: see `verify`.
        """
        hashes = [merkle.leaf_hash(raw) for raw in leaves]
        self._verify(dict(zip(hashes, leaves, strict=True)), connection)
        moment = now()
        rows = []
        for leaf_hash, raw in zip(hashes, leaves, strict=True):
            leaf = self._parse_as(leaf_hash, raw)
            rows.append(
                {
                    "leaf": raw,
                    "leaf_hash": leaf_hash,
                    "kind": leaf.kind,
                    "keyid": leaf.signers[0],
                    "created_at": moment,
                }
            )
        try:
            insert_many(connection, pending_entries, rows)
        except IntegrityError as error:
            raise Conflict("this statement was sent already") from error
        # Only now: the sequencer may just have moved it from the one table to the other.
        standing = sa.select(entries.c.idx).where(entries.c.leaf_hash.in_(hashes))
        known = connection.execute(standing).first()
        if known is not None:
            raise Conflict(f"this statement is in the log already, as entry {known.idx}")

    def _check_afters(self, connection: sa.Connection, afters: set[envelope.After]) -> None:
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

    def parsed(self, leaf_hash: bytes) -> envelope.Leaf | None:
        """An entry that was parsed before, if it is still kept."""
        return self._parsed.get(leaf_hash)

    def is_verified(self, leaf_hash: bytes) -> bool:
        """Whether this process has verified the signatures of an entry."""
        return leaf_hash in self._verified

    def forget(self, hashes: Iterable[bytes]) -> None:
        """These have their indexes, or never get any."""
        for leaf_hash in hashes:
            found = self._parsed.pop(leaf_hash, None)
            if found is not None:
                self._parsed_bytes -= len(found.payload)
            self._verified.discard(leaf_hash)


def _verify_all(directory: KeyDirectory, leaves: Sequence[envelope.Leaf]) -> None:
    """Verify the signatures of many entries on all cores: the library lets go of the interpreter meanwhile."""

    def verify(some: Sequence[envelope.Leaf]) -> None:
        for leaf in some:
            directory.verify(leaf)

    jobs = min(os.cpu_count() or 1, len(leaves) // _MIN_SIGNATURES_PER_THREAD)
    if jobs < 2:
        verify(leaves)
        return
    with ThreadPoolExecutor(jobs) as pool:
        for _ in pool.map(verify, (leaves[at::jobs] for at in range(jobs))):
            pass
