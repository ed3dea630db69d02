"""What is claimed of a work: at its registration, later, by another owner; and what shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, StrictBool, field_validator, model_validator

from .. import licences
from ..schema_fields import LICENCES, NOTHING, Date, Line, Meta, Name, NewLicence, Record, Request, Sha256, Url

EvidenceKind = Literal["draft", "original", "publication", "certificate", "contract", "other"]


class Claim(Record):
    """What a producer claims about a work. Everything here is claimed, not proven, until evidence is attached."""

    title: Line = Field("", description="Title; default: the file's name.", examples=["The Clock Mender"])
    owner: Name = Field("", description="Copyright owner as claimed.", examples=["Lin Zhaoyun"])
    owner_aliases: list[Name] = Field(default_factory=list, max_length=50, examples=[["林昭云"]])
    authors: list[Name] = Field(default_factory=list, max_length=50, examples=[["Lin Zhaoyun"]])
    source_name: Name | None = Field(None, description="Where it was first published.", examples=["North Bank"])
    source_urls: list[Url] = Field(default_factory=list, max_length=50, examples=[["https://northbank.example/a/17"]])
    source_handle: Name | None = Field(
        None, description="Account id of the source on a platform.", examples=["northbank"]
    )
    identifiers: list[Line] = Field(default_factory=list, max_length=50, examples=[["doi:10.5555/12345678"]])
    licence: Line | None = Field(
        None,
        description="all-rights-reserved, reprint-with-credit, CC-BY-4.0 ...",
        examples=["CC-BY-4.0"],
    )
    published_at: Date | None = Field(None, examples=["2026-01-31"])


class NewClaim(Claim, Request):
    """A claim that is made now, held to what an older one need not keep to."""

    licence: NewLicence | None = Field(
        None,
        description=licences.ACCEPTED,
        examples=["CC-BY-4.0"],
        json_schema_extra={"anyOf": [*LICENCES, *NOTHING]},
    )

    @field_validator("licence", mode="before")
    @classmethod
    def _no_licence(cls, value: Any) -> Any:
        return None if value == "" else value


# For the API's description: what the validator `_shows_something` demands.
_SHOWS_SOMETHING: dict[str, JsonValue] = {
    "anyOf": [
        {"properties": {"address": {"type": "string"}}, "required": ["address"]},
        {
            "properties": {"digest": {"type": "string"}, "kind": {"not": {"const": "publication"}}},
            "required": ["digest"],
        },
    ]
}


class NewEvidence(Request):
    """Something that shows whose a work is. A document stays with its owner: only its digest is kept."""

    model_config = ConfigDict(json_schema_extra=_SHOWS_SOMETHING)

    kind: EvidenceKind = Field(
        description="draft, original: of the work's making; publication: first published at an address; certificate: "
        "of a registry or notary; contract: by which the right came."
    )
    date: Date = Field(description="What it dates from, as claimed.", examples=["2025-11-02"])
    digest: Sha256 | None = Field(
        None, description="SHA-256 of the document, or of a screenshot of the address.", examples=["9f" * 32]
    )
    address: Url | None = Field(
        None, description="Where it was published.", examples=["https://northbank.example/a/17"]
    )
    shows: Line | None = Field(None, description="What it shows, in words.", examples=["First draft with corrections"])

    @model_validator(mode="after")
    def _shows_something(self) -> Self:
        if self.kind == "publication" and self.address is None:
            raise ValueError("address: say where it was published")
        if self.digest is None and self.address is None:
            raise ValueError("digest: give the SHA-256 of the document, or an address")
        return self


# For the API's description: what the validator `_sealed_or_open` demands.
_NOT_SEALED: dict[str, JsonValue] = {"properties": {"sealed": {"const": False}}}
_SEALED_OR_OPEN: dict[str, JsonValue] = {
    "anyOf": [
        {"properties": {"opens": {"type": "null"}, "seal": {"type": "null"}}},
        {"properties": {"sealed": {"const": False}, "opens": {"type": "string"}}, "required": ["opens"]},
        {**_NOT_SEALED, "properties": {"sealed": {"const": False}, "seal": {"type": "null"}}},
    ]
}


class NewWork(NewClaim):
    """A work to register."""

    model_config = ConfigDict(json_schema_extra=_SEALED_OR_OPEN)

    # Many exports have one address a work; taking it costs a line and saves every script a mapping.
    source_url: Url | None = Field(None, exclude=True, description="One more of `source_urls`.")
    external_id: Line | None = Field(None, description="Your own id of the work.", examples=["article-17"])
    text: str | None = Field(
        None, description="The text itself, in place of a file.", examples=["A text of some length ..."]
    )
    sealed: StrictBool = Field(False, description="Tell the log nothing of the work, not even its digest.")
    opens: Line | None = Field(None, description="Id of the sealed work of yours that this registration opens.")
    seal: Annotated[str, Field(max_length=44)] | None = Field(
        None, description="Salt of that sealed work, base64, where the service does not keep it."
    )
    evidence: list[NewEvidence] = Field(
        default_factory=list,
        max_length=20,
        description="What shows whose it is; more can be brought forward later.",
        examples=[[]],
    )
    meta: Meta = None

    @model_validator(mode="after")
    def _sealed_or_open(self) -> Self:
        if self.sealed and self.opens is not None:
            raise ValueError("sealed and opens exclude each other")
        if self.seal is not None and self.opens is None:
            raise ValueError("seal belongs to opens, which is missing")
        return self

    @model_validator(mode="after")
    def _with_source_url(self) -> Self:
        if self.source_url is not None and self.source_url not in self.source_urls:
            self.source_urls = [self.source_url, *self.source_urls]
        return self


class Amendment(Request):
    """What is claimed of a registered work from now on: a field that is left out stays as it was, null empties it."""

    title: Line | None = Field(None, min_length=1, examples=["The Clock Mender"])
    owner_aliases: list[Name] | None = Field(None, max_length=50, examples=[["林昭云"]])
    authors: list[Name] | None = Field(None, max_length=50, examples=[["Lin Zhaoyun"]])
    source_name: Name | None = Field(None, examples=["North Bank"])
    source_urls: list[Url] | None = Field(None, max_length=50, examples=[["https://northbank.example/a/17"]])
    source_handle: Name | None = Field(None, examples=["northbank"])
    identifiers: list[Line] | None = Field(None, max_length=50, examples=[["doi:10.5555/12345678"]])
    licence: NewLicence | None = Field(
        None,
        description=licences.ACCEPTED,
        examples=["CC-BY-4.0"],
        json_schema_extra={"anyOf": [*LICENCES, {"type": "null"}]},
    )
    published_at: Date | None = Field(None, examples=["2026-01-31"])

    @model_validator(mode="before")
    @classmethod
    def _leaves_the_owner(cls, data: Any) -> Any:
        if isinstance(data, dict) and "owner" in data:
            raise ValueError("owner: another owner is a transfer, not an amendment: see `sourcemark transfer`")
        return data


class Transfer(Request):
    """Another owner of a registered work."""

    owner: Name = Field(min_length=1, description="The new copyright owner.", examples=["Ines Vale"])
    owner_aliases: list[Name] = Field(default_factory=list, max_length=50, description="Other names of the new owner.")
    to: Name | None = Field(
        None, min_length=1, description="Account, by id or name, that the registration is its from then on."
    )


class RegistrationItem(NewWork):
    """A line of `register --batch`: a work, its bytes in a file or in the line."""

    path: str | None = Field(None, description="File, relative to the batch file.")
