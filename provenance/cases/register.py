"""The public register: every case that was forwarded or refused, with nothing in it of anybody, and counts by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..database import paging
from ..database.engine import Database
from ..database.tables import case_steps, cases, entries, now, works
from ..errors import NotFound
from ..ledger.log import Log
from ..schemas.case import MonthlyCount, PublicCase, PublicStep
from ..schemas.works import ReceiptRef
from . import reading, rows

# What shows a party to the other, or was not dealt with yet.
_UNPUBLISHED_STEPS = ("message", "measure", "file", "ask", "complete")
_PUBLISHED = cases.c.published_at.is_not(None)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which cases to publish: those that fit all that is given.

    Attributes:
        since: changed then or later, as times are stored.
    """

    address: str | None = None
    work_id: str | None = None
    regime: str | None = None
    since: str | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = [_PUBLISHED]
        if self.address is not None:
            found.append(reading.at_address(self.address))
        if self.work_id is not None:
            found.append(works.c.work_id == self.work_id)
        if self.regime is not None:
            found.append(cases.c.regime == self.regime)
        if self.since is not None:
            found.append(cases.c.changed_at >= self.since)
        return found


def page(
    db: Database, log: Log, sought: Sought, *, after: int = 0, limit: int = 100
) -> tuple[list[PublicCase], int | None]:
    """Published cases, oldest first, and the cursor of the next page or None."""
    with db.read() as connection:
        query = reading.select().where(*sought.conditions())
        found, more = paging.page(connection, query, cases.c.id, after, limit)
        return _public(connection, log.origin, found), more


def newest(db: Database, log: Log, sought: Sought, limit: int = 50) -> list[PublicCase]:
    """The published cases that changed last, newest first: what a feed has."""
    query = reading.select().where(*sought.conditions()).order_by(cases.c.changed_at.desc(), cases.c.id.desc())
    with db.read() as connection:
        return _public(connection, log.origin, connection.execute(query.limit(limit)).all())


def get(db: Database, log: Log, case_id: str) -> PublicCase:
    """One published case; raises `NotFound`."""
    with db.read() as connection:
        found = connection.execute(reading.select().where(cases.c.case_id == case_id, _PUBLISHED)).all()
        if not found:
            raise NotFound(f"no published case has the id {case_id!r:.80}")
        return _public(connection, log.origin, found)[0]


def _public(connection: sa.Connection, origin: str, found: Sequence[sa.Row[Any]]) -> list[PublicCase]:
    numbers = [row.id for row in found]
    urls = reading.addresses(connection, numbers)
    steps = _steps(connection, origin, numbers)
    names = ("case_id", "regime", "state", "work_id", "filed_at", "changed_at", "closed_at")
    return [
        PublicCase(
            **{name: getattr(row, name) for name in names},
            addresses=urls.get(row.id, []),
            overdue=row.due is not None and row.due < now(),
            steps=steps.get(row.id, []),
        )
        for row in found
    ]


def _steps(connection: sa.Connection, origin: str, numbers: Sequence[int]) -> dict[int, list[PublicStep]]:
    taken = connection.execute(
        sa.select(case_steps, entries.c.idx)
        .outerjoin(entries, entries.c.leaf_hash == case_steps.c.leaf_hash)
        .where(case_steps.c.case.in_(numbers), case_steps.c.name.not_in(_UNPUBLISHED_STEPS))
        .order_by(case_steps.c.case, case_steps.c.number)
    ).all()
    opened = rows.opened(connection, [row.leaf_hash for row in taken])
    found: dict[int, list[PublicStep]] = {}
    for row in taken:
        facts = opened.get(row.leaf_hash, {}).get(rows.FACTS, {})
        shown = PublicStep(
            name=row.name,
            state=row.state,
            at=row.at,
            **{name: facts.get(name) for name in ("reason", "finding", "outcome", "reachable")},
            receipt=None if row.idx is None else ReceiptRef(origin=origin, index=row.idx),
        )
        found.setdefault(row.case, []).append(shown)
    return found


COLUMNS = ["case_id", "regime", "state", "work_id", "addresses", "filed_at", "changed_at", "closed_at", "overdue"]


def cells(case: PublicCase) -> list[object]:
    """A case as a line of a table under `COLUMNS`."""
    return [getattr(case, name) if name != "addresses" else " ".join(case.addresses) for name in COLUMNS]


# --- the numbers ---------------------------------------------------------------------------------------------------
MONTH_COLUMNS = list(MonthlyCount.model_fields)


def months(db: Database, *, regime: str | None = None, limit: int = 240) -> list[MonthlyCount]:
    """How many cases came in each month under each regime, and what became of them, newest month first."""
    month = sa.func.substr(cases.c.filed_at, 1, 7)

    def share(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    def had(*names: str) -> sa.ColumnElement[int]:
        return share(sa.exists().where(case_steps.c.case == cases.c.id, case_steps.c.name.in_(names)))

    query = sa.select(
        month.label("month"),
        cases.c.regime,
        sa.func.count().label("filed"),
        had("ask").label("incomplete"),
        had("counter").label("counter_notices"),
        had("put_back").label("put_back"),
        had("uncontested", "keep_down").label("stays_down"),
        had("appeal").label("appealed"),
        *(share(cases.c.finding == name).label(name) for name in ("founded", "unfounded", "misuse")),
        *(share(cases.c.state == name).label(name) for name in ("withdrawn", "repeated", "inadmissible")),
        share(cases.c.closed_at.is_(None)).label("open"),
    )
    if regime is not None:
        query = query.where(cases.c.regime == regime)
    query = query.group_by(month, cases.c.regime).order_by(month.desc(), cases.c.regime).limit(limit)
    with db.read() as connection:
        return [MonthlyCount.model_validate(row._asdict()) for row in connection.execute(query)]
