"""/v1/cases: complaints as those who decide about them see them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from provenance.cases import links, reading
from provenance.cases.reading import Sought
from provenance.scans.review.reviewer import Reviewer
from provenance.schemas.case import (
    Assignment,
    CaseDecision,
    CaseRecord,
    CaseSummary,
    Explained,
    Forwarding,
    Measure,
    MisuseCount,
    PosterLink,
    Refusal,
    Role,
    StaffMessage,
    State,
)

from ..dependencies import ApplicationDep, Cursor, Limit, MayReview, Page, own, read_cursor, reviewer, write_cursor
from ..problems import responses
from .case_links import FILE_ANSWER, file_answer

router = APIRouter(prefix="/v1/cases", tags=["complaints"])

_ACT = responses(401, 403, 404, 409)


def _shown(app: ApplicationDep, who: Reviewer, case_id: str) -> CaseRecord:
    return reading.get(app.db, app.log, app.regimes, case_id, who.account_id)


@router.get("", operation_id="listCases", summary="Complaints about your posts", responses=responses(401, 403))
def list_cases(
    app: ApplicationDep,
    principal: MayReview,
    state: State | None = None,
    overdue: Annotated[bool, Query(description="Only cases whose clock has run out.")] = False,
    assignee: Annotated[str | None, Query(max_length=100, description="Id or name of a reviewer.")] = None,
    address: Annotated[str | None, Query(max_length=2000, description="Of a post.")] = None,
    work_id: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[CaseSummary]:
    """Oldest first."""
    sought = Sought(state, overdue, assignee, address, work_id)
    found, after = reading.page(app.db, own(principal), sought, after=read_cursor(cursor), limit=limit)
    return Page(items=found, next=write_cursor(after))


@router.get("/{case_id}", operation_id="getCase", summary="One case", responses=responses(401, 403, 404))
def get_case(case_id: str, app: ApplicationDep, principal: MayReview) -> CaseRecord:
    """With everything that its parties have said."""
    return _shown(app, reviewer(principal), case_id)


@router.get(
    "/{case_id}/files/{file_id}",
    operation_id="getCaseFile",
    summary="A file of a case",
    response_class=Response,
    responses=responses(401, 403, 404, ok=FILE_ANSWER),
)
def get_case_file(case_id: str, file_id: str, app: ApplicationDep, principal: MayReview) -> Response:
    """As a stranger sent it: look at it with care."""
    return file_answer(*reading.file(app.db, app.case_files, case_id, file_id, None, own(principal)))


@router.get(
    "/{case_id}/misuse",
    operation_id="getMisuse",
    summary="What the notifier was found to do",
    responses=responses(401, 403, 404),
)
def get_misuse(case_id: str, app: ApplicationDep, principal: MayReview) -> MisuseCount:
    """In all its cases with this platform."""
    return app.case_decisions.misuse(reviewer(principal), case_id)


@router.post("/{case_id}/assignment", operation_id="assignCase", summary="Deal with a case", responses=_ACT)
def assign_case(case_id: str, assignment: Assignment, app: ApplicationDep, principal: MayReview) -> CaseRecord:
    """It becomes yours, or nobody's. It keeps no colleague from deciding."""
    who = reviewer(principal)
    app.case_decisions.assign(who, case_id, who if assignment.mine else None)
    return _shown(app, who, case_id)


@router.post("/{case_id}/forwarding", operation_id="forwardNotice", summary="Forward a notice", responses=_ACT)
def forward_notice(case_id: str, known: Forwarding, app: ApplicationDep, principal: MayReview) -> CaseRecord:
    """To the poster, where you know that to be reached; also if the notifier has not confirmed the address."""
    who = reviewer(principal)
    app.case_decisions.forward(who, case_id, known)
    return _shown(app, who, case_id)


@router.post("/{case_id}/poster-link", operation_id="linkPoster", summary="A link for the poster", responses=_ACT)
def link_poster(case_id: str, app: ApplicationDep, principal: MayReview) -> PosterLink:
    """To whom you write by ways of your own, such as in your app, where no mail address is known here."""
    days = app.settings.case_link_days
    link = links.for_poster(app.db, case_id, own(principal), days)
    return PosterLink(link=link, url=f"{app.settings.public_address}/v1/case-links/{link}", days=days)


@router.post("/{case_id}/refusal", operation_id="refuseNotice", summary="Do not deal with a notice", responses=_ACT)
def refuse_notice(case_id: str, why: Refusal, app: ApplicationDep, principal: MayReview) -> CaseRecord:
    """The notifier is told why, and can appeal."""
    who = reviewer(principal)
    app.case_decisions.refuse(who, case_id, why)
    return _shown(app, who, case_id)


@router.post("/{case_id}/put-back", operation_id="putBack", summary="Put posts back now", responses=_ACT)
def put_back(case_id: str, why: Explained, app: ApplicationDep, principal: MayReview) -> CaseRecord:
    """After a counter-notice, before the clock says so."""
    who = reviewer(principal)
    app.case_decisions.put_back(who, case_id, why)
    return _shown(app, who, case_id)


@router.post("/{case_id}/decision", operation_id="decideCase", summary="Decide a case", responses=_ACT)
def decide_case(case_id: str, decision: CaseDecision, app: ApplicationDep, principal: MayReview) -> CaseRecord:
    """Of two who decide at once one is refused."""
    who = reviewer(principal)
    app.case_decisions.decide(who, case_id, decision)
    return _shown(app, who, case_id)


@router.post("/{case_id}/appeal-decision", operation_id="decideAppeal", summary="Decide an appeal", responses=_ACT)
def decide_appeal(case_id: str, decision: CaseDecision, app: ApplicationDep, principal: MayReview) -> CaseRecord:
    """How the case stands from now on. Who has decided in it before is refused."""
    who = reviewer(principal)
    app.case_decisions.decide_appeal(who, case_id, decision)
    return _shown(app, who, case_id)


@router.post("/{case_id}/measures", operation_id="takeMeasure", summary="Warn or suspend a party", responses=_ACT)
def take_measure(case_id: str, new: Measure, app: ApplicationDep, principal: MayReview) -> CaseRecord:
    """Who misuses complaints is warned first, then suspended for a time."""
    who = reviewer(principal)
    app.case_decisions.measure(who, case_id, new)
    return _shown(app, who, case_id)


@router.delete(
    "/{case_id}/parties/{role}", operation_id="eraseParty", summary="Erase a party", status_code=204, responses=_ACT
)
def erase_party(case_id: str, role: Role, app: ApplicationDep, principal: MayReview) -> Response:
    """Who it was and what it said, once the case has ended. Facts and proofs stay."""
    app.case_erasures.forget(case_id, role, own(principal))
    return Response(status_code=204)


@router.post("/{case_id}/messages", operation_id="writeToParties", summary="Write to the parties", responses=_ACT)
def write_to_parties(case_id: str, new: StaffMessage, app: ApplicationDep, principal: MayReview) -> CaseRecord:
    who = reviewer(principal)
    app.case_decisions.message(who, case_id, new)
    return _shown(app, who, case_id)
