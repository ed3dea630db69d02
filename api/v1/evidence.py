"""/v1/works/{work_id}/evidence and /claims: what shows whose a work is, and who else claims it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from provenance.schemas import CompetingClaim, Evidence, NewEvidence
from provenance.works import claim_decisions, evidence

from ..dependencies import (
    ApplicationDep,
    IdempotencyKey,
    MayLookUpOrReview,
    MayRegister,
    Page,
    account_of,
    make_once,
    own,
)
from ..problems import responses

router = APIRouter(prefix="/v1/works/{work_id}", tags=["claims"])


@router.post(
    "/evidence",
    operation_id="addEvidence",
    summary="Bring forward what shows whose it is",
    status_code=201,
    response_model=Evidence,
    responses=responses(401, 403, 404, 409),
)
def add_evidence(
    work_id: str,
    new: NewEvidence,
    app: ApplicationDep,
    principal: MayRegister,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """The document stays with you. An entry of the log commits to its digest, kind and date."""

    def make(request_id: bytes | None) -> Evidence:
        return app.evidence.add(account_of(app.db, principal), work_id, new, request_id=request_id)

    return make_once(app, principal, idempotency_key, (f"works/{work_id}/evidence", new), make)


@router.get(
    "/evidence", operation_id="listEvidence", summary="The evidence of a work", responses=responses(401, 403, 404)
)
def list_evidence(work_id: str, app: ApplicationDep, principal: MayRegister) -> Page[Evidence]:
    """Also what was withdrawn, in the order in which it was added."""
    return Page(items=evidence.of_work(app.db, app.log.origin, work_id, own(principal)), next=None)


@router.delete(
    "/evidence/{evidence_id}",
    operation_id="withdrawEvidence",
    summary="Take evidence back",
    responses=responses(401, 403, 404, 409),
)
def withdraw_evidence(work_id: str, evidence_id: str, app: ApplicationDep, principal: MayRegister) -> Evidence:
    """That it was brought forward stays in the log."""
    return app.evidence.withdraw(account_of(app.db, principal), evidence_id, work_id=work_id)


@router.get(
    "/claims",
    operation_id="listCompetingClaims",
    summary="Who claims the same content, by the date that each can show",
    responses=responses(401, 403, 404),
)
def list_competing_claims(work_id: str, app: ApplicationDep, principal: MayLookUpOrReview) -> Page[CompetingClaim]:
    """The work's own claim among them, each with its evidence and the decisions that you follow.

    For the accounts of these works, and for a platform whose scans have found the work.
    """
    account = account_of(app.db, principal)
    return Page(items=claim_decisions.competing(app.db, app.log.origin, work_id, account), next=None)
