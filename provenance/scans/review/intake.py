"""What a scan gives to review, in its own transaction: a decision of its rule, and an item of the queue.

A rule that does not simply allow a post decides with no person: that is recorded, with its statement of reasons, unless
the same was decided about the same content of the post before. What is held, or asked for credit, waits for a person; a
post that was scanned again and needs nobody any more waits no longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ...database.inserting import insert
from ...database.tables import decisions, now, review_items, review_skips, scans
from ...ids import new_id
from ...schemas.decisions import Outcome
from ..records import Scanned
from . import decision_rows, items, precedents, statements
from .decision_rows import NewRow
from .statements import About, Defaults

_WAITS = ("hold", "ask-for-credit")
_OUTCOMES: dict[str, Outcome] = {
    "block": "restrict",
    "hold": "hold",
    "ask-for-credit": "ask-for-credit",
    "label": "label",
}


def record(
    connection: sa.Connection, account_id: str, numbers: Mapping[str, int], group: Sequence[Scanned], defaults: Defaults
) -> None:
    """Decisions and items of a group of scans.

    Args:
        numbers: the scans' internal numbers by their public ids.
    """
    # Of a post that stands in it twice, the last counts. Transactions about the same matched posts do not come here at
    # once: each has written their sightings, in one order.
    last = {each.post: each for each in group}
    posts = sorted(last.values(), key=lambda each: numbers[each.scan_id])
    _decide(connection, account_id, posts, defaults)
    _lift(connection, account_id, [each for each in posts if each.action.do == "allow"])
    _settle(connection, account_id, [each for each in posts if each.action.do not in _WAITS])
    _enqueue(connection, account_id, numbers, [each for each in posts if each.action.do in _WAITS])


# --- decisions of rules --------------------------------------------------------------------------------------------
def _decide(connection: sa.Connection, account_id: str, posts: Sequence[Scanned], defaults: Defaults) -> None:
    restricting = [each for each in posts if each.action.do in _OUTCOMES and each.action.reason != precedents.DECIDED]
    before = _last_decisions(connection, account_id, [each.post for each in restricting])
    for each in restricting:
        outcome, last = _OUTCOMES[each.action.do], before.get(each.post)
        decided = (each.known.digest, outcome, each.action.reason)
        if last is not None and (last.digest, last.outcome, last.reason) == decided:
            continue
        new = NewRow(
            account_id, "scan", each.scan_id, outcome, each.action.reason, post=each.post, digest=each.known.digest
        )
        row = decision_rows.insert(connection, new, first=True)
        about = About(each.result, each.item.post_url, each.item.account, each.item.account_id)
        statements.insert(connection, row, about, defaults)


def _lift(connection: sa.Connection, account_id: str, posts: Sequence[Scanned]) -> None:
    """What a rule had decided about posts that may be shown now no longer counts."""
    before = _last_decisions(connection, account_id, [each.post for each in posts])
    for each in posts:
        last = before.get(each.post)
        if last is not None and last.automated and last.outcome in statements.RESTRICTIONS:
            reason = each.action.reason
            released = NewRow(
                account_id, "scan", last.subject_id, "release", reason, post=last.post, digest=last.digest
            )
            decision_rows.insert(connection, released)


def _last_decisions(connection: sa.Connection, account_id: str, keys: Sequence[bytes]) -> Mapping[bytes, sa.Row[Any]]:
    """The newest final decision about each post, if there is one."""
    if not keys:
        return {}
    newest = (
        sa.select(sa.func.max(decisions.c.id))
        .where(decisions.c.account_id == account_id, decisions.c.post.in_(keys), decisions.c.final.is_(True))
        .group_by(decisions.c.post)
    )
    return {row.post: row for row in connection.execute(sa.select(decisions).where(decisions.c.id.in_(newest)))}


# --- the queue -----------------------------------------------------------------------------------------------------
def _settle(connection: sa.Connection, account_id: str, posts: Sequence[Scanned]) -> None:
    """Close the items of posts that need nobody any more."""
    if posts:
        connection.execute(
            review_items.update()
            .where(*items.not_closed(account_id, [each.post for each in posts]))
            .values(state="settled", closed_at=now(), lease=None, lease_until=None)
        )


def _enqueue(connection: sa.Connection, account_id: str, numbers: Mapping[str, int], posts: Sequence[Scanned]) -> None:
    """An item for each post that waits; one that waits already speaks of the new scan if that found something else."""
    if not posts:
        return
    _insert_items(connection, account_id, numbers, posts)
    by_key = {each.post: each for each in posts}
    rows = connection.execute(
        sa.select(
            review_items.c.id.label("item"),
            review_items.c.post,
            review_items.c.scan,
            scans.c.digest,
            scans.c.verdict,
            scans.c.action,
            scans.c.reason_code,
        )
        .join(scans, scans.c.id == review_items.c.scan)
        .where(*items.not_closed(account_id, list(by_key)))
        .order_by(review_items.c.id)
        .with_for_update(of=review_items)
    ).all()
    for row in rows:
        each = by_key[row.post]
        number = numbers[each.scan_id]
        if row.scan != number and not _same(row, each):
            # Whoever looks at the item looks at something that is no longer there: nobody holds it any more.
            connection.execute(review_skips.delete().where(review_skips.c.item == row.item))
            items.let_go(connection, row.item, scan=number, queue=_queue(each))


def _insert_items(
    connection: sa.Connection, account_id: str, numbers: Mapping[str, int], posts: Sequence[Scanned]
) -> None:
    """Items of posts that do not wait yet, in the order of the posts."""
    moment = now()
    connection.execute(
        insert(connection, review_items).on_conflict_do_nothing(
            index_elements=["account_id", "post"], index_where=sa.text("closed_at IS NULL")
        ),
        [
            {
                "item_id": new_id("item"),
                "account_id": account_id,
                "post": each.post,
                "scan": numbers[each.scan_id],
                "queue": _queue(each),
                "state": "waiting",
                "created_at": moment,
            }
            for each in posts
        ],
    )


def _queue(scanned: Scanned) -> str:
    return scanned.action.queue or scanned.action.do


def _same(scan: Any, new: Scanned) -> bool:
    """Whether a scan found the same in the same content as the one that an item speaks of."""
    return (scan.digest, scan.verdict, scan.action, scan.reason_code) == (
        new.known.digest,
        new.result.verdict,
        new.action.do,
        new.action.reason,
    )
