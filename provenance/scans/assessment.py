"""One match, assessed: how the post marks the work, what is permitted, and the verdict. Each is computed here, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fingerprints.model import Field, Match, Segment

from ..accounts.official import Poster
from ..marking import Checker, Report
from ..schemas import Coverage, DecidedClaim, MatchRecord, Permission, ReceiptRef, ScanItem, SegmentRecord, Verdict
from ..search.matching import IndexedWork
from ..works import grants
from ..works.backing import DAMAGED
from ..works.catalog import marking_work
from ..works.grants import Grant
from . import clearing, permission, reuse, verdict
from .reuse import CreditPlace, Shown

_NOT_CREDITED: tuple[Verdict, ...] = ("uncredited", "review")


@dataclass(frozen=True, slots=True)
class Background:
    """What is on record about a matched work.

    Attributes:
        fields: the rights-management fields its original carried, None where none are kept.
        grants: those that stand.
        competing: public ids of the works that claim the same content.
        damaged: what the database says of the work is not what the log says; such a match accuses nobody and permits
            nothing, a person has to look.
    """

    fields: tuple[Field, ...] | None = None
    grants: Sequence[Grant] = ()
    competing: Sequence[str] = ()
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """A verified match with its evidence, its marking, its permission and the verdict on them.

    Attributes:
        credit_line: with which the post would be credited; None where it is, or where no line would help.
    """

    work: IndexedWork
    match: Match
    report: Report
    credit_place: CreditPlace | None
    permission: Permission
    competing: Sequence[str]
    verdict: Verdict
    decided: DecidedClaim | None = None
    credit_line: str | None = None

    @property
    def work_id(self) -> str:
        return self.work.work_id

    def record(self, origin: str, account_id: str, part: str | None = None) -> MatchRecord:
        """As it is answered and stored.

        Args:
            origin: the log's.
            account_id: who scans; a work's own id is shown to its own account only.
            part: name of the part of a post that it is in.
        """
        place = self.credit_place
        return MatchRecord(
            part=part,
            work_id=self.work.work_id,
            external_id=self.work.external_id if self.work.account_id == account_id else None,
            title=self.work.title,
            owner=self.work.owner,
            score=round(self.match.score, 4),
            coverage=Coverage(upload=round(self.match.coverage_upload, 4), work=round(self.match.coverage_work, 4)),
            segments=[_segment_record(segment) for segment in self.match.segments],
            transform=dict(self.match.transform),
            reuse=self.match.reuse,
            common=round(self.match.common, 4),
            marking={**self.report.to_json(), "credit_place": None if place is None else place.to_json()},
            permission=self.permission,
            registered_at=self.work.registered_at,
            receipt=ReceiptRef(origin=origin, index=self.work.index),
            competing=list(self.competing),
            decided=self.decided,
            credit_line=self.credit_line,
        )


def assess(
    item: ScanItem,
    shown: Shown,
    work: IndexedWork,
    match: Match,
    background: Background,
    poster: Poster,
    moment: str,
    beside: Sequence[IndexedWork] = (),
) -> Assessment:
    """Assess one match of an upload.

    Args:
        item: what is known of the post.
        shown: what was searched, and what a reader sees of it and beside it.
        poster: whom it is by.
        moment: when it was seen, ISO 8601, UTC.
        beside: the works that the whole post shows: what credits one of them alone is not about this one.
    """
    others = [other for other in beside if other.id != work.id and other.work_id not in background.competing]
    shown = replace(shown, others=tuple(marking_work(other) for other in others))
    credited = marking_work(work, background.fields)
    judge = partial(_judge, item, work, Checker(credited), match, background, poster, moment)
    found, permitted, judged = judge(shown)
    line = None
    if judged in _NOT_CREDITED and not background.damaged:
        offered = clearing.lines_for(credited, item, shown, found.use)
        line = next((each for each in offered if judge(clearing.with_line(shown, each))[2] not in _NOT_CREDITED), None)
    return Assessment(
        work=work,
        match=match,
        report=found,
        credit_place=reuse.credit_place(found, match),
        permission=permitted,
        competing=background.competing,
        verdict=judged,
        credit_line=line,
    )


def _judge(
    item: ScanItem,
    work: IndexedWork,
    checker: Checker,
    match: Match,
    background: Background,
    poster: Poster,
    moment: str,
    shown: Shown,
) -> tuple[Report, Permission, Verdict]:
    """How a post marks a work, what is permitted, and the verdict on both."""
    unproven = permission.unproven_name(work, background.grants, poster)
    if unproven:  # whoever only bears the owner's name does not credit the owner by speaking of himself
        item = item.model_copy(update={"account": None})
    found = reuse.report(checker, item, shown, match)
    grant, gaps = grants.applicable(background.grants, poster, item, found.use, moment)
    permitted = permission.evaluate(
        work.claim.licence,
        found,
        own=permission.posted_by_owner(work, poster),
        grant=grant,
        gaps=[*gaps, *unproven],
    )
    if background.damaged:
        return found, Permission(licence=work.claim.licence, state="none", findings=[DAMAGED]), "review"
    return found, permitted, verdict.of_match(found, permitted)


def _segment_record(segment: Segment) -> SegmentRecord:
    """A segment in JSON: whole code points, pixels and seconds to two decimals."""

    def plain(part: Any) -> Any:
        whole = segment.unit == "codepoint"
        return [plain(p) if isinstance(p, tuple) else int(p) if whole else round(float(p), 2) for p in part]

    quad = None if segment.quad is None else plain(segment.quad)
    return SegmentRecord(upload=plain(segment.upload), work=plain(segment.work), unit=segment.unit, quad=quad)
