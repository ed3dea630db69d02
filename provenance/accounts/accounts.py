"""Accounts and their API keys.

Three kinds of users and an administrator. A key belongs to one account and carries scopes; it is 256 random bits,
shown once and stored only as its SHA-256 (a slow hash would protect nothing: there is no guessing 256 bits).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.exc import IntegrityError

from ..database.engine import Database
from ..database.tables import accounts, api_keys, now
from ..errors import BadInput, Conflict, Forbidden, NotFound, Unauthenticated
from ..ids import new_id
from ..schema_fields import Name, Record, Request
from . import quotas
from .quotas import KeyLimits, KeySent

AccountKind = Literal["producer", "platform", "rights_holder", "administrator"]
Scope = Literal["register", "scan", "lookup", "review", "keys", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
KINDS: tuple[AccountKind, ...] = get_args(AccountKind)

# What each kind of user needs, and nothing more. "review" is for people who decide about posts, each with a key of
# their own; programs that scan have none. "keys" is for one request: it puts a key of the account's own in the place of
# the one that the service keeps, so whoever steals a key with it would have the account for good.
KIND_SCOPES: dict[AccountKind, tuple[Scope, ...]] = {
    "producer": ("register", "lookup"),
    "platform": ("scan",),
    "rights_holder": ("register", "lookup"),
    "administrator": SCOPES,
}

LOCAL = "local"  # the account of an embedded installation: the person at the command line


class Account(Record):
    id: str = Field(examples=["acc_0123456789abcdef01234567"])
    name: str = Field(examples=["North Bank Weekly"])
    kind: AccountKind
    default_owner: str | None = Field(None, description="Owner of works registered without one.")
    created_at: str


class NewAccount(Request):
    name: Name = Field(min_length=1, examples=["North Bank Weekly"])
    kind: AccountKind = "producer"
    default_owner: Name | None = None


class ApiKey(Record):
    id: str = Field(examples=["key_0123456789abcdef01234567"])
    account_id: str
    label: str
    scopes: list[Scope]
    created_at: str
    revoked_at: str | None = None
    limits: KeyLimits = KeyLimits()
    sent: KeySent = KeySent()


class NewApiKey(Request):
    account: Name = Field(min_length=1, description="Account id or name.", examples=["North Bank Weekly"])
    label: Name = ""
    scopes: Annotated[list[Scope], Field(json_schema_extra={"minItems": 1})] | None = Field(
        None, description="Default: what the account's kind needs."
    )
    limits: KeyLimits = KeyLimits()


class IssuedKey(ApiKey):
    secret: str = Field(description="The key itself; shown this once and never again.")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: an account, with the key it used and its scopes.

    Attributes:
        key_id: the public id of the key.
        label: what its account calls it.
        limits: that the key has of its own.
    """

    account_id: str
    scopes: frozenset[Scope]
    key_id: str
    label: str
    limits: KeyLimits = field(default_factory=KeyLimits)

    @property
    def is_admin(self) -> bool:
        return "admin" in self.scopes

    def may(self, scope: Scope) -> bool:
        """Whether the key carries the scope; an administrator's carries all."""
        return scope in self.scopes or self.is_admin

    def require(self, scope: Scope) -> None:
        """Raises `Forbidden` unless `may`."""
        if not self.may(scope):
            raise Forbidden(f"this key lacks the scope {scope!r}: ask the administrator for one that has it")


def create(db: Database, new: NewAccount) -> Account:
    """Raises `Conflict` when the name is taken, or could be mistaken for another account."""
    if new.name == LOCAL or new.name.startswith("acc_"):
        raise Conflict(f"name: {new.name!r} is reserved, choose another")
    return _insert(db, new)


def _insert(db: Database, new: NewAccount) -> Account:
    row = {"id": new_id("acc"), **new.model_dump(), "created_at": now()}
    try:
        with db.write() as connection:
            connection.execute(accounts.insert().values(**row))
    except IntegrityError as error:
        raise Conflict(f"an account named {new.name!r} exists already: choose another name") from error
    return Account.model_validate(row)


def find(db: Database, ref: str) -> Account:
    """An account by id or name; raises `NotFound`."""
    with db.read() as connection:
        row = connection.execute(
            sa.select(accounts).where(sa.or_(accounts.c.id == ref, accounts.c.name == ref))
        ).first()
    if row is None:
        raise NotFound(f"no account has the id or name {ref!r}: see `sourcemark account list`")
    return Account.model_validate(row._asdict())


def local(db: Database) -> Account:
    """The account of the embedded installation, made at its first use."""
    try:
        return find(db, LOCAL)
    except NotFound:
        pass
    try:
        return _insert(db, NewAccount(name=LOCAL, kind="producer"))
    except Conflict:  # another process was first
        return find(db, LOCAL)


def everyone(db: Database) -> list[Account]:
    with db.read() as connection:
        rows = connection.execute(sa.select(accounts).order_by(accounts.c.created_at, accounts.c.id)).all()
    return [Account.model_validate(row._asdict()) for row in rows]


def issue_key(db: Database, new: NewApiKey) -> IssuedKey:
    """Make an API key for an account. The secret is in the answer and nowhere else."""
    account = find(db, new.account)
    scopes = list(new.scopes) if new.scopes is not None else list(KIND_SCOPES[account.kind])
    if not scopes:
        raise BadInput("scopes: a key without any scope could do nothing")
    secret = "smk_" + secrets.token_urlsafe(32)
    row: dict[str, Any] = {
        "id": new_id("key"),
        "account_id": account.id,
        "label": new.label,
        "scopes": sorted(set(scopes)),
        "created_at": now(),
        "limits": new.limits.model_dump(exclude_none=True),
    }
    with db.write() as connection:
        connection.execute(api_keys.insert().values(**row, secret_hash=_hash(secret)))
    return IssuedKey.model_validate({**row, "secret": secret})


def keys(db: Database, account_id: str | None = None) -> list[ApiKey]:
    query = sa.select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
    if account_id is not None:
        query = query.where(api_keys.c.account_id == account_id)
    with db.read() as connection:
        rows = connection.execute(query).all()
        sent = quotas.sent(connection, [row.id for row in rows])
    return [_as_key(row, sent.get(row.id)) for row in rows]


def _as_key(row: sa.Row[Any], sent: KeySent | None) -> ApiKey:
    values = {**row._asdict(), "limits": _limits(row), "sent": sent or KeySent()}
    return ApiKey.model_validate(values)


def _limits(row: sa.Row[Any]) -> KeyLimits:
    return KeyLimits.model_validate(row.limits or {})


def limit_key(db: Database, key_id: str, limits: KeyLimits) -> ApiKey:
    """Give an API key limits of its own, in place of those that it had. Raises `NotFound`."""
    return _changed(db, key_id, sa.true(), limits=limits.model_dump(exclude_none=True))


def revoke_key(db: Database, key_id: str) -> ApiKey:
    """Revoke an API key, at once and for good; revoking twice changes nothing. Raises `NotFound`."""
    return _changed(db, key_id, api_keys.c.revoked_at.is_(None), revoked_at=now())


def _changed(db: Database, key_id: str, where: sa.ColumnElement[bool], **values: Any) -> ApiKey:
    """An API key with other values, if it is one of those ``where``; raises `NotFound`."""
    with db.write() as connection:
        connection.execute(api_keys.update().where(api_keys.c.id == key_id, where).values(**values))
        row = connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id)).first()
        sent = quotas.sent(connection, [key_id])
    if row is None:
        raise NotFound(f"no API key has the id {key_id!r}: see `sourcemark key list`")
    return _as_key(row, sent.get(key_id))


def authenticate(db: Database, secret: str) -> Principal:
    """Who holds this API key; raises `Unauthenticated` for an unknown or revoked one."""
    with db.read() as connection:
        row = connection.execute(sa.select(api_keys).where(api_keys.c.secret_hash == _hash(secret))).first()
    if row is None:
        raise Unauthenticated("this API key is not known here: check it, or ask the administrator for a new one")
    if row.revoked_at is not None:
        raise Unauthenticated("this API key has been revoked: ask the administrator for a new one")
    return Principal(row.account_id, frozenset(row.scopes), row.id, row.label, _limits(row))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
