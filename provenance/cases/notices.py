"""Notices: taking one from anybody, filling in what is known, and saying what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from fingerprints.source import Source

from ..accounts import accounts
from ..accounts.accounts import Account
from ..config import Settings
from ..database.engine import Database
from ..database.tables import case_parties, cases, now, sightings
from ..errors import Conflict, NotFound, SourcemarkError
from ..ids import new_id
from ..jobs.mail import check_address
from ..scans.sightings import get as get_sighting
from ..schemas.case import NoticeCounts
from ..schemas.notice import BulkNoticeAnswer, BulkNoticeAnswers, Notice, NoticeContent
from ..search.examination import Examiner
from ..search.matching import Matcher
from . import contents, links, parties, rows
from .files import CaseFiles, SealedFile, Upload, attached
from .steps import By, NewStep, Steps, Writing

# Takes what steps follow by themselves from a case as it is; returns it as it is then.
Advance = Callable[[Writing, sa.Row[Any]], sa.Row[Any]]


@dataclass(frozen=True, slots=True)
class Filed:
    """A notice that was taken.

    Attributes:
        party: number of the notifier's row, for a secret link.
        missing: what it lacks, by the names of a regime's fields.
    """

    case_id: str
    party: int
    state: str
    missing: Sequence[str]


class Notices:
    """Takes notices. Thread-safe."""

    def __init__(
        self, steps: Steps, files: CaseFiles, advance: Advance, examiner: Examiner, matcher: Matcher, settings: Settings
    ) -> None:
        """
        Args:
            advance: takes the steps that follow by themselves.
        """
        self._steps = steps
        self._files = files
        self._advance = advance
        self._examiner = examiner
        self._matcher = matcher
        self._settings = settings

    def works_in(self, source: Source) -> list[str]:
        """The registered works that a file shows, surest first: somebody who complains need not know their ids.

        Raises:
            BadContent, UnsupportedContent, TooLarge: it cannot be read.
        """
        upload = self._examiner.examine(source, thorough=True).fingerprint
        return [each.work.work_id for each in self._matcher.find(upload).found]

    # --- filing ----------------------------------------------------------------------------------------------------
    def file(
        self,
        new: Notice,
        uploads: Sequence[Upload] = (),
        *,
        sender: Account | None = None,
        request_id: bytes | None = None,
    ) -> Filed:
        """Take a notice. What it lacks is asked for; what is complete goes on when its mail address is confirmed.

        Args:
            sender: the account whose key sends it: it needs no confirmation, and its key has limits of its own.
            request_id: of a request that may be carried out again: the case that it made before is found.

        Raises:
            BadInput: a regime or work that there is not, or an address that no letter can be sent to.
            NotFound: there is no such sighting or platform.
            Forbidden: the notifier is suspended.
            RateLimited: too many notices came of one source, or about one work.
            TooLarge: a file is.
        """
        prepared = self._prepared(new, uploads, sender, request_id)
        try:
            with self._steps.writing() as writing:
                done = None if request_id is None else self._filed(writing.connection, prepared.case_id)
                return done or self._take(writing, prepared)
        except IntegrityError as error:
            raise Conflict(f"{prepared.case_id} is being filed already: ask again") from error

    def file_many(self, sender: Account, notices: Sequence[Notice]) -> BulkNoticeAnswers:
        """Take the notices of a trusted notifier, each on its own: what is refused keeps no other one back."""
        prepared = [self._prepared_or_refused(each, sender) for each in notices]
        with self._steps.writing() as writing:  # one transaction, so that many cost little more than one
            answers = [self._answer(writing, each) for each in prepared]
        filed = sum(each.case_id is not None for each in answers)
        return BulkNoticeAnswers(answers=answers, filed=filed, refused=len(answers) - filed)

    def quality(self, sender_id: str) -> NoticeCounts:
        """What became of all notices of a trusted notifier's account."""
        with self._steps.db.read() as connection:
            return parties.counts(connection, cases.c.sender == sender_id)

    def _prepared_or_refused(self, new: Notice, sender: Account) -> _Prepared | SourcemarkError:
        try:
            return self._prepared(new, (), sender, None)
        except SourcemarkError as error:
            if error.status >= 500:
                raise
            return error

    def _answer(self, writing: Writing, each: _Prepared | SourcemarkError) -> BulkNoticeAnswer:
        if isinstance(each, SourcemarkError):
            return BulkNoticeAnswer(error=each.problem())
        filed = self._take(writing, each)
        return BulkNoticeAnswer(case_id=filed.case_id, state=filed.state, missing=list(filed.missing))

    def _prepared(
        self, new: Notice, uploads: Sequence[Upload], sender: Account | None, request_id: bytes | None
    ) -> _Prepared:
        """A notice with what its sighting knows filled in, its files sealed; raises as `file`, and writes nothing."""
        regime = self._steps.regimes.choose(new.regime)
        if new.email is not None:
            check_address(new.email)
        content = NoticeContent.model_validate(
            new.model_dump(include=set(NoticeContent.model_fields), exclude_unset=True)
        )
        platform_id = _platform(self._steps.db, new.platform)
        with self._steps.db.read() as connection:
            if new.sighting_id is not None:
                seen = get_sighting(connection, new.sighting_id, None).record
                content = _filled(content, seen.work_id, seen.post_url)
                query = sa.select(sightings.c.account_id).where(sightings.c.sighting_id == new.sighting_id)
                platform_id = connection.execute(query).scalar_one()
            work = contents.work_number(connection, content.work_id)
            key = parties.key_of(platform_id, content.email, None if sender is None else sender.id)
            parties.refuse_suspended(connection, platform_id, key)
            if sender is None:
                self._refuse_too_many(connection, key, work)
        sealed = self._files.seal(uploads, content.files)
        content = content.model_copy(update={"files": attached(sealed)})
        case_id = new_id("case", request_id)
        return _Prepared(case_id, regime, content, platform_id, work, new.sighting_id, sender, key, sealed)

    def _refuse_too_many(self, connection: sa.Connection, key: bytes | None, work: int | None) -> None:
        if key is not None:
            most, setting = self._settings.notices_per_source, "SOURCEMARK_NOTICES_PER_SOURCE"
            parties.refuse_flood(connection, parties.of_party(key), most, f"from one address ({setting})")
        if work is not None:
            most, setting = self._settings.notices_per_work, "SOURCEMARK_NOTICES_PER_WORK"
            about = sa.and_(cases.c.work == work, cases.c.sender.is_(None))
            parties.refuse_flood(connection, about, most, f"about this work ({setting})")

    def _take(self, writing: Writing, new: _Prepared) -> Filed:
        """Make the case of a notice, with its first steps."""
        case = writing.connection.execute(cases.insert().values(**new.columns()).returning(cases)).one()
        contents.write_addresses(writing.connection, case.id, new.content.addresses)
        own = None if new.sender is None else new.sender.id
        party = parties.insert(
            writing.connection,
            case.id,
            "notifier",
            parties.person_of(new.content),
            account_id=own,
            key=new.key,
            lang=new.content.lang,
            confirmed_at=None if own is None else now(),
        )
        facts = {
            "regime": new.regime,
            "work_id": new.content.work_id,
            "addresses": new.content.addresses,
            "sender": own,
            "files": [each.digest.hex() for each in new.sealed],
        }
        said = {"notice": new.content.model_dump(mode="json", exclude_unset=True)}
        step = NewStep("file", By("notifier", party), facts, said, files=new.sealed)
        case = self._advance(writing, writing.take(case, step))
        missing = contents.lacking(new.content, self._steps.regimes.of(new.regime))
        return Filed(case.case_id, party, case.state, missing)

    def _filed(self, connection: sa.Connection, case_id: str) -> Filed | None:
        """A notice that was taken before."""
        row = connection.execute(
            sa.select(cases.c.id, cases.c.state, cases.c.regime, case_parties.c.id.label("party"))
            .join(case_parties, sa.and_(case_parties.c.case == cases.c.id, case_parties.c.role == "notifier"))
            .where(cases.c.case_id == case_id)
        ).first()
        if row is None:
            return None
        missing = contents.lacking(rows.notice(connection, row.id), self._steps.regimes.of(row.regime))
        return Filed(case_id, row.party, row.state, missing)

    # --- completing ------------------------------------------------------------------------------------------------
    def complete(self, party: int, new: NoticeContent, uploads: Sequence[Upload] = ()) -> Filed:
        """Add what a notice lacks. Addresses take the place of those before, files are added.

        Args:
            party: number of the notifier's row.

        Raises:
            Conflict: the notice is not incomplete.
            Forbidden: the party has posted; or it is suspended.
            BadInput, TooLarge: as `file`.
        """
        if new.email is not None:
            check_address(new.email)
        sealed = self._files.seal(uploads, new.files)
        with self._steps.writing() as writing:
            row, case = rows.party_case(writing.connection, party)
            parties.require(row, "notifier")
            said = new.model_copy(update={"files": attached(sealed)}).model_dump(mode="json", exclude_unset=True)
            before = rows.notice(writing.connection, case.id)
            merged = NoticeContent.model_validate({**before.model_dump(exclude_unset=True), **said})
            work = contents.work_number(writing.connection, merged.work_id)
            facts = {"work_id": merged.work_id, "addresses": merged.addresses}
            step = NewStep(
                "complete",
                By("notifier", party),
                {**facts, "files": [each.digest.hex() for each in sealed]},
                {"notice": said},
                files=sealed,
                values=contents.subject_columns(merged, work),
            )
            self._change_notifier(writing.connection, row, case, merged)
            contents.write_addresses(writing.connection, case.id, merged.addresses)
            case = self._advance(writing, writing.take(case, step))
            missing = contents.lacking(rows.notice(writing.connection, case.id), self._steps.regimes.of(case.regime))
        return Filed(case.case_id, party, case.state, missing)

    def _change_notifier(
        self, connection: sa.Connection, row: sa.Row[Any], case: sa.Row[Any], merged: NoticeContent
    ) -> None:
        """Another mail address is another's until it is confirmed."""
        key = parties.key_of(case.account_id, merged.email, row.account_id)
        parties.refuse_suspended(connection, case.account_id, key)
        same = merged.email == row.person.get("email") or row.account_id is not None
        if not same:
            links.unconfirm(connection, row.id)
        values = {"person": parties.person_of(merged), "key": key, "lang": merged.lang}
        connection.execute(
            case_parties.update()
            .where(case_parties.c.id == row.id)
            .values(**values, confirmed_at=row.confirmed_at if same else None)
        )


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A notice that is ready to be taken.

    Attributes:
        platform: id of the account that decides.
        work: internal number of the work, if it is registered.
        key: see `parties.key_of`.
    """

    case_id: str
    regime: str
    content: NoticeContent
    platform: str
    work: int | None
    sighting_id: str | None
    sender: Account | None
    key: bytes | None
    sealed: Sequence[SealedFile]

    def columns(self) -> dict[str, Any]:
        """The row of its case, before its first step."""
        moment = now()
        return {
            "case_id": self.case_id,
            "account_id": self.platform,
            "sender": None if self.sender is None else self.sender.id,
            "regime": self.regime,
            "state": "received",
            "steps": 0,
            "sighting_id": self.sighting_id,
            "filed_at": moment,
            "changed_at": moment,
            **contents.subject_columns(self.content, self.work),
        }


def _platform(db: Database, ref: str | None) -> str:
    """The id of the platform that a notice names; raises `NotFound`, also for other kinds of accounts."""
    if ref is None:
        return accounts.local(db).id
    found = accounts.find(db, ref)
    if found.kind != "platform" and found.name != accounts.LOCAL:
        raise NotFound(f"platform: no platform has the id or name {ref!r:.80}")
    return found.id


def _filled(content: NoticeContent, work_id: str, post_url: str | None) -> NoticeContent:
    known: dict[str, Any] = {}
    if content.work_id is None and content.work_description is None:
        known["work_id"] = work_id
    if not content.addresses and post_url is not None:
        known["addresses"] = [post_url]
    return content.model_copy(update=known)
