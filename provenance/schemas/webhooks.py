"""Webhooks: endpoints of an account, what was sent there, and watches of a rights holder."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from ..schema_fields import Line, Record, Request, Url
from .scans import Verdict

# The events that an endpoint may be told of without a watch.
Subscribed = Literal[
    "scan.decided",
    "review.decided",
    "work.sighted",
    "job.finished",
    "claim.contested",
    "case.changed",
    "qualification.expiring",
]


class NewWebhook(Request):
    """An address to be told at."""

    url: Url = Field(
        examples=["https://platform.example/hooks/sourcemark"],
        json_schema_extra={"pattern": r"^https://[a-z0-9]+(\.[a-z0-9]+)*(:[1-9][0-9]{0,3})?(/[!-\"$-~]*)?$"},
    )
    events: list[Subscribed] = Field(
        default_factory=list,
        max_length=20,
        description="What it is told of; empty where only watches send there.",
        examples=[["scan.decided", "job.finished"]],
    )


class WebhookRecord(Record):
    """An endpoint as its account sees it."""

    webhook_id: str = Field(examples=["hook_0123456789abcdef01234567"])
    url: str
    events: list[Subscribed]
    created_at: str
    pending: int = Field(ge=0, description="Events that wait to be sent.")
    dead: int = Field(ge=0, description="Events that were given up, until they are sent again.")
    failing_since: str | None = Field(None, description="Since when it has taken nothing.")
    disabled_at: str | None = Field(None, description="Nothing is sent from then on, until its events are sent again.")
    disabled_reason: Literal["failing", "gone"] | None = None


class IssuedWebhook(WebhookRecord):
    """An endpoint with its secret."""

    secret: str = Field(description="What signatures are made with; shown this once.", examples=["whsec_MfKQ9r8GKYqr"])


class Rotation(Request):
    """A new secret for an endpoint."""

    keep_hours: int = Field(24, ge=0, le=24 * 30, description="How long the old secret signs too, hours.")


class WebhookTrial(Record):
    """What an endpoint answered to the event `webhook.test`."""

    delivered: bool
    answer: str = Field(description="HTTP status, or what kept it from coming.", examples=["204"])
    seconds: float = Field(ge=0, examples=[0.12])


class Redelivery(Request):
    """What is to be sent again."""

    since: Line | None = Field(
        None,
        max_length=40,
        description="Everything that happened then or later, ISO 8601; default: what was given up.",
        json_schema_extra={"format": "date"},
    )


class Redelivered(Record):
    events: int = Field(ge=0, description="How many events are sent again.")


class DeliveryRecord(Record):
    """An event on its way to an endpoint."""

    event_id: str = Field(description="The header webhook-id.", examples=["evt_0123456789abcdef01234567"])
    event: str = Field(examples=["scan.decided"])
    subject: str = Field(description="Id of the work, scan or job that it is about.")
    state: Literal["pending", "delivered", "dead"]
    attempts: int = Field(ge=0, description="Attempts that reached the endpoint.")
    answer: str | None = Field(None, description="To the last attempt: an HTTP status, or what kept it from coming.")
    created_at: str
    attempted_at: str | None = None


class NewWatch(Request):
    """Which sightings to be told of, and where: by mail or at an endpoint of the account."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [one], "properties": {one: {"type": "string"}, other: {"type": "null"}}}
                for one, other in (("webhook_id", "email"), ("email", "webhook_id"))
            ]
        }
    )

    work_ids: list[Line] = Field(default_factory=list, max_length=500, description="Only these works; empty: all.")
    verdicts: list[Verdict] = Field(
        default_factory=list, max_length=6, description="Only these verdicts; empty: all.", examples=[["uncredited"]]
    )
    coverage: float = Field(0, ge=0, le=1, description="At least this share of the work, or of the post.")
    webhook_id: Line | None = Field(None, max_length=40)
    email: Line | None = Field(
        None,
        max_length=254,
        examples=["desk@northbank.example"],
        json_schema_extra={"pattern": r"^[a-z0-9]{1,20}@[a-z0-9]{1,20}(\.[a-z0-9]{1,20}){0,5}$"},
    )
    lang: Literal["en", "zh"] = Field("en", description="Language of the mail.")

    @model_validator(mode="after")
    def _one_place(self) -> NewWatch:
        if (self.webhook_id is None) == (self.email is None):
            raise ValueError("exactly one is needed: webhook_id or email")
        return self


class WatchRecord(Record):
    """A watch as its account sees it."""

    watch_id: str = Field(examples=["watch_0123456789abcdef01234567"])
    work_ids: list[str]
    verdicts: list[Verdict]
    coverage: float
    webhook_id: str | None = None
    email: str | None = None
    lang: Literal["en", "zh"] | None = None
    created_at: str
    failing_since: str | None = Field(None, description="Since when the mail is refused.")
    disabled_at: str | None = None
