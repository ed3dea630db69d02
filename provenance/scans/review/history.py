"""Looking back: the log of decisions, all that is known about a post or an account, and the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from ...database import paging
from ...database.engine import Database
from ...database.tables import (
    decisions,
    matches,
    review_items,
    review_queues,
    scans,
    statements_of_reasons,
    works,
)
from ...errors import NotFound
from ...schemas.decisions import Decision, Outcome
from ...schemas.review import HistoricItem, History, QueueSummary, ReviewOverview, Tally
from .. import records, sightings
from . import decision_rows, items, stay_down
from .reviewer import Reviewer

_MOST_SCANS = 100  # of one history, the newest
_MOST_REASONS = 50


# --- the log of decisions ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Sought:
    """Which decisions to list: those that fit all that is given.

    Attributes:
        reviewer: id or name of the person.
        since, until: decided then or later, and before; as times are stored.
    """

    decision: Outcome | None = None
    automated: bool | None = None
    reviewer: str | None = None
    reason: str | None = None
    subject: str | None = None
    since: str | None = None
    until: str | None = None

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        equal: dict[Any, Any] = {
            decisions.c.outcome: self.decision,
            decisions.c.automated: self.automated,
            decisions.c.reason: self.reason,
            decisions.c.subject_id: self.subject,
        }
        yield from (column == value for column, value in equal.items() if value is not None)
        if self.reviewer is not None:
            yield sa.or_(decisions.c.reviewer == self.reviewer, decisions.c.reviewer_name == self.reviewer)
        if self.since is not None:
            yield decisions.c.decided_at >= self.since
        if self.until is not None:
            yield decisions.c.decided_at < self.until


def log(
    db: Database, account_id: str | None, sought: Sought, *, after: int = 0, limit: int = 100
) -> tuple[list[Decision], int | None]:
    """Decisions of an account (None: of everybody), oldest first, and the cursor of the next page or None."""
    query = decision_rows.select().where(*sought.conditions())
    if account_id is not None:
        query = query.where(decisions.c.account_id == account_id)
    with db.read() as connection:
        rows, more = paging.page(connection, query, decisions.c.id, after, limit)
    return [decision_rows.record(row) for row in rows], more


def whole_log(db: Database, account_id: str | None, sought: Sought) -> Iterator[Decision]:
    """All of them, page by page."""
    return paging.everything(partial(log, db, account_id, sought))


COLUMNS = ["decided_at", "decision_id", "subject", "decision", "final", "automated", "reviewer", "reviewer_name"]
COLUMNS += ["reason", "note", "territory", "until", "source", "strike", "supersedes", "superseded_by", "statement_id"]


def cells(decision: Decision) -> list[object]:
    """A decision as a line of a table under `COLUMNS`."""
    shown = {**decision.model_dump(), "subject": decision.subject.id, "territory": " ".join(decision.territory)}
    return [shown[column] for column in COLUMNS]


def get(db: Database, account_id: str | None, decision_id: str) -> Decision:
    """One decision; raises `NotFound`."""
    query = decision_rows.select().where(decisions.c.decision_id == decision_id)
    if account_id is not None:
        query = query.where(decisions.c.account_id == account_id)
    with db.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"no decision of yours has the id {decision_id!r}")
    return decision_rows.record(row)


# --- investigation -------------------------------------------------------------------------------------------------
def of(db: Database, reviewer: Reviewer, ref: str, lease_seconds: int) -> History:
    """All that is known about something: scans, items with remarks, decisions, what stays down.

    Args:
        ref: id of a scan, item, decision, statement of reasons or work; else a post's address or external id, or the
            name or id of the account that posts.

    Raises:
        NotFound: the platform has no scan that it speaks of.
    """
    with db.read() as connection:
        found = connection.execute(
            sa.select(scans)
            .where(_meant(connection, ref), *_of_account(reviewer, scans.c.account_id))
            .order_by(scans.c.id.desc())
            .limit(_MOST_SCANS + 1)
        ).all()
        if not found:
            raise NotFound(f"no scan of yours speaks of {ref!r}")
        rows = list(reversed(found[:_MOST_SCANS]))
        return History(
            ref=ref,
            scans=records.of_rows(connection, rows),
            items=_items(connection, reviewer, rows, lease_seconds),
            decisions=_decisions(connection, rows),
            stay_down=_stay_down(connection, rows),
            more=len(found) > _MOST_SCANS,
        )


def _of_account(reviewer: Reviewer, column: sa.Column[Any]) -> list[sa.ColumnElement[bool]]:
    return [] if reviewer.account_id is None else [column == reviewer.account_id]


def _meant(connection: sa.Connection, ref: str) -> sa.ColumnElement[bool]:
    """Which scans something speaks of: all scans of its post, if it is of one post."""
    if ref.startswith("work_"):
        shown = sa.select(matches.c.scan).join(works, works.c.id == matches.c.work).where(works.c.work_id == ref)
        return scans.c.id.in_(shown)
    scan = _scan_of(connection, ref)
    if scan is not None:
        same = sa.and_(scans.c.post == scan.post, scans.c.account_id == scan.account_id)
        return sa.or_(scans.c.id == scan.id, same)
    posts = [sightings.key_of("url", ref), sightings.key_of("id", ref)]
    return sa.or_(
        scans.c.post.in_(posts),
        scans.c.external_id == ref,
        scans.c.posting_account == ref,
        scans.c.posting_account_id == ref,
    )


def _scan_of(connection: sa.Connection, ref: str) -> Any:
    """The scan that an id of ours speaks of; None where it is no id of ours."""
    of_statement = (
        sa.select(decisions.c.subject_id)
        .join(statements_of_reasons, statements_of_reasons.c.decision == decisions.c.id)
        .where(statements_of_reasons.c.statement_id == ref)
    )
    of_decision = sa.select(decisions.c.subject_id).where(decisions.c.decision_id == ref)
    of_item = sa.select(review_items.c.scan).where(review_items.c.item_id == ref)
    queries = {
        "scan_": scans.c.scan_id == ref,
        "item_": scans.c.id == of_item.scalar_subquery(),
        "dec_": scans.c.scan_id == of_decision.scalar_subquery(),
        "sor_": scans.c.scan_id == of_statement.scalar_subquery(),
    }
    condition = next((query for prefix, query in queries.items() if ref.startswith(prefix)), None)
    return None if condition is None else connection.execute(sa.select(scans).where(condition)).first()


def _items(
    connection: sa.Connection, reviewer: Reviewer, rows: Sequence[sa.Row[Any]], lease_seconds: int
) -> list[HistoricItem]:
    mine = sa.or_(
        review_items.c.scan.in_([row.id for row in rows]),
        review_items.c.post.in_([row.post for row in rows if row.post is not None]),
    )
    found = connection.execute(
        items.select(lease_seconds)
        .where(mine, *items.mine(reviewer))
        .order_by(review_items.c.id.desc())
        .limit(_MOST_SCANS)
    ).all()
    return [
        HistoricItem(**dict(items.record(row)), comments=items.comments(connection, row.id)) for row in reversed(found)
    ]


def _decisions(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> list[Decision]:
    found = connection.execute(
        decision_rows.select()
        .where(decisions.c.subject_kind == "scan", decisions.c.subject_id.in_([row.scan_id for row in rows]))
        .order_by(decisions.c.id)
    )
    return [decision_rows.record(row) for row in found]


def _stay_down(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> list[Any]:
    shown = connection.execute(
        sa.select(matches.c.work).where(matches.c.scan.in_([row.id for row in rows])).distinct()
    ).scalars()
    digests = {row.digest for row in rows if row.digest is not None}
    accounts = sorted({row.account_id for row in rows})
    return [each for account in accounts for each in stay_down.of_cases(connection, account, digests, list(shown))]


# --- the numbers ---------------------------------------------------------------------------------------------------
def overview(db: Database, reviewer: Reviewer, since: str | None, lease_seconds: int) -> ReviewOverview:
    """What waits, queue by queue, and what was decided since.

    Args:
        since: as times are stored; None: since ever.
    """
    mine = [*_of_account(reviewer, decisions.c.account_id), decisions.c.final.is_(True)]
    if since is not None:
        mine.append(decisions.c.decided_at >= since)
    with db.read() as connection:
        outcomes = _tallies(connection, decisions.c.outcome, mine)
        later = decisions.alias("later")
        superseded = connection.execute(
            sa.select(sa.func.count())
            .select_from(decisions)
            .join(later, later.c.supersedes == decisions.c.id)
            .where(*mine)
        ).scalar_one()
        by_name = sa.func.coalesce(sa.func.nullif(decisions.c.reviewer_name, ""), decisions.c.reviewer)
        return ReviewOverview(
            since=since,
            queues=_queues(connection, reviewer, lease_seconds),
            automated=sum(each.automated for each in outcomes),
            manual=sum(each.manual for each in outcomes),
            superseded=superseded,
            outcomes=outcomes,
            reasons=_tallies(connection, decisions.c.reason, mine)[:_MOST_REASONS],
            reviewers=_tallies(connection, by_name, [*mine, decisions.c.automated.is_(False)]),
        )


def _tallies(
    connection: sa.Connection, by: sa.ColumnElement[Any], conditions: Sequence[sa.ColumnElement[bool]]
) -> list[Tally]:
    """How many decisions of rules and of people there are of each kind, the most frequent first."""
    automated = sa.func.sum(sa.case((decisions.c.automated, 1), else_=0))
    rows = connection.execute(
        sa.select(by.label("name"), automated.label("automated"), sa.func.count().label("all"))
        .where(*conditions)
        .group_by(by)
        .order_by(sa.func.count().desc(), by)
    )
    return [Tally(name=name, automated=ruled, manual=all_ - ruled) for name, ruled, all_ in rows]


def _queues(connection: sa.Connection, reviewer: Reviewer, lease_seconds: int) -> list[QueueSummary]:
    """Queues in which something waits or that have settings, without those for others."""
    hidden = items.closed_queues(connection, reviewer)
    taken = sa.func.sum(sa.case((items.held(lease_seconds), 1), else_=0))
    rows = connection.execute(
        sa.select(
            review_items.c.queue,
            sa.func.count().label("waiting"),
            taken.label("taken"),
            sa.func.min(review_items.c.created_at).label("oldest"),
        )
        .where(review_items.c.state == "waiting", review_items.c.queue.not_in(hidden), *items.mine(reviewer))
        .group_by(review_items.c.queue)
    )
    found = {
        row.queue: QueueSummary(queue=row.queue, waiting=row.waiting, taken=row.taken, oldest=row.oldest)
        for row in rows
    }
    settings = connection.execute(
        sa.select(review_queues).where(
            review_queues.c.name.not_in(hidden), *_of_account(reviewer, review_queues.c.account_id)
        )
    )
    for row in settings:
        known = found.setdefault(row.name, QueueSummary(queue=row.name, waiting=0, taken=0))
        known.reviewers, known.second_opinion = row.reviewers, row.second_opinion
    return [found[name] for name in sorted(found)]
