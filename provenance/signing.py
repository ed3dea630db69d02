"""The key an account signs its statements with.

The command line of an embedded installation signs for the person who types: custody "producer". An account that
registers through the API without a key of its own gets one that the service keeps: custody "service". The enrolment
in the log says which, so a reader of a receipt sees the difference.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .accounts import LOCAL, Account
from .errors import LedgerReadOnly, NotFound
from .ledger import keys, statement
from .ledger.keys import SigningKey
from .service import Service
from .tables import now, signing_keys


def _path(service: Service, keyid: str) -> Any:
    return service.settings.keys_dir / f"{keyid}.pem"


def signing_key(service: Service, account: Account) -> SigningKey:
    """The account's present key, made and enrolled in the log at its first use.

    Raises:
        LedgerReadOnly: the key is enrolled but its file is gone.
    """
    keyid = _current(service, account)
    if keyid is None:
        keyid = _enrol(service, account)
    try:
        return keys.load_signing_key(_path(service, keyid))
    except FileNotFoundError as error:
        raise LedgerReadOnly(
            f"the signing key {keyid[:16]} of account {account.name!r} is not in {service.settings.keys_dir}: "
            "restore that file from your backup",
            reason="key_missing",
        ) from error


def _current(service: Service, account: Account) -> str | None:
    with service.db.read() as connection:
        return connection.execute(
            sa.select(signing_keys.c.keyid)
            .where(
                signing_keys.c.account_id == account.id,
                signing_keys.c.enrolled_index.is_not(None),
                signing_keys.c.revoked_index.is_(None),
            )
            .order_by(signing_keys.c.enrolled_index.desc())
            .limit(1)
        ).scalar()


def _enrol(service: Service, account: Account) -> str:
    key = keys.new_signing_key()
    keys.save_signing_key(key, _path(service, key.keyid))
    custody = "producer" if account.name == LOCAL else "service"
    leaf = statement.sign(
        statement.key_enrol(service.log.origin, public_key=key.public, custody=custody, after=service.log.head()),
        key,
    )
    with service.db.write() as connection:
        connection.execute(
            signing_keys.insert().values(
                keyid=key.keyid,
                account_id=account.id,
                public_key=key.public,
                custody=custody,
                created_at=now(),
            )
        )
        service.log.submit(connection, [leaf])
    service.log.commit([statement.leaf_hash(leaf)])
    return key.keyid


def signing_key_rows(service: Service, account_id: str | None = None) -> list[dict[str, Any]]:
    """Every signing key (of an account), oldest first, with where it was enrolled and revoked in the log."""
    query = sa.select(signing_keys).order_by(signing_keys.c.created_at)
    if account_id is not None:
        query = query.where(signing_keys.c.account_id == account_id)
    with service.db.read() as connection:
        rows = connection.execute(query).all()
    return [{k: v.hex() if isinstance(v, bytes) else v for k, v in row._asdict().items()} for row in rows]


def revoke(service: Service, keyid: str) -> None:
    """Revoke a signing key in the log, signed by itself; the account gets a new one at its next registration.

    Raises:
        NotFound: no enrolled key has this id.
    """
    with service.db.read() as connection:
        row = connection.execute(sa.select(signing_keys).where(signing_keys.c.keyid == keyid)).first()
    if row is None or row.enrolled_index is None:
        raise NotFound(f"no signing key has the id {keyid!r}: see `sourcemark key list`")
    if row.revoked_index is not None:
        return
    key = keys.load_signing_key(_path(service, keyid))
    leaf = statement.sign(statement.key_revoke(service.log.origin, keyid=keyid, after=service.log.head()), key)
    with service.db.write() as connection:
        service.log.submit(connection, [leaf])
    service.log.commit([statement.leaf_hash(leaf)])
