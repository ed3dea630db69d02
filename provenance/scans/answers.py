"""The answer to an upload, put together from its parts: what was found in each, or why it was not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fingerprints import registry
from fingerprints.model import MediumName

from ..database.tables import now
from ..errors import INDEX_INCOMPLETE, BadContent, SourcemarkError, TooLarge, UnsupportedContent
from ..ids import new_id
from ..schemas import MatchRecord, PartRecord, ScanItem, ScanResult, ScanStatus, problem_of
from ..search.matching import Search
from . import records, verdict
from .assessment import Assessment
from .records import ScannedPart
from .reuse import Shown
from .surroundings import Reading

# Errors of reaching a file, not of what is in it.
_NOT_CONTENT = frozenset(
    {"file_missing", "is_a_directory", "not_a_file", "file_unreadable", "file_changed", "not_fetched", "not_sent"}
)


def of_upload(item: ScanItem, parts: Sequence[ScannedPart], moment: str, log_size: int, *, is_post: bool) -> ScanResult:
    """The answer to an upload, with the verdict of the part that needs a person most."""
    first = parts[0].record
    found: list[MatchRecord] = [record for *_, record in records.ranked(parts)]
    return ScanResult(
        external_id=item.external_id,
        scan_id=new_id("scan"),
        path=item.path,
        medium=None if is_post else first.medium,
        status=_status([part.record.status for part in parts]) if is_post else first.status,
        reason=None if is_post else first.reason,
        facts={} if is_post else first.facts,
        unread=list(dict.fromkeys(name for part in parts for name in part.record.unread)),
        verdict=verdict.most_severe(part.record.verdict for part in parts),
        matches=found,
        parts=[part.record for part in parts] if is_post else None,
        log_size=log_size,
        scanned_at=moment,
    )


def of_unreadable(item: ScanItem, error: SourcemarkError) -> ScanResult:
    """The answer to an upload that cannot be scanned; it is not recorded."""
    return ScanResult(
        external_id=item.external_id,
        path=item.path,
        status=_failure(error),
        verdict="review",
        reason=error.reason,
        scanned_at=now(),
        error=problem_of(error),
    )


def of_part(
    reading: Reading, shown: Shown, search: Search, assessments: Sequence[Assessment], found: list[MatchRecord]
) -> ScannedPart:
    """One part that was read and searched."""
    fingerprint = shown.examination.fingerprint
    reason = search.reason or fingerprint.reason
    status: ScanStatus = "matched" if assessments else _unmatched(fingerprint.medium, reason)
    record = PartRecord(
        name=reading.part.name,
        medium=fingerprint.medium,
        status=status,
        reason=reason,
        facts=dict(fingerprint.facts),
        unread=list(fingerprint.unread),
        # Of what was not read nobody can say that it is clear.
        verdict="review" if status == "decode_partial" else verdict.of_read(assessments, fingerprint.unread),
        matches=found,
    )
    return ScannedPart(fingerprint, assessments, record)


def of_unreadable_part(reading: Reading) -> ScannedPart:
    """A part that nobody can speak for: a person has to look; unless it is a document of pictures, which are parts."""
    error = reading.examination
    assert isinstance(error, SourcemarkError)
    if reading.is_album:
        record = PartRecord(
            name=reading.part.name, medium="text", status="too_short", reason=error.reason, verdict="clear"
        )
        return ScannedPart(None, (), record)
    record = PartRecord(
        name=reading.part.name,
        status=_failure(error),
        reason=error.reason,
        verdict="review",
        error=problem_of(error),
    )
    return ScannedPart(None, (), record)


def _status(statuses: Sequence[ScanStatus]) -> ScanStatus:
    """Of a post: ``matched`` or ``no_match`` where a part is; else that of its first part that was read."""
    for status in ("matched", "no_match"):
        if status in statuses:
            return status
    return next((status for status in statuses if status not in ("undecodable", "error")), statuses[0])


def _unmatched(medium: MediumName, reason: str | None) -> ScanStatus:
    """A fingerprint that finds only exact copies and a search that finds nothing say why; some reasons are a status."""
    statuses: Iterable[ScanStatus] = registry.MEDIA[medium].STATUSES
    return next((status for status in statuses if status == reason), "no_match")


def _failure(error: SourcemarkError) -> ScanStatus:
    if error.reason == INDEX_INCOMPLETE:
        return "incomplete"
    content = isinstance(error, (BadContent, UnsupportedContent, TooLarge)) and error.reason not in _NOT_CONTENT
    return "undecodable" if content else "error"
