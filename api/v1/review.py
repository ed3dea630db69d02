"""/v1/review: all that is known about a post, and the numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from provenance.scans.review import history
from provenance.scans.sightings import parse_since
from provenance.schemas.review import History, ReviewOverview

from ..dependencies import ApplicationDep, MayReview, reviewer
from ..problems import responses

router = APIRouter(prefix="/v1/review", tags=["review"])


@router.get("/history", operation_id="getHistory", summary="All about a post", responses=responses(401, 403, 404))
def get_history(
    app: ApplicationDep,
    principal: MayReview,
    ref: Annotated[
        str,
        Query(
            min_length=1,
            max_length=2000,
            description="Id of a scan, item, decision, statement of reasons or work; else a post's address or external "
            "id, or the name or id of the account that posts.",
        ),
    ],
) -> History:
    """Scans, items with remarks, decisions and what stays down: of the newest hundred scans it speaks of."""
    return history.of(app.db, reviewer(principal), ref, app.review_queue.lease_seconds)


@router.get(
    "/overview", operation_id="getOverview", summary="What waits and what was decided", responses=responses(401, 403)
)
def get_overview(
    app: ApplicationDep,
    principal: MayReview,
    since: Annotated[
        str | None,
        Query(max_length=40, description="Decisions of then or later, ISO 8601.", json_schema_extra={"format": "date"}),
    ] = None,
) -> ReviewOverview:
    """Queue by queue; decisions of rules beside those of people, by outcome, reason and reviewer."""
    return history.overview(app.db, reviewer(principal), parse_since(since), app.review_queue.lease_seconds)
