"""Rows that an insider with SQL and no keys has damaged: each harms its own work, and no answer fails because of it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck, sample
from provenance.auditing.sample import sample_rows
from provenance.config import Settings
from provenance.database.engine import Database
from provenance.errors import LedgerReadOnly, SourcemarkError, Unavailable
from provenance.scans import sightings
from provenance.schemas import Amendment
from provenance.works import catalog, grants
from provenance.works.grants import NewGrant
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, ESSAY_ZH, register_work, scan_upload

pytestmark = pytest.mark.slow

POST = ESSAY.encode()
WITHDRAWN = " ".join(f"The bird {i * 3} sings at the bridge of lamp {i * 37 % 89}." for i in range(40)).encode()
DEEP = "[" * 5000 + "]" * 5000
_REGISTRATION = "(SELECT leaf_hash FROM works WHERE id = 1)"

# Edits of what stands for the work 1, of which scans must go on finding the work 2.
DAMAGE = {
    "no claim": "UPDATE works SET claim = 'null' WHERE id = 1",
    "a claim that is a list": "UPDATE works SET claim = '[1]' WHERE id = 1",
    "a claim that is no JSON": "UPDATE works SET claim = '{' WHERE id = 1",
    "a claim without end": f"UPDATE works SET claim = '{DEEP}' WHERE id = 1",
    "a claim of other types": 'UPDATE works SET claim = \'{"owner": 5, "title": []}\' WHERE id = 1',
    "a title that is no text": "UPDATE works SET title = x'00ff' WHERE id = 1",
    "a title in no encoding": "UPDATE works SET title = CAST(x'ff' AS TEXT) WHERE id = 1",
    "another medium": "UPDATE works SET medium = 'bogus' WHERE id = 1",
    "a digest of text": "UPDATE works SET digest = 'abc' WHERE id = 1",
    "no fingerprint": "UPDATE fingerprints SET data = x'', detail = x'' WHERE work = 1",
    "half a fingerprint": "UPDATE fingerprints SET detail = substr(detail, 1, 40) WHERE work = 1",
    "a fingerprint of text": "UPDATE fingerprints SET data = 'text' WHERE work = 1",
    "an entry of text": f"UPDATE entries SET leaf = 'abc' WHERE leaf_hash = {_REGISTRATION}",
    "an opening that is no JSON": f"UPDATE openings SET record = '{{' WHERE leaf_hash = {_REGISTRATION}",
    "an opening without end": f"UPDATE openings SET record = '{DEEP}' WHERE leaf_hash = {_REGISTRATION}",
    "salts of text": f"UPDATE openings SET salt = 'abc' WHERE leaf_hash = {_REGISTRATION}",
    "terms that are a list": "UPDATE grants SET terms = '[]'",
    "terms that are none": "UPDATE grants SET terms = '{\"bogus\": 1}'",
    "terms that name their own grant": 'UPDATE grants SET terms = \'{"to": ["*"], "grant_id": "another"}\'',
    "an amendment that is none": "UPDATE entries SET leaf = x'7b7d' WHERE kind = 'amendment'",
    "an enrolment that is none": "UPDATE entries SET leaf = x'7b7d' WHERE kind = 'key-enrol' AND idx = 0",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("damaged") / "home"
    with Application(_settings(home)) as application:
        local = accounts.local(application.db)
        accounts.create(application.db, accounts.NewAccount(name="Other", kind="producer"))
        first = register_work(application, POST, licence="all-rights-reserved").work_id
        register_work(application, POST, "Other", owner="Somebody Else")
        amended = register_work(application, ESSAY_ZH.encode()).work_id
        assert first is not None
        assert amended is not None
        for title in ("The Ferry", "The Second Ferry"):
            application.amendments.amend(local, amended, Amendment(title=title))
        given = application.grants.give(local, first, NewGrant(to=["Night Post"]))
        application.grants.revoke(local, given.grant_id)
        withdrawn = register_work(application, WITHDRAWN).work_id
        assert withdrawn is not None
        application.withdrawals.withdraw(local, withdrawn)
        scan_upload(application, POST, post_url="https://platform.example/1")
        scan_upload(application, ESSAY_ZH.encode(), post_url="https://platform.example/2")
    return home


def _settings(home: Path) -> Settings:
    return Settings(home=home, workers=1, origin="log.test.example/damaged")


@pytest.fixture
def home(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "home"))


@pytest.fixture
def insider(home: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(home / "sourcemark.db", isolation_level=None)
    yield connection
    connection.close()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_row_harms_its_own_work_only(home: Path, insider: sqlite3.Connection, damage: str) -> None:
    assert insider.execute(DAMAGE[damage]).rowcount > 0
    with Application(_settings(home)) as application:
        db, origin = application.db, application.log.origin
        assert fsck.check(db, application.log)["problems"]
        assert list(sample_rows(db))
        found = scan_upload(application, POST, post_url="https://platform.example/3")
        assert "Somebody Else" in {match.owner for match in found.matches}
        scan_upload(application, ESSAY_ZH.encode(), dry_run=True)
        records, _ = catalog.page(db, origin, None)
        assert "Somebody Else" in {record.claim.owner for record in records}
        seen, _ = sightings.page(db, None)
        assert "Somebody Else" in {sighting.owner for sighting in seen}
        for (work_id,) in insider.execute("SELECT work_id FROM works").fetchall():
            grants.of_work(db, origin, work_id)
            with contextlib.suppress(SourcemarkError):
                build_receipt(db, application.log, work_id)
        assert register_work(application, b"Something that was never registered before.").status == "registered"


def test_a_start_joins_no_tables_of_a_large_log(
    home: Path, insider: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = "algorithm, data, detail"
    insider.execute(f"INSERT INTO fingerprints (work, {columns}) SELECT 9999, {columns} FROM fingerprints LIMIT 1")
    db = Database(_settings(home).url, 5)
    try:
        assert list(sample_rows(db)) == ["a fingerprint of work number 9999 has no work"]
        monkeypatch.setattr(sample, "_MOST_JOINED", 2)
        assert list(sample_rows(db)) == []
    finally:
        db.close()


def _exchange(insider: sqlite3.Connection) -> None:
    """The entries of the two amendments change hashes, so that the older one names itself as what it supersedes."""
    (one, first), (other, second) = insider.execute("SELECT idx, leaf_hash FROM entries WHERE kind = 'amendment'")
    for index, leaf_hash in ((one, b""), (other, first), (one, second)):
        insider.execute("UPDATE entries SET leaf_hash = ? WHERE idx = ?", (leaf_hash, index))
    insider.execute("UPDATE works SET amendment_hash = ? WHERE id = 3", (first,))


def test_amendments_that_name_each_other_end(home: Path, insider: sqlite3.Connection) -> None:
    _exchange(insider)
    with Application(_settings(home)) as application:
        assert fsck.check(application.db, application.log)["problems"]
        assert scan_upload(application, ESSAY_ZH.encode()).verdict == "review"
        (work_id,) = insider.execute("SELECT work_id FROM works WHERE id = 3").fetchone()
        with pytest.raises(Unavailable):
            build_receipt(application.db, application.log, work_id)


def test_an_erasure_that_is_none_shows_no_other_claim(home: Path, insider: sqlite3.Connection) -> None:
    insider.execute(
        "UPDATE works SET owner = 'Thief', owner_key = 'thief', title = 'Mine', erasure_hash = leaf_hash, "
        """claim = '{"owner": "Thief", "title": "Mine", "licence": "CC0-1.0"}' WHERE id = 1"""
    )
    with Application(_settings(home)) as application:
        found = scan_upload(application, POST)
        assert {match.owner for match in found.matches} == {"Marta Salt", "Somebody Else"}
        assert {record.claim.owner for record in catalog.page(application.db, "", None)[0]} == {
            "Marta Salt",
            "Somebody Else",
        }


def test_no_claim_of_the_database_is_signed_as_the_owners(home: Path, insider: sqlite3.Connection) -> None:
    insider.execute("UPDATE works SET claim = json_set(claim, '$.licence', 'CC0-1.0') WHERE id = 1")
    (work_id,) = insider.execute("SELECT work_id FROM works WHERE id = 1").fetchone()
    with Application(_settings(home)) as application, pytest.raises(Unavailable, match="fsck"):
        application.amendments.amend(accounts.local(application.db), work_id, Amendment(title="Another"))


POISON = {
    "no statement": "VALUES (x'00', x'00', 'registration', 'a', '2026')",
    "text": "VALUES ('x', 'y', 'registration', 'a', '2026')",
    "what is in the log": "SELECT leaf, leaf_hash, kind, keyid, integrated_at FROM entries WHERE idx = 1",
    "under another hash": "SELECT leaf, x'00', kind, keyid, integrated_at FROM entries WHERE idx = 1",
}


@pytest.mark.parametrize("poison", POISON)
def test_a_damaged_statement_that_waits_stops_no_other(home: Path, insider: sqlite3.Connection, poison: str) -> None:
    insider.execute(f"INSERT INTO pending_entries (leaf, leaf_hash, kind, keyid, created_at) {POISON[poison]}")
    with Application(_settings(home)) as application:
        assert register_work(application, b"Something that was never registered before.").status == "registered"
    assert insider.execute("SELECT refused NOT NULL FROM pending_entries").fetchall() == [(1,)]


def test_a_refused_withdrawal_withdraws_nothing(home: Path, insider: sqlite3.Connection) -> None:
    (leaf_hash,) = insider.execute("SELECT leaf_hash FROM entries WHERE kind = 'withdrawal'").fetchone()
    insider.execute(
        "INSERT INTO pending_entries (leaf, leaf_hash, kind, keyid, created_at, refused) "
        "SELECT leaf, x'01', kind, keyid, integrated_at, 'no' FROM entries WHERE leaf_hash = ?",
        (leaf_hash,),
    )
    insider.execute(
        "UPDATE works SET withdrawn_at = registered_at, withdrawal_hash = x'01', identity = NULL WHERE id = 1"
    )
    with Application(_settings(home)) as application:
        assert any("the log refused" in line for line in fsck.check(application.db, application.log)["problems"])
        records, _ = catalog.page(application.db, "", None)
        assert records[0].damaged == ["withdrawn_at"]


STATE = {
    "an entry too many": "INSERT INTO entries SELECT idx + 1, leaf, x'02', kind, keyid, integrated_at FROM entries "
    "ORDER BY idx DESC LIMIT 1",
    "no frontier": "UPDATE log_state SET frontier = x'00'",
}


@pytest.mark.parametrize("damage", STATE)
def test_a_log_that_cannot_go_on_says_so(home: Path, insider: sqlite3.Connection, damage: str) -> None:
    insider.execute(STATE[damage])
    with Application(_settings(home)) as application:
        assert scan_upload(application, POST).status == "matched"
        with pytest.raises(LedgerReadOnly, match="fsck"):
            register_work(application, b"Something that was never registered before.")


def test_claims_are_compared_anew(home: Path, insider: sqlite3.Connection) -> None:
    insider.execute("UPDATE log_state SET claims_size = 0")
    with Application(_settings(home)) as application:
        assert register_work(application, b"Something that was never registered before.").status == "registered"


def _older(insider: sqlite3.Connection) -> None:
    """The work 3 as it was before its newest amendment."""
    (first,) = insider.execute("SELECT leaf_hash FROM entries WHERE kind = 'amendment' ORDER BY idx").fetchone()
    claim = "(SELECT record FROM openings WHERE leaf_hash = ? AND name = 'claim')"
    insider.execute(
        f"UPDATE works SET amendment_hash = ?, claim = {claim}, title = 'The Ferry' WHERE id = 3", (first, first)
    )


def _never(insider: sqlite3.Connection) -> None:
    """The work 3 as it was registered."""
    claim = "(SELECT record FROM openings WHERE leaf_hash = works.leaf_hash AND name = 'claim')"
    insider.execute(f"UPDATE works SET amendment_hash = NULL, claim = {claim}, title = 'The Salt Ferry' WHERE id = 3")


@pytest.mark.parametrize("put_back", [_older, _never])
def test_a_claim_that_was_amended_is_not_shown_as_the_present_one(
    home: Path, insider: sqlite3.Connection, put_back: Callable[[sqlite3.Connection], None]
) -> None:
    put_back(insider)
    (work_id,) = insider.execute("SELECT work_id FROM works WHERE id = 3").fetchone()
    with Application(_settings(home)) as application:
        found = scan_upload(application, ESSAY_ZH.encode())
        assert [(match.title, match.permission.findings) for match in found.matches] == [("", ["record_damaged"])]
        assert "amendment" in catalog.get(application.db, "", work_id).damaged
        with pytest.raises(Unavailable, match="amendments"):
            build_receipt(application.db, application.log, work_id)


def test_what_was_withdrawn_or_revoked_stays_so(home: Path, insider: sqlite3.Connection) -> None:
    insider.execute("UPDATE works SET withdrawn_at = NULL, withdrawal_hash = NULL")
    insider.execute("UPDATE grants SET revoked_at = NULL, revocation_hash = NULL")
    with Application(_settings(home)) as application:
        found = scan_upload(application, POST, account="Night Post")
        assert {match.permission.state for match in found.matches} == {"none"}
        assert scan_upload(application, WITHDRAWN).verdict == "review"
