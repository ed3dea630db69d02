"""/v1/statements and /v1/signing-keys: what producers sign with keys of their own."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from provenance import signing, statements
from provenance.statements import SignedStatement, Submitted

from ..dependencies import Registrar, ServiceDep, account_of, own
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


@router.post(
    "/statements",
    operation_id="submitStatement",
    summary="Submit a signed statement",
    status_code=201,
    responses=responses(401, 403, 404, 409, 422),
)
def submit_statement(signed: SignedStatement, service: ServiceDep, principal: Registrar) -> Submitted:
    """A registration that was prepared here, or an enrolment or revocation of a key, a withdrawal or a sealed
    registration that the client wrote by itself. Sending it twice is safe: it is answered again, not carried out again.
    """
    return statements.submit(service, account_of(service, principal), signed)


@router.get("/signing-keys", operation_id="listSigningKeys", summary="Your signing keys", responses=responses(401, 403))
def list_signing_keys(service: ServiceDep, principal: Registrar) -> SigningKeys:
    """Public halves only. Custody `service` means that the service keeps the private key and signs for the account."""
    return SigningKeys.model_validate({"items": signing.signing_key_rows(service, own(principal))})
