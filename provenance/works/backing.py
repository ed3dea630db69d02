"""What the log backs of a registered work: its rows, held against its entry before they are shown or accuse anybody.

`ledger fsck` does this for every row; here it is done for the few works of an answer. What does not agree is damaged:
it is told to the operator, and shown to nobody.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from fingerprints import registry
from fingerprints.model import Field, Fingerprint

from ..database.engine import Database
from ..database.tables import entries, openings, pending_entries, signing_keys, works
from ..database.tables import fingerprints as fingerprint_rows
from ..errors import SourcemarkError
from ..ledger import claim_history, work_columns
from ..ledger.later_entries import LaterEntries
from ..ledger.reader import LogReader
from ..ledger.signed_times import SignedTimes
from ..schemas import Claim
from ..tlog import envelope, merkle
from ..tlog.opening import opens
from .drafts import METADATA

DAMAGED = "record_damaged"  # why a match whose work is damaged needs a person

_Row = Any  # of a query
_logger = logging.getLogger(__name__)
_MOST_ACCOUNTS = 10_000  # of keys, remembered


@dataclass(frozen=True, slots=True)
class Backing:
    """What the log backs of one work.

    Attributes:
        claim: the present one as it was signed; None where nothing that is kept opens it.
        fields: the rights-management fields that the original carried; None where none are kept.
        damaged: what the database says otherwise than the log, by column or opening; empty when all agrees.
    """

    claim: Claim | None
    fields: tuple[Field, ...] | None
    damaged: tuple[str, ...]


class Backings:
    """Holds works against the log. Thread-safe."""

    def __init__(self, db: Database, published: LogReader | None = None) -> None:
        """
        Args:
            published: the published log, to which the entries are compared too; None: only to their hashes.
        """
        self._db = db
        self._published = published
        self._accounts: dict[str, str] = {}  # that enrolments commit to, by keyid; an entry never changes

    def of(self, prints: Mapping[int, Fingerprint | None]) -> dict[int, Backing]:
        """What is backed of works by their internal numbers; a damaged one is told in the operator's log.

        Works that wait for the log are left out: nothing backs them yet.

        Args:
            prints: the fingerprint that each was compared by; None where that is not asked.
        """
        if not prints:
            return {}
        with self._db.read() as connection:
            later = LaterEntries(connection, self._db)
            rows: list[_Row] = list(connection.execute(_WORKS, {"numbers": list(prints)}))
            hashes = [each for row in rows for each in (row.leaf_hash, row.amendment_hash) if each is not None]
            opened: dict[bytes, dict[str, _Row]] = {}
            for row in connection.execute(_OPENINGS, {"hashes": hashes}):
                opened.setdefault(row.leaf_hash, {})[row.name] = row
            found = {row.id: self._backing(connection, row, opened, prints[row.id], later) for row in rows}
            missing = prints.keys() - found.keys()
            for row in connection.execute(_UNLOGGED, {"numbers": list(missing)}) if missing else ():
                found[row.id] = Backing(None, None, ("entry",))
                rows.append(row)
        for row in rows:
            if found[row.id].damaged:
                said = ", ".join(found[row.id].damaged)
                _logger.error("of %s the database says otherwise than the log: %s; run ledger fsck", row.work_id, said)
        return found

    def _backing(
        self,
        connection: sa.Connection,
        row: _Row,
        opened: Mapping[bytes, Mapping[str, _Row]],
        compared: Fingerprint | None,
        later: LaterEntries,
    ) -> Backing:
        repeated = (row.title, row.owner, row.owner_key)
        if row.erasure_hash is not None and _is_erased(row):
            return Backing(Claim(), None, () if work_columns.shows_claim(row.claim, repeated, {}) else ("claim",))
        try:
            leaf = envelope.parse_leaf(row.leaf)
        except SourcemarkError:
            return Backing(None, None, ("entry",))
        records, broken = _records(leaf, opened.get(row.leaf_hash, {}))
        damaged = [*broken, *self._entry(row, leaf)]
        said = records
        if row.amendment_hash is not None:
            said, more = _amended(connection, row, opened.get(row.amendment_hash, {}), later)
            damaged += more
        elif later.amendment(row.leaf_hash) is not None:
            said, damaged = {}, [*damaged, "amendment"]
        record = said.get("claim", {} if "sealed" in leaf.predicate else None)
        if not work_columns.shows_claim(row.claim, repeated, record):
            damaged.append("claim")
        if compared is not None and not _is_committed(connection, row.id, compared, records.get("fingerprint")):
            damaged.append("fingerprint")
        if self._account(connection, row, leaf) not in (None, row.account_id):
            damaged.append("account_id")
        times = SignedTimes(connection, row.idx, row.idx, [leaf.after])
        if not times.allow(row.registered_at, leaf.after, row.idx):
            damaged.append("registered_at")
        raw = row.withdrawal or row.withdrawing  # one that waits for the log counts
        ended = work_columns.ends(raw, row.withdrawal_hash, row.leaf_hash)
        if (row.withdrawn_at is not None) != ended or (not ended and later.ended(row.leaf_hash)):
            damaged.append("withdrawn_at")
        return Backing(_claim(record), _fields(records), tuple(dict.fromkeys(damaged)))

    def _entry(self, row: _Row, leaf: envelope.Leaf) -> Iterator[str]:
        """Whether the entry is the one that the log has published at its index, and registers these bytes."""
        published = None if self._published is None else self._published.entry_hash(row.idx)
        if merkle.leaf_hash(row.leaf) != row.leaf_hash or published not in (None, row.leaf_hash):
            yield "entry"
        if leaf.kind != "registration" or leaf.digests[0] != row.digest.hex():
            yield "digest"

    def _account(self, connection: sa.Connection, row: _Row, leaf: envelope.Leaf) -> str | None:
        """The account of the key that holds a work; None if nobody knows."""
        keyid = leaf.signers[0]
        if row.amendment_hash is not None:
            keyid = claim_history.holder(connection, row.idx) or keyid
        if keyid in self._accounts:
            return self._accounts[keyid]
        enrolment = connection.execute(
            sa.select(signing_keys.c.account_id, entries.c.leaf, openings.c.salt, openings.c.record)
            .join(entries, entries.c.idx == signing_keys.c.enrolled_index)
            .outerjoin(openings, (openings.c.leaf_hash == entries.c.leaf_hash) & (openings.c.name == envelope.ACCOUNT))
            .where(signing_keys.c.keyid == keyid)
        ).first()
        if enrolment is None:
            return None
        try:
            leaf = envelope.parse_leaf(enrolment.leaf)
        except SourcemarkError:
            return ""  # nobody's: what gave the key to an account is gone
        salt, record = enrolment.salt, enrolment.record
        if salt is None or not opens(leaf, envelope.ACCOUNT, salt, record):
            return str(enrolment.account_id)  # the operator's word
        if len(self._accounts) >= _MOST_ACCOUNTS:
            self._accounts.clear()
        self._accounts[keyid] = str(record.get("account"))
        return self._accounts[keyid]


# Made once: putting them together takes longer than running them.
_OPENINGS = sa.select(openings).where(openings.c.leaf_hash.in_(sa.bindparam("hashes", expanding=True)))
_UNLOGGED = (
    sa.select(works.c.id, works.c.work_id)
    .outerjoin(pending_entries, pending_entries.c.leaf_hash == works.c.leaf_hash)
    .where(works.c.id.in_(sa.bindparam("numbers", expanding=True)), pending_entries.c.id.is_(None))
)
_withdrawal, _erasure = entries.alias("withdrawal"), entries.alias("erasure")
_withdrawing, _erasing = pending_entries.alias("withdrawing"), pending_entries.alias("erasing")
_WORKS = (
    sa.select(
        works.c.id,
        works.c.work_id,
        works.c.account_id,
        works.c.digest,
        works.c.title,
        works.c.owner,
        works.c.owner_key,
        works.c.claim,
        works.c.leaf_hash,
        works.c.amendment_hash,
        works.c.erasure_hash,
        works.c.registered_at,
        works.c.withdrawn_at,
        works.c.withdrawal_hash,
        entries.c.idx,
        entries.c.leaf,
        _withdrawal.c.leaf.label("withdrawal"),
        _withdrawing.c.leaf.label("withdrawing"),
        _erasure.c.leaf.label("erasure"),
        _erasing.c.leaf.label("erasing"),
    )
    .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
    .outerjoin(_withdrawal, _withdrawal.c.leaf_hash == works.c.withdrawal_hash)
    .outerjoin(_withdrawing, (_withdrawing.c.leaf_hash == works.c.withdrawal_hash) & _withdrawing.c.refused.is_(None))
    .outerjoin(_erasure, _erasure.c.leaf_hash == works.c.erasure_hash)
    .outerjoin(_erasing, (_erasing.c.leaf_hash == works.c.erasure_hash) & _erasing.c.refused.is_(None))
    .where(works.c.id.in_(sa.bindparam("numbers", expanding=True)))
)


def _is_erased(row: _Row) -> bool:
    return work_columns.ends(row.erasure or row.erasing, row.erasure_hash, row.leaf_hash, "erasure")


def _records(leaf: envelope.Leaf, opened: Mapping[str, _Row]) -> tuple[dict[str, Any], list[str]]:
    """The records that open a commitment of an entry, and the names of those that open none or are missing."""
    records = {name: row.record for name, row in opened.items() if opens(leaf, name, row.salt, row.record)}
    promised = leaf.predicate.get("commitments", {}).keys()
    # Of a sealed work the service knows what its owner has told it.
    wanted = opened.keys() if "sealed" in leaf.predicate else promised | opened.keys()
    return records, sorted(wanted - records.keys())


def _amended(
    connection: sa.Connection, row: _Row, opened: Mapping[str, _Row], later: LaterEntries
) -> tuple[dict[str, Any], list[str]]:
    """The same of the newest amendment or transfer of a work."""
    newest = claim_history.newest(connection, row.amendment_hash, row.leaf_hash)
    if newest is None:
        return {}, ["amendment"]
    if later.amendment(row.leaf_hash) not in (None, row.amendment_hash):  # the row is ahead, by what waits, or behind
        chain = claim_history.amendments(connection, row.amendment_hash)
        if not later.shows_newest(row.leaf_hash, {each.leaf_hash for each in chain}):
            return {}, ["amendment"]
    return _records(newest.leaf, opened)


def _claim(record: Any) -> Claim | None:
    try:
        return Claim.model_validate(record) if isinstance(record, dict) else None
    except ValidationError:
        return None


def _fields(records: Mapping[str, Any]) -> tuple[Field, ...] | None:
    kept = records.get(METADATA)
    return (
        None if kept is None else tuple(Field(str(where), str(tag), str(value)) for where, tag, value in kept["fields"])
    )


def _is_committed(connection: sa.Connection, number: int, compared: Fingerprint, record: Any) -> bool:
    """Whether a fingerprint is the one that was signed, or what today's algorithm makes of that."""
    if not isinstance(record, dict):
        return False
    if record.get("algorithm") == compared.algorithm:
        return bool(hashlib.sha256(compared.to_bytes()).hexdigest() == record.get("sha256"))
    kept = connection.execute(
        sa.select(fingerprint_rows.c.data, fingerprint_rows.c.detail).where(
            fingerprint_rows.c.work == number, fingerprint_rows.c.algorithm == record.get("algorithm")
        )
    ).first()
    if kept is None or hashlib.sha256(kept.data + kept.detail).hexdigest() != record.get("sha256"):
        return False
    old = Fingerprint.from_bytes(kept.data + kept.detail)
    renewed = registry.MEDIA[old.medium].upgrade(old)
    return renewed is not None and renewed.to_bytes() == compared.to_bytes()
