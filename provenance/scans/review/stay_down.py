"""What stays down: exact content of confirmed cases, and works whose owner lets nobody show them.

It never concerns a post that is its owner's own or is licensed, nor accounts and works that an entry excepts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ...database import paging
from ...database.engine import Database
from ...database.tables import decisions, now, owner_key, scans, stamp, stay_down, works
from ...errors import BadInput, NotFound
from ...ids import new_id
from ...schema_fields import end_of
from ...schemas.stay_down import Exceptions, NewStayDown, StayDown
from .reviewer import Reviewer

_PERMITTED = ("own", "licensed")


@dataclass(frozen=True, slots=True)
class ShownWork:
    """A work that a post shows.

    Attributes:
        number: the work's internal number.
        work_id: its public id.
        coverage: share of the work that the post shows.
    """

    number: int
    work_id: str
    coverage: float
    verdict: str

    @property
    def permitted(self) -> bool:
        return self.verdict in _PERMITTED


def add(db: Database, reviewer: Reviewer, account_id: str, new: NewStayDown) -> StayDown:
    """Keep a case down from now on.

    Args:
        account_id: whose posts it concerns.

    Raises:
        NotFound: there is no such scan or decision of this account, or no such work.
        BadInput: it would end before it begins.
    """
    with db.write() as connection:
        return insert(connection, reviewer, account_id, new)


def insert(connection: sa.Connection, reviewer: Reviewer, account_id: str, new: NewStayDown) -> StayDown:
    """The same within the caller's transaction; raises as `add`."""
    expires_at = None if new.until is None else to_come(new.until)
    values = {
        "stay_down_id": new_id("stay"),
        "account_id": account_id,
        "digest": None if new.scan_id is None else _digest(connection, account_id, new.scan_id),
        "work": None if new.work_id is None else _work(connection, new.work_id),
        "coverage": new.coverage,
        "decision": None if new.decision_id is None else _decision(connection, account_id, new.decision_id),
        "reason": new.reason,
        "note": new.note,
        "except_accounts": new.exceptions.accounts,
        "except_works": new.exceptions.works,
        "created_at": now(),
        "created_by": reviewer.name or reviewer.id,
        "expires_at": expires_at,
    }
    number = connection.execute(stay_down.insert().values(**values)).inserted_primary_key
    assert number is not None
    return _records(connection, stay_down.c.id == number[0])[0]


def _digest(connection: sa.Connection, account_id: str, scan_id: str) -> bytes:
    found = connection.execute(
        sa.select(scans.c.digest).where(scans.c.scan_id == scan_id, scans.c.account_id == account_id)
    ).scalar()
    if found is None:
        raise NotFound(f"no scan of yours has the id {scan_id!r}")
    return bytes(found)


def _work(connection: sa.Connection, work_id: str) -> int:
    found = connection.execute(sa.select(works.c.id).where(works.c.work_id == work_id)).scalar()
    if found is None:
        raise NotFound(f"no work has the id {work_id!r}")
    return int(found)


def _decision(connection: sa.Connection, account_id: str, decision_id: str) -> int:
    found = connection.execute(
        sa.select(decisions.c.id).where(
            decisions.c.decision_id == decision_id, decisions.c.account_id == account_id, decisions.c.final.is_(True)
        )
    ).scalar()
    if found is None:
        raise NotFound(f"no final decision of yours has the id {decision_id!r}")
    return int(found)


def get(db: Database, account_id: str | None, stay_down_id: str) -> StayDown:
    """One entry, also an ended one; raises `NotFound`."""
    with db.read() as connection:
        return _one(connection, account_id, stay_down_id)


def end(db: Database, account_id: str | None, stay_down_id: str) -> StayDown:
    """End an entry, at once; ending twice changes nothing. Raises `NotFound`."""
    with db.write() as connection:
        _one(connection, account_id, stay_down_id)
        connection.execute(
            stay_down.update()
            .where(stay_down.c.stay_down_id == stay_down_id, stay_down.c.ended_at.is_(None))
            .values(ended_at=now())
        )
        return _one(connection, account_id, stay_down_id)


def _one(connection: sa.Connection, account_id: str | None, stay_down_id: str) -> StayDown:
    mine = [stay_down.c.stay_down_id == stay_down_id]
    if account_id is not None:
        mine.append(stay_down.c.account_id == account_id)
    found = _records(connection, *mine)
    if not found:
        raise NotFound(f"no entry of your stay-down list has the id {stay_down_id!r}")
    return found[0]


def end_with(connection: sa.Connection, decision: int) -> None:
    """End what a decision confirmed: it no longer counts."""
    connection.execute(
        stay_down.update()
        .where(stay_down.c.decision == decision, stay_down.c.ended_at.is_(None))
        .values(ended_at=now())
    )


def page(
    db: Database, account_id: str | None, *, ended: bool = False, after: int = 0, limit: int = 100
) -> tuple[list[StayDown], int | None]:
    """Entries of an account (None: of everybody), oldest first, and the cursor of the next page or None.

    Args:
        ended: those too that have ended or expired.
    """
    query = _select()
    if account_id is not None:
        query = query.where(stay_down.c.account_id == account_id)
    if not ended:
        query = query.where(*_lasting(now()))
    with db.read() as connection:
        rows, more = paging.page(connection, query, stay_down.c.id, after, limit)
    return [_record(row) for row in rows], more


def of_cases(
    connection: sa.Connection, account_id: str, digests: Collection[bytes], numbers: Collection[int]
) -> list[StayDown]:
    """Entries about contents and works, ended ones too."""
    about = sa.or_(stay_down.c.digest.in_(digests), stay_down.c.work.in_(numbers))
    return _records(connection, stay_down.c.account_id == account_id, about)


def applying(
    connection: sa.Connection,
    account_id: str,
    digests: Collection[bytes],
    shown: Sequence[ShownWork],
    names: Iterable[str],
) -> str | None:
    """The id of an entry that keeps a post down, None where it may be shown as far as the list goes.

    Args:
        digests: SHA-256 of the post's contents.
        shown: works that were found in it.
        names: id and name of the posting account.
    """
    if shown and all(each.permitted for each in shown):
        return None
    by_number = {each.number: each for each in shown if not each.permitted}
    about = sa.or_(stay_down.c.digest.in_(digests), stay_down.c.work.in_(by_number))
    rows = connection.execute(
        sa.select(stay_down)
        .where(stay_down.c.account_id == account_id, about, *_lasting(now()))
        .order_by(stay_down.c.id)
    )
    posting = {owner_key(name) for name in names}
    works_shown = {each.work_id for each in shown}
    for row in rows:
        work = by_number.get(row.work)
        enough = row.work is None or (work is not None and work.coverage >= row.coverage)
        excepted = posting & set(map(owner_key, row.except_accounts)) or works_shown & set(row.except_works)
        if enough and not excepted:
            return str(row.stay_down_id)
    return None


def _lasting(moment: str) -> list[sa.ColumnElement[bool]]:
    return [
        stay_down.c.ended_at.is_(None),
        sa.or_(stay_down.c.expires_at.is_(None), stay_down.c.expires_at > moment),
    ]


def _records(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[StayDown]:
    rows = connection.execute(_select().where(*conditions).order_by(stay_down.c.id))
    return [_record(row) for row in rows]


def _select() -> sa.Select[Any]:
    return (
        sa.select(stay_down, works.c.work_id, decisions.c.decision_id)
        .outerjoin(works, works.c.id == stay_down.c.work)
        .outerjoin(decisions, decisions.c.id == stay_down.c.decision)
    )


def _record(row: sa.Row[Any]) -> StayDown:
    return StayDown(
        stay_down_id=row.stay_down_id,
        digest=None if row.digest is None else row.digest.hex(),
        work_id=row.work_id,
        coverage=row.coverage,
        decision_id=row.decision_id,
        reason=row.reason,
        note=row.note,
        exceptions=Exceptions(accounts=row.except_accounts, works=row.except_works),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
    )


def to_come(until: str) -> str:
    """The instant at which something that is to last until a `Date` is over, as tables store it.

    Raises:
        BadInput: it has passed.
    """
    over = stamp(end_of(until))
    if over <= now():
        raise BadInput(f"until: {until} has passed: name a later day, or leave it out")
    return over
