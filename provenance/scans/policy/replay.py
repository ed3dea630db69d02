"""What another policy would have decided about past scans, on the facts that were recorded with each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ...database.engine import Database
from ...database.tables import scans
from ...schemas.policies import ChangeCount, ChangedDecision, PolicyCheck, PolicyTrial, RuleCheck
from .. import sightings
from ..review import precedents
from . import columns, reachability, rules
from .deciding import Policy, decide
from .facts import Facts

_CHUNK = 1000  # scans read at once


def check(text: str) -> PolicyCheck:
    """What of a policy's file decides nothing; raises `BadInput` for one that cannot be used."""
    return PolicyCheck(
        rules=[
            RuleCheck(rule=each.rule.name, do=each.rule.do, reachable=each.reachable, covered_by=list(each.covered_by))
            for each in reachability.check(rules.read(text))
        ]
    )


def replay(
    db: Database, account_id: str, text: str, since: str, until: str | None = None, *, limit: int = 100
) -> PolicyTrial:
    """Decide the past scans of a platform anew; nothing is recorded.

    Args:
        since: ISO 8601 date or time (UTC where it names no zone); ``until`` likewise, exclusive.
        limit: most changed decisions that are listed; all are counted.

    Raises:
        BadInput: the policy cannot be used.
    """
    policy = Policy(f"trial-{rules.content_id(text)}", rules.read(text))
    counts: Counter[tuple[Any, Any]] = Counter()
    changes: list[ChangedDecision] = []
    decided = lost = 0
    for row in _rows(db, account_id, since, until):
        before, facts = columns.action_of(row), _facts(row)
        if before is None or facts is None:
            lost += 1
            continue
        decided += 1
        if before.policy_version == precedents.VERSION:  # no policy was asked, and none would be
            continue
        after = decide(policy, facts)
        if (before.do, before.reason, before.queue) == (after.do, after.reason, after.queue):
            continue
        counts[before.do, after.do] += 1
        if len(changes) < limit:
            changes.append(
                ChangedDecision(
                    scan_id=row.scan_id,
                    external_id=row.external_id,
                    post_url=row.post_url,
                    scanned_at=row.scanned_at,
                    before=before,
                    after=after,
                )
            )
    return PolicyTrial(
        scans=decided,
        changed=counts.total(),
        not_replayable=lost,
        counts=[ChangeCount(before=a, after=b, count=n) for (a, b), n in counts.most_common()],
        changes=changes,
    )


def _facts(row: sa.Row[Any]) -> Facts | None:
    """None of a scan of before there were policies, or of a version that recorded others."""
    try:
        return Facts.from_json(row.facts)
    except (KeyError, TypeError):
        return None


def _rows(db: Database, account_id: str, since: str, until: str | None) -> Iterator[sa.Row[Any]]:
    """Scans of an account in a time, oldest first. They are read in pieces: a long replay holds up nobody."""
    query = sa.select(scans).where(scans.c.account_id == account_id, scans.c.scanned_at >= sightings.parse_since(since))
    if until is not None:
        query = query.where(scans.c.scanned_at < sightings.parse_since(until))
    after = 0
    while True:
        with db.read() as connection:
            rows = connection.execute(query.where(scans.c.id > after).order_by(scans.c.id).limit(_CHUNK)).all()
        yield from rows
        if len(rows) < _CHUNK:
            return
        after = rows[-1].id
