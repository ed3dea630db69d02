"""Official accounts: what a platform has recorded of its own accounts, and whom a post is by.

Everything here belongs to the platform that recorded it. A name is no identity: anybody may choose one. So a post that
comes with its account's id is its account's, by what the platform has verified, and one that comes with a name only is
nobody's where a verified account bears that name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..database import paging
from ..database.engine import Database
from ..database.tables import now, official_accounts, official_names
from ..errors import Conflict
from ..marking.normalization import fold_name
from ..schemas import Contact, OfficialAccount, OfficialAccountRecord, Operator, Verification
from ..schemas.official_accounts import Entity
from . import accounts, qualifications, standing, standing_table
from .official_rows import find, require
from .standing_table import StandingTable

# Why the name of a post's account proves nothing.
NameFinding = Literal["account_id_needed", "account_not_verified"]
_KEY = 300  # code points of a name that are compared

# Made once: every scan asks them.
_ACCOUNT = sa.select(official_accounts).where(
    official_accounts.c.platform == sa.bindparam("platform"), official_accounts.c.account_id == sa.bindparam("account")
)
_NAMES = sa.select(official_names.c.key).where(official_names.c.official == sa.bindparam("official"))
_BEARING = (
    sa.select(official_names.c.official)
    .join(official_accounts, official_accounts.c.id == official_names.c.official)
    .where(official_names.c.key == sa.bindparam("key"), official_accounts.c.platform == sa.bindparam("platform"))
    .where(official_accounts.c.verification == "verified")
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class AccountState:
    """What a policy may ask about the account that posts.

    Attributes:
        number: internal.
        verified: by its platform.
        level: of its standing, 0 is good; see `standing`.
        entity: kind of entity.
        news_licence: it holds a news-information-service licence that is valid today.
    """

    number: int
    account_id: str
    verified: bool
    level: int
    level_name: str
    entity: Entity
    news_licence: bool
    categories: tuple[str, ...]
    names: tuple[str, ...]
    operator_id: str | None
    operator_name: str | None
    linked_account: str | None


@dataclass(frozen=True, slots=True)
class Poster:
    """Whom a post is by, as far as permission may rely on it.

    Attributes:
        names: by which it may be compared, folded; none where it is not known whom the post is by.
        claimed: the display name that came with the post, folded.
        account: the Sourcemark account that the platform has linked it to.
        finding: why `claimed` is not among the names.
        state: of the official account; None where there is none, or no id was sent.
    """

    names: frozenset[str]
    claimed: str = ""
    account: str | None = None
    finding: NameFinding | None = None
    state: AccountState | None = None


def by_name(name: str | None) -> Poster:
    """A post of which nothing but its account's name is known."""
    claimed = key_of(name or "")
    return Poster(frozenset([claimed]) if claimed else frozenset(), claimed)


def key_of(name: str) -> str:
    """A name as names are compared: its letters and digits, without width, case and variants."""
    return fold_name(name)[:_KEY]


class OfficialAccounts:
    """The official accounts of platforms. Thread-safe.

    Every method takes the platform that asks, and sees no other's accounts.
    """

    def __init__(self, db: Database, table: Path | None) -> None:
        """
        Args:
            table: file of the standing table; None: the one that is shipped.
        """
        self._db = db
        self._table = table

    @cached_property
    def table(self) -> StandingTable:
        """What standing is reckoned by, read once; raises `Misconfigured`."""
        return standing_table.read(self._table)

    def put(self, platform_id: str, account_id: str, wanted: OfficialAccount) -> OfficialAccountRecord:
        """Record an account, in the place of what was recorded of it before; qualifications and standing stay.

        Raises:
            NotFound: the linked account does not exist.
            Conflict: it was recorded by two requests at once.
        """
        linked = None if wanted.linked_account is None else accounts.find(self._db, wanted.linked_account).id
        values = {**_values(wanted), "linked_account": linked, "updated_at": now()}
        try:
            with self._db.write() as connection:
                number = find(connection, platform_id, account_id)
                if number is None:
                    added = {**values, "platform": platform_id, "account_id": account_id, "created_at": now()}
                    connection.execute(official_accounts.insert().values(**added))
                    number = require(connection, platform_id, account_id)
                else:
                    connection.execute(
                        official_accounts.update().where(official_accounts.c.id == number).values(**values)
                    )
                _write_names(connection, number, wanted)
        except IntegrityError as error:
            raise Conflict(f"the account {account_id} was recorded by another request meanwhile: try again") from error
        return self.get(platform_id, account_id)

    def get(self, platform_id: str, account_id: str) -> OfficialAccountRecord:
        """Raises `NotFound`."""
        with self._db.read() as connection:
            number = require(connection, platform_id, account_id)
            return self._records(connection, [number])[0]

    def page(
        self, platform_id: str, *, operator_id: str | None = None, after: int = 0, limit: int = 100
    ) -> tuple[list[OfficialAccountRecord], int | None]:
        """A platform's accounts in the order they were recorded, and the cursor of the next page or None.

        Args:
            operator_id: only those behind which this operator stands.
        """
        query = sa.select(official_accounts.c.id).where(official_accounts.c.platform == platform_id)
        if operator_id is not None:
            query = query.where(official_accounts.c.operator_id == operator_id)
        with self._db.read() as connection:
            rows, more = paging.page(connection, query, official_accounts.c.id, after, limit)
            return self._records(connection, [row.id for row in rows]), more

    def erase_contact(self, platform_id: str, account_id: str) -> OfficialAccountRecord:
        """Delete what is personal about an account; raises `NotFound`."""
        with self._db.write() as connection:
            number = require(connection, platform_id, account_id)
            erased = {"contact": None, "updated_at": now()}
            connection.execute(official_accounts.update().where(official_accounts.c.id == number).values(erased))
        return self.get(platform_id, account_id)

    def state(self, connection: sa.Connection, platform_id: str, account_id: str, moment: str) -> AccountState | None:
        """What is recorded of the account that posts; None where nothing is.

        Args:
            moment: ISO 8601, UTC.
        """
        row = connection.execute(_ACCOUNT, {"platform": platform_id, "account": account_id}).first()
        if row is None:
            return None
        points = standing.points(connection, [row.id], self.table, moment).get(row.id, 0)
        level = self.table.level(points)
        return AccountState(
            number=row.id,
            account_id=account_id,
            verified=row.verification == "verified",
            level=level,
            level_name=self.table.levels[level].name,
            entity=row.entity,
            news_licence=row.id in qualifications.news_licences(connection, [row.id], moment),
            categories=tuple(row.categories),
            names=(row.name, *row.names),
            operator_id=row.operator_id,
            operator_name=row.operator_name,
            linked_account=row.linked_account,
        )

    def poster(
        self, connection: sa.Connection, platform_id: str, account_id: str | None, name: str | None, moment: str
    ) -> Poster:
        """Whom a post is by.

        Args:
            account_id: the platform's id of the account; None where it sent none.
            name: its display name.
        """
        if account_id is None:
            told = by_name(name)
            protected = told.claimed and _verified_bears(connection, platform_id, told.claimed)
            return Poster(frozenset(), told.claimed, finding="account_id_needed") if protected else told
        claimed = key_of(name or "")
        state = self.state(connection, platform_id, account_id, moment)
        if state is None or not state.verified:
            return Poster(frozenset(), claimed, finding="account_not_verified", state=state)
        keys = connection.execute(_NAMES, {"official": state.number}).scalars()
        return Poster(frozenset(keys), claimed, state.linked_account, None, state)

    def _records(self, connection: sa.Connection, numbers: Sequence[int]) -> list[OfficialAccountRecord]:
        query = sa.select(official_accounts).where(official_accounts.c.id.in_(numbers))
        rows = connection.execute(query.order_by(official_accounts.c.id)).all()
        moment = now()
        points = standing.points(connection, numbers, self.table, moment)
        licensed = qualifications.news_licences(connection, numbers, moment)
        return [_record(row, self.table.level(points.get(row.id, 0)), licensed.get(row.id)) for row in rows]


def _values(wanted: OfficialAccount) -> dict[str, Any]:
    operator, verification = wanted.operator, wanted.verification
    return {
        **wanted.model_dump(include={"name", "names", "entity", "registered_in", "operates_in", "categories"}),
        "operator_id": None if operator is None else operator.id,
        "operator_name": None if operator is None else operator.name,
        "verification": verification.state,
        "verified_by": verification.by,
        "verified_at": verification.at,
        "contact": None if wanted.contact is None else wanted.contact.model_dump(exclude_none=True),
    }


def _write_names(connection: sa.Connection, number: int, wanted: OfficialAccount) -> None:
    connection.execute(official_names.delete().where(official_names.c.official == number))
    borne = [wanted.name, *wanted.names, *([wanted.operator.name] if wanted.operator else [])]
    keys = set(filter(None, map(key_of, borne)))
    if keys:
        connection.execute(official_names.insert(), [{"official": number, "key": key} for key in sorted(keys)])


def _verified_bears(connection: sa.Connection, platform_id: str, key: str) -> bool:
    """Whether a verified account of the platform has this name."""
    return connection.execute(_BEARING, {"platform": platform_id, "key": key}).first() is not None


def _record(row: Any, level: int, licensed_until: str | None) -> OfficialAccountRecord:
    operator = None if row.operator_id is None else Operator(id=row.operator_id, name=row.operator_name)
    return OfficialAccountRecord(
        account_id=row.account_id,
        name=row.name,
        names=row.names,
        entity=row.entity,
        registered_in=row.registered_in,
        operates_in=row.operates_in,
        categories=row.categories,
        operator=operator,
        linked_account=row.linked_account,
        verification=Verification.model_construct(state=row.verification, by=row.verified_by, at=row.verified_at),
        contact=None if row.contact is None else Contact.model_construct(**row.contact),
        news_licence_until=licensed_until,
        level=level,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
