"""Cases: what a complaint came to, as staff, as its parties and as everybody sees it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..schema_fields import Country, Date, Line, Record, Request
from .decisions import Ground, Note, ReasonCode
from .notice import Text
from .works import ReceiptRef

State = Literal[
    "received",
    "incomplete",
    "forwarded",
    "counter_notice",
    "clock_running",
    "put_back",
    "stays_down",
    "decided",
    "appealed",
    "closed",
    "withdrawn",
    "inadmissible",
    "repeated",
]
StepName = Literal[
    "file",
    "ask",
    "complete",
    "repeat",
    "refuse",
    "forward",
    "uncontested",
    "counter",
    "start_clock",
    "keep_down",
    "put_back",
    "decide",
    "appeal",
    "decide_appeal",
    "close",
    "withdraw",
    "message",
    "measure",
]
Role = Literal["notifier", "poster"]
Actor = Literal["notifier", "poster", "staff", "service"]
ClockName = Literal["completion", "counter_notice", "put_back", "decision", "appeal"]
Finding = Literal["founded", "unfounded", "misuse"]
CaseOutcome = Literal["restrict", "label", "release"]
MeasureAct = Literal["warn", "suspend", "lift"]


class Clock(Record):
    """What a case waits for, and until when."""

    name: ClockName
    due: str = Field(description="UTC.")
    overdue: bool


class CaseFile(Record):
    file_id: str
    name: str
    size: int | None = None
    sha256: str
    kept: bool = Field(description="Whether the file itself is here; else only its hash.")


class StepRecord(Record):
    """A step that was taken. None is ever changed."""

    step_id: str = Field(examples=["step_0123456789abcdef01234567"])
    number: int
    name: StepName
    state: State = Field(description="That it led to.")
    actor: Actor
    reviewer_name: str | None = Field(None, description="Of staff; parties are not told.")
    at: str
    facts: dict[str, Any] = Field(default_factory=dict, description="What the log commits to for good.")
    said: dict[str, Any] | None = Field(
        None, description="What a person said; null where the reader may not see it or that person was erased."
    )
    files: list[CaseFile] = Field(default_factory=list)
    receipt: ReceiptRef | None = None


class CaseSummary(Record):
    """A case as lists have it."""

    case_id: str = Field(examples=["case_0123456789abcdef01234567"])
    platform: str = Field(description="Name of the account that decides.")
    regime: str = Field(examples=["eu-dsa"])
    state: State
    work_id: str | None = None
    addresses: list[str]
    sighting_id: str | None = None
    repeats: str | None = Field(None, description="The case that this one repeats.")
    finding: Finding | None = None
    assignee: str | None = None
    clock: Clock | None = None
    filed_at: str
    changed_at: str
    closed_at: str | None = None


class PartyRecord(Record):
    """A party, as far as the reader may know it."""

    role: Role
    name: str | None = None
    email: str | None = None
    postal_address: str | None = None
    phone: str | None = None
    identity: str | None = None
    account: str | None = Field(None, description="The account that posted, as the platform named it.")
    confirmed: bool = Field(False, description="The mail address was shown to be theirs.")
    erased: bool = False


class CaseRecord(CaseSummary):
    """A case with its steps."""

    missing: list[str] = Field(default_factory=list, description="What the notice still lacks.")
    parties: list[PartyRecord]
    steps: list[StepRecord]
    allowed: list[StepName] = Field(description="The steps that the reader may take now.")


class CaseDecision(Request):
    """A person's decision about a case."""

    finding: Finding = Field(
        description="founded: the notice is right; unfounded: it is not; misuse: it is manifestly unfounded, which "
        "counts against who sent it."
    )
    outcome: CaseOutcome = Field(description="What becomes of the posts: not shown, shown with a label, shown.")
    reason: ReasonCode = Field(description="Your code for why.", examples=["licence_shown"])
    explanation: Annotated[Text, Field(min_length=1)] = Field(
        description="The facts and why, for both parties.", examples=["The licence of 2 May names this account."]
    )
    note: Note | None = Field(None, description="For colleagues; nobody else is told.")
    territory: list[Country] = Field(default_factory=list, max_length=250, description="Empty: everywhere.")
    until: Date | None = Field(None, description="Last day or instant of it, UTC; null: for good.")
    ground: Ground | None = Field(None, description="Default: the clause in the settings.")
    strike: bool = Field(False, description="Count it against the posting account as confirmed copying.")
    notifier_account: Annotated[Line, Field(max_length=200)] | None = Field(
        None, description="Of misuse: the notifier's own official account, against which it counts."
    )
    stay_down: bool = Field(False, description="Keep other posts of the same down too.")
    claim_counts: Annotated[Line, Field(max_length=200)] | None = Field(
        None,
        description="The competing work whose claim counts, and not that of the work of this case: decided as by "
        "`sourcemark claim decide`, for the scans to come.",
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> CaseDecision:
        if self.finding != "founded" and (self.outcome != "release" or self.strike or self.stay_down):
            raise ValueError("outcome: is release, without strike and stay_down, where the notice is not founded")
        if self.notifier_account is not None and self.finding != "misuse":
            raise ValueError("notifier_account: counts misuse only")
        if self.outcome == "release" and (self.territory or self.until or self.ground or self.stay_down):
            raise ValueError("territory, until, ground and stay_down belong to restrict and label, not to release")
        return self


class Explained(Request):
    """Why, for both parties."""

    reason: ReasonCode = Field(description="Your code for why.", examples=["not_about_copyright"])
    explanation: Annotated[Text, Field(min_length=1)]


class Refusal(Explained):
    """Why a notice is not dealt with."""

    finding: Literal["misuse"] | None = Field(None, description="misuse: it counts against who sent it.")


class Measure(Explained):
    """What is decided against a party who misuses complaints."""

    act: MeasureAct
    against: Role
    until: Date | None = Field(None, description="Last day or instant of a suspension, UTC.")

    @model_validator(mode="after")
    def _ends(self) -> Measure:
        if (self.act == "suspend") != (self.until is not None):
            raise ValueError("until: says when a suspension ends, and belongs to nothing else")
        return self


class StaffMessage(Request):
    """Of those who decide to one party or both."""

    text: Annotated[Text, Field(min_length=1)]
    to: list[Role] = Field(min_length=1, max_length=2)


class Forwarding(Request):
    """Where the poster is reached, as far as the platform knows."""

    email: Annotated[Line, Field(max_length=254)] | None = None
    account: Line | None = Field(None, description="The posting account, as the platform names it.")
    account_id: Annotated[Line, Field(max_length=200)] | None = None


class Assignment(Request):
    """Whether a case is yours to deal with."""

    mine: bool = Field(description="false: nobody's.")


class PosterLink(Record):
    """A way into a case for its poster. Secret: hand it to nobody else."""

    link: str = Field(description="Opens the case at /v1/case-links/.")
    url: str
    days: int = Field(description="After which it opens nothing.")


class NoticeCounts(Record):
    """What became of somebody's notices."""

    filed: int
    founded: int
    unfounded: int
    misuse: int
    withdrawn: int
    repeated: int
    inadmissible: int


class MisuseCount(NoticeCounts):
    """What a notifier was found to do, over all cases on a platform, and what was decided against it."""

    warned_at: str | None = None
    suspended_until: str | None = None


# --- the register ----------------------------------------------------------------------------------------------------
class PublicStep(Record):
    """A step, with nothing in it of anybody."""

    name: StepName
    state: State
    at: str
    reason: str | None = None
    finding: Finding | None = None
    outcome: CaseOutcome | None = None
    reachable: bool | None = Field(None, description="Of forwarding: whether the poster could be written to.")
    receipt: ReceiptRef | None = None


class PublicCase(Record):
    """A case as the public register has it."""

    case_id: str
    regime: str
    state: State
    work_id: str | None = None
    addresses: list[str]
    filed_at: str
    changed_at: str
    closed_at: str | None = None
    overdue: bool
    steps: list[PublicStep]


class MonthlyCount(Record):
    """How many cases came in a month under a regime, and what became of them until now."""

    month: str = Field(examples=["2026-03"])
    regime: str
    filed: int
    incomplete: int
    counter_notices: int
    founded: int
    unfounded: int
    misuse: int
    put_back: int
    stays_down: int
    withdrawn: int
    repeated: int
    inadmissible: int
    appealed: int
    open: int


__all__ = [
    "Actor",
    "Assignment",
    "CaseDecision",
    "CaseFile",
    "CaseOutcome",
    "CaseRecord",
    "CaseSummary",
    "Clock",
    "ClockName",
    "Explained",
    "Finding",
    "Forwarding",
    "Measure",
    "MeasureAct",
    "MisuseCount",
    "MonthlyCount",
    "NoticeCounts",
    "PartyRecord",
    "PosterLink",
    "PublicCase",
    "PublicStep",
    "Refusal",
    "Role",
    "StaffMessage",
    "State",
    "StepName",
    "StepRecord",
]
