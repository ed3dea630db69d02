"""Competing claims: registrations of the same or similar content, on both sides.

They follow from the log's order alone: each registration is compared with those of a lower index, under a lock, and
the log size up to which that is done is written in the same transaction as the result. So they are the same whoever
computes them, and a crash leaves nothing out.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from fingerprints.model import Fingerprint

from ..database.engine import Database, exclusive
from ..database.inserting import insert
from ..database.tables import competing_claims, entries, fingerprints, log_state, now, works
from ..jobs import outbox
from ..schemas.events import ClaimContested
from ..search.follower import Follower
from ..search.matching import MatchedWork, Matcher

_logger = logging.getLogger(__name__)


class CompetingClaims:
    """Finds the competing claims of new registrations. Thread-safe, and safe among processes."""

    def __init__(self, db: Database, follower: Follower, matcher: Matcher, home: Path) -> None:
        """
        Args:
            home: where the lock between processes lies.
        """
        self._db = db
        self._follower = follower
        self._matcher = matcher
        self._home = home

    def update(self) -> None:
        """Record, for every registration the log has and nobody compared yet, the earlier ones it matches."""
        with exclusive(self._db, self._home, "claims"):
            size = self._follower.refresh()
            with self._db.read() as connection:
                done = int(connection.execute(sa.select(log_state.c.claims_size)).scalar_one())
                if done >= size:
                    return
                rows = connection.execute(
                    sa.select(works.c.id, entries.c.idx, fingerprints.c.data, fingerprints.c.detail)
                    .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
                    .join(fingerprints, fingerprints.c.work == works.c.id)
                    .where(entries.c.idx >= done, entries.c.idx < size)
                    .order_by(entries.c.idx)
                ).all()
            claims = [
                {
                    "work": work,
                    "earlier": found.work.id,
                    "score": found.match.score,
                    "coverage_work": found.match.coverage_upload,
                    "coverage_earlier": found.match.coverage_work,
                }
                for work, index, data, detail in rows
                for found in self._earlier(work, index, data + detail)
            ]
            with self._db.write() as connection:
                if claims:
                    connection.execute(insert(connection, competing_claims).on_conflict_do_nothing(), claims)
                connection.execute(log_state.update().values(claims_size=size))
                _tell(connection, [(each["work"], each["earlier"]) for each in claims])

    def _earlier(self, work: int, index: int, raw: bytes) -> Sequence[MatchedWork]:
        try:
            fingerprint = Fingerprint.from_bytes(raw)
        except ValueError:
            _logger.error("the fingerprint of work %d is damaged and cannot be matched: run ledger fsck", work)
            return ()
        return self._matcher.find(fingerprint, before=index).found


def _tell(connection: sa.Connection, found: Sequence[tuple[int, int]]) -> None:
    """Tell the accounts of earlier works that others claim the same content now; their own later works do not."""
    numbers = {number for pair in found for number in pair}
    rows = connection.execute(sa.select(works.c.id, works.c.work_id, works.c.account_id).where(works.c.id.in_(numbers)))
    known = {row.id: row for row in rows}
    contesting: dict[int, list[str]] = {}
    for later, before in found:
        if known[later].account_id != known[before].account_id:
            contesting.setdefault(before, []).append(known[later].work_id)
    outbox.emit_all(
        connection,
        [
            outbox.Occurrence(
                "claim.contested",
                known[number].account_id,
                ClaimContested(work_id=known[number].work_id, competing=others, contested_at=now()),
                known[number].work_id,
            )
            for number, others in sorted(contesting.items())
        ],
    )


def earlier(db: Database, work_ids: Sequence[str]) -> dict[str, list[str]]:
    """For each public work id, the public ids of the earlier registrations it matches."""
    other = works.alias("other")
    out: dict[str, list[str]] = {}
    if work_ids:
        with db.read() as connection:
            rows = connection.execute(
                sa.select(works.c.work_id, other.c.work_id)
                .join(competing_claims, competing_claims.c.work == works.c.id)
                .join(other, other.c.id == competing_claims.c.earlier)
                .where(works.c.work_id.in_(work_ids))
                .order_by(other.c.id)
            )
            for work_id, before in rows:
                out.setdefault(work_id, []).append(before)
    return out


def rivals(db: Database, work_ids: list[int]) -> dict[int, list[str]]:
    """For each internal work id, the public ids of works that claim the same content, earlier or later."""
    if not work_ids:
        return {}
    other = works.alias("other")
    out: dict[int, list[str]] = {}
    with db.read() as connection:
        for mine, theirs in (
            (competing_claims.c.work, competing_claims.c.earlier),
            (competing_claims.c.earlier, competing_claims.c.work),
        ):
            rows = connection.execute(
                sa.select(mine, other.c.work_id)
                .join(other, other.c.id == theirs)
                .where(mine.in_(work_ids), other.c.withdrawn_at.is_(None))
                .order_by(other.c.id)
            )
            for mine_id, work_id in rows:
                out.setdefault(mine_id, []).append(work_id)
    return out


def forget(connection: sa.Connection, work: int) -> None:
    """Delete what an erased work competes with, and what competes with it."""
    connection.execute(
        competing_claims.delete().where(sa.or_(competing_claims.c.work == work, competing_claims.c.earlier == work))
    )
