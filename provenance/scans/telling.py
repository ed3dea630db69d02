"""Who is told of a scan: the platform of its decision, the account of a work that it was seen in a post."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from ..accounts.accounts import Account
from ..jobs.outbox import Occurrence, emit_all
from ..schemas import MatchRecord, Verdict
from ..schemas.events import ScanDecided, WorkSighted
from .assessment import Assessment
from .records import Scanned, Seen, ranked
from .verdict import MOST_SEVERE_FIRST


def tell(connection: sa.Connection, platform: Account, group: Sequence[Scanned], seen: Seen) -> None:
    """Tell of scans in the transaction that records them.

    Args:
        platform: whose scans they are.
        seen: their sightings, see `records.insert`.
    """
    told: list[Occurrence] = []
    sighted: set[str] = set()
    for scanned in group:
        told.append(Occurrence("scan.decided", platform.id, _decided(scanned), scanned.scan_id))
        for found, record in _worst(scanned):
            sighting = seen[scanned.post, found.work.id]
            if sighting.new and sighting.sighting_id not in sighted:  # a group may hold a post twice
                sighted.add(sighting.sighting_id)
                said = _sighted(platform, scanned, record, found.verdict, sighting.sighting_id)
                told.append(Occurrence("work.sighted", found.work.account_id, said, found.work_id))
    emit_all(connection, told)


def _decided(scanned: Scanned) -> ScanDecided:
    result = scanned.result
    return ScanDecided(
        scan_id=scanned.scan_id,
        external_id=result.external_id,
        post_url=scanned.item.post_url,
        account=scanned.item.account,
        status=result.status,
        verdict=result.verdict,
        action=scanned.action.model_dump(mode="json"),
        work_ids=list(dict.fromkeys(match.work_id for match in result.matches)),
        scanned_at=result.scanned_at or "",
    )


def _worst(scanned: Scanned) -> Iterable[tuple[Assessment, MatchRecord]]:
    """Of each work in a post the match that needs a person most."""
    worst: dict[int, tuple[Assessment, MatchRecord]] = {}
    for _, found, record in ranked(scanned.parts):
        before = worst.setdefault(found.work.id, (found, record))[0]
        if MOST_SEVERE_FIRST.index(found.verdict) < MOST_SEVERE_FIRST.index(before.verdict):
            worst[found.work.id] = found, record
    return worst.values()


def _sighted(
    platform: Account, scanned: Scanned, record: MatchRecord, verdict: Verdict, sighting_id: str
) -> WorkSighted:
    return WorkSighted(
        sighting_id=sighting_id,
        work_id=record.work_id,
        title=record.title,
        platform=platform.name,
        post_url=scanned.item.post_url,
        account=scanned.item.account,
        verdict=verdict,
        score=record.score,
        coverage=record.coverage,
        seen_at=scanned.result.scanned_at or "",
    )
