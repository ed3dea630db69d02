"""Decisions as rows: never changed, never deleted. A later one about the same subject takes the place of the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ...database.tables import decisions, now, review_items, statements_of_reasons
from ...errors import Conflict
from ...ids import new_id
from ...schemas.decisions import Decision, Outcome, Subject, SubjectKind
from .reviewer import Reviewer


@dataclass(frozen=True, slots=True)
class Terms:
    """What goes with an outcome, as it is stored.

    Attributes:
        territory: countries in which it holds; empty: everywhere.
        until: last day or instant; None: for good.
        ground: a `Ground` as JSON; None where nothing is restricted.
        source: what led to it, a `DetectionSource`.
        strike: what it counts as against the posting account, a counter of its standing.
    """

    territory: Sequence[str] = ()
    until: str | None = None
    ground: dict[str, Any] | None = None
    source: str = "voluntary"
    strike: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "territory": list(self.territory),
            "until": self.until,
            "ground": self.ground,
            "source": self.source,
            "strike": self.strike,
        }


@dataclass(frozen=True, slots=True)
class NewRow:
    """A decision that is about to be recorded.

    Attributes:
        account_id: the platform whose decision it is.
        reviewer: None where a rule decided.
        final: it takes the place of the last decision about the subject; else it is a proposal or passes it on.
        item: internal number of the item of the queue.
        post, digest: of a scan, what tells the same post and content when it is scanned again.
    """

    account_id: str
    subject_kind: SubjectKind
    subject_id: str
    outcome: Outcome
    reason: str
    reviewer: Reviewer | None = None
    final: bool = True
    note: str | None = None
    terms: Terms = field(default_factory=Terms)
    item: int | None = None
    post: bytes | None = None
    digest: bytes | None = None


def insert(connection: sa.Connection, new: NewRow, *, first: bool = False) -> sa.Row[Any]:
    """Record a decision; returns its row.

    Args:
        first: nothing was decided about the subject before, which is new itself.

    Raises:
        Conflict: somebody else has recorded one about the same subject in this moment.
    """
    subject = (new.account_id, new.subject_kind, new.subject_id)
    last = sa.select(sa.func.coalesce(sa.func.max(decisions.c.number), 0)).where(*_subject(*subject))
    before = in_force(connection, *subject) if new.final and not first else None
    values = {
        "decision_id": new_id("dec"),
        "account_id": new.account_id,
        "subject_kind": new.subject_kind,
        "subject_id": new.subject_id,
        "number": 1 if first else connection.execute(last).scalar_one() + 1,
        "post": new.post,
        "digest": new.digest,
        "item": new.item,
        "outcome": new.outcome,
        "final": new.final,
        "automated": new.reviewer is None,
        "reviewer": None if new.reviewer is None else new.reviewer.id,
        "reviewer_name": None if new.reviewer is None else new.reviewer.name,
        "reason": new.reason,
        "note": new.note,
        "terms": new.terms.to_json(),
        "supersedes": None if before is None else before.id,
        "decided_at": now(),
    }
    try:
        return connection.execute(decisions.insert().values(**values).returning(decisions)).one()
    except IntegrityError:
        raise Conflict(
            f"somebody else has just decided about {new.subject_id}: look at it again", reason="decided"
        ) from None


def _subject(account_id: str, kind: str, subject_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        decisions.c.account_id == account_id,
        decisions.c.subject_kind == kind,
        decisions.c.subject_id == subject_id,
    )


def in_force(connection: sa.Connection, account_id: str, kind: str, subject_id: str) -> sa.Row[Any] | None:
    """The newest final decision about a subject, which may be that an earlier one was withdrawn."""
    query = sa.select(decisions).where(*_subject(account_id, kind, subject_id), decisions.c.final.is_(True))
    return connection.execute(query.order_by(decisions.c.number.desc()).limit(1)).first()


def proposals(connection: sa.Connection, account_id: str, kind: str, subject_id: str) -> Sequence[sa.Row[Any]]:
    """Proposals about a subject since its last final decision, in their order."""
    last = in_force(connection, account_id, kind, subject_id)
    return connection.execute(
        sa.select(decisions)
        .where(
            *_subject(account_id, kind, subject_id),
            decisions.c.final.is_(False),
            decisions.c.outcome != "escalate",
            decisions.c.number > (0 if last is None else last.number),
        )
        .order_by(decisions.c.number)
    ).all()


# --- reading -------------------------------------------------------------------------------------------------------
def select() -> sa.Select[Any]:
    """All that `record` needs of decisions; may be narrowed by `tables.decisions`."""
    later, earlier = decisions.alias("later"), decisions.alias("earlier")
    return (
        sa.select(
            decisions,
            review_items.c.item_id,
            later.c.decision_id.label("superseded_by"),
            earlier.c.decision_id.label("superseded"),
            statements_of_reasons.c.statement_id,
        )
        .outerjoin(review_items, review_items.c.id == decisions.c.item)
        .outerjoin(later, later.c.supersedes == decisions.c.id)
        .outerjoin(earlier, earlier.c.id == decisions.c.supersedes)
        .outerjoin(statements_of_reasons, statements_of_reasons.c.decision == decisions.c.id)
    )


def record(row: sa.Row[Any]) -> Decision:
    """A row of `select` as it is answered."""
    return Decision(
        decision_id=row.decision_id,
        subject=Subject(kind=row.subject_kind, id=row.subject_id),
        item_id=row.item_id,
        decision=row.outcome,
        final=row.final,
        automated=row.automated,
        reviewer=row.reviewer,
        reviewer_name=row.reviewer_name,
        reason=row.reason,
        note=row.note,
        supersedes=row.superseded,
        superseded_by=row.superseded_by,
        in_force=row.final and row.superseded_by is None and row.outcome != "withdrawn",
        statement_id=row.statement_id,
        decided_at=row.decided_at,
        **row.terms,
    )


def load(connection: sa.Connection, number: int) -> Decision:
    """A decision by its internal number."""
    return record(connection.execute(select().where(decisions.c.id == number)).one())


def about_post(connection: sa.Connection, account_id: str, post: bytes, limit: int = 100) -> list[Decision]:
    """The newest decisions about a post, whichever scan of it they speak of, oldest first."""
    query = select().where(decisions.c.account_id == account_id, decisions.c.post == post)
    rows = connection.execute(query.order_by(decisions.c.id.desc()).limit(limit)).all()
    return [record(row) for row in reversed(rows)]
