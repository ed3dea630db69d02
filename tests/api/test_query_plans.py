"""What PostgreSQL does with large tables: no query of a registration, a scan or a list reads one from end to end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount, NewApiKey
from provenance.application import Application
from provenance.config import Settings
from provenance.database.engine import Database
from provenance.database.tables import metadata
from provenance.jobs import webhooks
from tests.provenance.conftest import ESSAY, ESSAY_ZH, encoded, picture

pytestmark = pytest.mark.slow

DAYS = 125  # over which the rows are spread
ROWS = 3000  # of each table: enough for an index to be the cheaper way to a few of them
# What an operator enters by hand stays small, and so does what waits for the sequencer or is ahead of a gap; one row holds
# the state of the log.
SMALL = {
    *("pending_entries", "claims_ahead"),
    *("accounts", "api_keys", "signing_keys", "log_state", "policies", "endpoints", "watches", "review_queues"),
    *("official_accounts", "official_names", "qualifications", "standing_decisions", "unfinished_erasures"),
    *("people", "invitations"),
}
LARGE = set(metadata.tables) - SMALL
# Queries that read everything because they are about everything, by a part of them.
ALLOWED = (
    "GROUP BY decisions.",  # an administrator's statistics of all platforms
    "GROUP BY coalesce(nullif(decisions.reviewer_name",
    "JOIN decisions AS later ON later.supersedes",
    "GROUP BY review_items.queue",
    "AS month, cases.regime, count(*)",  # the public numbers of all complaints
    "substr(min(scans.scanned_at)",  # the chart of all sightings of an account's works, or of everybody's
    "SELECT count(*) AS count_1 \nFROM works",  # what the status of the HMA routes counts
    "SELECT count(*) AS count_1 \nFROM review_items",  # an index has the open ones alone, but here half are open
)


@pytest.fixture
def queries(postgres: Callable[..., str], tmp_path: Path) -> dict[str, Any]:
    """What a service asks of its database, each query once with its parameters."""
    settings = Settings(
        home=tmp_path / "home",
        database_url=postgres(template="migrated"),
        workers=1,
        job_threads=0,
        origin="log.test.example/plans",
    )
    found: dict[str, Any] = {}

    def note(_1: Any, _2: Any, statement: str, parameters: Any, _3: Any, many: bool) -> None:
        if not many and re.match(r"SELECT|UPDATE|DELETE|WITH", statement):
            found.setdefault(statement, parameters)

    app = create_app(settings)
    with TestClient(app, client=("127.0.0.1", 50000)) as client:
        application: Application = app.state.application
        deadline = time.monotonic() + 60
        while application.damaged_rows is None and time.monotonic() < deadline:  # it samples rows at its start
            time.sleep(0.02)
        sa.event.listen(application.db.engine, "before_cursor_execute", note)
        _use(client, application)
    return found


def _use(client: TestClient, application: Application) -> None:
    """Works, scans, a job, an event; then every list that needs no name of anything."""
    keys = {}
    for kind in accounts.KINDS:
        account = accounts.create(application.db, NewAccount(name=kind, kind=kind))
        keys[kind] = accounts.issue_key(application.db, NewApiKey(account=kind)).secret
        with application.db.write() as connection:
            webhooks.insert(connection, account.id, "webhook", "https://hooks.example/in", events=["claim.contested"])

    def send(method: str, path: str, who: str, **options: Any) -> Any:
        return client.request(method, path, headers={"Authorization": f"Bearer {keys[who]}"}, **options).json()

    for who, text in (("producer", ESSAY), ("producer", ESSAY_ZH), ("rights_holder", f"{ESSAY} And more.")):
        work = send("POST", "/v1/works", who, json={"text": text, "title": "t", "owner": who})["work_id"]
    send("GET", f"/v1/works/{work}", "producer")
    send("GET", f"/v1/works/{work}/competing-claims", "administrator")
    send("POST", "/v1/scans", "platform", json={"text": ESSAY, "post_url": "https://forum.example/1", "account": "ann"})
    scan = send("POST", "/v1/scans", "platform", files={"file": ("a.jpg", encoded(picture(1)))})["scan_id"]
    send("GET", f"/v1/scans/{scan}", "platform")
    send("POST", "/v1/scans/batch", "platform", json={"items": [{"text": ESSAY}]})
    application.jobs.take()
    for path, routes in client.get("/openapi.json").json()["paths"].items():
        if "get" in routes and "{" not in path:
            for who in keys:
                client.get(path, headers={"Authorization": f"Bearer {keys[who]}"})


@pytest.fixture
def large(postgres: Callable[..., str]) -> Iterator[sa.Connection]:
    """A database whose growing tables have `ROWS` rows each, of values that differ."""
    db = Database(Settings(database_url=postgres(template="migrated")).url, 5)
    with db.write() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))  # no foreign keys
        for name in LARGE:
            table = metadata.tables[name]
            values = ", ".join(_value(column) for column in table.columns)
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            connection.execute(
                sa.text(f"INSERT INTO {name} ({columns}) SELECT {values} FROM generate_series(1, {ROWS}) AS n")
            )
    with db.alone() as connection:
        connection.execute(sa.text("ANALYZE"))
    with db.read() as connection:
        yield connection
    db.close()


def _value(column: sa.Column[Any]) -> str:
    """SQL for a value that differs from row to row; half of those are missing that may be."""
    return f"CASE WHEN n % 2 = 0 THEN {_given(column)} END" if column.nullable else _given(column)


def _given(column: sa.Column[Any]) -> str:
    if column.name.endswith("_at"):
        return f"to_char(now() - n * interval '{DAYS} days' / {ROWS}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    kind = column.type.dialect_impl(sa.dialects.postgresql.dialect())
    if isinstance(kind, sa.Integer):
        return "n"
    if isinstance(kind, sa.Float):
        return "n::float"
    if isinstance(kind, sa.Boolean):
        return "n % 2 = 0"
    if isinstance(kind, sa.LargeBinary):
        return "sha256(n::text::bytea)"
    if isinstance(kind, sa.String):
        return f"left(lpad(n::text, {min(kind.length or 40, 40)}, '0'), {kind.length or 40})"
    return "'{}'::json"


def _sequential(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from _sequential(part)


def test_no_large_table_is_read_from_end_to_end(queries: dict[str, Any], large: sa.Connection) -> None:
    assert len(queries) > 100
    wrong = []
    for statement, parameters in queries.items():
        if any(part in statement for part in ALLOWED):
            continue
        (plans,) = large.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
        if read := LARGE & set(_sequential(plans["Plan"])):
            wrong.append(f"{sorted(read)}: {' '.join(statement.split())} {parameters}")
    assert not wrong, "\n".join(wrong)
