"""The keys that accounts sign their statements with: enrolled, rotated and revoked by entries in the log.

A producer's own key never comes here: what it signs is submitted, the service sees its public half. An account that
has none gets one that the service keeps; its enrolment says ``custody: service``, so a reader of a receipt sees the
difference. From the day an account enrols a key of its own, the service signs nothing for it any more. The command
line of an embedded installation keeps a key for the person who types, which is custody ``producer``.

An API key alone cannot add a signing key to an account that has one: the enrolment must be signed by a key of the
account as well. Where the service keeps that key it signs only for an API key with the scope ``keys``.

One enrolment or rotation at a time in an installation, until the log has it: whoever comes next sees it. Else the first
registrations of a new account, sent at the same time, would each enrol a key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from ..config import Settings
from ..database.engine import Database
from ..database.exclusive import exclusive
from ..database.tables import entries, now, openings, pending_entries, signing_keys
from ..errors import BadInput, Conflict, Forbidden, LedgerReadOnly, SourcemarkError, VerificationFailed
from ..ledger.log import Log
from ..tlog import envelope, merkle, statement
from ..tlog.envelope import ACCOUNT
from ..tlog.keys import SigningKey
from ..tlog.opening import Opening
from . import enrolled_keys
from .accounts import LOCAL, Account
from .accounts import find as find_account
from .kept_keys import KeptKeys


class SigningKeys:
    """The signing keys of one installation's accounts. Thread-safe."""

    def __init__(self, db: Database, log: Log, settings: Settings) -> None:
        self._db = db
        self._log = log
        self._home = settings.home
        self._kept = KeptKeys(settings)

    # --- keys to sign with -------------------------------------------------------------------------------------------
    def ensure_signer(self, account: Account, own: SigningKey | None = None) -> SigningKey:
        """The key to sign with for an account; enrolled in the log at its first use.

        Args:
            own: the account's own key; None: the one that is kept here for it.

        Raises:
            Forbidden, LedgerReadOnly: see `ensure_kept_key`, `ensure_enrolled`.
        """
        return self.ensure_kept_key(account) if own is None else self.ensure_enrolled(account, own)

    def ensure_kept_key(self, account: Account) -> SigningKey:
        """The key kept here for the account; made and enrolled in the log at its first use.

        Raises:
            Forbidden: the account signs with a key of its own, which is not here.
            LedgerReadOnly: the key is enrolled but its file is gone.
        """
        found = self._find_kept_key(account)
        if found is None:
            with self._alone():
                found = self._find_kept_key(account)  # another request may have made it meanwhile
                if found is None:
                    found = self._kept.make()
                    custody = "producer" if account.name == LOCAL else "service"
                    self._enrol_made(account, found, self.sign_enrolment(account, found, custody), unlinked=True)
        return found

    def _find_kept_key(self, account: Account) -> SigningKey | None:
        """The key kept here for the account, None where it has no key yet; raises as `ensure_kept_key`."""
        rows = enrolled_keys.enrolled(self._db, account)
        if account.name != LOCAL and any(row.custody == "producer" for row in rows):
            raise Forbidden(
                f"account {account.name!r} signs with a key of its own, the service does not sign for it: give the key "
                "with --sign-key FILE, or prepare the statement, sign it and submit it",
                reason="own_key",
            )
        live = [row.keyid for row in rows if row.revoked_index is None]
        kept = self._kept.first(live)
        if kept is not None:
            return self._kept.load(kept)
        if not live:
            return None
        if account.name == LOCAL:  # one of the person's own, as far as anybody can tell
            raise Forbidden(
                f"no signing key of account {account.name!r} is in {self._kept.folder}: give yours with "
                f"--sign-key FILE; if it was kept there, restore {live[0]}.pem from your backup",
                reason="own_key",
            )
        raise LedgerReadOnly(
            f"the signing key of account {account.name!r} is not in {self._kept.folder}: restore {live[0]}.pem "
            "from your backup",
            reason="key_missing",
        )

    def ensure_enrolled(self, account: Account, key: SigningKey) -> SigningKey:
        """A key that its owner brings; enrolled in the log if it is the account's first.

        Raises:
            Forbidden: it is enrolled for another account, or revoked, or the account has other keys.
        """
        if not self._is_enrolled(account, key):
            with self._alone():
                if not self._is_enrolled(account, key):
                    self._enrol(account, *self.sign_enrolment(account, key, "producer"))
        return key

    def _is_enrolled(self, account: Account, key: SigningKey) -> bool:
        """Whether the account signs with this key; False where it has none yet. Raises as `ensure_enrolled`."""
        with self._db.read() as connection:
            row = connection.execute(sa.select(signing_keys).where(signing_keys.c.keyid == key.keyid)).first()
        if row is None or row.enrolled_index is None:
            if enrolled_keys.enrolled(self._db, account):
                raise Forbidden(
                    f"the key {key.keyid[:16]} is not enrolled: `sourcemark key new {account.name} --signing FILE` "
                    "does it",
                    reason="not_enrolled",
                )
            return False
        if row.account_id != account.id:
            raise Forbidden(f"the key {key.keyid[:16]} is enrolled for another account", reason="not_enrolled")
        if row.revoked_index is not None:
            raise Forbidden(f"the key {key.keyid[:16]} was revoked: sign with the new one", reason="revoked")
        return True

    def new_kept_key(self, account: Account, recovery: SigningKey | None = None) -> str:
        """Make and enrol a key that is kept here for the operator's own account; returns its id."""
        recovery_id = None if recovery is None else recovery.keyid
        with self._alone():
            key = self._kept.make()
            self._enrol_made(account, key, self.sign_enrolment(account, key, "producer", recovery, recovery_id))
        return key.keyid

    def _enrol_made(
        self, account: Account, key: SigningKey, signed: tuple[bytes, Opening], *, unlinked: bool = False
    ) -> None:
        """Enrol a key that was made here; one that the log refuses leaves no file behind."""
        try:
            self._enrol(account, *signed, unlinked=unlinked)
        except SourcemarkError as error:
            if error.status < 500:  # else it may wait for the log
                self._kept.delete(key.keyid)
            raise

    # --- enrolment ---------------------------------------------------------------------------------------------------
    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Enrol against everybody else, after what a killed process has left on its way into the log."""
        with exclusive(self._db, self._home, "keys"):
            waiting = sa.select(pending_entries.c.leaf_hash).where(
                pending_entries.c.kind == "key-enrol", pending_entries.c.refused.is_(None)
            )
            with self._db.read() as connection:
                hashes = connection.execute(waiting).scalars().all()
            if hashes:
                with contextlib.suppress(Conflict):  # the log refuses it
                    self._log.commit(hashes)
            yield

    def sign_enrolment(
        self,
        account: Account,
        key: SigningKey,
        custody: str,
        old: SigningKey | None = None,
        recovery: str | None = None,
    ) -> tuple[bytes, Opening]:
        """The leaf of an enrolment, by this key and in a rotation by the old one, and what opens its account."""
        opening = Opening.of({"account": account.id})
        made = statement.key_enrol(
            self._log.origin,
            public_key=key.public,
            custody=custody,
            after=self._log.head(),
            recovery=recovery,
            commitments={ACCOUNT: opening.commitment},
        )
        return statement.sign(made, key, *([] if old is None else [old])), opening

    def enrol(
        self,
        account: Account,
        leaf: bytes,
        opening: Opening | None = None,
        *,
        unlinked: bool = False,
        may_replace_key: bool = True,
    ) -> int:
        """Enter the enrolment of a key for an account; returns its index in the log.

        Where the service keeps a key for the account, that key signs too, so that readers can follow the account from
        one key to the next; of an account that now signs for itself it is then revoked.

        Args:
            opening: of its commitment to the account, which an enrolment from before there was one lacks.
            unlinked: take it without the signature of a key that the account had before.
            may_replace_key: whether the key that the service keeps for the account may sign it.

        Raises:
            Forbidden: the account has a key that did not sign, or the service's may not, or the enrolment commits to
                another account.
            BadInput: it commits to an account and nothing opens that.
            Conflict: the key is enrolled already.
            VerificationFailed: a weak key, a signature that does not hold, or a rule of the log.
        """
        with self._alone():
            return self._enrol(account, leaf, opening, unlinked=unlinked, may_replace_key=may_replace_key)

    def _enrol(
        self,
        account: Account,
        leaf: bytes,
        opening: Opening | None,
        *,
        unlinked: bool = False,
        may_replace_key: bool = True,
    ) -> int:
        """See `enrol`; within `_alone`."""
        parsed = envelope.parse_leaf(leaf)
        keyid, public = envelope.enrolled_key(parsed)
        custody = str(parsed.predicate["custody"])
        _check_account(account, parsed, opening)
        leaves = self._linked(account, leaf, parsed, unlinked=unlinked, may_replace_key=may_replace_key)
        row = {
            "keyid": keyid,
            "account_id": account.id,
            "public_key": public,
            "custody": custody,
            "created_at": now(),
        }
        with self._db.write() as connection:
            # An enrolment that was refused may be tried again.
            connection.execute(
                signing_keys.delete().where(signing_keys.c.keyid == keyid, signing_keys.c.enrolled_index.is_(None))
            )
            if connection.execute(sa.select(signing_keys.c.keyid).where(signing_keys.c.keyid == keyid)).first():
                raise Conflict(f"the key {keyid[:16]} is enrolled already")
            connection.execute(signing_keys.insert().values(row))
            if opening is not None:
                said = {"name": ACCOUNT, "salt": opening.salt, "record": opening.record}
                connection.execute(openings.insert().values(leaf_hash=merkle.leaf_hash(leaves[0]), **said))
            self._log.submit(connection, leaves)
        return self._commit(leaves)[0]

    def _linked(
        self, account: Account, leaf: bytes, parsed: envelope.Leaf, *, unlinked: bool, may_replace_key: bool
    ) -> list[bytes]:
        """The leaves that enrol a key: signed by the kept key too where there is one, which may then be revoked."""
        keyid = envelope.enrolled_key(parsed)[0]
        rows = enrolled_keys.enrolled(self._db, account)
        live = [row.keyid for row in rows if row.revoked_index is None]
        others = [signer for signer in parsed.signers if signer != keyid]
        if others:
            if not unlinked and set(live).isdisjoint(others):
                raise Forbidden(
                    f"the enrolment is signed by no present key of account {account.name!r}", reason="unlinked_key"
                )
            return [leaf]
        kept = self._kept.first(live)
        if kept is not None:
            if not may_replace_key:
                raise Forbidden(
                    f"the service keeps the signing key of account {account.name!r}: to enrol one of your own in its "
                    "place takes an API key with the scope 'keys', which the administrator gives "
                    "(`sourcemark key new ACCOUNT --scope register --scope keys`)",
                    reason="scope",
                )
            old = self._kept.load(kept)
            leaves = [statement.add_signature(leaf, old)]
            if account.name != LOCAL and parsed.predicate["custody"] == "producer":
                leaves.append(self._sign_revocation(kept, old))
            return leaves
        if rows and not unlinked:
            raise Forbidden(
                f"account {account.name!r} has signing keys already: the enrolment of another one must be signed by "
                "one of them as well",
                reason="unlinked_key",
            )
        return [leaf]

    def entered_as(self, leaf: bytes) -> bytes:
        """The leaf hash under which an enrolment is in the log or waits for it: its own, or with our signature behind.

        Sent again it must be found, though the key that the service kept and signed with may be revoked by now.
        """
        parsed = envelope.parse_leaf(leaf)
        keyid = envelope.enrolled_key(parsed)[0]
        logged = (
            sa.select(entries.c.leaf)
            .join(signing_keys, signing_keys.c.enrolled_index == entries.c.idx)
            .where(signing_keys.c.keyid == keyid)
        )
        pending = sa.select(pending_entries.c.leaf).where(
            pending_entries.c.kind == "key-enrol", pending_entries.c.keyid == parsed.signers[0]
        )
        with self._db.read() as connection:
            rows = [*connection.execute(logged), *connection.execute(pending)]
        for (raw,) in rows:
            found = envelope.parse_leaf(raw)
            if found.payload == parsed.payload and found.signatures[: len(parsed.signatures)] == parsed.signatures:
                return merkle.leaf_hash(raw)
        return merkle.leaf_hash(leaf)

    # --- rotation and revocation -------------------------------------------------------------------------------------
    def rotate(self, keyid: str) -> str:
        """Replace a key that is kept here by a new one, which the old one names its successor; returns the new keyid.

        Raises:
            NotFound: no enrolled key has this id.
            Conflict: it was revoked already.
            BadInput: the key is not kept here.
        """
        with self._alone():
            row = enrolled_keys.find(self._db, keyid)
            if row.revoked_index is not None:
                raise Conflict(f"the key {keyid[:16]} was revoked already")
            if self._kept.first([keyid]) is None:
                raise BadInput(
                    f"the key {keyid[:16]} is not kept here: `sourcemark key new ACCOUNT --signing NEW --sign-key OLD` "
                    "enrols its successor, `sourcemark key revoke` then revokes it"
                )
            account = find_account(self._db, row.account_id)
            old, new = self._kept.load(keyid), self._kept.make()
            self._enrol_made(account, new, self.sign_enrolment(account, new, row.custody, old, row.recovery))
            self.revoke(keyid, new)
        return new.keyid

    def revoke(self, keyid: str, signer: SigningKey | None = None) -> None:
        """Revoke a signing key in the log; revoking twice changes nothing.

        Args:
            signer: the key itself, a successor or its recovery key; None: the key itself, which must be kept here.

        Raises:
            NotFound: no enrolled key has this id.
            BadInput: the key is not kept here.
            Conflict: the signer may not act for it.
        """
        if enrolled_keys.find(self._db, keyid).revoked_index is not None:
            return
        if signer is None:
            if self._kept.first([keyid]) is None:
                raise BadInput(
                    f"the key {keyid[:16]} is not kept here: sign with it, its successor or its recovery key "
                    "(--sign-key FILE)"
                )
            signer = self._kept.load(keyid)
        self.submit_revocation(self._sign_revocation(keyid, signer))

    def _sign_revocation(self, keyid: str, signer: SigningKey) -> bytes:
        return statement.sign(statement.key_revoke(self._log.origin, keyid=keyid, after=self._log.head()), signer)

    def submit_revocation(self, leaf: bytes) -> int:
        """Enter a signed revocation, whoever brings it: the log's rules say who may. Returns its index."""
        with self._db.write() as connection:
            self._log.submit(connection, [leaf])
        return self._commit([leaf])[0]

    def _commit(self, leaves: Sequence[bytes]) -> list[int]:
        hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
        indexes: dict[bytes, Any] = self._log.commit(hashes)
        return [indexes[each] for each in hashes]


def _check_account(account: Account, enrolment: envelope.Leaf, opening: Opening | None) -> None:
    """Whether an enrolment that commits to an account commits to this one."""
    promised = enrolment.predicate.get("commitments", {})
    if not promised.keys() <= {ACCOUNT}:
        raise BadInput("an enrolment commits to nothing but its account")
    if (opening is None) != (not promised):
        raise BadInput("opening: an enrolment that commits to an account comes with what opens that, and no other does")
    if opening is not None and opening.commitment != promised[ACCOUNT]:
        raise VerificationFailed("the opening does not open the account of the enrolment")
    if opening is not None and opening.record != {"account": account.id}:
        raise Forbidden(f"the enrolment is for another account than {account.name!r}", reason="not_enrolled")
