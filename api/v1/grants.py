"""/v1/works/{work_id}/grants: reuse that an owner allows beside the licence."""

from __future__ import annotations

from fastapi import APIRouter

from provenance.works import grants
from provenance.works.grants import Grant, NewGrant

from ..dependencies import Page, Registrar, ServiceDep, account_of, own
from ..problems import responses

router = APIRouter(prefix="/v1/works/{work_id}/grants", tags=["grants"])


@router.post(
    "", operation_id="giveGrant", summary="Allow a reuse", status_code=201, responses=responses(401, 403, 404, 409)
)
def give_grant(work_id: str, terms: NewGrant, service: ServiceDep, principal: Registrar) -> Grant:
    """It is entered into the log with its terms as a commitment, and counts in scans from then on."""
    return grants.give(service, account_of(service, principal), work_id, terms)


@router.get("", operation_id="listGrants", summary="The grants of a work", responses=responses(401, 403, 404))
def list_grants(work_id: str, service: ServiceDep, principal: Registrar) -> Page[Grant]:
    """Revoked ones too, oldest first."""
    return Page(items=grants.of_work(service, work_id, own(principal)), next=None)


@router.delete(
    "/{grant_id}", operation_id="revokeGrant", summary="End a grant", responses=responses(401, 403, 404, 409)
)
def revoke_grant(work_id: str, grant_id: str, service: ServiceDep, principal: Registrar) -> Grant:
    """What was posted under it before stays judged as it was."""
    return grants.revoke(service, account_of(service, principal), grant_id)
