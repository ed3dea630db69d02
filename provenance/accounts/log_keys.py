"""The log's own keys: rotated, and given up where the log ends, by `log-key` entries.

The checkpoint that first covers such an entry is signed by the old keys and by the new ones. Whoever trusts the old
keys is led to the new ones by that entry with its proof (`succession`), whoever trusts the new ones needs nothing else.
Receipts given before keep verifying under the policy of their time.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ..config import Settings
from ..database.engine import Database
from ..database.tables import checkpoints, entries, now, signing_keys
from ..errors import NotFound
from ..ledger import key_files
from ..ledger.log import Log
from ..tlog import envelope, keys, merkle, policy, receipt, statement
from ..tlog.keys import SigningKey
from ..tlog.signed_checkpoint import LogKeys
from .accounts import local
from .enrolled_keys import enrolment_indexes


def rotate(db: Database, log: Log, settings: Settings) -> list[str]:
    """Replace the log's two keys by new ones, which are made; returns their verifier keys.

    When checkpoints were signed in the future, do this within `Log.dated_anew`: then the first checkpoint of new keys
    bears the true time, and those from the future are signed by no key that is in force.

    The old files stay: they are needed should a crash interrupt this, and harmless afterwards, because the log has
    revoked the key in them.
    """
    log.check_writable()
    old = log.keys_in_force()
    folder, passphrase = settings.keys_dir, settings.passphrase
    made = keys.new_log_keys()
    new = LogKeys(log.origin, *made)
    key_files.save_log_keys(made, folder, passphrase, f"-{new.ed25519_vkey.id.hex()}")
    first, second = old.statement_key(), new.statement_key()
    leaves = [*_enrol_first(db, log, first), _enrolment(log, second, second, first)]
    change = statement.log_key(
        log.origin,
        old=old.vkeys(),
        new=new.vkeys(),
        subject=bytes.fromhex(first.keyid),
        after=log.head(),
    )
    _enter(db, log, [*leaves, statement.sign(change, first, second)], [first, second])
    # By an entry of its own: the next checkpoint is signed by the new keys alone.
    after = log.head()
    _enter(db, log, [statement.sign(statement.key_revoke(log.origin, keyid=first.keyid, after=after), second)])
    return new.vkeys()


def end(db: Database, log: Log, successor: str | None = None) -> int:
    """End the log for good, in favour of another one if there is one; what it holds stays provable. Returns its size.

    Args:
        successor: origin of the log that goes on.
    """
    log.check_writable()
    old = log.keys_in_force()
    signer = old.statement_key()
    last = statement.log_key(
        log.origin,
        old=old.vkeys(),
        new=[],
        subject=bytes.fromhex(signer.keyid),
        after=log.head(),
        successor=successor,
    )
    _enter(db, log, [*_enrol_first(db, log, signer), statement.sign(last, signer)], [signer])
    return log.head()[0]


def _enrol_first(db: Database, log: Log, key: SigningKey) -> list[bytes]:
    """The enrolment of a log key as a signer of statements, unless the log has it."""
    with db.read() as connection:
        enrolled = connection.execute(
            sa.select(signing_keys.c.enrolled_index).where(signing_keys.c.keyid == key.keyid)
        ).scalar()
    return [] if enrolled is not None else [_enrolment(log, key, key)]


def _enrolment(log: Log, key: SigningKey, *signers: SigningKey) -> bytes:
    made = statement.key_enrol(log.origin, public_key=key.public, custody="service", after=log.head())
    return statement.sign(made, *signers)


def _enter(db: Database, log: Log, leaves: list[bytes], enrolled: list[SigningKey] | None = None) -> None:
    account = local(db)
    with db.write() as connection:
        for key in enrolled or []:
            if connection.execute(sa.select(signing_keys).where(signing_keys.c.keyid == key.keyid)).first() is None:
                connection.execute(
                    signing_keys.insert().values(
                        keyid=key.keyid,
                        account_id=account.id,
                        public_key=key.public,
                        custody="service",
                        created_at=now(),
                    )
                )
        log.submit(connection, leaves)
    log.commit([merkle.leaf_hash(leaf) for leaf in leaves])


def succession(db: Database, log: Log, number: int = -1) -> dict[str, bytes]:
    """The files of a receipt that leads from the keys before a change to those after it.

    Args:
        number: which change, from 0; negative ones count from the last.

    Raises:
        NotFound: there was no such change.
    """
    with db.read() as connection:
        changes = connection.execute(
            sa.select(entries.c.idx, entries.c.leaf).where(entries.c.kind == "log-key").order_by(entries.c.idx)
        ).all()
        try:
            change = changes[number]
        except IndexError:
            raise NotFound("the log's keys were never changed") from None
        covering = connection.execute(
            sa.select(checkpoints.c.size, checkpoints.c.note)
            .where(checkpoints.c.size > change.idx)
            .order_by(checkpoints.c.size)
            .limit(1)
        ).one()
        rows: list[Any] = list(
            connection.execute(
                sa.select(entries.c.idx, entries.c.leaf)
                .where(entries.c.idx.in_(enrolment_indexes(db, envelope.parse_leaf(change.leaf).signers)))
                .order_by(entries.c.idx)
            )
        )

    def prove(row: Any) -> bytes:
        return log.reader.proof(row.idx, covering.note, row.leaf)

    return receipt.build(
        leaf=change.leaf,
        proof=prove(change),
        enrolments=[(row.leaf, prove(row)) for row in rows],
        opening={},
        policy=policy.format_policy(envelope.parse_leaf(change.leaf).predicate["replaces"]),
        origin=log.origin,
        index=change.idx,
    )
