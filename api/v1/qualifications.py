"""/v1/qualifications: licences of official accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from provenance.accounts import qualifications
from provenance.schemas import NewQualification, Qualification
from provenance.schemas.official_accounts import PLATFORM_ID
from provenance.schemas.qualifications import Day

from ..dependencies import (
    ApplicationDep,
    Cursor,
    IdempotencyKey,
    Limit,
    MayScan,
    Page,
    make_once,
    read_cursor,
    write_cursor,
)
from ..problems import responses

router = APIRouter(prefix="/v1/qualifications", tags=["official accounts"])


@router.post(
    "",
    operation_id="addQualification",
    summary="Record a licence of an account",
    status_code=201,
    response_model=Qualification,
    responses=responses(401, 403, 404, 409),
)
def add_qualification(
    new: NewQualification, app: ApplicationDep, principal: MayScan, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Before it expires the event `qualification.expiring` is sent, once."""

    def make(request_id: bytes | None) -> Qualification:
        days = app.settings.qualification_warning_days
        return qualifications.add(app.db, principal.account_id, new, days, request_id=request_id)

    return make_once(app, principal, idempotency_key, ("qualifications", new), make)


@router.get("", operation_id="listQualifications", summary="Licences of your accounts", responses=responses(401, 403))
def list_qualifications(
    app: ApplicationDep,
    principal: MayScan,
    account_id: Annotated[
        str | None, Query(pattern=PLATFORM_ID, max_length=200, description="Only this account's.")
    ] = None,
    before: Annotated[
        Day | None, Query(description="Only those that count and end before this day.", examples=["2027-01-31"])
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Qualification]:
    """In the order in which they were recorded, ended ones too."""
    items, number = qualifications.page(
        app.db,
        principal.account_id,
        app.settings.qualification_warning_days,
        account_id=account_id,
        before=before,
        after=read_cursor(cursor),
        limit=limit,
    )
    return Page(items=items, next=write_cursor(number))


@router.get(
    "/{qualification_id}", operation_id="getQualification", summary="One of them", responses=responses(401, 403, 404)
)
def get_qualification(qualification_id: str, app: ApplicationDep, principal: MayScan) -> Qualification:
    days = app.settings.qualification_warning_days
    return qualifications.get(app.db, principal.account_id, qualification_id, days)


@router.delete(
    "/{qualification_id}",
    operation_id="endQualification",
    summary="End a licence before its day",
    responses=responses(401, 403, 404, 409),
)
def end_qualification(qualification_id: str, app: ApplicationDep, principal: MayScan) -> Qualification:
    """It was taken back, or recorded wrongly: it counts no longer, and stays in the list."""
    days = app.settings.qualification_warning_days
    return qualifications.end(app.db, principal.account_id, qualification_id, days)
