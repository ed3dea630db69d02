"""Re-hash everything and compare every store with every other: database, signer state, published log, openings.

Comparing roots would not find an edit made while the service was stopped; so each entry, tile, opening and
fingerprint is read and hashed again. Memory stays flat: entries are read in pages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, TypedDict

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import (
    checkpoints,
    entries,
    log_state,
    pending_entries,
)
from ..errors import LedgerReadOnly, SourcemarkError, VerificationFailed
from ..ledger import tile_store
from ..ledger.log import Log
from ..ledger.signer_state import SignerState
from ..tlog import envelope, merkle, note
from ..tlog.key_directory import KeyDirectory
from ..tlog.merkle import Frontier
from ..tlog.signed_checkpoint import open_checkpoint
from . import auditor
from .duplicates import NO_DIGEST, DuplicateFinder, statement_digest
from .rows import Entry, check_rows, operators_word, stray_rows

_PAGE = 2048  # rows read at a time
_MAX_PROBLEMS = 1000  # listed before giving up


class FsckReport(TypedDict):
    """What a check found.

    Attributes:
        root: hex.
        pending: entries that wait for their index.
        refused: entries that the sequencer did not admit.
        problems: one line each, empty when all is well.
        remarks: what is relied on and no entry binds: the operator's word.
    """

    origin: str
    size: int
    root: str
    pending: int
    refused: int
    problems: list[str]
    remarks: list[str]


def check(db: Database, log: Log) -> FsckReport:
    """Read and hash everything anew."""
    problems: list[str] = []
    for found in _problems(db, log):
        problems.append(found)
        if len(problems) >= _MAX_PROBLEMS:
            problems.append("too many problems: the rest is not listed")
            break
    with db.read() as connection:
        state = connection.execute(sa.select(log_state)).one()
        waiting = connection.execute(
            sa.select(sa.func.count()).where(pending_entries.c.refused.is_(None)).select_from(pending_entries)
        ).scalar_one()
        refused = connection.execute(
            sa.select(sa.func.count()).where(pending_entries.c.refused.is_not(None)).select_from(pending_entries)
        ).scalar_one()
        remarks = list(operators_word(connection))
    return {
        "origin": log.origin,
        "size": state.size,
        "root": state.root.hex(),
        "pending": waiting,
        "refused": refused,
        "problems": problems,
        "remarks": remarks,
    }


def _problems(db: Database, log: Log) -> Iterator[str]:
    try:
        log.check_writable()
    except LedgerReadOnly as error:
        if error.reason != "log_ended":
            yield f"the ledger is read-only: {error.detail}"
    with contextlib.closing(DuplicateFinder(lambda index: _leaf(db, index))) as duplicates:
        yield from _entries(db, log, duplicates)
    yield from _signatures(db, log)
    with db.read() as connection:
        yield from stray_rows(connection)
    yield from log.timestamper.problems()
    yield from (f"published log: {found}" for found in _published(log))


def _entries(db: Database, log: Log, duplicates: DuplicateFinder) -> Iterator[str]:
    """Every leaf against its hash, its rules, and the roots that were signed."""
    with db.read() as connection:
        state = connection.execute(sa.select(log_state)).one()
        last = connection.execute(sa.select(sa.func.max(entries.c.idx))).scalar()
    if last is not None and last >= state.size:
        yield f"the database has {last + 1} entries and says it has {state.size}"

    def earlier(index: int) -> bytes:
        return _leaf(db, index)

    frontier, directory = Frontier(), KeyDirectory(log.origin)
    run: list[Entry] = []
    signed_roots = _SignedRoots(db)
    for row in _ascending(db, sa.select(entries).where(entries.c.idx < state.size), entries.c.idx):
        if row.idx != frontier.size:
            yield f"entry {frontier.size} is missing from the database"
            return
        fresh, digest = merkle.leaf_hash(row.leaf), NO_DIGEST
        if fresh != row.leaf_hash:
            yield f"entry {row.idx} was changed in the database"
        try:
            leaf = directory.replay(row.idx, row.leaf, earlier)
            digest = statement_digest(leaf)
            run.append((row.idx, fresh, leaf))
        except SourcemarkError as error:
            yield f"entry {row.idx}: {error.detail}"
            yield from _rows(db, log, run)
        if len(run) >= _PAGE:
            yield from _rows(db, log, run)
        duplicates.add(digest)
        frontier.append(fresh)
        if signed_roots.contradict(frontier):
            yield f"the entries up to {frontier.size} are not those of the checkpoint signed at that size"
    yield from _rows(db, log, run)
    yield from duplicates.found()
    if frontier.size != state.size:
        yield f"entries {frontier.size} to {state.size - 1} are missing from the database"
        return
    if frontier.root() != state.root or Frontier.from_bytes(state.frontier).root() != state.root:
        yield "the database's root is not that of its entries"


def _rows(db: Database, log: Log, run: list[Entry]) -> Iterator[str]:
    """Check the rows of a run of entries, and begin the next run."""
    with db.read() as connection:
        yield from check_rows(connection, log.origin, run)
    run.clear()


class _SignedRoots:
    """The roots of the stored checkpoints, read beside the entries in the order of their sizes."""

    def __init__(self, db: Database) -> None:
        query = sa.select(checkpoints.c.size, checkpoints.c.root)
        self._rows = _ascending(db, query, checkpoints.c.size)
        self._next = next(self._rows, None)

    def contradict(self, frontier: Frontier) -> bool:
        """Whether a checkpoint was signed at this size, over another root."""
        while self._next is not None and self._next.size < frontier.size:
            self._next = next(self._rows, None)
        return self._next is not None and self._next.size == frontier.size and self._next.root != frontier.root()


def _ascending(db: Database, query: sa.Select[Any], key: sa.Column[int]) -> Iterator[sa.Row[Any]]:
    """Rows in the order of a number that each has once; each page in a transaction of its own."""
    last = -1
    while True:
        with db.read() as connection:
            rows = connection.execute(query.where(key > last).order_by(key).limit(_PAGE)).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        last = getattr(rows[-1], key.name)


def _leaf(db: Database, index: int) -> bytes:
    with db.read() as connection:
        raw = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == index)).scalar()
    if raw is None:
        raise VerificationFailed(f"entry {index}, which it names, is missing")
    return bytes(raw)


def _signatures(db: Database, log: Log) -> Iterator[str]:
    try:
        current = log.vkeys()
    except SourcemarkError as error:
        yield error.detail
        return
    with db.read() as connection:
        changes = connection.execute(
            sa.select(entries.c.idx, entries.c.leaf).where(entries.c.kind == "log-key").order_by(entries.c.idx)
        ).all()
        size = connection.execute(sa.select(log_state.c.size)).scalar_one()
    row = None
    for row in _ascending(db, sa.select(checkpoints), checkpoints.c.size):
        try:
            vkeys = [note.VKey.parse(key) for key in _keys_at(row.size, changes, current)]
            opened = open_checkpoint(row.note, vkeys, origin=log.origin)
            if (opened.size, opened.root) != (row.size, row.root):
                yield f"the checkpoint stored at size {row.size} speaks of size {opened.size}"
        except SourcemarkError as error:
            yield f"the checkpoint at size {row.size}: {error.detail}"
    if row is None or row.size != size:
        yield f"the newest checkpoint is not at the log's size {size}: the next registration will sign it"
    try:
        signer = SignerState(log.settings.signer_state).read()
    except SourcemarkError as error:
        yield error.detail
        return
    if signer is None:
        yield f"the signer state {log.settings.signer_state} is missing: restore it, or sign something to make it again"
    elif row is not None and (signer.size, signer.root) != (row.size, row.root):
        yield f"the signer state is at size {signer.size}, the newest checkpoint at {row.size}"


def _keys_at(size: int, changes: Sequence[Any], current: list[str]) -> list[str]:
    """The log's verifier keys at a size, after its log-key entries."""
    keys = current
    for place, row in enumerate(changes):
        said = envelope.parse_leaf(row.leaf).predicate
        if row.idx < size:
            keys = list(said["keys"] or said["replaces"])
        elif place == 0:
            return list(said["replaces"])
    return keys


def _published(log: Log) -> Iterator[str]:
    folder = log.settings.log_dir
    try:
        if (folder / "checkpoint").read_bytes() != log.signed():
            yield "the published checkpoint is not the newest one: run `sourcemark ledger rebuild`"
            return
        vkeys = [note.VKey.parse(key) for key in log.vkeys()]
        yield from auditor.audit_log(log.signed(), tile_store.fetch_from(folder), vkeys)
        yield from auditor.stray_files(folder, log.head()[0])
    except SourcemarkError as error:
        yield error.detail
    except OSError as error:
        yield f"{error.filename}: {error.strerror}; run `sourcemark ledger rebuild`"
