"""The receipt of a registration, or of a step of a complaint, put together from the database and the published log."""

from __future__ import annotations

import base64
import logging
from collections.abc import Collection, Sequence, Set
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from ..accounts import enrolled_keys
from ..database.engine import Database
from ..database.tables import checkpoints, entries, openings
from ..errors import NotFound, Unavailable
from ..ledger import claim_history
from ..ledger.attached import EVIDENCE
from ..ledger.later_entries import LaterEntries
from ..ledger.log import Log
from ..tlog import merkle, receipt, timestamp
from ..tlog.checkpoint import parse_checkpoint
from ..tlog.envelope import Leaf, parse_leaf
from ..tlog.opening import opens
from . import attaching, catalog

_logger = logging.getLogger(__name__)
_RENEWED_AFTER = timedelta(days=1)  # a later time-stamp adds nothing while the first is fresh


def build_receipt(db: Database, log: Log, work_id: str, account_id: str | None = None) -> dict[str, bytes]:
    """The files of a receipt by their names; private, because it opens the commitments.

    Args:
        account_id: refuse works of other accounts (None: any).

    Raises:
        NotFound: there is no such work, or its entry is not in the log yet.
    """
    with db.read() as connection:
        later = LaterEntries(connection, db)
    work = catalog.find(db, work_id, account_id)
    index = work.logged_index()
    with db.read() as connection:
        leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == index)).scalar_one()
        enrolments = _entries(connection, enrolled_keys.enrolment_indexes(db, parse_leaf(leaf).signers))
        opening = _opening(connection, work.leaf_hash, parse_leaf(leaf))
        chain = claim_history.amendments(connection, work.amendment_hash)
        whole = work.amendment_hash is None or claim_history.is_whole(chain)
        if not whole or not later.shows_newest(work.leaf_hash, {each.leaf_hash for each in chain}):
            raise Unavailable(
                f"the amendments of {work_id} are not those of the log: run `sourcemark ledger fsck`",
                reason="log_damaged",
            )
        holders = {str(each.leaf.predicate["to"]) for each in chain if "to" in each.leaf.predicate}
        later_files = partial(_later, connection, db, log, {*parse_leaf(leaf).signers, *holders})
        amended = [later_files(each.raw, each.index) for each in chain if each.index is not None]
        shown = [later_files(row.leaf, row.idx) for row in attaching.in_force(connection, db, EVIDENCE, [work.id])]
    return _built(db, log, index, leaf, enrolments, opening, amended, shown)


def build_step_receipt(db: Database, log: Log, leaf_hash: bytes, opened: Collection[str]) -> dict[str, bytes]:
    """The files of a receipt of a step of a complaint.

    Args:
        opened: names of the commitments that the reader may see opened.

    Raises:
        NotFound: its entry is not in the log yet.
    """
    with db.read() as connection:
        query = sa.select(entries.c.idx, entries.c.leaf).where(entries.c.leaf_hash == leaf_hash)
        found = connection.execute(query).first()
        if found is None:
            raise NotFound("this step waits for the log: ask again")
        leaf = parse_leaf(found.leaf)
        enrolments = _entries(connection, enrolled_keys.enrolment_indexes(db, leaf.signers))
        opening = _opening(connection, leaf_hash, leaf)
    shown = {name: each for name, each in opening.items() if name in opened}
    return _built(db, log, found.idx, found.leaf, enrolments, shown)


def _built(
    db: Database,
    log: Log,
    index: int,
    leaf: bytes,
    enrolments: Sequence[Any],
    opening: dict[str, Any],
    amendments: Sequence[receipt.LaterFiles] = (),
    evidence: Sequence[receipt.LaterFiles] = (),
) -> dict[str, bytes]:
    """The files of a receipt of an entry: with the proofs, checkpoints and time-stamps that there are for it."""
    seen, _ = parse_leaf(leaf).after
    with db.read() as connection:
        after = connection.execute(sa.select(checkpoints.c.note).where(checkpoints.c.size == seen)).scalar()
    if after is not None and not log.signed_by_keys_in_force(bytes(after)):
        after = None  # from before the log's keys changed: a reader of the present policy could not check it
    first = log.covering(index)
    checkpoint, stamp, renewal = _stamped(log, index)
    earlier = None
    if checkpoint is None:
        checkpoint = first
    elif parse_checkpoint(first).size < parse_checkpoint(checkpoint).size:
        earlier = log.reader.proof(index, first, leaf)
    return receipt.build(
        leaf=leaf,
        proof=log.reader.proof(index, checkpoint, leaf),
        first=earlier,
        enrolments=[(row.leaf, log.reader.proof(row.idx, checkpoint, row.leaf)) for row in enrolments],
        opening=opening,
        policy=log.policy(),
        origin=log.origin,
        index=index,
        after=None if after is None else bytes(after),
        stamp=stamp,
        renewal=renewal,
        amendments=amendments,
        evidence=evidence,
    )


def _entries(connection: sa.Connection, indexes: Sequence[int]) -> Sequence[Any]:
    """Index and bytes of entries, in the order of the log."""
    query = sa.select(entries.c.idx, entries.c.leaf).where(entries.c.idx.in_(indexes))
    return connection.execute(query.order_by(entries.c.idx)).all()


def _opening(connection: sa.Connection, leaf_hash: bytes, leaf: Leaf) -> dict[str, Any]:
    """What is kept behind the commitments of an entry, as ``opening.json`` has it.

    Raises:
        Unavailable: something that is kept opens nothing, so that the receipt would not hold.
    """
    rows = connection.execute(sa.select(openings).where(openings.c.leaf_hash == leaf_hash)).all()
    for row in rows:
        if not opens(leaf, row.name, row.salt, row.record):
            raise Unavailable(
                f"the {row.name} that the database keeps is not the one that was signed: run `sourcemark ledger fsck`",
                reason="log_damaged",
            )
    return {row.name: {"salt": base64.b64encode(row.salt).decode(), "record": row.record} for row in rows}


def _later(
    connection: sa.Connection,
    db: Database,
    log: Log,
    acting: Set[str],
    raw: bytes,
    index: int,
) -> receipt.LaterFiles:
    """A later entry about a work, with the enrolments by which a reader sees that its signer may act for the work.

    Args:
        acting: keys that registered the work, and that it was transferred to.
    """
    leaf = parse_leaf(raw)
    enrolled = enrolled_keys.enrolment_indexes(db, {*leaf.signers, *acting}, recovering=True)
    checkpoint = log.covering(index)
    return receipt.LaterFiles(
        raw,
        log.reader.proof(index, checkpoint, raw),
        [
            (row.leaf, log.reader.proof(row.idx, checkpoint, row.leaf))
            for row in _entries(connection, enrolled)
            if row.idx < index
        ],
        _opening(connection, merkle.leaf_hash(raw), leaf),
    )


def _stamped(log: Log, index: int) -> tuple[bytes | None, bytes | None, tuple[bytes, bytes, bytes] | None]:
    """A time-stamped checkpoint to prove an entry by, its time-stamp, and a renewal: the earliest one, and the newest.

    Without a time-stamp all are None; where there is an authority and none covers the entry yet, it is asked now.
    """
    timestamper = log.timestamper
    first = _first(log, index)
    if first is None and timestamper.configured:
        try:
            timestamper.stamp()
        except Unavailable as error:
            _logger.warning("a receipt without a time-stamp: %s", error.detail)
        first = _first(log, index)
    if first is None:
        return None, None, None
    size, checkpoint, token = first
    for later_size, later, later_token in timestamper.covering(index, newest=True):
        aged = timestamp.read(later_token, later).time - timestamp.read(token, checkpoint).time
        if later_size > size and aged >= _RENEWED_AFTER and log.meets_policy(later):
            proof = log.reader.consistency(size, later_size).encode()
            return checkpoint, token, (later, proof, later_token)
        break
    return checkpoint, token, None


def _first(log: Log, index: int) -> tuple[int, bytes, bytes] | None:
    """The earliest time-stamped checkpoint that holds an entry and suits the present policy."""
    for size, checkpoint, token in log.timestamper.covering(index):
        if log.meets_policy(checkpoint):
            return size, checkpoint, token
    return None
