"""/v1/stay-down: confirmed cases that are not to come back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from provenance.scans.review import stay_down
from provenance.schemas.stay_down import NewStayDown, StayDown

from ..dependencies import ApplicationDep, Cursor, Limit, MayReview, Page, own, read_cursor, reviewer, write_cursor
from ..problems import responses

router = APIRouter(prefix="/v1/stay-down", tags=["review"])


@router.post(
    "",
    operation_id="addStayDown",
    summary="Keep a case down",
    status_code=201,
    responses=responses(401, 403, 404),
)
def add_stay_down(new: NewStayDown, app: ApplicationDep, principal: MayReview) -> StayDown:
    """The exact content of a scan, or posts that show a work. Asked before the policy, from the next scan on."""
    return stay_down.add(app.db, reviewer(principal), principal.account_id, new)


@router.get("", operation_id="listStayDown", summary="What stays down", responses=responses(401, 403))
def list_stay_down(
    app: ApplicationDep,
    principal: MayReview,
    ended: Annotated[bool, Query(description="Also what has ended or expired.")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[StayDown]:
    """Oldest first."""
    found, after = stay_down.page(app.db, own(principal), ended=ended, after=read_cursor(cursor), limit=limit)
    return Page(items=found, next=write_cursor(after))


@router.get("/{stay_down_id}", operation_id="getStayDown", summary="One of them", responses=responses(401, 403, 404))
def get_stay_down(stay_down_id: str, app: ApplicationDep, principal: MayReview) -> StayDown:
    """Ended ones too."""
    return stay_down.get(app.db, own(principal), stay_down_id)


@router.delete(
    "/{stay_down_id}", operation_id="endStayDown", summary="Keep it down no longer", responses=responses(401, 403, 404)
)
def end_stay_down(stay_down_id: str, app: ApplicationDep, principal: MayReview) -> StayDown:
    return stay_down.end(app.db, own(principal), stay_down_id)
