"""Leaves: canonical, strictly parsed, and admitted by the log's own order."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import VerificationFailed
from provenance.tlog import envelope, keys, statement
from provenance.tlog.encoding import canonical, parse_canonical
from provenance.tlog.key_directory import KeyDirectory
from provenance.tlog.merkle import EMPTY_ROOT

ORIGIN = "log.test.example/sourcemark"
AFTER = (0, EMPTY_ROOT)
KEY, OTHER = keys.new_signing_key(), keys.new_signing_key()


def enrol(key=KEY, *signers):
    made = statement.key_enrol(ORIGIN, public_key=key.public, custody="producer", after=AFTER)
    return statement.sign(made, *(signers or (key,)))


def registration(key=KEY, after=AFTER):
    made = statement.registration(
        ORIGIN,
        digest=bytes(32),
        medium="text",
        algorithms=["sourcemark-text/1"],
        commitments={"claim": statement.commit(bytes(32), {"title": "鐘"})},
        after=after,
    )
    return statement.sign(made, key)


def test_a_leaf_is_what_it_says() -> None:
    leaf = envelope.parse_leaf(registration())
    assert leaf.kind == "registration"
    assert leaf.statement["predicateType"] == "https://log.test.example/registration/v1"
    assert leaf.signers == [KEY.keyid]
    envelope.verify_signatures(leaf, {KEY.keyid: KEY.public})
    with pytest.raises(VerificationFailed, match="not enrolled"):
        envelope.verify_signatures(leaf, {})
    assert registration() != registration()  # a nonce each


def test_the_commitment_is_the_documented_one() -> None:
    import hashlib

    record = {"b": 1, "a": "鐘"}
    raw = b"sourcemark/commit/v1\0" + bytes(32) + '{"a":"鐘","b":1}'.encode()
    assert statement.commit(bytes(32), record) == "sha256:" + hashlib.sha256(raw).hexdigest()
    assert statement.commit(b"\1" * 32, record) != statement.commit(bytes(32), record)
    with pytest.raises(VerificationFailed):
        statement.commit(b"short", record)


def rewrapped(change):
    """A leaf whose envelope was changed and written canonically again."""
    wrapped = json.loads(registration())
    change(wrapped)
    return canonical(wrapped)


def restated(change):
    """A leaf whose statement was changed, and signed again, canonically."""
    made = json.loads(base64.b64decode(json.loads(registration())["payload"]))
    change(made)
    payload = canonical(made)
    wrapped = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": envelope.PAYLOAD_TYPE,
        "signatures": [{"keyid": KEY.keyid, "sig": base64.b64encode(KEY.sign(envelope.pae(payload))).decode()}],
    }
    return canonical(wrapped)


NOT_LEAVES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff",
    registration() + b"\n",
    b" " + registration(),
    registration().replace(b'"payload":', b'"payload" :'),
    registration().replace(b'{"payload"', b'{"payload":"","payload"', 1),
    b"[" * 100_000,
    b'{"a":' * 50 + b"1" + b"}" * 50,
    b'{"a":1.5}',
    b'{"a":NaN}',
    b'{"a":"\\ud800"}',
    rewrapped(lambda e: e.update(extra="x")),
    rewrapped(lambda e: e.update(payloadType="text/plain")),
    rewrapped(lambda e: e.update(signatures=[])),
    rewrapped(lambda e: e.update(signatures=e["signatures"] * 2)),
    rewrapped(lambda e: e["signatures"][0].update(keyid="zz")),
    rewrapped(lambda e: e.update(payload=e["payload"].rstrip("=") + "\n")),
    restated(lambda s: s.update(_type="x")),
    restated(lambda s: s.update(predicateType="https://x/unknown/v1")),
    restated(lambda s: s.update(predicateType=5)),
    restated(lambda s: s.update(subject=[])),
    restated(lambda s: s["subject"][0]["digest"].update(sha256="AB" * 32)),
    restated(lambda s: s["predicate"].pop("nonce")),
    restated(lambda s: s["predicate"].update(nonce="AA==")),
    restated(lambda s: s["predicate"]["after"].update(size=-1)),
    restated(lambda s: s["predicate"]["after"].update(size=True)),
    restated(lambda s: s["predicate"].update(commitments=[])),
    b"x" * 65_536,
]


@pytest.mark.parametrize("number", range(len(NOT_LEAVES)))  # by number: the bytes differ in every process
def test_what_is_not_a_leaf(number: int) -> None:
    with pytest.raises(VerificationFailed) as caught:
        envelope.parse_leaf(NOT_LEAVES[number])
    assert "\n" not in caught.value.detail


def test_a_statement_that_does_not_fit() -> None:
    made = statement.registration(
        ORIGIN, digest=bytes(32), medium="text", algorithms=["x" * 60_000], commitments={}, after=AFTER
    )
    with pytest.raises(VerificationFailed, match="65535"):
        statement.sign(made, KEY)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_changed_leaf_never_verifies(data: st.DataObject) -> None:
    original = registration()
    changed = bytearray(original)
    at = data.draw(st.integers(0, len(changed) - 1))
    match data.draw(st.sampled_from(["flip", "delete", "double"])):
        case "flip":
            changed[at] ^= data.draw(st.integers(1, 255))
        case "delete":
            del changed[at]
        case "double":
            changed.insert(at, changed[at])
    if bytes(changed) == original:
        return
    with pytest.raises(VerificationFailed):
        envelope.verify_signatures(envelope.parse_leaf(bytes(changed)), {KEY.keyid: KEY.public})


class TestKeyDirectory:
    def replay(self, *leaves):
        directory = KeyDirectory()
        for index, leaf in enumerate(leaves):
            directory.replay(index, leaf, leaves.__getitem__)
        return directory

    def test_a_key_is_enrolled_before_its_use(self) -> None:
        self.replay(enrol(), registration())
        with pytest.raises(VerificationFailed, match="not enrolled"):
            self.replay(registration(), enrol())

    def test_a_key_is_enrolled_once(self) -> None:
        with pytest.raises(VerificationFailed, match="twice"):
            self.replay(enrol(), enrol())

    def test_a_key_signs_its_own_enrolment(self) -> None:
        with pytest.raises(VerificationFailed, match="own enrolment"):
            self.replay(enrol(), enrol(OTHER, KEY))

    def test_a_revoked_key(self) -> None:
        revoke = statement.sign(statement.key_revoke(ORIGIN, keyid=KEY.keyid, after=AFTER), KEY)
        self.replay(enrol(), registration(), revoke)
        with pytest.raises(VerificationFailed, match="revoked"):
            self.replay(enrol(), revoke, registration())

    def test_nobody_revokes_anothers_key(self) -> None:
        revoke = statement.sign(statement.key_revoke(ORIGIN, keyid=KEY.keyid, after=AFTER), OTHER)
        with pytest.raises(VerificationFailed, match="another key"):
            self.replay(enrol(), enrol(OTHER), revoke)

    def test_a_weak_key_is_not_enrolled(self) -> None:
        made = statement.key_enrol(ORIGIN, public_key=b"\x01" + bytes(31), custody="producer", after=AFTER)
        with pytest.raises(VerificationFailed, match="weak"):
            self.replay(statement.sign(made, KEY))

    def test_a_statement_cannot_come_from_the_future(self) -> None:
        with pytest.raises(VerificationFailed, match="younger"):
            self.replay(enrol(), registration(after=(2, bytes(32))))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(json_values)
def test_canonical_json_is_read_back(value) -> None:
    assert parse_canonical(canonical(value)) == value
