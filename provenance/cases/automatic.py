"""The steps that this program takes by itself: because nothing is left to ask, or because a clock says so."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa

from ..database.tables import case_parties, cases, now
from ..errors import SourcemarkError
from ..schemas.case import Forwarding, StepName
from . import contents, parties, rows
from .outcomes import Outcome, Outcomes, post_keys
from .steps import SERVICE, By, NewStep, Steps, Writing

_logger = logging.getLogger(__name__)
_GROUP = 200  # cases looked for at a time


class Automatic:
    """Takes them. Thread-safe."""

    def __init__(self, steps: Steps, outcomes: Outcomes) -> None:
        self._steps = steps
        self._outcomes = outcomes

    def advance(self, writing: Writing, case: sa.Row[Any]) -> sa.Row[Any]:
        """Take the steps that follow by themselves from a case as it is; returns it as it is then."""
        while True:
            new = self._following(writing, case)
            if new is None:
                return case
            case = writing.take(case, new)

    def _following(self, writing: Writing, case: sa.Row[Any]) -> NewStep | None:
        if case.state == "received":
            return self._received(writing, case)
        clock = self._steps.regimes.of(case.regime).put_back
        if case.state == "counter_notice" and clock is not None:
            if clock.earliest.amount == 0:
                return self._put_back(writing, case)
            return NewStep("start_clock", SERVICE)
        return None

    def _received(self, writing: Writing, case: sa.Row[Any]) -> NewStep | None:
        connection = writing.connection
        missing = contents.lacking(rows.notice(connection, case.id), self._steps.regimes.of(case.regime))
        if missing:
            return NewStep("ask", SERVICE, {"missing": missing})
        notifier = rows.parties(connection, case.id)["notifier"]
        if notifier.confirmed_at is None:
            return None
        if parties.suspended_until(connection, case.account_id, notifier.key) is not None:
            return NewStep("refuse", SERVICE, {"reason": "suspended"})
        first = contents.repeats(connection, case)
        if first is not None:
            return NewStep("repeat", SERVICE, {"repeats": first.case_id}, values={"repeats": first.id})
        return forwarding(connection, case, SERVICE, Forwarding())

    # --- by the clock ----------------------------------------------------------------------------------------------
    def run_due(self) -> int:
        """Take the steps whose time has come, which any number of processes may do; returns how many it took."""
        done, last = 0, 0
        while True:
            with self._steps.db.read() as connection:
                due = sa.select(cases.c.id).where(cases.c.acts_at <= now(), cases.c.id > last)
                found = connection.execute(due.order_by(cases.c.id).limit(_GROUP)).scalars().all()
            if not found:
                return done
            for number in found:
                done += self._act(number)
            last = found[-1]

    def _act(self, number: int) -> bool:
        """Take the step of one case, if its time has still come. What goes wrong with one holds up no other."""
        try:
            with self._steps.writing() as writing:
                case = rows.again(writing.connection, number)
                if case.acts_at is None or case.acts_at > now():
                    return False
                self.advance(writing, writing.take(case, self._timely(writing, case)))
                return True
        except SourcemarkError as error:
            if error.status >= 500:
                raise
            _logger.error("the case number %s cannot go on by its clock: %s", number, error.detail)
            return False

    def _timely(self, writing: Writing, case: sa.Row[Any]) -> NewStep:
        """The step that a clock says."""
        match case.clock:
            case "completion":
                reason = "not_completed" if case.state == "incomplete" else "not_confirmed"
                return NewStep("refuse", SERVICE, {"reason": reason})
            case "counter_notice":
                return self._decided(writing, case, "uncontested", Outcome("restrict", "uncontested"))
            case "put_back":
                return self._put_back(writing, case)
            case _:
                return NewStep("close", SERVICE)

    def _put_back(self, writing: Writing, case: sa.Row[Any]) -> NewStep:
        return self._decided(writing, case, "put_back", Outcome("release", "counter_notice"))

    def _decided(self, writing: Writing, case: sa.Row[Any], name: StepName, what: Outcome) -> NewStep:
        ids = self._outcomes.apply(writing.connection, case, what)
        return NewStep(name, SERVICE, {"reason": what.reason, "decision_ids": ids})


def forwarding(connection: sa.Connection, case: sa.Row[Any], by: By, known: Forwarding) -> NewStep:
    """The step by which the poster comes into the case, with what is known of who that is."""
    found = parties.poster(connection, case, post_keys(connection, case), known)
    email = found["person"].get("email")
    if "poster" not in rows.parties(connection, case.id):
        key = parties.key_of(case.account_id, email, None)
        parties.insert(connection, case.id, "poster", **found, key=key, lang=parties.lang_of(case.regime))
    return NewStep("forward", by, {"reachable": email is not None})


def confirmed(connection: sa.Connection, party: int) -> None:
    """A party's mail address was shown to be theirs."""
    mine = case_parties.c.id == party, case_parties.c.confirmed_at.is_(None)
    connection.execute(case_parties.update().where(*mine).values(confirmed_at=now()))
