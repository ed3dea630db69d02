"""/v1/keys: API keys, for the administrator."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from provenance.accounts import accounts, quotas
from provenance.accounts.accounts import ApiKey, IssuedKey, NewApiKey
from provenance.accounts.quotas import KeyLimits, KeySent

from ..dependencies import AnyKey, ApplicationDep, MayAdminister
from ..problems import responses

router = APIRouter(prefix="/v1", tags=["accounts"])


class KeyUsage(BaseModel):
    key_id: str
    limits: KeyLimits = Field(description="In force, 0: any number.")
    sent: KeySent


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


@router.put(
    "/keys/{key_id}/limits",
    operation_id="limitKey",
    summary="Limit what a key may send",
    responses=responses(401, 403, 404),
)
def limit_key(key_id: str, limits: KeyLimits, app: ApplicationDep, _: MayAdminister) -> ApiKey:
    """In place of the limits that it had: what is null follows the settings of the service."""
    return accounts.limit_key(app.db, key_id, limits)


@router.get("/usage", operation_id="getUsage", summary="What your key may send, and has sent", responses=responses(401))
def get_usage(app: ApplicationDep, principal: AnyKey) -> KeyUsage:
    """A day and a month are those of UTC. What the last seconds brought may be missing."""
    with app.db.read() as connection:
        sent = quotas.sent(connection, [principal.key_id]).get(principal.key_id, KeySent())
    return KeyUsage(key_id=principal.key_id, limits=principal.limits.or_of(app.settings), sent=sent)


@router.delete(
    "/keys/{key_id}", operation_id="revokeKey", summary="Revoke an API key", responses=responses(401, 403, 404)
)
def revoke_key(key_id: str, app: ApplicationDep, _: MayAdminister) -> ApiKey:
    return accounts.revoke_key(app.db, key_id)
