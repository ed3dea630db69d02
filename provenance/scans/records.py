"""Scans as rows: recording them, putting the answers together again, erasing what names a work.

A scan's row and those of its matches hold all that was answered. What of a work never changes (its public id, when it
was registered, its index in the log) is joined from the work; the rest is stored as it was shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fingerprints.model import Fingerprint

from ..database import paging
from ..database.engine import Database
from ..database.tables import entries, log_state, matches, parts, previews, scans, works
from ..errors import NotFound
from ..schemas import (
    Action,
    Coverage,
    DecidedClaim,
    MatchRecord,
    PartRecord,
    Permission,
    ReceiptRef,
    ScanItem,
    ScanResult,
)
from . import passages, sightings
from .assessment import Assessment
from .policy import columns
from .policy.facts import Facts
from .review.precedents import KnownPost


@dataclass(frozen=True, slots=True)
class ScannedPart:
    """One part of an upload.

    Attributes:
        fingerprint: None where it could not be read.
        assessments: of the record's matches, in its order.
    """

    fingerprint: Fingerprint | None
    assessments: Sequence[Assessment]
    record: PartRecord


@dataclass(frozen=True, slots=True)
class Scanned:
    """One upload that was read and searched: its answer and what is recorded with it.

    Attributes:
        parts: at least one was read; a single upload has one.
        facts: on which the answer's action was decided.
        known: by which the post is known when it is scanned again.
    """

    item: ScanItem
    parts: Sequence[ScannedPart]
    result: ScanResult
    facts: Facts
    known: KnownPost

    @property
    def scan_id(self) -> str:
        assert self.result.scan_id is not None  # what is recorded has one
        return self.result.scan_id

    @property
    def action(self) -> Action:
        assert self.result.action is not None  # likewise
        return self.result.action

    @property
    def post(self) -> bytes:
        """What makes two scans scans of the same post, see `sightings.post_key`."""
        return self.known.key

    @property
    def is_post(self) -> bool:
        return self.result.parts is not None


def ranked(scanned: Sequence[ScannedPart]) -> list[tuple[int, Assessment, MatchRecord]]:
    """The matches of all parts, surest first, each with the number of its part."""
    found = [
        (number, assessment, record)
        for number, part in enumerate(scanned)
        for assessment, record in zip(part.assessments, part.record.matches, strict=True)
    ]
    return sorted(found, key=lambda each: -each[2].score)


Seen = Mapping[tuple[bytes, int], sightings.Recorded]  # by the key of a post and the internal number of a work


def insert(connection: sa.Connection, account_id: str, group: Sequence[Scanned]) -> tuple[dict[str, int], Seen]:
    """Record scans and their matches.

    Returns:
        The scans' internal numbers by their public ids, and the sightings that they are parts of.
    """
    if not group:
        return {}, {}
    connection.execute(scans.insert(), [_scan_row(account_id, each) for each in group])
    ids = [each.scan_id for each in group]
    numbers = {
        row.scan_id: row.id
        for row in connection.execute(sa.select(scans.c.scan_id, scans.c.id).where(scans.c.scan_id.in_(ids)))
    }
    works_seen = [(each.post, found.work.id) for each in group for part in each.parts for found in part.assessments]
    seen = sightings.record(connection, account_id, works_seen)
    _insert_parts(connection, numbers, group)
    rows = [
        {"scan": numbers[each.scan_id], "sighting": seen[each.post, row["work"]].number, **row}
        for each in group
        for row in _match_rows(each)
    ]
    if rows:
        connection.execute(matches.insert(), rows)
    return numbers, seen


def _insert_parts(connection: sa.Connection, numbers: Mapping[str, int], group: Sequence[Scanned]) -> None:
    rows = [
        {
            "scan": numbers[each.scan_id],
            "number": number,
            "digest": None if part.fingerprint is None else part.fingerprint.digest,
            **part.record.model_dump(mode="json", exclude={"matches"}),
        }
        for each in group
        if each.is_post
        for number, part in enumerate(each.parts)
    ]
    if rows:
        connection.execute(parts.insert(), rows)


def _scan_row(account_id: str, scanned: Scanned) -> dict[str, Any]:
    item, result = scanned.item, scanned.result
    return {
        "scan_id": scanned.scan_id,
        "account_id": account_id,
        "external_id": result.external_id,
        "path": result.path,
        "digest": scanned.known.digest,
        "medium": result.medium,
        "status": result.status,
        "reason": result.reason,
        "file_facts": result.facts,
        "verdict": result.verdict,
        "post_url": item.post_url,
        "posting_account": item.account,
        "posting_account_id": item.account_id,
        "category": item.category,
        "flags": result.flags,
        "log_size": result.log_size,
        "scanned_at": result.scanned_at,
        **columns.of_action(scanned.action),
        "facts": scanned.facts.to_json(),
        "post": scanned.post,
    }


def _match_rows(scanned: Scanned) -> list[dict[str, Any]]:
    quoted = [
        iter([] if part.fingerprint is None else passages.quoted(part.fingerprint, [a.match for a in part.assessments]))
        for part in scanned.parts
    ]  # the matches of a part keep their order among those of all
    return [
        _match_row(rank, number, assessment, record, next(quoted[number]))
        for rank, (number, assessment, record) in enumerate(ranked(scanned.parts))
    ]


def _match_row(
    rank: int, part: int, assessment: Assessment, record: MatchRecord, quoted: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "part": part,
        "rank": rank,
        "work": assessment.work.id,
        "verdict": assessment.verdict,
        "score": record.score,
        "coverage_upload": record.coverage.upload,
        "coverage_work": record.coverage.work,
        "common": record.common,
        "reuse": record.reuse,
        "passages": quoted,
        "external_id": record.external_id,
        "title": record.title,
        "owner": record.owner,
        **record.model_dump(
            mode="json", include={"segments", "transform", "marking", "permission", "competing", "decided"}
        ),
        "credit_line": record.credit_line,
    }


# --- reading back --------------------------------------------------------------------------------------------------
def get(db: Database, scan_id: str, account_id: str | None = None) -> ScanResult:
    """A scan as it was answered; raises `NotFound` for an unknown one or somebody else's."""
    with db.read() as connection:
        return of_rows(connection, [find(connection, scan_id, account_id)])[0]


def find(connection: sa.Connection, scan_id: str, account_id: str | None) -> sa.Row[Any]:
    """The row of a scan of an account (None: of anybody); raises `NotFound`."""
    row = connection.execute(sa.select(scans).where(scans.c.scan_id == scan_id)).first()
    if row is None or account_id not in (None, row.account_id):
        raise NotFound(f"no scan of yours has the id {scan_id!r}")
    return row


def page(
    db: Database, account_id: str | None, *, after: int = 0, limit: int = 100
) -> tuple[list[ScanResult], int | None]:
    """Scans of an account (None: of everybody), oldest first, and the cursor of the next page or None."""
    query = sa.select(scans)
    if account_id is not None:
        query = query.where(scans.c.account_id == account_id)
    with db.read() as connection:
        rows, more = paging.page(connection, query, scans.c.id, after, limit)
        return of_rows(connection, rows), more


def of_rows(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> list[ScanResult]:
    """Rows of scans as they were answered, in their order."""
    numbers = [row.id for row in rows]
    found = _match_records(connection, numbers)
    made_of = _part_records(connection, numbers, found)
    return [
        ScanResult(
            external_id=row.external_id,
            scan_id=row.scan_id,
            path=row.path,
            medium=row.medium,
            status=row.status,
            reason=row.reason,
            facts=row.file_facts,
            unread=_unread([row.file_facts, *(part.facts for part in made_of.get(row.id, ()))]),
            verdict=row.verdict,
            matches=[record for _, record in found.get(row.id, [])],
            parts=made_of.get(row.id),
            action=columns.action_of(row),
            flags=row.flags,
            log_size=row.log_size,
            scanned_at=row.scanned_at,
        )
        for row in rows
    ]


def _part_records(
    connection: sa.Connection, numbers: Sequence[int], found: Mapping[int, Sequence[tuple[int, MatchRecord]]]
) -> dict[int, list[PartRecord]]:
    """The parts of those scans that are posts, by the scans' internal numbers."""
    rows = connection.execute(sa.select(parts).where(parts.c.scan.in_(numbers)).order_by(parts.c.scan, parts.c.number))
    out: dict[int, list[PartRecord]] = {}
    for row in rows:
        record = PartRecord(
            name=row.name,
            medium=row.medium,
            status=row.status,
            reason=row.reason,
            facts=row.facts,
            unread=_unread([row.facts]),
            verdict=row.verdict,
            matches=[match for part, match in found.get(row.scan, []) if part == row.number],
            error=row.error,
        )
        out.setdefault(row.scan, []).append(record)
    return out


def _unread(facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """What was not read, by the facts of files."""
    return list(dict.fromkeys(name for each in facts for name in str(each.get("unread", "")).split()))


def _match_records(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, list[tuple[int, MatchRecord]]]:
    """The matches of scans, surest first, by the scans' internal numbers, each with the number of its part."""
    origin = sa.select(log_state.c.origin).scalar_subquery()
    rows = connection.execute(
        sa.select(
            matches,
            parts.c.name.label("part_name"),
            works.c.work_id,
            works.c.registered_at,
            entries.c.idx,
            origin.label("origin"),
        )
        .join(works, works.c.id == matches.c.work)
        .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
        .outerjoin(parts, sa.and_(parts.c.scan == matches.c.scan, parts.c.number == matches.c.part))
        .where(matches.c.scan.in_(numbers))
        .order_by(matches.c.scan, matches.c.rank)
    )
    out: dict[int, list[tuple[int, MatchRecord]]] = {}
    for row in rows:
        out.setdefault(row.scan, []).append((row.part, _match_record(row)))
    return out


def _match_record(row: sa.Row[Any]) -> MatchRecord:
    return MatchRecord(
        part=row.part_name,
        work_id=row.work_id,
        external_id=row.external_id,
        title=row.title,
        owner=row.owner,
        score=row.score,
        coverage=Coverage(upload=row.coverage_upload, work=row.coverage_work),
        segments=row.segments,
        transform=row.transform,
        reuse=row.reuse,
        common=row.common,
        marking=row.marking,
        permission=Permission.model_validate(row.permission),
        registered_at=row.registered_at,
        receipt=ReceiptRef(origin=row.origin, index=row.idx),
        competing=row.competing,
        decided=None if row.decided is None else DecidedClaim.model_validate(row.decided),
        credit_line=row.credit_line,
    )


# --- erasure -------------------------------------------------------------------------------------------------------
def forget(connection: sa.Connection, work: int) -> None:
    """Erase from the matches of scans what names a work or quotes it or its marking, and the previews that show it.

    The matches themselves stay, with what says nothing of anybody: where, how much, under which verdict.
    """
    seen_in = sa.select(matches.c.scan).where(matches.c.work == work)
    connection.execute(previews.delete().where(previews.c.scan.in_(seen_in)))
    connection.execute(matches.update().where(matches.c.scan.in_(seen_in)).values(passages=[]))
    connection.execute(
        matches.update()
        .where(matches.c.work == work)
        .values(external_id=None, title="", owner="", marking={}, credit_line=None)
    )
