"""Qualifications of official accounts: what is valid, and what expires soon."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from ..database import paging
from ..database.engine import Database
from ..database.tables import now, official_accounts, qualifications
from ..errors import Conflict, NotFound
from ..ids import new_id
from ..jobs.outbox import emit
from ..schemas import NewQualification, Qualification
from ..schemas.events import QualificationExpiring
from ..schemas.qualifications import QualificationState
from .official_rows import require

NEWS = "news-information-service"
_day = sa.bindparam("day", type_=sa.String)
# Made once: every scan that names an account asks it.
_NEWS_LICENCES = (
    sa.select(qualifications.c.official, sa.func.max(qualifications.c.valid_until))
    .where(qualifications.c.official.in_(sa.bindparam("officials", expanding=True)))
    .where(qualifications.c.kind == NEWS, qualifications.c.ended_at.is_(None), qualifications.c.valid_until >= _day)
    .where(sa.or_(qualifications.c.valid_from.is_(None), qualifications.c.valid_from <= _day))
    .group_by(qualifications.c.official)
)


def add(
    db: Database, platform_id: str, new: NewQualification, warning_days: int, *, request_id: bytes | None = None
) -> Qualification:
    """Record a licence of one of the platform's accounts.

    Args:
        request_id: of a request that may be carried out again: what it recorded before is found.

    Raises:
        NotFound: the platform has recorded no such account.
    """
    qualification_id = new_id("qual", request_id)
    if request_id is not None:
        with contextlib.suppress(NotFound):
            return get(db, platform_id, qualification_id, warning_days)
    row = {"qualification_id": qualification_id, **new.model_dump(exclude={"account_id"}), "recorded_at": now()}
    with db.write() as connection:
        row["official"] = require(connection, platform_id, new.account_id)
        connection.execute(qualifications.insert().values(**row))
    return get(db, platform_id, qualification_id, warning_days)


def get(db: Database, platform_id: str, qualification_id: str, warning_days: int) -> Qualification:
    """Raises `NotFound`, also for one of another platform's accounts."""
    with db.read() as connection:
        row = _find(connection, platform_id, qualification_id)
    return _record(row, warning_days)


def end(db: Database, platform_id: str, qualification_id: str, warning_days: int) -> Qualification:
    """A licence counts no longer, though its last day is to come: it was taken back, or recorded wrongly.

    Raises:
        NotFound: see `get`.
        Conflict: it was ended before.
    """
    with db.write() as connection:
        row = _find(connection, platform_id, qualification_id)
        ended = connection.execute(
            qualifications.update()
            .where(qualifications.c.id == row.id, qualifications.c.ended_at.is_(None))
            .values(ended_at=now())
        )
        if ended.rowcount != 1:
            raise Conflict(f"{qualification_id} was ended already, on {row.ended_at}")
    return get(db, platform_id, qualification_id, warning_days)


def page(
    db: Database,
    platform_id: str,
    warning_days: int,
    *,
    account_id: str | None = None,
    before: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[Qualification], int | None]:
    """Qualifications of a platform's accounts, oldest first, and the cursor of the next page or None.

    Args:
        before: only those that count and end before this day.
    """
    query = _query().where(official_accounts.c.platform == platform_id)
    if account_id is not None:
        query = query.where(official_accounts.c.account_id == account_id)
    if before is not None:
        query = query.where(qualifications.c.ended_at.is_(None), qualifications.c.valid_until < before)
    with db.read() as connection:
        rows, more = paging.page(connection, query, qualifications.c.id, after, limit)
    return [_record(row, warning_days) for row in rows], more


def expiring(db: Database, warning_days: int) -> tuple[int, int]:
    """How many qualifications, of all platforms, expire within so many days, and how many have expired."""
    day = date.today()
    columns = qualifications.c
    query = sa.select(columns.valid_until).where(
        columns.ended_at.is_(None), columns.valid_until <= (day + timedelta(days=warning_days)).isoformat()
    )
    with db.read() as connection:
        days = connection.execute(query).scalars().all()
    expired = sum(until < day.isoformat() for until in days)
    return len(days) - expired, expired


def news_licences(connection: sa.Connection, officials: Sequence[int], moment: str) -> dict[int, str]:
    """Until when accounts, by their internal numbers, may publish news; those that may not are left out."""
    asked = {"officials": list(officials), "day": moment[:10]}
    return dict(connection.execute(_NEWS_LICENCES, asked).all()) if officials else {}


def warn(db: Database, warning_days: int) -> int:
    """Tell each platform, once, of its qualifications that expire within so many days; returns how many there were."""
    day = date.today()
    soon = (day + timedelta(days=warning_days)).isoformat()
    columns = qualifications.c
    due = _query().where(columns.ended_at.is_(None), columns.warned_at.is_(None), columns.valid_until <= soon)
    told = 0
    with db.write() as connection:
        for row in connection.execute(due.order_by(columns.id)).all():
            warned = connection.execute(
                qualifications.update().where(columns.id == row.id, columns.warned_at.is_(None)).values(warned_at=now())
            )
            if warned.rowcount == 1:  # no other process was first
                told += 1
                said = QualificationExpiring.model_validate(row, from_attributes=True)
                emit(connection, "qualification.expiring", row.platform, said, subject=row.qualification_id)
    return told


def _query() -> sa.Select[Any]:
    return sa.select(qualifications, official_accounts.c.account_id, official_accounts.c.platform).join(
        official_accounts, official_accounts.c.id == qualifications.c.official
    )


def _find(connection: sa.Connection, platform_id: str, qualification_id: str) -> sa.Row[Any]:
    row = connection.execute(
        _query().where(
            qualifications.c.qualification_id == qualification_id, official_accounts.c.platform == platform_id
        )
    ).first()
    if row is None:
        raise NotFound(f"no qualification of your accounts has the id {qualification_id!r:.60}")
    return row


def _state(row: Any, warning_days: int) -> QualificationState:
    day = date.today().isoformat()
    if row.ended_at is not None:
        return "ended"
    if row.valid_until < day:
        return "expired"
    if row.valid_from is not None and row.valid_from > day:
        return "not_yet"
    soon = (date.today() + timedelta(days=warning_days)).isoformat()
    return "expiring" if row.valid_until <= soon else "valid"


def _record(row: Any, warning_days: int) -> Qualification:
    names = Qualification.model_fields.keys() - {"state"}
    return Qualification(**{name: getattr(row, name) for name in names}, state=_state(row, warning_days))
