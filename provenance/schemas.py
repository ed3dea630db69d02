"""The JSON objects of the command line and of the HTTP API: one definition for both.

A batch line, a request body and an answer are these models; field names are the contract with users' scripts.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    field_validator,
    model_validator,
)

from fingerprints.model import MediumName, Reuse

from . import licences
from .errors import SourcemarkError
from .json_input import COUNTRY
from .schema_fields import LICENCES, NOTHING, URL_PATTERN, Date, Line, Meta, Name, NewLicence, Record, Request, Url

Use = Literal["full", "excerpt", "adapted", "quotation"]
ScanStatus = Literal[
    "matched", "no_match", "too_short", "template_only", "no_texture", "silent", "static_match", "undecodable", "error"
]
Verdict = Literal["clear", "own", "licensed", "credited", "uncredited", "review"]


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


# For the API's description: what the validator `_sealed_or_open` demands.
_NOT_SEALED: dict[str, JsonValue] = {"properties": {"sealed": {"const": False}}}
_SEALED_OR_OPEN: dict[str, JsonValue] = {
    "anyOf": [
        {"properties": {"opens": {"type": "null"}, "seal": {"type": "null"}}},
        {**_NOT_SEALED, "required": ["opens"]},
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


class Problem(Record):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:sourcemark:problem:bad-content"])
    title: str = Field(examples=["The file or text cannot be read"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["the picture ends before its data does: it was cut off; send the whole file"])
    reason: str | None = Field(None, examples=["truncated"])


class ReceiptRef(Record):
    """Where a registration stands in the log."""

    origin: str = Field(examples=["log.example.org/sourcemark"])
    index: int = Field(ge=0, examples=[41])
    size: int | None = Field(None, ge=0, description="Size of the log whose checkpoint covers it.", examples=[42])


class RegistrationResult(Record):
    """What became of one work of a registration."""

    external_id: str | None = None
    path: str | None = None
    status: Literal["registered", "already_registered", "error"]
    work_id: str | None = None
    medium: MediumName | Literal["sealed"] | None = None
    fingerprintable: bool | None = None
    reason: str | None = Field(None, description="Why only exact copies can be found, if so.")
    competing: list[str] = Field(default_factory=list, description="Earlier registrations that this one matches.")
    receipt: ReceiptRef | None = None
    differs: list[str] = Field(
        default_factory=list,
        description="Of a work that was registered before: fields claimed otherwise now. What was registered stays, "
        "until it is amended. Of a new one `owner`, where the account registered the file for another owner before.",
        examples=[[]],
    )
    error: Problem | None = None


class NewScan(Request):
    """An upload to scan, with what is known of the post."""

    external_id: Line | None = Field(None, examples=["post-9001"])
    text: str | None = Field(None, description="Plain text of the post.", examples=["A post that quotes a work ..."])
    html: str | None = Field(None, description="HTML of the post.", examples=["<p>A post that quotes a work ...</p>"])
    account: Name | None = Field(None, description="The account that posts.", examples=["City Daily"])
    post_url: Url | None = Field(
        None,
        examples=["https://platform.example/p/9001"],
        json_schema_extra={"anyOf": [{"type": "string", "maxLength": 2000, **URL_PATTERN}, *NOTHING]},
    )
    caption: str | None = Field(
        None, max_length=100_000, description="Text beside a file.", examples=["Photo: Lin Zhaoyun"]
    )
    use: Use | None = Field(None, description="How the work is used, if known; default: from the coverage.")
    commercial: StrictBool = False
    lang: Annotated[str, Field(max_length=35)] | None = Field(None, description="BCP 47 tag.", examples=["zh-Hans"])
    territory: Annotated[str, Field(pattern=COUNTRY)] | None = Field(
        None,
        description="Where the post is shown, ISO 3166-1 alpha-2, for grants that hold in some places.",
        examples=["CN"],
    )
    meta: Meta = None

    @field_validator("post_url", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return None if value == "" else value


class ScanItem(NewScan):
    """A line of `scan --batch`: an upload, its bytes in a file or in the line."""

    path: str | None = Field(None, description="File, relative to the batch file.")


class Coverage(Record):
    upload: float = Field(ge=0, le=1, examples=[0.42])
    work: float = Field(ge=0, le=1, examples=[0.97])


class SegmentRecord(Record):
    """Half-open spans of code points or seconds, or four corners of pixels."""

    upload: list[int] | list[float] | list[list[float]] = Field(examples=[[120, 860]])
    work: list[int] | list[float] | list[list[float]] = Field(examples=[[0, 740]])
    unit: Literal["codepoint", "second", "pixel"]


class Permission(Record):
    """What the registered licence and the owner's grants allow, apart from how the post is marked."""

    licence: str | None = None
    state: Literal["own", "permitted", "granted", "duties_unmet", "stated", "none"] = Field(
        description="own: the owner's own post; permitted: a recorded grant of the owner covers it; granted: the "
        "licence allows it and its duties are met; duties_unmet: the licence would allow it; stated: the post says it "
        "has permission; none: no permission is known."
    )
    grant_id: str | None = Field(None, description="The grant that covers the post.")
    findings: list[str] = Field(
        default_factory=list,
        description="Duties of the licence that are not met, and what keeps a grant to this account from covering it; "
        "record_damaged: the database and the log disagree about the work, which accuses nobody.",
    )


class MatchRecord(Record):
    """A verified match with its evidence, its marking and its permission: three things that stay three fields."""

    work_id: str
    external_id: str | None = Field(None, description="Your own id of the work; null where it is another account's.")
    title: str
    owner: str
    score: float = Field(ge=0, le=1, description="Higher is surer; reported from 0.5 on.")
    coverage: Coverage
    segments: list[SegmentRecord]
    transform: dict[str, bool | float] = Field(default_factory=dict)
    reuse: Reuse | None = Field(None, description="How a text was reused.")
    common: float = Field(
        0, ge=0, le=1, description="Share of what is matched that other works have too: quotation or template."
    )
    marking: dict[str, Any]
    permission: Permission
    registered_at: str
    receipt: ReceiptRef
    competing: list[str] = Field(
        default_factory=list, description="Registrations that claim the same content, earlier or later."
    )


class ScanResult(Record):
    """What was found in one upload."""

    external_id: str | None = None
    scan_id: str | None = None
    path: str | None = None
    medium: MediumName | None = None
    status: ScanStatus
    reason: str | None = Field(None, description="Why an upload could not be matched fully.")
    verdict: Verdict
    matches: list[MatchRecord] = Field(default_factory=list)
    log_size: int | None = Field(None, description="Registrations up to this log size were searched.")
    scanned_at: str | None = None
    error: Problem | None = None


class AmendmentRecord(Record):
    """An entry of the log by which something else is claimed of a work."""

    kind: Literal["amendment", "transfer"]
    index: int | None = Field(None, description="In the log; null while it waits.", examples=[57])


class WorkRecord(Record):
    """A registered work as its account sees it."""

    work_id: str
    external_id: str | None = None
    medium: MediumName | Literal["sealed"]
    fingerprintable: bool
    reason: str | None = None
    digest: str = Field(description="SHA-256 of the exact bytes, of a sealed work of its salt and them; hexadecimal.")
    claim: Claim = Field(description="What is claimed now: by the newest amendment or transfer.")
    damaged: list[str] = Field(
        default_factory=list,
        description="What the database says of the work otherwise than the log; the operator has to mend it.",
    )
    amendments: list[AmendmentRecord] = Field(default_factory=list, description="Oldest first.")
    competing: list[str] = Field(default_factory=list)
    opens: str | None = Field(None, description="The sealed work that this one opens.")
    registered_at: str = Field(description="When the service took it, by its own clock.")
    logged_at: str | None = Field(
        None,
        description="When the log signed the first checkpoint that holds it, as in its receipt: later registrations "
        "do not move it.",
    )
    withdrawn_at: str | None = None
    erased_at: str | None = Field(None, description="Claim, salts and fingerprint were deleted then.")
    erasure_finished: bool | None = Field(
        None,
        description="Of an erased work: false as long as the database's files may hold it yet, because somebody read "
        "an older state. The operator finishes it with `sourcemark erase --finish`.",
    )
    receipt: ReceiptRef | None = None


class SightingRecord(Record):
    """A work seen in a post: one record, however often the post is scanned. The rest is what the last scan found."""

    sighting_id: str
    work_id: str
    title: str
    owner: str
    platform: str = Field(description="Name of the account whose scan reported it.", examples=["Riverside Forum"])
    scan_id: str = Field(description="The last scan of the post, by which the platform knows it.")
    scans: int = Field(ge=1, description="How many scans found the work in this post.")
    post_url: str | None = None
    account: str | None = Field(None, description="The account that posts, as the platform named it.")
    first_seen_at: str
    seen_at: str = Field(description="Time of the last scan.")
    verdict: Verdict
    score: float
    coverage: Coverage
    segments: list[SegmentRecord] = Field(default_factory=list)
    transform: dict[str, bool | float] = Field(default_factory=dict)
    marking: dict[str, Any] = Field(default_factory=dict)


def problem_of(error: SourcemarkError) -> Problem:
    return Problem.model_validate(error.problem())
