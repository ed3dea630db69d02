"""Correcting a claim: what is shown is what the newest entry commits to, and nothing that was signed is lost."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.auditing import fsck
from provenance.database.tables import openings, pending_entries, works
from provenance.errors import BadInput, Conflict, NotFound
from provenance.json_input import parse
from provenance.scans import sightings
from provenance.schemas import Amendment, Transfer, WorkRecord
from provenance.tlog import verify
from provenance.works import catalog, certificate
from provenance.works.grants import NewGrant
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, register_work, scan_upload

pytestmark = pytest.mark.slow


@pytest.fixture
def work(application: Application) -> str:
    made = register_work(application, ESSAY.encode(), title="The Salt Fery", owner_aliases=["Old Marta"])
    assert made.work_id is not None
    return made.work_id


def amend(application: Application, work: str, **changes: object) -> WorkRecord:
    return application.amendments.amend(accounts.local(application.db), work, Amendment.model_validate(changes))


def transfer(application: Application, work: str, **wanted: object) -> WorkRecord:
    return application.amendments.transfer(accounts.local(application.db), work, Transfer.model_validate(wanted))


def agrees(application: Application) -> None:
    assert fsck.check(application.db, application.log)["problems"] == []


def test_scans_and_look_ups_show_the_newest_claim(application: Application, work: str) -> None:
    amend(application, work, title="The Salt Ferry", licence="cc by 4.0")
    record = amend(application, work, source_urls=["https://salt.example/ferry"], owner_aliases=None)
    assert record.claim.model_dump(exclude_defaults=True) == {
        "title": "The Salt Ferry",
        "owner": "Marta Salt",
        "licence": "CC-BY-4.0",
        "source_urls": ["https://salt.example/ferry"],
    }
    assert [each.kind for each in record.amendments] == ["amendment", "amendment"]
    assert record.receipt is not None
    assert record.amendments[0].index is not None
    assert record.receipt.index < record.amendments[0].index
    (match,) = scan_upload(application, ESSAY.encode(), account="City Daily").matches
    assert (match.title, match.permission.licence) == ("The Salt Ferry", "CC-BY-4.0")
    seen, _ = sightings.page(application.db, None, work_ids=[work])
    assert seen[0].title == "The Salt Ferry"
    agrees(application)


def test_a_transfer_names_another_owner(application: Application, work: str) -> None:
    with pytest.raises(BadInput, match="transfer"):
        parse(Amendment, {"owner": "Ines Vale"})
    record = transfer(application, work, owner="Ines Vale")
    assert (record.claim.owner, record.claim.owner_aliases) == ("Ines Vale", [])
    assert [each.kind for each in record.amendments] == ["transfer"]
    assert scan_upload(application, ESSAY.encode(), account="Ines Vale").verdict == "own"
    again = register_work(application, ESSAY.encode(), owner="Ines Vale")
    assert (again.status, again.work_id) == ("already_registered", work)
    agrees(application)


def test_a_work_that_is_transferred_to_an_account_is_its_own(application: Application, work: str) -> None:
    accounts.create(application.db, NewAccount(name="ines"))
    ines = accounts.find(application.db, "ines")
    transfer(application, work, owner="Ines Vale", to="ines")
    with pytest.raises(NotFound):
        amend(application, work, title="Mine still")
    record = application.amendments.amend(ines, work, Amendment(title="Hers"))
    assert record.claim.title == "Hers"
    agrees(application)
    application.withdrawals.withdraw(ines, work)
    agrees(application)


def test_the_grants_of_a_work_go_with_it(application: Application, work: str) -> None:
    local = accounts.local(application.db)
    given = application.grants.give(local, work, NewGrant(to=["City Daily"]))
    accounts.create(application.db, NewAccount(name="ines"))
    ines = accounts.find(application.db, "ines")
    transfer(application, work, owner="Ines Vale", to="ines")
    assert scan_upload(application, ESSAY.encode(), account="City Daily").matches[0].permission.state == "permitted"
    with pytest.raises(NotFound):
        application.grants.revoke(local, given.grant_id)
    application.grants.revoke(ines, given.grant_id)
    assert scan_upload(application, ESSAY.encode(), account="City Daily").matches[0].permission.state == "none"
    agrees(application)


def test_what_cannot_be_amended(application: Application, work: str) -> None:
    with pytest.raises(BadInput, match="nothing would change"):
        amend(application, work, title="The Salt Fery")
    with pytest.raises(NotFound):
        amend(application, "work_0", title="T")
    other = register_work(application, ESSAY.encode(), owner="Ines Vale")
    with pytest.raises(Conflict, match="registered this file already"):
        transfer(application, work, owner="Ines Vale")
    assert other.work_id is not None
    application.withdrawals.withdraw(accounts.local(application.db), work)
    with pytest.raises(Conflict, match="was withdrawn"):
        amend(application, work, title="T")
    agrees(application)


def test_erasure_takes_every_claim(application: Application, work: str) -> None:
    amend(application, work, title="The Salt Ferry")
    amend(application, work, title="Salt")
    application.erasures.erase(accounts.local(application.db), work)
    with application.db.read() as connection:
        names = connection.execute(sa.select(openings.c.name)).scalars().all()
    assert "claim" not in names
    assert catalog.get(application.db, application.log.origin, work).claim.title == ""
    agrees(application)


def test_what_the_log_refused_is_shown_to_nobody_and_amended_anew(
    application: Application, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is revoked between the transactions, and a crash before the row was put back."""
    amend(application, work, title="The Salt Ferry")

    def killed(_: object) -> dict[bytes, int]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(application.log, "commit", killed)
        with pytest.raises(KeyboardInterrupt):
            amend(application, work, title="Refused")
    with pytest.raises(Conflict, match="on its way"):
        amend(application, work, title="Too early")
    with application.db.write() as connection:
        connection.execute(pending_entries.update().values(refused="the key was revoked before"))
    scanned = scan_upload(application, ESSAY.encode(), account="City Daily")
    assert (scanned.verdict, "Refused" in scanned.model_dump_json()) == ("review", False)
    record = amend(application, work, title="Salt")
    assert len(record.amendments) == 2
    assert scan_upload(application, ESSAY.encode(), account="City Daily").matches[0].title == "Salt"
    agrees(application)


def test_registering_under_another_claim_says_what_differs(application: Application, work: str) -> None:
    same = register_work(application, ESSAY.encode(), title="The Salt Fery", owner_aliases=["Old Marta"])
    assert (same.status, same.differs) == ("already_registered", [])
    other = register_work(application, ESSAY.encode(), title="The Salt Ferry", licence="CC-BY-4.0")
    assert (other.status, other.work_id, other.differs) == ("already_registered", work, ["title", "licence"])
    slip = register_work(application, ESSAY.encode(), owner="Marta Slat")
    assert (slip.status, slip.differs, slip.competing) == ("registered", ["owner"], [work])
    amend(application, work, title="The Salt Ferry", licence="CC-BY-4.0")
    assert register_work(application, ESSAY.encode(), title="The Salt Ferry", licence="CC-BY-4.0").differs == []


@pytest.mark.parametrize("column", ["title", "claim", "amendment_hash", "owner"])
def test_fsck_holds_the_shown_claim_against_the_newest_entry(application: Application, work: str, column: str) -> None:
    amend(application, work, title="The Salt Ferry", licence="CC-BY-4.0")
    forged = {"title": "X", "owner": "Thief", "amendment_hash": None, "claim": {"title": "The Salt Ferry"}}
    with application.db.write() as connection:
        connection.execute(works.update().where(works.c.work_id == work).values({column: forged[column]}))
    assert fsck.check(application.db, application.log)["problems"]


# --- receipts --------------------------------------------------------------------------------------------------------
@pytest.fixture
def files(application: Application, work: str) -> dict[str, bytes]:
    """A receipt of a work that was amended, transferred to another account, and amended there."""
    accounts.create(application.db, NewAccount(name="ines"))
    amend(application, work, title="The Salt Ferry")
    transfer(application, work, owner="Ines Vale", to="ines")
    ines = accounts.find(application.db, "ines")
    application.amendments.amend(ines, work, Amendment(licence="CC-BY-4.0"))
    return build_receipt(application.db, application.log, work)


def test_a_receipt_shows_what_was_registered_and_what_is_claimed_now(files: dict[str, bytes]) -> None:
    done = verify.verify_receipt(files, policy=files["policy"])
    assert done.ok, done.lines()
    facts = done.facts
    assert facts["claim"] == {"title": "The Salt Ferry", "owner": "Ines Vale", "licence": "CC-BY-4.0"}
    assert facts["registered_claim"]["title"] == "The Salt Fery"
    assert [each["kind"] for each in facts["amendments"]] == ["amendment", "transfer", "amendment"]
    for language, old in (("en", "registered as: «The Salt Fery» — Marta Salt"), ("zh", "登记时为：《The Salt Fery》")):
        assert any(old in line for line in done.lines(language))
    page = certificate.to_html(certificate.certify(files, done)).decode()
    assert "The Salt Fery" in page
    assert "Ines Vale" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            lambda f: [f.pop(n) for n in list(f) if n.startswith("amendments/1/")], "does not amend", id="gap"
        ),
        pytest.param(
            lambda f: [f.pop(n) for n in list(f) if n.startswith("amendments/0/")], "does not amend", id="cut"
        ),
        pytest.param(lambda f: f.update({"amendments/0/entry.dsse.json": f["entry.dsse.json"]}), "", id="other-entry"),
        pytest.param(lambda f: f.update({"amendments/2/opening.json": f["opening.json"]}), "not the one", id="opening"),
        pytest.param(
            lambda f: [f.pop(n) for n in list(f) if n.startswith("amendments/0/keys/")], "not enrolled", id="keys"
        ),
        pytest.param(lambda f: f.pop("amendments/1/entry.tlog-proof"), "has no", id="proof"),
        pytest.param(
            lambda f: f.update({"amendments/x": b""}) or [f.pop(n) for n in list(f) if "/entry" in n and n[0] == "a"],
            "has no",
            id="none",
        ),
    ],
)
def test_no_amendment_is_forged_or_left_out_between(files: dict[str, bytes], change: Any, said: str) -> None:
    change(files)
    done = verify.verify_receipt(files, policy=files["policy"])
    (failed,) = [check for check in done.checks if check.state == "failed"]
    assert failed.name == "amendments"
    assert said in failed.detail
    assert "claim" not in done.facts


def test_a_newest_claim_that_is_not_opened_does_not_bring_the_old_one_back(files: dict[str, bytes]) -> None:
    del files["amendments/2/opening.json"]
    done = verify.verify_receipt(files, policy=files["policy"])
    assert done.ok
    assert "claim" not in done.facts
