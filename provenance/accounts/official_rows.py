"""Finding the row of an official account; another platform's is not found."""

from __future__ import annotations

import sqlalchemy as sa

from ..database.tables import official_accounts
from ..errors import NotFound


def find(connection: sa.Connection, platform_id: str, account_id: str) -> int | None:
    """The internal number of a platform's account, None where it has recorded none of this id."""
    return connection.execute(
        sa.select(official_accounts.c.id).where(
            official_accounts.c.platform == platform_id, official_accounts.c.account_id == account_id
        )
    ).scalar()


def require(connection: sa.Connection, platform_id: str, account_id: str) -> int:
    """The internal number of a platform's account; raises `NotFound`."""
    number = find(connection, platform_id, account_id)
    if number is None:
        raise NotFound(f"no official account of yours has the id {account_id!r:.220}")
    return number
