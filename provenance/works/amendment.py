"""Correcting what is claimed of a registered work: an amendment, or a transfer to another owner.

Nothing in the log is changed. A new entry names the registration and the entry in which the claim stood until then, and
commits to the whole new claim; the newest in the log's order holds. Scans, look-ups and receipts show it, and a receipt
the registration's own beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..accounts import accounts, enrolled_keys
from ..accounts.accounts import Account
from ..accounts.signing_keys import SigningKeys
from ..database.engine import Database
from ..database.tables import openings, owner_key, works
from ..errors import BadInput, Conflict, Unavailable, VerificationFailed
from ..json_input import parse
from ..ledger import claim_history, work_columns
from ..ledger.log import Log
from ..schemas import Amendment, Claim, NewClaim, Transfer, WorkRecord
from ..tlog import envelope, merkle, statement
from ..tlog.keys import SigningKey
from ..tlog.opening import Opening, opens
from . import catalog, sealing
from .backing import Backings
from .catalog import RegisteredWork

_LISTS = frozenset(name for name, value in Claim().model_dump().items() if value == [])


@dataclass(frozen=True, slots=True)
class _Change:
    """What an entry makes of a work: the values of its row, those before, and the entry with its opening."""

    after: Mapping[str, Any]
    before: Mapping[str, Any]
    leaf: bytes
    opening: Opening


class Amendments:
    """Amends and transfers works. Thread-safe."""

    def __init__(self, db: Database, log: Log, signing_keys: SigningKeys) -> None:
        self._db = db
        self._log = log
        self._signing_keys = signing_keys

    def amend(self, account: Account, work_id: str, wanted: Amendment, key: SigningKey | None = None) -> WorkRecord:
        """Claim something else of a work.

        Args:
            key: the account's own key; None: the one that is kept here for it.

        Raises:
            NotFound: there is no such work of the account.
            Conflict: it was withdrawn, or amended by another request meanwhile.
            BadInput: nothing would change.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        found = self._found(account, work_id)
        changes = {name: getattr(wanted, name) for name in wanted.model_fields_set}
        changes = {name: [] if value is None and name in _LISTS else value for name, value in changes.items()}
        if changes.get("title", "") is None:
            raise BadInput("title: a work has one")
        claim = found.claim.model_copy(update=changes)
        return self._sign(account, found, claim, key, None)

    def transfer(self, account: Account, work_id: str, wanted: Transfer, key: SigningKey | None = None) -> WorkRecord:
        """Name another owner of a work, in whose favour the present one signs; the work as the account saw it last.

        Args:
            key: as of `amend`.

        Raises:
            NotFound: there is no such work of the account, or no account to transfer it to.
            Conflict, BadInput, Forbidden: see `amend`; the new account may have registered the file itself.
        """
        found = self._found(account, work_id)
        receiver = None if wanted.to is None else accounts.find(self._db, wanted.to)
        claim = found.claim.model_copy(update={"owner": wanted.owner, "owner_aliases": wanted.owner_aliases})
        return self._sign(account, found, claim, key, wanted, receiver)

    def _sign(
        self,
        account: Account,
        found: RegisteredWork,
        claim: Claim,
        key: SigningKey | None,
        transferred: Transfer | None,
        receiver: Account | None = None,
    ) -> WorkRecord:
        if claim == found.claim and receiver is None:
            raise BadInput(f"nothing would change: {found.work_id} is claimed so already")
        signer = self._signing_keys.ensure_signer(account, key)
        opening = Opening(sealing.new_salt(), claim.model_dump(exclude_none=True, exclude_defaults=True))
        with self._db.read() as connection:
            before = claim_history.amendments(connection, found.amendment_hash)
        said: dict[str, Any] = {
            "registration": statement.refer(found.logged_index(), found.leaf_hash),
            "supersedes": _superseded(found, before),
            "commitments": {"claim": opening.commitment},
            "after": self._log.head(),
        }
        if transferred is None:
            made = statement.amendment(self._log.origin, **said)
        else:
            made = statement.transfer(self._log.origin, **said, to=self._key_of(receiver))
        return self.enter(account, found.work_id, statement.sign(made, signer), opening)

    def _key_of(self, receiver: Account | None) -> str | None:
        """The key by which an account will act for a work that it is given; made here if it has none."""
        if receiver is None:
            return None
        live = [row.keyid for row in enrolled_keys.enrolled(self._db, receiver) if row.revoked_index is None]
        return live[0] if live else self._signing_keys.ensure_signer(receiver).keyid

    def enter(self, account: Account, work_id: str, leaf: bytes, opening: Opening | None) -> WorkRecord:
        """Amend or transfer by a signed statement; raises as `amend`.

        Args:
            opening: of its commitment "claim".
        """
        found = self._found(account, work_id)
        parsed = envelope.parse_leaf(leaf)
        claim = _opened(parsed, opening, found.claim)
        assert opening is not None
        if parsed.kind == "amendment" and owner_key(claim.owner) != owner_key(found.owner):
            raise BadInput("owner: another owner is a transfer, not an amendment")
        if not claim.title or not claim.owner:
            raise BadInput("the new claim needs title and owner: it takes the place of the whole one before")
        self._check(parsed, found)
        change = self._change(found, parsed, claim, leaf, opening)
        self._write(found, change)
        try:
            self._log.commit([merkle.leaf_hash(leaf)])
        except Conflict:  # its key was revoked in this very moment: the log does not have it, so nothing was amended
            self._take_back(found, change)
            raise
        return catalog.get(self._db, self._log.origin, work_id)

    def _found(self, account: Account, work_id: str) -> RegisteredWork:
        found = catalog.find(self._db, work_id, account.id)
        if found.withdrawn_at is not None:
            raise Conflict(f"{work_id} was withdrawn on {found.withdrawn_at}: register it again under the right claim")
        if not found.claim.owner:
            raise Conflict(f"the claim of {work_id} is not known here: it was sealed elsewhere")
        found.logged_index()  # what waits for the log cannot be amended yet
        with self._db.read() as connection:
            chain = claim_history.amendments(connection, found.amendment_hash)
            refused = bool(chain) and chain[-1].refused
            claim = _logged_claim(connection, found, chain) if refused else found.claim
        damaged = set(Backings(self._db).of({found.id: None})[found.id].damaged)
        if refused:  # a crash came before the row was put back
            damaged -= {"amendment", "claim"}
        if damaged or claim is None:  # what somebody wrote into the database would be signed as the owner's
            said = ", ".join(sorted(damaged)) or "claim"
            raise Unavailable(
                f"of {work_id} the database says otherwise than the log ({said}): run `sourcemark ledger fsck`",
                reason="log_damaged",
            )
        return replace(found, claim=claim, title=claim.title, owner=claim.owner)

    def _check(self, leaf: envelope.Leaf, found: RegisteredWork) -> None:
        """Tell what is wrong before anything is written; the sequencer has the last word."""
        index = found.logged_index()
        if (leaf.predicate["index"], leaf.predicate["leafHash"]) != (index, found.leaf_hash.hex()):
            raise Conflict(f"the statement is about another entry than that of {found.work_id}")
        with self._db.read() as connection:
            before = claim_history.amendments(connection, found.amendment_hash)
        if leaf.predicate["supersedes"] != _superseded(found, before):
            raise Conflict(f"{found.work_id} was amended meanwhile: look at its claim, then amend it again")
        enrolled_keys.check_holds(self._db, self._log.origin, leaf.signers, index)

    def _change(
        self, found: RegisteredWork, parsed: envelope.Leaf, claim: Claim, leaf: bytes, opening: Opening
    ) -> _Change:
        account_id = found.account_id
        if "to" in parsed.predicate:
            account_id = enrolled_keys.find(self._db, parsed.predicate["to"]).account_id
        sealed = found.medium == sealing.SEALED
        before = {
            "account_id": found.account_id,
            "identity": found.identity,
            "title": found.title,
            "owner": found.owner,
            "owner_key": owner_key(found.owner),
            "claim": found.claim.model_dump(),
            "amendment_hash": found.amendment_hash,
        }
        after = {
            "account_id": account_id,
            "identity": found.identity
            if sealed
            else work_columns.identity(account_id, owner_key(claim.owner), found.digest),
            "title": claim.title,
            "owner": claim.owner,
            "owner_key": owner_key(claim.owner),
            "claim": claim.model_dump(),
            "amendment_hash": merkle.leaf_hash(leaf),
        }
        return _Change(after, before, leaf, opening)

    def _write(self, found: RegisteredWork, change: _Change) -> None:
        """T1: the row, the opening and the pending entry."""
        unchanged = (
            works.c.amendment_hash.is_(None)
            if found.amendment_hash is None
            else works.c.amendment_hash == found.amendment_hash
        )
        try:
            with self._db.write() as connection:
                changed = connection.execute(
                    works.update()
                    .where(works.c.id == found.id, works.c.withdrawn_at.is_(None), unchanged)
                    .values(**change.after)
                )
                if changed.rowcount != 1:
                    raise Conflict(f"{found.work_id} was amended or withdrawn meanwhile: look at it again")
                connection.execute(
                    openings.insert().values(
                        leaf_hash=merkle.leaf_hash(change.leaf),
                        name="claim",
                        salt=change.opening.salt,
                        record=change.opening.record,
                    )
                )
                self._log.submit(connection, [change.leaf])
        except IntegrityError:
            raise Conflict(
                "that owner and account have registered this file already: withdraw one of the two"
            ) from None

    def _take_back(self, found: RegisteredWork, change: _Change) -> None:
        leaf_hash = merkle.leaf_hash(change.leaf)
        with self._db.write() as connection:
            connection.execute(
                works.update()
                .where(works.c.id == found.id, works.c.amendment_hash == leaf_hash)
                .values(**change.before)
            )
            connection.execute(openings.delete().where(openings.c.leaf_hash == leaf_hash))


def _logged_claim(
    connection: sa.Connection, found: RegisteredWork, chain: Sequence[claim_history.Amending]
) -> Claim | None:
    """The claim in the newest entry about a work that the log has; None where nothing that is kept opens it."""
    leaf_hash = next((each.leaf_hash for each in reversed(chain) if each.index is not None), found.leaf_hash)
    entry = claim_history.entry(connection, leaf_hash)
    kept = connection.execute(
        sa.select(openings).where(openings.c.leaf_hash == leaf_hash, openings.c.name == "claim")
    ).first()
    if entry is None or kept is None or not opens(envelope.parse_leaf(entry.leaf), "claim", kept.salt, kept.record):
        return None
    return work_columns.kept_claim(kept.record)


def _superseded(found: RegisteredWork, before: list[claim_history.Amending]) -> dict[str, Any]:
    """A reference to the entry in which the present claim stands."""
    if any(each.index is None and not each.refused for each in before):
        raise Conflict(f"an amendment of {found.work_id} is on its way into the log: try again in a moment")
    logged = [(each.index, each.leaf_hash) for each in before if each.index is not None]
    return statement.refer(*(logged[-1] if logged else (found.logged_index(), found.leaf_hash)))


def _opened(leaf: envelope.Leaf, opening: Opening | None, old: Claim) -> Claim:
    """The new claim of a statement, checked like that of a registration."""
    if opening is None:
        raise BadInput("opening: an amendment comes with that of its claim")
    if opening.commitment != leaf.predicate["commitments"]["claim"]:
        raise VerificationFailed("the opening does not open the 'claim' of the statement")
    if not isinstance(opening.record, dict) or opening.record.get("licence") != old.licence:
        return Claim.model_validate(parse(NewClaim, opening.record).model_dump())
    # A licence from before there was a rule for licences may stay.
    known = parse(NewClaim, {name: value for name, value in opening.record.items() if name != "licence"})
    return Claim.model_validate({**known.model_dump(), "licence": old.licence})
