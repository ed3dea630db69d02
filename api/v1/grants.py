"""/v1/works/{work_id}/grants: reuse that an owner allows beside the licence."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from provenance.works import grants
from provenance.works.grants import Grant, NewGrant

from ..dependencies import ApplicationDep, IdempotencyKey, MayRegister, Page, account_of, make_once, own
from ..problems import responses

router = APIRouter(prefix="/v1/works/{work_id}/grants", tags=["grants"])


@router.post(
    "",
    operation_id="giveGrant",
    summary="Allow a reuse",
    status_code=201,
    response_model=Grant,
    responses=responses(401, 403, 404, 409),
)
def give_grant(
    work_id: str,
    terms: NewGrant,
    app: ApplicationDep,
    principal: MayRegister,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """It is entered into the log with its terms as a commitment, and counts in scans from then on."""

    def make(request_id: bytes | None) -> Grant:
        return app.grants.give(account_of(app.db, principal), work_id, terms, request_id=request_id)

    return make_once(app, principal, idempotency_key, (f"works/{work_id}/grants", terms), make)


@router.get("", operation_id="listGrants", summary="The grants of a work", responses=responses(401, 403, 404))
def list_grants(work_id: str, app: ApplicationDep, principal: MayRegister) -> Page[Grant]:
    """Revoked ones too, oldest first."""
    return Page(items=grants.of_work(app.db, app.log.origin, work_id, own(principal)), next=None)


@router.delete(
    "/{grant_id}", operation_id="revokeGrant", summary="End a grant", responses=responses(401, 403, 404, 409)
)
def revoke_grant(work_id: str, grant_id: str, app: ApplicationDep, principal: MayRegister) -> Grant:
    """What was posted under it before stays judged as it was."""
    return app.grants.revoke(account_of(app.db, principal), grant_id, work_id=work_id)
