"""A database with two accounts, and what the tests of this room do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from provenance.config import Settings
from provenance.database.engine import Database
from provenance.database.tables import accounts, endpoints, now

Listen = Callable[..., int]


def _with_accounts(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.url, 5)
    with opened.write() as connection:
        for name in ("one", "two"):
            connection.execute(accounts.insert().values(id=name, name=name, kind="platform", created_at=now()))
    yield opened
    opened.close()


@pytest.fixture
def db(settings: Settings) -> Iterator[Database]:
    """Once on each kind of database."""
    yield from _with_accounts(settings)


@pytest.fixture
def sqlite_db(sqlite_settings: Settings) -> Iterator[Database]:
    yield from _with_accounts(sqlite_settings)


def listen(db: Database, account: str, *names: str, **values: Any) -> int:
    """A new endpoint of an account, told of these events; returns its internal number."""
    row = {
        "endpoint_id": f"hook_{account}", "account_id": account, "kind": "webhook", "address": "https://a.example/",
        "events": list(names), "secrets": [], "created_at": now(), "failures": 0, "due": 0.0, **values,
    }  # fmt: skip
    with db.write() as connection:
        connection.execute(endpoints.insert().values(row))
        found = sa.select(endpoints.c.id).where(endpoints.c.endpoint_id == row["endpoint_id"])
        return int(connection.execute(found).scalar_one())


def rows(db: Database, table: sa.Table) -> list[sa.Row[Any]]:
    with db.read() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key)).all())
