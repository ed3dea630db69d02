"""Evidence in receipts: each piece proven like the registration, without the service."""

from __future__ import annotations

from typing import Any

from provenance.accounts import accounts
from provenance.accounts.accounts import Account, NewAccount
from provenance.application import Application
from provenance.schemas import NewEvidence, Transfer
from provenance.tlog import receipt
from provenance.tlog.verification import Verification, summary
from provenance.tlog.verify import verify_receipt
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, ESSAY_ZH, register_work

DIGEST = "9f" * 32


def _registered(application: Application, content: str = ESSAY, account: str | None = None) -> str:
    work_id = register_work(application, content.encode(), account).work_id
    assert work_id is not None
    return work_id


def _add(application: Application, account: Account, work_id: str, **told: Any) -> str:
    new = NewEvidence.model_validate({"kind": "draft", "date": "2024-03-01", "digest": DIGEST, **told})
    return application.evidence.add(account, work_id, new).evidence_id


def _verified(application: Application, files: dict[str, bytes]) -> Verification:
    return verify_receipt(files, application.log.policy())


def _step(done: Verification, name: str) -> tuple[str, str]:
    return next((each.state, each.detail) for each in done.checks if each.name == name)


def test_a_receipt_brings_the_evidence_that_stands(application: Application) -> None:
    local = accounts.local(application.db)
    work_id = _registered(application)
    taken = _add(application, local, work_id, kind="other")
    _add(application, local, work_id, shows="Draft with corrections")
    _add(application, local, work_id, kind="publication", digest=None, address="https://salt.example/a/1")
    application.evidence.withdraw(local, taken)
    files = build_receipt(application.db, application.log, work_id)
    assert {name.split("/")[1] for name in files if name.startswith("evidence/")} == {"0", "1"}
    for packed in (receipt.from_zip(receipt.to_zip(files)), receipt.from_json(receipt.to_json(files))):
        done = _verified(application, packed)
        assert done.ok, done.checks
    shown = done.facts["evidence"]
    assert [each["item"]["kind"] for each in shown if each["item"]] == ["draft", "publication"]
    assert all(each["logged_at"] for each in shown)
    assert any("Draft with corrections" in line for line in summary(done.facts))
    assert any("证据，第 " in line for line in summary(done.facts, "zh"))
    # without the openings the rest still holds
    closed = {name: data for name, data in files.items() if not name.endswith(receipt.OPENING)}
    done = _verified(application, closed)
    assert done.ok
    assert [each["item"] for each in done.facts["evidence"]] == [None, None]


def test_evidence_after_a_transfer_is_the_new_holders(sqlite_application: Application) -> None:
    application = sqlite_application
    local = accounts.local(application.db)
    heir = accounts.create(application.db, NewAccount(name="Heir", kind="producer"))
    work_id = _registered(application)
    _add(application, local, work_id)
    application.amendments.transfer(local, work_id, Transfer(owner="Ines Vale", to="Heir"))
    _add(application, heir, work_id, kind="contract")
    files = build_receipt(application.db, application.log, work_id)
    done = _verified(application, files)
    assert done.ok, done.checks
    assert [each["item"]["kind"] for each in done.facts["evidence"] if each["item"]] == ["draft", "contract"]
    # that the work has another holder is not left out unseen
    hidden = {name: data for name, data in files.items() if not name.startswith("amendments/")}
    assert "may not act" in _step(_verified(application, hidden), "evidence")[1]


def test_evidence_that_does_not_hold_is_told(sqlite_application: Application) -> None:
    application = sqlite_application
    local = accounts.local(application.db)
    work_id, other = _registered(application), _registered(application, ESSAY_ZH)
    _add(application, local, work_id)
    _add(application, local, other)
    files = build_receipt(application.db, application.log, work_id)
    foreign = build_receipt(application.db, application.log, other)
    entry, opening = f"evidence/0/{receipt.ENTRY}", f"evidence/0/{receipt.OPENING}"
    for changed, told in (
        ({name: data for name, data in foreign.items() if name.startswith("evidence/")}, "another registration"),
        ({opening: files[opening].replace(b"2024-03-01", b"1999-03-01")}, "not the one that was signed"),
        ({entry: files[receipt.ENTRY], f"evidence/0/{receipt.PROOF}": files[receipt.PROOF]}, "no evidence"),
        ({entry: b"{}"}, ""),
    ):
        done = _verified(application, files | changed)
        assert not done.ok
        assert told in _step(done, "evidence")[1]
    for missing in [name for name in files if name.startswith("evidence/") and not name.endswith(receipt.OPENING)]:
        assert not _verified(application, {name: data for name, data in files.items() if name != missing}).ok, missing
