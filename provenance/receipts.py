"""The receipt of a registration, put together from the database and the published log."""

from __future__ import annotations

import base64
from typing import Any

import sqlalchemy as sa

from . import signing, works
from .errors import NotFound
from .ledger import receipt
from .service import Service
from .tables import entries, openings


def build(service: Service, work_id: str, account_id: str | None = None) -> dict[str, bytes]:
    """The files of a receipt by their names; private, because it opens the commitments.

    Args:
        account_id: refuse works of other accounts (None: any).

    Raises:
        NotFound: there is no such work, or its entry is not in the log yet.
    """
    work = works.row(service, work_id, account_id)
    if work.idx is None:
        raise NotFound(f"the registration of {work_id} is not in the log yet: try again in a moment")
    with service.db.read() as connection:
        leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == work.idx)).scalar_one()
        enrolled = signing.enrolments(service, leaf)
        enrolments = connection.execute(
            sa.select(entries.c.idx, entries.c.leaf).where(entries.c.idx.in_(enrolled)).order_by(entries.c.idx)
        ).all()
        opened = connection.execute(sa.select(openings).where(openings.c.leaf_hash == work.leaf_hash)).all()
    opening: dict[str, Any] = {
        row.name: {"salt": base64.b64encode(row.salt).decode(), "record": row.record} for row in opened
    }
    return receipt.build(
        leaf=leaf,
        proof=service.log.published.proof(work.idx),
        enrolments=[(row.leaf, service.log.published.proof(row.idx)) for row in enrolments],
        opening=opening,
        policy=service.log.policy(),
        origin=service.log.origin,
        index=work.idx,
    )
