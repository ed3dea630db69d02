"""/v1/claim-decisions: whose claim counts, decided by people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from provenance.schema_fields import Said
from provenance.schemas import ClaimDecision, ClaimReversal, NewClaimDecision
from provenance.works import claim_decisions

from ..dependencies import (
    ApplicationDep,
    Cursor,
    IdempotencyKey,
    Limit,
    MayReview,
    Page,
    account_of,
    make_once,
    own,
    read_cursor,
    write_cursor,
)
from ..problems import responses

router = APIRouter(prefix="/v1/claim-decisions", tags=["claims"])


@router.post(
    "",
    operation_id="decideClaim",
    summary="Decide whose claim counts",
    status_code=201,
    response_model=ClaimDecision,
    responses=responses(401, 403, 404, 409),
)
def decide_claim(
    new: NewClaimDecision, app: ApplicationDep, principal: MayReview, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Your scans follow it from then on; an administrator's decision all scans. The log commits to it."""

    def make(request_id: bytes | None) -> ClaimDecision:
        return app.claim_decisions.decide(account_of(app.db, principal), new, request_id=request_id)

    return make_once(app, principal, idempotency_key, ("claim-decisions", new), make)


@router.get("", operation_id="listClaimDecisions", summary="Your decisions", responses=responses(401, 403))
def list_claim_decisions(
    app: ApplicationDep, principal: MayReview, cursor: Cursor = None, limit: Limit = 100
) -> Page[ClaimDecision]:
    """Oldest first, reversed ones too."""
    items, number = claim_decisions.page(app.db, app.log.origin, own(principal), after=read_cursor(cursor), limit=limit)
    return Page(items=items, next=write_cursor(number))


@router.get(
    "/{claim_decision_id}", operation_id="getClaimDecision", summary="One of them", responses=responses(401, 403, 404)
)
def get_claim_decision(claim_decision_id: str, app: ApplicationDep, principal: MayReview) -> ClaimDecision:
    return claim_decisions.get(app.db, app.log.origin, claim_decision_id, own(principal))


@router.delete(
    "/{claim_decision_id}",
    operation_id="reverseClaimDecision",
    summary="Take a decision back",
    responses=responses(401, 403, 404, 409),
)
def reverse_claim_decision(
    claim_decision_id: str,
    app: ApplicationDep,
    principal: MayReview,
    reason: Annotated[Said, Query(description="Why, in words.", examples=["The draft was forged"])],
) -> ClaimDecision:
    """The log keeps it and its end. What was judged under it stays judged as it was."""
    said = ClaimReversal(reason=reason)
    return app.claim_decisions.reverse(account_of(app.db, principal), claim_decision_id, said)
