"""Evidence of claims, competing claims by its date, and decisions whose claim counts."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from ..schema_fields import Line, Record, Request, Said
from .claims import NewEvidence
from .works import ReceiptRef

Outcome = Literal["counts", "split"]


class Evidence(NewEvidence):
    """Evidence as it stands."""

    evidence_id: str = Field(examples=["ev_0123456789abcdef01234567"])
    work_id: str
    added_at: str
    withdrawn_at: str | None = None
    receipt: ReceiptRef | None = Field(None, description="The entry that commits to it; null while it waits.")


# For the API's description: what the validators of each demand.
_OF_ITS_UNIT: dict[str, JsonValue] = {
    "oneOf": [
        {"properties": {"unit": {"enum": ["codepoint", "second"]}, "span": {"maxItems": 2}}},
        {"properties": {"unit": {"const": "pixel"}, "span": {"minItems": 4}}},
    ]
}
_OF_ITS_OUTCOME: dict[str, JsonValue] = {
    "oneOf": [
        {
            "properties": {
                "outcome": {"const": "counts"},
                "counts": {"type": "string"},
                "parts": {"type": "array", "maxItems": 0},
            },
            "required": ["counts"],
        },
        {
            "properties": {
                "outcome": {"const": "split"},
                "counts": {"type": "null"},
                "parts": {"type": "array", "minItems": 1},
            },
            "required": ["parts"],
        },
    ]
}


class Part(Request):
    """A part of a work."""

    model_config = ConfigDict(json_schema_extra=_OF_ITS_UNIT)

    unit: Literal["codepoint", "second", "pixel"]
    span: Annotated[list[Annotated[int, Field(ge=0, le=2**53 - 1)]], Field(min_length=2, max_length=4)] = Field(
        description="Start and end, of code points or seconds; of a picture left, top, right, bottom.",
        examples=[[0, 480]],
    )

    @model_validator(mode="after")
    def _of_its_unit(self) -> Self:
        if len(self.span) != (4 if self.unit == "pixel" else 2):
            raise ValueError("span: has two numbers, of a picture four")
        half = len(self.span) // 2
        if any(start >= end for start, end in zip(self.span[:half], self.span[half:], strict=True)):
            raise ValueError("span: ends before it begins")
        return self


class NewClaimDecision(Request):
    """How far the claim to a work counts, decided by a person."""

    model_config = ConfigDict(json_schema_extra=_OF_ITS_OUTCOME)

    work_id: Line = Field(description="The work whose claim is limited.", examples=["work_0123456789abcdef01234567"])
    outcome: Outcome = Field(
        description="counts: another claim counts, this one does not; split: parts of this work are not exclusively "
        "its owner's."
    )
    counts: Line | None = Field(
        None, description="The competing work whose claim counts.", examples=["work_89abcdef0123456789abcdef"]
    )
    parts: list[Part] = Field(default_factory=list, max_length=100, description="What is not exclusive, of a split.")
    reason: Said = Field(description="Why, in words.", examples=["Dated drafts of the other author"])
    decided_by: Said = Field(description="The person who decided.", examples=["Reviewer 7"])

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.outcome == "counts") != (self.counts is not None):
            raise ValueError("counts: names the work whose claim counts, with the outcome counts only")
        if (self.outcome == "split") != bool(self.parts):
            raise ValueError("parts: says what is not exclusive, with the outcome split only")
        return self


class ClaimReversal(Request):
    """Why a decision is taken back."""

    reason: Said = Field(examples=["The draft was forged"])


class ClaimDecision(NewClaimDecision):
    """A decision as it stands."""

    decision_id: str = Field(examples=["claim_0123456789abcdef01234567"])
    decided_at: str
    reversed_at: str | None = None
    reversal_reason: str | None = None
    receipt: ReceiptRef | None = None


class DecidedClaim(Record):
    """The decision that a match fell under."""

    decision_id: str
    outcome: Literal["counts", "rejected", "split"] = Field(
        description="counts: the claim of this match counts over another one; rejected: another one counts; split: "
        "what was matched is not exclusively this owner's."
    )


class CompetingClaim(Record):
    """One of the claims to the same content, with what shows it."""

    work_id: str
    title: str
    owner: str
    earliest: str = Field(description="The earliest date: of its evidence, as claimed, or of its registration.")
    registered_at: str
    receipt: ReceiptRef | None = None
    withdrawn_at: str | None = None
    evidence: list[Evidence] = Field(default_factory=list, description="By date; what was withdrawn is left out.")
    decisions: list[ClaimDecision] = Field(
        default_factory=list, description="Those in force for you that limit this claim."
    )
