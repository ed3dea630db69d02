"""Where a work was seen: the rights holder's look-up.

A sighting is a work in a post of a platform. However often the platform scans the post there is one: every scan that
finds the work is a match of it, and the newest match says what the post is like now.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import ValidationError

from ..database import paging
from ..database.engine import Database
from ..database.inserting import insert
from ..database.tables import accounts, matches, owner_key, scans, sightings, works
from ..errors import BadInput, NotFound, Unavailable
from ..ids import new_id
from ..schemas import Claim, Coverage, MonthOfSightings, ScanItem, SightingRecord
from ..works.backing import Backing, Backings
from .verdict import MOST_SEVERE_FIRST

_logger = logging.getLogger(__name__)


def post_key(item: ScanItem, digest: bytes) -> bytes:
    """What makes two uploads of a platform the same post: its address, else its external id, else its bytes and the
    account that posted them. SHA-256."""
    if item.post_url:
        return key_of("url", item.post_url)
    if item.external_id:
        return key_of("id", item.external_id)
    return key_of("bytes", digest.hex(), item.account or "")


def key_of(*named: str) -> bytes:
    """The key of a post by what names it: ``url`` and its address, or ``id`` and its external id."""
    return hashlib.sha256("\0".join(named).encode("utf-8", "surrogatepass")).digest()


class Recorded(NamedTuple):
    """A sighting that a scan is a part of; ``new``: it is the first that finds the work in the post."""

    number: int
    sighting_id: str
    new: bool


def record(
    connection: sa.Connection, account_id: str, seen: Iterable[tuple[bytes, int]]
) -> dict[tuple[bytes, int], Recorded]:
    """The sightings of works in posts, new ones where there are none yet.

    Args:
        account_id: the platform's.
        seen: posts by `post_key`, each with the internal number of a work.
    """
    keys = sorted(set(seen))  # in one order, so that no two transactions wait for each other
    if not keys:
        return {}
    ids = [new_id("sight") for _ in keys]
    connection.execute(
        insert(connection, sightings).on_conflict_do_nothing(index_elements=["account_id", "post", "work"]),
        [
            {"sighting_id": sighting_id, "account_id": account_id, "post": post, "work": work}
            for sighting_id, (post, work) in zip(ids, keys, strict=True)
        ],
    )
    rows = connection.execute(
        sa.select(sightings).where(
            sightings.c.account_id == account_id, sightings.c.post.in_({post for post, _ in keys})
        )
    )
    made = {*ids}
    return {(row.post, row.work): Recorded(row.id, row.sighting_id, row.sighting_id in made) for row in rows}


# --- looking up ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Seen:
    """A sighting as it is stored.

    Attributes:
        match: internal number of the match of its last scan, of several parts that which needs a person most.
        work: internal number of the work.
    """

    record: SightingRecord
    match: int
    work: int


@dataclass(frozen=True, slots=True)
class SeenAs:
    """What the last scan of a post found; None: whatever it was.

    Attributes:
        platform: id or name of the account that scanned.
        account: that posts, as the platform named it.
        coverage: least share of the work, 0..1.
        until: ISO 8601 UTC; only what was seen before.
    """

    platform: str | None = None
    account: str | None = None
    verdict: str | None = None
    coverage: float | None = None
    until: str | None = None

    def condition(self) -> sa.ColumnElement[bool] | None:
        """Of a row of `sightings`; None where nothing is asked for."""
        wanted: list[sa.ColumnElement[bool]] = []
        if self.platform is not None:
            wanted.append(sa.or_(accounts.c.id == self.platform, accounts.c.name == self.platform))
        if self.account is not None:
            wanted.append(scans.c.posting_account == self.account)
        if self.verdict is not None:
            wanted.append(matches.c.verdict == self.verdict)
        if self.coverage is not None:
            wanted.append(matches.c.coverage_work >= self.coverage)
        if self.until is not None:
            wanted.append(scans.c.scanned_at < self.until)
        if not wanted:
            return None
        others = matches.alias()
        newest = sa.select(sa.func.max(others.c.scan)).where(others.c.sighting == sightings.c.id).scalar_subquery()
        found = (
            sa.select(matches.c.id)
            .join(scans, scans.c.id == matches.c.scan)
            .join(accounts, accounts.c.id == scans.c.account_id)
            .where(matches.c.sighting == sightings.c.id, matches.c.scan == newest, *wanted)
        )
        return found.correlate(sightings).exists()


def page(
    db: Database,
    account_id: str | None,
    *,
    work_ids: Sequence[str] | None = None,
    owner: str | None = None,
    since: str | None = None,
    seen_as: SeenAs | None = None,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[SightingRecord], int | None]:
    """Sightings of an account's works in the order they were first seen, and the cursor of the next page or None.

    Args:
        account_id: whose works (None: everybody's).
        work_ids: only these works.
        owner: only works whose owner bears this name, case and width aside.
        since: ISO 8601 date or time (UTC); only what was seen then or later.
        seen_as: only what the last scan of found like that.
    """
    query = sa.select(sightings.c.id).join(works, works.c.id == sightings.c.work)
    if account_id is not None:
        query = query.where(works.c.account_id == account_id)
    if work_ids is not None:
        query = query.where(works.c.work_id.in_(work_ids))
    if since is not None:
        later = sa.select(matches.c.id).join(scans).where(matches.c.sighting == sightings.c.id)
        query = query.where(later.where(scans.c.scanned_at >= since).exists())
    if owner is not None:
        query = query.where(works.c.owner_key == owner_key(owner))
    condition = None if seen_as is None else seen_as.condition()
    if condition is not None:
        query = query.where(condition)
    with db.read() as connection:
        rows, more = paging.page(connection, query, sightings.c.id, after, limit)
        found = _load(connection, [row.id for row in rows])
    backed = Backings(db).of(dict.fromkeys(each.work for each in found))
    return [_as_backed(each, backed.get(each.work)) for each in found], more


def by_month(db: Database, account_id: str | None, months: int = 24) -> list[MonthOfSightings]:
    """How many posts with an account's works were first seen in each month, by what their last scan found.

    Args:
        months: most of them, the newest.
    """
    first = (
        sa.select(
            matches.c.sighting,
            sa.func.substr(sa.func.min(scans.c.scanned_at), 1, 7).label("month"),
            sa.func.max(matches.c.scan).label("newest"),
        )
        .join(scans, scans.c.id == matches.c.scan)
        .join(sightings, sightings.c.id == matches.c.sighting)
        .join(works, works.c.id == sightings.c.work)
        .where(sa.true() if account_id is None else works.c.account_id == account_id)
        .group_by(matches.c.sighting)
        .subquery()
    )
    query = (
        sa.select(first.c.month, matches.c.verdict, sa.func.count(matches.c.sighting.distinct()).label("posts"))
        .join_from(first, matches, sa.and_(matches.c.sighting == first.c.sighting, matches.c.scan == first.c.newest))
        .group_by(first.c.month, matches.c.verdict)
        .order_by(first.c.month)
    )
    found: dict[str, dict[str, int]] = {}
    with db.read() as connection:
        for row in connection.execute(query):
            found.setdefault(row.month, {})[row.verdict] = row.posts
    return [MonthOfSightings(month=month, posts=posts) for month, posts in [*found.items()][-months:]]


def _as_backed(seen: Seen, backed: Backing | None) -> SightingRecord:
    """Of a damaged work only the claim that was signed is shown."""
    if backed is not None and not backed.damaged:
        return seen.record
    claim = Claim() if backed is None else backed.claim or Claim()
    return seen.record.model_copy(update={"title": claim.title, "owner": claim.owner})


def get(connection: sa.Connection, sighting_id: str, account_id: str | None) -> Seen:
    """One sighting, for the account of its work and for the platform that reported it (None: for anybody).

    Raises:
        NotFound: there is none, or it is of others.
    """
    query = sa.select(sightings.c.id).join(works).where(sightings.c.sighting_id == sighting_id)
    if account_id is not None:
        query = query.where(sa.or_(works.c.account_id == account_id, sightings.c.account_id == account_id))
    number = connection.execute(query).scalar()
    if number is None:
        raise NotFound(f"no sighting of a work of yours has the id {sighting_id!r}")
    found = _load(connection, [number])
    if not found:
        raise Unavailable(f"the record of {sighting_id} is damaged: restore it from a backup", reason="log_damaged")
    return found[0]


def _load(connection: sa.Connection, numbers: Sequence[int]) -> list[Seen]:
    seen = (
        sa.select(
            matches.c.sighting,
            sa.func.count(matches.c.scan.distinct()).label("scans"),
            sa.func.min(scans.c.scanned_at).label("first_seen_at"),
        )
        .join(scans)
        .where(matches.c.sighting.in_(numbers))
        .group_by(matches.c.sighting)
        .subquery()
    )
    # In the last scan of a post the work may be a match of several parts: the one that needs a person most speaks.
    severity = sa.case({each: n for n, each in enumerate(MOST_SEVERE_FIRST)}, value=matches.c.verdict)
    order = sa.func.row_number().over(
        partition_by=matches.c.sighting, order_by=(matches.c.scan.desc(), severity, matches.c.rank)
    )
    newest = sa.select(matches.c.id, order.label("place")).where(matches.c.sighting.in_(numbers)).subquery()
    rows = connection.execute(
        sa.select(
            sightings.c.sighting_id,
            accounts.c.name.label("platform"),
            works.c.work_id,
            works.c.title.label("work_title"),
            works.c.owner.label("work_owner"),
            seen.c.scans,
            seen.c.first_seen_at,
            scans.c.scan_id,
            scans.c.post_url,
            scans.c.posting_account,
            scans.c.scanned_at,
            matches,
        )
        .join_from(sightings, seen, seen.c.sighting == sightings.c.id)
        .join(matches, matches.c.sighting == sightings.c.id)
        .join(newest, sa.and_(newest.c.id == matches.c.id, newest.c.place == 1))
        .join(scans, scans.c.id == matches.c.scan)
        .join(works, works.c.id == sightings.c.work)
        .join(accounts, accounts.c.id == sightings.c.account_id)
        .order_by(sightings.c.id)
    )
    found = []
    for row in rows.all():
        try:
            found.append(Seen(_record(row), row.id, row.work))
        except ValidationError:
            _logger.error("the sighting %s is damaged and cannot be shown", row.sighting_id)
    return found


def _record(row: Any) -> SightingRecord:
    return SightingRecord(
        sighting_id=row.sighting_id,
        work_id=row.work_id,
        title=row.work_title,
        owner=row.work_owner,
        platform=row.platform,
        scan_id=row.scan_id,
        scans=row.scans,
        post_url=row.post_url,
        account=row.posting_account,
        first_seen_at=row.first_seen_at,
        seen_at=row.scanned_at,
        verdict=row.verdict,
        score=row.score,
        coverage=Coverage(upload=row.coverage_upload, work=row.coverage_work),
        segments=row.segments,
        transform=row.transform,
        marking=row.marking,
        decided=row.decided,
    )


COLUMNS = ["work_id", "title", "owner", "seen_at", "post_url", "account", "verdict", "marking", "score"]
COLUMNS += ["coverage_upload", "coverage_work", "platform", "scans", "first_seen_at", "scan_id", "sighting_id"]


def cells(seen: SightingRecord) -> list[object]:
    """A sighting as a line of a table under `COLUMNS`."""
    shown = {
        **seen.model_dump(),
        "marking": seen.marking.get("verdict"),
        "coverage_upload": seen.coverage.upload,
        "coverage_work": seen.coverage.work,
    }
    return [shown[column] for column in COLUMNS]


def parse_since(value: str | None, name: str = "since") -> str | None:
    """A date or time a person typed, as times are stored (UTC where it names no zone).

    Raises:
        BadInput: it is not ISO 8601.
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter of the first day of year 1 in the east
        raise BadInput(f"{name}: {value!r} is not an ISO 8601 date or time, for example 2026-01-31") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
