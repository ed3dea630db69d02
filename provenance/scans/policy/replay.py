"""What another policy would have decided about past scans, on the facts that were recorded with each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ...database import paging
from ...database.engine import Database
from ...database.tables import scans
from ...errors import TooLarge
from ...jobs.queue import JobKind, Run
from ...schemas.policies import (
    ChangeCount,
    ChangedDecision,
    Do,
    NewTrial,
    PolicyCheck,
    PolicyTrial,
    PolicyTrialJob,
    RuleCheck,
)
from .. import sightings
from ..review import precedents
from . import columns, reachability, rules
from .deciding import Policy, action_of, choose
from .facts import Facts

KIND = "policy-trial"
MOST_AT_ONCE = 50_000  # scans that one request decides anew: some seconds
_CHUNK = 1000  # scans read at once
_COLUMNS = (
    *(scans.c.id, scans.c.scan_id, scans.c.external_id, scans.c.post_url, scans.c.scanned_at, scans.c.facts),
    *(scans.c.action, scans.c.rule, scans.c.reason_code, scans.c.policy_version, scans.c.queue, scans.c.note),
)


def check(text: str) -> PolicyCheck:
    """What of a policy's file decides nothing; raises `BadInput` for one that cannot be used."""
    return PolicyCheck(
        rules=[
            RuleCheck(rule=each.rule.name, do=each.rule.do, reachable=each.reachable, covered_by=list(each.covered_by))
            for each in reachability.check(rules.read(text))
        ]
    )


def job_kind(db: Database) -> JobKind[PolicyTrialJob]:
    """Jobs that try a policy on more scans than a request should wait for."""

    def run(attempt: Run, wanted: PolicyTrialJob) -> Mapping[str, Any]:
        tried = replay(db, attempt.account_id, wanted.trial, limit=wanted.limit, progress=attempt.report)
        return tried.model_dump(mode="json")

    return JobKind(KIND, PolicyTrialJob, run)


def replay_now(db: Database, account_id: str, trial: NewTrial, *, limit: int) -> PolicyTrial:
    """`replay`, of as many scans as a request may wait for; raises `TooLarge` for more."""
    if _count(db, account_id, trial) > MOST_AT_ONCE:
        raise TooLarge(
            f"there are more than {MOST_AT_ONCE} scans in that time: choose a shorter one, or send the request with "
            "Prefer: respond-async"
        )
    return replay(db, account_id, trial, limit=limit)


def replay(
    db: Database,
    account_id: str,
    trial: NewTrial,
    *,
    limit: int = 100,
    progress: Callable[[float], None] = lambda share: None,
) -> PolicyTrial:
    """Decide the past scans of a platform anew; nothing is recorded.

    Args:
        limit: most changed decisions that are listed; all are counted.
        progress: called now and then with the share that is done.

    Raises:
        BadInput: the policy cannot be used.
    """
    policy = Policy(f"trial-{rules.content_id(trial.toml)}", rules.read(trial.toml))
    total = _count(db, account_id, trial)
    tally = _Tally(limit)
    for n, row in enumerate(_rows(db, account_id, trial)):
        if n % _CHUNK == 0:
            progress(min(1.0, n / total))  # there may be more by now
        tally.add(policy, row)
    return tally.result()


class _Tally:
    """Counts what a policy would change."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: Counter[tuple[Do, Do]] = Counter()
        self._changes: list[ChangedDecision] = []
        self._decided = self._lost = 0

    def add(self, policy: Policy, row: sa.Row[Any]) -> None:
        """Decide one past scan anew."""
        before, facts = columns.action_of(row), _facts(row)
        if before is None or facts is None:
            self._lost += 1
            return
        self._decided += 1
        if before.policy_version == precedents.VERSION:  # no policy was asked, and none would be
            return
        rule = choose(policy, facts)
        if (before.do, before.reason, before.queue) == (rule.do, rule.reason, rule.queue):
            return
        self._counts[before.do, rule.do] += 1
        if len(self._changes) < self._limit:
            told = {name: getattr(row, name) for name in ("scan_id", "external_id", "post_url", "scanned_at")}
            self._changes.append(ChangedDecision(**told, before=before, after=action_of(rule, policy)))

    def result(self) -> PolicyTrial:
        return PolicyTrial(
            scans=self._decided,
            changed=self._counts.total(),
            not_replayable=self._lost,
            counts=[ChangeCount(before=a, after=b, count=n) for (a, b), n in self._counts.most_common()],
            changes=self._changes,
        )


def _facts(row: sa.Row[Any]) -> Facts | None:
    """None of a scan of before there were policies, or of a version that recorded others."""
    try:
        return Facts.from_json(row.facts)
    except (KeyError, TypeError):
        return None


def _count(db: Database, account_id: str, trial: NewTrial) -> int:
    with db.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).select_from(scans).where(*_chosen(account_id, trial))
        ).scalar_one()


def _rows(db: Database, account_id: str, trial: NewTrial) -> Iterator[sa.Row[Any]]:
    """The scans of an account in a time, oldest first. They are read in pieces: a long replay holds up nobody."""
    query: sa.Select[Any] = sa.select(*_COLUMNS).where(*_chosen(account_id, trial))

    def chunk(*, after: int, limit: int) -> tuple[Sequence[sa.Row[Any]], int | None]:
        with db.read() as connection:
            return paging.page(connection, query, scans.c.id, after, limit)

    return paging.everything(chunk, _CHUNK)


def _chosen(account_id: str, trial: NewTrial) -> list[sa.ColumnElement[bool]]:
    chosen = [scans.c.account_id == account_id, scans.c.scanned_at >= sightings.parse_since(trial.since)]
    return chosen if trial.until is None else [*chosen, scans.c.scanned_at < sightings.parse_since(trial.until)]
