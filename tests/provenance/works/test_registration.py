"""Registering, competing claims, withdrawing."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.auditing import fsck
from provenance.database.tables import entries
from provenance.database.tables import works as works_table
from provenance.errors import Conflict, NotFound
from provenance.schemas import RegistrationItem
from provenance.tlog import verify
from provenance.works import catalog
from provenance.works.receipt_builder import build_receipt
from provenance.works.registration import RegistrationRequest
from tests.provenance.conftest import ESSAY, ESSAY_ZH, encoded, picture, register_work, scan_upload

pytestmark = pytest.mark.slow


def test_a_registration_is_answered_with_its_place_in_the_log(application: Application) -> None:
    result = register_work(application, ESSAY.encode(), external_id="a-1", licence="CC-BY-4.0")
    assert result.status == "registered"
    assert result.medium == "text"
    assert result.fingerprintable
    assert result.competing == []
    assert result.receipt is not None
    assert result.receipt.index == 1  # after the enrolment of the account's key
    assert result.receipt.size == 2
    assert fsck.check(application.db, application.log)["problems"] == []
    record = catalog.get(application.db, application.log.origin, result.work_id)
    assert record.claim.owner == "Marta Salt"
    assert record.claim.licence == "CC-BY-4.0"


def test_the_same_bytes_for_the_same_owner_are_one_registration(application: Application) -> None:
    first = register_work(application, ESSAY.encode())
    second = register_work(application, ESSAY.encode(), title="Another title")
    assert second.status == "already_registered"
    assert second.work_id == first.work_id
    assert second.receipt.index == first.receipt.index


def test_one_group_may_hold_the_same_work_twice(application: Application) -> None:
    item = RegistrationItem(owner="A", title="t")
    submissions = [RegistrationRequest(item, Source.blob(ESSAY.encode()))] * 3
    results = list(application.registrar.register(accounts.local(application.db), submissions))
    assert [r.status for r in results] == ["registered", "already_registered", "already_registered"]
    assert len({r.work_id for r in results}) == 1


def test_competing_claims_are_recorded_on_both_sides(application: Application) -> None:
    accounts.create(application.db, NewAccount(name="rival"))
    first = register_work(application, ESSAY.encode())
    second = register_work(application, (ESSAY + " And that was all.").encode(), account="rival", owner="Rival Press")
    third = register_work(application, ESSAY.encode(), account="rival", owner="Rival Press")
    assert second.competing == [first.work_id]
    assert set(third.competing) == {first.work_id, second.work_id}
    assert set(catalog.get(application.db, application.log.origin, first.work_id).competing) == {
        second.work_id,
        third.work_id,
    }
    found = scan_upload(application, ESSAY.encode())
    assert {m.work_id for m in found.matches} == {first.work_id, second.work_id, third.work_id}
    assert all(len(m.competing) == 2 for m in found.matches)


def test_competing_claims_within_one_group_follow_the_order(application: Application) -> None:
    submissions = [
        RegistrationRequest(RegistrationItem(owner=owner, title="t"), Source.blob(encoded(picture(1), quality=quality)))
        for owner, quality in (("A", 95), ("B", 80), ("C", 60))
    ]
    a, b, c = application.registrar.register(accounts.local(application.db), submissions)
    assert a.competing == []
    assert b.competing == [a.work_id]
    assert set(c.competing) == {a.work_id, b.work_id}


def test_a_withdrawn_work_is_not_matched_and_stays_provable(application: Application) -> None:
    result = register_work(application, ESSAY.encode())
    assert scan_upload(application, ESSAY.encode()).status == "matched"
    record = application.withdrawals.withdraw(accounts.local(application.db), result.work_id)
    assert record.withdrawn_at is not None
    assert scan_upload(application, ESSAY.encode()).status == "no_match"
    with Application(application.settings) as other:  # a process that builds its index afresh
        assert scan_upload(other, ESSAY.encode()).status == "no_match"
    with pytest.raises(Conflict):
        application.withdrawals.withdraw(accounts.local(application.db), result.work_id)
    assert verify.verify_receipt(build_receipt(application.db, application.log, result.work_id)).ok
    again = register_work(application, ESSAY.encode())
    assert again.status == "registered"
    assert again.work_id != result.work_id
    assert scan_upload(application, ESSAY.encode()).matches[0].work_id == again.work_id


def test_what_one_process_answered_another_finds_at_once(application: Application) -> None:
    with Application(application.settings) as other:
        assert scan_upload(other, ESSAY_ZH.encode()).status == "no_match"
        register_work(application, ESSAY_ZH.encode())
        assert scan_upload(other, ESSAY_ZH.encode()).status == "matched"


def test_errors_stay_in_their_places(application: Application, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "good.txt").write_text(ESSAY)
    names = ["missing.jpg", "good.txt", ".", "empty.txt"]
    submissions = [
        RegistrationRequest(RegistrationItem(owner="A", path=name), Source.file(tmp_path / name)) for name in names
    ]
    submissions.append(RegistrationRequest(RegistrationItem(title="no owner"), Source.blob(ESSAY_ZH.encode())))
    results = list(application.registrar.register(accounts.local(application.db), submissions))
    assert [r.status for r in results] == ["error", "registered", "error", "error", "error"]
    assert [r.path for r in results[:4]] == names
    assert results[1].status == "registered"
    assert all(r.error and "\n" not in r.error.detail for r in results if r.status == "error")
    assert "owner" in results[4].error.detail


def test_the_default_owner_of_an_account(application: Application) -> None:
    account = accounts.create(application.db, NewAccount(name="p", default_owner="Press House"))
    submission = RegistrationRequest(RegistrationItem(), Source.blob(ESSAY.encode()))
    result = next(application.registrar.register(account, [submission]))
    assert catalog.get(application.db, application.log.origin, result.work_id).claim.owner == "Press House"


def test_nothing_personal_is_in_the_log(application: Application) -> None:
    register_work(
        application, ESSAY.encode(), title="Secret Title", owner="Private Person", source_urls=["https://a.example/x"]
    )
    import base64
    import json

    with application.db.read() as connection:
        leaves = [leaf for (leaf,) in connection.execute(sa.select(entries.c.leaf))]
    payloads = b"".join(base64.b64decode(json.loads(leaf)["payload"]) for leaf in leaves)
    for word in (b"Secret Title", b"Private Person", b"a.example", b"local"):
        assert word not in payloads


def test_a_strangers_work_is_not_found(application: Application) -> None:
    result = register_work(application, ESSAY.encode())
    other = accounts.create(application.db, NewAccount(name="other"))
    with pytest.raises(NotFound):
        catalog.get(application.db, application.log.origin, result.work_id, other.id)
    with pytest.raises(NotFound):
        application.withdrawals.withdraw(other, result.work_id)
    assert catalog.page(application.db, application.log.origin, other.id) == ([], None)


def test_pages(application: Application) -> None:
    for n in range(5):
        register_work(application, f"{n} {ESSAY}".encode(), title=str(n))
    first, cursor = catalog.page(application.db, application.log.origin, None, limit=2)
    second, cursor = catalog.page(application.db, application.log.origin, None, after=cursor, limit=2)
    third, end = catalog.page(application.db, application.log.origin, None, after=cursor, limit=2)
    assert [w.claim.title for w in (*first, *second, *third)] == ["0", "1", "2", "3", "4"]
    assert end is None


def test_rows_of_a_refused_statement_do_not_block_the_work(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key revoked between signing and sequencing: the statement never enters, the work can be registered again."""

    register_work(application, ESSAY_ZH.encode())
    account = accounts.local(application.db)
    key = application.signing_keys.ensure_kept_key(account)
    with monkeypatch.context() as patched:
        patched.setattr(application.signing_keys, "ensure_kept_key", lambda _: key)
        application.signing_keys.revoke(key.keyid)
        with pytest.raises(Conflict, match="revoked"):
            register_work(application, ESSAY.encode())
    result = register_work(application, ESSAY.encode())
    assert result.status == "registered"
    with application.db.read() as connection:
        live = connection.execute(
            sa.select(sa.func.count()).select_from(works_table).where(works_table.c.withdrawn_at.is_(None))
        ).scalar()
    assert live == 2
    assert fsck.check(application.db, application.log)["problems"] == []
