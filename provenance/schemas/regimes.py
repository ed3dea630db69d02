"""A regime: what one body of law asks of a complaint, and how long each step may take; a calendar: what a day is."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from ..schema_fields import Request, Said

# What is personal of whoever sends a notice or a counter-notice.
PersonalField = Literal["name", "email", "postal_address", "identity", "signature"]
# The names are those of `schemas.notice`, but for two: "work" is an id or a description, "evidence" is files or a
# registered work.
NoticeField = Literal[
    PersonalField, "work", "addresses", "explanation", "evidence", "good_faith", "accurate", "authorised"
]
# A counter-notice: what was taken down and why that was wrong; statements, and the courts that the poster accepts.
CounterNoticeField = Literal[
    PersonalField, "addresses", "explanation", "evidence", "good_faith", "accurate", "jurisdiction"
]
Statement = Literal["good_faith", "accurate", "authorised", "jurisdiction"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
_MOST_DAYS = 3660


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            "is no time zone known here, such as Asia/Shanghai; where none is known install the package tzdata"
        ) from None
    return name


class _Frozen(Request):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Texts(_Frozen):
    """One thing said in each language of the product."""

    en: Said
    zh: Said

    def of(self, lang: str) -> str:
        """In 中文 for ``zh``, else in English."""
        return self.zh if lang == "zh" else self.en


class Period(_Frozen):
    """A length of time: one of hours, days, business days and months; 0 is at once."""

    hours: Annotated[int, Field(ge=0, le=24 * _MOST_DAYS)] | None = None
    days: Annotated[int, Field(ge=0, le=_MOST_DAYS)] | None = None
    business_days: Annotated[int, Field(ge=0, le=_MOST_DAYS)] | None = None
    months: Annotated[int, Field(ge=0, le=120)] | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if len(self.model_fields_set) != 1 or None in (getattr(self, unit) for unit in self.model_fields_set):
            raise ValueError("exactly one of hours, days, business_days, months is needed")
        return self

    @property
    def unit(self) -> str:
        return next(iter(self.model_fields_set))

    @property
    def amount(self) -> int:
        return int(getattr(self, self.unit))


class Calendar(_Frozen):
    """Which days are business days, and where.

    Attributes:
        holidays: days off beside weekends.
        working_days: days of a weekend on which people work to make up for a holiday.
        known_until: the last day of the years whose holidays are listed; after it weekends alone are known.
        rolls: a period of days or months that would end on a day off ends with the next business day.
    """

    time_zone: Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]
    weekend: Annotated[list[Weekday], Field(max_length=6)] = Field(default=["saturday", "sunday"])
    holidays: Annotated[list[date], Field(max_length=10_000)] = Field(default=[])
    working_days: Annotated[list[date], Field(max_length=10_000)] = Field(default=[])
    known_until: date
    rolls: bool

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        both = sorted(set(self.holidays) & set(self.working_days))
        if both:
            raise ValueError(f"working_days: {both[0]} is one of the holidays too")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def _off(self) -> frozenset[date]:
        return frozenset(self.holidays)

    @cached_property
    def _on(self) -> frozenset[date]:
        return frozenset(self.working_days)

    def is_business_day(self, day: date) -> bool:
        return day in self._on or (day not in self._off and WEEKDAYS[day.weekday()] not in self.weekend)


class PutBack(_Frozen):
    """The clock that a counter-notice starts: what was taken down comes back after ``earliest``, and by ``latest``,
    unless whoever complained shows that a court or an authority has the matter."""

    earliest: Period
    latest: Period

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.earliest.unit != self.latest.unit or self.earliest.amount > self.latest.amount:
            raise ValueError("latest: must be as long as earliest or longer, in the same unit")
        return self


class Regime(_Frozen):
    """
    Attributes:
        notice: fields without which a notice is incomplete.
        counter_notice: likewise.
        poster_sees: what the poster is shown of whoever complained; the rest of the notice in any case.
        notifier_sees: what whoever complained is shown of the poster.
        act_within: how soon a complete notice is forwarded and acted upon.
        complete_within: how long an incomplete notice may be completed.
        answer_within: how long the poster may send a counter-notice.
        put_back: None where a person weighs both sides instead.
        decide_within: how soon a person decides, where one has to.
        statements: what is declared by each of the statements that the regime asks for.
        process: what happens with a notice, and how long it takes.
        liability: what follows from a notice that is wrong.
    """

    name: Texts
    law: Texts
    calendar: Id
    notice: Annotated[list[NoticeField], Field(min_length=1)]
    counter_notice: Annotated[list[CounterNoticeField], Field(min_length=1)]
    poster_sees: list[PersonalField]
    notifier_sees: list[PersonalField]
    act_within: Period
    complete_within: Period
    answer_within: Period
    put_back: PutBack | None = None
    decide_within: Period
    appeal_months: Annotated[int, Field(ge=6, le=120)]
    statements: dict[Statement, Texts]
    process: Texts
    liability: Texts

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for field in ("work", "addresses", "email"):
            if field not in self.notice:
                raise ValueError(f"notice: no complaint can be handled without {field}: name it")
        asked = [each for each in get_args(Statement) if each in (*self.notice, *self.counter_notice)]
        for each in asked:
            if each not in self.statements:
                raise ValueError(f"statements.{each}: is missing; the regime asks for it")
        return self


class OfferedRegime(Regime):
    """A regime that a notice may name."""

    regime: Id
