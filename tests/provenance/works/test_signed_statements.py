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


def signed(service: Application, key: keys.SigningKey, text: str = ESSAY) -> SignedStatement:
    local = accounts.local(service.db)
    service.signing_keys.ensure_enrolled(local, key)
    made = service.prepared.prepare(local, RegistrationItem(owner="Ada", title="t"), Source.blob(text.encode()))
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


def test_sent_many_times_at_once(service: Application) -> None:
    leaf, local = signed(service, keys.new_signing_key()), accounts.local(service.db)
    answers: list[object] = []

    def client() -> None:
        try:
            answers.append(service.submissions.submit(local, leaf).work.work_id)
        except Exception as error:
            answers.append(error)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1, answers
    assert fsck.check(service.db, service.log)["problems"] == []


def test_two_drafts_of_one_work(service: Application) -> None:
    key, local = keys.new_signing_key(), accounts.local(service.db)
    one, two = signed(service, key), signed(service, key)
    first = service.submissions.submit(local, one).work
    second = service.submissions.submit(local, two).work
    assert (first.status, second.status) == ("registered", "already_registered")
    assert first.work_id == second.work_id
    with pytest.raises(NotFound, match="prepare"):
        service.submissions.submit(local, two)


def test_a_withdrawal_that_the_log_refuses_is_none(service: Application) -> None:
    result, local = register_work(service, ESSAY.encode()), accounts.local(service.db)
    key = service.signing_keys.ensure_kept_key(local)
    found = catalog.find(service.db, result.work_id)
    made = statement.withdrawal(
        service.log.origin, registration=found.leaf_hash, index=found.index, after=service.log.head()
    )
    leaf = statement.sign(made, key)
    service.signing_keys.revoke(key.keyid)
    with pytest.raises(Conflict, match="revoked"):
        service.withdrawals.enter(local, result.work_id, leaf)
    assert catalog.get(service.db, service.log.origin, result.work_id).withdrawn_at is None
    assert scan_upload(service, ESSAY.encode()).status == "matched"
    assert register_work(service, ESSAY.encode()).status == "already_registered"
    assert fsck.check(service.db, service.log)["problems"] == []


def test_a_key_that_may_not_act_for_the_registrant_withdraws_nothing(service: Application) -> None:
    """Told before anything is queued: the sequencer would refuse it too, and the work be marked in between."""
    result, local = register_work(service, ESSAY.encode()), accounts.local(service.db)
    stranger = accounts.create(service.db, accounts.NewAccount(name="ada", kind="producer"))
    key = service.signing_keys.ensure_enrolled(stranger, keys.new_signing_key())
    found = catalog.find(service.db, result.work_id)
    made = statement.withdrawal(
        service.log.origin, registration=found.leaf_hash, index=found.index, after=service.log.head()
    )
    with pytest.raises(Conflict, match="may not act for"):
        service.withdrawals.enter(local, result.work_id, statement.sign(made, key))
    with service.db.read() as connection:
        assert connection.execute(pending_entries.select()).all() == []
    assert scan_upload(service, ESSAY.encode()).status == "matched"


@pytest.mark.parametrize("place", ["index", "leaf hash"])
def test_a_withdrawal_of_another_entry_is_refused(sqlite_service: Application, place: str) -> None:
    service, local = sqlite_service, accounts.local(sqlite_service.db)
    one, two = register_work(service, ESSAY.encode()), register_work(service, ESSAY.encode() + b" Later.")
    mine, other = catalog.find(service.db, one.work_id), catalog.find(service.db, two.work_id)
    made = statement.withdrawal(
        service.log.origin,
        registration=other.leaf_hash if place == "leaf hash" else mine.leaf_hash,
        index=other.index if place == "index" else mine.index,
        after=service.log.head(),
    )
    with pytest.raises(Conflict, match="another entry"):
        service.withdrawals.enter(local, one.work_id, statement.sign(made, service.signing_keys.ensure_kept_key(local)))


def test_a_statement_about_somebody_elses_work_finds_none(sqlite_service: Application) -> None:
    service = sqlite_service
    found = catalog.find(service.db, str(register_work(service, ESSAY.encode()).work_id))
    stranger = accounts.create(service.db, accounts.NewAccount(name="ada", kind="producer"))
    key = service.signing_keys.ensure_enrolled(stranger, keys.new_signing_key())
    made = statement.withdrawal(
        service.log.origin, registration=found.leaf_hash, index=found.logged_index(), after=service.log.head()
    )
    with pytest.raises(NotFound, match="registers no work of yours"):
        service.submissions.submit(stranger, SignedStatement(leaf=b64(statement.sign(made, key))))


@pytest.mark.parametrize("act", ["withdrawal", "erasure"])
def test_two_at_once_leave_one_entry(sqlite_service: Application, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """Another request is faster, after this one has looked and before it writes."""
    service, local = sqlite_service, accounts.local(sqlite_service.db)
    work_id = str(register_work(service, ESSAY.encode()).work_id)
    if act == "erasure":
        service.withdrawals.withdraw(local, work_id)
    key, found = service.signing_keys.ensure_kept_key(local), catalog.find(service.db, work_id)
    made = (
        statement.withdrawal(service.log.origin, registration=found.leaf_hash, index=1, after=service.log.head())
        if act == "withdrawal"
        else statement.erasure(
            service.log.origin,
            entry=found.leaf_hash,
            index=1,
            erased=["claim", "fingerprint"],
            after=service.log.head(),
        )
    )
    faster = service.withdrawals.withdraw if act == "withdrawal" else service.erasures.erase
    enter = service.withdrawals.enter if act == "withdrawal" else service.erasures.enter
    assert found.index == 1
    faster(local, work_id)
    monkeypatch.setattr(catalog, "find", lambda *_: found)
    with pytest.raises(Conflict, match="already"):
        enter(local, work_id, statement.sign(made, key))
    with service.db.read() as connection:
        assert connection.execute(pending_entries.select()).all() == []
        logged = connection.execute(entries.select().where(entries.c.kind == act)).all()
    assert len(logged) == 1


@pytest.mark.parametrize("act", ["withdraw", "erase"])
def test_a_sealed_digest_is_registered_once_for_good(sqlite_service: Application, act: str) -> None:
    """It can be read in the log: withdrawn or erased, it must not be taken again, by anybody."""
    service, local = sqlite_service, accounts.local(sqlite_service.db)
    rival = accounts.create(service.db, accounts.NewAccount(name="rival", kind="producer"))
    key, other = keys.new_signing_key(), keys.new_signing_key()
    service.signing_keys.ensure_enrolled(local, key)
    service.signing_keys.ensure_enrolled(rival, other)

    def sealed(signer: keys.SigningKey) -> SignedStatement:
        made = statement.sealed_registration(
            service.log.origin,
            digest=bytes(range(32)),
            commitments={"seal": statement.commit(bytes(32), {"salt": b64(bytes(32))})},
            after=service.log.head(),
        )
        return SignedStatement(leaf=b64(statement.sign(made, signer)))

    done = service.submissions.submit(local, sealed(key)).work
    assert done is not None
    if act == "withdraw":
        service.withdrawals.withdraw(local, str(done.work_id), key)
    else:
        service.erasures.erase(local, str(done.work_id), key)
    for account, signer in ((rival, other), (local, key)):
        with pytest.raises(Conflict, match="sealed digest"):
            service.submissions.submit(account, sealed(signer))
        (answer,) = service.submissions.submit_all(account, [sealed(signer)])
        assert isinstance(answer, Conflict)
    assert fsck.check(service.db, service.log)["problems"] == []


@pytest.mark.parametrize("lost", [False, True])
def test_an_enrolment_that_the_service_signs_too_is_sent_again(
    service: Application, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """Whether it was answered, or the process ended between the queue and the log."""
    account = accounts.create(service.db, accounts.NewAccount(name="ada", kind="producer"))
    kept = service.signing_keys.ensure_kept_key(account)
    key = keys.new_signing_key()
    made = statement.key_enrol(service.log.origin, public_key=key.public, custody="producer", after=service.log.head())
    sent = SignedStatement(leaf=b64(statement.sign(made, key)))
    if lost:
        with monkeypatch.context() as broken:
            broken.setattr(service.log, "commit", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                service.submissions.submit(account, sent)
    first = service.submissions.submit(account, sent)
    again = service.submissions.submit(account, sent)
    assert first.receipt.index == again.receipt.index
    rows = {row.keyid: row for row in enrolled_keys.list_all(service.db, account.id)}
    assert rows[key.keyid].predecessor == kept.keyid
    assert rows[kept.keyid].revoked_index is not None
    other = statement.sign({**made, "predicate": {**made["predicate"], "nonce": b64(bytes(16))}}, key)
    with pytest.raises(Forbidden, match="signed by"):  # the same key again, but not the same statement
        service.submissions.submit(account, SignedStatement(leaf=b64(other)))
    assert fsck.check(service.db, service.log)["problems"] == []
