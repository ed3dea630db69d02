"""/v1/transparency: what complaints came and what became of them, for everybody and about nobody."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from provenance import spreadsheet
from provenance.cases import feed, register
from provenance.cases.register import Sought
from provenance.scans.sightings import parse_since
from provenance.schemas.case import MonthlyCount, PublicCase

from ..complainants import Sender
from ..dependencies import ApplicationDep, Cursor, Limit, Page, read_cursor, write_cursor
from ..problems import Responses, responses

router = APIRouter(prefix="/v1/transparency", tags=["transparency"])

_CSV: Responses = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
_FEED: Responses = {
    200: {"description": "The feed", "content": {"application/atom+xml": {"schema": {"type": "string"}}}}
}
_MEDIA_TYPE = "text/csv; charset=utf-8"
Format = Annotated[Literal["json", "csv"], Query()]
Regime = Annotated[str | None, Query(max_length=40, description="Only this one.", examples=["eu-dsa"])]


@router.get(
    "/cases",
    operation_id="listPublicCases",
    summary="Complaints and what became of them",
    response_model=Page[PublicCase],
    responses=responses(401, 429, ok=_CSV),
)
def list_public_cases(
    app: ApplicationDep,
    sender: Sender,
    request: Request,
    address: Annotated[str | None, Query(max_length=2000, description="About a post with this address.")] = None,
    work_id: Annotated[str | None, Query(max_length=100)] = None,
    regime: Regime = None,
    since: Annotated[
        str | None,
        Query(max_length=40, description="Changed then or later, ISO 8601.", json_schema_extra={"format": "date"}),
    ] = None,
    format: Format = "json",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Any:
    """Those that were forwarded or refused, oldest first; nothing in them is personal. Of CSV the header `Link` names
    the next page."""
    sought = Sought(address, work_id, regime, parse_since(since))
    found, after = register.page(app.db, app.log, sought, after=read_cursor(cursor), limit=limit)
    following = write_cursor(after)
    if format == "json":
        return Page(items=found, next=following)
    lines = [spreadsheet.row(register.COLUMNS), *(spreadsheet.row(register.cells(case)) for case in found)]
    following_page = request.url.include_query_params(cursor=following)
    link = {"Link": f'<{following_page.path}?{following_page.query}>; rel="next"'} if following else None
    return Response("".join(lines), media_type=_MEDIA_TYPE, headers=link)


@router.get(
    "/cases/{case_id}",
    operation_id="getPublicCase",
    summary="One of them",
    responses=responses(401, 404, 429),
)
def get_public_case(case_id: str, app: ApplicationDep, sender: Sender) -> PublicCase:
    return register.get(app.db, app.log, case_id)


@router.get(
    "/months",
    operation_id="listMonths",
    summary="How many complaints came in each month, and what became of them",
    response_model=Page[MonthlyCount],
    responses=responses(401, 429, ok=_CSV),
)
def list_months(app: ApplicationDep, sender: Sender, regime: Regime = None, format: Format = "json") -> Any:
    """The newest month first, the last 240 lines; they change while cases go on."""
    found = register.months(app.db, regime=regime)
    if format == "json":
        return Page(items=found, next=None)
    lines = [spreadsheet.row(register.MONTH_COLUMNS), *(spreadsheet.row(dict(each).values()) for each in found)]
    return Response("".join(lines), media_type=_MEDIA_TYPE)


@router.get(
    "/feed",
    operation_id="getFeed",
    summary="What changed last, as an Atom feed",
    response_class=Response,
    responses=responses(
        401,
        429,
        ok={200: {"description": "The feed", "content": {"application/atom+xml": {"schema": {"type": "string"}}}}},
    ),
)
def get_feed(
    app: ApplicationDep,
    sender: Sender,
    address: Annotated[str | None, Query(max_length=2000, description="About a post with this address.")] = None,
    work_id: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """The 50 cases that changed last."""
    newest = register.newest(app.db, app.log, Sought(address, work_id))
    where = f"{app.settings.public_address}/v1/transparency"
    return Response(feed.atom(newest, where, app.log.origin), media_type="application/atom+xml")
