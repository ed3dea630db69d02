"""Notices: taking one from anybody, filling in what is known, and saying what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from fingerprints.source import Source

from ..accounts import accounts
from ..accounts.accounts import Account
from ..config import Settings
from ..database.tables import case_parties, cases, now, sightings
from ..errors import Conflict, SourcemarkError
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
        regime = self._steps.regimes.choose(new.regime)
        if new.email is not None:
            check_address(new.email)
        case_id = new_id("case", request_id)
        known = self._known(new)
        sealed = self._files.seal(uploads, new.files)
        known = known.with_files(sealed)
        try:
            with self._steps.writing() as writing:
                if request_id is not None and (done := _filed(writing.connection, case_id)) is not None:
                    return done
                self._refuse_too_many(writing.connection, known, sender)
                case = self._insert(writing.connection, known, case_id, regime, sender)
                party = self._insert_notifier(writing.connection, known, case, sender)
                facts = {
                    "regime": regime,
                    "work_id": known.content.work_id,
                    "addresses": known.content.addresses,
                    "sender": None if sender is None else sender.id,
                    "files": [each.digest.hex() for each in sealed],
                }
                said = {"notice": known.content.model_dump(mode="json", exclude_unset=True)}
                by = By("notifier", party)
                case = writing.take(case, NewStep("file", by, facts, said, files=sealed))
                case = self._advance(writing, case)
                filed = _filed(writing.connection, case_id)
        except IntegrityError as error:
            raise Conflict(f"{case_id} is being filed already: ask again") from error
        assert filed is not None
        missing = contents.lacking(known.content, self._steps.regimes.of(regime))
        return Filed(filed.case_id, filed.party, filed.state, missing)

    def file_many(self, sender: Account, notices: Sequence[Notice]) -> BulkNoticeAnswers:
        """Take the notices of a trusted notifier, each on its own: what is refused keeps no other one back."""
        answers = [self._answer(sender, each) for each in notices]
        filed = sum(each.case_id is not None for each in answers)
        return BulkNoticeAnswers(answers=answers, filed=filed, refused=len(answers) - filed)

    def quality(self, sender_id: str) -> NoticeCounts:
        """What became of all notices of a trusted notifier's account."""
        with self._steps.db.read() as connection:
            return parties.counts(connection, cases.c.sender == sender_id)

    def _answer(self, sender: Account, new: Notice) -> BulkNoticeAnswer:
        try:
            filed = self.file(new, sender=sender)
        except SourcemarkError as error:
            if error.status >= 500:
                raise
            return BulkNoticeAnswer(error=error.problem())
        return BulkNoticeAnswer(case_id=filed.case_id, state=filed.state, missing=list(filed.missing))

    def _known(self, new: Notice) -> _Known:
        """What a notice says, with what its sighting knows filled in."""
        said = new.model_dump(include=set(NoticeContent.model_fields), exclude_unset=True)
        content = NoticeContent.model_validate(said)
        with self._steps.db.read() as connection:
            platform = None if new.platform is None else accounts.find(self._steps.db, new.platform).id
            if new.sighting_id is not None:
                seen = get_sighting(connection, new.sighting_id, None).record
                content = _filled(content, seen.work_id, seen.post_url)
                query = sa.select(sightings.c.account_id).where(sightings.c.sighting_id == new.sighting_id)
                platform = connection.execute(query).scalar_one()
            work = contents.work_number(connection, content.work_id)
        platform = platform or accounts.local(self._steps.db).id
        return _Known(content, platform, work, new.sighting_id)

    def _refuse_too_many(self, connection: sa.Connection, known: _Known, sender: Account | None) -> None:
        key = parties.key_of(known.platform, known.content.email, None if sender is None else sender.id)
        parties.refuse_suspended(connection, known.platform, key)
        if sender is not None:
            return
        if key is not None:
            most, setting = self._settings.notices_per_source, "SOURCEMARK_NOTICES_PER_SOURCE"
            parties.refuse_flood(connection, parties.of_party(key), most, f"from one address ({setting})")
        if known.work is not None:
            most, setting = self._settings.notices_per_work, "SOURCEMARK_NOTICES_PER_WORK"
            about = sa.and_(cases.c.work == known.work, cases.c.sender.is_(None))
            parties.refuse_flood(connection, about, most, f"about this work ({setting})")

    def _insert(
        self, connection: sa.Connection, known: _Known, case_id: str, regime: str, sender: Account | None
    ) -> sa.Row[Any]:
        moment = now()
        values = {
            "case_id": case_id,
            "account_id": known.platform,
            "sender": None if sender is None else sender.id,
            "regime": regime,
            "state": "received",
            "steps": 0,
            "sighting_id": known.sighting_id,
            "filed_at": moment,
            "changed_at": moment,
            **contents.subject_columns(known.content, known.work),
        }
        case = connection.execute(cases.insert().values(**values).returning(cases)).one()
        contents.write_addresses(connection, case.id, known.content.addresses)
        return case

    def _insert_notifier(
        self, connection: sa.Connection, known: _Known, case: sa.Row[Any], sender: Account | None
    ) -> int:
        own = None if sender is None else sender.id
        return parties.insert(
            connection,
            case.id,
            "notifier",
            parties.person_of(known.content),
            account_id=own,
            key=parties.key_of(known.platform, known.content.email, own),
            lang=known.content.lang,
            confirmed_at=None if sender is None else now(),
        )

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
            self._advance(writing, writing.take(case, step))
            filed = _filed(writing.connection, case.case_id)
            missing = contents.lacking(rows.notice(writing.connection, case.id), self._steps.regimes.of(case.regime))
        assert filed is not None
        return Filed(filed.case_id, filed.party, filed.state, missing)

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
class _Known:
    """A notice with what is known beside it.

    Attributes:
        platform: id of the account that decides.
        work: internal number of the work, if it is registered.
    """

    content: NoticeContent
    platform: str
    work: int | None
    sighting_id: str | None

    def with_files(self, files: Sequence[SealedFile]) -> _Known:
        return replace(self, content=self.content.model_copy(update={"files": attached(files)}))


def _filled(content: NoticeContent, work_id: str, post_url: str | None) -> NoticeContent:
    known: dict[str, Any] = {}
    if content.work_id is None and content.work_description is None:
        known["work_id"] = work_id
    if not content.addresses and post_url is not None:
        known["addresses"] = [post_url]
    return content.model_copy(update=known)


def _filed(connection: sa.Connection, case_id: str) -> Filed | None:
    row = connection.execute(
        sa.select(cases.c.state, case_parties.c.id)
        .join(case_parties, sa.and_(case_parties.c.case == cases.c.id, case_parties.c.role == "notifier"))
        .where(cases.c.case_id == case_id)
    ).first()
    return None if row is None else Filed(case_id, row.id, row.state, ())
