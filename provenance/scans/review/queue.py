"""The queue: the oldest item first, and no two reviewers on one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ...database import paging
from ...database.engine import Database
from ...database.inserting import insert
from ...database.tables import decisions, now, review_comments, review_items, review_queues, review_skips, scans
from ...errors import BadInput, NotFound
from ...ids import new_id
from ...schemas.review import Comment, ItemDetail, ItemState, QueueItem, QueueSettings, Taken, TakenItem
from .. import evidence, evidence_page
from . import items
from .reviewer import Reviewer

_MAX_QUEUES = 500  # with settings of their own, of one platform


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items to list: those that fit all that is given.

    Attributes:
        account: name or id of the posting account.
        reason: the reason code of the action.
    """

    queue: str | None = None
    state: ItemState | None = None
    account: str | None = None
    reason: str | None = None
    verdict: str | None = None
    since: str | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        equal = {
            review_items.c.queue: self.queue,
            review_items.c.state: self.state,
            scans.c.reason_code: self.reason,
            scans.c.verdict: self.verdict,
        }
        found = [column == value for column, value in equal.items() if value is not None]
        if self.account is not None:
            found.append(sa.or_(scans.c.posting_account == self.account, scans.c.posting_account_id == self.account))
        return found if self.since is None else [*found, review_items.c.created_at >= self.since]


class ReviewQueue:
    """What waits for a person. Thread-safe."""

    def __init__(self, db: Database, lease_seconds: int) -> None:
        """
        Args:
            lease_seconds: how long an item is its taker's.
        """
        self._db = db
        self.lease_seconds = lease_seconds

    # --- looking ---------------------------------------------------------------------------------------------------
    def page(
        self, reviewer: Reviewer, wanted: Wanted, *, after: int = 0, limit: int = 100
    ) -> tuple[list[QueueItem], int | None]:
        """Items that the reviewer may see, oldest first, and the cursor of the next page or None."""
        with self._db.read() as connection:
            query = items.select(self.lease_seconds).where(*items.visible(connection, reviewer), *wanted.conditions())
            rows, more = paging.page(connection, query, review_items.c.id, after, limit)
            opinions = _opinions(connection, rows)
        return [items.record(row, opinions.get(row.id, 0)) for row in rows], more

    def get(self, reviewer: Reviewer, item_id: str) -> ItemDetail:
        """An item with what was found, its evidence, remarks and decisions; raises `NotFound`."""
        with self._db.read() as connection:
            return items.detail(connection, self._row(connection, reviewer, item_id))

    def _row(self, connection: sa.Connection, reviewer: Reviewer, item_id: str) -> sa.Row[Any]:
        row = connection.execute(
            items.select(self.lease_seconds).where(
                review_items.c.item_id == item_id, *items.visible(connection, reviewer)
            )
        ).first()
        if row is None:
            raise NotFound(f"no item of your queue has the id {item_id!r}")
        return row

    def picture(self, reviewer: Reviewer, item_id: str) -> bytes:
        """A PNG of the upload beside every matched work; raises `NotFound` where nothing can be shown."""
        with self._db.read() as connection:
            scan_id = self._row(connection, reviewer, item_id).scan_id
        return evidence.picture(self._db, scan_id)

    def page_of_evidence(
        self, reviewer: Reviewer, item_id: str, sighting_id: str, language: evidence_page.Language
    ) -> bytes:
        """What a match rests on, as an HTML page; raises `NotFound`."""
        with self._db.read() as connection:
            account_id = self._row(connection, reviewer, item_id).account_id
        return evidence_page.make(self._db, sighting_id, account_id, language).html

    # --- taking ----------------------------------------------------------------------------------------------------
    def take(self, reviewer: Reviewer, queue: str | None = None) -> Taken:
        """Make the oldest item that nobody holds the reviewer's for a time: of one queue, or of all.

        Items that the reviewer has skipped, passed on or already given an opinion on are not offered.
        """
        with self._db.write() as connection:
            waiting = [review_items.c.state == "waiting", *items.visible(connection, reviewer)]
            if queue is not None:
                waiting.append(review_items.c.queue == queue)
            skipped = sa.select(review_skips.c.item).where(
                review_skips.c.item == review_items.c.id, review_skips.c.reviewer == reviewer.id
            )
            free = connection.execute(
                sa.select(review_items.c.id, review_items.c.item_id)
                .where(*waiting, sa.not_(items.held(self.lease_seconds)), ~skipped.exists())
                .order_by(review_items.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            count = connection.execute(
                sa.select(sa.func.count()).select_from(review_items).where(*waiting)
            ).scalar_one()
            item = None if free is None else self._take(connection, reviewer, free.id, free.item_id)
        return Taken(item=item, waiting=count)

    def take_one(self, reviewer: Reviewer, item_id: str) -> TakenItem:
        """Make a certain item the reviewer's for a time; the lease of one that is the reviewer's is made anew.

        Raises:
            NotFound, Forbidden: see `items.locked`.
            Conflict: it does not wait, or somebody else holds it.
        """
        with self._db.write() as connection:
            row = items.locked(connection, reviewer, item_id, self.lease_seconds)
            items.refuse_unless_free(row, reviewer, None)
            return self._take(connection, reviewer, row.id, item_id)

    def _take(self, connection: sa.Connection, reviewer: Reviewer, item: int, item_id: str) -> TakenItem:
        lease = items.take(connection, reviewer, item, self.lease_seconds)
        found = items.detail(connection, self._row(connection, reviewer, item_id))
        return TakenItem(**dict(found), lease=lease, lease_seconds=self.lease_seconds)

    # --- without deciding ------------------------------------------------------------------------------------------
    def skip(self, reviewer: Reviewer, item_id: str, lease: str | None = None) -> None:
        """Leave an item to others: the reviewer is not offered it again."""
        with self._db.write() as connection:
            row = items.locked(connection, reviewer, item_id, self.lease_seconds)
            items.refuse_unless_free(row, reviewer, lease)
            items.skip(connection, reviewer, row.id)
            items.let_go(connection, row.id)

    def move(self, reviewer: Reviewer, item_id: str, queue: str) -> QueueItem:
        """Put an item into another queue, where it keeps its place by age."""
        with self._db.write() as connection:
            row = items.locked(connection, reviewer, item_id, self.lease_seconds)
            items.refuse_unless_free(row, reviewer, None)
            items.let_go(connection, row.id, queue=queue)
            moved = connection.execute(items.select(self.lease_seconds).where(review_items.c.id == row.id)).one()
            return items.record(moved)

    def comment(self, reviewer: Reviewer, item_id: str, text: str) -> Comment:
        """A remark for colleagues, also beside what is decided; raises `NotFound`."""
        with self._db.write() as connection:
            item = self._row(connection, reviewer, item_id).id
            values = {
                "comment_id": new_id("comment"),
                "item": item,
                "reviewer": reviewer.id,
                "reviewer_name": reviewer.name,
                "text": text,
                "created_at": now(),
            }
            connection.execute(review_comments.insert().values(**values))
        return Comment.model_validate({**values, "reviewer_name": reviewer.name or reviewer.id})

    # --- running a queue -------------------------------------------------------------------------------------------
    def set_queue(self, account_id: str, name: str, settings: QueueSettings) -> QueueSettings:
        """Say who may work on a queue of a platform, and whether decisions there need a second opinion."""
        values = settings.model_dump()
        with self._db.write() as connection:
            count = connection.execute(
                sa.select(sa.func.count())
                .select_from(review_queues)
                .where(review_queues.c.account_id == account_id, review_queues.c.name != name)
            ).scalar_one()
            if count >= _MAX_QUEUES:
                raise BadInput(f"there are {count} queues with settings already: use one of these")
            connection.execute(
                insert(connection, review_queues)
                .values(account_id=account_id, name=name, **values)
                .on_conflict_do_update(index_elements=["account_id", "name"], set_=values)
            )
        return settings


def _opinions(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> dict[int, int]:
    """How many proposals there are about the scans of items."""
    last = decisions.alias("last")
    decided = sa.select(sa.func.max(last.c.number)).where(
        last.c.account_id == decisions.c.account_id,
        last.c.subject_kind == "scan",
        last.c.subject_id == decisions.c.subject_id,
        last.c.final.is_(True),
    )
    found = connection.execute(
        sa.select(decisions.c.account_id, decisions.c.subject_id, sa.func.count().label("opinions"))
        .where(
            decisions.c.subject_kind == "scan",
            decisions.c.subject_id.in_([row.scan_id for row in rows]),
            decisions.c.final.is_(False),
            decisions.c.outcome != "escalate",
            decisions.c.number > sa.func.coalesce(decided.scalar_subquery(), 0),
        )
        .group_by(decisions.c.account_id, decisions.c.subject_id)
    )
    counts = {(row.account_id, row.subject_id): row.opinions for row in found}
    return {row.id: counts.get((row.account_id, row.scan_id), 0) for row in rows}
