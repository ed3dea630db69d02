"""Decisions whose claim counts, where several claim the same content, or how far one is exclusive.

A person decides; the log commits to it, signed for the account that decided. Whose decisions a scan follows: those of
the account that scans, of an administrator, and of the work's own account about its own work. A reversal takes one
back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..accounts.accounts import Account
from ..database import paging
from ..database.engine import Database
from ..database.tables import accounts, claim_decisions, entries, sightings, signing_keys, works
from ..errors import Conflict, NotFound
from ..ids import new_id
from ..ledger.attached import CLAIM_DECISION
from ..ledger.log import Log
from ..schemas import Claim, ClaimDecision, ClaimReversal, CompetingClaim, Evidence, NewClaimDecision, ReceiptRef
from ..tlog.keys import SigningKey
from . import attaching, catalog, competing_claims, evidence
from .attaching import Attaching
from .backing import Backing, Backings
from .catalog import RegisteredWork

_MOST_CLAIMS = 200  # listed of one content


class ClaimDecisions:
    """Decides and reverses. Thread-safe."""

    def __init__(self, db: Database, log: Log, attaching: Attaching) -> None:
        self._db = db
        self._log = log
        self._attaching = attaching

    def decide(
        self, account: Account, new: NewClaimDecision, key: SigningKey | None = None, *, request_id: bytes | None = None
    ) -> ClaimDecision:
        """Record a decision of an account, for the scans that follow it.

        Args:
            key: the account's own key; None: the one that is kept here.
            request_id: of a request that may be carried out again: the decision that it made before is found.

        Raises:
            NotFound: there is no such work, or the account has nothing to do with it.
            Conflict: the two do not compete, or the work was withdrawn.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        decision_id = new_id("claim", request_id)
        if request_id is not None and self._attaching.is_done(CLAIM_DECISION, account, decision_id):
            return get(self._db, self._log.origin, decision_id, account.id)
        work = visible(self._db, new.work_id, account)
        if work.withdrawn_at is not None:
            raise Conflict(f"{work.work_id} was withdrawn on {work.withdrawn_at}: its claim counts no longer anyway")
        if new.counts is not None and new.counts not in _rivals(self._db, work.id):
            raise Conflict(f"counts: {new.counts!r:.80} does not compete with {work.work_id}: see its competing claims")
        said = new.model_dump(mode="json", exclude_none=True, exclude={"work_id"})
        self._attaching.attach(CLAIM_DECISION, account, work, decision_id, said, said, key)
        return get(self._db, self._log.origin, decision_id, account.id)

    def reverse(
        self, account: Account, decision_id: str, said: ClaimReversal, key: SigningKey | None = None
    ) -> ClaimDecision:
        """Take a decision back; what was judged under it stays judged as it was.

        Raises:
            NotFound: the account has made no such decision.
            Conflict: it was reversed already.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        found = attaching.find(self._db, CLAIM_DECISION, decision_id, account.id)
        self._attaching.end(CLAIM_DECISION, account, found, key, reversal_reason=said.reason)
        return get(self._db, self._log.origin, decision_id, account.id)


def visible(db: Database, work_id: str, account: Account) -> RegisteredWork:
    """A work that an account may know the claims to: its own, one that its scans have found, an administrator any.

    Raises:
        NotFound: any other.
    """
    found = catalog.find(db, work_id)
    if found.account_id == account.id or account.kind == "administrator":
        return found
    seen = sa.select(sightings.c.id).where(sightings.c.work == found.id, sightings.c.account_id == account.id)
    rival = sa.select(works.c.id).where(
        works.c.account_id == account.id, works.c.work_id.in_(_rivals(db, found.id) or [""])
    )
    with db.read() as connection:
        if connection.execute(seen.limit(1)).first() is None and connection.execute(rival.limit(1)).first() is None:
            raise NotFound(f"no work of yours has the id {work_id!r}")
    return found


def _rivals(db: Database, number: int) -> list[str]:
    return competing_claims.rivals(db, [number]).get(number, [])


# --- reading back --------------------------------------------------------------------------------------------------
def get(db: Database, origin: str, decision_id: str, account_id: str | None = None) -> ClaimDecision:
    """One decision of an account (None: of anybody); raises `NotFound`."""
    return attaching.get(db, CLAIM_DECISION, ClaimDecision, origin, decision_id, account_id)


def page(
    db: Database, origin: str, account_id: str | None, *, after: int = 0, limit: int = 100
) -> tuple[list[ClaimDecision], int | None]:
    """Decisions of an account (None: of everybody), oldest first, and the cursor of the next page or None."""
    query = attaching.query(CLAIM_DECISION)
    if account_id is not None:
        query = query.where(claim_decisions.c.account_id == account_id)
    with db.read() as connection:
        rows, more = paging.page(connection, query, claim_decisions.c.id, after, limit)
    return [each for row in rows if (each := _shown(origin, row)) is not None], more


def in_force(
    connection: sa.Connection, db: Database, origin: str, numbers: Sequence[int], account_id: str
) -> dict[int, list[ClaimDecision]]:
    """The decisions that a scan of an account follows, by the internal numbers of the works they limit, newest last."""
    rows = attaching.in_force(connection, db, CLAIM_DECISION, numbers)
    if not rows:
        return {}
    deciders = {row.account_id for row in rows}
    kinds = dict(connection.execute(sa.select(accounts.c.id, accounts.c.kind).where(accounts.c.id.in_(deciders))).all())
    signers = sa.select(entries.c.leaf_hash, signing_keys.c.account_id).join(
        signing_keys, signing_keys.c.keyid == entries.c.keyid
    )
    signed = dict(connection.execute(signers.where(entries.c.leaf_hash.in_([row.leaf_hash for row in rows]))).all())
    out: dict[int, list[ClaimDecision]] = {}
    for row in rows:
        followed = row.account_id in (account_id, row.holder) or kinds.get(row.account_id) == "administrator"
        found = _shown(origin, row) if followed and signed.get(row.leaf_hash) == row.account_id else None
        if found is not None:
            out.setdefault(row.work, []).append(found)
    return out


def competing(db: Database, origin: str, work_id: str, account: Account) -> list[CompetingClaim]:
    """The claims to the content of a work, its own among them, by the earliest date that each can show.

    Raises:
        NotFound: see `visible`.
    """
    asked = visible(db, work_id, account)
    found = [asked, *catalog.find_all(db, _rivals(db, asked.id)[: _MOST_CLAIMS - 1])]
    numbers = [each.id for each in found]
    backed = Backings(db).of(dict.fromkeys(numbers))
    with db.read() as connection:
        shown = evidence.in_force(connection, db, origin, numbers)
        decided = in_force(connection, db, origin, numbers, account.id)
    claims = [
        _claim(origin, work, backed.get(work.id), shown.get(work.id, []), decided.get(work.id, [])) for work in found
    ]
    return sorted(claims, key=lambda claim: (claim.earliest[:10], claim.registered_at))


def _claim(
    origin: str, work: RegisteredWork, backed: Backing | None, shown: list[Evidence], decided: list[ClaimDecision]
) -> CompetingClaim:
    """Of a damaged work only the claim that was signed is shown."""
    signed = Claim() if backed is None else backed.claim or Claim()
    claim = work.claim if backed is not None and not backed.damaged else signed
    return CompetingClaim(
        work_id=work.work_id,
        title=claim.title,
        owner=claim.owner,
        earliest=min([work.registered_at, *(each.date for each in shown)], key=lambda date: date[:10]),
        registered_at=work.registered_at,
        receipt=None if work.index is None else ReceiptRef(origin=origin, index=work.index),
        withdrawn_at=work.withdrawn_at,
        evidence=shown,
        decisions=decided,
    )


def _shown(origin: str, row: sa.Row[Any]) -> ClaimDecision | None:
    return attaching.shown(CLAIM_DECISION, ClaimDecision, origin, row)
