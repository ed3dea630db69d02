"""/v1/keys: API keys, for the administrator."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from provenance.accounts import accounts
from provenance.accounts.accounts import ApiKey, IssuedKey, NewApiKey

from ..dependencies import ApplicationDep, MayAdminister
from ..problems import responses

router = APIRouter(prefix="/v1", tags=["accounts"])


class ApiKeys(BaseModel):
    items: list[ApiKey]


@router.post(
    "/keys", operation_id="createKey", summary="Make an API key", status_code=201, responses=responses(401, 403, 404)
)
def create_key(new: NewApiKey, app: ApplicationDep, _: MayAdminister) -> IssuedKey:
    """The secret is in this answer and nowhere else."""
    return accounts.issue_key(app.db, new)


@router.get(
    "/keys", operation_id="listKeys", summary="All API keys, without their secrets", responses=responses(401, 403)
)
def list_keys(app: ApplicationDep, _: MayAdminister) -> ApiKeys:
    return ApiKeys(items=accounts.keys(app.db))


@router.delete(
    "/keys/{key_id}", operation_id="revokeKey", summary="Revoke an API key", responses=responses(401, 403, 404)
)
def revoke_key(key_id: str, app: ApplicationDep, _: MayAdminister) -> ApiKey:
    return accounts.revoke_key(app.db, key_id)
