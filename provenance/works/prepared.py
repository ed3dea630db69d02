"""Prepared statements: registrations that wait here until their owners have signed them.

What belongs to a statement is kept until its signed form comes back, for a day at most: by then the file need not be
sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from fingerprints.model import Fingerprint
from fingerprints.source import Source

from ..accounts.accounts import Account
from ..config import Settings
from ..database.engine import Database
from ..database.tables import now, prepared_statements, stamp
from ..errors import BadInput, Conflict
from ..ledger.log import Log
from ..schema_fields import Record
from ..schemas import Claim, RegistrationItem
from ..search.examination import Examiner
from ..tlog import envelope
from ..tlog.encoding import b64, canonical
from ..tlog.opening import Opening
from . import drafts
from .drafts import Draft

KEPT = timedelta(hours=24)  # how long a prepared statement waits for its signature


class Prepared(Record):
    """A statement to sign. Check before signing that it says what you claim: the client of this project does."""

    statement: str = Field(
        description="The exact bytes to sign, as DSSE's payload of type application/vnd.in-toto+json; base64."
    )
    opening: dict[str, Any] = Field(
        description="Salt and record behind each commitment of the statement.",
        examples=[{"claim": {"salt": "AAAA...", "record": {"title": "The Clock Mender", "owner": "Lin Zhaoyun"}}}],
    )


class PreparedStatements:
    """Statements of registrations on their way to their owners and back. Thread-safe."""

    def __init__(self, db: Database, log: Log, examiner: Examiner, settings: Settings) -> None:
        self._db = db
        self._log = log
        self._examiner = examiner
        self._max_bytes = settings.limits.max_bytes

    def prepare(self, account: Account, item: RegistrationItem, source: Source) -> Prepared:
        """Read a work, make the statement that registers it, and keep what belongs to it.

        Raises:
            BadInput: a sealed one needs no preparation; no owner; or the work cannot be read.
        """
        if item.sealed:
            raise BadInput("sealed: a client seals by itself and submits the signed statement")
        if item.evidence:
            raise BadInput("evidence: bring it forward when the work is registered: its entries are signed too")
        self._log.check_writable()
        examination = self._examiner.examine(source)
        draft = drafts.draft_open(self._db, account, item, source, examination, self._max_bytes)
        payload = canonical(draft.compose(self._log.origin, self._log.head()))
        openings = {name: opening.to_json() for name, opening in draft.openings.items()}
        self._keep(account, draft, payload, openings)
        return Prepared(statement=b64(payload), opening=openings)

    def _keep(self, account: Account, draft: Draft, payload: bytes, openings: dict[str, Any]) -> None:
        assert draft.fingerprint is not None
        row = {
            "statement_hash": hashlib.sha256(payload).digest(),
            "account_id": account.id,
            "claim": {
                "claim": draft.claim.model_dump(),
                "external_id": draft.external_id,
                "opens": draft.opens,
                "salts": openings,
            },
            "fingerprint": draft.fingerprint.to_bytes(),
            "identity": draft.identity,
            "created_at": now(),
        }
        with self._db.write() as connection:
            old = stamp(datetime.now(UTC) - KEPT)
            connection.execute(prepared_statements.delete().where(prepared_statements.c.created_at < old))
            connection.execute(prepared_statements.insert().values(row))

    def take(self, account: Account, leaves: Sequence[tuple[bytes, envelope.Leaf]]) -> list[Draft | None]:
        """The drafts that signed statements were prepared from; None in the place of one that this account has not."""
        wanted = [statement_hash(parsed) for _, parsed in leaves]
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(prepared_statements).where(
                    prepared_statements.c.statement_hash.in_(wanted), prepared_statements.c.account_id == account.id
                )
            ).all()
        kept = {row.statement_hash: row for row in rows}
        return [
            _draft(kept[each], leaf, parsed) if each in kept else None
            for each, (leaf, parsed) in zip(wanted, leaves, strict=True)
        ]


def statement_hash(leaf: envelope.Leaf) -> bytes:
    """What a prepared statement is known by, whoever signs it."""
    return hashlib.sha256(leaf.payload).digest()


def use_up(connection: sa.Connection, statement_hashes: Sequence[bytes]) -> None:
    """Forget prepared statements that are entered; raises `Conflict` when one of them was used already."""
    for each in statement_hashes:
        used = connection.execute(prepared_statements.delete().where(prepared_statements.c.statement_hash == each))
        if used.rowcount != 1:
            raise Conflict("this prepared statement was used already")


def forget(connection: sa.Connection, account_id: str, digest: bytes) -> None:
    """Delete what was prepared for an account of an erased work and never came back signed, by the content's digest."""
    kept = sa.select(prepared_statements.c.statement_hash, prepared_statements.c.fingerprint)
    rows = connection.execute(kept.where(prepared_statements.c.account_id == account_id)).all()
    same = [each for each, fingerprint in rows if Fingerprint.from_bytes(fingerprint).digest == digest]
    connection.execute(prepared_statements.delete().where(prepared_statements.c.statement_hash.in_(same)))


def _draft(row: sa.Row[Any], leaf: bytes, parsed: envelope.Leaf) -> Draft:
    kept = row.claim
    fingerprint = Fingerprint.from_bytes(row.fingerprint)
    found = Draft(
        Claim.model_validate(kept["claim"]),
        fingerprint.digest,
        row.identity,
        fingerprint,
        kept["external_id"],
        kept["opens"],
    )
    found.openings = {name: Opening.from_json(each) for name, each in kept["salts"].items()}
    if {name: opening.commitment for name, opening in found.openings.items()} != parsed.predicate["commitments"]:
        raise Conflict("what was prepared was changed in the database: prepare the registration again")
    found.set_leaf(leaf)
    return found
