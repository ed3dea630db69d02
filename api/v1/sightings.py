"""/v1/sightings: where were my works seen?"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from provenance.errors import NotFound
from provenance.scans import evidence_page, sightings
from provenance.scans.sightings import SeenAs
from provenance.schemas import MonthOfSightings, SightingRecord, Verdict

from ..dependencies import ApplicationDep, Cursor, Limit, MayLookUp, Page, own, read_cursor, write_cursor
from ..problems import responses

router = APIRouter(prefix="/v1/sightings", tags=["sightings"])


@router.get("", operation_id="listSightings", summary="Where your works were seen", responses=responses(401, 403))
def list_sightings(
    app: ApplicationDep,
    principal: MayLookUp,
    work_id: Annotated[str | None, Query(max_length=100, description="Only this work.")] = None,
    owner: Annotated[str | None, Query(max_length=500, description="Only works of this owner.")] = None,
    since: Annotated[
        str | None,
        Query(max_length=40, description="Seen then or later, ISO 8601.", json_schema_extra={"format": "date"}),
    ] = None,
    until: Annotated[
        str | None,
        Query(max_length=40, description="Last seen before, ISO 8601.", json_schema_extra={"format": "date"}),
    ] = None,
    platform: Annotated[str | None, Query(max_length=200, description="Reported by this account, id or name.")] = None,
    account: Annotated[str | None, Query(max_length=500, description="Posted by this account.")] = None,
    verdict: Annotated[Verdict | None, Query(description="What the last scan found.")] = None,
    min_coverage: Annotated[float | None, Query(ge=0, le=1, description="Least share of the work in it.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[SightingRecord]:
    """One item a post and work, in the order they were first seen. A post that is scanned again keeps its place: to
    follow changes, ask for what was seen `since`."""
    found, after = sightings.page(
        app.db,
        own(principal),
        work_ids=None if work_id is None else [work_id],
        owner=owner,
        since=sightings.parse_since(since),
        seen_as=SeenAs(platform, account, verdict, min_coverage, sightings.parse_since(until, "until")),
        after=read_cursor(cursor),
        limit=limit,
    )
    return Page(items=found, next=write_cursor(after))


@router.get("/months", operation_id="countSightings", summary="Sightings a month", responses=responses(401, 403))
def count_sightings(app: ApplicationDep, principal: MayLookUp) -> Page[MonthOfSightings]:
    """Posts with your works by the month they were first seen in, the last 24 with any, oldest first."""
    return Page(items=sightings.by_month(app.db, own(principal)), next=None)


@router.get("/{sighting_id}", operation_id="getSighting", summary="One sighting", responses=responses(401, 403, 404))
def get_sighting(sighting_id: str, app: ApplicationDep, principal: MayLookUp) -> SightingRecord:
    with app.db.read() as connection:
        return sightings.get(connection, sighting_id, own(principal)).record


@router.get(
    "/{sighting_id}/evidence",
    operation_id="getSightingEvidence",
    summary="What a sighting rests on, as a page for people",
    response_class=Response,
    responses=responses(
        401,
        403,
        404,
        ok={200: {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}},
    ),
)
def get_evidence(
    sighting_id: str,
    app: ApplicationDep,
    principal: MayLookUp,
    lang: Annotated[Literal["en", "zh"], Query()] = "en",
) -> Response:
    """Who reported it, where and when, with the picture beside the work, or a text's passages beside the work's."""
    return Response(evidence_page.make(app.db, sighting_id, own(principal), lang).html, media_type="text/html")


@router.get(
    "/{sighting_id}/picture",
    operation_id="showSighting",
    summary="The picture beside the work",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "The picture"}, **responses(401, 403, 404)},
)
def show_sighting(sighting_id: str, app: ApplicationDep, principal: MayLookUp) -> Response:
    """What was found outlined on both."""
    picture = evidence_page.make(app.db, sighting_id, own(principal)).picture
    if picture is None:
        raise NotFound(f"nothing can be shown of {sighting_id!r}: it is no picture, or the work was erased")
    return Response(picture, media_type="image/png")
