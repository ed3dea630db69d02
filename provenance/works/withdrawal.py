"""Withdrawing registrations: a work is no longer matched, and the log says so; its registration stays provable."""

from __future__ import annotations

from ..accounts import enrolled_keys
from ..accounts.accounts import Account
from ..accounts.signing_keys import SigningKeys
from ..database.engine import Database
from ..database.tables import now, works
from ..errors import Conflict
from ..ledger.log import Log
from ..schemas import WorkRecord
from ..search.follower import WorkIndex
from ..tlog import envelope, merkle, statement
from ..tlog.keys import SigningKey
from . import catalog, sealing
from .catalog import RegisteredWork


class Withdrawals:
    """Withdraws works. Thread-safe."""

    def __init__(self, db: Database, log: Log, signing_keys: SigningKeys, follower: WorkIndex) -> None:
        self._db = db
        self._log = log
        self._signing_keys = signing_keys
        self._follower = follower

    def withdraw(self, account: Account, work_id: str, key: SigningKey | None = None) -> WorkRecord:
        """Withdraw a registration.

        Args:
            key: the account's own key; None: the one that is kept here for it.

        Raises:
            NotFound: there is no such work.
            Conflict: it was withdrawn already, or the key may not act for the one that registered it.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        found = catalog.find(self._db, work_id, account.id)
        if found.withdrawn_at is not None:
            raise Conflict(f"{work_id} was withdrawn already, on {found.withdrawn_at}")
        signer = self._signing_keys.ensure_signer(account, key)
        made = statement.withdrawal(
            self._log.origin, registration=found.leaf_hash, index=found.logged_index(), after=self._log.head()
        )
        return self.enter(account, work_id, statement.sign(made, signer))

    def enter(self, account: Account, work_id: str, leaf: bytes) -> WorkRecord:
        """Withdraw by a signed statement; raises as `withdraw`."""
        found = catalog.find(self._db, work_id, account.id)
        self._check(envelope.parse_leaf(leaf), found)
        with self._db.write() as connection:
            changed = connection.execute(
                works.update()
                .where(works.c.id == found.id, works.c.withdrawn_at.is_(None))
                .values(
                    withdrawn_at=now(),
                    withdrawal_hash=merkle.leaf_hash(leaf),
                    identity=found.identity if found.medium == sealing.SEALED else None,
                )
            )
            if changed.rowcount != 1:
                raise Conflict(f"{work_id} was withdrawn already")
            self._log.submit(connection, [leaf])
        try:
            self._log.commit([merkle.leaf_hash(leaf)])
        except Conflict:  # its key was revoked in this very moment: the log does not have it, so it is not withdrawn
            with self._db.write() as connection:
                connection.execute(
                    works.update()
                    .where(works.c.id == found.id)
                    .values(withdrawn_at=None, withdrawal_hash=None, identity=found.identity)
                )
            raise
        self._follower.refresh()
        return catalog.get(self._db, self._log.origin, work_id, account.id)

    def _check(self, leaf: envelope.Leaf, found: RegisteredWork) -> None:
        """Tell what is wrong before anything is written; the sequencer has the last word."""
        index = found.logged_index()
        if (leaf.predicate["index"], leaf.predicate["leafHash"]) != (index, found.leaf_hash.hex()):
            raise Conflict(f"the statement withdraws another entry than that of {found.work_id}")
        enrolled_keys.check_holds(self._db, self._log.origin, leaf.signers, index)
