"""C2SP notes, keys, checkpoints, proofs and policies: strict forms, both signatures, every single-byte change refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import VerificationFailed
from provenance.tlog import encoding, keys, policy, proof
from provenance.tlog.merkle import EMPTY_ROOT, leaf_hash
from provenance.tlog.note import (
    Checkpoint,
    LogKeys,
    VKey,
    open_checkpoint,
    parse_checkpoint,
    parse_note,
    sign_checkpoint,
)

ORIGIN = "log.test.example/sourcemark"
LOG = LogKeys(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))), MLDSA44PrivateKey.generate())
VKEYS = [VKey.parse(key) for key in LOG.vkeys()]
ROOT = leaf_hash(b"x")
SIGNED = sign_checkpoint(Checkpoint(ORIGIN, 1, ROOT), LOG, 1_790_000_000)


def test_a_signed_checkpoint_has_both_signatures() -> None:
    opened = open_checkpoint(SIGNED, VKEYS, origin=ORIGIN)
    assert (opened.size, opened.root) == (1, ROOT)
    assert list(opened.signed_by.values()) == [None, 1_790_000_000]
    lines = SIGNED.decode().split("\n")
    assert lines[0] == ORIGIN
    assert lines[1] == "1"
    assert lines[3] == ""
    assert all(line.startswith(f"\u2014 {ORIGIN} ") for line in lines[4:6])


def test_key_names_and_ids() -> None:
    assert [str(VKey.parse(str(key))) for key in VKEYS] == LOG.vkeys()
    good = LOG.vkeys()[0]
    for bad in (
        "",
        good.replace("+", "-"),
        good.replace(ORIGIN, "other.example"),
        "a b+" + good.split("+", 1)[1],
        good[:-2],
        good.replace("+AQ", "+AR"),
        "+" + good.split("+", 1)[1],
    ):
        with pytest.raises(VerificationFailed):
            VKey.parse(bad)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.replace(b"\n1\n", b"\n01\n"),
        lambda s: s.replace(b"\n1\n", b"\n2\n"),
        lambda s: s.replace(b"\n1\n", b"\n-1\n"),
        lambda s: s.replace(b"\n1\n", b"\n0\n"),
        lambda s: s.replace(b"\n", b"\r\n"),
        lambda s: s[:-1],
        lambda s: s + b"\n",
        lambda s: s.replace("\u2014 ".encode(), b"- "),
        lambda s: s + s.split(b"\n\n")[1],
        lambda s: s.split(b"\n\n")[0] + b"\n\n",
        lambda s: s.replace(b"\n\n", b"\next\n\n", 1),
        lambda s: b"\xff" + s,
        lambda s: s.replace(ORIGIN.encode(), b"log.evil.example", 1),
        lambda s: b"",
    ],
)
def test_changed_checkpoints_are_refused(change) -> None:
    with pytest.raises(VerificationFailed):
        open_checkpoint(change(SIGNED), VKEYS, origin=ORIGIN)


def test_a_missing_signature_of_the_log_is_refused() -> None:
    text, block = SIGNED.decode().split("\n\n")
    first, second = block.splitlines()
    for kept in (first, second):
        with pytest.raises(VerificationFailed, match="did not sign"):
            open_checkpoint(f"{text}\n\n{kept}\n".encode(), VKEYS)
    stranger = "\u2014 witness.example " + encoding.b64(bytes(72)) + "\n"
    assert open_checkpoint(SIGNED + stranger.encode(), VKEYS).size == 1  # unknown keys are ignored


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_no_single_byte_can_change(at: int, flip: int) -> None:
    changed = bytearray(SIGNED)
    changed[at] ^= flip
    with pytest.raises(VerificationFailed):
        # A changed name or id makes a signature line unknown, and then that key has not signed.
        open_checkpoint(bytes(changed), VKEYS, origin=ORIGIN)


@given(st.binary(max_size=300))
def test_parsers_refuse_in_one_way(raw: bytes) -> None:
    for parse in (parse_note, parse_checkpoint, proof.parse_proof, policy.parse_policy):
        try:
            parse(raw)
        except VerificationFailed:
            continue


def test_the_empty_log() -> None:
    signed = sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), LOG, 0)
    assert open_checkpoint(signed, VKEYS).size == 0
    with pytest.raises(VerificationFailed):
        open_checkpoint(sign_checkpoint(Checkpoint(ORIGIN, 0, ROOT), LOG, 0), VKEYS)


def test_proof_text() -> None:
    written = proof.format_proof(0, [ROOT, EMPTY_ROOT], SIGNED)
    read = proof.parse_proof(written)
    assert (read.index, read.hashes, read.checkpoint) == (0, (ROOT, EMPTY_ROOT), SIGNED)
    for bad in (
        written.replace(b"@v1", b"@v2"),
        written.replace(b"index 0", b"index 00"),
        written.replace(b"index 0\n", b""),
        written.replace(encoding.b64(ROOT).encode(), b"AAAA"),
        written.replace(encoding.b64(ROOT).encode(), encoding.b64(ROOT)[:-1].encode()),
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + f"{encoding.b64(ROOT)}\n".encode() * 64 + b"\n" + SIGNED,
    ):
        with pytest.raises(VerificationFailed):
            proof.parse_proof(bad)


def test_policy_text() -> None:
    written = policy.format_policy(LOG.vkeys())
    read = policy.parse_policy(written)
    assert read.logs == tuple(VKEYS)
    assert not read.witnessed
    assert read.satisfied_by(set())
    witness = VKey.make("w.example", 4, keys.new_signing_key().public)
    other = VKey.make("v.example", 4, keys.new_signing_key().public)
    text = f"# comment\nlog {LOG.vkeys()[0]}\nwitness a {witness}\nwitness b {other} https://b.example/\n"
    two = policy.parse_policy((text + "group g all a b\nquorum g\n").encode())
    assert two.satisfied_by({witness, other})
    assert not two.satisfied_by({witness})
    one = policy.parse_policy((text + "group g 1 a b\nquorum g\n").encode())
    assert one.satisfied_by({other})
    for bad in ("quorum g\n", "", "group g 3 a b\nquorum g\n", "group g 1 a a\nquorum g\n", "quorum a\nquorum a\n",
                "group g 0 a\nquorum g\n", "witness a x\nquorum a\n", "quorum none\nlog x\n", "bogus\nquorum none\n"):  # fmt: skip
        with pytest.raises(VerificationFailed):
            policy.parse_policy((text + bad).encode())


def test_weak_keys_are_refused() -> None:
    small_order = [bytes(32), b"\x01" + bytes(31), bytes.fromhex("ec" + "ff" * 30 + "7f"),
                   bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]  # fmt: skip
    not_canonical = [b"\xff" * 32, bytes.fromhex("ee" + "ff" * 30 + "7f"), bytes.fromhex("ed" + "ff" * 30 + "7f")]
    for bad in (*small_order, *not_canonical, b"", b"x" * 31):
        with pytest.raises(VerificationFailed):
            keys.check_public_key(bad)
    keys.check_public_key(keys.new_signing_key().public)


def test_signatures_are_checked_strictly() -> None:
    key = keys.new_signing_key()
    signature = key.sign(b"message")
    keys.verify(key.public, signature, b"message")
    order = 2**252 + 27742317777372353535851937790883648493
    malleable = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    for bad in (malleable, signature[:-1], b"", bytes(64)):
        with pytest.raises(VerificationFailed):
            keys.verify(key.public, bad, b"message")
    with pytest.raises(VerificationFailed):
        keys.verify(b"\x01" + bytes(31), b"\x01" + bytes(63), b"anything")  # holds for every message if not refused
