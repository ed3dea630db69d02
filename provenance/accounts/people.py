"""People who sign in to the pages: each acts for one account, with scopes as an API key has them.

Nobody chooses a password for somebody else: a person is made by an invitation, a link that works once. Passwords are
kept as Argon2id hashes (RFC 9106) with a minimal length and no other rules (NIST SP 800-63B, 3.1.1).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import Field
from sqlalchemy.exc import IntegrityError

from ..database.engine import Database
from ..database.tables import accounts as account_rows
from ..database.tables import invitations, now, people, sessions, stamp
from ..errors import BadInput, Conflict, Forbidden, NotFound
from ..ids import new_id
from ..names import clean
from ..schema_fields import Name, Record, Request
from . import accounts
from .accounts import KIND_SCOPES, AccountKind, NewAccount, Scope

MIN_PASSWORD, MAX_PASSWORD = 12, 200  # characters
INVITATION_DAYS = 7
FIRST_INVITATION_HOURS = 1
ADMINISTRATION = "administration"  # the account of whoever comes first
_SECRET_BYTES = 32
# People of a platform decide about posts, which its programs must not.
_PERSON_SCOPES: dict[AccountKind, tuple[Scope, ...]] = {**KIND_SCOPES, "platform": ("scan", "review")}


class Person(Record):
    id: str = Field(examples=["person_0123456789abcdef01234567"])
    account_id: str
    name: str
    scopes: list[Scope]
    second_factor: bool = Field(description="Whether a code is asked for at sign-in, too.")
    created_at: str
    disabled_at: str | None = None


class NewInvitation(Request):
    account: Name = Field(min_length=1, description="Account id or name.", examples=["North Bank Weekly"])
    scopes: list[Scope] | None = Field(None, description="Default: what the account's kind needs.")
    person: str | None = Field(
        None, max_length=100, description="Person who gets another password by it, and no second factor."
    )


class Invitation(Record):
    id: str
    account_id: str
    person: str | None
    scopes: list[Scope]
    expires_at: str
    secret: str = Field(description="Opens /invitation/SECRET once; shown this once and never again.")


class Invited(Record):
    """What an invitation offers whoever opens it."""

    account: str = Field(description="Name of the account.")
    person: str | None = Field(description="Name of the person who gets another password; null: somebody new.")
    scopes: list[Scope]


def invite(db: Database, new: NewInvitation) -> Invitation:
    """Raises `NotFound` for an unknown account or person, `BadInput` for no scope."""
    account = accounts.find(db, new.account)
    if new.person is not None and get(db, new.person).account_id != account.id:
        raise NotFound(f"{account.name!r} has no person {new.person!r}")
    scopes = list(_PERSON_SCOPES[account.kind] if new.scopes is None else dict.fromkeys(new.scopes))
    if not scopes:
        raise BadInput("scopes: a person without any scope could do nothing")
    return _invitation(db, account.id, scopes, timedelta(days=INVITATION_DAYS), new.person)


def first_invitation(db: Database) -> Invitation | None:
    """The invitation that makes the administrator; None once there is anybody."""
    with db.read() as connection:
        if connection.execute(sa.select(people.c.id).limit(1)).first() is not None:
            return None
        found = connection.execute(
            sa.select(account_rows.c.id).where(account_rows.c.kind == "administrator").order_by("created_at").limit(1)
        ).scalar()
    if found is None:
        try:
            found = accounts.create(db, NewAccount(name=ADMINISTRATION, kind="administrator")).id
        except Conflict:  # another process was first, or somebody else bears the name
            found = accounts.find(db, ADMINISTRATION).id
    scopes = list(KIND_SCOPES["administrator"])
    return _invitation(db, found, scopes, timedelta(hours=FIRST_INVITATION_HOURS), None)


def _invitation(db: Database, account_id: str, scopes: list[Scope], lasts: timedelta, person: str | None) -> Invitation:
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    row: dict[str, Any] = {
        "id": new_id("invitation"),
        "account_id": account_id,
        "person": person,
        "scopes": scopes,
        "expires_at": stamp(datetime.now(UTC) + lasts),
    }
    with db.write() as connection:
        connection.execute(invitations.insert().values(**row, secret_hash=digest(secret), created_at=now()))
    return Invitation.model_validate({**row, "secret": secret})


def invited(db: Database, secret: str) -> Invited:
    """What an invitation offers; raises `NotFound` for one that is unknown, used or too old."""
    with db.read() as connection:
        row = _open_invitation(connection, secret)
        person = None if row.person is None else _row(connection, row.person)
    account = accounts.find(db, row.account_id)
    return Invited(account=account.name, person=None if person is None else person.name, scopes=row.scopes)


def accept(db: Database, secret: str, name: str, password: str) -> Person:
    """Make the person that an invitation is for, or give them the password.

    Args:
        name: to sign in with; of an invitation for another password it is not looked at.

    Raises:
        NotFound: the invitation is unknown, used or too old.
        BadInput: the name or the password cannot be used.
        Conflict: the name is taken.
    """
    named = invited(db, secret)
    name = clean(name) if named.person is None else named.person
    if not 1 <= len(name) <= 100:
        raise BadInput("name: has 1 to 100 characters")
    hashed = hash_password(password, name)
    try:
        with db.write() as connection:
            row = _open_invitation(connection, secret)
            connection.execute(invitations.update().where(invitations.c.id == row.id).values(used_at=now()))
            if row.person is not None:
                _give_password(connection, row.person, hashed, second_factor=None, recovery=[], disabled_at=None)
                return _as_person(_row(connection, row.person))
            made = {
                "id": new_id("person"),
                "account_id": row.account_id,
                "name": name,
                "name_key": name_key(name),
                "scopes": row.scopes,
                "password": hashed,
                "recovery": [],
                "created_at": now(),
            }
            connection.execute(people.insert().values(**made))
            return _as_person(_row(connection, made["id"]))
    except IntegrityError as error:
        raise Conflict("name: somebody has it already, choose another") from error


def change_password(db: Database, person_id: str, present: str, wanted: str) -> None:
    """End all sessions of the person, too.

    Raises:
        Forbidden: the present password is another one.
        BadInput: the new one cannot be used.
    """
    hashed = hash_password(wanted, check_password(db, person_id, present).name)
    with db.write() as connection:
        _give_password(connection, person_id, hashed)


def check_password(db: Database, person_id: str, password: str) -> Person:
    """The person whose password it is; raises `Forbidden` for any other."""
    with db.read() as connection:
        row = _row(connection, person_id)
    if not password_fits(row.password, password):
        raise Forbidden("the present password is another one")
    return _as_person(row)


def _give_password(connection: sa.Connection, person_id: str, hashed: str, **besides: Any) -> None:
    connection.execute(people.update().where(people.c.id == person_id).values(password=hashed, **besides))
    connection.execute(
        sessions.update()
        .where(sessions.c.person == person_id, sessions.c.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def disable(db: Database, person_id: str) -> Person:
    """Sign a person out everywhere, for good; an invitation for another password lets them in again."""
    with db.write() as connection:
        _row(connection, person_id)
        connection.execute(
            people.update().where(people.c.id == person_id, people.c.disabled_at.is_(None)).values(disabled_at=now())
        )
        return _as_person(_row(connection, person_id))


def everyone(db: Database, account_id: str | None = None) -> list[Person]:
    query = sa.select(people).order_by(people.c.created_at, people.c.id)
    if account_id is not None:
        query = query.where(people.c.account_id == account_id)
    with db.read() as connection:
        return [_as_person(row) for row in connection.execute(query)]


def get(db: Database, person_id: str) -> Person:
    """Raises `NotFound`."""
    with db.read() as connection:
        return _as_person(_row(connection, person_id))


def name_key(name: str) -> str:
    """What names are compared by at sign-in: width, case and composition make no other person."""
    return unicodedata.normalize("NFKC", clean(name)).casefold()[:200]


def digest(secret: str) -> bytes:
    """What is kept of a secret of 256 random bits; there is no guessing them, so no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


# --- passwords -------------------------------------------------------------------------------------------------------
@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys() -> str:
    """A hash that no password has: an unknown name takes as long as a known one."""
    return _hasher().hash(secrets.token_hex(32))


def hash_password(password: str, name: str) -> str:
    """Raises `BadInput` for a password that is too short, too long or the name."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise BadInput(f"password: has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    if hmac.compare_digest(name_key(password).encode(), name_key(name).encode()):
        raise BadInput("password: is your name; choose another")
    return _hasher().hash(_composed(password))


def password_fits(hashed: str | None, password: str) -> bool:
    """Whether a password is the one of a hash; without one it takes as long, and is not."""
    try:
        return _hasher().verify(hashed or _nobodys(), _composed(password[:MAX_PASSWORD])) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def _composed(password: str) -> str:
    """Keyboards compose letters differently (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()


# --- rows ------------------------------------------------------------------------------------------------------------
def _open_invitation(connection: sa.Connection, secret: str) -> sa.Row[Any]:
    row = connection.execute(sa.select(invitations).where(invitations.c.secret_hash == digest(secret))).first()
    if row is None or row.used_at is not None or row.expires_at < now():
        raise NotFound("this invitation was used, is too old or never was: ask for another one")
    return row


def _row(connection: sa.Connection, person_id: str) -> sa.Row[Any]:
    row = connection.execute(sa.select(people).where(people.c.id == person_id)).first()
    if row is None:
        raise NotFound(f"no person has the id {person_id!r}: see `sourcemark person list`")
    return row


def _as_person(row: sa.Row[Any]) -> Person:
    return Person.model_validate({**row._asdict(), "second_factor": row.second_factor is not None})
