"""What a person, or a rule, decided about a post; and what the poster is told of it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from fingerprints.model import MediumName

from ..schema_fields import Country, Date, Line, Record, Request, Url
from .standing import Counter

SubjectKind = Literal["scan", "match", "standing", "claim", "case"]
Outcome = Literal["release", "label", "ask-for-credit", "hold", "restrict", "escalate", "withdrawn"]
Choice = Literal["release", "label", "restrict", "escalate"]
GroundKind = Literal["terms", "law"]
DetectionSource = Literal["voluntary", "notice", "trusted_flagger"]

MAX_BULK = 1000
_CODE = r"^[a-z0-9]+([_-][a-z0-9]+)*$"


def _is_code(value: str) -> str:
    if not re.fullmatch(_CODE, value):
        raise ValueError("must be small letters and digits, joined by _ or -, such as credit_missing")
    return value


ReasonCode = Annotated[str, Field(max_length=60, json_schema_extra={"pattern": _CODE}), AfterValidator(_is_code)]
Note = Annotated[str, Field(max_length=5000)]
_OUTCOMES = (
    "release: it may be shown; label: shown with a label; ask-for-credit: not shown until the credit is added; hold: "
    "not shown until a person has looked; restrict: not shown; escalate: passed on, nothing is decided; withdrawn: the "
    "decision before no longer counts."
)


class Subject(Request):
    """What a decision is about, by its public id."""

    kind: SubjectKind = "scan"
    id: Annotated[str, Field(min_length=1, max_length=100)] = Field(examples=["scan_0123456789abcdef01234567"])


class Ground(Request):
    """On what a restriction rests: the platform's terms, or a law."""

    kind: GroundKind = "terms"
    reference: Annotated[Line, Field(max_length=500)] = Field(
        min_length=1, description="The clause, or the provision of the law.", examples=["Terms of use, section 7"]
    )
    url: Url | None = Field(None, examples=["https://platform.example/terms#7"])


class NewDecision(Request):
    """A decision of a person."""

    decision: Choice = Field(description=_OUTCOMES)
    reason: ReasonCode = Field(description="Your code for why.", examples=["credit_missing"])
    note: Note | None = Field(None, description="For colleagues; the poster is not told.")
    territory: list[Country] = Field(
        default_factory=list, max_length=250, description="Where it holds, ISO 3166-1 alpha-2; empty: everywhere."
    )
    until: Date | None = Field(None, description="Last day or instant of it, UTC; null: for good.")
    ground: Ground | None = Field(None, description="Default: the clause in the settings.")
    source: DetectionSource = Field("voluntary", description="What led to it: your own search, or a notice.")
    strike: Counter | None = Field(
        None, description="What it counts as against the posting account, which must be one of your official accounts."
    )

    @model_validator(mode="after")
    def _terms_belong_to_a_restriction(self) -> NewDecision:
        if self.decision in ("release", "escalate") and (self.territory or self.until or self.ground or self.strike):
            raise ValueError(
                f"territory, until, ground and strike belong to label and restrict, not to {self.decision}"
            )
        return self


class ItemDecision(NewDecision):
    """A decision about an item of the queue."""

    lease: Annotated[str, Field(max_length=32)] | None = Field(
        None, description="From taking the item: refused if it has run out or somebody else has taken the item since."
    )


class ScanDecision(NewDecision):
    """A decision about a scan, in the queue or not."""

    scan_id: Annotated[str, Field(min_length=1, max_length=100)] = Field(examples=["scan_0123456789abcdef01234567"])
    supersedes: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="The decision of a person that this one takes the place of; without it that is a conflict."
    )


class BulkDecision(NewDecision):
    """One decision about many posts."""

    ids: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        min_length=1, max_length=MAX_BULK, description="Ids of items of the queue or of scans."
    )


class Undo(Request):
    """Why a decision no longer counts."""

    reason: ReasonCode = Field("mistake", examples=["mistake"])
    note: Note | None = None


class Decision(Record):
    """A decision as it is recorded. It is never changed: `superseded_by` names what took its place."""

    decision_id: str = Field(examples=["dec_0123456789abcdef01234567"])
    subject: Subject
    item_id: str | None = Field(None, description="The item of the queue that it closed.")
    decision: Outcome = Field(description=_OUTCOMES)
    final: bool = Field(description="False of a proposal that waits for a second opinion, and of an escalation.")
    automated: bool = Field(description="Whether a rule decided, with no person.")
    reviewer: str | None = Field(None, description="Id of the API key, or the name at the command line.")
    reviewer_name: str | None = None
    reason: str
    note: str | None = None
    territory: list[str] = Field(default_factory=list)
    until: str | None = None
    ground: Ground | None = None
    source: DetectionSource = "voluntary"
    strike: Counter | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    in_force: bool = Field(description="Whether it is what counts for its subject now.")
    statement_id: str | None = Field(None, description="The statement of reasons that the poster is to be sent.")
    decided_at: str


class BulkAnswer(Record):
    """What became of one id."""

    id: str
    decision: Decision | None = None
    error: dict[str, Any] | None = Field(None, description="A problem: nothing was decided about this id.")


class BulkAnswers(Record):
    answers: list[BulkAnswer]
    decided: int
    refused: int


# --- statements of reasons -------------------------------------------------------------------------------------------
class ReasonedMatch(Record):
    """A work that was found in the post, as the statement names it."""

    work_id: str
    title: str = Field(description="Empty once the work is erased.")
    owner: str
    coverage_upload: float
    coverage_work: float
    marking: str | None = Field(None, description="Verdict of the marking check.")
    reasons: list[str] = Field(default_factory=list, description="Its reasons.")
    permission: str
    credit_line: str | None = Field(None, description="What would clear the post, for a match that lacks it.")


class Restriction(Record):
    """What is restricted, where and how long."""

    kind: Literal["label", "ask-for-credit", "hold", "restrict"]
    territory: list[str] = Field(description="Empty: everywhere.")
    begins: str
    ends: str | None = Field(None, description="Null: for good, or until what it waits for.")


class Redress(Record):
    """What the poster can do."""

    appeal_until: str = Field(description="Last day of an internal complaint.")
    url: str | None = Field(None, description="Where to complain.")


class StatementOfReasons(Record):
    """Why a post is restricted: one object a restriction (DSA, article 17)."""

    statement_id: str = Field(examples=["sor_0123456789abcdef01234567"])
    decision_id: str
    scan_id: str | None = None
    external_id: str | None = None
    post_url: str | None = None
    account: str | None = Field(None, description="The account that posted, as the platform named it.")
    account_id: str | None = Field(None, description="Its id, if the platform told it.")
    media: list[MediumName] = Field(description="Kinds of content of the post.")
    restriction: Restriction
    reason: str
    matches: list[ReasonedMatch] = Field(description="The facts: which works were found, how they are marked.")
    source: DetectionSource
    automated_detection: bool
    automated_decision: bool
    ground: Ground
    redress: Redress
    posted_at: str | None = Field(None, description="When the post was scanned: no other time of it is known.")
    made_at: str
    superseded: bool = Field(False, description="Whether another decision has taken the place of the one it explains.")
    text: dict[Literal["en", "zh"], str] = Field(description="The same for the poster to read.")


class DsaStatements(Record):
    """Statements as the EU's DSA Transparency Database takes them."""

    statements: list[dict[str, Any]]
    next: str | None = Field(None, description="Cursor of the next page; null at the end.")


__all__ = [
    "MAX_BULK",
    "BulkAnswer",
    "BulkAnswers",
    "BulkDecision",
    "Choice",
    "Decision",
    "DsaStatements",
    "Ground",
    "ItemDecision",
    "NewDecision",
    "Outcome",
    "ReasonedMatch",
    "Redress",
    "Restriction",
    "ScanDecision",
    "StatementOfReasons",
    "Subject",
    "Undo",
]
