"""Items of the queue as rows: which a reviewer may see, who holds one, how one is answered."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ...database.clock import clock
from ...database.inserting import insert
from ...database.tables import (
    matches,
    now,
    previews,
    review_comments,
    review_items,
    review_queues,
    review_skips,
    scans,
    sightings,
)
from ...errors import Conflict, Forbidden, NotFound
from ...schemas.review import Comment, Evidence, ItemDetail, QueueItem
from .. import records
from . import decision_rows
from .reviewer import Reviewer

_MOST_COMMENTS = 500


def held(lease_seconds: int) -> sa.ColumnElement[bool]:
    """Whether somebody holds an item now. A lease that ends later than any given just now is of a clock that was put
    back."""
    return sa.and_(
        review_items.c.lease_until.is_not(None),
        review_items.c.lease_until > clock(),
        review_items.c.lease_until <= clock() + lease_seconds,
    )


def mine(reviewer: Reviewer) -> list[sa.ColumnElement[bool]]:
    """Items of the reviewer's platform."""
    return [] if reviewer.account_id is None else [review_items.c.account_id == reviewer.account_id]


def not_closed(account_id: str, posts: Sequence[bytes]) -> tuple[sa.ColumnElement[bool], ...]:
    """Items in which posts of a platform wait, by what makes each the same post, see `sightings.post_key`."""
    return (
        review_items.c.account_id == account_id,
        review_items.c.post.in_(posts),
        review_items.c.closed_at.is_(None),
    )


def visible(connection: sa.Connection, reviewer: Reviewer) -> list[sa.ColumnElement[bool]]:
    """Items that a reviewer may see: of the reviewer's platform, in queues that are not for others."""
    return [*mine(reviewer), review_items.c.queue.not_in(closed_queues(connection, reviewer))]


def closed_queues(connection: sa.Connection, reviewer: Reviewer) -> list[str]:
    """Queues of the reviewer's platform that are for other reviewers; none for an administrator."""
    if reviewer.account_id is None:
        return []
    rows = connection.execute(
        sa.select(review_queues.c.name, review_queues.c.reviewers).where(
            review_queues.c.account_id == reviewer.account_id
        )
    )
    return [row.name for row in rows if row.reviewers and not reviewer.is_among(row.reviewers)]


def locked(connection: sa.Connection, reviewer: Reviewer, item_id: str, lease_seconds: int) -> sa.Row[Any]:
    """An item, locked until the transaction ends, with `held`: whether somebody holds it.

    Raises:
        NotFound: there is none of the reviewer's platform.
        Forbidden: its queue is for other reviewers.
    """
    row = connection.execute(
        sa.select(review_items, held(lease_seconds).label("held"))
        .where(review_items.c.item_id == item_id, *mine(reviewer))
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound(f"no item of your queue has the id {item_id!r}")
    if row.queue in closed_queues(connection, reviewer):
        raise Forbidden(f"the queue {row.queue!r} is for other reviewers")
    return row


def refuse_unless_free(row: sa.Row[Any], reviewer: Reviewer, lease: str | None) -> None:
    """Raises `Conflict` unless the item waits and the reviewer may act on it now.

    Args:
        row: of `locked`.
        lease: what the reviewer was given when taking the item; None: the item may also be held by nobody.
    """
    if row.state != "waiting":
        raise Conflict(f"{row.item_id} is {row.state}: nothing waits there any more", reason="decided")
    if lease is not None and (row.lease != lease or not row.held):
        raise Conflict(
            f"your time with {row.item_id} has run out, or its post has changed: take it again", reason="lease_expired"
        )
    if lease is None and row.held and row.reviewer != reviewer.id:
        raise Conflict(f"{row.reviewer_name or row.reviewer} looks at {row.item_id} now: take another", reason="taken")


def take(connection: sa.Connection, reviewer: Reviewer, item: int, lease_seconds: int) -> str:
    """Make an item the reviewer's for a time; returns the lease."""
    lease = secrets.token_hex(16)
    connection.execute(
        review_items.update()
        .where(review_items.c.id == item)
        .values(
            reviewer=reviewer.id,
            reviewer_name=reviewer.name,
            lease=lease,
            lease_until=clock() + lease_seconds,
        )
    )
    return lease


def let_go(connection: sa.Connection, item: int, **values: Any) -> None:
    """Nobody holds an item any more.

    Args:
        values: what changes with it.
    """
    connection.execute(
        review_items.update()
        .where(review_items.c.id == item)
        .values(reviewer=None, reviewer_name=None, lease=None, lease_until=None, **values)
    )


def skip(connection: sa.Connection, reviewer: Reviewer, item: int) -> None:
    """Do not offer an item to a reviewer again."""
    skipped = insert(connection, review_skips).values(item=item, reviewer=reviewer.id, skipped_at=now())
    connection.execute(skipped.on_conflict_do_nothing())


# --- reading -------------------------------------------------------------------------------------------------------
def select(lease_seconds: int) -> sa.Select[Any]:
    """All that `record` needs of items; may be narrowed by `tables.review_items` and `tables.scans`."""
    return sa.select(
        review_items,
        held(lease_seconds).label("held"),
        *(scans.c[name] for name in ("scan_id", "external_id", "post_url", "medium", "verdict", "action")),
        *(scans.c[name] for name in ("rule", "reason_code", "posting_account", "posting_account_id")),
    ).join(scans, scans.c.id == review_items.c.scan)


def record(row: sa.Row[Any], opinions: int = 0) -> QueueItem:
    """A row of `select` as it is answered."""
    return QueueItem(
        item_id=row.item_id,
        queue=row.queue,
        state=row.state,
        scan_id=row.scan_id,
        external_id=row.external_id,
        post_url=row.post_url,
        account=row.posting_account,
        account_id=row.posting_account_id,
        medium=row.medium,
        verdict=row.verdict,
        action=row.action,
        rule=row.rule,
        reason=row.reason_code,
        created_at=row.created_at,
        closed_at=row.closed_at,
        reviewer_name=(row.reviewer_name or row.reviewer) if row.held and row.state == "waiting" else None,
        opinions=opinions,
    )


def detail(connection: sa.Connection, row: sa.Row[Any]) -> ItemDetail:
    """An item with all that is needed to decide; ``row`` is one of `select`."""
    scan = records.of_rows(connection, connection.execute(sa.select(scans).where(scans.c.id == row.scan)).all())[0]
    opinions = decision_rows.proposals(connection, row.account_id, "scan", row.scan_id)
    return ItemDetail(
        **record(row, len(opinions)).model_dump(),
        scan=scan,
        evidence=_evidence(connection, row),
        comments=comments(connection, row.id),
        decisions=decision_rows.about_post(connection, row.account_id, row.post),
    )


def _evidence(connection: sa.Connection, row: sa.Row[Any]) -> Evidence:
    seen = connection.execute(
        sa.select(sightings.c.sighting_id)
        .join(matches, matches.c.sighting == sightings.c.id)
        .where(matches.c.scan == row.scan)
        .group_by(sightings.c.sighting_id)
        .order_by(sa.func.min(matches.c.rank))
    ).scalars()
    shown = connection.execute(sa.select(previews.c.scan).where(previews.c.scan == row.scan)).first()
    address = f"/v1/queue/{row.item_id}"
    return Evidence(
        picture=None if shown is None else f"{address}/picture",
        pages=[f"{address}/evidence/{sighting_id}" for sighting_id in seen],
    )


def comments(connection: sa.Connection, item: int) -> list[Comment]:
    """Remarks of colleagues, oldest first."""
    rows = connection.execute(
        sa.select(review_comments)
        .where(review_comments.c.item == item)
        .order_by(review_comments.c.id)
        .limit(_MOST_COMMENTS)
    )
    return [
        Comment(
            comment_id=row.comment_id,
            reviewer_name=row.reviewer_name or row.reviewer,
            text=row.text,
            created_at=row.created_at,
        )
        for row in rows
    ]
