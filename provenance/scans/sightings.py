"""Where a work was seen: the rights holder's look-up. A sighting is a match, told to the work's account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import matches, owner_key, scans, works
from ..errors import BadInput
from ..schemas import Coverage, SightingRecord

_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    matches.c.id,
    matches.c.sighting_id,
    matches.c.verdict,
    matches.c.score,
    matches.c.coverage_upload,
    matches.c.coverage_work,
    matches.c.segments,
    matches.c.transform,
    matches.c.marking,
    works.c.work_id,
    works.c.title,
    works.c.owner,
    scans.c.post_url,
    scans.c.posting_account,
    scans.c.scanned_at,
)


def page(
    db: Database,
    account_id: str | None,
    *,
    work_ids: Sequence[str] | None = None,
    owner: str | None = None,
    since: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[SightingRecord], int | None]:
    """Sightings of an account's works, oldest first, and the cursor of the next page or None.

    Args:
        account_id: whose works (None: everybody's).
        work_ids: only these works.
        owner: only works whose owner bears this name, case and width aside.
        since: ISO 8601 date or time (UTC); only what was seen then or later.
    """
    query = (
        sa.select(*_COLUMNS)
        .join(works, works.c.id == matches.c.work)
        .join(scans, scans.c.id == matches.c.scan)
        .where(matches.c.id > after)
        .order_by(matches.c.id)
    )
    if account_id is not None:
        query = query.where(works.c.account_id == account_id)
    if work_ids is not None:
        query = query.where(works.c.work_id.in_(work_ids))
    if since is not None:
        query = query.where(scans.c.scanned_at >= since)
    if owner is not None:
        query = query.where(works.c.owner_key == owner_key(owner))
    with db.read() as connection:
        rows = connection.execute(query.limit(limit + 1)).all()
    more = rows[limit - 1].id if len(rows) > limit else None
    return [_record(row) for row in rows[:limit]], more


def _record(row: sa.Row[Any]) -> SightingRecord:
    return SightingRecord(
        sighting_id=row.sighting_id,
        work_id=row.work_id,
        title=row.title,
        owner=row.owner,
        post_url=row.post_url,
        account=row.posting_account,
        seen_at=row.scanned_at,
        verdict=row.verdict,
        score=row.score,
        coverage=Coverage(upload=row.coverage_upload, work=row.coverage_work),
        segments=row.segments,
        transform=row.transform,
        marking=row.marking,
    )


def parse_since(value: str | None) -> str | None:
    """A date or time a person typed, as times are stored (UTC where it names no zone).

    Raises:
        BadInput: it is not ISO 8601.
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise BadInput(f"since: {value!r} is not an ISO 8601 date or time, for example 2026-01-31") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
