"""Notices of people who do not exist."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from provenance.application import Application
from provenance.cases.files import Upload
from provenance.cases.letters import Letters
from provenance.cases.notices import Filed
from provenance.database.tables import case_letters, case_parties, case_steps, cases
from provenance.jobs.mail import Mailer
from provenance.scans.review.reviewer import Reviewer
from provenance.schemas.notice import CounterNotice, Notice

ANN, BEN = Reviewer(None, "key_ann", "Ann Li"), Reviewer(None, "key_ben", "Ben Ode")

NOTICE: Mapping[str, Any] = {
    "regime": "us-dmca",
    "work_description": "The Salt Ferry, an essay",
    "addresses": ["https://forum.example/p/1"],
    "name": "Marta Salt",
    "email": "marta@salt.example",
    "postal_address": "1 Quay, Salt Island",
    "phone": "+1 555 0100",
    "explanation": "They copied my essay.",
    "good_faith": True,
    "accurate": True,
    "authorised": True,
    "signature": "Marta Salt",
}
ANSWER: Mapping[str, Any] = {
    "name": "Paul Poster",
    "email": "paul@post.example",
    "postal_address": "2 Hill",
    "explanation": "I have a licence.",
    "good_faith": True,
    "accurate": True,
    "jurisdiction": True,
    "signature": "Paul Poster",
}


def file(application: Application, uploads: Sequence[Upload] = (), **said: Any) -> Filed:
    """A notice of somebody without an account."""
    return application.notices.file(Notice.model_validate({**NOTICE, **said}), uploads)


def forwarded(application: Application, **said: Any) -> Filed:
    """A notice whose address was confirmed, so that it was forwarded."""
    filed = file(application, **said)
    assert application.proceedings.confirm(filed.party) == "forwarded"
    return filed


def party(application: Application, case_id: str, role: str) -> int:
    """The number of a party's row."""
    query = sa.select(case_parties.c.id).join(cases, cases.c.id == case_parties.c.case)
    with application.db.read() as connection:
        found = connection.execute(query.where(cases.c.case_id == case_id, case_parties.c.role == role))
        return int(found.scalar_one())


def countered(application: Application, **said: Any) -> Filed:
    """A notice that the poster has answered."""
    filed = forwarded(application, **said)
    application.proceedings.counter(party(application, filed.case_id, "poster"), CounterNotice.model_validate(ANSWER))
    return filed


def taken(application: Application, case_id: str) -> list[str]:
    """The names of a case's steps."""
    query = sa.select(case_steps.c.name).join(cases, cases.c.id == case_steps.c.case)
    with application.db.read() as connection:
        found = connection.execute(query.where(cases.c.case_id == case_id).order_by(case_steps.c.number))
        return list(found.scalars())


def letters(application: Application, case_id: str) -> list[tuple[str, str, str]]:
    """Step, role and state of each letter of a case."""
    query = (
        sa.select(case_steps.c.name, case_parties.c.role, case_letters.c.state)
        .join(case_steps, case_steps.c.id == case_letters.c.step)
        .join(case_parties, case_parties.c.id == case_letters.c.party)
        .join(cases, cases.c.id == case_steps.c.case)
        .where(cases.c.case_id == case_id)
        .order_by(case_letters.c.id)
    )
    with application.db.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def state(application: Application, case_id: str) -> Any:
    """The row of a case."""
    with application.db.read() as connection:
        return connection.execute(sa.select(cases).where(cases.c.case_id == case_id)).one()


def run_out(application: Application, case_id: str) -> int:
    """The clock of a case has run out: its moments are put into the past, and what is due is done."""
    with application.db.write() as connection:
        past = {"acts_at": "2026-01-01T00:00:00.000000Z", "due": "2026-01-01T00:00:00.000000Z"}
        connection.execute(cases.update().where(cases.c.case_id == case_id).values(**past))
    return application.automatic.run_due()


def send_letters(application: Application) -> int:
    """Send all letters that are due, as a worker does; returns how many there were."""
    sender = Letters(application.db, Mailer.of(application.settings), application.regimes, application.settings)
    count = 0
    while sender.deliver(threading.Event()):
        count += 1
    return count
