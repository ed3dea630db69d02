"""/v1/accounts and /v1/keys: for the administrator."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from provenance.accounts import accounts
from provenance.accounts.accounts import Account, ApiKey, IssuedKey, NewAccount, NewApiKey

from ..dependencies import Administrator, ServiceDep
from ..problems import responses

router = APIRouter(prefix="/v1", tags=["accounts"])


class Accounts(BaseModel):
    items: list[Account]


class ApiKeys(BaseModel):
    items: list[ApiKey]


@router.post(
    "/accounts",
    operation_id="createAccount",
    summary="Make an account",
    status_code=201,
    responses=responses(401, 403, 409),
)
def create_account(new: NewAccount, service: ServiceDep, _: Administrator) -> Account:
    return accounts.create(service.db, new)


@router.get("/accounts", operation_id="listAccounts", summary="All accounts", responses=responses(401, 403))
def list_accounts(service: ServiceDep, _: Administrator) -> Accounts:
    return Accounts(items=accounts.everyone(service.db))


@router.post(
    "/keys", operation_id="createKey", summary="Make an API key", status_code=201, responses=responses(401, 403, 404)
)
def create_key(new: NewApiKey, service: ServiceDep, _: Administrator) -> IssuedKey:
    """The secret is in this answer and nowhere else."""
    return accounts.issue_key(service.db, new)


@router.get(
    "/keys", operation_id="listKeys", summary="All API keys, without their secrets", responses=responses(401, 403)
)
def list_keys(service: ServiceDep, _: Administrator) -> ApiKeys:
    return ApiKeys(items=accounts.keys(service.db))


@router.delete(
    "/keys/{key_id}", operation_id="revokeKey", summary="Revoke an API key", responses=responses(401, 403, 404)
)
def revoke_key(key_id: str, service: ServiceDep, _: Administrator) -> ApiKey:
    return accounts.revoke_key(service.db, key_id)
