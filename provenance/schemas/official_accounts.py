"""An official account as its platform has recorded it: who stands behind it, and by whom that was verified."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, model_validator

from ..schema_fields import Country, Date, Line, Name, Record, Request, Said

PLATFORM_ID = r"^[A-Za-z0-9_][A-Za-z0-9._~:@+=-]*$"  # what a platform calls its account; it stands in addresses
PlatformId = Annotated[
    str, Field(max_length=200, examples=["gh_4f21c07"]), StringConstraints(pattern=PLATFORM_ID, min_length=1)
]
Entity = Literal["person", "company", "media", "government", "institution", "other"]
VerificationState = Literal["unverified", "pending", "verified", "refused", "withdrawn"]


class PlatformRef(Request):
    """An account by its platform's id."""

    account_id: PlatformId


class Operator(Request):
    """The person or organisation that runs the account, and maybe others."""

    id: PlatformId
    name: Said = Field(examples=["City Daily Media Ltd"])


# For the API's description: what the validator `_by_somebody` demands.
_BY_SOMEBODY: dict[str, JsonValue] = {
    "anyOf": [
        {"properties": {"state": {"enum": ["unverified", "pending"]}}},
        {"properties": {"by": {"type": "string"}}, "required": ["by"]},
    ]
}


class Verification(Request):
    """Whether the platform knows that the account is whom it says it is."""

    model_config = ConfigDict(json_schema_extra=_BY_SOMEBODY)

    state: VerificationState = "unverified"
    by: Said | None = Field(None, description="Who checked it.", examples=["Trust desk"])
    at: Date | None = Field(None, examples=["2026-01-31"])

    @model_validator(mode="after")
    def _by_somebody(self) -> Self:
        if self.state in ("verified", "refused", "withdrawn") and self.by is None:
            raise ValueError(f"by: say who has decided that it is {self.state}")
        return self


class Contact(Request):
    """Personal data: it can be erased, and is in no entry of the log."""

    name: Name | None = Field(None, examples=["Wen Lan"])
    email: Line | None = Field(None, examples=["desk@citydaily.example"])
    phone: Line | None = Field(None, examples=["+86 10 5550 0100"])
    address: Line | None = None


class OfficialAccount(Request):
    """What a platform records of one of its accounts. Sent again, it takes the place of what was recorded."""

    name: Said = Field(description="Display name.", examples=["City Daily"])
    names: list[Name] = Field(
        default_factory=list,
        max_length=50,
        description="Other names that the account bears, such as owners it stands for; as verified as the account is.",
        examples=[["城市日报"]],
    )
    entity: Entity = Field("other", description="Kind of entity.", examples=["media"])
    registered_in: Country | None = Field(None, description="Place of registration, ISO 3166-1.", examples=["CN"])
    operates_in: Country | None = Field(None, description="Place of operation, ISO 3166-1.", examples=["CN"])
    categories: list[Name] = Field(
        default_factory=list, max_length=50, description="What it publishes.", examples=[["news", "culture"]]
    )
    operator: Operator | None = None
    linked_account: Name | None = Field(
        None, description="Sourcemark account, id or name, whose works are this account's own.", examples=[None]
    )
    verification: Verification = Field(default_factory=Verification)
    contact: Contact | None = None


class OfficialAccountRecord(Record):
    """An official account with its standing."""

    account_id: PlatformId
    name: str
    names: list[str] = Field(default_factory=list)
    entity: Entity
    registered_in: str | None = None
    operates_in: str | None = None
    categories: list[str] = Field(default_factory=list)
    operator: Operator | None = None
    linked_account: str | None = Field(None, description="Id of the Sourcemark account.")
    verification: Verification
    contact: Contact | None = Field(None, description="Null where none was given, or it was erased.")
    news_licence_until: str | None = Field(
        None, description="Last day of the valid news-information-service licence; null without one."
    )
    level: int = Field(0, ge=0, description="Of its standing: 0 is good, more is worse.")
    created_at: str
    updated_at: str
