"""The keys that accounts sign their statements with: enrolled, rotated and revoked by entries in the log.

A producer's own key never comes here: what it signs is submitted, the service sees its public half. An account that
has none gets one that the service keeps; its enrolment says ``custody: service``, so a reader of a receipt sees the
difference. From the day an account enrols a key of its own, the service signs nothing for it any more. The command
line of an embedded installation keeps a key for the person who types, which is custody ``producer``.

An API key alone cannot add a signing key to an account that has one: the enrolment must be signed by a key of the
account as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..application import Service
from ..database.tables import entries, now, pending_entries, signing_keys
from ..errors import BadInput, Conflict, Forbidden, LedgerReadOnly, NotFound
from ..ledger import key_files
from ..ledger.key_rows import load_directory
from ..tlog import envelope, keys, merkle, statement
from ..tlog.keys import SigningKey
from .accounts import LOCAL, Account, find


def _path(service: Service, keyid: str) -> Path:
    return service.settings.keys_dir / f"{keyid}.pem"


def _rows(service: Service, account: Account) -> Sequence[sa.Row[Any]]:
    """The account's enrolled keys, newest first."""
    query = sa.select(signing_keys).where(
        signing_keys.c.account_id == account.id, signing_keys.c.enrolled_index.is_not(None)
    )
    if account.name == LOCAL:  # it bears the log's own keys too, which sign no works
        query = query.where(signing_keys.c.custody == "producer")
    with service.db.read() as connection:
        return connection.execute(query.order_by(signing_keys.c.enrolled_index.desc())).all()


def _signs_for_itself(account: Account, rows: Sequence[sa.Row[Any]]) -> bool:
    return account.name != LOCAL and any(row.custody == "producer" for row in rows)


def signing_key(service: Service, account: Account) -> SigningKey:
    """The key kept here for the account, made and enrolled in the log at its first use.

    Raises:
        Forbidden: the account signs with a key of its own, which is not here.
        LedgerReadOnly: the key is enrolled but its file is gone.
    """
    rows = _rows(service, account)
    if _signs_for_itself(account, rows):
        raise Forbidden(
            f"account {account.name!r} signs with a key of its own, the service does not sign for it: prepare the "
            "statement, sign it and submit it (`sourcemark register --sign-key FILE`)",
            reason="own_key",
        )
    live = [row for row in rows if row.revoked_index is None]
    for row in live:
        if _path(service, row.keyid).exists():
            return _load(service, row.keyid)
    if live:
        raise LedgerReadOnly(
            f"no signing key of account {account.name!r} is in {service.settings.keys_dir}: give yours with "
            f"--sign-key, or restore {live[0].keyid}.pem from your backup",
            reason="key_missing",
        )
    key = _new(service)
    custody = "producer" if account.name == LOCAL else "service"
    enrol(service, account, sign_enrolment(service, key, custody), unlinked=True)
    return key


def own_key(service: Service, account: Account, key: SigningKey) -> SigningKey:
    """A key that its owner brings, enrolled at its first use if it is the account's first.

    Raises:
        Forbidden: it is enrolled for another account, or revoked, or the account has other keys.
    """
    with service.db.read() as connection:
        row = connection.execute(sa.select(signing_keys).where(signing_keys.c.keyid == key.keyid)).first()
    if row is None or row.enrolled_index is None:
        if _rows(service, account):
            raise Forbidden(
                f"the key {key.keyid[:16]} is not enrolled: `sourcemark key new {account.name} --signing FILE` does it",
                reason="not_enrolled",
            )
        enrol(service, account, sign_enrolment(service, key, "producer"))
        return key
    if row.account_id != account.id:
        raise Forbidden(f"the key {key.keyid[:16]} is enrolled for another account", reason="not_enrolled")
    if row.revoked_index is not None:
        raise Forbidden(f"the key {key.keyid[:16]} was revoked: sign with the new one", reason="revoked")
    return key


def _new(service: Service) -> SigningKey:
    key = keys.new_signing_key()
    key_files.save_signing_key(key, _path(service, key.keyid), service.settings.passphrase)
    return key


def _load(service: Service, keyid: str) -> SigningKey:
    if keyid in service.signing_keys:  # opening an encrypted one is meant to take time
        return service.signing_keys[keyid]
    key = key_files.load_signing_key(_path(service, keyid), service.settings.passphrase)
    if key.keyid != keyid:
        raise LedgerReadOnly(
            f"{_path(service, keyid)} holds another key: restore it from your backup", reason="key_damaged"
        )
    service.signing_keys[keyid] = key
    return key


def new_kept_key(service: Service, account: Account, recovery: SigningKey | None = None) -> str:
    """Make and enrol a key that is kept here for the operator's own account; returns its id."""
    key = _new(service)
    recovery_id = None if recovery is None else recovery.keyid
    enrol(service, account, sign_enrolment(service, key, "producer", recovery, recovery_id))
    return key.keyid


# --- enrolment, rotation, revocation ---------------------------------------------------------------------------------
def sign_enrolment(
    service: Service, key: SigningKey, custody: str, old: SigningKey | None = None, recovery: str | None = None
) -> bytes:
    """The leaf of an enrolment, by this key and in a rotation by the old one."""
    made = statement.key_enrol(
        service.log.origin, public_key=key.public, custody=custody, after=service.log.head(), recovery=recovery
    )
    return statement.sign(made, key, *([] if old is None else [old]))


def enrol(service: Service, account: Account, leaf: bytes, *, unlinked: bool = False) -> int:
    """Enter the enrolment of a key for an account; returns its index in the log.

    Where the service keeps a key for the account, that key signs too, so that readers can follow the account from one
    key to the next; of an account that now signs for itself it is then revoked.

    Args:
        unlinked: take it without the signature of a key that the account had before.

    Raises:
        Forbidden: the account has a key that did not sign.
        Conflict: the key is enrolled already.
        VerificationFailed: a weak key, a signature that does not hold, or a rule of the log.
    """
    parsed = envelope.parse_leaf(leaf)
    keyid, public = envelope.enrolled_key(parsed)
    custody = str(parsed.predicate["custody"])
    rows = _rows(service, account)
    live = {row.keyid: row for row in rows if row.revoked_index is None}
    leaves = [leaf]
    others = [signer for signer in parsed.signers if signer != keyid]
    if not others:
        kept = next((k for k in live if _path(service, k).exists()), None)
        if kept is not None:
            old = _load(service, kept)
            leaves = [statement.add_signature(leaf, old)]
            if account.name != LOCAL and custody == "producer":
                leaves.append(_sign_revocation(service, kept, old))
        elif rows and not unlinked:
            raise Forbidden(
                f"account {account.name!r} has signing keys already: the enrolment of another one must be signed by "
                "one of them as well",
                reason="unlinked_key",
            )
    elif not unlinked and live.keys().isdisjoint(others):
        raise Forbidden(f"the enrolment is signed by no present key of account {account.name!r}", reason="unlinked_key")
    row = {
        "keyid": keyid,
        "account_id": account.id,
        "public_key": public,
        "custody": custody,
        "created_at": now(),
    }
    with service.db.write() as connection:
        # An enrolment that was refused may be tried again.
        connection.execute(
            signing_keys.delete().where(signing_keys.c.keyid == keyid, signing_keys.c.enrolled_index.is_(None))
        )
        if connection.execute(sa.select(signing_keys.c.keyid).where(signing_keys.c.keyid == keyid)).first():
            raise Conflict(f"the key {keyid[:16]} is enrolled already")
        connection.execute(signing_keys.insert().values(row))
        service.log.submit(connection, leaves)
    return _commit(service, leaves)[0]


def entered_as(service: Service, leaf: bytes) -> bytes:
    """The leaf hash under which an enrolment stands in the log or waits for it: its own, or with our signature behind.

    Sent again it must be found, though the key that the service kept and signed with may be revoked by now.
    """
    parsed = envelope.parse_leaf(leaf)
    keyid = envelope.enrolled_key(parsed)[0]
    stands = (
        sa.select(entries.c.leaf)
        .join(signing_keys, signing_keys.c.enrolled_index == entries.c.idx)
        .where(signing_keys.c.keyid == keyid)
    )
    waits = sa.select(pending_entries.c.leaf).where(
        pending_entries.c.kind == "key-enrol", pending_entries.c.keyid == parsed.signers[0]
    )
    with service.db.read() as connection:
        rows = [*connection.execute(stands), *connection.execute(waits)]
    for (raw,) in rows:
        found = envelope.parse_leaf(raw)
        if found.payload == parsed.payload and found.signatures[: len(parsed.signatures)] == parsed.signatures:
            return merkle.leaf_hash(raw)
    return merkle.leaf_hash(leaf)


def rotate(service: Service, keyid: str) -> str:
    """Replace a key that is kept here by a new one, which the old one names its successor; returns the new keyid.

    Raises:
        NotFound: no live key of this id is kept here.
    """
    row = _row(service, keyid)
    if row.revoked_index is not None:
        raise Conflict(f"the key {keyid[:16]} was revoked already")
    if not _path(service, keyid).exists():
        raise BadInput(
            f"the key {keyid[:16]} is not kept here: `sourcemark key new ACCOUNT --signing NEW --sign-key OLD` enrols "
            "its successor, `sourcemark key revoke` then revokes it"
        )
    old, new = _load(service, keyid), _new(service)
    enrol(service, find(service.db, row.account_id), sign_enrolment(service, new, row.custody, old, row.recovery))
    revoke(service, keyid, new)
    return new.keyid


def _row(service: Service, keyid: str) -> sa.Row[Any]:
    with service.db.read() as connection:
        row = connection.execute(sa.select(signing_keys).where(signing_keys.c.keyid == keyid)).first()
    if row is None or row.enrolled_index is None:
        raise NotFound(f"no signing key has the id {keyid!r}: see `sourcemark key list`")
    return row


def _sign_revocation(service: Service, keyid: str, signer: SigningKey) -> bytes:
    return statement.sign(statement.key_revoke(service.log.origin, keyid=keyid, after=service.log.head()), signer)


def revoke(service: Service, keyid: str, signer: SigningKey | None = None) -> None:
    """Revoke a signing key in the log; revoking twice changes nothing.

    Args:
        signer: the key itself, a successor or its recovery key; None: the key itself, which must be kept here.

    Raises:
        NotFound: no enrolled key has this id.
        BadInput: the key is not kept here.
        Conflict: the signer may not act for it.
    """
    if _row(service, keyid).revoked_index is not None:
        return
    if signer is None:
        if not _path(service, keyid).exists():
            raise BadInput(
                f"the key {keyid[:16]} is not kept here: sign with it, its successor or its recovery key "
                "(--sign-key FILE)"
            )
        signer = _load(service, keyid)
    submit_revocation(service, _sign_revocation(service, keyid, signer))


def submit_revocation(service: Service, leaf: bytes) -> int:
    """Enter a signed revocation, whoever brings it: the log's rules say who may. Returns its index."""
    with service.db.write() as connection:
        service.log.submit(connection, [leaf])
    return _commit(service, [leaf])[0]


def _commit(service: Service, leaves: Sequence[bytes]) -> list[int]:
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    indexes = service.log.commit(hashes)
    return [indexes[each] for each in hashes]


def check_own(service: Service, account: Account, signers: Iterable[str]) -> None:
    """Raises `Forbidden` unless all of these keys are live keys of the account."""
    live = {row.keyid for row in _rows(service, account) if row.revoked_index is None}
    for signer in signers:
        if signer not in live:
            raise Forbidden(
                f"the key {signer[:16]} is not enrolled for account {account.name!r}, or was revoked",
                reason="not_enrolled",
            )


def check_acts_for(service: Service, signers: Sequence[str], registrants: Sequence[str]) -> None:
    """Raises `Conflict` unless one of the signers may act for one of the registrants."""
    with service.db.read() as connection:
        directory = load_directory(connection, service.log.origin, {*signers, *registrants})
    if not any(directory.acts_for(signer, registrant) for signer in signers for registrant in registrants):
        raise Conflict(
            f"the key {signers[0][:16]} may not act for {registrants[0][:16]}, which signed the registration: sign "
            "with that key, with a successor or with its recovery key (--sign-key FILE)"
        )


# --- reading ---------------------------------------------------------------------------------------------------------
def enrolments(service: Service, leaf: bytes) -> list[int]:
    """Indexes of the enrolments of an entry's keys, and of the keys that signed those, in the order of the log."""
    found: dict[str, int] = {}
    wanted = set(envelope.parse_leaf(leaf).signers)
    with service.db.read() as connection:
        while wanted:
            rows = connection.execute(
                sa.select(signing_keys.c.keyid, signing_keys.c.enrolled_index, entries.c.leaf)
                .join(entries, entries.c.idx == signing_keys.c.enrolled_index)
                .where(signing_keys.c.keyid.in_(wanted))
            ).all()
            found |= {row.keyid: row.enrolled_index for row in rows}
            wanted = {s for row in rows for s in envelope.parse_leaf(row.leaf).signers} - found.keys()
    return sorted(found.values())


def signing_key_rows(service: Service, account_id: str | None = None) -> list[dict[str, Any]]:
    """Every signing key (of an account), oldest first, with where it was enrolled and revoked in the log."""
    query = sa.select(signing_keys).order_by(signing_keys.c.created_at)
    if account_id is not None:
        query = query.where(signing_keys.c.account_id == account_id)
    with service.db.read() as connection:
        rows = connection.execute(query).all()
    return [{k: v.hex() if isinstance(v, bytes) else v for k, v in row._asdict().items()} for row in rows]
