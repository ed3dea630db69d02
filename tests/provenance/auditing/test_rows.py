"""An insider with SQL and no keys: every edit of a row that the log binds is named, and after a repair all agrees."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import metadata
from provenance.schemas import Amendment, ClaimReversal, NewClaimDecision, NewEvidence
from provenance.works.grants import NewGrant
from tests.provenance.conftest import ESSAY, ESSAY_ZH, register_work

pytestmark = pytest.mark.slow

# Columns that no entry binds, by table: the operator's word. Tables that are not named here or in BOUND hold what the
# operator keeps for himself or has answered, see docs/ledger.md.
OPERATORS_WORD = {
    "works": {"id", "external_id"},
    "grants": {"id", "grant_id"},
    "claim_evidence": {"id", "evidence_id"},
    "claim_decisions": {"id", "decision_id", "reversal_reason"},
    "fingerprints": set(),
    "openings": set(),
    "entries": set(),
    "signing_keys": set(),
    "checkpoints": set(),
    "log_state": {"id", "claims_size", "ids_from"},
}
BOUND = [
    (table, column.name)
    for table, free in OPERATORS_WORD.items()
    for column in metadata.tables[table].columns
    if column.name not in free
]
EARLIER = "2019-01-01T00:00:00.000000Z"


def small_home(home: Path) -> Settings:
    """A home with a little of everything that leaves rows."""
    settings = Settings(home=home, workers=1, origin="log.test.example/rows")
    with Application(settings) as application:
        local = accounts.local(application.db)
        accounts.create(application.db, NewAccount(name="Other", kind="producer"))
        first = register_work(application, ESSAY.encode(), licence="CC-BY-4.0", external_id="essay").work_id
        register_work(application, ESSAY.encode(), "Other", owner="Somebody Else")
        amended = register_work(application, ESSAY_ZH.encode()).work_id
        withdrawn = register_work(application, f"{ESSAY} Withdrawn.".encode()).work_id
        erased = register_work(application, f"{ESSAY_ZH}后来。".encode()).work_id
        sealed = register_work(application, b"A sealed work.", sealed=True).work_id
        register_work(application, b"A sealed work.", opens=sealed)
        assert first is not None
        assert amended is not None
        assert withdrawn is not None
        assert erased is not None
        application.grants.give(local, first, NewGrant(to=["City Daily"]))
        revoked = application.grants.give(local, first, NewGrant(to=["Night Post"]))
        application.grants.revoke(local, revoked.grant_id)
        drafted = application.evidence.add(local, first, NewEvidence(kind="draft", date="2024-03-01", digest="9f" * 32))
        application.evidence.withdraw(local, drafted.evidence_id)
        application.evidence.add(local, first, NewEvidence(kind="contract", date="2024-03-02", digest="9e" * 32))
        part = {"unit": "codepoint", "span": [0, 50]}
        split = {"work_id": first, "outcome": "split", "parts": [part], "reason": "A quotation", "decided_by": "Ada"}
        decided = application.claim_decisions.decide(local, NewClaimDecision.model_validate(split))
        application.claim_decisions.reverse(local, decided.decision_id, ClaimReversal(reason="It is hers"))
        application.claim_decisions.decide(local, NewClaimDecision.model_validate(split))
        application.amendments.amend(local, amended, Amendment(title="The Ferry"))
        application.withdrawals.withdraw(local, withdrawn)
        application.erasures.erase(local, erased)
        application.signing_keys.rotate(application.signing_keys.ensure_kept_key(local).keyid)
        assert problems(application) == []
    return settings


def problems(application: Application) -> list[str]:
    return fsck.check(application.db, application.log)["problems"]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    with Application(small_home(tmp_path_factory.mktemp("rows") / "home")) as opened:
        yield opened


@pytest.fixture
def insider(application: Application) -> Iterator[sqlite3.Connection]:
    """A shell on the database, as somebody on its machine has one; what it did is repaired afterwards."""
    path = application.settings.home / "sourcemark.db"
    connection = sqlite3.connect(path, isolation_level=None)
    kept = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in metadata.tables}
    yield connection
    for table, rows in kept.items():
        connection.execute(f"DELETE FROM {table}")
        for row in rows:
            connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
    connection.close()
    assert problems(application) == []


def edited(column: sa.Column[Any], value: Any) -> Any:
    """Another value of the same kind."""
    if column.name.endswith("_at"):
        return EARLIER
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, int):
        return value + 1
    if isinstance(column.type, sa.JSON):
        return '{"owner": "Thief", "title": "Mine"}'
    if isinstance(column.type, sa.LargeBinary):
        return bytes(32)
    return 0 if isinstance(column.type, sa.Integer) else "x" * 40


def rows_of(insider: sqlite3.Connection, table: str, column: str) -> list[tuple[int, Any]]:
    return insider.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall()


@pytest.mark.parametrize(("table", "column"), BOUND)
def test_every_edit_of_a_bound_column_is_found(
    application: Application, insider: sqlite3.Connection, table: str, column: str
) -> None:
    """Of one row that has a value there and of one that has none, in turn."""
    rows = rows_of(insider, table, column)
    chosen = {value is None: (row, value) for row, value in rows}
    for row, value in chosen.values():
        for new in {edited(metadata.tables[table].c[column], value), None if value is not None else "0"}:
            try:
                insider.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))
            except sqlite3.IntegrityError:
                continue
            assert problems(application), (row, value, new)
            insider.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))


@pytest.mark.parametrize("table", [table for table in OPERATORS_WORD if table != "log_state"])
def test_every_deleted_row_is_found(application: Application, insider: sqlite3.Connection, table: str) -> None:
    names = ",".join(column.name for column in metadata.tables[table].columns)
    name = "name" if table == "openings" else "1"
    for row, named in rows_of(insider, table, name):
        if named == "seal":
            continue  # of a sealed work the service knows what its owner tells it
        kept = insider.execute(f"SELECT {names} FROM {table} WHERE rowid = ?", (row,)).fetchone()
        insider.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
        assert problems(application), kept
        insider.execute(f"INSERT INTO {table} ({names}) VALUES ({','.join('?' * len(kept))})", kept)


# What was tried, and answered "everything agrees" before.
ATTACKS = {
    "a copy that competes no more": ["DELETE FROM competing_claims WHERE (work, earlier) = (2, 1)"],
    "a later work that competes": ["UPDATE competing_claims SET work = earlier, earlier = work"],
    "more claims than entries": ["UPDATE log_state SET claims_size = 1000"],
    "more ids than entries": ["UPDATE log_state SET ids_from = 1000"],
    "a grant for everybody": [
        "INSERT INTO grants (grant_id, work, terms, leaf_hash, given_at) VALUES ('grant_0', 1, "
        """'{"to": ["*"], "territory": [], "until": null, "uses": ["full"], "commercial": true, "credit": false, """
        """"document": null, "note": null}', x'00', '2026-01-01T00:00:00.000000Z')""",
    ],
    "a claim without its opening": [
        "DELETE FROM openings WHERE name = 'claim' AND leaf_hash = (SELECT leaf_hash FROM works WHERE id = 1)",
        """UPDATE works SET owner = 'Thief', owner_key = 'thief', title = 'Mine',
        claim = '{"owner": "Thief", "title": "Mine"}' WHERE id = 1""",
    ],
    "a licence more": ["UPDATE works SET claim = json_set(claim, '$.licence', 'CC0-1.0') WHERE id = 2"],
    "a claim that is no JSON": ["UPDATE works SET claim = '{' WHERE id = 1"],
    "a claim that is a list": ["UPDATE works SET claim = '[]' WHERE id = 1"],
    "openings that are no JSON": ["UPDATE openings SET record = '{'"],
    "terms that are a list": ["UPDATE grants SET terms = '[]'"],
    "back-dated": ["UPDATE works SET registered_at = '2019-01-01T00:00:00.000000Z'"],
    "never found": ["DELETE FROM fingerprints WHERE work = 1"],
    "hidden": ["UPDATE works SET withdrawn_at = registered_at WHERE id = 1"],
    "hidden behind an entry": [
        "UPDATE works SET identity = NULL, withdrawn_at = registered_at, withdrawal_hash = leaf_hash WHERE id = 1"
    ],
    "withdrawn no more": [
        "UPDATE works SET withdrawn_at = NULL, withdrawal_hash = NULL WHERE withdrawal_hash NOT NULL"
    ],
    "erased no more": ["UPDATE works SET erased_at = NULL, erasure_hash = NULL WHERE erasure_hash NOT NULL"],
    "revoked no more": ["UPDATE grants SET revoked_at = NULL, revocation_hash = NULL"],
    "evidence withdrawn no more": ["UPDATE claim_evidence SET withdrawn_at = NULL, withdrawal_hash = NULL"],
    "a decision reversed no more": ["UPDATE claim_decisions SET reversed_at = NULL, reversal_hash = NULL"],
    "evidence of another work": ["UPDATE claim_evidence SET work = 2"],
    "a decision of another account": [
        "UPDATE claim_decisions SET account_id = (SELECT id FROM accounts WHERE name = 'Other')"
    ],
    "amended no more": ["UPDATE works SET amendment_hash = NULL"],
    "a work of another account": [
        "UPDATE works SET account_id = (SELECT id FROM accounts WHERE name = 'Other') WHERE id = 1"
    ],
    "a key of another account": ["UPDATE signing_keys SET account_id = (SELECT id FROM accounts WHERE name = 'Other')"],
    "a work of nobody": [
        "INSERT INTO works (work_id, account_id, digest, medium, title, owner, owner_key, claim, leaf_hash, registered_at)"
        " SELECT 'work_0', account_id, digest, medium, title, owner, owner_key, claim, x'01', registered_at FROM works"
        " WHERE id = 1"
    ],
    "a fingerprint of another work": [
        "UPDATE fingerprints SET (data, detail) = (SELECT data, detail FROM fingerprints WHERE work = 3) WHERE work = 1"
    ],
    "a key that was never enrolled": [
        "INSERT INTO signing_keys (keyid, account_id, public_key, custody, created_at, enrolled_index)"
        " SELECT CASE substr(keyid, 1, 1) WHEN 'f' THEN 'e' ELSE 'f' END || substr(keyid, 2), account_id, public_key, custody, created_at, 3 FROM signing_keys LIMIT 1"
    ],
    "log keys that never changed": ["UPDATE log_state SET keys_index = 2"],
    "a kind that it is not": ["UPDATE entries SET kind = 'log-key' WHERE idx = 1"],
    "openings exchanged": [
        "UPDATE openings SET name = 'x' WHERE name = 'claim'",
    ],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_an_insider_tried_is_found(application: Application, insider: sqlite3.Connection, attack: str) -> None:
    for statement in ATTACKS[attack]:
        assert insider.execute(statement).rowcount > 0
    assert problems(application)


def test_what_is_the_operators_word_is_counted(application: Application, insider: sqlite3.Connection) -> None:
    assert fsck.check(application.db, application.log)["remarks"] == []
    insider.execute("UPDATE log_state SET ids_from = 3")
    insider.execute("UPDATE works SET work_id = 'work_x' WHERE id = 1")
    report = fsck.check(application.db, application.log)
    assert report["problems"] == []
    assert report["remarks"] == ["the public ids of works that were registered before entry 3, which were drawn by lot"]
