"""Registrations on their way into the log: what is claimed, the statement to sign, the rows that go with it.

Where the key is at hand, statement and rows are made in one go. Where it is the client's, the statement is prepared
and kept (`keep`) until its signed form comes back (`take`): by then the file need not be sent again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from fingerprints.model import Examination, Field, Fingerprint

from ..accounts.accounts import Account
from ..application import Service
from ..database.tables import drafts, fingerprints, now, openings, owner_key, pending_entries, stamp, works
from ..errors import BadInput, Conflict
from ..ids import new_id
from ..marking import rights_metadata
from ..schemas import Claim, RegistrationItem, Source
from ..tlog import envelope, merkle, statement
from ..tlog.encoding import b64, canonical, unb64
from ..tlog.keys import SigningKey
from . import sealing

Salts = dict[str, tuple[bytes, Any]]  # salt and record by the name of the commitment
METADATA = "metadata"  # the opening that holds the rights-management fields of an original
KEPT = timedelta(hours=24)  # a prepared statement waits so long for its signature


@dataclass(slots=True)
class Draft:
    """A registration on its way into the log.

    Attributes:
        fingerprint: None for a sealed one.
        digest: what the statement is about, 32 bytes; of a sealed one the salted digest.
        identity: of what is registered by whom; a second registration of the same is answered with the first.
        opens, reference: public id of the sealed work that this one opens, and how its statement names it.
        seal: salt of a sealed one, where it is known here.
        fields: what the file says of itself, None for a sealed one and for one whose statement is made already.
        existing: it was registered before; ``work_id`` and ``leaf_hash`` are of then.
    """

    claim: Claim
    digest: bytes
    identity: bytes
    fingerprint: Fingerprint | None
    external_id: str | None = None
    opens: str | None = None
    reference: Mapping[str, Any] | None = None
    seal: bytes | None = None
    fields: Sequence[Field] | None = None
    work_id: str = ""
    leaf: bytes = b""
    leaf_hash: bytes = b""
    salts: Salts | None = None
    existing: bool = False

    def set_leaf(self, leaf: bytes) -> None:
        self.leaf, self.leaf_hash, self.work_id = leaf, merkle.leaf_hash(leaf), new_id("work")
        self.existing = False


def claimed(account: Account, item: RegistrationItem) -> Claim:
    """What an item claims, with what the account and the file's name add; raises `BadInput` without an owner."""
    claim = Claim.model_validate(item.model_dump(include=set(Claim.model_fields)))
    if not claim.owner and account.default_owner:
        claim.owner = account.default_owner
    if not claim.title:
        claim.title = Path(item.path).stem if item.path else (item.external_id or "untitled")
    if not claim.owner:
        raise BadInput("owner is missing: give the copyright owner, or set a default owner for the account")
    return claim


def draft(
    service: Service, account: Account, item: RegistrationItem, source: Source, examination: Examination | None
) -> Draft:
    """The draft of a registration.

    Args:
        examination: None for a sealed one, whose source is only hashed.

    Raises:
        BadInput: without an owner; see also `seals`.
    """
    claim = claimed(account, item)
    if examination is None:
        salt = sealing.new_salt()
        digest = sealing.digest(service, source, salt)
        return Draft(claim, digest, _sealed_identity(digest), None, item.external_id, seal=salt)
    reference = None if item.opens is None else sealing.opening(service, account, item, source)
    fingerprint = examination.fingerprint
    return Draft(
        claim,
        fingerprint.digest,
        _identity(account, owner_key(claim.owner), fingerprint.digest),
        fingerprint,
        item.external_id,
        opens=item.opens,
        reference=reference,
        fields=examination.fields,
    )


def sealed_elsewhere(claim: Claim, digest: bytes, external_id: str | None = None) -> Draft:
    """The draft of a registration that its owner sealed: only the salted digest is known here."""
    return Draft(claim, digest, _sealed_identity(digest), None, external_id)


def _identity(account: Account, owner: str, digest: bytes) -> bytes:
    return hashlib.sha256(b"\0".join((account.id.encode(), owner.encode(), digest))).digest()


def _sealed_identity(digest: bytes) -> bytes:
    """The same for everybody and for good: a sealed statement can be read in the log, and would else be sent again
    under another signature."""
    return hashlib.sha256(sealing.SEALED.encode() + b"\0" + digest).digest()


def compose(service: Service, draft: Draft) -> dict[str, Any]:
    """The statement of a draft, with fresh salts."""
    records: dict[str, Any] = {"claim": draft.claim.model_dump(exclude_none=True, exclude_defaults=True)}
    if draft.fingerprint is not None:
        records["fingerprint"] = {
            "algorithm": draft.fingerprint.algorithm,
            "sha256": hashlib.sha256(draft.fingerprint.to_bytes()).hexdigest(),
        }
    if draft.fields is not None and draft.fingerprint is not None and draft.fingerprint.medium != "text":
        # what the original says of its rights: a repost's file is compared with it
        records[METADATA] = {"fields": [[f.where, f.tag, f.value] for f in rights_metadata.of(draft.fields)]}
    if draft.seal is not None:
        records["seal"] = {"salt": b64(draft.seal)}
    draft.salts = {name: (secrets.token_bytes(32), record) for name, record in records.items()}
    commitments = {name: statement.commit(salt, record) for name, (salt, record) in draft.salts.items()}
    origin, after = service.log.origin, service.log.head()
    if draft.fingerprint is None:
        return statement.sealed_registration(origin, digest=draft.digest, commitments=commitments, after=after)
    return statement.registration(
        origin,
        digest=draft.digest,
        medium=draft.fingerprint.medium,
        algorithms=[draft.fingerprint.algorithm],
        commitments=commitments,
        after=after,
        opens=draft.reference,
    )


def sign(service: Service, draft: Draft, key: SigningKey) -> None:
    """Make the draft's leaf with a key that is at hand."""
    draft.set_leaf(statement.sign(compose(service, draft), key))


# --- T1 --------------------------------------------------------------------------------------------------------------
def enter(service: Service, account: Account, signed: Sequence[Draft], prepared: Sequence[bytes] = ()) -> None:
    """T1: the business rows and the pending entries of one group, in one transaction.

    Args:
        prepared: hashes of the statements among them that were kept here until they were signed; each is used up.

    Raises:
        Conflict: such a statement was used up in the meantime.
        VerificationFailed, BadInput, LedgerReadOnly: see `Log.submit`.
    """
    for attempt in range(3):
        try:
            with service.db.write() as connection:
                for each in prepared:
                    used = connection.execute(drafts.delete().where(drafts.c.statement_hash == each))
                    if used.rowcount != 1:
                        raise Conflict("this prepared statement was used already")
                _link_existing(connection, signed)
                _insert(service, connection, account, [each for each in signed if not each.existing])
            return
        except IntegrityError:
            if attempt == 2:
                raise
            # PostgreSQL lets another process register the same bytes between our look and our write: look again.


def _link_existing(connection: sa.Connection, signed: Sequence[Draft]) -> None:
    """Point drafts at works that stand already, in the database or earlier in the same group."""
    rows = connection.execute(
        sa.select(works.c.identity, works.c.work_id, works.c.leaf_hash, pending_entries.c.refused)
        .outerjoin(pending_entries, pending_entries.c.leaf_hash == works.c.leaf_hash)
        .where(works.c.identity.in_([each.identity for each in signed]))
    )
    standing: dict[bytes, tuple[str, bytes]] = {}
    for identity, work_id, leaf_hash, refused in rows:
        if refused is None:
            standing[identity] = (work_id, leaf_hash)
        else:  # it never entered the log, so it never was a registration
            connection.execute(
                works.update().where(works.c.identity == identity).values(identity=None, withdrawn_at=now())
            )
    for each in signed:
        if each.existing:  # in an attempt before this one
            each.set_leaf(each.leaf)
        if each.identity in standing:
            each.work_id, each.leaf_hash = standing[each.identity]
            each.existing = True
        else:
            standing[each.identity] = (each.work_id, each.leaf_hash)


def _insert(service: Service, connection: sa.Connection, account: Account, new: Sequence[Draft]) -> None:
    if not new:
        return
    moment = now()
    rows, opened = [], []
    for each in new:
        fingerprint = each.fingerprint
        rows.append(
            {
                "work_id": each.work_id,
                "account_id": account.id,
                "external_id": each.external_id,
                "identity": each.identity,
                "digest": each.digest,
                "medium": sealing.SEALED if fingerprint is None else fingerprint.medium,
                "reason": sealing.SEALED if fingerprint is None else fingerprint.reason,
                "title": each.claim.title,
                "owner": each.claim.owner,
                "owner_key": owner_key(each.claim.owner),
                "claim": each.claim.model_dump(),
                "opens": each.opens,
                "leaf_hash": each.leaf_hash,
                "registered_at": moment,
            }
        )
        opened += [
            {"leaf_hash": each.leaf_hash, "name": name, "salt": salt, "record": record}
            for name, (salt, record) in (each.salts or {}).items()
        ]
    connection.execute(works.insert(), rows)
    ids: dict[str, int] = dict(
        connection.execute(
            sa.select(works.c.work_id, works.c.id).where(works.c.work_id.in_([each.work_id for each in new]))
        ).all()
    )
    found = [
        {
            "work": ids[each.work_id],
            "algorithm": each.fingerprint.algorithm,
            "data": each.fingerprint.index_bytes(),
            "detail": each.fingerprint.detail,
        }
        for each in new
        if each.fingerprint is not None
    ]
    if found:
        connection.execute(fingerprints.insert(), found)
    if opened:
        connection.execute(openings.insert(), opened)
    service.log.submit(connection, [each.leaf for each in new])


# --- prepared statements ---------------------------------------------------------------------------------------------
def statement_hash(leaf: envelope.Leaf) -> bytes:
    """What a prepared statement is known by, whoever signs it."""
    return hashlib.sha256(leaf.payload).digest()


def keep(service: Service, account: Account, draft: Draft) -> bytes:
    """Prepare a statement for its owner to sign: returns its exact bytes and keeps what belongs to it for a while."""
    payload = canonical(compose(service, draft))
    assert draft.fingerprint is not None
    assert draft.salts is not None
    row = {
        "statement_hash": hashlib.sha256(payload).digest(),
        "account_id": account.id,
        "claim": {
            "claim": draft.claim.model_dump(),
            "external_id": draft.external_id,
            "opens": draft.opens,
            "salts": {name: {"salt": b64(salt), "record": record} for name, (salt, record) in draft.salts.items()},
        },
        "fingerprint": draft.fingerprint.to_bytes(),
        "identity": draft.identity,
        "created_at": now(),
    }
    with service.db.write() as connection:
        old = stamp(datetime.now(UTC) - KEPT)
        connection.execute(drafts.delete().where(drafts.c.created_at < old))
        connection.execute(drafts.insert().values(row))
    return payload


def take(service: Service, account: Account, leaves: Sequence[bytes]) -> list[Draft | None]:
    """The drafts that signed statements were prepared from; None in the place of one that this account has not."""
    wanted = [statement_hash(service.log.parse(leaf)) for leaf in leaves]
    with service.db.read() as connection:
        rows = connection.execute(
            sa.select(drafts).where(drafts.c.statement_hash.in_(wanted), drafts.c.account_id == account.id)
        ).all()
    kept = {row.statement_hash: row for row in rows}
    return [_kept(kept[each], leaf) if each in kept else None for each, leaf in zip(wanted, leaves, strict=True)]


def _kept(row: sa.Row[Any], leaf: bytes) -> Draft:
    kept = row.claim
    fingerprint = Fingerprint.from_bytes(row.fingerprint)
    found = Draft(
        Claim.model_validate(kept["claim"]),
        fingerprint.digest,
        row.identity,
        fingerprint,
        kept["external_id"],
        kept["opens"],
    )
    found.salts = {name: (unb64(each["salt"]), each["record"]) for name, each in kept["salts"].items()}
    found.set_leaf(leaf)
    return found
