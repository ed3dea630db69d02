"""Prepared statements across threads, processes and databases; a withdrawal whose key is revoked meanwhile."""

import threading

import pytest

from provenance.accounts import accounts, signing
from provenance.application import Service
from provenance.auditing import fsck
from provenance.errors import Conflict, Forbidden, NotFound
from provenance.schemas import RegistrationItem
from provenance.tlog import envelope, keys, statement
from provenance.tlog.encoding import b64, unb64
from provenance.works import catalog, signed_statements
from provenance.works.signed_statements import SignedStatement
from tests.provenance.conftest import ESSAY, register_work, scan_upload


def signed(service: Service, key: keys.SigningKey, text: str = ESSAY) -> SignedStatement:
    local = accounts.local(service.db)
    signing.own_key(service, local, key)
    made = signed_statements.prepare(service, local, RegistrationItem(owner="Ada", title="t"), text.encode())
    payload = unb64(made.statement)
    return SignedStatement(leaf=b64(statement.assemble(payload, [(key.keyid, key.sign(envelope.pae(payload)))])))


def test_prepared_here_submitted_there(settings) -> None:
    key = keys.new_signing_key()
    with Service(settings) as one, Service(settings) as two:
        leaf = signed(one, key)
        done = signed_statements.submit(two, accounts.local(two.db), leaf)
        assert done.work.status == "registered"
    with Service(settings) as three:  # sent again after everything was restarted
        again = signed_statements.submit(three, accounts.local(three.db), leaf)
        assert (again.work.work_id, again.receipt.index) == (done.work.work_id, done.receipt.index)
        assert fsck.check(three.db, three.log)["problems"] == []


def test_sent_many_times_at_once(service: Service) -> None:
    leaf, local = signed(service, keys.new_signing_key()), accounts.local(service.db)
    answers: list[object] = []

    def client() -> None:
        try:
            answers.append(signed_statements.submit(service, local, leaf).work.work_id)
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


def test_two_drafts_of_one_work(service: Service) -> None:
    key, local = keys.new_signing_key(), accounts.local(service.db)
    one, two = signed(service, key), signed(service, key)
    first = signed_statements.submit(service, local, one).work
    second = signed_statements.submit(service, local, two).work
    assert (first.status, second.status) == ("registered", "already_registered")
    assert first.work_id == second.work_id
    with pytest.raises(NotFound, match="prepare"):
        signed_statements.submit(service, local, two)


def test_a_withdrawal_that_the_log_refuses_is_none(service: Service) -> None:
    result, local = register_work(service, ESSAY.encode()), accounts.local(service.db)
    key = signing.signing_key(service, local)
    found = catalog.row(service, result.work_id)
    made = statement.withdrawal(
        service.log.origin, registration=found.leaf_hash, index=found.idx, after=service.log.head()
    )
    leaf = statement.sign(made, key)
    signing.revoke(service, key.keyid)
    with pytest.raises(Conflict, match="revoked"):
        catalog.enter_withdrawal(service, local, result.work_id, leaf)
    assert catalog.get(service, result.work_id).withdrawn_at is None
    assert scan_upload(service, ESSAY.encode()).status == "matched"
    assert register_work(service, ESSAY.encode()).status == "already_registered"
    assert fsck.check(service.db, service.log)["problems"] == []


@pytest.mark.parametrize("lost", [False, True])
def test_an_enrolment_that_the_service_signs_too_is_sent_again(
    service: Service, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """Whether it was answered, or the process ended between the queue and the log."""
    account = accounts.create(service.db, accounts.NewAccount(name="ada", kind="producer"))
    kept = signing.signing_key(service, account)
    key = keys.new_signing_key()
    made = statement.key_enrol(service.log.origin, public_key=key.public, custody="producer", after=service.log.head())
    sent = SignedStatement(leaf=b64(statement.sign(made, key)))
    if lost:
        with monkeypatch.context() as broken:
            broken.setattr(service.log, "commit", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                signed_statements.submit(service, account, sent)
    first = signed_statements.submit(service, account, sent)
    again = signed_statements.submit(service, account, sent)
    assert first.receipt.index == again.receipt.index
    rows = {row["keyid"]: row for row in signing.signing_key_rows(service, account.id)}
    assert rows[key.keyid]["predecessor"] == kept.keyid
    assert rows[kept.keyid]["revoked_index"] is not None
    other = statement.sign({**made, "predicate": {**made["predicate"], "nonce": b64(bytes(16))}}, key)
    with pytest.raises(Forbidden, match="signed by"):  # the same key again, but not the same statement
        signed_statements.submit(service, account, SignedStatement(leaf=b64(other)))
    assert fsck.check(service.db, service.log)["problems"] == []
