"""Secret links by which the parties of a case come back without an account.

A secret is 256 random bits, told once, in an answer or a letter, and stored as its SHA-256 only. A link opens one case
for one party, for one purpose, until it expires.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import case_links, now, stamp
from ..errors import NotFound
from . import rows

# confirm: shows, once, that a mail address is the party's; case: opens the case, as often as it is wanted.
Purpose = Literal["confirm", "case"]
PREFIX = "sml_"
_BYTES = 32
_LENGTH = len(PREFIX) + 43  # base64url without padding


def make(connection: sa.Connection, party: int, purpose: Purpose, days: int) -> str:
    """The secret of a new link.

    Args:
        party: number of its row.
        days: after which it opens nothing.
    """
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    expires_at = stamp(datetime.now(UTC) + timedelta(days=days))
    connection.execute(
        case_links.insert().values(
            party=party, purpose=purpose, hash=_hash(secret), created_at=now(), expires_at=expires_at
        )
    )
    return secret


def for_poster(db: Database, case_id: str, account_id: str | None, days: int) -> str:
    """A link for the poster of a case, whom the platform tells by ways of its own.

    Args:
        account_id: the platform whose case it is; None: any.

    Raises:
        NotFound: there is no such case, or it was not forwarded to anybody yet.
    """
    with db.write() as connection:
        poster = rows.parties(connection, rows.find(connection, case_id, account_id).id).get("poster")
        if poster is None or poster.erased_at is not None:
            raise NotFound(f"{case_id} has no poster: forward it first")
        return make(connection, poster.id, "case", days)


def find(connection: sa.Connection, secret: str) -> int:
    """The number of the party whose case a secret opens; raises `NotFound`."""
    party = connection.execute(sa.select(case_links.c.party).where(*_open(secret, "case"))).scalar()
    return _known(party)


def confirm(connection: sa.Connection, secret: str) -> int:
    """Use up a link that confirms an address; the number of its party.

    Raises:
        NotFound: there is no such link, it has expired, or it was used: of two who use it at once one is refused.
    """
    used = case_links.update().where(*_open(secret, "confirm"), case_links.c.used_at.is_(None))
    return _known(connection.execute(used.values(used_at=now()).returning(case_links.c.party)).scalar())


def take_back(connection: sa.Connection, secret: str) -> None:
    """A link that was not told to anybody opens nothing."""
    connection.execute(case_links.delete().where(case_links.c.hash == _hash(secret)))


def unconfirm(connection: sa.Connection, party: int) -> None:
    """The mail address of a party is another now: what was sent to the one before confirms nothing."""
    connection.execute(case_links.delete().where(case_links.c.party == party, case_links.c.purpose == "confirm"))


def forget(connection: sa.Connection, party: int) -> None:
    """The links of a party who is erased open nothing any more."""
    connection.execute(case_links.delete().where(case_links.c.party == party))


def purge(db: Database) -> int:
    """Delete links that have expired; returns how many."""
    with db.write() as connection:
        return connection.execute(case_links.delete().where(case_links.c.expires_at <= now())).rowcount


def _open(secret: str, purpose: Purpose) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        case_links.c.hash == _hash(secret[: _LENGTH + 1]),
        case_links.c.purpose == purpose,
        case_links.c.expires_at > now(),
    )


def _known(party: int | None) -> int:
    """One answer for whatever is wrong with a link: who guesses learns nothing."""
    if party is None:
        raise NotFound("this link opens nothing: it is incomplete, used or expired; take that of the newest letter")
    return party


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
