"""Standing: what was confirmed against official accounts, reckoned by a table (`standing_table`).

Decisions are only added. What was counted counts for the days that the table gives it, unless it was reversed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..database.engine import Database
from ..database.tables import now, official_accounts, stamp, standing_decisions
from ..errors import Conflict, NotFound
from ..ids import new_id
from ..names import clean
from ..schemas import Standing, StandingAnswer, StandingCount, StandingDecision
from .official_rows import require
from .standing_table import StandingTable

_reversal = standing_decisions.alias("reversal")
_about = standing_decisions.alias("about_decision")

# Made once: every scan that names an account asks it.
_COUNTS = (
    sa.select(standing_decisions.c.official, standing_decisions.c.counter, standing_decisions.c.decided_at)
    .outerjoin(_reversal, (_reversal.c.about == standing_decisions.c.id) & (_reversal.c.act == "reverse"))
    .where(standing_decisions.c.official.in_(sa.bindparam("officials", expanding=True)))
    .where(standing_decisions.c.act == "count", standing_decisions.c.decided_at > sa.bindparam("since"))
    .where(_reversal.c.id.is_(None))
)


def count(
    connection: sa.Connection,
    platform_id: str,
    account_id: str,
    new: StandingCount,
    table: StandingTable,
    *,
    request_id: bytes | None = None,
) -> StandingDecision:
    """Record what was confirmed against an account, in the caller's transaction.

    Args:
        request_id: of a request that may be carried out again: what it recorded before is found.

    Raises:
        NotFound: the platform has recorded no such account.
    """
    number = require(connection, platform_id, account_id)
    decision_id = new_id("stand", request_id)
    done = connection.execute(_query().where(standing_decisions.c.decision_id == decision_id)).first()
    if done is not None:
        return _shown(done)
    return _record(connection, number, table, {"act": "count", "decision_id": decision_id, **new.model_dump()})


def reverse_counts(
    connection: sa.Connection, platform_id: str, subject: str, reason: str, decided_by: str, table: StandingTable
) -> None:
    """What was counted because of something counts no longer, in the caller's transaction.

    Args:
        subject: the public id that the counts name.
    """
    rows = connection.execute(
        _query()
        .outerjoin(_reversal, (_reversal.c.about == standing_decisions.c.id) & (_reversal.c.act == "reverse"))
        .add_columns(standing_decisions.c.id.label("number"), standing_decisions.c.official.label("of"))
        .where(
            official_accounts.c.platform == platform_id,
            standing_decisions.c.subject == subject,
            standing_decisions.c.act == "count",
            _reversal.c.id.is_(None),
        )
    ).all()
    for row in rows:
        said = {"act": "reverse", "reason": reason, "decided_by": decided_by}
        _record(connection, row.of, table, {"counter": row.counter, "about": row.number, "subject": subject, **said})


def answer(
    db: Database, platform_id: str, account_id: str, decision_id: str, said: StandingAnswer, table: StandingTable
) -> StandingDecision:
    """Appeal against a count, or decide about it: it stands, or it counts no longer.

    Raises:
        NotFound: no count against this account of the platform has the id.
        Conflict: that was done before; there is no appeal to refuse; or who decided first decides about the appeal.
    """
    try:
        with db.write() as connection:
            counted = _counted(connection, platform_id, account_id, decision_id)
            _check(connection, counted, said)
            values = {"counter": counted.counter, "about": counted.id, "subject": counted.subject}
            return _record(connection, counted.official, table, {**values, **said.model_dump()})
    except IntegrityError as error:
        raise Conflict(f"{decision_id}: there is a decision of that kind already ({said.act})") from error


def _check(connection: sa.Connection, counted: Any, said: StandingAnswer) -> None:
    columns = standing_decisions.c
    done = set(connection.execute(sa.select(columns.act).where(columns.about == counted.id)).scalars())
    if "reverse" in done:
        raise Conflict(f"{counted.decision_id} was reversed already")
    if said.act in done:
        raise Conflict(f"{counted.decision_id}: there is a decision of that kind already ({said.act})")
    if said.act == "uphold" and "appeal" not in done:
        raise Conflict(f"{counted.decision_id}: nobody has appealed against it")
    if said.act != "appeal" and "appeal" in done and clean(said.decided_by) == clean(counted.decided_by):
        raise Conflict(f"decided_by: {counted.decided_by!r} decided first; another person decides about the appeal")


def read(db: Database, platform_id: str, account_id: str, table: StandingTable) -> Standing:
    """Where an account stands, with all decisions; raises `NotFound`."""
    moment = now()
    with db.read() as connection:
        number = require(connection, platform_id, account_id)
        rows = connection.execute(_query().where(standing_decisions.c.official == number)).all()
        counting = _counting(connection, [number], table, moment)
    counters = dict.fromkeys(table.counters, 0)
    for _, counter in counting:
        counters[counter] += 1
    points = sum(table.counters[counter].weight for _, counter in counting)
    level = table.level(points)
    return Standing(
        account_id=account_id,
        level=level,
        level_name=table.levels[level].name,
        points=points,
        counters={str(name): number for name, number in counters.items()},
        decisions=[_shown(row) for row in rows],
    )


def points(connection: sa.Connection, officials: Sequence[int], table: StandingTable, moment: str) -> dict[int, int]:
    """The points of accounts by their internal numbers; those without any are left out."""
    out: dict[int, int] = {}
    for number, counter in _counting(connection, officials, table, moment):
        out[number] = out.get(number, 0) + table.counters[counter].weight
    return out


def _counting(
    connection: sa.Connection, officials: Sequence[int], table: StandingTable, moment: str
) -> list[tuple[int, Any]]:
    """The account and the counter of each count that is in its window and not reversed."""
    if not officials:
        return []
    at = datetime.fromisoformat(moment).astimezone(UTC)
    since = {counter: stamp(at - timedelta(days=weighing.days)) for counter, weighing in table.counters.items()}
    rows = connection.execute(_COUNTS, {"officials": list(officials), "since": min(since.values())})
    return [(number, counter) for number, counter, decided_at in rows if decided_at > since[counter]]


def _record(connection: sa.Connection, number: int, table: StandingTable, values: dict[str, Any]) -> StandingDecision:
    """Add a decision, with the account's level before it and after it."""
    # Whoever else decides about the account waits here: each decision says what it has changed.
    connection.execute(
        sa.select(official_accounts.c.id).where(official_accounts.c.id == number).with_for_update()
    ).scalar_one()
    before = _level(connection, number, table)
    row = {"decision_id": new_id("stand"), "official": number, "decided_at": now(), **values}
    connection.execute(standing_decisions.insert().values(**row, level_before=before, level_after=before))
    after = _level(connection, number, table)
    mine = standing_decisions.c.decision_id == row["decision_id"]
    connection.execute(standing_decisions.update().where(mine).values(level_after=after))
    return _shown(connection.execute(_query().where(mine)).one())


def _level(connection: sa.Connection, number: int, table: StandingTable) -> int:
    return table.level(points(connection, [number], table, now()).get(number, 0))


def _query() -> sa.Select[Any]:
    return (
        sa.select(
            standing_decisions,
            official_accounts.c.account_id,
            _about.c.decision_id.label("about_id"),
        )
        .join(official_accounts, official_accounts.c.id == standing_decisions.c.official)
        .outerjoin(_about, _about.c.id == standing_decisions.c.about)
        .order_by(standing_decisions.c.id)
    )


def _counted(connection: sa.Connection, platform_id: str, account_id: str, decision_id: str) -> Any:
    row = connection.execute(
        _query().where(
            standing_decisions.c.decision_id == decision_id,
            standing_decisions.c.act == "count",
            official_accounts.c.platform == platform_id,
            official_accounts.c.account_id == account_id,
        )
    ).first()
    if row is None:
        raise NotFound(f"no count against this account of yours has the id {decision_id!r:.60}")
    return row


def _shown(row: Any) -> StandingDecision:
    names = StandingDecision.model_fields.keys() - {"about"}
    return StandingDecision(**{name: getattr(row, name) for name in names}, about=row.about_id)
