"""Qualifications of official accounts: the licences that some content needs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ..schema_fields import Date, Line, Name, Record, Request, Said
from .official_accounts import PlatformId

QualificationKind = Literal["news-information-service", "audio-visual-programmes", "publishing", "other"]


def _whole_day(value: str) -> str:
    if len(value) != 10:
        raise ValueError("must be a day, for example 2027-12-31")
    return value


Day = Annotated[Date, Field(examples=["2027-12-31"]), AfterValidator(_whole_day)]
QualificationState = Literal["valid", "expiring", "expired", "not_yet", "ended"]


class DayRef(Request):
    """A day that a list ends before."""

    before: Day


class NewQualification(Request):
    """A licence that an official account holds."""

    account_id: PlatformId
    kind: QualificationKind = "news-information-service"
    number: Said = Field(examples=["10120260001"])
    scope: Line | None = Field(None, description="What it allows.", examples=["Internet sites, apps, public accounts"])
    issuer: Name | None = Field(None, examples=["Cyberspace Administration of the province"])
    valid_from: Day | None = None
    valid_until: Day = Field(description="Last day that it is valid.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from is not None and self.valid_from > self.valid_until:
            raise ValueError("valid_until: is before valid_from")
        return self


class Qualification(Record):
    """A qualification as it stands today."""

    qualification_id: str = Field(examples=["qual_0123456789abcdef01234567"])
    account_id: PlatformId
    kind: QualificationKind
    number: str
    scope: str | None = None
    issuer: str | None = None
    valid_from: str | None = None
    valid_until: str
    state: QualificationState = Field(
        description="expiring: valid, and a warning is due (SOURCEMARK_QUALIFICATION_WARNING_DAYS); not_yet: valid "
        "later; ended: taken back."
    )
    recorded_at: str
    ended_at: str | None = None
