"""How much an API key may send in a day and in a month (UTC), and how much it has sent.

Each process counts in memory and adds its counts to those in the database every few seconds: a write for every request
would cost more than many requests. So a key can get past its quota by what other processes took of it meanwhile, and a
process that is killed forgets its last seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from ..config import MEBIBYTE, Settings
from ..database.engine import Database
from ..database.inserting import insert
from ..database.tables import key_usage
from ..errors import RateLimited, SourcemarkError
from ..schema_fields import Record, Request

FLUSH_SECONDS = 5.0


class KeyLimits(Request):
    """What a key may send; 0: any number, null: what the setting of the service says."""

    requests_per_minute: int | None = Field(None, ge=0, le=1_000_000, description="SOURCEMARK_RATE_PER_MINUTE.")
    requests_per_day: int | None = Field(None, ge=0, le=10**12, description="SOURCEMARK_REQUESTS_PER_DAY.")
    requests_per_month: int | None = Field(None, ge=0, le=10**12, description="SOURCEMARK_REQUESTS_PER_MONTH.")
    mib_per_day: int | None = Field(None, ge=0, le=10**12, description="SOURCEMARK_MIB_PER_DAY.")
    mib_per_month: int | None = Field(None, ge=0, le=10**12, description="SOURCEMARK_MIB_PER_MONTH.")

    def or_of(self, settings: Settings) -> KeyLimits:
        """With the settings of the service where nothing is said."""
        defaults = {
            "requests_per_minute": settings.rate_per_minute,
            **{name: getattr(settings, name) for name in _QUOTAS},
        }
        return KeyLimits(**{**defaults, **self.model_dump(exclude_none=True)})


class KeySent(Record):
    """What a key has sent in the present day and month, UTC; the last seconds may be missing."""

    requests_today: int = 0
    requests_this_month: int = 0
    bytes_today: int = 0
    bytes_this_month: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a quota.

    Attributes:
        quota, left: requests, or bytes.
        seconds: until its period ends.
    """

    name: str
    quota: int
    left: int
    seconds: int
    period_seconds: int


@dataclass(frozen=True, slots=True)
class _Quota:
    """One of the limits that count in a period.

    Attributes:
        unit: how many of what is counted one of the limit is.
    """

    counts: str
    period: str
    unit: int


_QUOTAS = {
    "requests_per_day": _Quota("requests", "day", 1),
    "requests_per_month": _Quota("requests", "month", 1),
    "mib_per_day": _Quota("bytes", "day", MEBIBYTE),
    "mib_per_month": _Quota("bytes", "month", MEBIBYTE),
}
_PERIOD_SECONDS = {"day": 86_400, "month": 30 * 86_400}


@dataclass(slots=True)
class _Count:
    """Of a key in a period: all that is known of, and what of it is not in the database yet."""

    requests: int = 0
    bytes: int = 0
    new_requests: int = 0
    new_bytes: int = 0


class Quotas:
    """Counts what keys send, of one process. Thread-safe."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db, self._settings = db, settings
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], _Count] = {}  # by key and period

    def take(self, key_id: str, limits: KeyLimits, size: int) -> list[Left]:
        """Count a request of so many bytes, unless that is more than the key may send: then `refuse_beyond` says so.

        Args:
            limits: in force, see `KeyLimits.or_of`.

        Returns:
            Of each quota that the key has, what is left after this request.
        """
        moment = datetime.now(UTC)
        periods = _periods(moment)
        self._know(key_id, periods.values())
        with self._lock:
            counts = {name: self._counts.setdefault((key_id, period), _Count()) for name, period in periods.items()}
            wanted = (_left(name, limits, counts, size, moment) for name in _QUOTAS)
            left = [each for each in wanted if each is not None]
            if all(each.left >= 0 for each in left):
                for count in counts.values():
                    count.requests += 1
                    count.bytes += size
                    count.new_requests += 1
                    count.new_bytes += size
        return left

    def _know(self, key_id: str, periods: Iterable[str]) -> None:
        """Read what others have counted of a key that this process sees for the first time in a period."""
        unknown = [period for period in periods if (key_id, period) not in self._counts]
        if unknown:
            with self._db.read() as connection:
                rows = connection.execute(
                    sa.select(key_usage).where(key_usage.c.key_id == key_id, key_usage.c.period.in_(unknown))
                ).all()
            with self._lock:
                for row in rows:
                    self._counts.setdefault((key_id, row.period), _Count(row.requests, row.bytes))

    def flush(self) -> None:
        """Add to the database what was counted since, and learn what others have added.

        Raises:
            Unavailable: the database cannot be used; the next flush adds it.
        """
        with self._lock:
            new = {name: (c.new_requests, c.new_bytes) for name, c in self._counts.items() if c.new_requests}
            for name in new:
                self._counts[name].new_requests = self._counts[name].new_bytes = 0
            present = _periods(datetime.now(UTC)).values()
            for name in [each for each in self._counts if each[1] not in present and each not in new]:
                del self._counts[name]
        if not new:
            return
        try:
            with self._db.write() as connection:
                totals = {name: _add(connection, *name, *counted) for name, counted in sorted(new.items())}
        except SourcemarkError:
            with self._lock:
                for name, (requests, size) in new.items():
                    count = self._counts.setdefault(name, _Count(requests, size))
                    count.new_requests += requests
                    count.new_bytes += size
            raise
        with self._lock:
            for name, (requests, size) in totals.items():
                count = self._counts.setdefault(name, _Count())
                count.requests, count.bytes = requests + count.new_requests, size + count.new_bytes


def refuse_beyond(left: Iterable[Left]) -> None:
    """Raises `RateLimited`, with the time until its period ends, where less than nothing is left of a quota."""
    for each in left:
        if each.left < 0:
            raise RateLimited(
                f"this key has sent what it may: its {each.name} is used up; wait, or ask the operator for more",
                reason="quota",
                retry_after=each.seconds,
            )


def sent(connection: sa.Connection, key_ids: Iterable[str]) -> dict[str, KeySent]:
    """What keys have sent in the present day and month, as far as it is in the database."""
    periods = _periods(datetime.now(UTC))
    rows = connection.execute(
        sa.select(key_usage).where(
            key_usage.c.key_id.in_(list(key_ids)), key_usage.c.period.in_(list(periods.values()))
        )
    ).all()
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        when = "today" if row.period == periods["day"] else "this_month"
        found.setdefault(row.key_id, {}).update({f"requests_{when}": row.requests, f"bytes_{when}": row.bytes})
    return {key_id: KeySent(**values) for key_id, values in found.items()}


def purge(db: Database, before: str) -> int:
    """Forget the counts of days, and of months, that ended before an instant; returns how many."""
    with db.write() as connection:
        return connection.execute(key_usage.delete().where(key_usage.c.period < before[:7])).rowcount


def _periods(moment: datetime) -> dict[str, str]:
    return {"day": f"{moment:%Y-%m-%d}", "month": f"{moment:%Y-%m}"}


def _left(name: str, limits: KeyLimits, counts: Mapping[str, _Count], size: int, moment: datetime) -> Left | None:
    """What a request of so many bytes leaves of a quota, below 0 if it is too much; None where there is no quota."""
    quota = _QUOTAS[name]
    most = (getattr(limits, name) or 0) * quota.unit
    if not most:
        return None
    used = getattr(counts[quota.period], quota.counts) + (size if quota.counts == "bytes" else 1)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if quota.period == "day":
        end = midnight + timedelta(days=1)
    else:
        end = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    seconds = max(1, int((end - moment).total_seconds()))
    return Left(name, most, most - used, seconds, _PERIOD_SECONDS[quota.period])


def _add(connection: sa.Connection, key_id: str, period: str, requests: int, size: int) -> tuple[int, int]:
    """Add to the counts of a key in a period; returns what they are then."""
    new: dict[str, Any] = {"key_id": key_id, "period": period, "requests": requests, "bytes": size}
    statement = insert(connection, key_usage).values(new)
    row = connection.execute(
        statement.on_conflict_do_update(
            index_elements=[key_usage.c.key_id, key_usage.c.period],
            set_={
                "requests": key_usage.c.requests + statement.excluded.requests,
                "bytes": key_usage.c.bytes + statement.excluded.bytes,
            },
        ).returning(key_usage.c.requests, key_usage.c.bytes)
    ).one()
    return row.requests, row.bytes
