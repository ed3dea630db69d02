"""Evidence of claims: what an owner brings forward to show whose a work is.

Each is an entry of the log, signed for the work's account, that commits to kind, date and digest. So it cannot be dated
back later than it was brought forward; that it is true nobody vouches for.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ..accounts.accounts import Account
from ..database.engine import Database
from ..database.tables import claim_evidence
from ..errors import Conflict, NotFound
from ..ids import new_id
from ..ledger.attached import EVIDENCE
from ..ledger.log import Log
from ..schemas import Evidence, NewEvidence
from ..tlog.keys import SigningKey
from . import attaching, catalog
from .attaching import Attaching

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
        if request_id is not None and self._attaching.is_done(EVIDENCE, account, evidence_id):
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
        found = attaching.find(self._db, EVIDENCE, evidence_id, account.id)
        if work_id is not None and found.work_id != work_id:
            raise NotFound(f"no evidence of {work_id!r:.80} has the id {evidence_id!r:.80}")
        self._attaching.end(EVIDENCE, account, found, key)
        return get(self._db, self._log.origin, evidence_id, account.id)


# --- reading back --------------------------------------------------------------------------------------------------
def get(db: Database, origin: str, evidence_id: str, account_id: str | None = None) -> Evidence:
    """One piece of evidence of an account's works (None: of anybody's); raises `NotFound`."""
    return attaching.get(db, EVIDENCE, Evidence, origin, evidence_id, account_id)


def of_work(db: Database, origin: str, work_id: str, account_id: str | None = None) -> list[Evidence]:
    """All evidence of a work in the order it was added, also what was withdrawn; raises `NotFound`."""
    return attaching.of_work(db, EVIDENCE, Evidence, origin, work_id, account_id)


def in_force(connection: sa.Connection, db: Database, origin: str, works: Sequence[int]) -> dict[int, list[Evidence]]:
    """What stands, by the internal numbers of works, by date."""
    out: dict[int, list[Evidence]] = {}
    for row in attaching.in_force(connection, db, EVIDENCE, works):
        if (found := attaching.shown(EVIDENCE, Evidence, origin, row)) is not None:
            out.setdefault(row.work, []).append(found)
    return {work: sorted(found, key=lambda each: each.date) for work, found in out.items()}
