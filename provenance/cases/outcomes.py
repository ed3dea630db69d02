"""What an outcome does beyond its case: decisions about the posts, statements of reasons, standing, what stays down.

A later scan of such a post follows the decision, as it follows those of the review queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ..accounts import standing
from ..accounts.official import OfficialAccounts
from ..database.tables import case_addresses, matches, scans, sightings, works
from ..errors import BadInput
from ..scans.review import stay_down
from ..scans.review.decision_rows import NewRow, Terms
from ..scans.review.decisions import Decisions
from ..scans.review.reviewer import Reviewer
from ..scans.review.statements import About
from ..schemas.case import CaseDecision, CaseOutcome
from ..schemas.standing import StandingCount
from ..schemas.stay_down import NewStayDown
from . import rows


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the posts of a case.

    Attributes:
        reviewer: None where the clock decides.
        note: for colleagues.
    """

    outcome: CaseOutcome
    reason: str
    reviewer: Reviewer | None = None
    note: str | None = None
    territory: Sequence[str] = ()
    until: str | None = None
    ground: dict[str, Any] | None = None
    strike: bool = False

    @classmethod
    def of(cls, decided: CaseDecision, reviewer: Reviewer) -> Outcome:
        return cls(
            decided.outcome,
            decided.reason,
            reviewer,
            decided.note,
            sorted(set(decided.territory)),
            decided.until,
            None if decided.ground is None else decided.ground.model_dump(),
            decided.strike,
        )


@dataclass(frozen=True, slots=True)
class _Applying:
    """An outcome on its way to the posts of a case."""

    connection: sa.Connection
    case: sa.Row[Any]
    what: Outcome
    about: About = field(repr=False)


class Outcomes:
    """Applies outcomes, in the transaction of the step. Thread-safe."""

    def __init__(self, decisions: Decisions, official: OfficialAccounts) -> None:
        self._decisions = decisions
        self._official = official

    def apply(self, connection: sa.Connection, case: sa.Row[Any], what: Outcome) -> list[str]:
        """Decide about every post of a case that was scanned, or about the case where none was.

        Returns:
            The ids of the decisions.

        Raises:
            BadInput: it is to count against an account that nobody has named.
            NotFound: that account is not one of the platform's official accounts.
        """
        poster = rows.parties(connection, case.id).get("poster")
        account_id = None if poster is None else poster.posting_account_id
        account = None if poster is None else poster.person.get("account")
        urls = rows.addresses(connection, case.id)
        about = About(None, urls[0] if urls else None, account, account_id)
        applying = _Applying(connection, case, what, about)
        found = scanned_posts(connection, case)
        if not found:
            return [self._decide(applying, None, what.strike)]
        # A strike counts once, however many posts there are.
        return [self._decide(applying, scan, what.strike and n == 0) for n, scan in enumerate(found)]

    def _decide(self, applying: _Applying, scan: sa.Row[Any] | None, strike: bool) -> str:
        case, what = applying.case, applying.what
        source = "notice" if case.sender is None else "trusted_flagger"
        counter = "confirmed_copying" if strike else None
        first = sa.select(case_addresses.c.key).where(case_addresses.c.case == case.id)
        new = NewRow(
            case.account_id,
            "case" if scan is None else "scan",
            case.case_id if scan is None else scan.scan_id,
            what.outcome,
            what.reason,
            what.reviewer,
            note=what.note,
            terms=Terms(what.territory, what.until, what.ground, source, counter),
            post=scan.post if scan else applying.connection.execute(first.order_by(case_addresses.c.number)).scalar(),
            digest=None if scan is None else scan.digest,
        )
        poster = applying.about.account_id if scan is None else scan.posting_account_id or applying.about.account_id
        return self._decisions.enter(applying.connection, new, scan, applying.about, poster).decision_id

    def keep_down(
        self, connection: sa.Connection, case: sa.Row[Any], decided: CaseDecision, reviewer: Reviewer, first: str
    ) -> None:
        """Put what a case was about on the stay-down list, with the decision that confirmed it.

        Args:
            first: id of that decision.

        Raises:
            BadInput: nothing was scanned and the work is not registered, so that nothing can be recognised.
        """
        about = [{"scan_id": scan.scan_id} for scan in scanned_posts(connection, case) if scan.digest is not None]
        work_id = connection.execute(sa.select(works.c.work_id).where(works.c.id == case.work)).scalar()
        if not about and work_id is not None:
            about = [{"work_id": work_id}]
        if not about:
            raise BadInput("stay_down: no post of this case was scanned and its work is not registered: leave it out")
        for each in about:
            new = NewStayDown(**each, decision_id=first, reason=decided.reason, until=decided.until)
            stay_down.insert(connection, reviewer, case.account_id, new)

    def count_misuse(
        self, connection: sa.Connection, case: sa.Row[Any], account_id: str, decided: CaseDecision, reviewer: Reviewer
    ) -> None:
        """Count a notice that was misuse against the notifier's own official account; raises `NotFound`."""
        counted = StandingCount(
            counter="unfounded_notice",
            reason=f"case {case.case_id}: {decided.reason}",
            decided_by=reviewer.name or reviewer.id,
            subject=case.case_id,
        )
        standing.count(connection, case.account_id, account_id, counted, self._official.table)

    def misuse_no_longer_counts(self, connection: sa.Connection, case: sa.Row[Any], why: str, by: Reviewer) -> None:
        """What was counted by `count_misuse` in a case counts no longer: it is decided anew."""
        standing.reverse_counts(connection, case.account_id, case.case_id, why, by.name or by.id, self._official.table)


def post_keys(connection: sa.Connection, case: sa.Row[Any]) -> list[bytes]:
    """The keys of the posts that a case is about: by their addresses, and that of its sighting."""
    keys = sa.select(case_addresses.c.key).where(case_addresses.c.case == case.id)
    seen = sa.select(sightings.c.post).where(sightings.c.sighting_id == case.sighting_id)
    return [*connection.execute(keys).scalars(), *connection.execute(seen).scalars()]


def scanned_posts(connection: sa.Connection, case: sa.Row[Any]) -> list[sa.Row[Any]]:
    """The newest scan of each post of a case that its platform has scanned, of a registered work only where it was
    found in it."""
    query = sa.select(scans).where(scans.c.account_id == case.account_id, scans.c.post.in_(post_keys(connection, case)))
    if case.work is not None:
        query = query.where(sa.exists().where(matches.c.scan == scans.c.id, matches.c.work == case.work))
    newest: dict[bytes, sa.Row[Any]] = {}
    for row in connection.execute(query.order_by(scans.c.id)):
        newest[row.post] = row
    return list(newest.values())
