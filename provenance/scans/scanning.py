"""Scanning: an upload -> its matches, how the post marks them, what is permitted -> a verdict, recorded.

Of an upload only what the verdict needs is kept: its digest, the matched spans or regions, the marking's quotes, of a
matched picture a small copy (`evidence`), of a matched text its longest passages (`passages`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from fingerprints import registry
from fingerprints.model import Examination, MediumName
from fingerprints.source import Source

from ..accounts.accounts import Account
from ..accounts.official import OfficialAccounts, Poster
from ..database.engine import Database
from ..database.tables import now
from ..errors import BadContent, SourcemarkError, TooLarge, UnsupportedContent
from ..ids import new_id
from ..ledger.log import Log
from ..observer import Observer
from ..schemas import Claim, ScanItem, ScanResult, ScanStatus, problem_of
from ..search.examination import Examiner
from ..search.matching import IndexedWork, MatchedWork, Matcher
from ..works import competing_claims, grants
from ..works.backing import Backing, Backings
from . import evidence, news, records, verdict
from .assessment import Assessment, Background, assess
from .policy import store
from .policy.deciding import Policy, decide
from .policy.facts import of_scan
from .records import Scanned

# Errors of reaching a file, not of what is in it.
_NOT_CONTENT = frozenset({"file_missing", "is_a_directory", "not_a_file", "file_unreadable", "file_changed"})


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload to scan: what is known of the post, and its bytes, or the error that makes it impossible."""

    item: ScanItem
    source: Source | SourcemarkError


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
        observer: Observer,
    ) -> None:
        """
        Args:
            batch_size: how many scans share one transaction.
        """
        self._db = db
        self._log = log
        self._examiner = examiner
        self._matcher = matcher
        self._backings = backings
        self._official = official
        self._batch_size = batch_size
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
        iterator = iter(uploads)
        while group := list(islice(iterator, self._batch_size)):
            policy = store.in_force(self._db, account.id)
            examinations = self._examiner.examine_all(
                [upload.source for upload in group], thorough=True, examined=examined
            )
            answers = [
                _unreadable(upload.item, examination)
                if isinstance(examination, SourcemarkError)
                else self._scan(account, policy, upload.item, examination)
                for upload, examination in zip(group, examinations, strict=True)
            ]
            if not dry_run:
                self._record(account, [answer for answer in answers if isinstance(answer, Scanned)])
            for answer in answers:
                result = answer.result if isinstance(answer, Scanned) else answer
                self._observer.scanned(result)
                yield result.model_copy(update={"scan_id": None}) if dry_run else result

    def _scan(self, account: Account, policy: Policy, item: ScanItem, examination: Examination) -> Scanned:
        moment, fingerprint = now(), examination.fingerprint
        search = self._matcher.find(fingerprint)
        with self._db.read() as connection:
            poster = self._official.poster(connection, account.id, item.account_id, item.account, moment)
        assessments = self._assess(item, examination, search.found, poster, moment)
        reason = search.reason or fingerprint.reason
        result = ScanResult(
            external_id=item.external_id,
            scan_id=new_id("scan"),
            path=item.path,
            medium=fingerprint.medium,
            status="matched" if assessments else _unmatched(fingerprint.medium, reason),
            reason=reason,
            verdict=verdict.of_upload(assessments),
            matches=[each.record(self._log.origin, account.id) for each in assessments],
            flags=news.flags(item, examination.text, poster.state),
            log_size=search.log_size,
            scanned_at=moment,
        )
        facts = of_scan(result, assessments, poster.state, item.category)
        result.action = decide(policy, facts)
        return Scanned(item, fingerprint, assessments, result, facts)

    def _assess(
        self, item: ScanItem, examination: Examination, found: Sequence[MatchedWork], poster: Poster, moment: str
    ) -> list[Assessment]:
        numbers = [each.work.id for each in found]
        backed = self._backings.of({each.work.id: each.fingerprint for each in found})
        given = grants.in_force(self._db, self._log.origin, numbers)
        competing = competing_claims.rivals(self._db, numbers)
        return [
            assess(
                item,
                examination,
                _as_backed(each.work, backed[n]),
                each.match,
                Background(backed[n].fields, given.get(n, ()), competing.get(n, ()), bool(backed[n].damaged)),
                poster,
                moment,
            )
            for n, each in zip(numbers, found, strict=True)
        ]

    def _record(self, account: Account, group: Sequence[Scanned]) -> None:
        """One transaction: the scans of a group with their matches and what shows them."""
        if not group:
            return
        with self._db.write() as connection:
            numbers = records.insert(connection, account.id, group)
            evidence.insert_previews(connection, numbers, group)


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


def _unreadable(item: ScanItem, error: SourcemarkError) -> ScanResult:
    """The answer to an upload that cannot be scanned; it is not recorded."""
    content = isinstance(error, (BadContent, UnsupportedContent, TooLarge)) and error.reason not in _NOT_CONTENT
    return ScanResult(
        external_id=item.external_id,
        path=item.path,
        status="undecodable" if content else "error",
        verdict="review",
        reason=error.reason,
        scanned_at=now(),
        error=problem_of(error),
    )


__all__ = ["Scanner", "Upload"]
