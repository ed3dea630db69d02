"""Confirmed cases that are not to come back."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ..schema_fields import Date, Name, Record, Request
from .decisions import Note, ReasonCode

_Id = Annotated[str, Field(min_length=1, max_length=100)]


class Exceptions(Request):
    """Who and what it does not concern."""

    accounts: list[Annotated[Name, Field(min_length=1)]] = Field(
        default_factory=list, max_length=500, description="Posting accounts, by id or name."
    )
    works: list[_Id] = Field(default_factory=list, max_length=500, description="A post that shows one of these works.")


class NewStayDown(Request):
    """A case to keep down: the exact content of a scan, or whatever shows a work."""

    scan_id: _Id | None = Field(None, description="Its exact bytes stay down, whoever posts them.")
    work_id: _Id | None = Field(None, description="Posts that show this work without permission stay down.")
    coverage: float = Field(
        0.5, ge=0, le=1, description="Of a work: least share of it that a match must show.", examples=[0.5]
    )
    decision_id: _Id | None = Field(None, description="The decision that confirmed the case; ends with it.")
    reason: ReasonCode = Field("stay_down", examples=["stay_down"])
    note: Note | None = None
    exceptions: Exceptions = Field(default_factory=Exceptions)
    until: Date | None = Field(None, description="Last day or instant, UTC; null: for good.")

    @model_validator(mode="after")
    def _one_of_two(self) -> NewStayDown:
        if (self.scan_id is None) == (self.work_id is None):
            raise ValueError("exactly one is needed: scan_id or work_id")
        return self


class StayDown(Record):
    stay_down_id: str = Field(examples=["stay_0123456789abcdef01234567"])
    digest: str | None = Field(None, description="SHA-256 of the content, in hex.")
    work_id: str | None = None
    coverage: float
    decision_id: str | None = None
    reason: str
    note: str | None = None
    exceptions: Exceptions
    created_at: str
    created_by: str
    expires_at: str | None = None
    ended_at: str | None = None


__all__ = ["Exceptions", "NewStayDown", "StayDown"]
