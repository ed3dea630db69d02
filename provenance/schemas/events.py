"""What an account is told when something happens: the payloads of webhooks, one an event."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..schema_fields import Record
from .case import State, StepName
from .scans import Coverage, ScanStatus, Verdict


class ScanDecided(Record):
    """Event `scan.decided`, told to the platform that scanned."""

    scan_id: str = Field(examples=["scan_0123456789abcdef01234567"])
    external_id: str | None = Field(None, examples=["post-9001"])
    post_url: str | None = Field(None, examples=["https://platform.example/p/9001"])
    account: str | None = Field(None, description="The account that posts.", examples=["City Daily"])
    status: ScanStatus
    verdict: Verdict
    action: dict[str, Any] | None = Field(None, description="What the policy says to do.")
    work_ids: list[str] = Field(description="The works that were found, surest first.")
    scanned_at: str = Field(examples=["2026-01-31T12:00:00.000000Z"])


class ReviewDecided(Record):
    """Event `review.decided`, told to the platform: a person has decided about a post, or taken a decision back."""

    decision_id: str = Field(examples=["dec_0123456789abcdef01234567"])
    scan_id: str = Field(examples=["scan_0123456789abcdef01234567"])
    external_id: str | None = Field(None, examples=["post-9001"])
    post_url: str | None = Field(None, examples=["https://platform.example/p/9001"])
    account: str | None = Field(None, description="The account that posts.", examples=["City Daily"])
    decision: str = Field(
        description="release, label, ask-for-credit, hold, restrict or withdrawn.", examples=["release"]
    )
    reason: str = Field(examples=["credit_added"])
    territory: list[str] = Field(description="Where it holds; empty: everywhere.")
    until: str | None = Field(None, description="Last day or instant of it.")
    supersedes: str | None = Field(None, description="The decision whose place it takes.")
    statement_id: str | None = Field(None, description="The statement of reasons that the poster is to be sent.")
    decided_at: str = Field(examples=["2026-01-31T12:00:00.000000Z"])


class WorkSighted(Record):
    """Event `work.sighted`, told to the account of the work: it was seen in a post for the first time."""

    sighting_id: str = Field(examples=["sight_0123456789abcdef01234567"])
    work_id: str = Field(examples=["work_0123456789abcdef01234567"])
    title: str = Field(examples=["The Clock Mender"])
    platform: str = Field(description="Name of the account whose scan found it.", examples=["Riverside Forum"])
    post_url: str | None = Field(None, examples=["https://platform.example/p/9001"])
    account: str | None = Field(None, description="The account that posts.", examples=["City Daily"])
    verdict: Verdict
    score: float = Field(ge=0, le=1, examples=[0.93])
    coverage: Coverage
    seen_at: str = Field(examples=["2026-01-31T12:00:00.000000Z"])


class JobFinished(Record):
    """Event `job.finished`, told to the account whose job it is."""

    job_id: str = Field(examples=["job_0123456789abcdef01234567"])
    kind: str = Field(examples=["scan-batch"])
    state: str = Field(description="done, failed or cancelled.", examples=["done"])
    ended_at: str = Field(examples=["2026-01-31T12:00:00.000000Z"])


class ClaimContested(Record):
    """Event `claim.contested`, told to the account of the work: another registration claims the same content."""

    work_id: str = Field(examples=["work_0123456789abcdef01234567"])
    competing: list[str] = Field(description="Registrations that claim the same content.", examples=[["work_f00d"]])
    contested_at: str = Field(examples=["2026-01-31T12:00:00.000000Z"])


class QualificationExpiring(Record):
    """Event `qualification.expiring`, told to the platform that keeps the official account."""

    account_id: str = Field(description="The posting account, by the platform's own id.", examples=["u-4711"])
    qualification_id: str = Field(examples=["qual_0123456789abcdef01234567"])
    kind: str = Field(examples=["news-information-service"])
    number: str = Field(examples=["11120210001"])
    valid_until: str = Field(examples=["2026-02-28"])


class CaseChanged(Record):
    """Event `case.changed`, told to the platform that decides and to the account that sent the notice: a step was taken
    in a complaint."""

    case_id: str = Field(examples=["case_0123456789abcdef01234567"])
    step: StepName = Field(examples=["forward"])
    state: State = Field(examples=["forwarded"])
    regime: str = Field(examples=["us-dmca"])
    work_id: str | None = None
    post_urls: list[str] = Field(examples=[["https://platform.example/p/9001"]])
    due: str | None = Field(None, description="When the clock that runs has run out, UTC.")
    act_by: str | None = Field(None, description="Of a notice that was forwarded: by when it is acted upon, UTC.")
    at: str = Field(examples=["2026-01-31T12:00:00.000000Z"])


class WebhookTest(Record):
    """Event `webhook.test`: somebody tries out an endpoint."""

    endpoint_id: str = Field(examples=["hook_0123456789abcdef01234567"])
