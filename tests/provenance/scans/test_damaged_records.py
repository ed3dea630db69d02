"""A work whose rows are not what the log says accuses nobody, permits nothing, and shows no forged claim."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.database.tables import entries, grants, openings, signing_keys, works
from provenance.errors import Unavailable
from provenance.scans import sightings
from provenance.schemas import Claim, MatchRecord
from provenance.works import catalog
from provenance.works.grants import NewGrant
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, ESSAY_ZH, register_work, scan_upload

pytestmark = pytest.mark.slow

FORGED = {"title": "Mine", "owner": "Thief", "owner_key": "thief", "claim": {"title": "Mine", "owner": "Thief"}}


def do(application: Application, *statements: sa.Executable) -> None:
    with application.db.write() as connection:
        for each in statements:
            connection.execute(each)


def match(application: Application, **post: object) -> MatchRecord:
    (found,) = scan_upload(application, f"Seen: {ESSAY}".encode(), **post).matches
    return found


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda c: [works.update().values(FORGED)], id="claim"),
        pytest.param(lambda c: [openings.update().values(salt=bytes(32))], id="salt"),
        pytest.param(lambda c: [works.update().values(account_id=c)], id="account"),
        pytest.param(
            lambda c: [works.update().values(account_id=c), signing_keys.update().values(account_id=c)], id="key"
        ),
        pytest.param(lambda c: [works.update().values(registered_at="2019-01-01T00:00:00.000000Z")], id="time"),
        pytest.param(lambda c: [entries.update().values(leaf=b"{}")], id="entry"),
        pytest.param(lambda c: [openings.delete().where(openings.c.name == "fingerprint")], id="fingerprint"),
    ],
)
def test_a_damaged_work_accuses_nobody(sqlite_application: Application, edit, caplog: pytest.LogCaptureFixture) -> None:
    application = sqlite_application
    register_work(application, ESSAY.encode())
    other = accounts.create(application.db, NewAccount(name="Other")).id
    sound = match(application)
    assert (sound.title, sound.owner, sound.permission.findings) == (
        "The Salt Ferry",
        "Marta Salt",
        ["permission_missing"],
    )
    do(application, *edit(other))
    result = scan_upload(application, f"Seen: {ESSAY}".encode(), account="Marta Salt")
    (found,) = result.matches
    assert result.verdict == "review"
    assert (found.permission.state, found.permission.findings) == ("none", ["record_damaged"])
    assert (found.title, found.owner) in (("The Salt Ferry", "Marta Salt"), ("", ""))
    assert found.external_id is None
    assert "run ledger fsck" in caplog.text


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(entries.delete().where(entries.c.kind == "registration"), id="entry"),
        pytest.param(works.update().values(leaf_hash=bytes(32)), id="leaf_hash"),
    ],
)
def test_a_work_without_an_entry_is_shown_as_damaged(sqlite_application: Application, edit: sa.Executable) -> None:
    application = sqlite_application
    work_id = register_work(application, ESSAY.encode()).work_id
    match(application)
    do(application, edit)
    assert scan_upload(application, f"Seen: {ESSAY}".encode()).verdict == "clear"
    assert work_id is not None
    shown = catalog.get(application.db, application.log.origin, work_id)
    assert (shown.claim, shown.damaged) == (Claim(), ["entry"])
    (seen,), _ = sightings.page(application.db, None)
    assert (seen.title, seen.owner) == ("", "")


def test_a_claim_without_its_opening_is_not_shown(sqlite_application: Application) -> None:
    application = sqlite_application
    work_id = register_work(application, ESSAY.encode()).work_id
    do(application, works.update().values(FORGED), openings.delete().where(openings.c.name == "claim"))
    found = match(application)
    assert (found.title, found.owner, found.permission.findings) == ("", "", ["record_damaged"])
    assert work_id is not None
    shown = catalog.get(application.db, application.log.origin, work_id)
    assert (shown.claim, shown.damaged) == (Claim(), ["claim"])
    (seen,), _ = sightings.page(application.db, None)
    assert (seen.title, seen.owner) == ("", "")


def test_look_ups_show_the_claim_that_was_signed(sqlite_application: Application) -> None:
    application = sqlite_application
    work_id = register_work(application, ESSAY.encode()).work_id
    assert work_id is not None
    match(application)
    do(application, works.update().values({**FORGED, "withdrawn_at": works.c.registered_at}))
    shown = catalog.get(application.db, application.log.origin, work_id)
    assert (shown.claim.owner, shown.damaged) == ("Marta Salt", ["claim", "withdrawn_at"])
    (seen,), _ = sightings.page(application.db, None)
    assert (seen.title, seen.owner) == ("The Salt Ferry", "Marta Salt")


def test_no_receipt_that_does_not_hold(sqlite_application: Application) -> None:
    application = sqlite_application
    work_id = register_work(application, ESSAY.encode()).work_id
    assert work_id is not None
    do(application, openings.update().where(openings.c.name == "claim").values(record={"owner": "Thief"}))
    with pytest.raises(Unavailable, match="claim that the database keeps"):
        build_receipt(application.db, application.log, work_id)


def test_a_grant_that_the_log_does_not_have_permits_nothing(sqlite_application: Application) -> None:
    application = sqlite_application
    work_id = register_work(application, ESSAY.encode()).work_id
    assert work_id is not None
    forged = NewGrant(to=["*"], commercial=True, credit=False).model_dump(mode="json")
    forged_row = {"grant_id": "grant_0", "work": 1, "terms": forged, "given_at": "2026-01-01T00:00:00.000000Z"}
    do(application, grants.insert().values(leaf_hash=bytes(32), **forged_row))
    assert match(application, account="City Daily").permission.state == "none"
    local = accounts.local(application.db)
    given = application.grants.give(local, work_id, NewGrant(to=["City Daily"], credit=False))
    mine = grants.c.grant_id == given.grant_id
    assert match(application, account="City Daily").permission.state == "permitted"
    do(application, grants.update().where(mine).values(revoked_at="2026-01-01T00:00:00.000000Z"))
    assert match(application, account="City Daily").permission.state == "permitted"  # no entry revokes it
    do(application, grants.update().where(mine).values(terms=forged))
    assert match(application, account="City Daily").permission.state == "none"


def test_no_row_hides_a_work(sqlite_application: Application) -> None:
    application = sqlite_application
    register_work(application, ESSAY.encode())
    do(application, works.update().values(withdrawn_at=works.c.registered_at, withdrawal_hash=works.c.leaf_hash))
    assert match(application).owner == "Marta Salt"
    register_work(application, ESSAY_ZH.encode())  # another process reads all anew
    with Application(application.settings) as other:
        assert match(other).owner == "Marta Salt"
