"""Re-hash everything and compare every store with every other: database, signer state, published log, openings.

Comparing roots would not find an edit made while the service was stopped; so each entry, tile, opening and
fingerprint is read and hashed again. One set of chunks serves the database and the published files. Memory stays flat:
a chunk is 4,096 entries, and 64 bytes are held for each 256.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypedDict

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import checkpoints, entries, log_state, pending_entries
from ..errors import LedgerReadOnly, SourcemarkError, VerificationFailed
from ..ledger.log import Log
from ..ledger.signer_state import SignerState
from ..tlog import note, tiles
from ..tlog.checkpoint import Checkpoint, parse_checkpoint
from ..tlog.merkle import HASH_SIZE, Frontier
from .auditor import continues, opened_by_any, stray_files, tiles_past
from .chunk import BUNDLES, Extent
from .duplicates import DuplicateFinder
from .process_pool import Ask, worker_processes
from .rows import operators_word, stray_rows
from .stored import StoredChunkAuditor, StoredLog, known_roots
from .walk import Walk, upper_tiles

_MAX_PROBLEMS = 1000  # listed before giving up
MIN_SIZE_FOR_PROCESSES = 4 * BUNDLES * tiles.WIDTH  # entries from which on starting other processes pays


class FsckReport(TypedDict):
    """What a check found.

    Attributes:
        root: hex.
        pending: entries that wait for their index.
        refused: entries that the sequencer did not admit.
        checked_from: the entry from which on signatures and rules were checked; rows and hashes are from 0.
        processes: how many worked.
        checkpoint: the signed one up to which everything agrees, for the next check; None where it does not.
        problems: one line each, empty when all is well.
        remarks: what is relied on and no entry binds: the operator's word.
    """

    origin: str
    size: int
    root: str
    pending: int
    refused: int
    checked_from: int
    processes: int
    checkpoint: str | None
    problems: list[str]
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What the database said of the log when the check began; entries that come later are not looked at.

    Attributes:
        size, root, frontier: of the log.
        note: the newest signed checkpoint, None if there is none.
        note_size: its size.
    """

    size: int
    root: bytes
    frontier: bytes
    note: bytes | None
    note_size: int


def check(db: Database, log: Log, *, since: bytes | None = None, processes: int | None = None) -> FsckReport:
    """Read and hash everything anew.

    Args:
        since: a signed checkpoint of this log up to which an earlier check found that everything agrees: the signatures
            and rules of entries before it are not checked again.
        processes: None for one a core, or one for a small log.

    Raises:
        Unavailable: the database cannot be read to its end.
    """
    now = _snapshot(db)
    if processes is None:
        processes = (os.cpu_count() or 1) if now.size >= MIN_SIZE_FOR_PROCESSES else 1
    check = _Check(db, log, now, processes)
    problems: list[str] = []
    for found in check.problems(since):
        if found not in problems[-1:]:
            problems.append(found)
        if len(problems) >= _MAX_PROBLEMS:
            problems.append("too many problems: the rest is not listed")
            break
    with db.read() as connection:
        pending = sa.select(sa.func.count()).select_from(pending_entries)
        waiting = connection.execute(pending.where(pending_entries.c.refused.is_(None))).scalar_one()
        refused = connection.execute(pending.where(pending_entries.c.refused.is_not(None))).scalar_one()
        remarks = list(operators_word(connection))
    agreed = now.note is not None and now.note_size == now.size and not problems
    return {
        "origin": log.origin,
        "size": now.size,
        "root": now.root.hex(),
        "pending": waiting,
        "refused": refused,
        "checked_from": check.checked_from,
        "processes": check.jobs,
        "checkpoint": now.note.decode() if agreed and now.note is not None else None,
        "problems": problems,
        "remarks": remarks,
    }


def _snapshot(db: Database) -> _Snapshot:
    with db.read() as connection:
        state = connection.execute(sa.select(log_state)).one()
        newest = connection.execute(
            sa.select(checkpoints.c.size, checkpoints.c.note).order_by(checkpoints.c.size.desc()).limit(1)
        ).first()
    signed, size = (None, -1) if newest is None else (bytes(newest.note), newest.size)
    return _Snapshot(state.size, state.root, state.frontier, signed, size)


class _Check:
    """One check of one log.

    Attributes:
        jobs: processes.
        checked_from: see `FsckReport`.
    """

    def __init__(self, db: Database, log: Log, now: _Snapshot, jobs: int) -> None:
        self.jobs = jobs
        self.checked_from = 0
        self._db = db
        self._log = log
        self._now = now
        self._folder = log.settings.log_dir

    def problems(self, since: bytes | None) -> Iterator[str]:
        """One line for each thing that is wrong, the causes before what follows from them."""
        alarm = ""
        try:
            self._log.check_writable()
        except LedgerReadOnly as error:
            alarm = error.reason or ""
            if alarm != "log_ended":
                yield f"the ledger is read-only: {error.detail}"
        try:
            current = self._log.vkeys()
        except SourcemarkError as error:
            yield error.detail
            return
        try:
            earlier = None if since is None else parse_checkpoint(since)
        except VerificationFailed as error:
            yield f"the earlier checkpoint: {error.detail}"
            earlier = None
        published, found = self._published()
        yield from (f"published log: {line}" for line in found)
        yield from self._walk(current, earlier, published)
        if not alarm.startswith("signer_state"):
            yield from self._signer_state()
        yield from self._log.timestamper.problems()

    def _walk(self, current: list[str], earlier: Checkpoint | None, published: int) -> Iterator[str]:
        """Every entry: its copies, its rules, its rows; then what stands over all of them."""
        now = self._now
        stored = StoredLog(self._db, self._log.settings.database_timeout_seconds, now.size, self._folder, published)
        signed = _parsed(now)
        root = now.root if signed is None or signed.size != now.size else signed.root
        # What the earlier checkpoint says; whether it was signed is told with the keys that the entries name.
        known = b"" if earlier is None or earlier.size > now.size else known_roots(stored, earlier)
        self.checked_from = len(known) // HASH_SIZE * tiles.WIDTH
        extent = Extent(self._log.origin, now.size, root, known)
        self.jobs = extent.jobs(self.jobs)
        with contextlib.closing(DuplicateFinder(stored.entry)) as duplicates:
            walk = Walk(stored, extent, duplicates)
            with worker_processes(self.jobs, StoredChunkAuditor, stored, extent) as ask:
                for line in walk.chunks(ask, self.jobs):
                    yield f"published log: {line}" if line.startswith("tile/") else line
                if walk.broken:
                    return
                yield from self._signatures(ask, walk, current)
            if published:
                yield from (f"published log: {line}" for line in upper_tiles(stored.published, walk.tree))
            yield from self._roots(walk, root)
            if walk.log_keys is not None and walk.log_keys != current:
                yield "the log's keys are not those that its last log-key entry names"
            if not walk.missing:
                with self._db.read() as connection:
                    yield from stray_rows(connection)
            if earlier is not None:
                yield from self._continues(earlier.raw, walk, current)

    def _continues(self, since: bytes, walk: Walk, current: list[str]) -> Iterator[str]:
        """Whether the entries before the earlier checkpoint are still those that it signs."""
        sets = [current, *(before for _, before, _ in walk.changes)]
        try:
            keys = [[note.VKey.parse(key) for key in each] for each in sets]
            continues(opened_by_any(since, keys, self._log.origin), self._now.size, walk.tree)
        except VerificationFailed as error:
            yield f"the earlier checkpoint: {error.detail}; check without it"

    def _roots(self, walk: Walk, signed: bytes) -> Iterator[str]:
        """The log's state against its entries; what can be said of them once they are those that were signed."""
        now = self._now
        try:
            frontier = Frontier.from_bytes(now.frontier)
        except ValueError:
            frontier = Frontier()
        if walk.root() != signed:
            yield f"the {now.size} entries are not those that were signed"
        else:
            if (now.root, frontier.size, frontier.root()) != (signed, now.size, signed):
                yield "the database's root is not that of its entries"
            yield from walk.judged()
        with self._db.read() as connection:
            more = connection.execute(sa.select(sa.func.max(entries.c.idx))).scalar()
            state = connection.execute(sa.select(log_state.c.size)).scalar_one()
        if more is not None and more >= state:
            yield f"the database has {more + 1} entries and says it has {state}"

    def _signatures(self, ask: Ask, walk: Walk, current: list[str]) -> Iterator[str]:
        """The signatures of the stored checkpoints; each process takes some of the sizes."""
        last = self._now.size + 1
        cuts = [last * part // self.jobs for part in range(self.jobs + 1)]
        parts = [(low, high, self.checked_from, walk.changes, current) for low, high in pairwise(cuts)]
        for found in ask("signatures", parts):
            yield from found
        if self._now.note_size != self._now.size:
            yield (
                f"the newest checkpoint is not at the log's size {self._now.size}: the next registration will sign it"
            )

    def _signer_state(self) -> Iterator[str]:
        """The signer's own memory against the newest checkpoint."""
        try:
            signer = SignerState(self._log.settings.signer_state).read()
        except SourcemarkError as error:
            yield error.detail
            return
        if signer is None:
            yield f"the signer state {self._log.settings.signer_state} is missing: restore it from your backup"
            return
        newest = _snapshot(self._db).note_size  # the log may have gone on: between the two it must be
        if not self._now.note_size <= signer.size <= newest:
            yield f"the signer state is at size {signer.size}, the newest checkpoint at {newest}"

    def _published(self) -> tuple[int, list[str]]:
        """How many published entries can be compared, and what is wrong with the files beside the tiles."""
        rebuild = "run `sourcemark ledger rebuild`"
        found = []
        for name, wanted in (
            ("log.vkey", "".join(f"{key}\n" for key in self._log.vkeys()).encode()),
            ("policy", self._log.policy()),
        ):
            try:
                if (self._folder / name).read_bytes() != wanted:
                    found.append(f"{name} is not the log's: {rebuild}")
            except OSError as error:
                found.append(f"{name}: {error.strerror}; {rebuild}")
        try:
            raw = (self._folder / "checkpoint").read_bytes()
            size = parse_checkpoint(raw).size
        except OSError as error:
            return 0, [f"checkpoint: {error.strerror}; {rebuild}"]
        except VerificationFailed as error:
            return self._now.size, [*found, f"checkpoint: {error.detail}; {rebuild}"]
        if raw != self._now.note and (size <= self._now.size or not self._log.signed_by_keys_in_force(raw)):
            found.append(f"the published checkpoint is not the newest one: {rebuild}")
        found += stray_files(self._folder)
        with self._log.reader.alone():  # nothing is published meanwhile
            present = _snapshot(self._db).note_size
            past = list(tiles_past(self._folder, present))
        found += [f"{path}: lies past the signed size of {present} entries" for path in past]
        return min(size, self._now.size) if self._log.signed_by_keys_in_force(raw) else self._now.size, found


def _parsed(now: _Snapshot) -> Checkpoint | None:
    """The newest checkpoint, None if there is none that can be read; its signatures are checked with all others."""
    try:
        return None if now.note is None else parse_checkpoint(now.note)
    except VerificationFailed:
        return None
