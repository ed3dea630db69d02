"""How much waits in an installation, for those who watch it."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from .tables import deliveries, endpoints, jobs, log_state


def log_size(connection: sa.Connection) -> int:
    """Entries of the log."""
    return int(connection.execute(sa.select(log_state.c.size)).scalar() or 0)


def waiting(connection: sa.Connection) -> Mapping[tuple[str, str], int]:
    """How many there are by kind and state: what is done or delivered is not counted."""
    found = {("job", state): 0 for state in ("queued", "running", "failed")}
    found |= {("delivery", state): 0 for state in ("pending", "dead")}
    states = [state for kind, state in found if kind == "job"]
    in_states = sa.select(jobs.c.state, sa.func.count()).where(jobs.c.state.in_(states)).group_by(jobs.c.state)
    found |= {("job", state): count for state, count in connection.execute(in_states)}
    states = [state for kind, state in found if kind == "delivery"]
    undelivered = (
        sa.select(deliveries.c.state, sa.func.count())
        .join(endpoints, sa.and_(deliveries.c.endpoint == endpoints.c.id, deliveries.c.state.in_(states)))
        .group_by(deliveries.c.state)
    )
    return found | {("delivery", state): count for state, count in connection.execute(undelivered)}
