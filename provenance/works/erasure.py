"""Erasure: personal data goes, proofs stay.

The log holds commitments only, so nothing in it names anybody. Deleting salt and record makes a commitment unopenable
for good; every receipt given before still verifies, and one given after shows that and when the work was registered,
no longer by whom. An `erasure` statement in the log says what was deleted, so that nobody takes it for a loss.
"""

from __future__ import annotations

import contextlib
from typing import Any

import sqlalchemy as sa

from ..accounts import signing
from ..accounts.accounts import Account, local
from ..application import Service
from ..database.tables import (
    competing_claims,
    entries,
    fingerprints,
    grants,
    idempotency,
    now,
    openings,
)
from ..database.tables import works as works_table
from ..errors import Conflict, NotFound, SourcemarkError
from ..scans import records as scan_records
from ..schemas import WorkRecord
from ..tlog import envelope, merkle, statement
from ..tlog.keys import SigningKey
from . import catalog, sealing

ERASED = "erased"


def erase(service: Service, account: Account | None, work_id: str, key: SigningKey | None = None) -> WorkRecord:
    """Erase what is personal about a work: claim, salts, fingerprint, grants, its name in the results of scans, and the
    small copies of uploads that it was found in.

    A work that is still matched is withdrawn first. Backups of the database and what others have copied are beyond
    reach: delete those by their own rules.

    Args:
        account: whose work it is; None: the operator erases, by whatever right a person has asked it, and signs.
        key: the account's own key; None: the one that is kept here.

    Raises:
        NotFound: there is no such work.
        Conflict: it was erased already.
        Forbidden: see `signing`.
    """
    found = _found(service, account, work_id)
    acting = local(service.db) if account is None else account
    signer = signing.signing_key(service, acting) if key is None else signing.own_key(service, acting, key)
    if account is not None and found.withdrawn_at is None:
        catalog.withdraw(service, account, work_id, key)
    with service.db.read() as connection:
        kept = sa.select(openings.c.name).where(openings.c.leaf_hash == found.leaf_hash)
        names = list(connection.execute(kept).scalars()) or list(_commitments(connection, found.idx))
    made = statement.erasure(
        service.log.origin, entry=found.leaf_hash, index=found.idx, erased=names, after=service.log.head()
    )
    return enter_erasure(service, account, work_id, statement.sign(made, signer))


def enter_erasure(service: Service, account: Account | None, work_id: str, leaf: bytes) -> WorkRecord:
    """Erase by a signed statement, which must name all that is kept; raises as `erase`."""
    found = _found(service, account, work_id)
    said = envelope.parse_leaf(leaf).predicate
    if (said["index"], said["leafHash"]) != (found.idx, found.leaf_hash.hex()):
        raise Conflict(f"the statement erases another entry than that of {work_id}")
    with service.db.write() as connection:
        if service.db.is_sqlite:  # overwritten on the disk, not only marked free
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        kept = sa.select(openings.c.name).where(openings.c.leaf_hash == found.leaf_hash)
        if not set(connection.execute(kept).scalars()) <= set(said["erased"]):
            raise Conflict("the statement does not name all that is kept of the registration")
        _delete(connection, found, merkle.leaf_hash(leaf))
        service.log.submit(connection, [leaf])
    service.log.commit([merkle.leaf_hash(leaf)])
    if service.db.is_sqlite:
        with contextlib.suppress(SourcemarkError), service.db.engine.connect() as plain:
            plain.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    service.refresh()
    return catalog.get(service, work_id, None if account is None else account.id)


def _found(service: Service, account: Account | None, work_id: str) -> sa.Row[Any]:
    found = catalog.row(service, work_id, None if account is None else account.id)
    if found.erased_at is not None:
        raise Conflict(f"{work_id} was erased already, on {found.erased_at}")
    if found.idx is None:
        raise NotFound(f"the registration of {work_id} is not in the log yet: try again in a moment")
    return found


def _commitments(connection: sa.Connection, index: int) -> list[str]:
    leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == index)).scalar_one()
    return list(envelope.parse_leaf(leaf).predicate["commitments"])


def _delete(connection: sa.Connection, found: sa.Row[Any], erasure_hash: bytes) -> None:
    changed = connection.execute(
        works_table.update()
        .where(works_table.c.id == found.id, works_table.c.erased_at.is_(None))
        .values(
            erased_at=now(),
            erasure_hash=erasure_hash,
            withdrawn_at=found.withdrawn_at or now(),
            identity=found.identity if found.medium == sealing.SEALED else None,
            external_id=None,
            reason=ERASED,
            title="",
            owner="",
            owner_key="",
            claim={},
        )
    )
    if changed.rowcount != 1:
        raise Conflict(f"{found.work_id} was erased already")
    # The terms of its grants name people too.
    given = sa.select(grants.c.leaf_hash).where(grants.c.work == found.id)
    connection.execute(
        openings.delete().where(sa.or_(openings.c.leaf_hash == found.leaf_hash, openings.c.leaf_hash.in_(given)))
    )
    connection.execute(grants.delete().where(grants.c.work == found.id))
    connection.execute(fingerprints.delete().where(fingerprints.c.work == found.id))
    connection.execute(
        competing_claims.delete().where(
            sa.or_(competing_claims.c.work == found.id, competing_claims.c.earlier == found.id)
        )
    )
    scan_records.forget(connection, found.id)
    connection.execute(
        idempotency.delete().where(sa.cast(idempotency.c.answer, sa.Text).contains(found.work_id, autoescape=True))
    )
