"""What people of the platform do in a case: assign it, forward it, decide, decide about an appeal, take measures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from ..accounts import accounts
from ..database.tables import case_measures, case_steps, cases, works
from ..errors import BadInput, Conflict
from ..jobs.mail import check_address
from ..scans.review.reviewer import Reviewer
from ..scans.review.stay_down import to_come
from ..schemas import ClaimReversal, NewClaimDecision
from ..schemas.case import (
    CaseDecision,
    Explained,
    Forwarding,
    Measure,
    MisuseCount,
    Refusal,
    StaffMessage,
    State,
    StepName,
)
from ..works.claim_decisions import ClaimDecisions
from . import parties, rows
from .automatic import forwarding
from .outcomes import Outcome, Outcomes
from .steps import By, NewStep, Steps, Writing, check_possible

# Steps of people that an appeal may be against: who took one does not decide about it.
_CONTESTED = ("decide", "refuse", "put_back")


class CaseDecisions:
    """Takes the steps of staff. Thread-safe.

    Each raises `NotFound` for a case of another platform, and `Conflict` where it is in another state: of two people
    who decide at once one is refused.
    """

    def __init__(self, steps: Steps, outcomes: Outcomes, claims: ClaimDecisions) -> None:
        self._steps = steps
        self._outcomes = outcomes
        self._claims = claims

    def assign(self, reviewer: Reviewer, case_id: str, to: Reviewer | None) -> None:
        """Make a case somebody's to deal with; None: nobody's. It keeps nobody else from deciding."""
        with self._steps.db.write() as connection:
            case = rows.locked(connection, case_id, reviewer.account_id)
            values = {"assignee": to and to.id, "assignee_name": to and to.name}
            connection.execute(cases.update().where(cases.c.id == case.id).values(**values))

    def forward(self, reviewer: Reviewer, case_id: str, known: Forwarding) -> State:
        """Forward a notice whose sender has not confirmed the address, or with what is known of the poster."""
        if known.email is not None:
            check_address(known.email)
        with self._as(reviewer, case_id) as (writing, case, by):
            state: State = writing.take(case, forwarding(writing.connection, case, by, known)).state
        return state

    def refuse(self, reviewer: Reviewer, case_id: str, why: Refusal) -> State:
        """Say that a notice is not dealt with."""
        with self._as(reviewer, case_id) as (writing, case, by):
            facts = {"reason": why.reason, "finding": why.finding}
            step = NewStep("refuse", by, facts, _explained(why), values={"finding": why.finding})
            state: State = writing.take(case, step).state
        return state

    def put_back(self, reviewer: Reviewer, case_id: str, why: Explained) -> State:
        """Put back what was taken down before the clock says so."""
        with self._as(reviewer, case_id) as (writing, case, by):
            check_possible(case, "put_back")
            ids = self._outcomes.apply(writing.connection, case, Outcome("release", why.reason, reviewer))
            facts = {"reason": why.reason, "decision_ids": ids}
            state: State = writing.take(case, NewStep("put_back", by, facts, _explained(why))).state
        return state

    def decide(self, reviewer: Reviewer, case_id: str, new: CaseDecision) -> State:
        """Decide who is right, and what becomes of the posts.

        Raises:
            BadInput: it is to last until a time that has passed, or counts against nobody who is known.
        """
        claimed = self._claim_decided(reviewer, case_id, new, "decide")
        with claimed as claim, self._as(reviewer, case_id) as (writing, case, by):
            check_possible(case, "decide")
            facts = self._apply(writing, case, new, reviewer) | claim
            step = NewStep("decide", by, facts, _explained(new), values={"finding": new.finding})
            state: State = writing.take(case, step).state
        return state

    def decide_appeal(self, reviewer: Reviewer, case_id: str, new: CaseDecision) -> State:
        """Decide about an appeal: how it stands from now on.

        Raises:
            Conflict: with the reason ``same_person`` where the reviewer has decided in this case before.
            BadInput: as `decide`.
        """
        with (
            self._claim_decided(reviewer, case_id, new, "decide_appeal") as claim,
            self._as(reviewer, case_id) as taken,
        ):
            writing, case, by = taken
            check_possible(case, "decide_appeal")
            before = _decided(writing.connection, case.id)
            if any(reviewer.is_person(row.reviewer, row.reviewer_name) for row in before):
                raise Conflict("you have decided in this case: another person decides the appeal", reason="same_person")
            upheld = case.finding == new.finding and _outcome(writing.connection, before) == new.outcome
            self._outcomes.misuse_no_longer_counts(writing.connection, case, f"appeal: {new.reason}", reviewer)
            facts = {"upheld": upheld, **self._apply(writing, case, new, reviewer), **claim}
            step = NewStep("decide_appeal", by, facts, _explained(new), values={"finding": new.finding})
            state: State = writing.take(case, step).state
        return state

    def _apply(self, writing: Writing, case: sa.Row[Any], new: CaseDecision, reviewer: Reviewer) -> dict[str, Any]:
        """Carry out a decision; returns the facts of its step."""
        if new.until is not None:
            to_come(new.until)
        connection = writing.connection
        ids = self._outcomes.apply(connection, case, Outcome.of(new, reviewer))
        if new.stay_down:
            self._outcomes.keep_down(connection, case, new, reviewer, ids[0])
        if new.notifier_account is not None:
            self._outcomes.count_misuse(connection, case, new.notifier_account, new, reviewer)
        return {
            "finding": new.finding,
            "outcome": new.outcome,
            "reason": new.reason,
            "decision_ids": ids,
            "territory": sorted(set(new.territory)),
            "until": new.until,
        }

    def measure(self, reviewer: Reviewer, case_id: str, new: Measure) -> State:
        """Warn a party who misuses complaints, suspend it for a time, or end that; what it was found to do is in
        `misuse`.

        Raises:
            BadInput: the party is not in the case, or cannot be told apart from others.
            Conflict: it is to be suspended without having been warned.
        """
        until = None if new.until is None else to_come(new.until)
        with self._as(reviewer, case_id) as (writing, case, by):
            party = rows.parties(writing.connection, case.id).get(new.against)
            if party is None or party.key is None:
                raise BadInput(f"against: nobody is known who could be the {new.against}")
            known = parties.misuse(writing.connection, case.account_id, party.key)
            if new.act == "suspend" and known.warned_at is None:
                raise Conflict("nobody is suspended without having been warned: warn first", reason="not_warned")
            facts = {"act": new.act, "against": new.against, "reason": new.reason, "until": new.until}
            changed = writing.take(case, NewStep("measure", by, facts, _explained(new), tell=[new.against]))
            taken = case_steps.c.case == case.id, case_steps.c.number == changed.steps
            step = writing.connection.execute(sa.select(case_steps.c.id).where(*taken)).scalar_one()
            values = {"step": step, "account_id": case.account_id, "key": party.key, "act": new.act, "until": until}
            writing.connection.execute(case_measures.insert().values(**values))
            state: State = changed.state
        return state

    def message(self, reviewer: Reviewer, case_id: str, new: StaffMessage) -> State:
        """Write to one party or both."""
        to = sorted(set(new.to))
        with self._as(reviewer, case_id) as (writing, case, by):
            step = NewStep("message", by, {"to": to}, {"text": new.text}, tell=to)
            state: State = writing.take(case, step).state
        return state

    def misuse(self, reviewer: Reviewer, case_id: str) -> MisuseCount:
        """What the notifier of a case was found to do in all cases of the platform."""
        with self._steps.db.read() as connection:
            case = rows.find(connection, case_id, reviewer.account_id)
            key = rows.parties(connection, case.id)["notifier"].key
            return parties.misuse(connection, case.account_id, key or b"")

    @contextmanager
    def _claim_decided(
        self, reviewer: Reviewer, case_id: str, new: CaseDecision, step: StepName
    ) -> Iterator[dict[str, str]]:
        """Decide whose claim counts, where a decision says so; taken back where the step is not taken.

        It is an entry of its own before the step's: the log takes one at a time.

        Raises:
            BadInput: the case is about no registered work.
        """
        if new.claim_counts is None:
            yield {}
            return
        with self._steps.db.read() as connection:
            case = rows.find(connection, case_id, reviewer.account_id)
            check_possible(case, step)
            work_id = connection.execute(sa.select(works.c.work_id).where(works.c.id == case.work)).scalar()
        if work_id is None:
            raise BadInput("claim_counts: the work of this case is not registered, so that no claim competes with it")
        account = accounts.find(self._steps.db, case.account_id)
        said = {"reason": f"{case_id}: {new.reason}", "decided_by": reviewer.name or reviewer.id}
        decided = self._claims.decide(
            account, NewClaimDecision(work_id=work_id, outcome="counts", counts=new.claim_counts, **said)
        )
        try:
            yield {"claim_decision_id": decided.decision_id}
        except Exception:
            self._claims.reverse(account, decided.decision_id, ClaimReversal(reason=f"{case_id}: was not decided so"))
            raise

    @contextmanager
    def _as(self, reviewer: Reviewer, case_id: str) -> Iterator[tuple[Writing, sa.Row[Any], By]]:
        with self._steps.writing() as writing:
            case = rows.locked(writing.connection, case_id, reviewer.account_id)
            yield writing, case, By("staff", reviewer=reviewer)


def _explained(why: Explained | CaseDecision) -> dict[str, str]:
    return {"explanation": why.explanation}


def _decided(connection: sa.Connection, number: int) -> list[sa.Row[Any]]:
    """The steps of a case in which somebody has decided, oldest first."""
    return [row for row in rows.steps(connection, number) if row.name in _CONTESTED]


def _outcome(connection: sa.Connection, decided: list[sa.Row[Any]]) -> str | None:
    """What became of the posts by the last of these steps."""
    if not decided:
        return None
    last = decided[-1].leaf_hash
    facts = rows.opened(connection, [last]).get(last, {}).get(rows.FACTS, {})
    outcome: str | None = facts.get("outcome")
    return outcome
