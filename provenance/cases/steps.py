"""Taking a step: its row, its entry in the log, the letters it sends and what its platform is told, in one transaction.

Whoever takes steps opens `Steps.writing`, takes them, and leaves; then they are in the log. So there is no step without
its letters, and no letter of a step that was not taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..accounts.accounts import local
from ..accounts.signing_keys import SigningKeys
from ..database.engine import Database
from ..database.tables import case_files, case_letters, case_steps, cases, openings, stamp, works
from ..errors import Conflict
from ..ids import new_id
from ..jobs.outbox import Occurrence, emit_all
from ..ledger.log import Log
from ..scans.review.reviewer import Reviewer
from ..schemas.case import Actor, ClockName, Role, State, StepName
from ..schemas.events import CaseChanged
from ..tlog import envelope, merkle, statement
from ..tlog.keys import SigningKey
from ..tlog.opening import Opening
from . import clocks, rows
from .files import SealedFile
from .regimes import Regimes
from .transitions import ENDED, TRANSITIONS, Transition


@dataclass(frozen=True, slots=True)
class By:
    """Who takes a step.

    Attributes:
        party: number of the party's row, of a party.
        reviewer: of staff.
    """

    actor: Actor
    party: int | None = None
    reviewer: Reviewer | None = None


SERVICE = By("service")


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step that is about to be taken.

    Attributes:
        facts: see `transitions.Transition.facts`.
        said: what a person says in it.
        tell: who is told, if not everybody whom such a step tells.
        values: columns of the case that change with it.
    """

    name: StepName
    by: By
    facts: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] | None = None
    tell: Sequence[Role] | None = None
    files: Sequence[SealedFile] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


class Steps:
    """Takes steps. Thread-safe."""

    def __init__(self, db: Database, log: Log, signing_keys: SigningKeys, regimes: Regimes) -> None:
        self.db = db
        self.regimes = regimes
        self._log = log
        self._signing_keys = signing_keys

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """A write transaction in which steps are taken; when it has ended they are in the log.

        The entries are signed by the service: it says what it was sent and when, not that it is true.

        Raises:
            LedgerReadOnly, Unavailable: nothing was done; after the transaction, nothing is known to be published yet.
        """
        self._log.check_writable()
        signer = self._signing_keys.ensure_signer(local(self.db))
        with self.db.write() as connection:
            writing = Writing(connection, self.regimes, self._log.origin, signer, self._log.head())
            yield writing
            if writing.leaves:
                self._log.submit(connection, writing.leaves)
        self._log.commit(map(merkle.leaf_hash, writing.leaves))


class Writing:
    """Steps that are being taken in one transaction.

    Attributes:
        leaves: their entries.
    """

    def __init__(
        self, connection: sa.Connection, regimes: Regimes, origin: str, signer: SigningKey, head: envelope.After
    ) -> None:
        self.connection = connection
        self.leaves: list[bytes] = []
        self._regimes = regimes
        self._origin = origin
        self._signer = signer
        self._head = head

    def take(self, case: sa.Row[Any], new: NewStep) -> sa.Row[Any]:
        """Take a step of a case; returns the case as it is then.

        Args:
            case: as `rows.locked` has it.

        Raises:
            Conflict: it cannot be taken in the state that the case is in.
        """
        transition = TRANSITIONS[new.name]
        assert new.facts.keys() <= set(transition.facts), f"{new.name} has no facts {new.facts.keys()}"
        assert new.by.actor in transition.actors, f"{new.name} is not for {new.by.actor}"
        check_possible(case, new.name)
        state: State = transition.target or case.state
        moment = datetime.now(UTC)
        leaf_hash = self._enter(case, new, transition, state, stamp(moment))
        step = self._insert(case, new, state, leaf_hash, stamp(moment))
        self._letters(case, new, transition, step)
        clock = self._clock(case, transition, moment) if transition.target is not None else {}
        marks = {"closed_at": stamp(moment)} if transition.target in ENDED else {}
        if case.published_at is None and _publishes(new):
            marks["published_at"] = stamp(moment)
        values = {"state": state, "steps": case.steps + 1, "changed_at": stamp(moment), **clock, **marks, **new.values}
        self.connection.execute(cases.update().where(cases.c.id == case.id).values(**values))
        changed = rows.again(self.connection, case.id)
        self._tell(changed, new.name, moment)
        return changed

    def _enter(self, case: sa.Row[Any], new: NewStep, transition: Transition, state: State, at: str) -> bytes:
        """Write the step's entry and what opens it; returns its leaf hash."""
        head = {"case": case.case_id, "number": case.steps + 1, "step": new.name, "state": state, "at": at}
        opened = {rows.FACTS: Opening.of({**head, "actor": new.by.actor, **new.facts})}
        if new.said is not None:
            opened[rows.SAID] = Opening.of(dict(new.said))
        follows = self.connection.execute(
            sa.select(case_steps.c.leaf_hash).where(case_steps.c.case == case.id, case_steps.c.number == case.steps)
        ).scalar()
        made = statement.case_step(
            self._origin,
            transition.kind,
            case=statement.case_digest(case.case_id),
            step=new.name,
            follows=follows,
            commitments={name: opening.commitment for name, opening in opened.items()},
            after=self._head,
        )
        leaf = statement.sign(made, self._signer)
        leaf_hash = merkle.leaf_hash(leaf)
        self.connection.execute(
            openings.insert(),
            [
                {"leaf_hash": leaf_hash, "name": name, "salt": opening.salt, "record": opening.record}
                for name, opening in opened.items()
            ],
        )
        self.leaves.append(leaf)
        return leaf_hash

    def _insert(self, case: sa.Row[Any], new: NewStep, state: State, leaf_hash: bytes, at: str) -> int:
        reviewer = new.by.reviewer
        values = {
            "step_id": new_id("step"),
            "case": case.id,
            "number": case.steps + 1,
            "name": new.name,
            "state": state,
            "actor": new.by.actor,
            "party": new.by.party,
            "reviewer": None if reviewer is None else reviewer.id,
            "reviewer_name": None if reviewer is None else reviewer.name,
            "at": at,
            "leaf_hash": leaf_hash,
        }
        inserted = self.connection.execute(case_steps.insert().values(**values).returning(case_steps.c.id))
        step = int(inserted.scalar_one())
        if new.files:
            self.connection.execute(case_files.insert(), [{"step": step, **each.row()} for each in new.files])
        return step

    def _letters(self, case: sa.Row[Any], new: NewStep, transition: Transition, step: int) -> None:
        told = transition.tells if new.tell is None else new.tell
        parties = rows.parties(self.connection, case.id)
        letters = [
            {
                "letter_id": new_id("letter"),
                "step": step,
                "party": party.id,
                "state": "pending" if party.person.get("email") else "unaddressed",
                "attempts": 0,
                "due": 0.0,
            }
            for role, party in parties.items()
            if role in told and party.erased_at is None
        ]
        if letters:
            self.connection.execute(case_letters.insert(), letters)

    def _clock(self, case: sa.Row[Any], transition: Transition, moment: datetime) -> dict[str, Any]:
        """The columns of the clock that a step to another state starts, or stops."""
        regime = self._regimes.of(case.regime)
        name: ClockName | None = transition.clock
        if transition.weighed is not None and regime.put_back is None:
            name = transition.weighed
        if name is None:
            return {"clock": None, "acts_at": None, "due": None}
        acts_at, due = clocks.running(name, regime, self._regimes.calendar(case.regime), moment)
        return {"clock": name, "acts_at": None if acts_at is None else stamp(acts_at), "due": stamp(due)}

    def _tell(self, case: sa.Row[Any], step: StepName, moment: datetime) -> None:
        """Tell the platform that decides, and the account that sent the notice."""
        act_by = None
        if step == "forward":
            regime = self._regimes.of(case.regime)
            act_by = stamp(clocks.end_of(regime.act_within, moment, self._regimes.calendar(case.regime)))
        work_id = self.connection.execute(sa.select(works.c.work_id).where(works.c.id == case.work)).scalar()
        said = CaseChanged(
            case_id=case.case_id,
            step=step,
            state=case.state,
            regime=case.regime,
            work_id=work_id,
            post_urls=rows.addresses(self.connection, case.id),
            due=case.due,
            act_by=act_by,
            at=stamp(moment),
        )
        accounts = dict.fromkeys(each for each in (case.account_id, case.sender) if each is not None)
        emit_all(self.connection, [Occurrence("case.changed", each, said, case.case_id) for each in accounts])


def _publishes(new: NewStep) -> bool:
    """Whether the public register has a case from this step on: nobody publishes a complaint by sending one."""
    return new.name in ("forward", "repeat") or (new.name == "refuse" and new.by.actor == "staff")


def check_possible(case: sa.Row[Any], name: StepName) -> None:
    """Raises `Conflict` where a step cannot be taken in the state that a case is in."""
    sources = TRANSITIONS[name].sources
    if case.state in sources or (not sources and case.steps == 0):
        return
    raise Conflict(
        f"{case.case_id} is {case.state.replace('_', ' ')} now: {name.replace('_', ' ')} is not possible",
        reason="case_state",
    )
