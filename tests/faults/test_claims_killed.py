"""kill -9 while competing claims are recorded: nothing is left out, nothing is recorded or told twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from itertools import count

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import claims_ahead, competing_claims, log_state, works
from provenance.works.competing_claims import CompetingClaims
from tests.faults.killed import register
from tests.provenance.conftest import ESSAY, heard, listen, register_work

pytestmark = pytest.mark.slow

ALL = os.environ.get("FAULTS") == "all"


def kills() -> Iterator[tuple[int, str]]:
    """At which store calls, by number; here before one and after the next, by `make faults` before and after all."""
    for number in count():
        for place, mode in enumerate(("kill before", "kill after")):
            if ALL or number % 2 == place:
                yield number, mode


def test_a_registrant_is_killed(settings: Settings) -> None:
    """Each child is killed one store call later; after each, somebody else registers."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([register.__module__, "sqlalchemy.dialects.postgresql.psycopg"])
    with Application(settings) as application:
        application.claims = CompetingClaims(application.db, application.matcher, left_behind_seconds=0)
        rival = accounts.create(application.db, NewAccount(name="rival"))
        first = register_work(application, ESSAY.encode(), account="rival").work_id
        listen(application, rival.id, "claim.contested")
        application.signing_keys.ensure_signer(accounts.local(application.db), None)
        killed = 0
        for kill in kills():
            child = context.Process(target=register, args=(settings, f"{ESSAY} Killed {kill}.", kill))
            child.start()
            child.join(300)
            finished = child.exitcode == 0
            assert finished or child.exitcode == -signal.SIGKILL
            child.close()
            result = register_work(application, f"{ESSAY} Alive {kill}.".encode())
            application.claims.settle_left_behind()
            with application.db.read() as connection:
                earlier = list(connection.execute(sa.select(works.c.work_id).order_by(works.c.id)).scalars())[:-1]
                pairs = set(connection.execute(sa.select(competing_claims.c.work, competing_claims.c.earlier)).all())
                state = connection.execute(sa.select(log_state.c.size, log_state.c.claims_size)).one()
                assert connection.execute(sa.select(claims_ahead)).all() == []
            assert set(result.competing) == set(earlier)
            numbers = range(1, len(earlier) + 2)
            assert pairs == {(later, before) for later in numbers for before in numbers if before < later}
            assert state.size == state.claims_size
            if finished:
                break
            killed += 1
        assert killed >= 6
        told = [work for each in heard(application) if each["work_id"] == first for work in each["competing"]]
        assert sorted(told) == sorted({*earlier, result.work_id} - {first})
        assert fsck.check(application.db, application.log)["problems"] == []
