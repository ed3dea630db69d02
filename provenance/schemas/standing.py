"""Standing of official accounts: what was confirmed against them, and what follows from it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..schema_fields import Line, Record, Request, Said

Counter = Literal["confirmed_copying", "false_originality", "unfounded_notice"]
StandingAct = Literal["count", "appeal", "uphold", "reverse"]


class StandingCount(Request):
    """Something that was confirmed against an account."""

    counter: Counter
    reason: Said = Field(description="Why, in words.", examples=["The article of 3 March is a copy"])
    decided_by: Said = Field(description="Who decided it.", examples=["Reviewer 7"])
    subject: Line | None = Field(
        None, max_length=100, description="Id of the scan or notice.", examples=["scan_0123456789abcdef01234567"]
    )


class StandingAnswer(Request):
    """An appeal against a decision, or what is decided about it."""

    act: Literal["appeal", "uphold", "reverse"] = Field(
        description="appeal: the account contests it; uphold: it stands; reverse: it counts no longer."
    )
    reason: Said = Field(examples=["The licence was shown"])
    decided_by: Said = Field(
        description="Who appeals or decides; about an appeal not who decided first.", examples=["Desk 2"]
    )


class StandingDecision(Record):
    """A recorded decision. None is changed: a later one takes it back."""

    decision_id: str = Field(examples=["stand_0123456789abcdef01234567"])
    account_id: str
    act: StandingAct
    counter: Counter
    about: str | None = Field(None, description="The decision that is appealed, upheld or reversed.")
    subject: str | None = None
    reason: str
    decided_by: str
    decided_at: str
    level_before: int
    level_after: int


class Standing(Record):
    """Where an account stands now."""

    account_id: str
    level: int = Field(ge=0, description="0 is good, more is worse.")
    level_name: str
    points: int = Field(ge=0, description="Weights of what counts now.")
    counters: dict[str, int] = Field(description="What counts now, by counter: in its window, and not reversed.")
    decisions: list[StandingDecision] = Field(default_factory=list, description="All of them, oldest first.")
