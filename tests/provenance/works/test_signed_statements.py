"""Prepared statements across threads, processes and databases; a withdrawal whose key is revoked meanwhile."""

import threading

import pytest

from fingerprints.source import Source
from provenance.accounts import accounts, enrolled_keys
from provenance.application import Application
from provenance.auditing import fsck
from provenance.database.tables import entries, pending_entries
from provenance.errors import Conflict, Forbidden, NotFound
from provenance.schemas import RegistrationItem
from provenance.tlog import envelope, keys, statement
from provenance.tlog.encoding import b64, unb64
from provenance.works import catalog
from provenance.works.submissions import SignedStatement
from tests.provenance.conftest import ESSAY, register_work, scan_upload

pytestmark = pytest.mark.slow


def signed(application: Application, key: keys.SigningKey, text: str = ESSAY) -> SignedStatement:
    local = accounts.local(application.db)
    application.signing_keys.ensure_enrolled(local, key)
    made = application.prepared.prepare(local, RegistrationItem(owner="Ada", title="t"), Source.blob(text.encode()))
    payload = unb64(made.statement)
    return SignedStatement(leaf=b64(statement.assemble(payload, [(key.keyid, key.sign(envelope.pae(payload)))])))


def test_prepared_here_submitted_there(settings) -> None:
    key = keys.new_signing_key()
    with Application(settings) as one, Application(settings) as two:
        leaf = signed(one, key)
        done = two.submissions.submit(accounts.local(two.db), leaf)
        assert done.work.status == "registered"
    with Application(settings) as three:  # sent again after everything was restarted
        again = three.submissions.submit(accounts.local(three.db), leaf)
        assert (again.work.work_id, again.receipt.index) == (done.work.work_id, done.receipt.index)
        assert fsck.check(three.db, three.log)["problems"] == []


def test_sent_many_times_at_once(application: Application) -> None:
    leaf, local = signed(application, keys.new_signing_key()), accounts.local(application.db)
    answers: list[object] = []

    def client() -> None:
        try:
            answers.append(application.submissions.submit(local, leaf).work.work_id)
        except Exception as error:
            answers.append(error)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1, answers
    assert fsck.check(application.db, application.log)["problems"] == []


def test_two_drafts_of_one_work(application: Application) -> None:
    key, local = keys.new_signing_key(), accounts.local(application.db)
    one, two = signed(application, key), signed(application, key)
    first = application.submissions.submit(local, one).work
    second = application.submissions.submit(local, two).work
    assert (first.status, second.status) == ("registered", "already_registered")
    assert first.work_id == second.work_id
    with pytest.raises(NotFound, match="prepare"):
        application.submissions.submit(local, two)


def test_a_withdrawal_that_the_log_refuses_is_none(application: Application) -> None:
    result, local = register_work(application, ESSAY.encode()), accounts.local(application.db)
    key = application.signing_keys.ensure_kept_key(local)
    found = catalog.find(application.db, result.work_id)
    made = statement.withdrawal(
        application.log.origin, registration=found.leaf_hash, index=found.index, after=application.log.head()
    )
    leaf = statement.sign(made, key)
    application.signing_keys.revoke(key.keyid)
    with pytest.raises(Conflict, match="revoked"):
        application.withdrawals.enter(local, result.work_id, leaf)
    assert catalog.get(application.db, application.log.origin, result.work_id).withdrawn_at is None
    assert scan_upload(application, ESSAY.encode()).status == "matched"
    assert register_work(application, ESSAY.encode()).status == "already_registered"
    assert fsck.check(application.db, application.log)["problems"] == []


def test_a_key_that_may_not_act_for_the_registrant_withdraws_nothing(application: Application) -> None:
    """Told before anything is queued: the sequencer would refuse it too, and the work be marked in between."""
    result, local = register_work(application, ESSAY.encode()), accounts.local(application.db)
    stranger = accounts.create(application.db, accounts.NewAccount(name="ada", kind="producer"))
    key = application.signing_keys.ensure_enrolled(stranger, keys.new_signing_key())
    found = catalog.find(application.db, result.work_id)
    made = statement.withdrawal(
        application.log.origin, registration=found.leaf_hash, index=found.index, after=application.log.head()
    )
    with pytest.raises(Conflict, match="may not act for"):
        application.withdrawals.enter(local, result.work_id, statement.sign(made, key))
    with application.db.read() as connection:
        assert connection.execute(pending_entries.select()).all() == []
    assert scan_upload(application, ESSAY.encode()).status == "matched"


@pytest.mark.parametrize("place", ["index", "leaf hash"])
def test_a_withdrawal_of_another_entry_is_refused(sqlite_application: Application, place: str) -> None:
    application, local = sqlite_application, accounts.local(sqlite_application.db)
    one, two = register_work(application, ESSAY.encode()), register_work(application, ESSAY.encode() + b" Later.")
    mine, other = catalog.find(application.db, one.work_id), catalog.find(application.db, two.work_id)
    made = statement.withdrawal(
        application.log.origin,
        registration=other.leaf_hash if place == "leaf hash" else mine.leaf_hash,
        index=other.index if place == "index" else mine.index,
        after=application.log.head(),
    )
    with pytest.raises(Conflict, match="another entry"):
        application.withdrawals.enter(
            local, one.work_id, statement.sign(made, application.signing_keys.ensure_kept_key(local))
        )


def test_a_statement_about_somebody_elses_work_finds_none(sqlite_application: Application) -> None:
    application = sqlite_application
    found = catalog.find(application.db, str(register_work(application, ESSAY.encode()).work_id))
    stranger = accounts.create(application.db, accounts.NewAccount(name="ada", kind="producer"))
    key = application.signing_keys.ensure_enrolled(stranger, keys.new_signing_key())
    made = statement.withdrawal(
        application.log.origin, registration=found.leaf_hash, index=found.logged_index(), after=application.log.head()
    )
    with pytest.raises(NotFound, match="registers no work of yours"):
        application.submissions.submit(stranger, SignedStatement(leaf=b64(statement.sign(made, key))))


@pytest.mark.parametrize("act", ["withdrawal", "erasure"])
def test_two_at_once_leave_one_entry(
    sqlite_application: Application, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """Another request is faster, after this one has looked and before it writes."""
    application, local = sqlite_application, accounts.local(sqlite_application.db)
    work_id = str(register_work(application, ESSAY.encode()).work_id)
    if act == "erasure":
        application.withdrawals.withdraw(local, work_id)
    key, found = application.signing_keys.ensure_kept_key(local), catalog.find(application.db, work_id)
    made = (
        statement.withdrawal(
            application.log.origin, registration=found.leaf_hash, index=1, after=application.log.head()
        )
        if act == "withdrawal"
        else statement.erasure(
            application.log.origin,
            entry=found.leaf_hash,
            index=1,
            erased=["claim", "fingerprint"],
            after=application.log.head(),
        )
    )
    faster = application.withdrawals.withdraw if act == "withdrawal" else application.erasures.erase
    enter = application.withdrawals.enter if act == "withdrawal" else application.erasures.enter
    assert found.index == 1
    faster(local, work_id)
    monkeypatch.setattr(catalog, "find", lambda *_: found)
    with pytest.raises(Conflict, match="already"):
        enter(local, work_id, statement.sign(made, key))
    with application.db.read() as connection:
        assert connection.execute(pending_entries.select()).all() == []
        logged = connection.execute(entries.select().where(entries.c.kind == act)).all()
    assert len(logged) == 1


@pytest.mark.parametrize("act", ["withdraw", "erase"])
def test_a_sealed_digest_is_registered_once_for_good(sqlite_application: Application, act: str) -> None:
    """It can be read in the log: withdrawn or erased, it must not be taken again, by anybody."""
    application, local = sqlite_application, accounts.local(sqlite_application.db)
    rival = accounts.create(application.db, accounts.NewAccount(name="rival", kind="producer"))
    key, other = keys.new_signing_key(), keys.new_signing_key()
    application.signing_keys.ensure_enrolled(local, key)
    application.signing_keys.ensure_enrolled(rival, other)

    def sealed(signer: keys.SigningKey) -> SignedStatement:
        made = statement.sealed_registration(
            application.log.origin,
            digest=bytes(range(32)),
            commitments={"seal": statement.commit(bytes(32), {"salt": b64(bytes(32))})},
            after=application.log.head(),
        )
        return SignedStatement(leaf=b64(statement.sign(made, signer)))

    done = application.submissions.submit(local, sealed(key)).work
    assert done is not None
    if act == "withdraw":
        application.withdrawals.withdraw(local, str(done.work_id), key)
    else:
        application.erasures.erase(local, str(done.work_id), key)
    for account, signer in ((rival, other), (local, key)):
        with pytest.raises(Conflict, match="sealed digest"):
            application.submissions.submit(account, sealed(signer))
        (answer,) = application.submissions.submit_all(account, [sealed(signer)])
        assert isinstance(answer, Conflict)
    assert fsck.check(application.db, application.log)["problems"] == []


@pytest.mark.parametrize("lost", [False, True])
def test_an_enrolment_that_the_service_signs_too_is_sent_again(
    application: Application, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """Whether it was answered, or the process ended between the queue and the log."""
    account = accounts.create(application.db, accounts.NewAccount(name="ada", kind="producer"))
    kept = application.signing_keys.ensure_kept_key(account)
    key = keys.new_signing_key()
    made = statement.key_enrol(
        application.log.origin, public_key=key.public, custody="producer", after=application.log.head()
    )
    sent = SignedStatement(leaf=b64(statement.sign(made, key)))
    if lost:
        with monkeypatch.context() as broken:
            broken.setattr(application.log, "commit", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                application.submissions.submit(account, sent)
    first = application.submissions.submit(account, sent)
    again = application.submissions.submit(account, sent)
    assert first.receipt.index == again.receipt.index
    rows = {row.keyid: row for row in enrolled_keys.list_all(application.db, account.id)}
    assert rows[key.keyid].predecessor == kept.keyid
    assert rows[kept.keyid].revoked_index is not None
    other = statement.sign({**made, "predicate": {**made["predicate"], "nonce": b64(bytes(16))}}, key)
    with pytest.raises(Forbidden, match="signed by"):  # the same key again, but not the same statement
        application.submissions.submit(account, SignedStatement(leaf=b64(other)))
    assert fsck.check(application.db, application.log)["problems"] == []
