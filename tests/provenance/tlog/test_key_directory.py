"""The rules by which statements enter a log: rotation, revocation, recovery, other logs, what each may name."""

import json

import pytest

from provenance.errors import VerificationFailed
from provenance.tlog import envelope, keys, statement, tiles
from provenance.tlog.encoding import b64, canonical
from provenance.tlog.key_directory import KeyDirectory, published_entries
from provenance.tlog.merkle import leaf_hash
from provenance.tlog.signed_checkpoint import LogKeys
from tests.provenance.ledger.small_log import ORIGIN, START, enrolment, registration

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
        about = {"registration": leaf_hash(leaf), "index": index}
        made = statement.attached(ORIGIN, "grant", **about, commitments=promised, after=START)
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


def test_evidence_is_signed_by_who_may_act_and_a_decision_by_anybody() -> None:
    def attached(kind: str, name: str, leaf: bytes, index: int, signer: keys.SigningKey) -> bytes:
        about = {"registration": leaf_hash(leaf), "index": index}
        promised = {name: "sha256:" + "a" * 64}
        made = statement.attached(ORIGIN, kind, **about, commitments=promised, after=START)
        return statement.sign(made, signer)

    def shown(leaf: bytes, index: int, signer: keys.SigningKey) -> bytes:
        return attached("evidence", "item", leaf, index, signer)

    def decided(leaf: bytes, index: int, signer: keys.SigningKey) -> bytes:
        return attached("claim-decision", "terms", leaf, index, signer)

    def ended(leaf: bytes, index: int, signer: keys.SigningKey) -> bytes:
        made = statement.withdrawal(ORIGIN, registration=leaf_hash(leaf), index=index, after=START)
        return statement.sign(made, signer)

    entry = registration(OLD)
    log = [enrolment(OLD), entry, enrolment(NEW, OLD), enrolment(STRANGER)]
    mine, theirs = shown(entry, 1, OLD), decided(entry, 1, STRANGER)
    replay(*log, mine, theirs, ended(mine, 4, NEW), ended(theirs, 5, STRANGER))
    for bad, told in (
        (shown(entry, 1, STRANGER), "may not act"),
        (shown(mine, 4, OLD), "not a registration"),
        (decided(mine, 4, OLD), "not a registration"),
        (decided(entry, 0, STRANGER), "another one"),
        (ended(mine, 4, STRANGER), "may not act"),
        (ended(theirs, 5, OLD), "may not act"),  # the work is his, the decision is not
    ):
        with pytest.raises(VerificationFailed, match=told):
            replay(*log, mine, theirs, bad)


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


def test_a_grant_names_its_registration_and_nobody() -> None:
    entry = registration(OLD)
    promised = {"terms": "sha256:" + "a" * 64}
    about = {"registration": leaf_hash(entry), "index": 1}
    made = statement.attached(ORIGIN, "grant", **about, commitments=promised, after=START)
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


# --- sealed works, erasures, the log's own keys ----------------------------------------------------------------------
PROMISED = {"claim": "sha256:" + "a" * 64, "seal": "sha256:" + "b" * 64}


def sealed(key: keys.SigningKey) -> bytes:
    made = statement.sealed_registration(ORIGIN, digest=bytes(32), commitments=PROMISED, after=START)
    return statement.sign(made, key)


def opening(entry: bytes, index: int, key: keys.SigningKey) -> bytes:
    made = statement.registration(
        ORIGIN, digest=bytes(32), medium="text", algorithms=[], commitments=PROMISED, after=START,
        opens={**statement.refer(index, leaf_hash(entry)), "salt": b64(bytes(32))},
    )  # fmt: skip
    return statement.sign(made, key)


def test_who_opens_a_sealed_registration() -> None:
    entry, plain = sealed(OLD), registration(OLD)
    log = [enrolment(OLD), entry, plain, enrolment(NEW, OLD), enrolment(STRANGER)]
    replay(*log, opening(entry, 1, OLD))
    replay(*log, opening(entry, 1, NEW))
    for bad, told in (
        (opening(entry, 1, STRANGER), "may not act"),
        (opening(plain, 2, OLD), "not sealed"),
        (opening(plain, 1, OLD), "another one"),
        (opening(entry, 5, OLD), "not before"),
        (opening(log[0], 0, OLD), "not a registration"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            replay(*log, bad)


def test_what_an_erasure_names() -> None:
    entry = sealed(OLD)
    log = [enrolment(OLD), entry, enrolment(STRANGER)]

    def erasure(erased: list[str], index: int = 1, of: bytes = entry) -> bytes:
        made = statement.erasure(ORIGIN, entry=leaf_hash(of), index=index, erased=erased, after=START)
        return statement.sign(made, STRANGER)  # any enrolled key: it changes nothing that the log proves

    replay(*log, erasure(["claim"]), erasure(["claim", "seal"]))
    for bad, told in (
        (erasure(["claim", "other"]), "does not commit to"),
        (erasure(["claim"], 0, log[0]), "does not commit to"),
        (erasure(["claim"], 3), "not before"),
        (erasure(["claim"], 2), "another one"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            replay(*log, bad)


ERAS = [LogKeys(ORIGIN, *keys.new_log_keys()) for _ in range(3)]
OWN = [each.statement_key() for each in ERAS]


def change(old: list[str], new: list[str], *signers: keys.SigningKey, successor: str | None = None) -> bytes:
    made = statement.log_key(ORIGIN, old=old, new=new, subject=bytes(32), after=START, successor=successor)
    return statement.sign(made, *signers)


def test_the_logs_own_keys_change_in_a_row() -> None:
    vkeys = [each.vkeys() for each in ERAS]
    log = [enrolment(key) for key in OWN]
    first = change(vkeys[0], vkeys[1], OWN[0], OWN[1])
    assert replay(*log).log_keys is None
    directory = replay(*log, first)
    assert (directory.log_keys, directory.ended) == (vkeys[1], False)
    assert replay(*log, first, change(vkeys[1], vkeys[2], OWN[1], OWN[2])).log_keys == vkeys[2]
    foreign = LogKeys("other.example/log", *keys.new_log_keys())
    for bad, told in (
        (change(vkeys[0], vkeys[2], OWN[0], OWN[2]), "other keys of the log than those in force"),
        (change(vkeys[1], vkeys[2], OWN[1]), "old key and by the new"),
        (change(vkeys[1], vkeys[2], OWN[2]), "old key and by the new"),
        (change(vkeys[1], list(reversed(vkeys[2])), OWN[1], OWN[2]), "Ed25519 first"),
        (change(vkeys[1], foreign.vkeys(), OWN[1]), "not this log's"),
        (change(vkeys[1], ["rubbish"], OWN[1]), "verifier key"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            replay(*log, first, bad)


def test_nothing_stands_behind_the_end_of_a_log() -> None:
    vkeys = ERAS[0].vkeys()
    log = [enrolment(OLD), enrolment(OWN[0]), change(vkeys, [], OWN[0], successor="next.example/log")]
    directory = replay(*log)
    assert (directory.log_keys, directory.ended) == (vkeys, True)
    for late in (registration(OLD), enrolment(NEW)):
        with pytest.raises(VerificationFailed, match="ended before"):
            replay(*log, late)


def test_a_statement_is_no_older_than_its_place() -> None:
    replay(enrolment(OLD), registration(OLD, after=(1, bytes(32))))
    with pytest.raises(VerificationFailed, match="younger"):
        replay(enrolment(OLD), registration(OLD, after=(2, bytes(32))))


def test_two_old_keys_make_no_rotation() -> None:
    fresh = keys.new_signing_key()
    log = [enrolment(OLD), enrolment(NEW), enrolment(STRANGER)]
    assert replay(*log, enrolment(fresh, OLD)).predecessors == {fresh.keyid: OLD.keyid}
    with pytest.raises(VerificationFailed, match="one old key"):
        replay(*log, enrolment(fresh, OLD, NEW))
    both = replay(*log, enrolment(fresh, OLD, STRANGER, recovery=STRANGER.keyid))
    assert (both.predecessors, both.recoveries) == ({fresh.keyid: OLD.keyid}, {fresh.keyid: STRANGER.keyid})


def test_entries_of_a_published_log() -> None:
    entries = [b"%d" % n for n in range(300)]

    def fetch(path: str) -> bytes:
        if path == "tile/entries/000":
            return tiles.bundle(entries[:256])
        if path == "tile/entries/001.p/44":
            return tiles.bundle(entries[256:])
        raise FileNotFoundError(path)

    earlier = published_entries(fetch, 300)
    assert [earlier(at) for at in (0, 255, 256, 299)] == [b"0", b"255", b"256", b"299"]
    short = published_entries(lambda _: tiles.bundle(entries[:3]), 300)
    for read, index in ((earlier, 600), (short, 3)):
        with pytest.raises(VerificationFailed, match="cannot be read"):
            read(index)


def test_who_signed_is_asked_again_at_the_place() -> None:
    """The sequencer verifies signatures on arrival, when a key may be known to the service and not yet to the log."""
    directory = replay(enrolment(OLD))
    for leaf in (registration(NEW), registration(OLD, NEW), enrolment(STRANGER, NEW)):
        with pytest.raises(VerificationFailed, match="not enrolled"):
            directory.admit(1, envelope.parse_leaf(leaf), [].__getitem__)
    directory.admit(1, envelope.parse_leaf(enrolment(NEW)), [].__getitem__)
    directory.admit(2, envelope.parse_leaf(registration(OLD, NEW)), [].__getitem__)


def amended(
    kind: str,
    leaf: bytes,
    index: int,
    signer: keys.SigningKey,
    superseded: tuple[int, bytes] | None = None,
    **more: str,
) -> bytes:
    registered = statement.refer(index, leaf_hash(leaf))
    before = registered if superseded is None else statement.refer(superseded[0], leaf_hash(superseded[1]))
    commitments = {"claim": statement.commit(bytes(32), {"title": "T", "owner": "O"})}
    write = statement.amendment if kind == "amendment" else statement.transfer
    made = write(ORIGIN, registration=registered, supersedes=before, commitments=commitments, after=START, **more)
    return statement.sign(made, signer)


def test_a_claim_is_amended_by_who_may_act_for_the_work() -> None:
    entry, other = registration(OLD), registration(OLD)
    log = [enrolment(OLD), entry, enrolment(STRANGER), other]
    first = amended("amendment", entry, 1, OLD)
    replay(*log, first, amended("transfer", entry, 1, OLD, (4, first)))
    for bad, told in (
        (amended("amendment", entry, 1, STRANGER), "may not act"),
        (amended("amendment", entry, 2, OLD), "another one"),
        (amended("amendment", entry, 1, OLD, (3, other)), "claims another work"),
        (amended("amendment", other, 3, OLD, (4, first)), "claims another work"),
        (amended("transfer", entry, 1, OLD, to="0" * 64), "transferred to is not enrolled"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            replay(*log, first, bad)


def test_a_work_is_its_new_owners_once_it_is_transferred_to_a_key() -> None:
    entry = registration(OLD)
    handed = amended("transfer", entry, 1, OLD, to=STRANGER.keyid)
    log = [enrolment(OLD), entry, enrolment(STRANGER), handed]
    replay(*log, amended("amendment", entry, 1, STRANGER, (3, handed)))
    with pytest.raises(VerificationFailed, match="may not act"):
        replay(*log, amended("amendment", entry, 1, OLD, (3, handed)))
    ended = statement.withdrawal(ORIGIN, registration=leaf_hash(entry), index=1, after=START)
    replay(*log, statement.sign(ended, STRANGER))
    with pytest.raises(VerificationFailed, match="may not act"):
        replay(*log, statement.sign(ended, OLD))
