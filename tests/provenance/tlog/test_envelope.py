"""What a leaf may hold: envelopes, statements, and the predicate of each kind."""

import base64
import json

import pytest

from provenance.errors import VerificationFailed
from provenance.tlog import envelope, keys, statement
from provenance.tlog.encoding import b64, canonical
from provenance.tlog.merkle import EMPTY_ROOT
from tests.provenance.ledger.small_log import ORIGIN, START, enrolment, registration, resigned
from tests.provenance.tlog.test_key_directory import replay

OLD = keys.new_signing_key()


def test_every_kind_of_the_format_is_read() -> None:
    for kind in envelope.KINDS:
        if kind in envelope._PREDICATES:
            continue
        leaf = resigned(
            registration(OLD), OLD, lambda s, k=kind: s.update(predicateType=f"https://log.test.example/{k}/v1")
        )
        assert replay(enrolment(OLD), leaf).known
        assert envelope.parse_leaf(leaf).kind == kind


@pytest.mark.parametrize("signers", [1, 2])
def test_what_was_checked_before_is_read_alike(signers: int) -> None:
    leaf = registration(OLD)
    for _ in range(1, signers):
        leaf = statement.add_signature(leaf, keys.new_signing_key())
    assert envelope.parse_known_leaf(leaf) == envelope.parse_leaf(leaf)


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
        lambda s: s.update(predicateType="https://log.test.example/registration/v1/"),
        lambda s: s.update(predicateType="https://log.test.example/registration/v1/v1"),
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


# --- envelopes -------------------------------------------------------------------------------------------------------
def wrapped(count: int) -> dict:
    """An envelope as JSON, signed by so many keys; the signatures are not checked here."""
    signers = [{"keyid": f"{n:064x}", "sig": b64(bytes([n]) * 64)} for n in range(count)]
    payload = envelope.parse_leaf(registration(OLD)).payload
    return {"payload": b64(payload), "payloadType": envelope.PAYLOAD_TYPE, "signatures": signers}


def test_how_many_sign() -> None:
    for count in (1, 2, 16):
        assert len(envelope.parse_leaf(canonical(wrapped(count))).signatures) == count
    for count in (0, 17):
        with pytest.raises(VerificationFailed, match="not signed"):
            envelope.parse_leaf(canonical(wrapped(count)))


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda e: e.update(x="y"), "DSSE envelope"),
        (lambda e: e.pop("payloadType"), "DSSE envelope"),
        (lambda e: e.update(payloadType="text/plain"), "in-toto"),
        (lambda e: e.update(signatures={}), "not signed"),
        (lambda e: e["signatures"].append("x"), "form of DSSE"),
        (lambda e: e["signatures"][0].update(x="y"), "form of DSSE"),
        (lambda e: e["signatures"][0].update(keyid="A" * 64), "known kind of key"),
        (lambda e: e["signatures"][0].update(keyid="a" * 63), "known kind of key"),
        (lambda e: e["signatures"][0].update(keyid="a" * 65), "known kind of key"),
        (lambda e: e["signatures"][0].update(keyid=5), "known kind of key"),
        (lambda e: e["signatures"][0].update(sig=b64(bytes(63))), "Ed25519"),
        (lambda e: e["signatures"][0].update(sig=b64(bytes(65))), "Ed25519"),
        (lambda e: e["signatures"].append(dict(e["signatures"][0])), "once by each key"),
    ],
)
def test_what_is_no_envelope(count: int, change, told: str) -> None:
    made = wrapped(count)
    change(made)
    with pytest.raises(VerificationFailed, match=told):
        envelope.parse_leaf(canonical(made))


def test_how_long_an_entry_is() -> None:
    for raw in (b"", b"x" * 65_536):
        with pytest.raises(VerificationFailed, match="65535 bytes"):
            envelope.parse_leaf(raw)
    with pytest.raises(VerificationFailed, match="not JSON"):  # not too long, that is
        envelope.parse_leaf(b"x" * 65_535)


def test_what_is_signed() -> None:
    """DSSE's pre-authentication encoding, as its specification writes it."""
    assert envelope.pae(b"{}") == b"DSSEv1 28 application/vnd.in-toto+json 2 {}"


# --- predicates ------------------------------------------------------------------------------------------------------
H, OTHER_H, KEY = "a" * 64, "sha256:" + "a" * 64, b64(bytes(32))
REFERENCE = {"index": 0, "leafHash": H}
COMMITTED = {"commitments": {"claim": OTHER_H, "seal": OTHER_H}}
OPENS = {**REFERENCE, "salt": KEY}


def read(kind: str, **predicate: object) -> None:
    common = {"nonce": b64(bytes(16)), "after": {"size": 0, "root": b64(EMPTY_ROOT)}}
    made = {
        "_type": envelope.STATEMENT_TYPE,
        "subject": [{"digest": {"sha256": H}}],
        "predicateType": f"https://log.test.example/{kind}/v1",
        "predicate": common | predicate,
    }
    assert envelope.parse_statement(canonical(made)).kind == kind


GOOD = [
    ("key-enrol", {"publicKey": KEY, "custody": "producer"}),
    ("key-enrol", {"publicKey": KEY, "custody": "service", "recovery": H}),
    ("key-revoke", {"keyid": H}),
    ("registration", COMMITTED),
    ("registration", {"medium": "text", "algorithms": ["x/1"], **COMMITTED}),
    ("registration", {"sealed": envelope.SEALED, **COMMITTED}),
    ("registration", {"opens": OPENS, **COMMITTED}),
    ("log-key", {"replaces": ["k"], "keys": ["l"]}),
    ("log-key", {"replaces": ["k"], "keys": [], "successor": "o"}),
    ("withdrawal", REFERENCE),
    ("erasure", {**REFERENCE, "erased": ["claim"]}),
    ("grant", {**REFERENCE, **COMMITTED}),
    ("evidence", {**REFERENCE, "commitments": {"item": OTHER_H}}),
    ("claim-decision", {**REFERENCE, "commitments": {"terms": OTHER_H}}),
]
BAD = [
    ("key-enrol", {"publicKey": b64(bytes(31))}, "enrolment"),
    ("key-enrol", {"custody": "nobody"}, "enrolment"),
    ("key-enrol", {"custody": ["producer"]}, "enrolment"),
    ("key-enrol", {"recovery": H[1:]}, "recovery"),
    ("key-revoke", {"keyid": H.upper()}, "revocation"),
    ("registration", {"medium": ["text"]}, "a registration"),
    ("registration", {"algorithms": "x/1"}, "a registration"),
    ("registration", {"algorithms": ["x/1", 2]}, "a registration"),
    ("registration", {"sealed": "md5"}, "sealed"),
    ("registration", {"sealed": envelope.SEALED, "opens": OPENS}, "sealed"),
    ("registration", {"sealed": envelope.SEALED, "commitments": {"claim": OTHER_H}}, "sealed"),
    ("registration", {"opens": REFERENCE}, "opens"),
    ("registration", {"opens": "x"}, "opens"),
    ("registration", {"opens": {**OPENS, "x": 1}}, "opens"),
    ("registration", {"opens": {**OPENS, "index": -1}}, "opens"),
    ("registration", {"opens": {**OPENS, "salt": b64(bytes(31))}}, "opens"),
    ("log-key", {"replaces": []}, "log's keys"),
    ("log-key", {"replaces": [1]}, "log's keys"),
    ("log-key", {"keys": "l"}, "log's keys"),
    ("log-key", {"keys": ["l", 1]}, "log's keys"),
    ("log-key", {"successor": 5}, "log's keys"),
    ("withdrawal", {"index": -1}, "withdrawal"),
    ("withdrawal", {"index": "0"}, "withdrawal"),
    ("withdrawal", {"leafHash": H[1:]}, "withdrawal"),
    ("erasure", {"erased": []}, "erasure"),
    ("erasure", {"erased": [1]}, "erasure"),
    ("erasure", {"erased": "claim"}, "erasure"),
    ("erasure", {"index": -1}, "erasure"),
    ("grant", {"index": -1}, "grant"),
    ("grant", {"leafHash": 5}, "grant"),
    ("evidence", {"index": -1}, "evidence"),
    ("evidence", {"commitments": {"claim": OTHER_H}}, "evidence"),
    ("claim-decision", {"leafHash": 5}, "decision about a claim"),
    ("claim-decision", {"commitments": {"item": OTHER_H}}, "decision about a claim"),
]
OPTIONAL = {"recovery", "medium", "algorithms", "sealed", "opens", "successor"}


@pytest.mark.parametrize(("kind", "predicate"), GOOD)
def test_each_predicate_with_all_it_needs(kind: str, predicate: dict) -> None:
    read(kind, **predicate)
    for name in predicate.keys() - OPTIONAL:
        with pytest.raises(VerificationFailed, match="the entry is not"):
            read(kind, **{each: value for each, value in predicate.items() if each != name})


@pytest.mark.parametrize(("kind", "change", "told"), BAD)
def test_each_predicate_with_what_it_may_not_hold(kind: str, change: dict, told: str) -> None:
    good = next(predicate for each, predicate in GOOD if each == kind)
    with pytest.raises(VerificationFailed, match=told):
        read(kind, **(good | change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"nonce": b64(bytes(15))}, "nonce"),
        ({"nonce": b64(bytes(17))}, "nonce"),
        ({"nonce": 5}, "nonce"),
        ({"after": {"size": 0}}, "dated"),
        ({"after": {"size": 0, "root": b64(bytes(32))}}, "empty log"),
        ({"after": {"size": 1, "root": b64(bytes(33))}}, "dated by a checkpoint"),
        ({"after": {"size": -1, "root": b64(bytes(32))}}, "dated by a checkpoint"),
        ({"commitments": {"claim": "sha256:" + "A" * 64}}, "opened"),
        ({"commitments": {"claim": OTHER_H + "a"}}, "opened"),
        ({"commitments": {"claim": OTHER_H, "x": 5}}, "opened"),
        ({"commitments": [OTHER_H]}, "opened"),
        ({"x": True}, "words and integers"),
        ({"x": [{"y": None}]}, "words and integers"),
    ],
)
def test_what_every_predicate_holds(change: dict, told: str) -> None:
    with pytest.raises(VerificationFailed, match=told):
        read("registration", **(COMMITTED | change))


def test_words_that_look_like_other_values() -> None:
    read("registration", note="true, false or null", **COMMITTED)
    read("registration", after={"size": 1, "root": b64(bytes(32))}, **COMMITTED)


def test_where_a_statement_may_stand() -> None:
    leaf = envelope.parse_leaf(registration(OLD, after=(3, bytes(32))))
    envelope.check_place(leaf, ORIGIN, 3)
    envelope.check_place(leaf, None, 3)
    envelope.check_place(leaf, "log.test.example/another", 3)
    with pytest.raises(VerificationFailed, match="younger"):
        envelope.check_place(leaf, ORIGIN, 2)
    with pytest.raises(VerificationFailed, match="written for"):
        envelope.check_place(leaf, "other.example/sourcemark", 3)


def test_a_signature_for_each_signer() -> None:
    other = keys.new_signing_key()
    leaf = envelope.parse_leaf(registration(OLD, other))
    envelope.verify_signatures(leaf, {OLD.keyid: OLD.public, other.keyid: other.public})
    with pytest.raises(VerificationFailed, match="not enrolled"):
        envelope.verify_signatures(leaf, {OLD.keyid: OLD.public})
    with pytest.raises(VerificationFailed, match="does not verify"):
        envelope.verify_signatures(leaf, {OLD.keyid: OLD.public, other.keyid: OLD.public})
    assert envelope.enrolled_key(envelope.parse_leaf(enrolment(OLD))) == (OLD.keyid, OLD.public)
    forged = json.loads(enrolment(OLD))
    forged["signatures"][0]["sig"] = base64.b64encode(bytes(64)).decode()
    with pytest.raises(VerificationFailed, match="does not verify"):
        envelope.enrolled_key(envelope.parse_leaf(canonical(forged)))
