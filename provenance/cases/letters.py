"""Letters to the parties of cases: an outbox, whose rows a step writes in its own transaction.

A worker takes a letter under a lease, sends it and records that. A step that was committed has its letter sent, one
that was not has none. To a folder each letter goes once. A mail server is asked again when the worker died between its
answer and the record, or when the answer was lost: then the same Message-ID comes twice, which mailboxes show once.
"""

from __future__ import annotations

import threading
from typing import Any

import sqlalchemy as sa

from ..config import Settings
from ..database import leases
from ..database.clock import clock
from ..database.engine import Database
from ..database.tables import case_letters, case_parties, case_steps, cases, now
from ..errors import BadInput
from ..jobs.delivery import SCHEDULE, Outcome
from ..jobs.mail import Letter, Mailer, check_address
from . import links, rows
from .letter_texts import StepLetter, compose
from .regimes import Regimes

_LEASE_SECONDS = 120.0  # longer than an attempt takes
_CONFIRM_DAYS = 14

_earlier = case_letters.alias("earlier")


class Letters:
    """Sends the letters of an installation. Thread-safe."""

    def __init__(self, db: Database, mailer: Mailer, regimes: Regimes, settings: Settings) -> None:
        self._db = db
        self._mailer = mailer
        self._regimes = regimes
        self._address = settings.public_address
        self._link_days = settings.case_link_days

    def deliver(self, _stop: threading.Event) -> bool:
        """Try to send the next letter that is due; returns whether there was one."""
        taken = leases.take(self._db, case_letters, _next(), _LEASE_SECONDS, *case_letters.c)
        if taken is None:
            return False
        with self._db.write() as connection:  # with the party locked: a link confirms the address it is sent to
            about = connection.execute(_about(taken)).one()
            try:
                to = check_address(str(about.person.get("email") or ""))
            except BadInput:
                to = None
            secrets = [] if to is None else self._new_links(connection, about)
            letter = None if to is None else self._written(connection, taken, about, to, secrets)
        if letter is None:
            self._record(taken, {"state": "unaddressed", "answer": "the party has no mail address"})
            return True
        outcome = self._mailer.attempt(letter)
        self._record(taken, _came_of(taken, outcome))
        if not outcome.delivered:
            with self._db.write() as connection:
                for secret in secrets:
                    links.take_back(connection, secret)
        return True

    def _new_links(self, connection: sa.Connection, about: Any) -> list[str]:
        """The secrets of a letter: that of the case, and where the address is to be confirmed a second one."""
        made = [links.make(connection, about.party, "case", self._link_days)]
        if about.role == "notifier" and about.confirmed_at is None and about.state in ("received", "incomplete"):
            made.append(links.make(connection, about.party, "confirm", _CONFIRM_DAYS))
        return made

    def _written(self, connection: sa.Connection, taken: Any, about: Any, to: str, secrets: list[str]) -> Letter:
        records = rows.opened(connection, [about.leaf_hash]).get(about.leaf_hash, {})
        said = records.get(rows.SAID) or {}
        link, *confirm = (f"{self._address}/v1/case-links/{secret}" for secret in secrets)
        letter = StepLetter(
            step=about.name,
            role=about.role,
            lang=about.lang,
            case_id=about.case_id,
            addresses=rows.addresses(connection, about.case),
            clock=(about.clock, about.due) if about.clock and about.number == about.steps else None,
            missing=(records.get(rows.FACTS) or {}).get("missing") or [],
            quoted=(said.get("explanation") or said.get("message")) if about.actor == "staff" else None,
            link=link,
            confirm=f"{confirm[0]}/confirmation" if confirm else None,
        )
        subject, text = compose(letter, self._regimes.of(about.regime), self._regimes.calendar(about.regime))
        return Letter(taken.letter_id, about.at, to, subject, text)

    def _record(self, taken: Any, values: dict[str, Any]) -> None:
        with self._db.write() as connection:
            connection.execute(
                case_letters.update()
                .where(case_letters.c.id == taken.id, case_letters.c.holder == taken.holder)
                .values(attempts=taken.attempts + 1, attempted_at=now(), holder=None, **values)
            )


def troubled(db: Database) -> sa.Row[int, int]:
    """How many letters wait for another attempt, and how many were given up."""
    again = (case_letters.c.state == "pending") & (case_letters.c.attempts > 0)
    dead = case_letters.c.state == "dead"
    query = sa.select(sa.func.count().filter(again), sa.func.count().filter(dead)).select_from(case_letters)
    with db.read() as connection:
        return connection.execute(query).one()


def _next() -> sa.Select[tuple[int]]:
    """The number of the letter to send next: those of one party in their order."""
    waits = sa.exists().where(
        _earlier.c.party == case_letters.c.party, _earlier.c.state == "pending", _earlier.c.id < case_letters.c.id
    )
    return (
        sa.select(case_letters.c.id)
        .where(case_letters.c.state == "pending", case_letters.c.due <= clock(), ~waits)
        .order_by(case_letters.c.due, case_letters.c.id)
        .limit(1)
    )


def _about(taken: Any) -> sa.Select[Any]:
    return (
        sa.select(
            *(case_steps.c.name, case_steps.c.number, case_steps.c.actor, case_steps.c.at, case_steps.c.leaf_hash),
            *(cases.c.id.label("case"), cases.c.case_id, cases.c.regime, cases.c.state, cases.c.steps),
            *(cases.c.clock, cases.c.due),
            *(case_parties.c.id.label("party"), case_parties.c.role, case_parties.c.person, case_parties.c.lang),
            case_parties.c.confirmed_at,
        )
        .join_from(case_steps, cases, case_steps.c.case == cases.c.id)
        .join(case_parties, case_parties.c.id == taken.party)
        .where(case_steps.c.id == taken.step)
        .with_for_update(of=case_parties)
    )


def _came_of(taken: Any, outcome: Outcome) -> dict[str, Any]:
    answer = outcome.answer[:200]
    if outcome.delivered:
        return {"state": "sent", "answer": answer}
    if taken.attempts >= len(SCHEDULE):
        return {"state": "dead", "answer": answer}
    return {"answer": answer, "due": clock() + SCHEDULE[taken.attempts]}
