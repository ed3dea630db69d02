"""Erasure: personal data goes, proofs stay.

The log holds commitments only, so nothing in it names anybody. Deleting salt and record makes a commitment unopenable
for good; every receipt given before still verifies, and one given after shows that and when the work was registered,
no longer by whom. An `erasure` statement in the log says what was deleted, so that nobody takes it for a loss.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import sqlalchemy as sa

from ..accounts.accounts import Account, local
from ..accounts.signing_keys import SigningKeys
from ..database import idempotency, tables, traces
from ..database.engine import Database
from ..database.tables import entries, now, openings, unfinished_erasures, works
from ..errors import Conflict, SourcemarkError, Unavailable
from ..jobs import outbox, records
from ..ledger import claim_history, work_columns
from ..ledger.attached import ATTACHED
from ..ledger.log import Log
from ..schemas import WorkRecord
from ..search import follower
from ..search.follower import WorkIndex
from ..tlog import envelope, merkle, statement
from ..tlog.keys import SigningKey
from . import attaching, catalog, competing_claims, prepared, sealing
from .catalog import RegisteredWork
from .withdrawal import Withdrawals

# All tables that an erasure or a withdrawal changes.
_TOUCHED = (
    tables.works,
    tables.openings,
    tables.fingerprints,
    tables.competing_claims,
    tables.grants,
    tables.claim_evidence,
    tables.claim_decisions,
    tables.matches,
    tables.scans,
    tables.sightings,
    tables.previews,
    tables.idempotency,
    tables.events,
    tables.job_results,
    tables.statements_of_reasons,
    tables.prepared_statements,
)

# Deletes what another part of the service keeps of a work, by the work's internal number.
Forget = Callable[[sa.Connection, int], None]


class Erasures:
    """Erases works. Thread-safe."""

    def __init__(
        self,
        db: Database,
        log: Log,
        signing_keys: SigningKeys,
        follower: WorkIndex,
        withdrawals: Withdrawals,
        forget_scans: Forget,
    ) -> None:
        """
        Args:
            forget_scans: deletes what scans keep of a work; they know of works, works do not know of them.
        """
        self._db = db
        self._log = log
        self._signing_keys = signing_keys
        self._follower = follower
        self._withdrawals = withdrawals
        self._forget_scans = forget_scans

    def erase(self, account: Account | None, work_id: str, key: SigningKey | None = None) -> WorkRecord:
        """Erase what is personal about a work: claim, salts, fingerprint, grants, evidence, its name in the results of
        scans, and the small copies of uploads that it was found in.

        A work that is still matched is withdrawn first. Backups of the database and what others have copied are beyond
        reach: delete those by their own rules.

        Args:
            account: whose work it is; None: the operator erases, by whatever right a person has asked it, and signs.
            key: the account's own key; None: the one that is kept here.

        Raises:
            NotFound: there is no such work.
            Conflict: it was erased already.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        found = self._found(account, work_id)
        signer = self._signing_keys.ensure_signer(local(self._db) if account is None else account, key)
        if account is not None and found.withdrawn_at is None:
            self._withdrawals.withdraw(account, work_id, key)
        with self._db.read() as connection:
            names = _opened(connection, found.leaf_hash) or _commitments(connection, found.logged_index())
        made = statement.erasure(
            self._log.origin, entry=found.leaf_hash, index=found.logged_index(), erased=names, after=self._log.head()
        )
        return self.enter(account, work_id, statement.sign(made, signer))

    def enter(self, account: Account | None, work_id: str, leaf: bytes) -> WorkRecord:
        """Erase by a signed statement, which must name all that is kept; raises as `erase`."""
        found = self._found(account, work_id)
        said = envelope.parse_leaf(leaf).predicate
        if (said["index"], said["leafHash"]) != (found.logged_index(), found.leaf_hash.hex()):
            raise Conflict(f"the statement erases another entry than that of {work_id}")
        with self._db.write() as connection:
            if not set(_opened(connection, found.leaf_hash)) <= set(said["erased"]):
                raise Conflict("the statement does not name all that is kept of the registration")
            _forget_registration(connection, found, merkle.leaf_hash(leaf))
            for kind in ATTACHED:
                attaching.forget(connection, kind, found.id)
            competing_claims.forget(connection, found.id)
            follower.forget(connection, found.id)
            self._forget_scans(connection, found.id)
            prepared.forget(connection, found.account_id, found.digest)
            idempotency.forget(connection, found.work_id)
            outbox.forget(connection, found.work_id)
            records.forget(connection, found.work_id)
            connection.execute(unfinished_erasures.insert().values(work=found.id))
            self._log.submit(connection, [leaf])
        self._log.commit([merkle.leaf_hash(leaf)])
        self._follower.refresh()
        with contextlib.suppress(SourcemarkError):  # it is erased; that the files may hold it yet, the record says
            self.finish()
        return catalog.get(self._db, self._log.origin, work_id, None if account is None else account.id)

    def finish(self, *, rewrite: bool = False) -> None:
        """Make the database's files forget all that was erased, where an erasure could not wait for it.

        Args:
            rewrite: see `traces.clear`.

        Raises:
            Unavailable: see `traces.clear`.
        """
        with self._db.read() as connection:
            waiting = connection.execute(sa.select(unfinished_erasures.c.work)).scalars().all()
        traces.clear(self._db, _TOUCHED, rewrite=rewrite)
        if waiting:
            with self._db.write() as connection:
                connection.execute(unfinished_erasures.delete().where(unfinished_erasures.c.work.in_(waiting)))

    def check_finished(self) -> None:
        """Raises `Unavailable` while the database's files may hold erased works."""
        with self._db.read() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(unfinished_erasures)).scalar_one()
        if count:
            raise Unavailable(
                f"the database's files may still hold {count} erased works: `sourcemark erase --finish`",
                reason="erasure_unfinished",
            )

    def _found(self, account: Account | None, work_id: str) -> RegisteredWork:
        found = catalog.find(self._db, work_id, None if account is None else account.id)
        if found.erased_at is not None:
            raise Conflict(f"{work_id} was erased already, on {found.erased_at}")
        found.logged_index()  # what waits for the log cannot be erased yet
        return found


def _opened(connection: sa.Connection, leaf_hash: bytes) -> list[str]:
    """The names of the commitments that can still be opened."""
    return list(connection.execute(sa.select(openings.c.name).where(openings.c.leaf_hash == leaf_hash)).scalars())


def _commitments(connection: sa.Connection, index: int) -> list[str]:
    leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == index)).scalar_one()
    return list(envelope.parse_leaf(leaf).predicate["commitments"])


def _forget_registration(connection: sa.Connection, found: RegisteredWork, erasure_hash: bytes) -> None:
    changed = connection.execute(
        works.update()
        .where(works.c.id == found.id, works.c.erased_at.is_(None))
        .values(
            erased_at=now(),
            erasure_hash=erasure_hash,
            withdrawn_at=found.withdrawn_at or now(),
            identity=found.identity if found.medium == sealing.SEALED else None,
            external_id=None,
            reason=work_columns.ERASED,
            title="",
            owner="",
            owner_key="",
            claim={},
        )
    )
    if changed.rowcount != 1:
        raise Conflict(f"{found.work_id} was erased already")
    amended = [each.leaf_hash for each in claim_history.amendments(connection, found.amendment_hash)]
    connection.execute(openings.delete().where(openings.c.leaf_hash.in_([found.leaf_hash, *amended])))
