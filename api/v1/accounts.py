"""/v1/accounts: for the administrator."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from provenance.accounts import accounts
from provenance.accounts.accounts import Account, NewAccount

from ..dependencies import ApplicationDep, MayAdminister
from ..problems import responses

router = APIRouter(prefix="/v1", tags=["accounts"])


class Accounts(BaseModel):
    items: list[Account]


@router.post(
    "/accounts",
    operation_id="createAccount",
    summary="Make an account",
    status_code=201,
    responses=responses(401, 403, 409),
)
def create_account(new: NewAccount, app: ApplicationDep, _: MayAdminister) -> Account:
    return accounts.create(app.db, new)


@router.get("/accounts", operation_id="listAccounts", summary="All accounts", responses=responses(401, 403))
def list_accounts(app: ApplicationDep, _: MayAdminister) -> Accounts:
    return Accounts(items=accounts.everyone(app.db))
