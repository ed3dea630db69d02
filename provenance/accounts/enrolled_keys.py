"""What the log and the database say of the keys that accounts sign with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import Field

from ..database.engine import Database
from ..database.tables import entries, signing_keys
from ..errors import Conflict, Forbidden, NotFound
from ..ledger import claim_history
from ..ledger.key_rows import load_directory
from ..schema_fields import Record
from ..tlog import envelope
from .accounts import LOCAL, Account


class SigningKeyRecord(Record):
    """A key that signs statements, and where the log says so."""

    keyid: str = Field(description="SHA-256 of the raw public key, hexadecimal.")
    account_id: str
    public_key: str = Field(description="The raw Ed25519 public key, hexadecimal.")
    custody: Literal["producer", "service"] = Field(description="Who keeps the private key.")
    created_at: str
    enrolled_index: int | None = Field(description="Log entry that enrolled it; null while it waits.")
    revoked_index: int | None = Field(description="Log entry that revoked it.")
    predecessor: str | None = Field(description="The key that named it its successor.")
    recovery: str | None = Field(description="The key that may revoke it when it is lost or stolen.")


def enrolled(db: Database, account: Account) -> Sequence[sa.Row[Any]]:
    """The account's enrolled keys, revoked ones too, newest first."""
    query = sa.select(signing_keys).where(
        signing_keys.c.account_id == account.id, signing_keys.c.enrolled_index.is_not(None)
    )
    if account.name == LOCAL:  # it bears the log's own keys too, which sign no works
        query = query.where(signing_keys.c.custody == "producer")
    with db.read() as connection:
        return connection.execute(query.order_by(signing_keys.c.enrolled_index.desc())).all()


def find(db: Database, keyid: str) -> sa.Row[Any]:
    """One enrolled key; raises `NotFound`."""
    with db.read() as connection:
        row = connection.execute(sa.select(signing_keys).where(signing_keys.c.keyid == keyid)).first()
    if row is None or row.enrolled_index is None:
        raise NotFound(f"no signing key has the id {keyid!r}: see `sourcemark key list`")
    return row


def check_live(db: Database, account: Account, signers: Iterable[str]) -> None:
    """Raises `Forbidden` unless all of these keys are live keys of the account."""
    live = {row.keyid for row in enrolled(db, account) if row.revoked_index is None}
    for signer in signers:
        if signer not in live:
            raise Forbidden(
                f"the key {signer[:16]} is not enrolled for account {account.name!r}, or was revoked",
                reason="not_enrolled",
            )


def check_holds(db: Database, origin: str, signers: Sequence[str], index: int) -> None:
    """Raises `Conflict` unless one of the signers may act for the work with the registration at this index."""
    with db.read() as connection:
        raw = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == index)).scalar_one()
        holder = claim_history.holder(connection, index)
        registrants = envelope.parse_leaf(raw).signers if holder is None else [holder]
        directory = load_directory(connection, origin, {*signers, *registrants})
    if not any(directory.acts_for(signer, registrant) for signer in signers for registrant in registrants):
        raise Conflict(
            f"the key {signers[0][:16]} may not act for {registrants[0][:16]}, which holds the work: sign "
            "with that key, with a successor or with its recovery key (--sign-key FILE)"
        )


def enrolment_indexes(db: Database, keyids: Iterable[str], *, recovering: bool = False) -> list[int]:
    """Indexes of the enrolments of keys, and of the keys that signed those, in the order of the log.

    Args:
        recovering: those of the recovery keys that they name too.
    """
    found: dict[str, int] = {}
    wanted = set(keyids)
    with db.read() as connection:
        while wanted:
            rows = connection.execute(
                sa.select(signing_keys.c.keyid, signing_keys.c.enrolled_index, entries.c.leaf)
                .join(entries, entries.c.idx == signing_keys.c.enrolled_index)
                .where(signing_keys.c.keyid.in_(wanted))
            ).all()
            found |= {row.keyid: row.enrolled_index for row in rows}
            leaves = [envelope.parse_leaf(row.leaf) for row in rows]
            wanted = {signer for leaf in leaves for signer in leaf.signers}
            if recovering:
                wanted |= {leaf.predicate["recovery"] for leaf in leaves if "recovery" in leaf.predicate}
            wanted -= found.keys()
    return sorted(found.values())


def list_all(db: Database, account_id: str | None = None) -> list[SigningKeyRecord]:
    """Every signing key (of an account), oldest first, with where it was enrolled and revoked in the log."""
    query = sa.select(signing_keys).order_by(signing_keys.c.created_at)
    if account_id is not None:
        query = query.where(signing_keys.c.account_id == account_id)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return [SigningKeyRecord.model_validate({**row._asdict(), "public_key": row.public_key.hex()}) for row in rows]
