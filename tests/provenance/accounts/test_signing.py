"""Signing keys: who may enrol, rotate and revoke them; every log of it passes fsck, the audit and receipts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fingerprints.source import Source
from provenance.accounts import accounts, enrolled_keys, log_keys
from provenance.accounts.accounts import Account, NewAccount
from provenance.application import Application
from provenance.auditing import fsck
from provenance.database.tables import pending_entries, signing_keys
from provenance.errors import BadInput, Conflict, Forbidden, LedgerReadOnly, NotFound, VerificationFailed
from provenance.ledger import key_files
from provenance.schemas import RegistrationItem
from provenance.tlog import keys, merkle, statement, verify
from provenance.tlog.encoding import b64, canonical
from provenance.tlog.key_directory import KeyDirectory
from provenance.tlog.keys import SigningKey
from provenance.works import catalog
from provenance.works.receipt_builder import build_receipt
from provenance.works.registration import RegistrationRequest
from tests.provenance.conftest import ESSAY, register_work

pytestmark = pytest.mark.slow

# Programs that check the log without a line of ours; they are not part of the project.
TOOLS = Path(os.environ.get("LEDGER_TOOLS", "/nonexistent"))


def sound(application: Application, folder: Path | None = None) -> None:
    """Nothing is wrong with the log, for us and, where they are at hand, for verifiers that others wrote."""
    assert fsck.check(application.db, application.log)["problems"] == []
    if folder is not None and (TOOLS / "verify_log_dir.py").exists():
        application.log.export(folder)
        keys_ = [word for key in application.log.vkeys() for word in ("--vkey", key)]
        command = [sys.executable, TOOLS / "verify_log_dir.py", folder, "--entries", "dsse", *keys_]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def account(application: Application, name: str = "weekly") -> Account:
    return accounts.create(application.db, NewAccount(name=name))


def enrol(application: Application, who: Account, *signers: SigningKey, **options) -> SigningKey:
    """Enrols the first key; the others sign too."""
    key, unlinked = signers[0], options.pop("unlinked", False)
    made = statement.key_enrol(
        application.log.origin, public_key=key.public, custody="producer", after=application.log.head(), **options
    )
    application.signing_keys.enrol(who, statement.sign(made, *signers), unlinked=unlinked)
    return key


def row(application: Application, keyid: str) -> dict:
    return next(row for row in enrolled_keys.list_all(application.db) if row.keyid == keyid)


def new() -> SigningKey:
    return keys.new_signing_key()


def test_custody_is_shown(application: Application) -> None:
    account(application)
    register_work(application, ESSAY.encode())
    register_work(application, ESSAY.encode(), account="weekly")
    assert [r.custody for r in enrolled_keys.list_all(application.db)] == ["producer", "service"]


def test_an_account_with_its_own_key_is_never_signed_for(application: Application, tmp_path: Path) -> None:
    who = account(application)
    first = register_work(application, ESSAY.encode(), account="weekly")
    (kept,) = enrolled_keys.list_all(application.db, who.id)
    own = enrol(application, who, new())
    assert row(application, own.keyid).predecessor == kept.keyid  # the service's key named it
    assert row(application, kept.keyid).revoked_index is not None
    with pytest.raises(Forbidden, match="key of its own"):
        register_work(application, b"Another text that is long enough to say something.", account="weekly")
    with pytest.raises(Forbidden, match="key of its own"):
        application.withdrawals.withdraw(who, first.work_id)
    sound(application, tmp_path / "log")


def test_an_api_key_alone_adds_no_signing_key(application: Application) -> None:
    who, other = account(application), account(application, "other")
    own, thief = enrol(application, who, new()), enrol(application, other, new())
    for leaf_signers in ((new(),), (new(), thief)):
        with pytest.raises(Forbidden):
            enrol(application, who, *leaf_signers)
    application.signing_keys.revoke(own.keyid, own)
    with pytest.raises(Forbidden):
        enrol(application, who, new())
    with pytest.raises(Conflict, match="revoked"):
        enrol(application, who, new(), own, unlinked=True)
    enrol(application, who, new(), unlinked=True)
    sound(application)


def test_a_rotation_and_its_receipt(application: Application, tmp_path: Path) -> None:
    register_work(application, ESSAY.encode())
    local = accounts.local(application.db)
    chain = [application.signing_keys.ensure_kept_key(local).keyid]
    for _ in range(11):
        chain.append(application.signing_keys.rotate(chain[-1]))
    assert application.signing_keys.ensure_kept_key(local).keyid == chain[-1]
    second = register_work(application, (ESSAY + " Later.").encode())
    files = build_receipt(application.db, application.log, second.work_id)
    assert len([name for name in files if name.startswith("keys/")]) == 2 * 12
    assert b"keys/11/" in files["VERIFY.md"]
    done = verify.verify_receipt(files, application.log.policy())
    assert done.ok, done.lines()
    assert done.facts["signed_by"] == [chain[-1]]
    for name in ("keys/00/entry.dsse.json", "keys/05/entry.dsse.json"):  # the whole succession is needed
        cut = {k: v for k, v in files.items() if k != name}
        assert not verify.verify_receipt(cut, application.log.policy()).ok
    (done_withdrawn,) = [
        application.withdrawals.withdraw(
            local, catalog.page(application.db, application.log.origin, None)[0][0].work_id
        )
    ]  # by a successor
    assert done_withdrawn.withdrawn_at is not None
    with pytest.raises(Conflict, match="revoked already"):
        application.signing_keys.rotate(chain[0])
    sound(application, tmp_path / "log")
    if (TOOLS / "verify_receipt.py").exists():
        for name, data in files.items():
            (tmp_path / "r" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "r" / name).write_bytes(data)
        (tmp_path / "essay").write_bytes((ESSAY + " Later.").encode())
        command = [sys.executable, TOOLS / "verify_receipt.py", tmp_path / "r", "--policy", tmp_path / "r" / "policy"]
        done = subprocess.run([*command, "--work", tmp_path / "essay"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_a_stolen_key_is_stopped_by_its_recovery_key(application: Application, tmp_path: Path) -> None:
    who = account(application)
    recovery = enrol(application, who, new())
    key = enrol(application, who, new(), recovery, recovery=recovery.keyid)
    assert row(application, key.keyid).predecessor is None  # a recovery key is not rotated away by signing
    stolen = enrol(application, who, new(), key)  # the thief has the key and the API key
    application.signing_keys.revoke(key.keyid, stolen)
    with pytest.raises(Conflict, match="may not act"):
        application.signing_keys.revoke(recovery.keyid, stolen)
    application.signing_keys.revoke(stolen.keyid, recovery)
    fresh = enrol(application, who, new(), recovery, recovery=recovery.keyid)
    assert application.signing_keys.ensure_enrolled(who, fresh) is fresh
    with pytest.raises(Forbidden, match="revoked"):
        application.signing_keys.ensure_enrolled(who, stolen)
    sound(application, tmp_path / "log")


def test_a_recovery_key_withdraws_what_a_lost_key_registered(application: Application) -> None:
    who = account(application)
    recovery = enrol(application, who, new())
    lost = enrol(application, who, new(), recovery, recovery=recovery.keyid)
    item = RegistrationRequest(RegistrationItem(owner="Ada", title="t"), Source.blob(ESSAY.encode()))
    (result,) = application.registrar.register(who, [item], lost)
    assert application.withdrawals.withdraw(who, result.work_id, recovery).withdrawn_at is not None
    sound(application)


def test_who_may_revoke(application: Application) -> None:
    who, other = account(application), account(application, "other")
    key, stranger = enrol(application, who, new()), enrol(application, other, new())
    with pytest.raises(Conflict, match="may not act"):
        application.signing_keys.revoke(key.keyid, stranger)
    with pytest.raises(VerificationFailed, match="not enrolled"):
        application.signing_keys.revoke(key.keyid, new())
    with pytest.raises(BadInput, match="not kept here"):
        application.signing_keys.revoke(key.keyid)
    with pytest.raises(BadInput, match="not kept here"):
        application.signing_keys.rotate(key.keyid)
    with pytest.raises(NotFound):
        application.signing_keys.revoke("0" * 64)
    application.signing_keys.revoke(key.keyid, key)
    application.signing_keys.revoke(key.keyid, key)  # twice changes nothing
    sound(application)


def test_keys_are_enrolled_once_and_well(application: Application) -> None:
    who, other = account(application), account(application, "other")
    key = enrol(application, who, new())
    with pytest.raises(Conflict, match="already"):
        enrol(application, who, key, unlinked=True)
    with pytest.raises(Conflict, match="already"):
        enrol(application, other, key)
    with pytest.raises(Forbidden, match="another account"):
        application.signing_keys.ensure_enrolled(other, key)
    with pytest.raises(Forbidden, match="not enrolled"):
        application.signing_keys.ensure_enrolled(who, new())
    for weak in (b"\x01" + bytes(31), bytes(32), (2**255 - 19 + 1).to_bytes(32, "little")):
        made = statement.key_enrol(
            application.log.origin, public_key=weak, custody="producer", after=application.log.head()
        )
        with pytest.raises(VerificationFailed, match="weak"):
            application.signing_keys.enrol(who, statement.sign(made, key))
    with pytest.raises(Conflict, match="recovery"):
        enrol(application, who, new(), key, recovery="0" * 64)
    sound(application)


def test_a_refused_enrolment_may_be_tried_again(application: Application) -> None:
    who = account(application)
    key, second = enrol(application, who, new()), new()
    with pytest.raises(Conflict, match="recovery"):
        enrol(application, who, second, key, recovery="0" * 64)
    with pytest.raises(VerificationFailed, match="not enrolled"):
        application.signing_keys.revoke(key.keyid, new())
    enrol(application, who, second, key)
    sound(application)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.update().values(revoked_index=None), "was changed"),
        (lambda t: t.update().values(public_key=bytes(32)), "was changed"),
        (lambda t: t.update().values(predecessor=None), "was changed"),
        (lambda t: t.update().values(recovery="0" * 64), "was changed"),
        (lambda t: t.update().values(enrolled_index=None), "was changed"),
        (lambda t: t.delete(), "is missing"),
    ],
)
def test_an_edited_key_is_found(sqlite_application: Application, change, told: str) -> None:
    application = sqlite_application
    register_work(application, ESSAY.encode())
    application.signing_keys.rotate(application.signing_keys.ensure_kept_key(accounts.local(application.db)).keyid)
    assert fsck.check(application.db, application.log)["problems"] == []
    with application.db.write() as connection:
        connection.execute(change(signing_keys))
    assert any(told in problem for problem in fsck.check(application.db, application.log)["problems"])


def test_the_operator_cannot_forge_a_producer(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """A leaf signed by another key under the producer's id does not get past the queue, the sequencer, nor an audit."""
    who = account(application)
    key, operator = enrol(application, who, new()), new()
    made = statement.registration(
        application.log.origin,
        digest=bytes(32),
        medium="text",
        algorithms=[],
        commitments={},
        after=application.log.head(),
    )
    wrapped = json.loads(statement.sign(made, operator))
    wrapped["signatures"][0]["keyid"] = key.keyid
    forged = canonical(wrapped)
    with pytest.raises(VerificationFailed, match="does not verify"), application.db.write() as connection:
        application.log.submit(connection, [forged])
    with application.db.write() as connection:  # the operator writes the queue by hand
        connection.execute(
            pending_entries.insert().values(
                leaf=forged,
                leaf_hash=merkle.leaf_hash(forged),
                kind="registration",
                keyid=key.keyid,
                created_at="2026-01-01T00:00:00.000000Z",
            )
        )
    with pytest.raises(Conflict, match="does not verify"):
        application.log.commit([merkle.leaf_hash(forged)])
    with application.db.write() as connection:
        connection.execute(pending_entries.update().values(refused=None))
    with monkeypatch.context() as patched:  # and changes the program
        patched.setattr(KeyDirectory, "verify", lambda self, leaf: None)
        application.log.commit([merkle.leaf_hash(forged)])
    assert any("does not verify" in problem for problem in fsck.check(application.db, application.log)["problems"])


@pytest.mark.parametrize("what", ["another log", "signature", "unsigned checkpoint"])
def test_what_the_queue_refuses(application: Application, what: str) -> None:
    key = application.signing_keys.ensure_kept_key(accounts.local(application.db))
    origin = "other.example/sourcemark" if what == "another log" else application.log.origin
    after = (1, bytes(32)) if what == "unsigned checkpoint" else application.log.head()
    made = statement.registration(origin, digest=bytes(32), medium="text", algorithms=[], commitments={}, after=after)
    leaf = statement.sign(made, key)
    if what == "signature":
        wrapped = json.loads(leaf)
        wrapped["signatures"][0]["sig"] = b64(bytes(64))
        leaf = canonical(wrapped)
    with pytest.raises((VerificationFailed, BadInput)), application.db.write() as connection:
        application.log.submit(connection, [leaf])
    sound(application)


def test_a_leaf_waits_once(application: Application) -> None:
    key = application.signing_keys.ensure_kept_key(accounts.local(application.db))
    made = statement.registration(
        application.log.origin,
        digest=bytes(32),
        medium="text",
        algorithms=[],
        commitments={},
        after=application.log.head(),
    )
    leaf = statement.sign(made, key)
    with pytest.raises(Conflict, match="already"), application.db.write() as connection:
        application.log.submit(connection, [leaf, leaf])
    with application.db.write() as connection:
        application.log.submit(connection, [leaf])
    with pytest.raises(Conflict, match="already"), application.db.write() as connection:
        application.log.submit(connection, [leaf])
    application.log.commit([merkle.leaf_hash(leaf)])
    with pytest.raises(Conflict, match="in the log already"), application.db.write() as connection:
        application.log.submit(connection, [leaf])


def test_a_lost_key_file_is_told(sqlite_application: Application) -> None:
    application = sqlite_application
    local = accounts.local(application.db)
    key = application.signing_keys.ensure_kept_key(local)
    path = application.settings.keys_dir / f"{key.keyid}.pem"
    raw = path.read_bytes()
    path.unlink()
    with pytest.raises(Forbidden, match=r"--sign-key FILE.*backup"):
        application.signing_keys.ensure_kept_key(local)
    weekly = account(application)
    (application.settings.keys_dir / f"{application.signing_keys.ensure_kept_key(weekly).keyid}.pem").unlink()
    with pytest.raises(LedgerReadOnly, match="backup"):
        application.signing_keys.ensure_kept_key(weekly)
    key_files.save_signing_key(new(), path)
    with pytest.raises(LedgerReadOnly, match="another key"):
        application.signing_keys.ensure_kept_key(local)
    path.write_bytes(raw)
    assert application.signing_keys.ensure_kept_key(local).keyid == key.keyid


def test_a_key_signs_for_its_own_account_only(sqlite_application: Application) -> None:
    application = sqlite_application
    ada, eve = (accounts.create(application.db, accounts.NewAccount(name=name)) for name in ("ada", "eve"))
    key = new()
    assert application.signing_keys.ensure_enrolled(ada, key) is key
    assert application.signing_keys.ensure_signer(ada, key) is key
    with pytest.raises(Forbidden, match="another account"):
        application.signing_keys.ensure_enrolled(eve, key)
    with pytest.raises(Forbidden, match="not enrolled for account 'eve'"):
        enrolled_keys.check_live(application.db, eve, [key.keyid])
    enrolled_keys.check_live(application.db, ada, [key.keyid])
    with pytest.raises(Forbidden, match="is not enrolled"):  # a second key needs the first one's signature
        application.signing_keys.ensure_enrolled(ada, new())
    application.signing_keys.revoke(key.keyid, key)
    with pytest.raises(Forbidden, match="was revoked"):
        application.signing_keys.ensure_enrolled(ada, key)
    with pytest.raises(Forbidden, match="was revoked"):
        enrolled_keys.check_live(application.db, ada, [key.keyid])


def test_a_file_with_another_key_is_told(sqlite_application: Application) -> None:
    local, folder = accounts.local(sqlite_application.db), sqlite_application.settings.keys_dir
    keyid = sqlite_application.signing_keys.ensure_kept_key(local).keyid
    (folder / f"{keyid}.pem").unlink()
    key_files.save_signing_key(new(), folder / f"{keyid}.pem", None)
    with Application(sqlite_application.settings) as later, pytest.raises(LedgerReadOnly, match="holds another key"):
        later.signing_keys.ensure_kept_key(local)


def test_the_logs_keys_sign_no_works(sqlite_application: Application) -> None:
    """They are enrolled under the local account, with another custody, and are nobody's to register with."""
    application, local = sqlite_application, accounts.local(sqlite_application.db)
    own = application.signing_keys.ensure_kept_key(local)
    log_keys.rotate(application.db, application.log, application.settings)
    assert [row.keyid for row in enrolled_keys.enrolled(application.db, local)] == [own.keyid]
    assert len(enrolled_keys.list_all(application.db, local.id)) == 3
