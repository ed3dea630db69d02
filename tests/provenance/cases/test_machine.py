"""Whatever parties, staff and clocks try in whatever order: what happens is what the table of steps says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from provenance.application import Application
from provenance.auditing import fsck
from provenance.cases.transitions import BOTH, ENDED, TRANSITIONS
from provenance.database.tables import case_letters, case_parties, case_steps, cases
from provenance.errors import Conflict, Forbidden, SourcemarkError
from provenance.schemas.case import (
    CaseDecision,
    Explained,
    Forwarding,
    Measure,
    Refusal,
    StaffMessage,
    StepName,
)
from provenance.schemas.notice import Appeal, CounterNotice, LegalAction, Message, NoticeContent
from tests.provenance.cases.people import ANN, ANSWER, BEN, file, run_out

PROOF: list[dict[str, str]] = [{"name": "draft.pdf", "sha256": "a" * 64}]
REGIMES = ("cn-ntd", "cn-cc", "us-dmca", "eu-dsa")
DECISION = CaseDecision(finding="unfounded", outcome="release", reason="licence", explanation="There is a licence.")
WARNING = Measure(act="warn", against="notifier", reason="rude", explanation="Be polite.")
# What each actor may try, with the step that it is if it succeeds.
STAFF: dict[StepName, Callable[[Application, str], object]] = {
    "forward": lambda app, case: app.case_decisions.forward(ANN, case, Forwarding()),
    "refuse": lambda app, case: app.case_decisions.refuse(ANN, case, Refusal(reason="x", explanation="x")),
    "put_back": lambda app, case: app.case_decisions.put_back(ANN, case, Explained(reason="x", explanation="x")),
    "decide": lambda app, case: app.case_decisions.decide(ANN, case, DECISION),
    "decide_appeal": lambda app, case: app.case_decisions.decide_appeal(BEN, case, DECISION),
    "message": lambda app, case: app.case_decisions.message(ANN, case, StaffMessage(text="x", to=["notifier"])),
    "measure": lambda app, case: app.case_decisions.measure(ANN, case, WARNING),
}
PARTY: dict[StepName, Callable[[Application, int], object]] = {
    "complete": lambda app, party: app.notices.complete(party, NoticeContent(signature="Marta")),
    "counter": lambda app, party: app.proceedings.counter(
        party, CounterNotice.model_validate({**ANSWER, "identity": "ID 8", "files": PROOF})
    ),
    "keep_down": lambda app, party: app.proceedings.keep_down(party, LegalAction(reference="Court")),
    "appeal": lambda app, party: app.proceedings.appeal(party, Appeal(reason="No.")),
    "message": lambda app, party: app.proceedings.message(party, Message(text="x")),
    "withdraw": lambda app, party: app.proceedings.withdraw(party),
}


class Cases(RuleBasedStateMachine):
    """One case; an installation serves all examples."""

    app: Application
    number = 0

    @initialize(regime=st.sampled_from(REGIMES), complete=st.booleans())
    def a_notice(self, regime: str, complete: bool) -> None:
        Cases.number += 1
        said = {"identity": "ID 7", "files": PROOF, "signature": "Marta", "good_faith": True}
        if not complete:
            said |= {"signature": None, "good_faith": False}
        urls = [f"https://forum.example/p/{Cases.number}"]
        self.filed = file(self.app, regime=regime, addresses=urls, email=f"m{Cases.number}@salt.example", **said)
        self.regime = self.app.regimes.of(regime)

    @rule(name=st.sampled_from(sorted(STAFF)))
    def staff(self, name: StepName) -> None:
        self.attempt(name, "staff", lambda: STAFF[name](self.app, self.filed.case_id))

    @rule(name=st.sampled_from(sorted(PARTY)), role=st.sampled_from(BOTH))
    def party(self, name: StepName, role: str) -> None:
        number = self.party_number(role)
        if number is not None:
            self.attempt(name, role, lambda: PARTY[name](self.app, number))

    @rule()
    def confirm(self) -> None:
        before = self.row()
        self.app.proceedings.confirm(self.filed.party)
        assert (self.row().steps > before.steps) <= (before.state == "received")

    @rule()
    def clock(self) -> None:
        before = self.row()
        if before.acts_at is None:
            return
        assert run_out(self.app, self.filed.case_id) == 1
        assert self.row().steps > before.steps

    def attempt(self, name: StepName, actor: str, act: Callable[[], object]) -> None:
        """Something succeeds exactly if the table has it, and is then the first of the steps that follow."""
        before = self.row()
        transition = TRANSITIONS[name]
        possible = before.state in transition.sources and actor in transition.actors
        refused: SourcemarkError | None = None
        try:
            act()
        except (Conflict, Forbidden) as error:
            refused = error
        if refused is not None:
            assert not possible or refused.reason == "same_person", refused
            assert self.row() == before
            return
        assert possible, (name, actor, before.state)
        step = self.steps()[before.steps]
        assert (step.name, step.actor) == (name, actor)
        assert step.state == (transition.target or before.state)

    @invariant()
    def the_steps_follow_the_table(self) -> None:
        if not hasattr(self, "filed"):
            return
        state, case = None, self.row()
        told = self.told()
        for number, step in enumerate(self.steps(), 1):
            transition = TRANSITIONS[step.name]
            assert step.number == number
            assert (state in transition.sources) if transition.sources else state is None
            assert step.actor in transition.actors
            assert step.state == (transition.target or state)
            assert {role for letter, role in told if letter == step.id} <= set(transition.tells)
            if step.name not in ("message", "measure") and "notifier" in transition.tells:
                assert (step.id, "notifier") in told  # no step without its letter
            state = step.state
        assert len(told) == len(set(told))
        assert case.state == state
        assert (case.closed_at is not None) == (state in ENDED)
        assert (case.clock is None) == (case.due is None)
        last = next(each for each in reversed(self.steps()) if TRANSITIONS[each.name].target is not None)
        starts = TRANSITIONS[last.name]
        weighed = starts.weighed if self.regime.put_back is None else None
        assert case.clock == (weighed or starts.clock)

    # --- rows ------------------------------------------------------------------------------------------------------
    def row(self) -> Any:
        return self.read(sa.select(cases).where(cases.c.case_id == self.filed.case_id))[0]

    def steps(self) -> list[Any]:
        query = sa.select(case_steps).join(cases, cases.c.id == case_steps.c.case)
        return self.read(query.where(cases.c.case_id == self.filed.case_id).order_by(case_steps.c.id))

    def told(self) -> list[tuple[int, str]]:
        query = sa.select(case_letters.c.step, case_parties.c.role).join_from(case_letters, case_parties)
        mine = query.join(cases, cases.c.id == case_parties.c.case).where(cases.c.case_id == self.filed.case_id)
        return [tuple(row) for row in self.read(mine)]

    def party_number(self, role: str) -> int | None:
        query = sa.select(case_parties.c.id).join(cases, cases.c.id == case_parties.c.case)
        found = self.read(query.where(cases.c.case_id == self.filed.case_id, case_parties.c.role == role))
        return found[0].id if found else None

    def read(self, query: sa.Select[Any]) -> list[Any]:
        with self.app.db.read() as connection:
            return list(connection.execute(query).all())


@pytest.mark.slow
def test_every_way_through_a_case_is_one_of_the_table(sqlite_application: Application) -> None:
    Cases.app, Cases.number = sqlite_application, 0
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Cases, settings=settings(max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=checks)
    )
    assert fsck.check(sqlite_application.db, sqlite_application.log)["problems"] == []
