"""Grants: reuse that an owner allows beside the licence - to whom, where, until when, for which use.

A grant and its end are statements in the log, signed by the account that registered the work; the terms name people, so
the log holds them only as a commitment.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import Field, StrictBool, StringConstraints, ValidationError

from ..accounts.accounts import Account
from ..accounts.official import Poster, key_of
from ..accounts.signing_keys import SigningKeys
from ..database.engine import Database
from ..database.tables import entries, grants, now, openings
from ..database.tables import works as works_table
from ..errors import BadInput, Conflict, NotFound, Unavailable, VerificationFailed
from ..ids import new_id
from ..json_input import COUNTRY
from ..ledger import work_columns
from ..ledger.later_entries import LaterEntries
from ..ledger.log import Log
from ..schema_fields import Date, Line, Name, Request
from ..schemas import ReceiptRef, ScanItem, Use
from ..tlog import envelope, merkle, statement
from ..tlog.keys import SigningKey
from ..tlog.opening import opens
from . import catalog

_logger = logging.getLogger(__name__)

EVERYBODY = "*"
Territory = Annotated[str, StringConstraints(pattern=COUNTRY)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# Why a grant to this account does not cover a use.
Gap = Literal["grant_expired", "grant_territory", "grant_territory_unknown", "grant_use", "grant_commercial"]


class NewGrant(Request):
    """What an owner allows."""

    to: list[Name] = Field(
        min_length=1,
        max_length=500,
        description="Posting accounts by name; `*` for everybody.",
        examples=[["City Daily"]],
    )
    territory: list[Territory] = Field(
        default_factory=list,
        max_length=250,
        description="ISO 3166-1 alpha-2; none: everywhere.",
        examples=[["CN", "HK"]],
    )
    until: Date | None = Field(None, description="Last day or instant (UTC); none: for good.", examples=["2027-12-31"])
    uses: list[Use] = Field(
        default_factory=lambda: list(_UNCHANGED), min_length=1, description="What may be done with the work."
    )
    commercial: StrictBool = Field(False, description="Commercial use too.")
    credit: StrictBool = Field(True, description="Owner and source have to be marked.")
    document: Sha256 | None = Field(None, description="SHA-256 of a written permission, hexadecimal.")
    note: Line | None = Field(None, examples=["Letter of 3 March"])


_UNCHANGED: tuple[Use, ...] = ("full", "excerpt", "quotation")


class Grant(NewGrant):
    """A grant as it stands."""

    grant_id: str = Field(examples=["grant_0123456789abcdef01234567"])
    work_id: str
    given_at: str
    revoked_at: str | None = None
    receipt: ReceiptRef | None = None


class Grants:
    """Gives and revokes grants. Thread-safe."""

    def __init__(self, db: Database, log: Log, signing_keys: SigningKeys) -> None:
        self._db = db
        self._log = log
        self._signing_keys = signing_keys

    def give(
        self,
        account: Account,
        work_id: str,
        terms: NewGrant,
        key: SigningKey | None = None,
        *,
        request_id: bytes | None = None,
    ) -> Grant:
        """Grant a reuse of a work of this account.

        Args:
            key: the account's own key; None: the one that is kept here.
            request_id: of a request that may be carried out again: the grant that it made before is found.

        Raises:
            NotFound: there is no such work, or it is somebody else's.
            Conflict: the work was withdrawn.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        grant_id = new_id("grant") if request_id is None else f"grant_{request_id.hex()[:24]}"
        if request_id is not None:
            with contextlib.suppress(NotFound):
                self._log.commit([_row(self._db, grant_id, account.id).leaf_hash])
                return get(self._db, self._log.origin, grant_id, account.id)
        work = catalog.find(self._db, work_id, account.id)
        if work.withdrawn_at is not None:
            raise Conflict(f"{work_id} was withdrawn on {work.withdrawn_at}: nothing can be granted for it")
        salt, record = secrets.token_bytes(envelope.SALT_SIZE), terms.model_dump(mode="json", exclude_none=True)
        # The log holds words and integers; so does what it commits to.
        record = {**record, "commercial": int(terms.commercial), "credit": int(terms.credit)}
        made = statement.grant(
            self._log.origin,
            registration=work.leaf_hash,
            index=work.logged_index(),
            commitments={"terms": statement.commit(salt, record)},
            after=self._log.head(),
        )
        leaf = statement.sign(made, self._signing_keys.ensure_signer(account, key))
        leaf_hash = merkle.leaf_hash(leaf)
        with self._db.write() as connection:
            connection.execute(
                grants.insert().values(
                    grant_id=grant_id,
                    work=work.id,
                    terms=terms.model_dump(mode="json"),
                    leaf_hash=leaf_hash,
                    given_at=now(),
                )
            )
            connection.execute(openings.insert().values(leaf_hash=leaf_hash, name="terms", salt=salt, record=record))
            self._log.submit(connection, [leaf])
        self._log.commit([leaf_hash])
        return get(self._db, self._log.origin, grant_id, account.id)

    def revoke(
        self, account: Account, grant_id: str, key: SigningKey | None = None, *, work_id: str | None = None
    ) -> Grant:
        """End a grant. What was posted under it before stays judged as it was.

        Args:
            key: as of `give`.
            work_id: the work it must be of.

        Raises:
            NotFound: there is no such grant of this account.
            Conflict: it was revoked already.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        found = _row(self._db, grant_id, account.id)
        if work_id is not None and found.work_id != work_id:
            raise NotFound(f"no grant of {work_id!r:.80} has the id {grant_id!r}")
        if found.revoked_at is not None:
            raise Conflict(f"{grant_id} was revoked already, on {found.revoked_at}")
        made = statement.withdrawal(
            self._log.origin, registration=found.leaf_hash, index=found.idx, after=self._log.head()
        )
        leaf = statement.sign(made, self._signing_keys.ensure_signer(account, key))
        leaf_hash = merkle.leaf_hash(leaf)
        with self._db.write() as connection:
            changed = connection.execute(
                grants.update()
                .where(grants.c.grant_id == grant_id, grants.c.revoked_at.is_(None))
                .values(revoked_at=now(), revocation_hash=leaf_hash)
            )
            if changed.rowcount != 1:
                raise Conflict(f"{grant_id} was revoked already")
            self._log.submit(connection, [leaf])
        try:
            self._log.commit([leaf_hash])
        except Conflict:  # its key was revoked in this very moment: the log does not have it, so it stands
            with self._db.write() as connection:
                connection.execute(
                    grants.update()
                    .where(grants.c.grant_id == grant_id, grants.c.revocation_hash == leaf_hash)
                    .values(revoked_at=None, revocation_hash=None)
                )
            raise
        return get(self._db, self._log.origin, grant_id, account.id)


# --- reading back --------------------------------------------------------------------------------------------------
def get(db: Database, origin: str, grant_id: str, account_id: str | None = None) -> Grant:
    """One grant of an account's works (None: of anybody's); raises `NotFound`."""
    found = _readable(origin, _row(db, grant_id, account_id))
    if found is None:
        raise Unavailable(f"the record of {grant_id} is damaged: run `sourcemark ledger fsck`", reason="log_damaged")
    return found


def of_work(db: Database, origin: str, work_id: str, account_id: str | None = None) -> list[Grant]:
    """All grants of a work, oldest first, revoked ones too; raises `NotFound` for an unknown work."""
    work = catalog.find(db, work_id, account_id)
    with db.read() as connection:
        rows = connection.execute(_query().where(grants.c.work == work.id).order_by(grants.c.id)).all()
    return [grant for row in rows if (grant := _readable(origin, row)) is not None]


def in_force(db: Database, origin: str, numbers: Sequence[int]) -> dict[int, list[Grant]]:
    """The grants that the log has and that were not revoked there, by the internal numbers of their works.

    A row that its entry and opening do not back is no grant; one that no entry revokes is not revoked.
    """
    if not numbers:
        return {}
    revoking = entries.alias("revoking")
    query = (
        _query()
        .add_columns(
            works_table.c.leaf_hash.label("work_hash"),
            entries.c.leaf,
            openings.c.salt,
            openings.c.record,
            revoking.c.leaf.label("revoking"),
        )
        .outerjoin(openings, (openings.c.leaf_hash == grants.c.leaf_hash) & (openings.c.name == "terms"))
        .outerjoin(revoking, revoking.c.leaf_hash == grants.c.revocation_hash)
        .where(grants.c.work.in_(numbers))
        .order_by(grants.c.id)
    )
    with db.read() as connection:
        later = LaterEntries(connection, db)
        rows = connection.execute(query).all()
    out: dict[int, list[Grant]] = {}
    for row in rows:
        if work_columns.ends(row.revoking, row.revocation_hash, row.leaf_hash) or later.ended(row.leaf_hash):
            continue
        if _is_backed(row):
            out.setdefault(row.work, []).append(_grant(origin, row))
        else:
            _logger.error(
                "the grant %s is not what the log has of it, and permits nothing: run ledger fsck", row.grant_id
            )
    return out


def _is_backed(row: sa.Row[Any]) -> bool:
    """Whether a grant is in the log, about this work, on these terms."""
    if row.leaf is None or row.salt is None or merkle.leaf_hash(row.leaf) != row.leaf_hash:
        return False
    try:
        leaf = envelope.parse_leaf(row.leaf)
    except VerificationFailed:
        return False
    about = leaf.kind == "grant" and leaf.predicate["leafHash"] == row.work_hash.hex()
    signed = opens(leaf, "terms", row.salt, row.record)
    return about and signed and work_columns.shows_terms(row.terms, row.record)


def forget(connection: sa.Connection, work: int) -> None:
    """Delete the grants of an erased work, and their openings: the terms name people too."""
    given = sa.select(grants.c.leaf_hash).where(grants.c.work == work)
    connection.execute(openings.delete().where(openings.c.leaf_hash.in_(given)))
    connection.execute(grants.delete().where(grants.c.work == work))


def _query() -> sa.Select[Any]:
    return (
        sa.select(grants, works_table.c.work_id, works_table.c.account_id, entries.c.idx)
        .join(works_table, works_table.c.id == grants.c.work)
        .outerjoin(entries, entries.c.leaf_hash == grants.c.leaf_hash)
    )


def _row(db: Database, grant_id: str, account_id: str | None) -> sa.Row[Any]:
    with db.read() as connection:
        found = connection.execute(_query().where(grants.c.grant_id == grant_id)).first()
    if found is None or (account_id is not None and found.account_id != account_id):
        raise NotFound(f"no grant of yours has the id {grant_id!r}")
    return found


def _readable(origin: str, row: sa.Row[Any]) -> Grant | None:
    """A grant; None, and told to the operator, where its row holds no terms."""
    try:
        return _grant(origin, row)
    except (ValidationError, BadInput):
        _logger.error("the terms of the grant %s are damaged: run ledger fsck", row.grant_id)
        return None


def _grant(origin: str, row: sa.Row[Any]) -> Grant:
    return Grant(
        **row.terms,
        grant_id=row.grant_id,
        work_id=row.work_id,
        given_at=row.given_at,
        revoked_at=row.revoked_at,
        receipt=None if row.idx is None else ReceiptRef(origin=origin, index=row.idx),
    )


# --- does it apply? ------------------------------------------------------------------------------------------------
def applicable(
    given: Sequence[Grant], poster: Poster, item: ScanItem, use: Use, moment: str
) -> tuple[Grant | None, list[Gap]]:
    """The grant that covers a post, or what keeps those to its account from covering it.

    Args:
        given: grants of the work that are in force.
        poster: whom the post is by.
        use: how the post uses the work.
        moment: when it was seen, ISO 8601, UTC.

    Returns:
        the first grant that covers the post and no gaps; or None and the gaps of the grant that comes nearest, none
        where no grant names the account.
    """
    named = [g for g in given if EVERYBODY in g.to or not poster.names.isdisjoint(map(key_of, g.to))]
    checked = [(gaps(g, item, use, moment), g) for g in named]
    for missing, grant in checked:
        if not missing:
            return grant, []
    return None, min((missing for missing, _ in checked), key=len, default=[])


def gaps(grant: NewGrant, item: ScanItem, use: Use, moment: str) -> list[Gap]:
    """What of a post a grant does not cover."""
    out: list[Gap] = []
    if grant.until is not None and datetime.fromisoformat(moment) > _end(grant.until):
        out.append("grant_expired")
    if grant.territory and item.territory is None:
        out.append("grant_territory_unknown")
    elif grant.territory and item.territory not in grant.territory:
        out.append("grant_territory")
    if use not in grant.uses:
        out.append("grant_use")
    if item.commercial and not grant.commercial:
        out.append("grant_commercial")
    return out


def _end(until: str) -> datetime:
    """The last instant of a grant: a bare day counts to its end."""
    end = datetime.fromisoformat(until)
    end = end if end.tzinfo else end.replace(tzinfo=UTC)
    return end + timedelta(days=1) if len(until) == 10 else end
