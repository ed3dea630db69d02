"""Decisions of people about posts. Each goes through an item of the queue, so that no two people decide one at once.

Where a second opinion is asked for, the first decision is a proposal: another person has to agree. If they do not, the
item goes to the queue `escalated`, and a third person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ...accounts import standing
from ...accounts.official import OfficialAccounts
from ...database.engine import Database
from ...database.tables import decisions, now, review_items, review_queues, review_skips, scans
from ...errors import BadInput, Conflict, NotFound, SourcemarkError
from ...ids import new_id
from ...jobs import outbox
from ...schemas import StandingCount
from ...schemas.decisions import BulkAnswer, BulkAnswers, BulkDecision, Decision, NewDecision, Undo
from ...schemas.events import ReviewDecided
from ...schemas.review import SecondOpinion
from .. import records, sightings
from . import decision_rows, items, statements, stay_down
from .decision_rows import NewRow, Terms
from .reviewer import Reviewer
from .statements import About, Defaults

ESCALATED, DIRECT = "escalated", "direct"  # queues: what was passed on; what was decided without having waited


class Decisions:
    """Takes decisions of people. Thread-safe."""

    def __init__(
        self,
        db: Database,
        official: OfficialAccounts,
        lease_seconds: int,
        second_opinion: SecondOpinion,
        defaults: Defaults,
    ) -> None:
        """
        Args:
            second_opinion: when one is asked for, unless a queue says otherwise.
            defaults: of the statements of reasons.
        """
        self._db = db
        self._official = official
        self._lease_seconds = lease_seconds
        self._second_opinion = second_opinion
        self._defaults = defaults

    def decide_item(self, reviewer: Reviewer, item_id: str, new: NewDecision, lease: str | None = None) -> Decision:
        """Decide about an item of the queue.

        Args:
            lease: from taking it; without it nobody else may hold the item.

        Raises:
            NotFound, Forbidden: see `items.locked`.
            Conflict: it was decided, somebody else holds it, it has changed, or the reviewer has given an opinion.
        """
        _check(new)
        with self._db.write() as connection:
            item = items.locked(connection, reviewer, item_id, self._lease_seconds)
            items.refuse_unless_free(item, reviewer, lease)
            return self._decide(connection, reviewer, item, new)

    def decide_scan(
        self, reviewer: Reviewer, scan_id: str, new: NewDecision, supersedes: str | None = None
    ) -> Decision:
        """Decide about a scan, whether or not it waits in the queue.

        Args:
            supersedes: the decision of a person whose place this one takes.

        Raises:
            NotFound: there is no such scan.
            Conflict: a person has decided about it and is not named, or as in `decide_item`.
        """
        _check(new)
        with self._db.write() as connection:
            scan = records.find(connection, scan_id, reviewer.account_id)
            last = decision_rows.in_force(connection, scan.account_id, "scan", scan_id)
            _refuse_unless_named(last, supersedes)
            item = self._item_of(connection, reviewer, scan)
            items.refuse_unless_free(item, reviewer, None)
            return self._decide(connection, reviewer, item, new)

    def decide_many(self, reviewer: Reviewer, new: BulkDecision) -> BulkAnswers:
        """One decision about many items or scans, each on its own: what is refused keeps no other one back."""
        answers = [self._answer(reviewer, each, new) for each in new.ids]
        decided = sum(answer.decision is not None for answer in answers)
        return BulkAnswers(answers=answers, decided=decided, refused=len(answers) - decided)

    def _answer(self, reviewer: Reviewer, named: str, new: NewDecision) -> BulkAnswer:
        try:
            if named.startswith("scan_"):
                return BulkAnswer(id=named, decision=self.decide_scan(reviewer, named, new))
            return BulkAnswer(id=named, decision=self.decide_item(reviewer, named, new))
        except SourcemarkError as error:
            if error.status >= 500:
                raise
            return BulkAnswer(id=named, error=error.problem())

    def undo(self, reviewer: Reviewer, decision_id: str, why: Undo) -> Decision:
        """Take a decision back: what was decided before counts again, and the post waits again if it had waited.

        Raises:
            NotFound: there is no such decision.
            Conflict: it is no longer, or never was, what counts.
        """
        with self._db.write() as connection:
            undone, scan = _decision(connection, reviewer, decision_id)
            before = _predecessor(connection, undone)
            row = decision_rows.insert(connection, _taking_back(reviewer, undone, before, why))
            if undone.item is not None and (before is None or before.automated):
                _reopen(connection, undone)
            return self._now_counts(connection, row, scan)

    def enter(
        self, connection: sa.Connection, new: NewRow, scan: sa.Row[Any] | None, about: About, poster: str | None
    ) -> Decision:
        """Record what was decided in a complaint, with all that follows from it, in the caller's transaction.

        Args:
            new: final.
            scan: that it is about; an item of the queue in which it waits is decided with it.
            about: the post, where there is no scan.
            poster: the posting account's id, if it is known.
        """
        row = decision_rows.insert(connection, new)
        if scan is not None:
            waiting = sa.select(review_items.c.id).where(
                review_items.c.scan == scan.id, review_items.c.closed_at.is_(None)
            )
            for number in connection.execute(waiting).scalars().all():
                items.let_go(connection, number, state="decided", closed_at=now())
            return self._now_counts(connection, row, scan)
        self._follow(connection, row, about, poster)
        return decision_rows.load(connection, row.id)

    # --- one decision ----------------------------------------------------------------------------------------------
    def _decide(self, connection: sa.Connection, reviewer: Reviewer, item: sa.Row[Any], new: NewDecision) -> Decision:
        scan = connection.execute(sa.select(scans).where(scans.c.id == item.scan)).one()
        opinions = decision_rows.proposals(connection, item.account_id, "scan", scan.scan_id)
        if any(reviewer.is_person(each.reviewer, each.reviewer_name) for each in opinions):
            raise Conflict(
                f"you have given your opinion on {item.item_id}: a second one must be another person's",
                reason="second_opinion",
            )
        final = new.decision != "escalate" and self._is_final(connection, item, new, opinions)
        row = decision_rows.insert(connection, _new_row(reviewer, item, scan, new, final=final))
        if final:
            items.let_go(connection, item.id, state="decided", closed_at=now())
            return self._now_counts(connection, row, scan)
        items.skip(connection, reviewer, item.id)
        moved = {"queue": ESCALATED} if new.decision == "escalate" or opinions else {}
        items.let_go(connection, item.id, **moved)
        return decision_rows.load(connection, row.id)

    def _is_final(
        self, connection: sa.Connection, item: sa.Row[Any], new: NewDecision, opinions: Sequence[sa.Row[Any]]
    ) -> bool:
        """Whether a decision counts at once: where one opinion is enough, where another person thinks the same, or
        after two that differ."""
        if opinions:
            return len(opinions) > 1 or opinions[0].outcome == new.decision
        own = connection.execute(
            sa.select(review_queues.c.second_opinion).where(
                review_queues.c.account_id == item.account_id, review_queues.c.name == item.queue
            )
        ).scalar()
        asked = own or self._second_opinion
        return asked == "never" or (asked == "restrict" and new.decision != "restrict")

    def _now_counts(self, connection: sa.Connection, row: sa.Row[Any], scan: sa.Row[Any]) -> Decision:
        """What follows from a final decision about a scan: the poster is told, the account's standing changes, the
        platform hears of it; and what followed from the decision before ends."""
        result = records.of_rows(connection, [scan])[0]
        about = About(result, scan.post_url, scan.posting_account, scan.posting_account_id)
        self._follow(connection, row, about, scan.posting_account_id)
        decision = decision_rows.load(connection, row.id)
        outbox.emit(connection, "review.decided", row.account_id, _told(decision, scan), subject=scan.scan_id)
        return decision

    def _follow(self, connection: sa.Connection, row: sa.Row[Any], about: About, poster: str | None) -> None:
        """What follows from a final decision, but for telling the platform."""
        by, reason = row.reviewer_name or row.reviewer or "rule", f"decision {row.decision_id}: {row.reason}"
        if row.supersedes is not None:
            before = connection.execute(sa.select(decisions).where(decisions.c.id == row.supersedes)).one()
            stay_down.end_with(connection, before.id)
            if before.terms["strike"] is not None:
                standing.reverse_counts(
                    connection, row.account_id, before.decision_id, reason, by, self._official.table
                )
        if row.outcome in statements.RESTRICTIONS:
            statements.insert(connection, row, about, self._defaults)
        if row.terms["strike"] is not None:
            counted = StandingCount(counter=row.terms["strike"], reason=reason, decided_by=by, subject=row.decision_id)
            self._strike(connection, row, poster, counted)

    def _strike(self, connection: sa.Connection, row: sa.Row[Any], poster: str | None, new: StandingCount) -> None:
        if poster is None:
            raise BadInput("strike: the platform did not say which account posted this: leave it out")
        standing.count(connection, row.account_id, poster, new, self._official.table)

    def _item_of(self, connection: sa.Connection, reviewer: Reviewer, scan: sa.Row[Any]) -> sa.Row[Any]:
        """The item in which a scan waits, or one that is made for it now.

        An item of an older scan of the post waits for this one too: it would speak of this one if that had found
        anything else.
        """
        post = scan.post or sightings.key_of("scan", scan.scan_id)  # of scans of before there was a queue
        row = connection.execute(
            sa.select(review_items.c.item_id, review_items.c.scan).where(*items.not_closed(scan.account_id, [post]))
        ).first()
        if row is not None and row.scan > scan.id:
            raise Conflict(f"a newer scan of this post waits in {row.item_id}: decide about that", reason="newer_scan")
        item_id = _insert_item(connection, scan, post) if row is None else row.item_id
        return items.locked(connection, reviewer, item_id, self._lease_seconds)


def _check(new: NewDecision) -> None:
    if new.until is not None:
        stay_down.to_come(new.until)


def _refuse_unless_named(last: sa.Row[Any] | None, supersedes: str | None) -> None:
    decided = last is not None and not last.automated and last.outcome != "withdrawn"
    if decided and supersedes is None:
        assert last is not None
        raise Conflict(
            f"{last.reviewer_name or last.reviewer} has decided: name {last.decision_id} in supersedes to overrule it",
            reason="decided",
        )
    if supersedes is not None and (last is None or last.decision_id != supersedes):
        raise Conflict(f"supersedes: {supersedes} is not what counts now: look again", reason="decided")


def _insert_item(connection: sa.Connection, scan: sa.Row[Any], post: bytes) -> str:
    item_id = new_id("item")
    values = {"item_id": item_id, "account_id": scan.account_id, "post": post, "scan": scan.id, "queue": DIRECT}
    try:
        connection.execute(review_items.insert().values(**values, state="waiting", created_at=now()))
    except IntegrityError:
        raise Conflict("the post has just come into the queue: look at it there", reason="newer_scan") from None
    return item_id


def _new_row(reviewer: Reviewer, item: sa.Row[Any], scan: sa.Row[Any], new: NewDecision, *, final: bool) -> NewRow:
    ground = None if new.ground is None else new.ground.model_dump()
    return NewRow(
        item.account_id,
        "scan",
        scan.scan_id,
        new.decision,
        new.reason,
        reviewer,
        final=final,
        note=new.note,
        terms=Terms(sorted(set(new.territory)), new.until, ground, new.source, new.strike),
        item=item.id,
        post=item.post,
        digest=scan.digest,
    )


def _told(decision: Decision, scan: sa.Row[Any]) -> ReviewDecided:
    return ReviewDecided(
        decision_id=decision.decision_id,
        scan_id=scan.scan_id,
        external_id=scan.external_id,
        post_url=scan.post_url,
        account=scan.posting_account,
        decision=decision.decision,
        reason=decision.reason,
        territory=decision.territory,
        until=decision.until,
        supersedes=decision.supersedes,
        statement_id=decision.statement_id,
        decided_at=decision.decided_at,
    )


# --- taking back ---------------------------------------------------------------------------------------------------
def _decision(connection: sa.Connection, reviewer: Reviewer, decision_id: str) -> tuple[sa.Row[Any], sa.Row[Any]]:
    """A decision that counts now, locked, and the scan that it is about."""
    row = connection.execute(
        sa.select(decisions).where(decisions.c.decision_id == decision_id).with_for_update()
    ).first()
    if row is None or reviewer.account_id not in (None, row.account_id):
        raise NotFound(f"no decision of yours has the id {decision_id!r}")
    if row.subject_kind != "scan":
        raise Conflict(f"{decision_id} is about a {row.subject_kind}: it is taken back where that is kept")
    scan = connection.execute(sa.select(scans).where(scans.c.scan_id == row.subject_id)).first()
    if scan is None:
        raise Conflict(f"the scan that {decision_id} is about was deleted: nothing can be changed any more")
    last = decision_rows.in_force(connection, row.account_id, row.subject_kind, row.subject_id)
    if last is None or last.id != row.id or row.outcome == "withdrawn":
        raise Conflict(f"{decision_id} is not what counts now: there is nothing to take back", reason="decided")
    return row, scan


def _predecessor(connection: sa.Connection, row: sa.Row[Any]) -> sa.Row[Any] | None:
    """What counted before a decision, unless that had been taken back itself."""
    if row.supersedes is None:
        return None
    found = connection.execute(sa.select(decisions).where(decisions.c.id == row.supersedes)).one()
    return None if found.outcome == "withdrawn" else found


def _taking_back(reviewer: Reviewer, undone: sa.Row[Any], before: sa.Row[Any] | None, why: Undo) -> NewRow:
    return NewRow(
        undone.account_id,
        undone.subject_kind,
        undone.subject_id,
        "withdrawn" if before is None else before.outcome,
        why.reason,
        reviewer,
        note=why.note,
        terms=Terms() if before is None else Terms(**before.terms),
        item=undone.item,
        post=undone.post,
        digest=undone.digest,
    )


def _reopen(connection: sa.Connection, undone: sa.Row[Any]) -> None:
    """The item waits again, unless a newer scan of the post waits already."""
    connection.execute(review_skips.delete().where(review_skips.c.item == undone.item))
    waiting = sa.select(review_items.c.id).where(*items.not_closed(undone.account_id, [undone.post]))
    if connection.execute(waiting).first() is None:
        items.let_go(connection, undone.item, state="waiting", closed_at=None)
