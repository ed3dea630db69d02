"""Erasing a party: who it was and what it said goes, the facts of the case and every proof stay.

The log has commitments only. Deleting what opens those to a party's words makes them unopenable for good; an `erasure`
entry for each says so. What staff wrote stays: write nobody's name into a decision.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ..accounts.accounts import local
from ..accounts.signing_keys import SigningKeys
from ..database import tables, traces
from ..database.engine import Database
from ..database.tables import (
    case_files,
    case_letters,
    case_parties,
    case_steps,
    cases,
    entries,
    now,
    openings,
    stamp,
)
from ..errors import Conflict, NotFound, SourcemarkError
from ..ledger.log import Log
from ..scans.review import statements
from ..schemas.case import Role
from ..tlog import merkle, statement
from . import links, rows

_logger = logging.getLogger(__name__)
_TOUCHED = (
    *(tables.openings, tables.case_parties, tables.case_files, tables.case_links),
    *(tables.case_letters, tables.statements_of_reasons),
)
_GROUP = 200  # parties looked for at a time


class CaseErasures:
    """Erases parties. Thread-safe."""

    def __init__(self, db: Database, log: Log, signing_keys: SigningKeys) -> None:
        self._db = db
        self._log = log
        self._signing_keys = signing_keys

    def forget(self, case_id: str, role: Role, account_id: str | None) -> None:
        """Erase a party of a case that has ended: its name and addresses, what it said, its files, its links.

        Args:
            account_id: the platform whose case it is; None: any.

        Raises:
            NotFound: there is no such case or party.
            Conflict: the case goes on, or the party was erased already.
            Unavailable: it is erased, but the database's files may still hold it: see `traces.clear`.
        """
        with self._db.read() as connection:
            case = rows.find(connection, case_id, account_id)
            party = rows.parties(connection, case.id).get(role)
        if party is None:
            raise NotFound(f"{case_id} has no {role}")
        if case.closed_at is None:
            raise Conflict(f"{case_id} has not ended: what a party said is needed until then", reason="case_state")
        if party.erased_at is not None:
            raise Conflict(f"the {role} of {case_id} was erased already, on {party.erased_at}")
        self._forget(case.case_id, party)
        traces.clear(self._db, _TOUCHED)

    def purge(self, days: int) -> int:
        """Erase the parties of cases that ended so many days ago; returns how many. 0: none, ever."""
        if not days:
            return 0
        before, done = stamp(datetime.now(UTC) - timedelta(days=days)), 0
        due = (
            sa.select(case_parties, cases.c.case_id)
            .join(cases, cases.c.id == case_parties.c.case)
            .where(cases.c.closed_at < before, case_parties.c.erased_at.is_(None))
            .order_by(case_parties.c.id)
            .limit(_GROUP)
        )
        last = 0
        while True:
            with self._db.read() as connection:
                found = connection.execute(due.where(case_parties.c.id > last)).all()
            if not found:
                return done
            for party in found:
                try:
                    self._forget(party.case_id, party)
                    done += 1
                except SourcemarkError as error:
                    if error.status >= 500:
                        raise
                    _logger.error("the %s of %s is not erased: %s", party.role, party.case_id, error.detail)
            last = found[-1].id

    def _forget(self, case_id: str, party: sa.Row[tuple[object, ...]]) -> None:
        signer, head = self._signing_keys.ensure_signer(local(self._db)), self._log.head()
        leaves = []
        with self._db.write() as connection:
            mine = case_parties.c.id == party.id, case_parties.c.erased_at.is_(None)
            gone: dict[str, Any] = {"person": {}, "key": None, "posting_account_id": None, "erased_at": now()}
            if connection.execute(case_parties.update().where(*mine).values(**gone)).rowcount != 1:
                raise Conflict(f"the {party.role} of {case_id} was erased already")
            said = sa.select(case_steps.c.leaf_hash).where(case_steps.c.party == party.id)
            spoken = openings.c.leaf_hash.in_(said), openings.c.name == rows.SAID
            query = sa.select(openings.c.leaf_hash, entries.c.idx).outerjoin(
                entries, entries.c.leaf_hash == openings.c.leaf_hash
            )
            for leaf_hash, index in connection.execute(query.where(*spoken)).all():
                if index is None:
                    raise Conflict(f"a step of {case_id} waits for the log: try again")
                made = statement.erasure(self._log.origin, entry=leaf_hash, index=index, erased=[rows.SAID], after=head)
                leaves.append(statement.sign(made, signer))
            connection.execute(openings.delete().where(*spoken))
            self._forget_beside(connection, case_id, party)
            if leaves:
                self._log.submit(connection, leaves)
        self._log.commit(map(merkle.leaf_hash, leaves))

    def _forget_beside(self, connection: sa.Connection, case_id: str, party: sa.Row[tuple[object, ...]]) -> None:
        """The party's files, links and letters, and its name in the statement of reasons."""
        steps = sa.select(case_steps.c.id).where(case_steps.c.party == party.id)
        connection.execute(case_files.update().where(case_files.c.step.in_(steps)).values(name="", sealed=None))
        links.forget(connection, party.id)
        waiting = case_letters.c.party == party.id, case_letters.c.state == "pending"
        connection.execute(case_letters.update().where(*waiting).values(state="dead", answer="the party was erased"))
        if party.role == "poster":
            statements.forget_poster(connection, case_id)
