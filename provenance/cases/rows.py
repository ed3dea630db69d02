"""Cases as rows: finding and locking one, its addresses and parties, and what was said in its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa

from ..database.tables import case_addresses, case_parties, case_steps, cases, openings
from ..errors import NotFound
from ..schemas.case import Role
from ..schemas.notice import CounterNotice, NoticeContent

FACTS, SAID = "facts", "said"  # names of a step's commitments


def locked(connection: sa.Connection, case_id: str, account_id: str | None) -> sa.Row[Any]:
    """A case of a platform (None: of any), locked until the transaction ends; raises `NotFound`."""
    row = connection.execute(sa.select(cases).where(cases.c.case_id == case_id).with_for_update()).first()
    return _mine(row, case_id, account_id)


def find(connection: sa.Connection, case_id: str, account_id: str | None) -> sa.Row[Any]:
    """A case of a platform (None: of any); raises `NotFound`."""
    row = connection.execute(sa.select(cases).where(cases.c.case_id == case_id)).first()
    return _mine(row, case_id, account_id)


def _mine(row: sa.Row[Any] | None, case_id: str, account_id: str | None) -> sa.Row[Any]:
    if row is None or account_id not in (None, row.account_id):
        raise NotFound(f"no case of yours has the id {case_id!r:.80}")
    return row


def again(connection: sa.Connection, number: int) -> sa.Row[Any]:
    """A case as it is now, by its internal number, locked."""
    return connection.execute(sa.select(cases).where(cases.c.id == number).with_for_update()).one()


def addresses(connection: sa.Connection, number: int) -> list[str]:
    """The addresses that a case is about, in the order they were named."""
    query = sa.select(case_addresses.c.url).where(case_addresses.c.case == number).order_by(case_addresses.c.number)
    return list(connection.execute(query).scalars())


def parties(connection: sa.Connection, number: int) -> dict[Role, sa.Row[Any]]:
    """Who the parties of a case are, as far as it has them yet."""
    query = sa.select(case_parties).where(case_parties.c.case == number).order_by(case_parties.c.id)
    return {cast(Role, row.role): row for row in connection.execute(query)}


def party_case(connection: sa.Connection, party: int) -> tuple[sa.Row[Any], sa.Row[Any]]:
    """A party by the number of its row, and its case, locked; raises `NotFound`."""
    row = connection.execute(sa.select(case_parties).where(case_parties.c.id == party)).first()
    if row is None:
        raise NotFound("there is no such party")
    return row, again(connection, row.case)


# --- what was said -------------------------------------------------------------------------------------------------
def opened(connection: sa.Connection, leaf_hashes: Sequence[bytes]) -> Mapping[bytes, Mapping[str, Any]]:
    """What opens the commitments of steps, by leaf hash and name; of an erased party nothing is there to open."""
    found: dict[bytes, dict[str, Any]] = {}
    query = sa.select(openings.c.leaf_hash, openings.c.name, openings.c.record)
    for leaf_hash, name, record in connection.execute(query.where(openings.c.leaf_hash.in_(leaf_hashes))):
        found.setdefault(leaf_hash, {})[name] = record
    return found


def steps(connection: sa.Connection, number: int) -> Sequence[sa.Row[Any]]:
    """The steps of a case in their order."""
    query = sa.select(case_steps).where(case_steps.c.case == number)
    return connection.execute(query.order_by(case_steps.c.number)).all()


def notice(connection: sa.Connection, number: int) -> NoticeContent:
    """The notice as it stands: as it was filed, with what was added since. Empty once its party was erased."""
    merged: dict[str, Any] = {}
    for said in _said(connection, number, ("file", "complete"), "notice"):
        merged |= {name: value for name, value in said.items() if name != "files"}
        merged["files"] = [*merged.get("files", ()), *said.get("files", ())]
    return NoticeContent.model_construct(**merged) if not merged else NoticeContent.model_validate(merged)


def counter_notice(connection: sa.Connection, number: int) -> CounterNotice | None:
    """The counter-notice, if there is one that was not erased."""
    found = _said(connection, number, ("counter",), "counter_notice")
    return CounterNotice.model_validate(found[0]) if found else None


def _said(connection: sa.Connection, number: int, names: Sequence[str], part: str) -> list[dict[str, Any]]:
    taken = [row for row in steps(connection, number) if row.name in names]
    found = opened(connection, [row.leaf_hash for row in taken])
    records = [found.get(row.leaf_hash, {}).get(SAID) for row in taken]
    return [dict(record[part]) for record in records if isinstance(record, dict) and part in record]
