"""The rules by which statements enter a log: rotation, revocation, replay, another log's statements, odd predicates."""

import json

import pytest

from provenance.errors import VerificationFailed
from provenance.tlog import envelope, keys, statement
from provenance.tlog.encoding import b64, canonical
from provenance.tlog.key_directory import KeyDirectory
from provenance.tlog.merkle import leaf_hash
from tests.provenance.ledger.small_log import ORIGIN, START, enrolment, registration, resigned

OLD, NEW, STRANGER = (keys.new_signing_key() for _ in range(3))


def replay(*leaves: bytes, origin: str | None = ORIGIN) -> KeyDirectory:
    directory = KeyDirectory(origin)
    for index, leaf in enumerate(leaves):
        directory.replay(index, leaf, leaves.__getitem__)
    return directory


def revocation(target: keys.SigningKey, *signers: keys.SigningKey) -> bytes:
    return statement.sign(statement.key_revoke(ORIGIN, keyid=target.keyid, after=START), *signers)


def test_a_rotation_names_its_successor() -> None:
    directory = replay(enrolment(OLD), enrolment(NEW, OLD), revocation(OLD, NEW), registration(NEW))
    assert directory.predecessors == {NEW.keyid: OLD.keyid}
    assert directory.revoked == {OLD.keyid}
    with pytest.raises(VerificationFailed, match="revoked"):
        replay(enrolment(OLD), enrolment(NEW, OLD), revocation(OLD, NEW), registration(OLD))


def test_only_a_successor_revokes_for_another() -> None:
    with pytest.raises(VerificationFailed, match="another key"):
        replay(enrolment(OLD), enrolment(NEW, OLD), revocation(NEW, OLD))
    with pytest.raises(VerificationFailed, match="another key"):
        replay(enrolment(OLD), enrolment(STRANGER), revocation(OLD, STRANGER))
    with pytest.raises(VerificationFailed, match="never enrolled"):
        replay(enrolment(OLD), revocation(STRANGER, OLD))


def test_who_acts_for_whom() -> None:
    """A recovery key reaches what the key was rotated to, by thief or owner; a successor reaches back, never across."""
    recovery, key, thief, fresh = STRANGER, OLD, NEW, keys.new_signing_key()
    start = [enrolment(recovery), enrolment(key, recovery, recovery=recovery.keyid), enrolment(thief, key)]
    directory = replay(*start)
    assert directory.predecessors == {thief.keyid: key.keyid}
    assert directory.acts_for(recovery.keyid, key.keyid)
    assert directory.acts_for(recovery.keyid, thief.keyid)
    assert directory.acts_for(thief.keyid, key.keyid)
    assert not directory.acts_for(key.keyid, thief.keyid)
    assert not directory.acts_for(key.keyid, recovery.keyid)
    assert not directory.acts_for(thief.keyid, recovery.keyid)
    replay(*start, revocation(key, thief), revocation(thief, recovery), enrolment(fresh, recovery))
    with pytest.raises(VerificationFailed, match="may not act"):
        replay(*start, revocation(recovery, thief))
    with pytest.raises(VerificationFailed, match="revoked before"):
        replay(*start, revocation(key, key), revocation(key, thief))
    with pytest.raises(VerificationFailed, match="one old key"):
        replay(*start, enrolment(fresh, key, thief))
    with pytest.raises(VerificationFailed, match="recovery"):
        replay(enrolment(key), enrolment(fresh, key, recovery=recovery.keyid))
    with pytest.raises(VerificationFailed, match="recovery"):
        replay(*start, revocation(recovery, recovery), enrolment(fresh, recovery=recovery.keyid))


def test_a_withdrawal_is_signed_by_who_may_act() -> None:
    def withdrawn(leaf: bytes, index: int, signer: keys.SigningKey) -> bytes:
        made = statement.withdrawal(ORIGIN, registration=leaf_hash(leaf), index=index, after=START)
        return statement.sign(made, signer)

    entry = registration(OLD)
    log = [enrolment(OLD), entry, enrolment(NEW, OLD), enrolment(STRANGER)]
    replay(*log, withdrawn(entry, 1, OLD))
    replay(*log, withdrawn(entry, 1, NEW))  # a successor
    for bad, told in (
        (withdrawn(entry, 1, STRANGER), "may not act"),
        (withdrawn(entry, 0, OLD), "another one"),
        (withdrawn(log[0], 0, OLD), "not a registration"),
        (withdrawn(entry, 4, OLD), "not before"),
        (withdrawn(entry, 9, OLD), "not before"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            replay(*log, bad)


def test_a_grant_is_signed_and_ended_by_who_may_act() -> None:
    def granted(leaf: bytes, index: int, signer: keys.SigningKey) -> bytes:
        promised = {"terms": "sha256:" + "a" * 64}
        made = statement.grant(ORIGIN, registration=leaf_hash(leaf), index=index, commitments=promised, after=START)
        return statement.sign(made, signer)

    def ended(leaf: bytes, index: int, signer: keys.SigningKey) -> bytes:
        made = statement.withdrawal(ORIGIN, registration=leaf_hash(leaf), index=index, after=START)
        return statement.sign(made, signer)

    entry = registration(OLD)
    log = [enrolment(OLD), entry, enrolment(NEW, OLD), enrolment(STRANGER)]
    grant = granted(entry, 1, OLD)
    replay(*log, grant, ended(grant, 4, NEW))  # a successor
    for bad, told in (
        (granted(entry, 1, STRANGER), "may not act"),
        (granted(entry, 0, OLD), "another one"),
        (granted(log[0], 0, OLD), "not a registration"),
        (granted(entry, 5, OLD), "not before"),
        (granted(grant, 4, OLD), "not a registration"),
        (ended(grant, 4, STRANGER), "may not act"),
        (ended(log[0], 0, OLD), "not a registration or grant"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            replay(*log, grant, bad)


def test_a_revoked_key_names_no_successor() -> None:
    with pytest.raises(VerificationFailed, match="revoked"):
        replay(enrolment(OLD), revocation(OLD, OLD), enrolment(NEW, OLD))
    with pytest.raises(VerificationFailed, match="not enrolled"):
        replay(enrolment(NEW, OLD))
    with pytest.raises(VerificationFailed, match="twice"):
        replay(enrolment(OLD), revocation(OLD, OLD), enrolment(OLD))


def test_every_signature_counts() -> None:
    both = registration(OLD, STRANGER)
    with pytest.raises(VerificationFailed, match="not enrolled"):
        replay(enrolment(OLD), both)
    wrapped = json.loads(registration(OLD, NEW))
    wrapped["signatures"][1]["sig"] = b64(bytes(64))
    with pytest.raises(VerificationFailed, match="does not verify"):
        replay(enrolment(OLD), enrolment(NEW), canonical(wrapped))


def test_a_refused_entry_changes_nothing() -> None:
    directory = replay(enrolment(OLD))
    before = (dict(directory.known), set(directory.revoked), dict(directory.predecessors))
    for bad in (enrolment(OLD), enrolment(NEW, STRANGER), revocation(STRANGER, OLD), b"{}", registration(STRANGER)):
        with pytest.raises(VerificationFailed):
            directory.replay(1, bad, [].__getitem__)
    assert (directory.known, directory.revoked, directory.predecessors) == before
    directory.replay(1, enrolment(NEW, OLD), [].__getitem__)


def test_a_statement_for_another_log() -> None:
    foreign = registration(OLD, origin="other.example/sourcemark")
    replay(enrolment(OLD), foreign, origin=None)
    with pytest.raises(VerificationFailed, match=r"other\.example"):
        replay(enrolment(OLD), foreign)


def test_a_signature_of_another_payload_type() -> None:
    """The type is signed too: nothing signed elsewhere becomes a statement here."""
    payload = envelope.parse_leaf(registration(OLD)).payload
    message = b"DSSEv1 %d %s %d %s" % (10, b"text/plain", len(payload), payload)
    signature = {"keyid": OLD.keyid, "sig": b64(OLD.sign(message))}
    leaf = canonical({"payload": b64(payload), "payloadType": envelope.PAYLOAD_TYPE, "signatures": [signature]})
    with pytest.raises(VerificationFailed, match="does not verify"):
        replay(enrolment(OLD), leaf)


def test_every_kind_of_the_format_is_read() -> None:
    for kind in envelope.KINDS:
        if kind in ("key-enrol", "key-revoke", "registration", "withdrawal", "erasure", "log-key", "grant"):
            continue
        leaf = resigned(
            registration(OLD), OLD, lambda s, k=kind: s.update(predicateType=f"https://log.test.example/{k}/v1")
        )
        assert replay(enrolment(OLD), leaf).known
        assert envelope.parse_leaf(leaf).kind == kind


def test_a_grant_names_its_registration_and_nobody() -> None:
    entry = registration(OLD)
    promised = {"terms": "sha256:" + "a" * 64}
    made = statement.grant(ORIGIN, registration=leaf_hash(entry), index=1, commitments=promised, after=START)
    leaf = envelope.parse_leaf(statement.sign(made, OLD))
    assert (leaf.predicate["leafHash"], leaf.predicate["commitments"]) == (leaf_hash(entry).hex(), promised)
    replay(enrolment(OLD), entry, statement.sign(made, OLD))
    for key in ("leafHash", "index", "commitments"):
        broken = {**made, "predicate": {k: v for k, v in made["predicate"].items() if k != key}}
        with pytest.raises(VerificationFailed, match="not a grant"):
            envelope.parse_leaf(statement.sign(broken, OLD))


def test_a_withdrawal_names_its_registration() -> None:
    entry = registration(OLD)
    made = statement.withdrawal(ORIGIN, registration=leaf_hash(entry), index=1, after=START)
    leaf = envelope.parse_leaf(statement.sign(made, OLD))
    assert leaf.predicate["leafHash"] == leaf_hash(entry).hex() == leaf.digests[0]
    replay(enrolment(OLD), entry, statement.sign(made, OLD))


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["predicate"].update(sealed=True),
        lambda s: s["predicate"].update(note=None),
        lambda s: s["predicate"].update(weight=1.5),
        lambda s: s["predicate"].update(commitments={"claim": 5}),
        lambda s: s["predicate"].update(commitments={"claim": "sha256:" + "A" * 64}),
        lambda s: s["predicate"].update(commitments={"claim": "md5:" + "a" * 64}),
        lambda s: s["predicate"].pop("commitments"),
        lambda s: s["predicate"].update(algorithms="x/1"),
        lambda s: s["predicate"].update(algorithms=[1]),
        lambda s: s["predicate"].update(medium=1),
        lambda s: s["predicate"].update(nonce=""),
        lambda s: s["predicate"].update(after={"size": 0, "root": b64(bytes(32))}),
        lambda s: s["predicate"].update(after={"size": 1, "root": b64(bytes(31))}),
        lambda s: s["predicate"].update(after={"size": "1", "root": b64(bytes(32))}),
        lambda s: s["predicate"].update(after={"size": 1, "root": b64(bytes(32)), "x": 1}),
        lambda s: s["predicate"].pop("after"),
        lambda s: s.update(predicate=[]),
        lambda s: s.update(subject=["x"]),
        lambda s: s.update(subject=[{"digest": {"sha256": 5}}]),
        lambda s: s.update(extra="x"),
        lambda s: s.update(predicateType="http://log.test.example/registration/v1"),
        lambda s: s.update(predicateType="https:///registration/v1"),
        lambda s: s.update(predicateType="https://log.test.example/registration/v2"),
        lambda s: s.update(predicateType="https://log.test.example/a/registration/v1"),
        lambda s: s.update(predicateType="https://log.test.example/key-enrol/v1"),
        lambda s: s.update(predicateType="https://log.test.example/key-revoke/v1"),
        lambda s: s.update(predicateType="https://log.test.example/withdrawal/v1"),
    ],
)
def test_predicates_that_mean_nothing(change) -> None:
    with pytest.raises(VerificationFailed) as caught:
        replay(enrolment(OLD), resigned(registration(OLD), OLD, change))
    assert "\n" not in caught.value.detail


def test_an_unknown_custody() -> None:
    with pytest.raises(VerificationFailed):
        envelope.parse_leaf(enrolment(OLD, custody="somebody"))


def test_the_largest_entry() -> None:
    """An entry's length has 16 bits: the largest that fits is read, the next larger is refused on both sides."""

    def of(length: int) -> bytes:
        made = statement.registration(
            ORIGIN, digest=bytes(32), medium="x" * length, algorithms=[], commitments={}, after=START
        )
        return statement.sign(made, OLD)

    largest = next(n for n in range(48_400, 48_800) if len(of(n)) + 4 > envelope.MAX_LEAF)
    assert 65_532 <= len(of(largest)) <= 65_535
    assert envelope.parse_leaf(of(largest)).kind == "registration"
    with pytest.raises(VerificationFailed, match="65535"):
        of(largest + 3)
    with pytest.raises(VerificationFailed, match="65535"):
        envelope.parse_leaf(of(largest) + b" " * 4)
