"""The receipt of a registration, put together from the database and the published log."""

from __future__ import annotations

import base64
from typing import Any

import sqlalchemy as sa

from . import works
from .errors import NotFound
from .ledger import receipt
from .service import Service
from .tables import entries, openings, signing_keys


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
        leaf, keyid = connection.execute(
            sa.select(entries.c.leaf, entries.c.keyid).where(entries.c.idx == work.idx)
        ).one()
        enrolled = connection.execute(
            sa.select(signing_keys.c.enrolled_index).where(signing_keys.c.keyid == keyid)
        ).scalar_one()
        enrolment = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == enrolled)).scalar_one()
        opened = connection.execute(sa.select(openings).where(openings.c.leaf_hash == work.leaf_hash)).all()
    opening: dict[str, Any] = {
        row.name: {"salt": base64.b64encode(row.salt).decode(), "record": row.record} for row in opened
    }
    return receipt.build(
        leaf=leaf,
        proof=service.log.published.proof(work.idx),
        enrolments=[(enrolment, service.log.published.proof(enrolled))],
        opening=opening,
        policy=service.log.policy(),
        origin=service.log.origin,
        index=work.idx,
    )
