"""Scans: an upload -> matches, their marking, their permission -> a verdict, kept with its sightings.

Of an upload only what the verdict needs is kept: its digest, the matched spans or regions, the marking's quotes, and
of a matched picture a small copy (`evidence`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from fingerprints import image
from fingerprints.model import Examination, Field, Fingerprint, Segment

from ..accounts.accounts import Account
from ..application import Service
from ..database.tables import lessons, now, previews, scans, sightings, works
from ..errors import BadContent, NotFound, SourcemarkError, TooLarge, UnsupportedContent
from ..ids import new_id
from ..marking.normalization import fold_name
from ..schemas import (
    Coverage,
    MatchRecord,
    ReceiptRef,
    ScanItem,
    ScanResult,
    ScanStatus,
    SegmentRecord,
    Source,
    Verdict,
    problem_of,
)
from ..search import matching
from ..search.matching import Found
from ..works import competing_claims, grants
from ..works.catalog import embedded, marking_work
from ..works.grants import Grant
from . import permission, reuse

# A fingerprint that finds only exact copies and a search that finds nothing say why; the scan's status repeats it where
# the contract has a word.
_REASON_STATUS: dict[str, ScanStatus] = {
    "too_short": "too_short",
    "template_only": "template_only",
    "no_texture": "no_texture",
    "silent": "silent",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload to scan: what is known of the post, and its bytes, or the error that makes it impossible."""

    item: ScanItem
    source: Source | SourcemarkError


def scan(service: Service, account: Account, uploads: Iterable[Upload]) -> Iterator[ScanResult]:
    """Scan uploads; results come in the order of the uploads, errors in their places.

    Raises:
        Unavailable: nothing of the present group is recorded, the groups before it are.
    """
    service.start()
    iterator = iter(uploads)
    while group := list(islice(iterator, service.settings.batch_size)):
        examinations = service.examine_all([upload.source for upload in group], thorough=True)
        judged = [
            _judge(service, upload.item, examination) for upload, examination in zip(group, examinations, strict=True)
        ]
        _keep(service, account, group, examinations, judged)
        yield from (result for result, _ in judged)


def _judge(
    service: Service, item: ScanItem, examination: Examination | SourcemarkError
) -> tuple[ScanResult, Fingerprint | None]:
    """The answer, and what the upload taught."""
    base: dict[str, Any] = {"external_id": item.external_id, "path": item.path, "scanned_at": now()}
    if isinstance(examination, SourcemarkError):
        unreadable = isinstance(examination, (BadContent, UnsupportedContent, TooLarge))
        failed = ScanResult(
            **base,
            status="undecodable" if unreadable and examination.reason not in _NOT_CONTENT else "error",
            verdict="review",
            reason=examination.reason,
            error=problem_of(examination),
        )
        return failed, None
    fingerprint = examination.fingerprint
    search = matching.find(service, fingerprint)
    found = search.found
    rivals = competing_claims.rivals(service, [f.work.id for f in found])
    originals = embedded(service, [f.work.id for f in found if f.work.medium != "text"])
    given = grants.standing(service, [f.work.id for f in found])
    judged = [
        _match(
            service, item, examination, f,
            rivals=rivals.get(f.work.id, []), original=originals.get(f.work.id), given=given.get(f.work.id, []),
            moment=base["scanned_at"],
        )
        for f in found
    ]  # fmt: skip
    reason = search.reason or fingerprint.reason
    status: ScanStatus = "matched" if judged else _REASON_STATUS.get(reason or "", "no_match")
    scan_id = new_id("scan")
    service.lessons.add(scan_id, search.lesson)
    result = ScanResult(
        **base,
        scan_id=scan_id,
        medium=fingerprint.medium,
        status=status,
        reason=reason,
        verdict=permission.overall(judged),
        matches=[record for record, _ in judged],
        log_size=service.index.position,
    )
    return result, search.lesson


# Errors of reaching a file, not of what is in it.
_NOT_CONTENT = frozenset({"file_missing", "is_a_directory", "not_a_file", "file_unreadable", "file_changed"})


def _match(
    service: Service,
    item: ScanItem,
    examination: Examination,
    found: Found,
    *,
    rivals: list[str],
    original: tuple[Field, ...] | None,
    given: Sequence[Grant],
    moment: str,
) -> tuple[MatchRecord, Verdict]:
    work, match = found.work, found.match
    found_marking = reuse.report(marking_work(work, original), item, examination, match)
    report = {**found_marking.to_json(), "credit_place": reuse.place(found_marking, match)}
    own = _is_owner(work, item.account)
    grant, gaps = grants.chosen(given, item, found_marking.use, moment)
    permitted = permission.permission(work.claim.get("licence"), report, own=own, grant=grant, gaps=gaps)
    record = MatchRecord(
        work_id=work.work_id,
        external_id=work.external_id,
        title=work.title,
        owner=work.owner,
        score=round(match.score, 4),
        coverage=Coverage(upload=round(match.coverage_upload, 4), work=round(match.coverage_work, 4)),
        segments=[segment_record(segment) for segment in match.segments],
        transform=dict(match.transform),
        reuse=match.reuse,
        common=round(match.common, 4),
        marking=report,
        permission=permitted,
        registered_at=work.registered_at,
        receipt=ReceiptRef(origin=service.log.origin, index=work.index),
        competing=rivals,
    )
    return record, permission.match_verdict(report, permitted)


def _is_owner(work: matching.Work, posting_account: str | None) -> bool:
    """Whether the posting account bears the name of the owner, an alias or the source."""
    if posting_account is None:
        return False
    claim = work.claim
    names = [work.owner, *claim.get("owner_aliases", ()), claim.get("source_name"), claim.get("source_handle")]
    wanted = fold_name(posting_account)
    return bool(wanted) and any(fold_name(name) == wanted for name in names if name)


def segment_record(segment: Segment) -> SegmentRecord:
    def plain(part: Any) -> Any:
        whole = segment.unit == "codepoint"
        return [plain(p) if isinstance(p, tuple) else int(p) if whole else round(float(p), 2) for p in part]

    return SegmentRecord(upload=plain(segment.upload), work=plain(segment.work), unit=segment.unit)


def _keep(
    service: Service,
    account: Account,
    group: Sequence[Upload],
    examinations: Sequence[Examination | SourcemarkError],
    judged: Sequence[tuple[ScanResult, Fingerprint | None]],
) -> None:
    """One transaction: the scans of a group, what they taught, and the sightings they found."""
    done = [
        (upload.item, examination, result)
        for upload, examination, (result, _) in zip(group, examinations, judged, strict=True)
        if isinstance(examination, Examination)
    ]
    if not done:
        return
    with service.db.write() as connection:
        connection.execute(
            scans.insert(),
            [
                {
                    "scan_id": result.scan_id,
                    "account_id": account.id,
                    "digest": examination.fingerprint.digest,
                    "status": result.status,
                    "verdict": result.verdict,
                    "post_url": item.post_url,
                    "posting_account": item.account,
                    "log_size": result.log_size,
                    "result": result.model_dump(mode="json"),
                    "scanned_at": result.scanned_at,
                }
                for item, examination, result in done
            ],
        )
        scan_ids = _numbers(connection, scans.c.scan_id, scans.c.id, [result.scan_id for _, _, result in done])
        taught = service.lessons.rows([(scan_ids[r.scan_id], lesson) for r, lesson in judged if r.scan_id is not None])
        if taught:
            connection.execute(lessons.insert(), taught)
            service.lessons.forget(connection)
        kept = [
            {"scan": scan_ids[result.scan_id], **row}
            for _, examination, result in done
            if result.scan_id is not None and (row := _preview(examination.fingerprint, result.matches)) is not None
        ]
        if kept:
            connection.execute(previews.insert(), kept)
        matched = [result for _, _, result in done if result.matches]
        if not matched:
            return
        work_ids = _numbers(
            connection, works.c.work_id, works.c.id, sorted({m.work_id for r in matched for m in r.matches})
        )
        connection.execute(
            sightings.insert(),
            [
                {
                    "sighting_id": new_id("sight"),
                    "scan": scan_ids[result.scan_id],
                    "work": work_ids[m.work_id],
                    "verdict": permission.match_verdict(m.marking, m.permission),
                    "score": m.score,
                    "coverage_upload": m.coverage.upload,
                    "coverage_work": m.coverage.work,
                    "seen_at": result.scanned_at,
                }
                for result in matched
                for m in result.matches
            ],
        )


def _preview(fingerprint: Fingerprint, matches: Sequence[MatchRecord]) -> dict[str, Any] | None:
    """A small copy of a matched picture, of the frame that matched best; None of anything else."""
    if fingerprint.medium != "image" or not matches:
        return None
    small = image.small_pictures(fingerprint)
    frame = int(matches[0].transform.get("frame", 0))
    if frame >= len(small):
        return None
    width, height = image.size(fingerprint)
    return {"width": width, "height": height, "data": small[frame]}


def _numbers(connection: sa.Connection, public: Any, internal: Any, ids: Sequence[Any]) -> dict[Any, int]:
    return dict(connection.execute(sa.select(public, internal).where(public.in_(ids))).all())


# --- reading back --------------------------------------------------------------------------------------------------
def get(service: Service, scan_id: str, account_id: str | None = None) -> ScanResult:
    """A scan as it was answered; raises `NotFound` for an unknown one or somebody else's."""
    service.start()
    with service.db.read() as connection:
        row = connection.execute(
            sa.select(scans.c.result, scans.c.account_id).where(scans.c.scan_id == scan_id)
        ).first()
    if row is None or (account_id is not None and row.account_id != account_id):
        raise NotFound(f"no scan of yours has the id {scan_id!r}")
    return ScanResult.model_validate(row.result)


def page(
    service: Service, account_id: str | None, *, after: int = 0, limit: int = 100
) -> tuple[list[ScanResult], int | None]:
    """Scans of an account (None: of everybody), oldest first, and the cursor of the next page or None."""
    service.start()
    query = sa.select(scans.c.id, scans.c.result).where(scans.c.id > after).order_by(scans.c.id).limit(limit + 1)
    if account_id is not None:
        query = query.where(scans.c.account_id == account_id)
    with service.db.read() as connection:
        rows = connection.execute(query).all()
    more = rows[limit - 1].id if len(rows) > limit else None
    return [ScanResult.model_validate(row.result) for row in rows[:limit]], more


__all__ = ["Upload", "get", "page", "scan", "segment_record"]
