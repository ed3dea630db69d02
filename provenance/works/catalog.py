"""The catalogue: registered works read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from fingerprints.model import Field

from .. import marking
from ..database.engine import Database
from ..database.tables import entries, openings, works
from ..errors import NotFound
from ..schemas import Claim, ReceiptRef, WorkRecord
from ..search import matching
from . import competing_claims
from .drafts import METADATA


def row(db: Database, work_id: str, account_id: str | None = None) -> sa.Row[Any]:
    """The row of a work with its log index.

    Args:
        account_id: refuse works of other accounts (None: any).

    Raises:
        NotFound: there is no such work, or it is somebody else's (which a stranger must not learn).
    """
    with db.read() as connection:
        found = connection.execute(
            sa.select(works, entries.c.idx)
            .outerjoin(entries, entries.c.leaf_hash == works.c.leaf_hash)
            .where(works.c.work_id == work_id)
        ).first()
    if found is None or (account_id is not None and found.account_id != account_id):
        raise NotFound(f"no work of yours has the id {work_id!r}")
    return found


def embedded(db: Database, numbers: Sequence[int]) -> dict[int, tuple[Field, ...]]:
    """The rights-management fields that the originals of works carried, by the works' internal numbers.

    Works that keep none are left out: texts, erased ones, and registrations from before they were kept.
    """
    if not numbers:
        return {}
    with db.read() as connection:
        rows = connection.execute(
            sa.select(works.c.id, openings.c.record)
            .join(openings, openings.c.leaf_hash == works.c.leaf_hash)
            .where(works.c.id.in_(numbers), openings.c.name == METADATA)
        ).all()
    return {number: tuple(Field(*map(str, field)) for field in record["fields"]) for number, record in rows}


def marking_work(work: matching.Work | sa.Row[Any], fields: tuple[Field, ...] | None = None) -> marking.Work:
    """What the marking check needs to know of a registered work.

    Args:
        fields: of `embedded`; None where none are kept.
    """
    claim = work.claim
    return marking.Work(
        title=work.title,
        owner=work.owner,
        owner_aliases=tuple(claim.get("owner_aliases", ())),
        source_name=claim.get("source_name"),
        source_urls=tuple(claim.get("source_urls", ())),
        source_handle=claim.get("source_handle"),
        identifiers=(*claim.get("identifiers", ()), work.work_id),
        licence=claim.get("licence"),
        kind=work.medium,
        fields=fields,
    )


def get(db: Database, origin: str, work_id: str, account_id: str | None = None) -> WorkRecord:
    """A work as its account sees it; raises `NotFound`."""
    return _records(db, origin, [row(db, work_id, account_id)])[0]


def page(
    db: Database, origin: str, account_id: str | None, *, after: int = 0, limit: int = 100
) -> tuple[list[WorkRecord], int | None]:
    """Works of an account (None: of everybody), oldest first, and the cursor of the next page or None."""
    query = (
        sa.select(works, entries.c.idx)
        .outerjoin(entries, entries.c.leaf_hash == works.c.leaf_hash)
        .where(works.c.id > after)
        .order_by(works.c.id)
        .limit(limit + 1)
    )
    if account_id is not None:
        query = query.where(works.c.account_id == account_id)
    with db.read() as connection:
        rows = connection.execute(query).all()
    more = rows[limit - 1].id if len(rows) > limit else None
    return _records(db, origin, rows[:limit]), more


def _records(db: Database, origin: str, rows: Sequence[sa.Row[Any]]) -> list[WorkRecord]:
    rivals = competing_claims.rivals(db, [r.id for r in rows])
    return [
        WorkRecord(
            work_id=r.work_id,
            external_id=r.external_id,
            medium=r.medium,
            fingerprintable=r.reason is None,
            reason=r.reason,
            digest=r.digest.hex(),
            claim=Claim.model_validate(r.claim),
            competing=rivals.get(r.id, []),
            opens=r.opens,
            registered_at=r.registered_at,
            withdrawn_at=r.withdrawn_at,
            erased_at=r.erased_at,
            receipt=None if r.idx is None else ReceiptRef(origin=origin, index=r.idx),
        )
        for r in rows
    ]
