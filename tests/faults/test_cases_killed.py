"""kill -9 between a step of a complaint and its letter: no step without its letters, no letter twice to a person."""

from __future__ import annotations

import email
import email.policy
import multiprocessing
import os
import signal
from collections import Counter
from itertools import count

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.cases.transitions import TRANSITIONS
from provenance.config import Settings
from provenance.database.tables import case_letters, case_parties, case_steps
from tests.faults.killed import complain
from tests.provenance.cases.people import send_letters

pytestmark = pytest.mark.slow

EVERY = 1 if os.environ.get("FAULTS") == "all" else 7  # store calls, of which one is killed at


def test_a_service_is_killed_while_it_takes_steps_and_sends_letters(settings: Settings) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([complain.__module__, "sqlalchemy.dialects.postgresql.psycopg"])
    with Application(settings) as application:
        application.signing_keys.ensure_signer(accounts.local(application.db), None)
    killed = 0
    for number in count():
        mode = ("kill before", "kill after")[number % 2]
        child = context.Process(target=complain, args=(settings, number, (EVERY * number, mode)))
        child.start()
        child.join(300)
        finished = child.exitcode == 0
        assert finished or child.exitcode == -signal.SIGKILL
        child.close()
        if finished:
            break
        killed += 1
    assert killed >= 5
    with Application(settings) as application:
        application.log.commit(_waiting(application))
        with application.db.write() as connection:  # whoever was killed while it sent one held it for a time
            connection.execute(case_letters.update().values(due=0.0))
        send_letters(application)
        _check_letters(application)
        assert fsck.check(application.db, application.log)["problems"] == []


def _waiting(application: Application) -> list[bytes]:
    with application.db.read() as connection:
        return list(connection.execute(sa.select(case_steps.c.leaf_hash)).scalars())


def _check_letters(application: Application) -> None:
    """Every step has a letter to each party that there was and that it tells; each was sent, and is in the folder once."""
    with application.db.read() as connection:
        steps = connection.execute(sa.select(case_steps)).all()
        parties = connection.execute(sa.select(case_parties)).all()
        letters = connection.execute(sa.select(case_letters)).all()
    notifiers = {row.case: row.id for row in parties if row.role == "notifier"}
    for step in steps:
        told = [row for row in letters if row.step == step.id]
        assert notifiers[step.case] in [row.party for row in told]
        assert len(told) == len(TRANSITIONS[step.name].tells)
    assert {row.state for row in letters if row.party in notifiers.values()} == {"sent"}
    folder = application.settings.mail_dir
    sent = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.SMTP)["Message-ID"]
        for path in folder.glob("*.eml")
    ]
    assert max(Counter(sent).values()) == 1
    assert len(sent) == sum(row.state == "sent" for row in letters)
