"""The catalogue: registered works read back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from fingerprints.model import Field

from .. import marking
from ..database import paging
from ..database.engine import Database
from ..database.tables import entries, owner_key, stamp, unfinished_erasures, works
from ..errors import NotFound, Unavailable
from ..ledger import checkpoint_store, claim_history, work_columns
from ..schemas import AmendmentRecord, Claim, ReceiptRef, WorkRecord
from ..search import matching
from . import competing_claims
from .backing import Backings

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RegisteredWork:
    """A work as it is stored.

    Attributes:
        id: internal number.
        identity: of what is registered by whom; None once withdrawn.
        digest: SHA-256 of the exact bytes, of a sealed work of its salt and them.
        leaf_hash: of its registration.
        amendment_hash: leaf hash of the newest amendment or transfer, None where the registration's claim stands.
        index: of its registration in the log; None while it waits.
    """

    id: int
    work_id: str
    account_id: str
    external_id: str | None
    identity: bytes | None
    digest: bytes
    medium: str
    reason: str | None
    title: str
    owner: str
    opens: str | None
    leaf_hash: bytes
    amendment_hash: bytes | None
    registered_at: str
    withdrawn_at: str | None
    erased_at: str | None
    index: int | None
    claim: Claim

    def logged_index(self) -> int:
        """Its index in the log; raises `NotFound` while it waits for one."""
        if self.index is None:
            raise NotFound(f"the registration of {self.work_id} is not in the log yet: try again in a moment")
        return self.index


_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    *(works.c[field.name] for field in fields(RegisteredWork) if field.name not in ("index", "claim")),
    entries.c.idx,
    works.c.claim,
)


def _stored(row: sa.Row[Any]) -> RegisteredWork:
    *values, claim = tuple[Any, ...](row)
    return RegisteredWork(*(*values, work_columns.kept_claim(claim)))


def _query() -> sa.Select[Any]:
    return sa.select(*_COLUMNS).outerjoin(entries, entries.c.leaf_hash == works.c.leaf_hash)


def find(db: Database, work_id: str, account_id: str | None = None) -> RegisteredWork:
    """One work.

    Args:
        account_id: refuse works of other accounts (None: any).

    Raises:
        NotFound: there is no such work, or it is somebody else's (which a stranger must not learn).
    """
    with db.read() as connection:
        row = connection.execute(_query().where(works.c.work_id == work_id)).first()
    if row is None or (account_id is not None and row.account_id != account_id):
        raise NotFound(f"no work of yours has the id {work_id!r}")
    return _stored(row)


def find_all(db: Database, work_ids: Sequence[str]) -> list[RegisteredWork]:
    """Those of these works that there are, of any account, in this order."""
    with db.read() as connection:
        rows = connection.execute(_query().where(works.c.work_id.in_(work_ids))).all()
    found = {row.work_id: _stored(row) for row in rows}
    return [found[each] for each in work_ids if each in found]


def marking_work(work: matching.IndexedWork | RegisteredWork, fields: tuple[Field, ...] | None = None) -> marking.Work:
    """What the marking check needs to know of a registered work.

    Args:
        fields: of `backing.Backing`; None where none are kept.
    """
    claim = work.claim
    return marking.Work(
        title=work.title,
        owner=work.owner,
        owner_aliases=tuple(claim.owner_aliases),
        source_name=claim.source_name,
        source_urls=tuple(claim.source_urls),
        source_handle=claim.source_handle,
        identifiers=(*claim.identifiers, work.work_id),
        licence=claim.licence,
        kind=work.medium,
        fields=fields,
    )


def get(db: Database, origin: str, work_id: str, account_id: str | None = None) -> WorkRecord:
    """A work as its account sees it; raises `NotFound`."""
    found = _records(db, origin, [find(db, work_id, account_id)])
    if not found:
        raise Unavailable(f"the record of {work_id} is damaged: run `sourcemark ledger fsck`", reason="log_damaged")
    return found[0]


def check_owner(db: Database, owner: str) -> None:
    """Raises `NotFound`, with the nearest name, unless a work is registered for this owner, case and width aside."""
    with db.read() as connection:
        if connection.execute(sa.select(works.c.id).where(works.c.owner_key == owner_key(owner)).limit(1)).first():
            return
        known = connection.execute(sa.select(works.c.owner_key, sa.func.min(works.c.owner)).group_by(works.c.owner_key))
        names = {key: name for key, name in known.all() if key}
    near = get_close_matches(owner_key(owner), names, 1, 0.6)
    hint = f": did you mean {names[near[0]]}?" if near else "; write the name as it was registered"
    raise NotFound(f"no registered work has the owner {owner}{hint}")


def page(
    db: Database, origin: str, account_id: str | None, *, after: int = 0, limit: int = 100
) -> tuple[list[WorkRecord], int | None]:
    """Works of an account (None: of everybody), oldest first, and the cursor of the next page or None."""
    query = _query()
    if account_id is not None:
        query = query.where(works.c.account_id == account_id)
    with db.read() as connection:
        rows, more = paging.page(connection, query, works.c.id, after, limit)
    return _records(db, origin, [_stored(row) for row in rows]), more


def _records(db: Database, origin: str, found: Sequence[RegisteredWork]) -> list[WorkRecord]:
    rivals = competing_claims.rivals(db, [work.id for work in found])
    backed = Backings(db).of(dict.fromkeys(work.id for work in found))
    amended = _amendments(db, found)
    logged = checkpoint_store.logged_times(db, [work.index for work in found if work.index is not None])
    erased = [work.id for work in found if work.erased_at is not None]
    unfinished: set[int] = set()
    if erased:
        with db.read() as connection:
            left = sa.select(unfinished_erasures.c.work).where(unfinished_erasures.c.work.in_(erased))
            unfinished = set(connection.execute(left).scalars())
    records = []
    for work in found:
        try:
            records.append(
                WorkRecord(
                    work_id=work.work_id,
                    external_id=work.external_id,
                    medium=work.medium,
                    fingerprintable=work.reason is None,
                    reason=work.reason,
                    digest=work.digest.hex(),
                    claim=work.claim if work.id not in backed else backed[work.id].claim or Claim(),
                    damaged=list(backed[work.id].damaged) if work.id in backed else [],
                    amendments=amended.get(work.id, []),
                    competing=rivals.get(work.id, []),
                    opens=work.opens,
                    registered_at=work.registered_at,
                    logged_at=_instant(logged.get(-1 if work.index is None else work.index)),
                    withdrawn_at=work.withdrawn_at,
                    erased_at=work.erased_at,
                    erasure_finished=None if work.erased_at is None else work.id not in unfinished,
                    receipt=None if work.index is None else ReceiptRef(origin=origin, index=work.index),
                )
            )
        except ValidationError:
            _logger.error("the row of %s is damaged and cannot be shown: run ledger fsck", work.work_id)
    return records


def _instant(at: int | None) -> str | None:
    return None if at is None else stamp(datetime.fromtimestamp(at, UTC))


def _amendments(db: Database, found: Sequence[RegisteredWork]) -> dict[int, list[AmendmentRecord]]:
    """The amendments and transfers of works, by their internal numbers."""
    amended = [work for work in found if work.amendment_hash is not None]
    if not amended:
        return {}
    with db.read() as connection:
        chains = {work.id: claim_history.amendments(connection, work.amendment_hash) for work in amended}
    return {
        number: [
            AmendmentRecord.model_validate({"kind": each.leaf.kind, "index": each.index})
            for each in chain
            if not each.refused
        ]
        for number, chain in chains.items()
    }
