"""Scanning: an upload -> its matches, how the post marks them, what is permitted -> a verdict, recorded.

An upload is one file or text, or a post of several parts: each part is matched in its medium, its marking is judged
where a reader of the post sees it, and the post has one verdict and one transaction.

Of an upload only what the verdict needs is kept: its digest, the matched spans or regions, the marking's quotes, of a
matched picture a small copy (`evidence`), of a matched text its longest passages (`passages`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..accounts.accounts import Account
from ..accounts.official import OfficialAccounts, Poster
from ..database.engine import Database
from ..database.tables import now
from ..errors import BadInput, SourcemarkError
from ..ledger.log import Log
from ..observer import Observer
from ..schemas import Claim, ClaimDecision, ScanItem, ScanResult
from ..search.examination import Examiner
from ..search.matching import IndexedWork, MatchedWork, Matcher
from ..works import claim_decisions, competing_claims, grants
from ..works.backing import Backing, Backings
from . import answers, decided_claims, evidence, news, records, sightings, telling
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


@dataclass(frozen=True, slots=True)
class _OnRecord:
    """What is on record about the works that a post shows, by their internal numbers.

    Attributes:
        works: as they are indexed.
        decisions: whose claim counts, of those that limit the claim of a work.
    """

    works: Mapping[int, IndexedWork]
    backed: Mapping[int, Backing]
    backgrounds: Mapping[int, Background]
    decisions: Mapping[int, Sequence[ClaimDecision]]


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
        *,
        may_be_incomplete: bool,
    ) -> None:
        """
        Args:
            may_be_incomplete: see `PostReader`.
            batch_size: how many uploads, or parts of posts, share one transaction.
            max_parts: of one post.
            defaults: of the statements of reasons that a rule's restriction needs.
        """
        self._db = db
        self._log = log
        self._reader = PostReader(examiner, matcher, max_parts, may_be_incomplete=may_be_incomplete)
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
            done = [
                self._scan(account, policy, upload, read)
                for upload, read in zip(group, self._reader.read_all(group, examined), strict=True)
            ]
            if not dry_run:
                self._record(account, [each for each in done if isinstance(each, Scanned)])
            for each in done:
                result = each.result if isinstance(each, Scanned) else each
                self._observer.scanned(result)
                yield result.model_copy(update={"scan_id": None}) if dry_run else result

    def _scan(self, account: Account, policy: Policy, upload: Upload, read: Read) -> Scanned | ScanResult:
        """One upload, read part by part."""
        item, moment = upload.item, now()
        if isinstance(read, SourcemarkError):
            return self._unreadable(account, policy, item, read, moment)
        errors = [each.examination for each, _ in read if isinstance(each.examination, SourcemarkError)]
        passing = next((error for error in errors if not isinstance(error, BadInput)), None)
        if passing is not None or len(errors) == len(read):
            return self._unreadable(account, policy, item, passing or errors[0], moment)
        with self._db.read() as connection:
            poster = self._official.poster(connection, account.id, item.account_id, item.account, moment)
        searches = [reading.search for reading, _ in read if reading.search is not None]
        known = self._on_record(account, [each for search in searches for each in search.found])
        parts = []
        for reading, shown in read:
            search = reading.search
            if shown is None or search is None:
                parts.append(answers.of_unreadable_part(reading))
                continue
            assessments = _assessed(item, shown, search.found, known, poster, moment)
            name = reading.part.name if upload.is_post else None
            matches = [each.record(self._log.origin, account.id, name) for each in assessments]
            parts.append(answers.of_part(reading, shown, search, assessments, matches))
        log_size = min(search.log_size for search in searches)
        result = answers.of_upload(item, parts, moment, log_size, is_post=upload.is_post)
        result.flags = news.flags(item, [reading.text for reading, _ in read], poster.state)
        facts = of_scan(result, [found for _, found, _ in records.ranked(parts)], poster.state, item.category)
        post = _known(item, parts, poster, result)
        with self._db.read() as connection:
            result.action = precedents.action(connection, account.id, post) or decide(policy, facts)
        return Scanned(item, parts, result, facts, post)

    def _unreadable(
        self, account: Account, policy: Policy, item: ScanItem, error: SourcemarkError, moment: str
    ) -> ScanResult:
        """The answer to an upload of which nothing was read. Where that is the upload's fault, the policy says what
        is done with it: nobody knows what it shows. What only could not be reached now is sent again."""
        result = answers.of_unreadable(item, error)
        if result.status == "undecodable":
            with self._db.read() as connection:
                poster = self._official.poster(connection, account.id, item.account_id, item.account, moment)
            result.flags = news.flags(item, [], poster.state)
            result.action = decide(policy, of_scan(result, [], poster.state, item.category))
        return result

    def _on_record(self, account: Account, found: Sequence[MatchedWork]) -> _OnRecord:
        """What is on record about all works that a post shows, in one look-up of each kind."""
        if not found:
            return _OnRecord({}, {}, {}, {})
        matched = {each.work.id: each for each in found}
        numbers = list(matched)
        backed = self._backings.of({n: each.fingerprint for n, each in matched.items()})
        given = grants.in_force(self._db, self._log.origin, numbers)
        competing = competing_claims.rivals(self._db, numbers)
        with self._db.read() as connection:
            decisions = claim_decisions.in_force(connection, self._db, self._log.origin, numbers, account.id)
        backgrounds = {
            n: Background(backed[n].fields, given.get(n, ()), competing.get(n, ()), bool(backed[n].damaged))
            for n in numbers
        }
        return _OnRecord({n: each.work for n, each in matched.items()}, backed, backgrounds, decisions)

    def _record(self, account: Account, group: Sequence[Scanned]) -> None:
        """One transaction: the scans of a group, their matches, what shows them, and who is told of them."""
        if not group:
            return
        with self._db.write() as connection:
            numbers, seen = records.insert(connection, account.id, group)
            evidence.insert_previews(connection, numbers, group)
            telling.tell(connection, account, group, seen)
            intake.record(connection, account.id, numbers, group, self._defaults)


def _assessed(
    item: ScanItem, shown: Shown, found: Sequence[MatchedWork], known: _OnRecord, poster: Poster, moment: str
) -> list[Assessment]:
    """The matches of one part."""
    beside = list(known.works.values())
    assessments = [
        assess(
            item,
            shown,
            _as_backed(each.work, known.backed[each.work.id]),
            each.match,
            known.backgrounds[each.work.id],
            poster,
            moment,
            beside,
        )
        for each in found
    ]
    numbers = [each.work.id for each in found]
    return decided_claims.apply(assessments, {n: known.decisions[n] for n in numbers if n in known.decisions})


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


__all__ = ["Scanner", "Upload"]
