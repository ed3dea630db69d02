"""Clocks of complaints: business days, holidays, days that are made up for, daylight saving, leap days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.cases import clocks, regimes
from provenance.schemas.regimes import Calendar, Period

SHIPPED = regimes.read(None)
CN, US = SHIPPED.calendars["cn"], SHIPPED.calendars["us"]


def calendar(zone: str, *, rolls: bool = False, **values: object) -> Calendar:
    return Calendar.model_validate({"time_zone": zone, "known_until": "2030-12-31", "rolls": rolls, **values})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("period", "start", "end", "where"),
    [
        # Friday evening in New York; Monday is Labor Day, so the tenth business day is 21 September.
        ({"business_days": 10}, "2026-09-04T22:00:00-04:00", "2026-09-22T00:00:00-04:00", US),
        ({"business_days": 14}, "2026-09-04T22:00:00-04:00", "2026-09-26T00:00:00-04:00", US),
        # 04:00 in UTC is still the day before there.
        ({"business_days": 1}, "2026-06-09T03:59:00+00:00", "2026-06-10T00:00:00-04:00", US),
        ({"business_days": 1}, "2026-06-09T04:00:00+00:00", "2026-06-11T00:00:00-04:00", US),
        # The Saturday after the Spring Festival is made up for, as is the one before it.
        ({"business_days": 1}, "2026-02-13T09:00:00+08:00", "2026-02-15T00:00:00+08:00", CN),
        ({"business_days": 2}, "2026-02-13T09:00:00+08:00", "2026-02-25T00:00:00+08:00", CN),
        ({"business_days": 5}, "2026-02-23T09:00:00+08:00", "2026-03-01T00:00:00+08:00", CN),
        # Fifteen days end within the National Day holidays, so with the day after them.
        ({"days": 15}, "2026-09-18T10:00:00+08:00", "2026-10-09T00:00:00+08:00", CN),
        # ... and on a Saturday on which people work, with that.
        ({"days": 15}, "2026-09-25T10:00:00+08:00", "2026-10-11T00:00:00+08:00", CN),
        ({"hours": 24}, "2026-10-01T10:00:00+08:00", "2026-10-02T10:00:00+08:00", CN),
        ({"days": 0}, "2026-10-01T10:00:00+08:00", "2026-10-01T10:00:00+08:00", CN),
    ],
)
def test_periods_in_the_shipped_calendars(period: dict[str, int], start: str, end: str, where: Calendar) -> None:
    found = clocks.end_of(Period(**period), at(start), where)
    assert found == at(end)
    assert found.tzinfo is UTC


def test_the_window_of_the_dmca() -> None:
    clock = SHIPPED.of("us-dmca").put_back
    assert clock is not None
    window = clocks.put_back_window(clock, at("2026-11-20T12:00:00-05:00"), US)  # Thanksgiving is in between
    assert window == (at("2026-12-08T00:00:00-05:00"), at("2026-12-12T00:00:00-05:00"))


@pytest.mark.parametrize(
    ("zone", "start", "hours", "days_end"),
    [
        # Clocks go forward in the night to 8 March: the day is over an hour earlier in UTC.
        ("America/New_York", "2026-03-07T12:00:00-05:00", 24, "2026-03-09T04:00:00+00:00"),
        ("America/New_York", "2026-10-31T12:00:00-04:00", 24, "2026-11-02T05:00:00+00:00"),
        # Cairo: midnight itself is left out (to 25 April 2026 comes 01:00), and an hour comes twice before midnight.
        ("Africa/Cairo", "2026-04-22T12:00:00+02:00", 24, "2026-04-23T22:00:00+00:00"),
        ("Africa/Cairo", "2026-10-28T12:00:00+03:00", 24, "2026-10-29T22:00:00+00:00"),
        # Havana: midnight comes twice on 1 November 2026; the day before is over at the first.
        ("America/Havana", "2026-10-30T12:00:00-04:00", 24, "2026-11-01T04:00:00+00:00"),
        ("Australia/Lord_Howe", "2026-04-04T12:00:00+11:00", 24, "2026-04-05T13:30:00+00:00"),  # half an hour
    ],
)
def test_days_across_daylight_saving(zone: str, start: str, hours: int, days_end: str) -> None:
    where = calendar(zone)
    assert clocks.end_of(Period(days=1), at(start), where) == at(days_end)
    assert clocks.end_of(Period(hours=hours), at(start), where) == at(start) + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        ("2027-08-31", 6, "2028-02-29"),  # a leap year
        ("2026-08-31", 6, "2027-02-28"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-12-15", 6, "2027-06-15"),
        ("2026-06-30", 6, "2026-12-30"),
        ("2026-01-31", 1, "2026-02-28"),
    ],
)
def test_months_end_on_the_same_number_or_the_months_last(start: str, months: int, last: str) -> None:
    found = clocks.end_of(Period(months=months), at(f"{start}T12:00:00+00:00"), calendar("UTC"))
    assert found == at(f"{last}T00:00:00+00:00") + timedelta(days=1)


def test_days_across_a_leap_day() -> None:
    assert clocks.end_of(Period(days=2), at("2028-02-28T12:00:00+00:00"), calendar("UTC")) == at("2028-03-02T00:00Z")
    assert clocks.end_of(Period(business_days=2), at("2028-02-28T12:00:00+00:00"), calendar("UTC")) == at(
        "2028-03-02T00:00Z"
    )


def test_a_weekend_of_other_days() -> None:
    where = calendar("Asia/Riyadh", weekend=["friday", "saturday"])
    assert clocks.end_of(Period(business_days=1), at("2026-06-04T12:00:00+03:00"), where) == at(
        "2026-06-08T00:00+03:00"
    )


_DAYS = st.dates(date(2026, 1, 1), date(2029, 12, 31))


@given(
    zone=st.sampled_from(["Asia/Shanghai", "America/New_York", "Africa/Cairo", "Pacific/Apia", "America/St_Johns"]),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),
    count=st.integers(1, 60),
    holidays=st.sets(_DAYS, max_size=40),
    made_up=st.sets(_DAYS, max_size=40),
)
def test_business_days_are_counted_as_one_counts_on_a_calendar(
    zone: str, start: datetime, count: int, holidays: set[date], made_up: set[date]
) -> None:
    where = calendar(zone, holidays=sorted(holidays), working_days=sorted(made_up - holidays), rolls=True)
    end = clocks.end_of(Period(business_days=count), start, where)
    local = end.astimezone(where.zone)
    assert (local - timedelta(microseconds=1)).date() != local.date()  # it is a day's end
    first = start.astimezone(where.zone).date()
    passed = [first + timedelta(n) for n in range(1, (local.date() - first).days)]
    assert sum(day in made_up - holidays or (day not in holidays and day.weekday() < 5) for day in passed) == count
    assert where.is_business_day(passed[-1])
    assert end > start
    days_end = clocks.end_of(Period(days=count), start, where)
    assert days_end <= end  # as many days are never longer than as many business days, also where they roll
