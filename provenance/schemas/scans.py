"""An upload, what was found in it, and where a work was seen."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, field_validator, model_validator

from fingerprints.model import MediumName, Reuse

from ..schema_fields import NOTHING, URL_PATTERN, Country, Line, Meta, Name, Record, Request, Url
from .evidence import DecidedClaim
from .official_accounts import PlatformId
from .policies import Action
from .problems import Problem
from .works import ReceiptRef

Use = Literal["full", "excerpt", "adapted", "quotation"]
ScanStatus = Literal[
    "matched",
    "no_match",
    "too_short",
    "template_only",
    "no_texture",
    "silent",
    "static_match",
    "decode_partial",
    "undecodable",
    "incomplete",
    "error",
]
Verdict = Literal["clear", "own", "licensed", "credited", "uncredited", "review"]
PermissionState = Literal["own", "permitted", "granted", "duties_unmet", "stated", "none"]


class NewScan(Request):
    """An upload to scan, with what is known of the post."""

    external_id: Line | None = Field(None, examples=["post-9001"])
    text: str | None = Field(None, description="Plain text of the post.", examples=["A post that quotes a work ..."])
    html: str | None = Field(None, description="HTML of the post.", examples=["<p>A post that quotes a work ...</p>"])
    account: Name | None = Field(None, description="Display name of the account that posts.", examples=["City Daily"])
    account_id: PlatformId | None = Field(
        None,
        description="Your own id of that account. With it, whose post it is is told by what you have recorded of the "
        "account, and by its name no longer.",
        examples=["gh_4f21c07"],
    )
    category: Name | None = Field(None, description="What you file the post under.", examples=["culture"])
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
    territory: Country | None = Field(
        None,
        description="Where the post is shown, ISO 3166-1 alpha-2, for grants that hold in some places.",
        examples=["CN"],
    )
    meta: Meta = None

    @field_validator("post_url", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return None if value == "" else value


class NewPart(Request):
    """One part of a post: a file, a text, or a caption of the whole post."""

    path: str | None = Field(None, description="File, relative to the batch file.")
    text: str | None = None
    html: str | None = None
    caption: str | None = Field(
        None, max_length=100_000, description="Text that speaks of the post; beside a `path`, of that file only."
    )
    name: Line | None = Field(None, min_length=1, description="Default: the file's name, or text, html, caption.")

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        contents = [name for name in ("path", "text", "html") if getattr(self, name) is not None]
        if len(contents) > 1 or (contents and contents != ["path"] and self.caption is not None):
            raise ValueError("a part is one of path, text, html, caption; only a path may have a caption beside it")
        if not contents and self.caption is None:
            raise ValueError("a part needs one of path, text, html, caption")
        return self


class ScanItem(NewScan):
    """A line of `scan --batch`: an upload, its bytes in a file or in the line, or a post of several parts."""

    path: str | None = Field(None, description="File, relative to the batch file.")
    parts: list[NewPart] | None = Field(
        None, min_length=1, description="What a post is made of, in place of path, text and html."
    )


class Coverage(Record):
    upload: float = Field(ge=0, le=1, examples=[0.42])
    work: float = Field(ge=0, le=1, examples=[0.97])


class SegmentRecord(Record):
    """Half-open spans of code points or seconds, or four corners of pixels."""

    upload: list[int] | list[float] | list[list[float]] = Field(examples=[[120, 860]])
    work: list[int] | list[float] | list[list[float]] = Field(examples=[[0, 740]])
    unit: Literal["codepoint", "second", "pixel"]
    quad: list[list[float]] | None = Field(
        None,
        description="Of seconds of a film: the corners of the work's frame in the upload's, pixels, clockwise from the "
        "work's top left one; null where its sound alone was found. Of code points that were read in a picture, the "
        "rectangle around their lines. Null in other media.",
    )


class Permission(Record):
    """What the registered licence and the owner's grants allow, apart from how the post is marked."""

    licence: str | None = None
    state: PermissionState = Field(
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

    part: str | None = Field(None, description="Name of the part of the post that it is in; null for a single upload.")
    work_id: str
    external_id: str | None = Field(None, description="Your own id of the work; null where it is another account's.")
    title: str
    owner: str
    score: float = Field(ge=0, le=1, description="Higher is surer; reported from 0.5 on.")
    coverage: Coverage
    segments: list[SegmentRecord]
    transform: dict[str, bool | float | str] = Field(default_factory=dict)
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
    decided: DecidedClaim | None = Field(
        None, description="A person's decision whose claim counts; null where there is none."
    )
    credit_line: str | None = Field(
        None,
        description="With this line in it the post would be credited; null where it is, or where no line helps.",
        examples=["Text by Lin Zhaoyun | Source: North Bank | https://northbank.example/a/17"],
    )


Facts = Annotated[
    dict[str, str | int | float | bool],
    Field(
        description="What is known of the file, by its content: format, encoding, characters; width, height in pixels; "
        "codec, and seconds. `seconds_read`: how much of it was read; `partial`: that was not all.",
        examples=[{"format": "mp3", "codec": "mp3", "seconds": 215.3, "seconds_read": 107.1, "partial": True}],
    ),
]


Unread = Annotated[
    list[str],
    Field(
        description="What a reader may see but could not be read; the verdict is then never clear. script: the text is "
        "hidden until the page's script shows it, and was searched as if it were shown.",
        examples=[["script"]],
    ),
]


class PartRecord(Record):
    """What was found in one part of a post."""

    name: str
    medium: MediumName | None = None
    status: ScanStatus
    reason: str | None = Field(None, description="Why a part could not be matched fully.")
    facts: Facts = Field(default_factory=dict)
    unread: Unread = Field(default_factory=list)
    verdict: Verdict
    matches: list[MatchRecord] = Field(default_factory=list)
    error: Problem | None = Field(None, description="Why a part could not be read; the others were.")


class ScanResult(Record):
    """What was found in one upload."""

    external_id: str | None = None
    scan_id: str | None = None
    path: str | None = None
    medium: MediumName | None = None
    status: ScanStatus
    reason: str | None = Field(None, description="Why an upload could not be matched fully.")
    facts: Facts = Field(default_factory=dict)
    unread: Unread = Field(default_factory=list)
    verdict: Verdict
    matches: list[MatchRecord] = Field(default_factory=list, description="Of all parts, surest first.")
    parts: list[PartRecord] | None = Field(None, description="Of a post; null for a single upload.")
    action: Action | None = Field(None, description="What the platform's policy decides; null of what was not read.")
    flags: list[str] = Field(
        default_factory=list,
        description="What a person should know of the post, apart from its matches; news_without_licence: it is or "
        "reads like news, and no valid licence of the account is recorded.",
    )
    log_size: int | None = Field(None, description="Registrations up to this log size were searched.")
    scanned_at: str | None = None
    error: Problem | None = None


class MonthOfSightings(Record):
    """Posts with works of an account that were first seen in a month."""

    month: str = Field(examples=["2026-03"])
    posts: dict[str, int] = Field(description="By the verdict of their last scan.", examples=[{"uncredited": 4}])


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
    transform: dict[str, bool | float | str] = Field(default_factory=dict)
    marking: dict[str, Any] = Field(default_factory=dict)
    decided: DecidedClaim | None = Field(None, description="The decision whose claim counts that it fell under.")
