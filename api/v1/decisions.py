"""/v1/decisions: what people and rules decided about posts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, StreamingResponse

from provenance import spreadsheet
from provenance.scans.review import bulk, history
from provenance.scans.review.history import Sought
from provenance.scans.sightings import parse_since
from provenance.schemas.decisions import BulkAnswers, BulkDecision, Decision, Outcome, ScanDecision, Undo

from ..dependencies import ApplicationDep, Cursor, Limit, MayReview, Page, own, read_cursor, reviewer, write_cursor
from ..later import ACCEPTED, Prefer, add_job, job_headers, wants_job
from ..problems import responses

router = APIRouter(prefix="/v1/decisions", tags=["review"])

_CSV = {"text/csv": {"schema": {"type": "string"}}}
_Since = Annotated[
    str | None,
    Query(max_length=40, description="Decided then or later, ISO 8601.", json_schema_extra={"format": "date"}),
]
_Until = Annotated[
    str | None, Query(max_length=40, description="Decided before.", json_schema_extra={"format": "date"})
]


@router.post("", operation_id="decideScan", summary="Decide about a scan", responses=responses(401, 403, 404, 409))
def decide_scan(decision: ScanDecision, app: ApplicationDep, principal: MayReview) -> Decision:
    """In the queue or not. To overrule a person's decision, name it in `supersedes`."""
    return app.decisions.decide_scan(reviewer(principal), decision.scan_id, decision, decision.supersedes)


@router.post(
    "/batch",
    operation_id="decideMany",
    summary="One decision about many posts",
    response_model=BulkAnswers,
    responses=responses(401, 403, ok=ACCEPTED),
)
def decide_many(
    decision: BulkDecision, app: ApplicationDep, principal: MayReview, prefer: Prefer = None
) -> JSONResponse:
    """Each id is answered on its own: what is refused keeps no other one back. With `Prefer: respond-async` a job does
    it, and its results are the answers."""
    who = reviewer(principal)
    if not wants_job(prefer):
        return JSONResponse(app.decisions.decide_many(who, decision).model_dump(mode="json"))
    batch = bulk.DecisionBatch(account_id=who.account_id, reviewer=who.id, reviewer_name=who.name, decision=decision)
    status, job = add_job(app, principal, bulk.KIND, batch)
    return JSONResponse(job, status, job_headers(job, prefer))


@router.get(
    "",
    operation_id="listDecisions",
    summary="The log of decisions",
    response_model=Page[Decision],
    responses=responses(
        401,
        403,
        ok={200: {"description": "A page, or all as CSV", "content": _CSV}},
    ),
)
def list_decisions(
    app: ApplicationDep,
    principal: MayReview,
    decision: Outcome | None = None,
    automated: bool | None = None,
    by: Annotated[str | None, Query(max_length=200, description="Id or label of the reviewer's key.")] = None,
    reason: Annotated[str | None, Query(max_length=60)] = None,
    scan_id: Annotated[str | None, Query(max_length=100)] = None,
    since: _Since = None,
    until: _Until = None,
    format: Annotated[Literal["json", "csv"], Query(description="csv: all that fit, without pages.")] = "json",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Any:
    """Oldest first."""
    sought = Sought(decision, automated, by, reason, scan_id, parse_since(since), parse_since(until))
    if format == "csv":
        rows = _rows(history.whole_log(app.db, own(principal), sought))
        return StreamingResponse(rows, media_type="text/csv; charset=utf-8")
    found, after = history.log(app.db, own(principal), sought, after=read_cursor(cursor), limit=limit)
    return Page(items=found, next=write_cursor(after))


def _rows(found: Iterator[Decision]) -> Iterator[str]:
    yield spreadsheet.row(history.COLUMNS)
    for decision in found:
        yield spreadsheet.row(history.cells(decision))


@router.get("/{decision_id}", operation_id="getDecision", summary="One decision", responses=responses(401, 403, 404))
def get_decision(decision_id: str, app: ApplicationDep, principal: MayReview) -> Decision:
    return history.get(app.db, own(principal), decision_id)


@router.post(
    "/{decision_id}/undo",
    operation_id="undoDecision",
    summary="Take a decision back",
    responses=responses(401, 403, 404, 409),
)
def undo_decision(decision_id: str, why: Undo, app: ApplicationDep, principal: MayReview) -> Decision:
    """It stays in the log. What was decided before counts again; the post waits again if it had waited."""
    return app.decisions.undo(reviewer(principal), decision_id, why)
