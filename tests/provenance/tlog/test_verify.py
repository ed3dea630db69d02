"""Receipts against readers who trust nobody: witnesses, rotations, spoofed facts, hostile bytes."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance.tlog import keys, policy, receipt, verify
from provenance.tlog.encoding import b64, canonical
from provenance.tlog.verification import Verification
from tests.provenance.ledger.small_log import (
    LOG_KEYS,
    RECORD,
    SALT,
    WORK,
    SmallLog,
    cosigned,
    enrolment,
    registration,
    witness_vkey,
)

pytestmark = pytest.mark.slow

OLD, NEW = keys.new_signing_key(), keys.new_signing_key()
DIGEST = hashlib.sha256(WORK).digest()
SPOOF = dict.fromkeys(("ok", "checks", "origin", "index", "signed_by", "custody", "policy_from", "claim"), "spoofed")
HOSTILE = {"title": "\x1b[2J\u202eevil\nline", "owner": 5}
WITNESSES = {name: Ed25519PrivateKey.generate() for name in ("one", "two")}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> SmallLog:
    return SmallLog(
        [
            enrolment(OLD),
            registration(OLD),
            enrolment(NEW, OLD, custody="service"),
            registration(NEW),
            registration(OLD, records=SPOOF),
            registration(OLD, origin="other.example/sourcemark"),
            registration(OLD, after=(100, bytes(32))),
            registration(OLD, records={"claim": HOSTILE}),
            registration(OLD, NEW),
        ],
        tmp_path_factory.mktemp("log"),
    )


def states(done: Verification) -> dict[str, str]:
    return {check.name: check.state for check in done.checks}


def test_what_a_receipt_proves(log: SmallLog) -> None:
    done = verify.verify_receipt(log.receipt(1, 0), log.policy, DIGEST)
    assert done.ok
    assert done.facts == {
        "policy_from": "reader", "origin": "log.test.example/sourcemark", "index": 1, "size": log.size,
        "kind": "registration", "after_size": 0, "sha256": [DIGEST.hex()], "witnessed_at": None, "witnesses": [],
        "not_before": None, "logged_at": 1_790_000_000, "timestamps": [],
        "signed_by": [OLD.keyid], "custody": ["producer"], "opened": {"claim": RECORD}, "claim": RECORD}  # fmt: skip
    assert json.loads(json.dumps(done.to_json()))["ok"] is True
    for language in ("en", "zh"):
        lines = done.lines(language)
        assert len(lines) == 10
        assert RECORD["title"] in lines[-3]
        assert "2026-09-21T14:13:20" in lines[-2]
        assert lines[-1].startswith("! ")  # nobody but the log vouches for the time
    assert "账本收录" in done.lines("zh")[1]


def test_a_rotated_key_needs_the_older_enrolment(log: SmallLog) -> None:
    done = verify.verify_receipt(log.receipt(3, 2, 0), log.policy)
    assert done.ok
    assert done.facts["custody"] == ["service"]
    assert states(verify.verify_receipt(log.receipt(3, 2), log.policy))["signature"] == "failed"


def test_every_signer_must_be_enrolled(log: SmallLog) -> None:
    assert verify.verify_receipt(log.receipt(8, 0, 2), log.policy).ok
    assert not verify.verify_receipt(log.receipt(8, 0), log.policy).ok
    assert not verify.verify_receipt(log.receipt(1), log.policy).ok
    assert not verify.verify_receipt(log.receipt(1, 0, 0), log.policy).ok
    assert not verify.verify_receipt(log.receipt(1, 2, 0), log.policy).ok  # enrolled after its use
    assert not verify.verify_receipt(log.receipt(3, 0, 1), log.policy).ok  # an entry that enrols nothing


def test_an_enrolment_proves_no_claim_of_its_own(log: SmallLog) -> None:
    assert states(verify.verify_receipt(log.receipt(0, 0), log.policy))["signature"] == "failed"


def test_commitments_cannot_name_facts(log: SmallLog) -> None:
    done = verify.verify_receipt(log.receipt(4, 0, opening=SPOOF), log.policy)
    assert done.ok
    assert done.to_json()["ok"] is True
    assert done.facts["origin"] == "log.test.example/sourcemark"
    assert done.facts["policy_from"] == "reader"
    assert "claim" not in done.facts
    assert done.facts["opened"]["origin"] == "spoofed"


def test_statements_out_of_place(log: SmallLog) -> None:
    for index, told in ((5, r"other.example"), (6, "younger")):
        done = verify.verify_receipt(log.receipt(index, 0), log.policy)
        assert not done.ok
        assert told in done.checks[-1].detail


def test_nothing_hostile_reaches_the_terminal(log: SmallLog) -> None:
    done = verify.verify_receipt(log.receipt(7, 0, opening={"claim": HOSTILE}), log.policy)
    assert done.ok
    assert done.facts["claim"] == HOSTILE
    for line in done.lines():
        assert not set(line) & set("\x1b\u202e\n")
    other = canonical({"\x1b]0;\n": {"salt": b64(SALT), "record": {}}})
    for raw in (other, canonical({"claim": {"salt": b64(SALT), "record": {}, "\n": 1}})):
        done = verify.verify_receipt({**log.receipt(7, 0), receipt.OPENING: raw}, log.policy)
        assert not done.ok
        assert all(line.isprintable() for line in done.lines())


def witnessed(log: SmallLog, *times: int) -> bytes:
    signed = log.signed
    for (name, key), time in zip(WITNESSES.items(), times, strict=False):
        signed = cosigned(signed, key, f"{name}.example", time)
    return signed


def demanding(quorum: str) -> bytes:
    named = {name: str(witness_vkey(key, f"{name}.example")) for name, key in WITNESSES.items()}
    return policy.format_policy(LOG_KEYS.vkeys(), named, {"both": (2, ["one", "two"])}, quorum)


def test_witnesses(log: SmallLog) -> None:
    both, one = witnessed(log, 1_790_000_100, 1_790_000_050), witnessed(log, 1_790_000_100)
    done = verify.verify_receipt(log.receipt(1, 0, signed=both), demanding("both"))
    assert done.ok
    assert done.facts["witnessed_at"] == 1_790_000_100
    assert "2026-09-21" in done.lines()[2]
    assert verify.verify_receipt(log.receipt(1, 0, signed=one), demanding("one")).ok
    for signed, quorum in ((log.signed, "one"), (one, "both"), (one, "two")):
        stripped = verify.verify_receipt(log.receipt(1, 0, signed=signed), demanding(quorum))
        assert states(stripped)["inclusion"] == "failed"
        assert "witnesses" in stripped.checks[-1].detail
    assert verify.verify_receipt(log.receipt(1, 0, signed=both), log.policy).facts["witnessed_at"] is None


def test_witness_lines_that_do_not_count(log: SmallLog) -> None:
    twice = cosigned(witnessed(log, 5), WITNESSES["one"], "one.example", 6)
    forged = witnessed(log, 5).replace(b"one.example", b"two.example")
    impostor = cosigned(log.signed, Ed25519PrivateKey.generate(), "one.example", 5)
    for signed in (twice, forged, impostor):
        assert not verify.verify_receipt(log.receipt(1, 0, signed=signed), demanding("one")).ok
    broken = bytearray(witnessed(log, 5))
    broken[-10] = ord("A") if broken[-10] != ord("A") else ord("B")
    assert not verify.verify_receipt(log.receipt(1, 0, signed=bytes(broken)), demanding("one")).ok
    # A known witness whose signature fails rejects the checkpoint even where no witness is demanded.
    assert not verify.verify_receipt(log.receipt(1, 0, signed=bytes(broken)), demanding("none")).ok


def test_a_time_no_clock_shows(log: SmallLog) -> None:
    far = witnessed(log, 2**63 - 1)
    done = verify.verify_receipt(log.receipt(1, 0, signed=far), demanding("one"))
    assert done.ok
    assert str(2**63 - 1) in done.lines()[2]


def test_a_token_is_not_passed_over_in_silence(log: SmallLog) -> None:
    done = verify.verify_receipt({**log.receipt(1, 0), "checkpoint.tsr": b"x"}, log.policy)
    assert states(done)["timestamp"] == "failed"


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_change_passes_or_surprises(log: SmallLog, data: st.DataObject) -> None:
    """One to three edits of any file: what proves must fail, and no check may be at a loss."""
    files = log.receipt(3, 2, 0, signed=witnessed(log, 7, 8))
    changed = dict(files)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(n for n in files if n not in (receipt.README, receipt.POLICY))))
        raw = bytearray(changed[name])
        at = data.draw(st.integers(0, max(0, len(raw) - 1)))
        match data.draw(st.sampled_from(["flip", "delete", "double", "line", "swap", "digit"])):
            case "flip" if raw:
                raw[at] ^= 1 << data.draw(st.integers(0, 7))
            case "delete":
                del raw[at : at + data.draw(st.integers(1, 8))]
            case "double":
                raw[at:at] = raw[at : at + data.draw(st.integers(1, 8))]
            case "line":
                lines = raw.split(b"\n")
                lines.insert(data.draw(st.integers(0, len(lines))), data.draw(st.sampled_from(lines)))
                raw = bytearray(b"\n".join(lines))
            case "swap":
                raw = bytearray(data.draw(st.sampled_from(sorted(files.values()))))
            case "digit":
                raw[at : at + 1] = data.draw(
                    st.sampled_from([b"0", b"\r\n", b'"', b"}", b"\\u0041", b"1.0", b"\xed\xa0\x80"])
                )
        changed[name] = bytes(raw)
    done = verify.verify_receipt(changed, demanding("both"), DIGEST)
    assert done.ok is (changed == files)
    assert all("made sense of" not in check.detail for check in done.checks)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200), at=st.integers(0, 5000))
def test_a_changed_policy_never_surprises(log: SmallLog, raw: bytes, at: int) -> None:
    trusted = demanding("both")
    for mine in (raw, trusted[:at] + raw + trusted[at:], trusted[:at]):
        done = verify.verify_receipt(log.receipt(1, 0, signed=witnessed(log, 7, 8)), mine)
        assert all("made sense of" not in check.detail for check in done.checks)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**60) | st.text(max_size=5) | st.just(b64(SALT)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["claim", "salt", "record", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(value=json_values)
def test_openings_of_any_shape(log: SmallLog, value) -> None:
    raw = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    done = verify.verify_receipt({**log.receipt(1, 0), receipt.OPENING: raw}, log.policy)
    assert states(done)["commitments"] == "failed"
    assert "made sense of" not in done.checks[-2].detail
