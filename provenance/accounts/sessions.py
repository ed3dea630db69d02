"""Sessions of people at the pages: by name, password and perhaps a code, or by an API key.

A session is 256 random bits in a cookie; the database has their SHA-256, so who reads it cannot sign in.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from ..database.engine import Database
from ..database.tables import api_keys, now, people, sessions, stamp
from ..errors import NotFound, Unauthenticated
from ..ids import new_id
from ..schema_fields import Record
from .accounts import Principal, authenticate
from .people import digest, name_key, password_fits
from .second_factor import SecondFactor

_SEEN_EVERY = timedelta(minutes=5)  # that the moment of the last request is written


class SessionRecord(Record):
    id: str = Field(examples=["session_0123456789abcdef01234567"])
    person: str | None = Field(description="Id of who signed in; null: by an API key.")
    api_key: str | None = Field(description="Id of the API key that it is by.")
    browser: str = Field(description="As it named itself.")
    created_at: str
    seen_at: str = Field(description="Of the last request, to five minutes.")
    expires_at: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who uses a page.

    Attributes:
        session_id: public id of the session.
        principal: what it may do; its key's id is that of the person or of the API key.
        person_id: None where an API key signed in.
    """

    session_id: str
    principal: Principal
    person_id: str | None


class CodeNeeded(Unauthenticated):
    """Name and password are right, and a code of the second factor is asked for."""


def sign_in(db: Database, factor: SecondFactor, name: str, password: str, code: str, browser: str, hours: int) -> str:
    """
    Args:
        code: of the second factor; empty: none was given.
        browser: as it names itself.
        hours: that the session lasts.

    Returns:
        The secret of a new session.

    Raises:
        Unauthenticated: the same for an unknown name, a wrong password and a wrong code.
        CodeNeeded: no code was given, and one is needed.
    """
    with db.read() as connection:
        row = connection.execute(sa.select(people).where(people.c.name_key == name_key(name))).first()
    fits = password_fits(None if row is None else row.password, password)
    if row is None or not fits or row.disabled_at is not None:
        raise Unauthenticated("name and password do not belong together")
    if row.second_factor is not None:
        if not code.strip():
            raise CodeNeeded("a code of your second factor is needed, too")
        if not factor.take(row, code):
            raise Unauthenticated("this code is not right, or was used already: take the next one")
    return _begin(db, browser, hours, person=row.id)


def sign_in_by_key(db: Database, api_key: str, browser: str, hours: int) -> str:
    """The secret of a session that may do what an API key may, and ends when that is revoked; raises
    `Unauthenticated`."""
    return _begin(db, browser, hours, api_key=authenticate(db, api_key.strip()).key_id)


def _begin(db: Database, browser: str, hours: int, **who: str) -> str:
    secret, moment = secrets.token_urlsafe(32), now()
    row = {
        "id": new_id("session"),
        "secret_hash": digest(secret),
        "browser": "".join(char for char in browser if char.isprintable())[:300],
        "created_at": moment,
        "seen_at": moment,
        "expires_at": stamp(datetime.now(UTC) + timedelta(hours=hours)),
    }
    with db.write() as connection:
        connection.execute(sessions.delete().where(sessions.c.expires_at < moment))
        connection.execute(sessions.insert().values(**row, **who))
    return secret


def find(db: Database, secret: str) -> SignedIn | None:
    """Who has a session; None where it is over, or its person or API key may not use it any more."""
    with db.read() as connection:
        row = connection.execute(_open(sessions.c.secret_hash == digest(secret))).first()
    if row is None:
        return None
    if datetime.now(UTC) - datetime.fromisoformat(row.seen_at) > _SEEN_EVERY:
        with db.write() as connection:
            connection.execute(sessions.update().where(sessions.c.id == row.id).values(seen_at=now()))
    if row.person is not None:
        principal = Principal(row.person_account, frozenset(row.person_scopes), row.person, row.person_name)
    else:
        principal = Principal(row.key_account, frozenset(row.key_scopes), row.api_key, row.key_label)
    return SignedIn(row.id, principal, row.person)


def _open(where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Sessions that are in force, with who they are of."""
    return (
        sa.select(
            sessions,
            people.c.account_id.label("person_account"),
            people.c.scopes.label("person_scopes"),
            people.c.name.label("person_name"),
            api_keys.c.account_id.label("key_account"),
            api_keys.c.scopes.label("key_scopes"),
            api_keys.c.label.label("key_label"),
        )
        .outerjoin(people, people.c.id == sessions.c.person)
        .outerjoin(api_keys, api_keys.c.id == sessions.c.api_key)
        .where(
            where,
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > now(),
            people.c.disabled_at.is_(None),
            api_keys.c.revoked_at.is_(None),
        )
        .order_by(sessions.c.created_at.desc(), sessions.c.id)
    )


def of(db: Database, person_id: str) -> list[SessionRecord]:
    """The sessions of a person that are in force, newest first."""
    with db.read() as connection:
        return [
            SessionRecord.model_validate(row._asdict())
            for row in connection.execute(_open(sessions.c.person == person_id))
        ]


def end(db: Database, session_id: str, person_id: str | None = None) -> None:
    """
    Args:
        person_id: whose it must be; None: anybody's.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    whose = sa.true() if person_id is None else sessions.c.person == person_id
    with db.write() as connection:
        changed = connection.execute(
            sessions.update()
            .where(sessions.c.id == session_id, whose, sessions.c.revoked_at.is_(None))
            .values(revoked_at=now())
        )
    if not changed.rowcount:
        raise NotFound(f"there is no session {session_id!r}")
