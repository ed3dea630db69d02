"""How far the log of an installation is, and how much waits."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from .tables import deliveries, endpoints, jobs, log_state, review_items

_JOBS = ("queued", "running", "failed")
_DELIVERIES = ("pending", "dead")


def log_size(connection: sa.Connection) -> int:
    """Entries of the log."""
    return int(connection.execute(sa.select(log_state.c.size)).scalar() or 0)


def waiting(connection: sa.Connection) -> Mapping[tuple[str, str], int]:
    """How many there are by kind and state: what is done, delivered or decided is not counted."""
    found = dict.fromkeys([*(("job", state) for state in _JOBS), *(("delivery", state) for state in _DELIVERIES)], 0)
    by_state = sa.select(jobs.c.state, sa.func.count()).where(jobs.c.state.in_(_JOBS)).group_by(jobs.c.state)
    found |= {("job", state): count for state, count in connection.execute(by_state)}
    undelivered = (
        sa.select(deliveries.c.state, sa.func.count())
        .join(endpoints, sa.and_(deliveries.c.endpoint == endpoints.c.id, deliveries.c.state.in_(_DELIVERIES)))
        .group_by(deliveries.c.state)
    )
    found |= {("delivery", state): count for state, count in connection.execute(undelivered)}
    in_review = sa.select(sa.func.count()).select_from(review_items).where(review_items.c.closed_at.is_(None))
    return found | {("review", "waiting"): connection.execute(in_review).scalar_one()}
