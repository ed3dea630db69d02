"""What a platform's policy decides about a post."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..schema_fields import Date, Line, Record, Request

Do = Literal["allow", "label", "ask-for-credit", "hold", "block"]


class Note(Request):
    """What the poster is told, in each language."""

    en: Line | None = Field(None, min_length=1, examples=["Please credit the owner."])
    zh: Line | None = Field(None, min_length=1, examples=["请署名。"])


class Action(Record):
    """What a policy decides about one post: that of its first rule that fits."""

    do: Do
    rule: str = Field(description="Name of the rule.", examples=["uncredited"])
    reason: str = Field(description="The rule's reason code.", examples=["credit_missing"])
    policy_version: str = Field(examples=["3-9f86d081884c"])
    queue: str | None = Field(None, description="The review queue that the rule names.", examples=["pictures"])
    note: Note | None = Field(None, description="What the rule tells the poster.")


Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


# --- the policies themselves ----------------------------------------------------------------------------------------
_EXAMPLE = """\
[[rule]]
name = "no-credit"
post.verdict = "uncredited"
match.coverage_work = { min = 0.5 }
do = "ask-for-credit"
reason = "credit_missing"

[[rule]]
name = "otherwise"
do = "allow"
reason = "nothing_to_do"
"""


class NewPolicy(Request):
    toml: str = Field(min_length=1, max_length=100_000, description="The policy's file.", examples=[_EXAMPLE])


class PolicySummary(Record):
    policy_version: str = Field(description="As decisions name it.", examples=["3-9f86d081884c"])
    set_at: str | None = Field(description="Null of the default policy.")


class PolicyRecord(PolicySummary):
    toml: str = Field(description="The policy's file.", examples=[_EXAMPLE])


class RuleCheck(Record):
    rule: str = Field(description="Name of the rule.", examples=["no-credit"])
    do: Do
    reachable: bool | None = Field(description="Whether some post reaches the rule; null where that took too long.")
    covered_by: list[str] = Field(
        default_factory=list,
        description="Of a rule that cannot be reached, the earlier rules that decide all its posts; "
        "empty if no post fits it at all.",
    )


class PolicyCheck(Record):
    rules: list[RuleCheck]


class NewTrial(NewPolicy):
    since: Date = Field(description="Scans from this day or instant on, UTC.", examples=["2026-01-31"])
    until: Date | None = Field(None, description="Scans before this day or instant, UTC; default: until now.")


class PolicyTrialJob(Request):
    """What a job is given that tries a policy."""

    trial: NewTrial
    limit: int = Field(ge=0)


class ChangedDecision(Record):
    """A scan that the tried policy decides otherwise."""

    scan_id: str
    external_id: str | None = None
    post_url: str | None = None
    scanned_at: str
    before: Action = Field(description="As it was decided.")
    after: Action = Field(description="As the tried policy decides.")


class ChangeCount(Record):
    before: Do
    after: Do
    count: int = Field(ge=1)


class PolicyTrial(Record):
    """What a policy would have decided about past scans."""

    scans: int = Field(description="How many were decided anew, each on the facts that its decision rested on.")
    changed: int = Field(description="Of how many the action, the reason or the queue would be another.")
    not_replayable: int = Field(description="Scans of before there were policies: no facts of them are kept.")
    counts: list[ChangeCount] = Field(description="How many go from which action to which, the most first.")
    changes: list[ChangedDecision] = Field(description="The first of those that change, oldest first.")
