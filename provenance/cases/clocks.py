"""When a period of a complaint ends: pure functions over a calendar.

The day on which something happens does not count; a period of days ends when its last day is over where the calendar
is (Regulation (EEC, Euratom) No 1182/71, article 3; Civil Code of the PRC, articles 201 and 203; FRCP 6(a)).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from ..schemas.case import ClockName
from ..schemas.regimes import Calendar, Period, PutBack, Regime


def end_of(period: Period, start: datetime, calendar: Calendar) -> datetime:
    """The moment at which a period that begins with what happened at ``start`` is over, in UTC.

    Args:
        start: with its time zone.
    """
    assert start.tzinfo is not None
    if period.amount == 0:
        return start.astimezone(UTC)
    if period.hours is not None:
        return start.astimezone(UTC) + timedelta(hours=period.hours)
    return _over(_last_day(period, start.astimezone(calendar.zone).date(), calendar), calendar)


def put_back_window(clock: PutBack, start: datetime, calendar: Calendar) -> tuple[datetime, datetime]:
    """From when, and by when, content is put back after a counter-notice that was forwarded at ``start``."""
    return end_of(clock.earliest, start, calendar), end_of(clock.latest, start, calendar)


def running(clock: ClockName, regime: Regime, calendar: Calendar, start: datetime) -> tuple[datetime | None, datetime]:
    """When this program acts by a clock that starts now, None where a person has to; and when it has run out."""
    match clock:
        case "completion":
            over = end_of(regime.complete_within, start, calendar)
        case "counter_notice":
            over = end_of(regime.answer_within, start, calendar)
        case "appeal":
            over = end_of(Period(months=regime.appeal_months), start, calendar)
        case "put_back":
            assert regime.put_back is not None
            return put_back_window(regime.put_back, start, calendar)
        case "decision":
            return None, end_of(regime.decide_within, start, calendar)
    return over, over


def _last_day(period: Period, first: date, calendar: Calendar) -> date:
    """The last day of a period of days that begins after a day."""
    if period.business_days is not None:
        day = first
        for _ in range(period.business_days):
            day = _next_business_day(day, calendar)
        return day
    day = first + timedelta(days=period.days) if period.days is not None else _months_later(first, period.months or 0)
    if calendar.rolls and not calendar.is_business_day(day):
        return _next_business_day(day, calendar)
    return day


def _next_business_day(day: date, calendar: Calendar) -> date:
    day += timedelta(days=1)
    while not calendar.is_business_day(day):
        day += timedelta(days=1)
    return day


def _months_later(day: date, months: int) -> date:
    """The day of the same number; where a month has none, its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _over(day: date, calendar: Calendar) -> datetime:
    """The moment at which a day is over: the first midnight of the next one, also where clocks are changed at it."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=calendar.zone).astimezone(UTC)
