"""/v1/signing-keys: the keys that sign an account's statements."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from provenance.accounts import enrolled_keys

from ..dependencies import ApplicationDep, MayRegister, own
from ..problems import responses

router = APIRouter(prefix="/v1", tags=["statements"])


class SigningKeyRecord(BaseModel):
    """A key that signs statements, and where the log says so."""

    keyid: str = Field(description="SHA-256 of the raw public key, hexadecimal.")
    account_id: str
    public_key: str = Field(description="The raw Ed25519 public key, hexadecimal.")
    custody: Literal["producer", "service"] = Field(description="Who keeps the private key.")
    created_at: str
    enrolled_index: int | None = Field(description="Log entry that enrolled it; null while it waits.")
    revoked_index: int | None = Field(description="Log entry that revoked it.")
    predecessor: str | None = Field(description="The key that named it its successor.")
    recovery: str | None = Field(description="The key that may revoke it when it is lost or stolen.")


class SigningKeys(BaseModel):
    items: list[SigningKeyRecord]


@router.get("/signing-keys", operation_id="listSigningKeys", summary="Your signing keys", responses=responses(401, 403))
def list_signing_keys(app: ApplicationDep, principal: MayRegister) -> SigningKeys:
    """Public halves only. Custody `service` means that the service keeps the private key and signs for the account."""
    return SigningKeys.model_validate({"items": enrolled_keys.list_all(app.db, own(principal))})
