"""Scanning: an upload -> its matches, how the post marks them, what is permitted -> a verdict, recorded.

An upload is one file or text, or a post of several parts: each part is matched in its medium, its marking is judged
where a reader of the post sees it, and the post has one verdict and one transaction.

Of an upload only what the verdict needs is kept: its digest, the matched spans or regions, the marking's quotes, of a
matched picture a small copy (`evidence`), of a matched text its longest passages (`passages`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from fingerprints import registry
from fingerprints.model import MediumName

from ..accounts.accounts import Account
from ..accounts.official import OfficialAccounts, Poster
from ..database.engine import Database
from ..database.tables import now
from ..errors import BadContent, BadInput, SourcemarkError, TooLarge, UnsupportedContent
from ..ids import new_id
from ..ledger.log import Log
from ..observer import Observer
from ..schemas import Claim, MatchRecord, PartRecord, ScanItem, ScanResult, ScanStatus, problem_of
from ..search.examination import Examiner
from ..search.matching import IndexedWork, MatchedWork, Matcher, Search
from ..works import claim_decisions, competing_claims, grants
from ..works.backing import Backing, Backings
from . import decided_claims, evidence, news, records, sightings, telling, verdict
from .assessment import Assessment, Background, assess
from .policy import store
from .policy.deciding import Policy, decide
from .policy.facts import of_scan
from .post_reading import PostReader, Read
from .posts import Upload
from .records import Scanned, ScannedPart
from .reuse import Shown
from .review import intake, precedents
from .review.precedents import KnownPost
from .review.statements import Defaults
from .review.stay_down import ShownWork
from .surroundings import Reading

# Errors of reaching a file, not of what is in it.
_NOT_CONTENT = frozenset(
    {"file_missing", "is_a_directory", "not_a_file", "file_unreadable", "file_changed", "not_sent"}
)


class Scanner:
    """Scans uploads. Thread-safe."""

    def __init__(
        self,
        db: Database,
        log: Log,
        examiner: Examiner,
        matcher: Matcher,
        backings: Backings,
        official: OfficialAccounts,
        batch_size: int,
        max_parts: int,
        defaults: Defaults,
        observer: Observer,
    ) -> None:
        """
        Args:
            batch_size: how many uploads, or parts of posts, share one transaction.
            max_parts: of one post.
            defaults: of the statements of reasons that a rule's restriction needs.
        """
        self._db = db
        self._log = log
        self._reader = PostReader(examiner, matcher, max_parts)
        self._backings = backings
        self._official = official
        self._batch_size = batch_size
        self._defaults = defaults
        self._observer = observer

    def scan(
        self,
        account: Account,
        uploads: Iterable[Upload],
        *,
        dry_run: bool = False,
        examined: Callable[[], None] | None = None,
    ) -> Iterator[ScanResult]:
        """Scan uploads; results come in the order of the uploads, errors in their places.

        Args:
            dry_run: answer and leave nothing: no scan (so the answers have no ``scan_id``) and no sighting.
            examined: called when an upload was examined, well before the answers of its group are yielded.

        Raises:
            Unavailable: nothing of the present group is recorded, the groups before it are.
        """
        for group in _groups(uploads, self._batch_size):
            policy = store.in_force(self._db, account.id)
            answers = [
                self._scan(account, policy, upload, read)
                for upload, read in zip(group, self._reader.read_all(group, examined), strict=True)
            ]
            if not dry_run:
                self._record(account, [answer for answer in answers if isinstance(answer, Scanned)])
            for answer in answers:
                result = answer.result if isinstance(answer, Scanned) else answer
                self._observer.scanned(result)
                yield result.model_copy(update={"scan_id": None}) if dry_run else result

    def _scan(self, account: Account, policy: Policy, upload: Upload, read: Read) -> Scanned | ScanResult:
        """One upload, read part by part."""
        item, moment = upload.item, now()
        if isinstance(read, SourcemarkError):
            return _unreadable(item, read)
        errors = [each.examination for each, _ in read if isinstance(each.examination, SourcemarkError)]
        passing = next((error for error in errors if not isinstance(error, BadInput)), None)
        if passing is not None or len(errors) == len(read):
            return _unreadable(item, passing or errors[0])
        with self._db.read() as connection:
            poster = self._official.poster(connection, account.id, item.account_id, item.account, moment)
        searches = [reading.search for reading, _ in read if reading.search is not None]
        beside = [each.work for search in searches for each in search.found]
        parts = []
        for reading, shown in read:
            search = reading.search
            if shown is None or search is None:
                parts.append(_unreadable_part(reading))
                continue
            assessments = self._assess(account, item, shown, search.found, beside, poster, moment)
            name = reading.part.name if upload.is_post else None
            matches = [each.record(self._log.origin, account.id, name) for each in assessments]
            parts.append(_part(reading, shown, search, assessments, matches))
        log_size = min(search.log_size for search in searches)
        result = _result(item, parts, moment, log_size, is_post=upload.is_post)
        result.flags = news.flags(item, [reading.text for reading, _ in read], poster.state)
        facts = of_scan(result, [found for _, found, _ in records.ranked(parts)], poster.state, item.category)
        known = _known(item, parts, poster, result)
        with self._db.read() as connection:
            result.action = precedents.action(connection, account.id, known) or decide(policy, facts)
        return Scanned(item, parts, result, facts, known)

    def _assess(
        self,
        account: Account,
        item: ScanItem,
        shown: Shown,
        found: Sequence[MatchedWork],
        beside: Sequence[IndexedWork],
        poster: Poster,
        moment: str,
    ) -> list[Assessment]:
        """The matches of one part; ``beside`` are the works that the whole post shows."""
        if not found:
            return []
        numbers = [each.work.id for each in found]
        backed = self._backings.of({each.work.id: each.fingerprint for each in found})
        given = grants.in_force(self._db, self._log.origin, numbers)
        competing = competing_claims.rivals(self._db, numbers)
        with self._db.read() as connection:
            decisions = claim_decisions.in_force(connection, self._db, self._log.origin, numbers, account.id)
        assessments = [
            assess(
                item,
                shown,
                _as_backed(each.work, backed[n]),
                each.match,
                Background(backed[n].fields, given.get(n, ()), competing.get(n, ()), bool(backed[n].damaged)),
                poster,
                moment,
                beside,
            )
            for n, each in zip(numbers, found, strict=True)
        ]
        return decided_claims.apply(assessments, decisions)

    def _record(self, account: Account, group: Sequence[Scanned]) -> None:
        """One transaction: the scans of a group, their matches, what shows them, and who is told of them."""
        if not group:
            return
        with self._db.write() as connection:
            numbers, seen = records.insert(connection, account.id, group)
            evidence.insert_previews(connection, numbers, group)
            telling.tell(connection, account, group, seen)
            intake.record(connection, account.id, numbers, group, self._defaults)


def _known(item: ScanItem, parts: Sequence[ScannedPart], poster: Poster, result: ScanResult) -> KnownPost:
    """By what a post is known again. A name is its account's only where no verified account bears it."""
    digests = [part.fingerprint.digest for part in parts if part.fingerprint is not None]
    digest = hashlib.sha256(b"".join(digests)).digest() if result.parts is not None else digests[0]
    name = item.account_id or (None if poster.finding else item.account)
    return KnownPost(
        key=sightings.post_key(item, digest),
        digest=digest,
        digests=digests,
        shown=[
            ShownWork(each.work.id, each.work_id, each.match.coverage_work, each.verdict)
            for part in parts
            for each in part.assessments
        ],
        names=[name] if name else [],
        verdict=result.verdict,
        territory=item.territory,
    )


def _groups(uploads: Iterable[Upload], size: int) -> Iterator[list[Upload]]:
    """Uploads whose parts are no more than ``size`` together, or one that has more."""
    group: list[Upload] = []
    parts = 0
    for upload in uploads:
        if group and parts + len(upload.parts) > size:
            yield group
            group, parts = [], 0
        group.append(upload)
        parts += len(upload.parts)
    if group:
        yield group


def _as_backed(work: IndexedWork, backed: Backing) -> IndexedWork:
    """A work as the log knows it: of a damaged one only the claim that was signed is shown."""
    if not backed.damaged:
        return work
    claim = backed.claim or Claim()
    return replace(work, claim=claim, title=claim.title, owner=claim.owner, external_id=None)


def _unmatched(medium: MediumName, reason: str | None) -> ScanStatus:
    """A fingerprint that finds only exact copies and a search that finds nothing say why; some reasons are a status."""
    statuses: Iterable[ScanStatus] = registry.MEDIA[medium].STATUSES
    return next((status for status in statuses if status == reason), "no_match")


def _result(item: ScanItem, parts: Sequence[ScannedPart], moment: str, log_size: int, *, is_post: bool) -> ScanResult:
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
        verdict=verdict.most_severe(part.record.verdict for part in parts),
        matches=found,
        parts=[part.record for part in parts] if is_post else None,
        log_size=log_size,
        scanned_at=moment,
    )


def _part(
    reading: Reading, shown: Shown, search: Search, assessments: Sequence[Assessment], found: list[MatchRecord]
) -> ScannedPart:
    """One part that was read and searched."""
    fingerprint = shown.examination.fingerprint
    reason = search.reason or fingerprint.reason
    record = PartRecord(
        name=reading.part.name,
        medium=fingerprint.medium,
        status="matched" if assessments else _unmatched(fingerprint.medium, reason),
        reason=reason,
        verdict=verdict.of_upload(assessments),
        matches=found,
    )
    return ScannedPart(fingerprint, assessments, record)


def _status(statuses: Sequence[ScanStatus]) -> ScanStatus:
    """Of a post: ``matched`` or ``no_match`` where a part is; else that of its first part that was read."""
    for status in ("matched", "no_match"):
        if status in statuses:
            return status
    return next((status for status in statuses if status not in ("undecodable", "error")), statuses[0])


def _unreadable(item: ScanItem, error: SourcemarkError) -> ScanResult:
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


def _unreadable_part(reading: Reading) -> ScannedPart:
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


def _failure(error: SourcemarkError) -> ScanStatus:
    content = isinstance(error, (BadContent, UnsupportedContent, TooLarge)) and error.reason not in _NOT_CONTENT
    return "undecodable" if content else "error"


__all__ = ["Scanner", "Upload"]
