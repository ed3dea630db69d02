"""The policies of platforms: every version is kept, the newest that can be read decides; without one, the default."""

from __future__ import annotations

import logging
from functools import cache, lru_cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ...database import paging
from ...database.engine import Database
from ...database.tables import now, policies
from ...errors import BadInput, Conflict, NotFound
from ...schemas.policies import PolicyRecord, PolicySummary
from . import rules
from .deciding import Policy
from .rules import Rule

_logger = logging.getLogger(__name__)

CURRENT, DEFAULT = "current", "default"  # in place of a version: the one in force, the one that is shipped


@cache
def default() -> Policy:
    """What decides for platforms that have set no policy."""
    text = _default_text()
    return Policy(f"{DEFAULT}-{rules.content_id(text)}", _rules(text))


def _default_text() -> str:
    return resources.files(__package__).joinpath("default.toml").read_text(encoding="utf-8")


@lru_cache(maxsize=100)
def _rules(text: str) -> tuple[Rule, ...]:
    return rules.read(text)


def in_force(db: Database, account_id: str) -> Policy:
    """The policy that decides for a platform now.

    A version that can no longer be read is told to the operator and passed over: the one before it decides.
    """
    newest = _newest_first(account_id).limit(1)  # of versions each of which may be of many kilobytes
    with db.read() as connection:
        row = connection.execute(newest).first()
        while row is not None:
            try:
                return Policy(row.version, _rules(row.content))
            except BadInput as error:
                _logger.error("the policy %s of %s cannot be used: %s", row.version, account_id, error.detail)
            row = connection.execute(newest.where(policies.c.number < row.number)).first()
    return default()


def set_policy(db: Database, account_id: str, text: str) -> PolicyRecord:
    """Let a policy decide from now on. What is set already is not set again.

    Raises:
        BadInput: it cannot be used; the one that is in force stays.
        Conflict: another one was set at the same moment.
    """
    _rules(text)
    with db.write() as connection:
        newest = connection.execute(_newest_first(account_id).limit(1)).first()
        if newest is not None and newest.content == text:
            return _record(newest)
        number = 1 if newest is None else newest.number + 1
        row = {
            "account_id": account_id,
            "number": number,
            "version": f"{number}-{rules.content_id(text)}",
            "content": text,
            "set_at": now(),
        }
        try:
            connection.execute(policies.insert().values(**row))
        except IntegrityError as error:
            raise Conflict("another policy was set at the same moment: look at it, then set yours again") from error
        made = connection.execute(_newest_first(account_id).limit(1)).one()
    return _record(made)


def get(db: Database, account_id: str, version: str = CURRENT) -> PolicyRecord:
    """A policy of a platform; raises `NotFound` for a version that it never set."""
    if version == CURRENT:
        version = in_force(db, account_id).version
    if version in (DEFAULT, default().version):
        return get_default()
    with db.read() as connection:
        row = connection.execute(_newest_first(account_id).where(policies.c.version == version)).first()
    if row is None:
        raise NotFound(f"no policy of yours has the version {version!r}: see `sourcemark policy list`")
    return _record(row)


def get_default() -> PolicyRecord:
    """The policy that is shipped."""
    return PolicyRecord(policy_version=default().version, set_at=None, toml=_default_text())


def page(db: Database, account_id: str, *, after: int = 0, limit: int = 100) -> tuple[list[PolicySummary], int | None]:
    """The policies that a platform has set, oldest first, and the cursor of the next page or None."""
    columns = (policies.c.number, policies.c.version, policies.c.set_at)
    query = sa.select(*columns).where(policies.c.account_id == account_id)
    with db.read() as connection:
        rows, more = paging.page(connection, query, policies.c.number, after, limit)
    return [PolicySummary(policy_version=row.version, set_at=row.set_at) for row in rows], more


def _newest_first(account_id: str) -> sa.Select[tuple[int, str, str, str]]:
    columns = (policies.c.number, policies.c.version, policies.c.content, policies.c.set_at)
    return sa.select(*columns).where(policies.c.account_id == account_id).order_by(policies.c.number.desc())


def _record(row: sa.Row[tuple[int, str, str, str]]) -> PolicyRecord:
    return PolicyRecord(policy_version=row.version, set_at=row.set_at, toml=row.content)
