"""Grants: reuse that an owner allows beside the licence - to whom, where, until when, for which use.

A grant and its end are statements in the log, signed by the account that registered the work; the terms name people, so
the log holds them only as a commitment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field, StrictBool

from ..accounts.accounts import Account
from ..accounts.official import Poster, key_of
from ..database.engine import Database
from ..errors import Conflict, NotFound
from ..ids import new_id
from ..ledger.attached import GRANT
from ..ledger.log import Log
from ..schema_fields import Country, Date, Line, Name, Request, Sha256, end_of
from ..schemas import ReceiptRef, ScanItem, Use
from ..tlog.keys import SigningKey
from . import attaching, catalog
from .attaching import Attaching

EVERYBODY = "*"
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
    territory: list[Country] = Field(
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

    def __init__(self, db: Database, log: Log, attaching: Attaching) -> None:
        self._db = db
        self._log = log
        self._attaching = attaching

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
        grant_id = new_id("grant", request_id)
        if request_id is not None and self._attaching.is_done(GRANT, account, grant_id):
            return get(self._db, self._log.origin, grant_id, account.id)
        work = catalog.find(self._db, work_id, account.id)
        if work.withdrawn_at is not None:
            raise Conflict(f"{work_id} was withdrawn on {work.withdrawn_at}: nothing can be granted for it")
        # The log holds words and integers; so does what it commits to.
        record = terms.model_dump(mode="json", exclude_none=True)
        record |= {"commercial": int(terms.commercial), "credit": int(terms.credit)}
        self._attaching.attach(GRANT, account, work, grant_id, terms.model_dump(mode="json"), record, key)
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
        found = attaching.find(self._db, GRANT, grant_id, account.id)
        if work_id is not None and found.work_id != work_id:
            raise NotFound(f"no grant of {work_id!r:.80} has the id {grant_id!r}")
        self._attaching.end(GRANT, account, found, key)
        return get(self._db, self._log.origin, grant_id, account.id)


# --- reading back --------------------------------------------------------------------------------------------------
def get(db: Database, origin: str, grant_id: str, account_id: str | None = None) -> Grant:
    """One grant of an account's works (None: of anybody's); raises `NotFound`."""
    return attaching.get(db, GRANT, Grant, origin, grant_id, account_id)


def of_work(db: Database, origin: str, work_id: str, account_id: str | None = None) -> list[Grant]:
    """All grants of a work, oldest first, revoked ones too; raises `NotFound` for an unknown work."""
    return attaching.of_work(db, GRANT, Grant, origin, work_id, account_id)


def in_force(db: Database, origin: str, numbers: Sequence[int]) -> dict[int, list[Grant]]:
    """The grants that the log has and that were not revoked there, by the internal numbers of their works."""
    out: dict[int, list[Grant]] = {}
    with db.read() as connection:
        rows = attaching.in_force(connection, db, GRANT, numbers)
    for row in rows:
        if (grant := attaching.shown(GRANT, Grant, origin, row)) is not None:
            out.setdefault(row.work, []).append(grant)
    return out


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
    if grant.until is not None and datetime.fromisoformat(moment) > end_of(grant.until):
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
