"""Re-hash everything and compare every store with every other: database, signer state, published log, openings.

Comparing roots would not find an edit made while the service was stopped; so each entry, tile, opening and
fingerprint is read and hashed again. Memory stays flat: entries are read in pages.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, TypedDict

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import (
    checkpoints,
    entries,
    fingerprints,
    log_state,
    openings,
    pending_entries,
    signing_keys,
    works,
)
from ..errors import LedgerReadOnly, SourcemarkError, VerificationFailed
from ..ledger import tile_store
from ..ledger.log import Log
from ..ledger.signer_state import SignerState
from ..tlog import envelope, merkle, note, statement
from ..tlog.key_directory import KeyDirectory
from ..tlog.merkle import Frontier
from ..tlog.signed_checkpoint import open_checkpoint
from . import auditor
from .duplicates import NO_DIGEST, DuplicateFinder, statement_digest

_PAGE = 2048  # rows read at a time
_MAX_PROBLEMS = 1000  # listed before giving up


class FsckReport(TypedDict):
    """What a check found.

    Attributes:
        root: hex.
        pending: entries that wait for their index.
        refused: entries that the sequencer did not admit.
        problems: one line each, empty when all is well.
    """

    origin: str
    size: int
    root: str
    pending: int
    refused: int
    problems: list[str]


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
    return {
        "origin": log.origin,
        "size": state.size,
        "root": state.root.hex(),
        "pending": waiting,
        "refused": refused,
        "problems": problems,
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
    yield from _openings(db)
    yield from _fingerprints(db)
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
    signed_roots = _SignedRoots(db)
    for row in _ascending(db, sa.select(entries).where(entries.c.idx < state.size), entries.c.idx):
        if row.idx != frontier.size:
            yield f"entry {frontier.size} is missing from the database"
            return
        fresh, digest = merkle.leaf_hash(row.leaf), NO_DIGEST
        if fresh != row.leaf_hash:
            yield f"entry {row.idx} was changed in the database"
        try:
            digest = statement_digest(directory.replay(row.idx, row.leaf, earlier))
        except SourcemarkError as error:
            yield f"entry {row.idx}: {error.detail}"
        duplicates.add(digest)
        frontier.append(fresh)
        if signed_roots.contradict(frontier):
            yield f"the entries up to {frontier.size} are not those of the checkpoint signed at that size"
    yield from duplicates.found()
    if frontier.size != state.size:
        yield f"entries {frontier.size} to {state.size - 1} are missing from the database"
        return
    if frontier.root() != state.root or Frontier.from_bytes(state.frontier).root() != state.root:
        yield "the database's root is not that of its entries"
    yield from _signing_keys(db, directory)


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


def _signing_keys(db: Database, directory: KeyDirectory) -> Iterator[str]:
    """What the service believes of the keys, against what the log says."""
    with db.read() as connection:
        rows = connection.execute(sa.select(signing_keys).where(signing_keys.c.enrolled_index.is_not(None))).all()
    for row in rows:
        said = (
            directory.known.get(row.keyid),
            row.keyid in directory.revoked,
            directory.predecessors.get(row.keyid),
            directory.recoveries.get(row.keyid),
        )
        if (row.public_key, row.revoked_index is not None, row.predecessor, row.recovery) != said:
            yield f"the signing key {row.keyid[:16]} was changed in the database"
    for keyid in directory.known.keys() - {row.keyid for row in rows}:
        yield f"the signing key {keyid[:16]} is missing from the database"


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


def _openings(db: Database) -> Iterator[str]:
    """Every salt and record against the commitment in the log; erased ones are no problem."""
    query = (
        sa.select(entries.c.idx, entries.c.leaf, openings.c.name, openings.c.salt, openings.c.record)
        .join(openings, openings.c.leaf_hash == entries.c.leaf_hash)
        .order_by(entries.c.idx, openings.c.name)
    )
    for row in _streamed(db, query):
        try:
            promised = envelope.parse_leaf(row.leaf).predicate["commitments"].get(row.name)
        except (SourcemarkError, KeyError):
            continue  # reported with the entry itself
        if statement.commit(row.salt, row.record) != promised:
            yield f"the {row.name} of entry {row.idx} was changed in the database"


def _fingerprints(db: Database) -> Iterator[str]:
    """Every fingerprint against the opened record of the registration, and each work's shown claim likewise."""
    query = (
        sa.select(
            works.c.work_id,
            works.c.title,
            works.c.owner,
            works.c.claim,
            fingerprints.c.algorithm,
            fingerprints.c.data,
            fingerprints.c.detail,
            openings.c.name,
            openings.c.record,
        )
        .join(fingerprints, fingerprints.c.work == works.c.id)
        .join(openings, openings.c.leaf_hash == works.c.leaf_hash)
        .order_by(works.c.id, openings.c.name)
    )
    for row in _streamed(db, query):
        committed = row.name == "fingerprint" and row.algorithm == row.record.get("algorithm")
        if committed and hashlib.sha256(row.data + row.detail).hexdigest() != row.record.get("sha256"):
            yield f"the fingerprint of {row.work_id} was changed in the database"
        if row.name == "claim" and (
            any(row.claim.get(key) != value for key, value in row.record.items())
            or (row.title, row.owner) != (row.record.get("title"), row.record.get("owner"))
        ):
            yield f"the claim of {row.work_id} was changed in the database"


def _streamed(db: Database, query: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
    with db.read() as connection:
        yield from connection.execution_options(yield_per=_PAGE).execute(query)


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
