"""/v1/sightings: where were my works seen?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from provenance.scans import sightings
from provenance.schemas import SightingRecord

from ..dependencies import ApplicationDep, Cursor, Limit, MayLookUp, Page, own, read_cursor, write_cursor
from ..problems import responses

router = APIRouter(prefix="/v1/sightings", tags=["sightings"])


@router.get("", operation_id="listSightings", summary="Where your works were seen", responses=responses(401, 403))
def list_sightings(
    app: ApplicationDep,
    principal: MayLookUp,
    work_id: Annotated[str | None, Query(max_length=100, description="Only this work.")] = None,
    owner: Annotated[str | None, Query(max_length=500, description="Only works of this owner.")] = None,
    since: Annotated[str | None, Query(max_length=40, description="Seen then or later, ISO 8601.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[SightingRecord]:
    found, after = sightings.page(
        app.db,
        own(principal),
        work_ids=None if work_id is None else [work_id],
        owner=owner,
        since=sightings.parse_since(since),
        after=read_cursor(cursor),
        limit=limit,
    )
    return Page(items=found, next=write_cursor(after))
