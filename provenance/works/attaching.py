"""Attaching to a registered work what has an entry of its own (`ledger.attached`), ending it, reading it back."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import ValidationError

from ..accounts.accounts import Account
from ..accounts.signing_keys import SigningKeys
from ..database.engine import Database
from ..database.tables import entries, now, openings, works
from ..errors import BadInput, Conflict, NotFound, Unavailable, VerificationFailed
from ..ledger import work_columns
from ..ledger.attached import Attached
from ..ledger.later_entries import LaterEntries
from ..ledger.log import Log
from ..schema_fields import Record
from ..schemas import ReceiptRef
from ..tlog import envelope, merkle, statement
from ..tlog.keys import SigningKey
from ..tlog.opening import Opening, opens
from . import catalog
from .catalog import RegisteredWork

_logger = logging.getLogger(__name__)
R = TypeVar("R", bound=Record)  # what is attached, as its readers see it


class Attaching:
    """Enters and ends what is attached to works. Thread-safe."""

    def __init__(self, db: Database, log: Log, signing_keys: SigningKeys) -> None:
        self._db = db
        self._log = log
        self._signing_keys = signing_keys

    def attach(
        self,
        kind: Attached,
        account: Account,
        work: RegisteredWork,
        public_id: str,
        said: Mapping[str, Any],
        record: Any,
        key: SigningKey | None,
    ) -> None:
        """Enter something about a work, signed for an account.

        Args:
            said: what the row keeps; `record`: the same as the log commits to it, words and integers only.

        Raises:
            Forbidden: see `SigningKeys.ensure_signer`.
            Conflict: the log refuses it, as the key may not act for the work.
        """
        signer, opening = self._signing_keys.ensure_signer(account, key), Opening.of(record)
        made = statement.attached(
            self._log.origin,
            kind.kind,
            registration=work.leaf_hash,
            index=work.logged_index(),
            commitments={kind.opening: opening.commitment},
            after=self._log.head(),
        )
        leaf = statement.sign(made, signer)
        leaf_hash = merkle.leaf_hash(leaf)
        row = {
            kind.id.name: public_id,
            "work": work.id,
            kind.said.name: dict(said),
            "leaf_hash": leaf_hash,
            kind.made.name: now(),
            **({} if kind.maker is None else {kind.maker.name: account.id}),
        }
        opened = {"leaf_hash": leaf_hash, "name": kind.opening, "salt": opening.salt, "record": opening.record}
        with self._db.write() as connection:
            connection.execute(kind.table.insert().values(**row))
            connection.execute(openings.insert().values(**opened))
            self._log.submit(connection, [leaf])
        self._log.commit([leaf_hash])

    def is_done(self, kind: Attached, account: Account, public_id: str) -> bool:
        """Whether a request that is carried out again attached it before; if so, the log has it now."""
        try:
            found = find(self._db, kind, public_id, account.id)
        except NotFound:
            return False
        self._log.commit([found.leaf_hash])
        return True

    def end(self, kind: Attached, account: Account, row: sa.Row[Any], key: SigningKey | None, **columns: Any) -> None:
        """End it by a withdrawal in the log.

        Args:
            row: of `find`.
            columns: what the row keeps of its end.

        Raises:
            Conflict: it was ended already, or the key may not end it.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        public_id, ended = row._mapping[kind.id], row._mapping[kind.ended]
        if ended is not None:
            raise Conflict(f"{public_id} was ended already, on {ended}")
        made = statement.withdrawal(self._log.origin, registration=row.leaf_hash, index=row.idx, after=self._log.head())
        leaf = statement.sign(made, self._signing_keys.ensure_signer(account, key))
        leaf_hash = merkle.leaf_hash(leaf)
        values = {kind.ended.name: now(), kind.ended_by.name: leaf_hash, **columns}
        with self._db.write() as connection:
            changed = connection.execute(
                kind.table.update().where(kind.id == public_id, kind.ended.is_(None)).values(**values)
            )
            if changed.rowcount != 1:
                raise Conflict(f"{public_id} was ended already")
            self._log.submit(connection, [leaf])
        try:
            self._log.commit([leaf_hash])
        except Conflict:  # its key was revoked in this very moment: the log does not have it, so it stands
            with self._db.write() as connection:
                connection.execute(
                    kind.table.update()
                    .where(kind.id == public_id, kind.ended_by == leaf_hash)
                    .values(**dict.fromkeys(values))
                )
            raise


# --- reading back --------------------------------------------------------------------------------------------------
def query(kind: Attached) -> sa.Select[Any]:
    """Rows of a kind, with `work_id` and `holder` (account) of the work, and `idx` in the log, None while it waits."""
    return (
        sa.select(kind.table, works.c.work_id, works.c.account_id.label("holder"), entries.c.idx)
        .join(works, works.c.id == kind.work)
        .outerjoin(entries, entries.c.leaf_hash == kind.leaf_hash)
    )


def find(db: Database, kind: Attached, public_id: str, account_id: str | None = None) -> sa.Row[Any]:
    """One row of `query`: what an account has attached, or to its works (None: anybody's); raises `NotFound`."""
    with db.read() as connection:
        found = connection.execute(query(kind).where(kind.id == public_id)).first()
    if found is None or account_id not in (None, found.holder if kind.maker is None else found._mapping[kind.maker]):
        raise NotFound(f"nothing of yours has the id {public_id!r:.80}")
    return found


def get(db: Database, kind: Attached, record: type[R], origin: str, public_id: str, account_id: str | None = None) -> R:
    """One that `find` finds, as its readers see it; raises `NotFound`."""
    found = shown(kind, record, origin, find(db, kind, public_id, account_id))
    if found is None:
        raise Unavailable(f"the record of {public_id} is damaged: run `sourcemark ledger fsck`", reason="log_damaged")
    return found


def of_work(
    db: Database, kind: Attached, record: type[R], origin: str, work_id: str, account_id: str | None = None
) -> list[R]:
    """All of a work, oldest first, also what was ended; raises `NotFound` for an unknown work."""
    work = catalog.find(db, work_id, account_id)
    with db.read() as connection:
        rows = connection.execute(query(kind).where(kind.work == work.id).order_by(kind.table.c.id)).all()
    return [found for row in rows if (found := shown(kind, record, origin, row)) is not None]


def shown(kind: Attached, record: type[R], origin: str, row: sa.Row[Any]) -> R | None:
    """A row of `query` as its readers see it; None, and told to the operator, where it holds no such thing.

    Args:
        record: its fields are what is said, columns by their names, `work_id` and `receipt`.
    """
    columns = {column.name: row._mapping[column] for column in kind.table.c if column.name in record.model_fields}
    try:
        return record(
            **row._mapping[kind.said],
            **columns,
            work_id=row.work_id,
            receipt=None if row.idx is None else ReceiptRef(origin=origin, index=row.idx),
        )
    except (ValidationError, BadInput, TypeError):
        _logger.error("%s is damaged: run ledger fsck", row._mapping[kind.id])
        return None


def in_force(connection: sa.Connection, db: Database, kind: Attached, works_: Sequence[int]) -> list[sa.Row[Any]]:
    """The rows of `query` about these works that the log has and has not ended, oldest first.

    A row that its entry and opening do not back is left out, and told to the operator; one that no entry ends stands.
    """
    if not works_:
        return []
    later = LaterEntries(connection, db)
    rows = connection.execute(_backed_query(kind), {"works": list(works_)}).all()
    standing = []
    for row in rows:
        if work_columns.ends(row.ending, row._mapping[kind.ended_by], row.leaf_hash) or later.ended(row.leaf_hash):
            continue
        if _is_backed(kind, row):
            standing.append(row)
        else:
            _logger.error(
                "%s is not what the log has of it, and does not count: run ledger fsck", row._mapping[kind.id]
            )
    return standing


@cache  # putting it together takes longer than running it
def _backed_query(kind: Attached) -> sa.Select[Any]:
    ending = entries.alias("ending")
    return (
        query(kind)
        .add_columns(
            works.c.leaf_hash.label("work_hash"),
            entries.c.leaf,
            openings.c.salt,
            openings.c.record,
            ending.c.leaf.label("ending"),
        )
        .outerjoin(openings, (openings.c.leaf_hash == kind.leaf_hash) & (openings.c.name == kind.opening))
        .outerjoin(ending, ending.c.leaf_hash == kind.ended_by)
        .where(kind.work.in_(sa.bindparam("works", expanding=True)))
        .order_by(kind.table.c.id)
    )


def _is_backed(kind: Attached, row: sa.Row[Any]) -> bool:
    """Whether it is in the log, about this work, saying this."""
    if row.leaf is None or row.salt is None or merkle.leaf_hash(row.leaf) != row.leaf_hash:
        return False
    try:
        leaf = envelope.parse_leaf(row.leaf)
    except VerificationFailed:
        return False
    about = leaf.kind == kind.kind and leaf.predicate["leafHash"] == row.work_hash.hex()
    signed = opens(leaf, kind.opening, row.salt, row.record)
    return about and signed and work_columns.shows_terms(row._mapping[kind.said], row.record)


def forget(connection: sa.Connection, kind: Attached, work: int) -> None:
    """Delete what is attached to an erased work, with its openings: it may name people."""
    attached = sa.select(kind.leaf_hash).where(kind.work == work)
    connection.execute(openings.delete().where(openings.c.leaf_hash.in_(attached)))
    connection.execute(kind.table.delete().where(kind.work == work))
