"""Evidence of claims: what an owner brings forward to show whose a work is.

Each is an entry of the log, signed for the work's account, that commits to kind, date and digest. So it cannot be dated
back later than it was brought forward; that it is true nobody vouches for.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from ..accounts.accounts import Account
from ..database.engine import Database
from ..database.tables import claim_evidence
from ..errors import BadInput, Conflict, NotFound, Unavailable
from ..ids import new_id
from ..ledger.attached import EVIDENCE
from ..ledger.log import Log
from ..schemas import Evidence, NewEvidence, ReceiptRef
from ..tlog.keys import SigningKey
from . import attaching, catalog
from .attaching import Attaching

_logger = logging.getLogger(__name__)
_MOST = 50  # pieces of evidence of one work; a receipt brings each with its proof


class Evidences:
    """Adds and withdraws evidence. Thread-safe."""

    def __init__(self, db: Database, log: Log, attaching: Attaching) -> None:
        self._db = db
        self._log = log
        self._attaching = attaching

    def add(
        self,
        account: Account,
        work_id: str,
        new: NewEvidence,
        key: SigningKey | None = None,
        *,
        request_id: bytes | None = None,
    ) -> Evidence:
        """Bring something forward for a work of this account.

        Args:
            key: the account's own key; None: the one that is kept here.
            request_id: of a request that may be carried out again: what it added before is found.

        Raises:
            NotFound: there is no such work, or it is somebody else's.
            Conflict: the work was withdrawn, or has as much evidence as one may have.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        evidence_id = new_id("ev", request_id)
        if request_id is not None:
            with contextlib.suppress(NotFound):
                self._log.commit([_row(self._db, evidence_id, account.id).leaf_hash])
                return get(self._db, self._log.origin, evidence_id, account.id)
        work = catalog.find(self._db, work_id, account.id)
        if work.withdrawn_at is not None:
            raise Conflict(f"{work_id} was withdrawn on {work.withdrawn_at}: nothing can be shown for it")
        with self._db.read() as connection:
            count = sa.select(sa.func.count()).where(claim_evidence.c.work == work.id)
            if connection.execute(count).scalar_one() >= _MOST:
                raise Conflict(f"{work_id} has {_MOST} pieces of evidence already, the most that one may have")
        said = new.model_dump(mode="json", exclude_none=True)
        self._attaching.attach(EVIDENCE, account, work, evidence_id, said, said, key)
        return get(self._db, self._log.origin, evidence_id, account.id)

    def add_missing(
        self, account: Account, work_id: str, shown: Sequence[NewEvidence], key: SigningKey | None = None
    ) -> None:
        """Bring forward what does not stand already, so that a registration may be sent twice; raises as `add`."""
        standing = [each for each in of_work(self._db, self._log.origin, work_id) if each.withdrawn_at is None]
        known = [
            NewEvidence.model_validate(each.model_dump(include=set(NewEvidence.model_fields))) for each in standing
        ]
        for new in shown:
            if new not in known:
                self.add(account, work_id, new, key)
                known.append(new)

    def withdraw(
        self, account: Account, evidence_id: str, key: SigningKey | None = None, *, work_id: str | None = None
    ) -> Evidence:
        """Take evidence back; that it was brought forward stays in the log.

        Args:
            work_id: the work it must be of.

        Raises:
            NotFound: there is no such evidence of this account's works.
            Conflict: it was withdrawn already.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        found = _row(self._db, evidence_id, account.id)
        if work_id is not None and found.work_id != work_id:
            raise NotFound(f"no evidence of {work_id!r:.80} has the id {evidence_id!r:.80}")
        self._attaching.end(EVIDENCE, account, found, key)
        return get(self._db, self._log.origin, evidence_id, account.id)


# --- reading back --------------------------------------------------------------------------------------------------
def get(db: Database, origin: str, evidence_id: str, account_id: str | None = None) -> Evidence:
    """One piece of evidence of an account's works (None: of anybody's); raises `NotFound`."""
    found = _readable(origin, _row(db, evidence_id, account_id))
    if found is None:
        raise Unavailable(f"the record of {evidence_id} is damaged: run `sourcemark ledger fsck`", reason="log_damaged")
    return found


def of_work(db: Database, origin: str, work_id: str, account_id: str | None = None) -> list[Evidence]:
    """All evidence of a work in the order it was added, also what was withdrawn; raises `NotFound`."""
    work = catalog.find(db, work_id, account_id)
    query = attaching.query(EVIDENCE).where(claim_evidence.c.work == work.id).order_by(claim_evidence.c.id)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return [found for row in rows if (found := _readable(origin, row)) is not None]


def in_force(connection: sa.Connection, db: Database, origin: str, works: Sequence[int]) -> dict[int, list[Evidence]]:
    """What stands, by the internal numbers of works, by date."""
    out: dict[int, list[Evidence]] = {}
    for row in attaching.in_force(connection, db, EVIDENCE, works):
        found = _readable(origin, row)
        if found is not None:
            out.setdefault(row.work, []).append(found)
    return {work: sorted(found, key=lambda each: each.date) for work, found in out.items()}


def _row(db: Database, evidence_id: str, account_id: str | None) -> sa.Row[Any]:
    found = attaching.find(db, EVIDENCE, evidence_id)
    if account_id is not None and found.holder != account_id:
        raise NotFound(f"nothing of yours has the id {evidence_id!r:.80}")
    return found


def _readable(origin: str, row: sa.Row[Any]) -> Evidence | None:
    """Evidence; None, and told to the operator, where its row holds none."""
    try:
        return Evidence(
            **row.item,
            evidence_id=row.evidence_id,
            work_id=row.work_id,
            added_at=row.added_at,
            withdrawn_at=row.withdrawn_at,
            receipt=None if row.idx is None else ReceiptRef(origin=origin, index=row.idx),
        )
    except (ValidationError, BadInput, TypeError):
        _logger.error("the evidence %s is damaged: run ledger fsck", row.evidence_id)
        return None
