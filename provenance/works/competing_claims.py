"""Competing claims: registrations of the same or similar content, on both sides.

They follow from the log's order alone: each registration is compared with those of a lower index. So they are the same
whoever computes them, and nobody needs to wait for anybody: each process compares what it registers, under no lock, and
records the result in one short transaction. `log_state.claims_size` says up to where that is done without a gap;
`claims_ahead` holds the entries beyond which are done. What a process that died has left is compared by the others.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fingerprints.model import Fingerprint

from ..database.engine import Database
from ..database.inserting import insert
from ..database.tables import claims_ahead, competing_claims, entries, fingerprints, log_state, now, stamp, works
from ..jobs import outbox
from ..schemas.events import ClaimContested
from ..search.matching import Matcher

_logger = logging.getLogger(__name__)
_GROUP = 32  # registrations compared between two transactions
# After which whoever registered an entry is taken for dead; at worst two compare it. A group of 256 pictures takes a
# busy core minutes where there are a million.
_LEFT_BEHIND_SECONDS = 300.0
_HELP = 8  # entries that others have left behind which one registration takes up, so that its answer is not late


@dataclass(frozen=True, slots=True)
class _Registration:
    """A registration in the log that is compared with the earlier ones."""

    work: int
    index: int
    fingerprint: bytes


class CompetingClaims:
    """Finds the competing claims of new registrations. Thread-safe, and safe among processes."""

    def __init__(self, db: Database, matcher: Matcher, left_behind_seconds: float = _LEFT_BEHIND_SECONDS) -> None:
        self._db = db
        self._matcher = matcher
        self._left_behind_seconds = left_behind_seconds

    def settle(self, indexes: Collection[int]) -> None:
        """Record the earlier claims that these entries of the log match, unless that is done.

        Raises:
            Unavailable: the index or the database is; what is not recorded is so by the next call.
        """
        with self._db.read() as connection:
            done = int(connection.execute(sa.select(log_state.c.claims_size)).scalar_one())
        if max(indexes, default=-1) < done:
            return
        self._record(self._open(entries.c.idx.in_(indexes)))
        if found := self._left_behind(_HELP):
            self._record(found)

    def settle_left_behind(self) -> None:
        """Record those of all entries whose registrant died before."""
        while found := self._left_behind(_GROUP):
            self._record(found)

    def _left_behind(self, limit: int) -> list[_Registration]:
        """The first entries that nobody has compared for a while."""
        until = stamp(datetime.now(UTC) - timedelta(seconds=self._left_behind_seconds))
        return self._open(entries.c.integrated_at <= until, limit)

    def _open(self, condition: sa.ColumnElement[bool], limit: int | None = None) -> list[_Registration]:
        """Entries with a fingerprint that are not compared yet, in the log's order."""
        columns = (entries.c.idx, works.c.id, fingerprints.c.data, fingerprints.c.detail)
        wanted = _uncompared(entries.c.idx).distinct().where(condition).order_by(entries.c.idx).limit(limit)
        with self._db.read() as connection:
            places = connection.execute(wanted).scalars().all()
            found = connection.execute(_uncompared(*columns).where(entries.c.idx.in_(places)).order_by(entries.c.idx))
            return [_Registration(work, index, data + detail) for index, work, data, detail in found]

    def _record(self, registrations: Sequence[_Registration]) -> None:
        """Compare them and record the result; without any, move the mark past entries that have nothing to compare."""
        for first in range(0, max(1, len(registrations)), _GROUP):
            group = registrations[first : first + _GROUP]
            claims = [claim for each in group for claim in self._claims(each)]
            with self._db.write() as connection:
                _write(connection, {each.work: each.index for each in group}, claims)

    def _claims(self, registration: _Registration) -> Iterator[dict[str, Any]]:
        """Rows of `competing_claims`."""
        try:
            fingerprint = Fingerprint.from_bytes(registration.fingerprint)
        except ValueError:
            _logger.error(
                "the fingerprint of work %d is damaged and cannot be matched: run ledger fsck", registration.work
            )
            return
        for found in self._matcher.find(fingerprint, before=registration.index).found:
            yield {
                "work": registration.work,
                "earlier": found.work.id,
                "score": found.match.score,
                "coverage_work": found.match.coverage_upload,
                "coverage_earlier": found.match.coverage_work,
            }


def _uncompared(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Of registrations in the log that can be compared and are not yet."""
    registered = entries.join(works, works.c.leaf_hash == entries.c.leaf_hash)
    done = sa.select(log_state.c.claims_size).scalar_subquery()
    ahead = sa.exists().where(claims_ahead.c.idx == entries.c.idx)
    return (
        sa.select(*columns)
        .select_from(registered.join(fingerprints, fingerprints.c.work == works.c.id))
        .where(entries.c.idx >= done, ~ahead)
    )


def _write(connection: sa.Connection, compared: Mapping[int, int], claims: Sequence[dict[str, Any]]) -> None:
    """Record what was found, and that it was looked for; move the mark up to the first gap.

    Args:
        compared: log indexes by the works' numbers. Those that another process has recorded in the meantime stay as it
            has, and of a work that was erased in the meantime nothing is kept.
    """
    connection.execute(sa.select(log_state.c.claims_size).with_for_update())
    open_ = set(connection.execute(_uncompared(works.c.id).where(works.c.id.in_(compared))).scalars())
    known = _standing(connection, {number for each in claims for number in (each["work"], each["earlier"])})
    new = [each for each in claims if each["work"] in open_ and each["work"] in known and each["earlier"] in known]
    if new:
        connection.execute(insert(connection, competing_claims).on_conflict_do_nothing(), new)
        _tell(connection, known, [(each["work"], each["earlier"]) for each in new])
    if open_:
        connection.execute(claims_ahead.insert(), [{"idx": compared[work]} for work in sorted(open_)])
    gap = connection.execute(_uncompared(entries.c.idx).order_by(entries.c.idx).limit(1)).scalar()
    connection.execute(log_state.update().values(claims_size=log_state.c.size if gap is None else gap))
    connection.execute(
        claims_ahead.delete().where(claims_ahead.c.idx < sa.select(log_state.c.claims_size).scalar_subquery())
    )


def _standing(connection: sa.Connection, numbers: Collection[int]) -> dict[int, sa.Row[Any]]:
    """Those of these works that are not erased."""
    columns: list[sa.ColumnElement[Any]] = [works.c.id, works.c.work_id, works.c.account_id]
    rows = connection.execute(sa.select(*columns).where(works.c.id.in_(numbers), works.c.erased_at.is_(None)))
    return {row.id: row for row in rows.all()}


def _tell(connection: sa.Connection, known: Mapping[int, sa.Row[Any]], found: Sequence[tuple[int, int]]) -> None:
    """Tell the accounts of earlier works that others claim the same content now; their own later works do not."""
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
