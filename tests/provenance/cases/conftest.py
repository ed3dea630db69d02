"""A case with its two parties, as rows and nothing else: what letters and links are about."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from provenance.config import Settings
from provenance.database.engine import Database
from provenance.database.tables import (
    accounts,
    case_addresses,
    case_letters,
    case_parties,
    case_steps,
    cases,
    now,
    openings,
)
from provenance.schemas.case import Role, StepName

CASE = "case_0123456789abcdef01234567"


def _with_a_case(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.url, 5)
    moment = now()
    with opened.write() as connection:
        connection.execute(accounts.insert().values(id="p", name="City Posts", kind="platform", created_at=moment))
        connection.execute(
            cases.insert().values(
                id=1, case_id=CASE, account_id="p", regime="us-dmca", state="received", steps=0, subject=b"\0" * 32,
                filed_at=moment, changed_at=moment, clock="completion", due="2026-12-16T05:00:00.000000Z",
            )
        )  # fmt: skip
        connection.execute(
            case_addresses.insert().values(case=1, number=0, key=b"\1" * 32, url="https://posts.example/9")
        )
        for number, role in enumerate(("notifier", "poster"), 1):
            connection.execute(
                case_parties.insert().values(
                    id=number, party_id=f"party_{number}", case=1, role=role, lang="en",
                    person={"name": role, "email": f"{role}@mail.example"},
                )
            )  # fmt: skip
    yield opened
    opened.close()


@pytest.fixture
def db(settings: Settings) -> Iterator[Database]:
    """Once on each kind of database."""
    yield from _with_a_case(settings)


@pytest.fixture
def sqlite_db(sqlite_settings: Settings) -> Iterator[Database]:
    yield from _with_a_case(sqlite_settings)


def a_step(db: Database, name: StepName, *told: Role, said: dict[str, Any] | None = None, **values: Any) -> None:
    """A step of the case that tells these parties, in one transaction."""
    with db.write() as connection:
        number = connection.execute(
            cases.update().values(steps=cases.c.steps + 1).returning(cases.c.steps)
        ).scalar_one()
        row = {"id": number, "case": 1, "number": number, "name": name, "state": "received", "actor": "staff"}
        row |= {"step_id": f"step_{number}", "at": now(), "leaf_hash": os.urandom(32), **values}
        connection.execute(case_steps.insert().values(row))
        for opening, record in (("facts", {"missing": ["signature"]} if name == "ask" else {}), ("said", said)):
            connection.execute(
                openings.insert().values(leaf_hash=row["leaf_hash"], name=opening, salt=b"\0" * 32, record=record)
            )
        for role in told:
            connection.execute(
                case_letters.insert().values(
                    letter_id=f"letter_{number}_{role}", step=number, party=1 if role == "notifier" else 2,
                    state="pending", attempts=0, due=0.0,
                )
            )  # fmt: skip
