"""The steps of a receipt's verification where several logs are trusted, works are sealed, or times are bounded."""

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.tlog import keys, merkle, policy, proof, receipt, statement, verify
from provenance.tlog.checkpoint import Checkpoint, parse_checkpoint
from provenance.tlog.encoding import b64
from provenance.tlog.signed_checkpoint import LogKeys, sign_checkpoint
from provenance.tlog.verification import Verification
from tests.provenance.ledger.small_log import (
    LOG_KEYS,
    ORIGIN,
    RECORD,
    SALT,
    START,
    WORK,
    SmallLog,
    cosigned,
    enrolment,
    registration,
    witness_vkey,
)

KEY = keys.new_signing_key()
OTHER_ORIGIN = "other.example/log"
OTHER_LOG = LogKeys(OTHER_ORIGIN, *keys.new_log_keys())
DIGEST = hashlib.sha256(WORK).digest()


def checks(done: Verification) -> dict[str, tuple[str, str]]:
    return {check.name: (check.state, check.detail) for check in done.checks}


def single_entry(leaf: bytes) -> bytes:
    """The proof of an entry that is alone in the other log."""
    checkpoint = Checkpoint(OTHER_ORIGIN, 1, merkle.leaf_hash(leaf))
    return proof.format_proof(0, [], sign_checkpoint(checkpoint, OTHER_LOG, 1_790_000_000))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> SmallLog:
    first = [enrolment(KEY), registration(KEY)]
    seen = (2, merkle.root_of(map(merkle.leaf_hash, first)))
    sealed = statement.sealed_registration(
        ORIGIN,
        digest=statement.sealed_digest(SALT, DIGEST),
        commitments={
            "claim": statement.commit(SALT, RECORD),
            "seal": statement.commit(SALT, {"salt": b64(SALT)}),
            "short": statement.commit(SALT, {"salt": b64(SALT[:-1])}),
        },
        after=START,
    )
    later = registration(KEY, after=seen)
    return SmallLog([*first, statement.sign(sealed, KEY), later], tmp_path_factory.mktemp("log"))


def both_logs() -> bytes:
    return policy.format_policy([*LOG_KEYS.vkeys(), *OTHER_LOG.vkeys()])


def test_a_key_that_another_trusted_log_enrolled(log: SmallLog) -> None:
    made = statement.key_enrol(OTHER_ORIGIN, public_key=KEY.public, custody="producer", after=START)
    foreign = statement.sign(made, KEY)
    files = log.receipt(1, 0)
    assert verify.verify_receipt(files, both_logs()).ok
    swapped = {**files, f"keys/0/{receipt.ENTRY}": foreign, f"keys/0/{receipt.PROOF}": single_entry(foreign)}
    assert checks(verify.verify_receipt(swapped, both_logs()))["signature"] == (
        "failed",
        "a key was enrolled in another log",
    )


def test_an_entry_that_is_proven_for_another_trusted_log(log: SmallLog) -> None:
    """The other log holds the same bytes; they were written for this one."""
    leaf = log.leaves[0]
    files = {**log.receipt(0, 0), receipt.PROOF: single_entry(leaf)}
    assert checks(verify.verify_receipt(files, both_logs()))["inclusion"][0] == "failed"


def test_a_checkpoint_of_another_trusted_log_bounds_no_time(log: SmallLog) -> None:
    size, root = 2, merkle.root_of(map(merkle.leaf_hash, log.leaves[:2]))
    for origin, log_keys, state in ((ORIGIN, LOG_KEYS, "passed"), (OTHER_ORIGIN, OTHER_LOG, "failed")):
        seen = sign_checkpoint(Checkpoint(origin, size, root), log_keys, 1_780_000_000)
        done = verify.verify_receipt({**log.receipt(3, 0), receipt.AFTER: seen}, both_logs())
        assert checks(done)["after"][0] == state


def test_the_earliest_time_of_a_checkpoint_is_the_lower_bound(log: SmallLog) -> None:
    """A witness that joins later cosigns what is older than its signature."""
    size, root = 2, merkle.root_of(map(merkle.leaf_hash, log.leaves[:2]))
    signed = sign_checkpoint(Checkpoint(ORIGIN, size, root), LOG_KEYS, 1_780_000_000)
    witness = Ed25519PrivateKey.generate()
    trusted = policy.format_policy(LOG_KEYS.vkeys(), {"w": str(witness_vkey(witness, "w.example"))})
    for time in (1_779_000_000, 1_781_000_000):
        files = {**log.receipt(3, 0), receipt.AFTER: cosigned(signed, witness, "w.example", time)}
        done = verify.verify_receipt(files, trusted)
        assert done.facts["not_before"] == min(time, 1_780_000_000)


def salted(salt: bytes) -> bytes:
    return statement.sealed_digest(salt, DIGEST)


def test_a_sealed_work(log: SmallLog) -> None:
    seal, short = {"seal": {"salt": b64(SALT)}}, {"short": {"salt": b64(SALT[:-1])}}
    files = log.receipt(2, 0, opening=seal)
    done = verify.verify_receipt(files, log.policy, DIGEST, salted)
    assert done.ok
    assert done.facts["sha256"] == [salted(SALT).hex()]
    assert salted(SALT).hex()[:16] in checks(done)["work"][1]
    for shown, digest_of, told in (
        (files, None, "does not show its salt"),
        (files, lambda salt: bytes(32), "not the registered work"),
        (log.receipt(2, 0), salted, "does not show its salt"),
        (log.receipt(2, 0, opening=short), salted, "does not show its salt"),
        ({name: raw for name, raw in files.items() if name != receipt.OPENING}, salted, "does not show its salt"),
    ):
        done = verify.verify_receipt(shown, log.policy, DIGEST, digest_of)
        assert checks(done)["work"][0] == "failed"
        assert told in checks(done)["work"][1]


def test_the_salt_of_a_sealed_work_has_32_bytes(tmp_path: Path) -> None:
    short = SALT[:-1]
    sealed = statement.sealed_registration(
        ORIGIN,
        digest=hashlib.sha256(short + DIGEST).digest(),
        commitments={"seal": statement.commit(SALT, {"salt": b64(short)})},
        after=START,
    )
    log = SmallLog([enrolment(KEY), statement.sign(sealed, KEY)], tmp_path)
    files = log.receipt(1, 0, opening={"seal": {"salt": b64(short)}})
    done = verify.verify_receipt(files, log.policy, DIGEST, lambda salt: hashlib.sha256(salt + DIGEST).digest())
    assert checks(done)["work"] == ("failed", "the salt of a sealed registration has 32 bytes")


def test_a_renewal_needs_the_witnesses_too(log: SmallLog) -> None:
    witness = Ed25519PrivateKey.generate()
    trusted = policy.format_policy(
        LOG_KEYS.vkeys(), {"w": str(witness_vkey(witness, "w.example"))}, {"g": (1, ["w"])}, "g"
    )
    files = log.receipt(1, 0, signed=cosigned(log.signed, witness, "w.example", 5))
    renewal = {receipt.RENEWED_CONSISTENCY: b"", receipt.RENEWED_STAMP: b"no token"}
    for later, told in (
        (log.signed, "fewer witnesses signed the later checkpoint"),
        (cosigned(log.signed, witness, "w.example", 6), "no RFC 3161 time-stamp"),
    ):
        done = verify.verify_receipt({**files, **renewal, receipt.RENEWED_CHECKPOINT: later}, trusted)
        assert checks(done)["renewal"][0] == "failed"
        assert told in checks(done)["renewal"][1]


@pytest.mark.parametrize("missing", [receipt.RENEWED_CHECKPOINT, receipt.RENEWED_CONSISTENCY, receipt.RENEWED_STAMP])
def test_a_renewal_that_is_not_complete(log: SmallLog, missing: str) -> None:
    renewal = {
        receipt.RENEWED_CHECKPOINT: log.signed,
        receipt.RENEWED_CONSISTENCY: b"",
        receipt.RENEWED_STAMP: b"x",
    }
    del renewal[missing]
    done = verify.verify_receipt({**log.receipt(1, 0), **renewal})
    assert "not complete" in checks(done)["renewal"][1]


def test_a_consistency_proof_ends_its_last_line(log: SmallLog) -> None:
    renewal = {receipt.RENEWED_CHECKPOINT: log.signed, receipt.RENEWED_STAMP: b"x"}
    for lines in (b"AAAA", b"\xff\n"):
        done = verify.verify_receipt({**log.receipt(1, 0), **renewal, receipt.RENEWED_CONSISTENCY: lines})
        assert "not lines of base64" in checks(done)["renewal"][1]


def test_names_of_key_folders(log: SmallLog) -> None:
    """A folder that is none of a receipt's enrols nothing."""
    files = log.receipt(1, 0)
    for folder in ("keys/0000", "keys/a", "xkeys/0", "keys/0/0", "keys/\u0660"):
        moved = {name.replace("keys/0", folder, 1): raw for name, raw in files.items()}
        assert checks(verify.verify_receipt(moved))["signature"][0] == "failed"
    moved = {name.replace("keys/0", "keys/999", 1): raw for name, raw in files.items()}
    assert verify.verify_receipt(moved).ok


def test_which_steps_are_tried(log: SmallLog) -> None:
    files = log.receipt(1, 0)

    def names(changed: dict[str, bytes], trusted: bytes | None = None) -> list[str]:
        return [check.name for check in verify.verify_receipt(changed, trusted).checks]

    def without(name: str) -> dict[str, bytes]:
        return {each: raw for each, raw in files.items() if each != name}

    assert names(files, b"no policy") == ["policy"]
    assert names(without(receipt.POLICY)) == ["policy"]
    assert names(without(receipt.ENTRY)) == ["policy", "inclusion"]
    always = ["policy", "inclusion", "witnesses", "signature", "commitments", "timestamp", "work"]
    assert names(files) == names(without(receipt.OPENING)) == names({**files, receipt.STAMP: b"x"}) == always
    assert names({**files, receipt.AFTER: b"x"}) == [*always[:5], "after", *always[5:]]
    stray = {**files, "renewed/anything": b"x"}
    assert names(stray) == [*always[:6], "renewal", always[6]]
    assert checks(verify.verify_receipt(stray))["renewal"] == ("failed", "the time-stamp is missing")


def test_what_is_missing_is_named(log: SmallLog) -> None:
    files = log.receipt(1, 0)
    for name, step in ((receipt.POLICY, "policy"), (receipt.ENTRY, "inclusion"), (receipt.PROOF, "inclusion")):
        done = verify.verify_receipt({each: raw for each, raw in files.items() if each != name})
        assert checks(done)[step] == ("failed", f"the receipt has no {name}")
    closed = {each: raw for each, raw in files.items() if each != receipt.OPENING}
    assert checks(verify.verify_receipt(closed))["commitments"] == (
        "absent",
        "not opened: who claimed what is not shown",
    )
    assert "claim" not in verify.verify_receipt(closed).facts


@pytest.mark.parametrize(
    ("opening", "told"),
    [
        (b"{}", "does not open anything"),
        (b"[]", "does not open anything"),
        (b'{"claim":"x"}', "with a salt and a record"),
        (b'{"claim":{"record":{}}}', "with a salt and a record"),
        (b'{"claim":{"record":{},"salt":5}}', "with a salt and a record"),
        (b'{"other":{"record":{},"salt":"%s"}}' % b64(SALT).encode(), "not the one that was signed"),
        (b'{"claim":{"record":{},"salt":"%s"}}' % b64(SALT).encode(), "not the one that was signed"),
        (b'{"claim":{"record":{},"salt":"AA=="}}', "32 bytes"),
    ],
)
def test_what_opens_no_commitment(log: SmallLog, opening: bytes, told: str) -> None:
    done = verify.verify_receipt({**log.receipt(1, 0), receipt.OPENING: opening})
    assert checks(done)["commitments"][0] == "failed"
    assert told in checks(done)["commitments"][1]
    assert "opened" not in done.facts


def test_the_checkpoint_that_was_seen_is_the_one_that_the_entry_names(log: SmallLog) -> None:
    root = merkle.root_of(map(merkle.leaf_hash, log.leaves[:2]))
    for size, named, state in ((2, root, "passed"), (3, root, "failed"), (2, bytes(32), "failed")):
        seen = sign_checkpoint(Checkpoint(ORIGIN, size, named), LOG_KEYS, 1_780_000_000)
        done = verify.verify_receipt({**log.receipt(3, 0), receipt.AFTER: seen})
        assert checks(done)["after"][0] == state
        assert done.facts["not_before"] == (1_780_000_000 if state == "passed" else None)
        if state == "failed":
            assert "is not the checkpoint" in checks(done)["after"][1]


def test_who_keeps_the_key(tmp_path: Path) -> None:
    for custody, english, chinese in (("producer", "kept by the producer", "本人"), ("service", "service", "服务方")):
        log = SmallLog([enrolment(KEY, custody=custody), registration(KEY)], tmp_path / custody)
        done = verify.verify_receipt(log.receipt(1, 0))
        (signature,) = (check for check in done.checks if check.name == "signature")
        assert english in signature.detail
        assert f"私钥由{chinese}保管" in signature.detail_zh
        assert done.facts["custody"] == [custody]


# --- the earliest checkpoint, and bounds that contradict each other ---------------------------------------------------
def of_two(log: SmallLog, time: int) -> bytes:
    """The checkpoint of the same log when it had two entries, signed at a time."""
    root = merkle.root_of(map(merkle.leaf_hash, log.leaves[:2]))
    return sign_checkpoint(Checkpoint(ORIGIN, 2, root), LOG_KEYS, time)


def second_in(log: SmallLog, signed: bytes) -> bytes:
    """The proof that the second of two entries is under that checkpoint."""
    return proof.format_proof(1, [merkle.leaf_hash(log.leaves[0])], signed)


def test_the_earliest_checkpoint_says_when_it_was_logged(log: SmallLog) -> None:
    files = log.receipt(1, 0)
    assert verify.verify_receipt(files).facts["logged_at"] == 1_790_000_000
    done = verify.verify_receipt({**files, receipt.FIRST: second_in(log, of_two(log, 1_780_000_000))})
    assert done.ok, done.checks
    assert checks(done)["first"] == ("passed", "it stood there when the signed log had 2")
    assert (done.facts["logged_at"], done.facts["size"]) == (1_780_000_000, log.size)
    for raw in (b"x", log.proof(0), log.proof(1).replace(b"index 1", b"index 2")):
        refused = verify.verify_receipt({**files, receipt.FIRST: raw})
        assert checks(refused)["first"][0] == "failed"
        assert refused.facts["logged_at"] == 1_790_000_000


def test_the_earliest_checkpoint_needs_the_witnesses_too(log: SmallLog) -> None:
    witness = Ed25519PrivateKey.generate()
    trusted = policy.format_policy(LOG_KEYS.vkeys(), {"w": str(witness_vkey(witness, "w.example"))}, quorum="w")
    files = log.receipt(1, 0, signed=cosigned(log.signed, witness, "w.example", 1_790_000_009))
    first = of_two(log, 1_780_000_000)
    refused = verify.verify_receipt({**files, receipt.FIRST: second_in(log, first)}, trusted)
    assert checks(refused)["first"] == ("failed", "fewer witnesses signed the checkpoint than the policy demands")
    seen = cosigned(first, witness, "w.example", 1_780_000_005)
    done = verify.verify_receipt({**files, receipt.FIRST: second_in(log, seen)}, trusted)
    assert done.ok, done.checks
    assert done.facts["witnessed_at"] == 1_780_000_005
    assert done.independent_time


@pytest.mark.parametrize(
    ("seen", "logged", "witnessed", "valid"),
    [
        (1_780_000_000, 1_780_000_001, None, True),
        (1_780_000_060, 1_780_000_000, None, True),  # a clock that was set back a little
        (1_780_000_061, 1_780_000_000, None, False),
        (1_870_000_000, 1_650_000_000, None, False),  # years ahead, then years behind
        (1_780_003_600, 1_790_000_000, 1_780_000_000, True),  # a witness whose clock is off as far as the log allows
        (1_780_003_601, 1_790_000_000, 1_780_000_000, False),
    ],
)
def test_bounds_that_contradict_each_other(
    log: SmallLog, seen: int, logged: int, witnessed: int | None, valid: bool
) -> None:
    signed = sign_checkpoint(Checkpoint(ORIGIN, log.size, parse_checkpoint(log.signed).root), LOG_KEYS, logged)
    trusted = log.policy
    if witnessed is not None:
        witness = Ed25519PrivateKey.generate()
        signed = cosigned(signed, witness, "w.example", witnessed)
        trusted = policy.format_policy(LOG_KEYS.vkeys(), {"w": str(witness_vkey(witness, "w.example"))}, quorum="w")
    done = verify.verify_receipt({**log.receipt(3, 0, signed=signed), receipt.AFTER: of_two(log, seen)}, trusted)
    assert done.ok is valid, done.checks
    assert (done.verdict == "valid") is valid
    assert checks(done).get("times", ("passed",))[0] == ("passed" if valid else "failed")


def test_the_verdict_says_whose_keys_they_are(log: SmallLog) -> None:
    files = log.receipt(1, 0)
    assert verify.verify_receipt(files).verdict == "as_far_as_it_says"
    for way in ("reader", "pinned"):
        done = verify.verify_receipt(files, log.policy, policy_from=way)
        assert (done.verdict, done.facts["policy_from"], done.independent_time) == ("valid", way, False)
        assert done.newest_evidence() == 1_790_000_000
    assert verify.verify_receipt({**files, receipt.ENTRY: b"x"}).verdict == "not_valid"


def test_an_entry_from_the_future(log: SmallLog) -> None:
    done = verify.verify_receipt({**log.receipt(3, 0), receipt.AFTER: of_two(log, 1_789_999_000)}, log.policy)
    done.check_future(1_789_999_000 - 3600)
    assert done.ok
    done.check_future(1_789_999_000 - 3601)
    assert checks(done)["times"][0] == "failed"
    assert done.verdict == "not_valid"
