"""The policies of platforms: every version is kept, the newest that can be read decides; without one, the default."""

from __future__ import annotations

import logging
from functools import cache
from importlib import resources

import sqlalchemy as sa

from ...database.engine import Database
from ...database.tables import policies
from ...errors import BadInput
from . import rules
from .deciding import Policy

_logger = logging.getLogger(__name__)


@cache
def default() -> Policy:
    """What decides for platforms that have set no policy."""
    text = default_text()
    return Policy(f"default-{rules.content_id(text)}", rules.read(text).rule)


def default_text() -> str:
    return resources.files(__package__).joinpath("default.toml").read_text(encoding="utf-8")


def in_force(db: Database, account_id: str) -> Policy:
    """The policy that decides for a platform now.

    A version that can no longer be read is told to the operator and passed over: the one before it decides.
    """
    query = sa.select(policies.c.version, policies.c.content).where(policies.c.account_id == account_id)
    with db.read() as connection:
        for row in connection.execute(query.order_by(policies.c.number.desc())):
            try:
                return Policy(row.version, rules.read(row.content).rule)
            except BadInput as error:
                _logger.error("the policy %s of %s cannot be used: %s", row.version, account_id, error.detail)
    return default()
