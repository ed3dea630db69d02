"""Who is told of a scan: the platform of its decision, the account of a work that it was seen in a post."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from ..accounts.accounts import Account
from ..jobs.outbox import Occurrence, emit_all
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
        for sighting_id, occurrence in _sighted(platform, scanned, seen):
            if sighting_id not in sighted:  # a group may hold a post twice
                sighted.add(sighting_id)
                told.append(occurrence)
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


def _sighted(platform: Account, scanned: Scanned, seen: Seen) -> Iterator[tuple[str, Occurrence]]:
    """The works that are seen in the post for the first time, each by the match that needs a person most; with the
    ids of their sightings."""
    worst: dict[int, Assessment] = {}
    for _, found, _ in ranked(scanned.parts):
        before = worst.get(found.work.id)
        if before is None or MOST_SEVERE_FIRST.index(found.verdict) < MOST_SEVERE_FIRST.index(before.verdict):
            worst[found.work.id] = found
    for number, found in worst.items():
        sighting = seen[scanned.post, number]
        if sighting.new:
            record = found.record("", platform.id)
            said = WorkSighted(
                sighting_id=sighting.sighting_id,
                work_id=found.work_id,
                title=record.title,
                platform=platform.name,
                post_url=scanned.item.post_url,
                account=scanned.item.account,
                verdict=found.verdict,
                score=record.score,
                coverage=record.coverage,
                seen_at=scanned.result.scanned_at or "",
            )
            yield sighting.sighting_id, Occurrence("work.sighted", found.work.account_id, said, found.work_id)
