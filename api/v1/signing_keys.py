"""/v1/signing-keys: the keys that sign an account's statements."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from provenance.accounts import enrolled_keys
from provenance.accounts.enrolled_keys import SigningKeyRecord

from ..dependencies import ApplicationDep, MayRegister, own
from ..problems import responses

router = APIRouter(prefix="/v1", tags=["statements"])


class SigningKeys(BaseModel):
    items: list[SigningKeyRecord]


@router.get("/signing-keys", operation_id="listSigningKeys", summary="Your signing keys", responses=responses(401, 403))
def list_signing_keys(app: ApplicationDep, principal: MayRegister) -> SigningKeys:
    """Public halves only. Custody `service` means that the service keeps the private key and signs for the account."""
    return SigningKeys(items=enrolled_keys.list_all(app.db, own(principal)))
