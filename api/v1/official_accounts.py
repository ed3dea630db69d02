"""/v1/official-accounts: what a platform records of its own accounts, and their standing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse

from provenance.accounts import standing
from provenance.schemas import (
    OfficialAccount,
    OfficialAccountRecord,
    Standing,
    StandingAnswer,
    StandingCount,
    StandingDecision,
)
from provenance.schemas.official_accounts import PLATFORM_ID

from ..dependencies import (
    ApplicationDep,
    Cursor,
    IdempotencyKey,
    Limit,
    MayReview,
    MayScan,
    Page,
    make_once,
    read_cursor,
    write_cursor,
)
from ..problems import responses

router = APIRouter(prefix="/v1/official-accounts", tags=["official accounts"])

AccountId = Annotated[
    str,
    Path(pattern=PLATFORM_ID, max_length=200, description="Your own id of the account.", examples=["gh_4f21c07"]),
]


@router.put(
    "/{account_id}",
    operation_id="putOfficialAccount",
    summary="Record an account of yours",
    responses=responses(401, 403, 404, 409),
)
def put_official_account(
    account_id: AccountId, account: OfficialAccount, app: ApplicationDep, principal: MayScan
) -> OfficialAccountRecord:
    """It takes the place of what was recorded of the account before. Qualifications and standing stay."""
    return app.official_accounts.put(principal.account_id, account_id, account)


@router.get(
    "",
    operation_id="listOfficialAccounts",
    summary="The accounts that you have recorded",
    responses=responses(401, 403),
)
def list_official_accounts(
    app: ApplicationDep,
    principal: MayScan,
    operator: Annotated[
        str | None, Query(pattern=PLATFORM_ID, max_length=200, description="Only those of this operator, by its id.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[OfficialAccountRecord]:
    """In the order in which they were recorded first."""
    items, number = app.official_accounts.page(
        principal.account_id, operator_id=operator, after=read_cursor(cursor), limit=limit
    )
    return Page(items=items, next=write_cursor(number))


@router.get(
    "/{account_id}", operation_id="getOfficialAccount", summary="One of them", responses=responses(401, 403, 404)
)
def get_official_account(account_id: AccountId, app: ApplicationDep, principal: MayScan) -> OfficialAccountRecord:
    return app.official_accounts.get(principal.account_id, account_id)


@router.delete(
    "/{account_id}/contact",
    operation_id="eraseOfficialContact",
    summary="Erase what is personal about it",
    responses=responses(401, 403, 404),
)
def erase_official_contact(account_id: AccountId, app: ApplicationDep, principal: MayScan) -> OfficialAccountRecord:
    """The contact is deleted for good. It was in no entry of the log."""
    return app.official_accounts.erase_contact(principal.account_id, account_id)


@router.get(
    "/{account_id}/standing",
    operation_id="getStanding",
    summary="Where it stands, and why",
    responses=responses(401, 403, 404),
)
def get_standing(account_id: AccountId, app: ApplicationDep, principal: MayScan) -> Standing:
    """Level, counters and every decision, oldest first."""
    return standing.read(app.db, principal.account_id, account_id, app.official_accounts.table)


@router.post(
    "/{account_id}/standing",
    operation_id="countAgainstAccount",
    summary="Record what was confirmed against it",
    status_code=201,
    response_model=StandingDecision,
    responses=responses(401, 403, 404, 409),
)
def count_against_account(
    account_id: AccountId,
    confirmed: StandingCount,
    app: ApplicationDep,
    principal: MayReview,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """It counts for the days that the standing table gives it, unless it is reversed."""

    def make(request_id: bytes | None) -> StandingDecision:
        table = app.official_accounts.table
        with app.db.write() as connection:
            return standing.count(connection, principal.account_id, account_id, confirmed, table, request_id=request_id)

    request = (f"official-accounts/{account_id}/standing", confirmed)
    return make_once(app, principal, idempotency_key, request, make)


@router.post(
    "/{account_id}/standing/{standing_decision_id}",
    operation_id="answerStanding",
    summary="Appeal against a decision, uphold it or reverse it",
    status_code=201,
    responses=responses(401, 403, 404, 409),
)
def answer_standing(
    account_id: AccountId, standing_decision_id: str, answer: StandingAnswer, app: ApplicationDep, principal: MayReview
) -> StandingDecision:
    """Nothing is changed: what is decided stands beside it. About an appeal another person decides."""
    return standing.answer(
        app.db, principal.account_id, account_id, standing_decision_id, answer, app.official_accounts.table
    )
