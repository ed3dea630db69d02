"""C2SP notes, keys, checkpoints and cosignatures: strict forms, both signatures, every single-byte change refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import VerificationFailed
from provenance.tlog import encoding, policy, proof
from provenance.tlog.checkpoint import Checkpoint, checkpoint_of, parse_checkpoint
from provenance.tlog.cosignature import cosigned_message, verify_note, verify_signature
from provenance.tlog.merkle import EMPTY_ROOT, leaf_hash
from provenance.tlog.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_MLDSA44,
    ED25519,
    Note,
    VKey,
    parse_note,
    signature_line,
)
from provenance.tlog.signed_checkpoint import LogKeys, open_checkpoint, sign_checkpoint

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


# --- the bounds of the forms -----------------------------------------------------------------------------------------
LINE = "\u2014 w.example " + encoding.b64(bytes(5)) + "\n"


def test_how_large_a_note_may_be() -> None:
    room = (1 << 20) - len(f"\n\n{LINE}".encode())
    assert parse_note(b"x" * room + f"\n\n{LINE}".encode()).text == b"x" * room + b"\n"
    with pytest.raises(VerificationFailed, match="too large"):
        parse_note(b"x" * (room + 1) + f"\n\n{LINE}".encode())
    assert len(parse_note(("t\n\n" + LINE * 100).encode()).signatures) == 100
    with pytest.raises(VerificationFailed, match="too many"):
        parse_note(("t\n\n" + LINE * 101).encode())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("t\tt\n\n" + LINE, "control"),
        ("t\x1ft\n\n" + LINE, "control"),
        ("t\x00\n\n" + LINE, "control"),
        ("t\r\n\n" + LINE, "control"),
        ("t\n" + LINE, "no signatures"),
        ("t\n\n", "no signatures"),
        ("t\n\n\n", "no signatures"),
        ("t\n\n" + LINE[:-1], "no signatures"),
        ("t\n\n" + LINE + "x\n", "not a signature line"),
        ("t\n\n" + LINE.replace("\u2014", "-"), "not a signature line"),
        ("t\n\n" + LINE.replace("w.example ", "w.example  "), "not a signature line"),
        ("t\n\n" + LINE.replace("w.example", "w+example"), "not a key name"),
        ("t\n\n" + LINE.replace("w.example", "w\u00a0example"), "not a key name"),
        ("t\n\n\u2014 w.example " + encoding.b64(bytes(4)) + "\n", "too short"),
        ("t\n\n\u2014 w.example AAAA=\n", "base64"),
    ],
)
def test_what_is_no_note(text: str, told: str) -> None:
    with pytest.raises(VerificationFailed, match=told):
        parse_note(text.encode())


def test_the_parts_of_a_note() -> None:
    note = parse_note(("a\n\nb\n\n" + LINE + LINE).encode())
    assert note.text == b"a\n\nb\n"  # the last empty line divides
    assert note.signatures == (("w.example", bytes(4), b"\0"),) * 2


@pytest.mark.parametrize("name", ["", "a+b", "a b", "a\u2003b", "a\u2028b", "a\x7f", "\u00a0"])
def test_what_is_no_key_name(name: str) -> None:
    with pytest.raises(VerificationFailed, match="not a key name"):
        VKey.make(name, ED25519, bytes(32))


def test_what_is_no_verifier_key() -> None:
    name, key_id, rest = LOG.vkeys()[0].split("+", 2)
    assert VKey.parse(f"{name}+{key_id}+{rest}\n").name == name  # as it stands in a file
    of = VKey.make
    for text, told in (
        (f"{name}+{key_id.upper()}+{rest}", "not a verifier key"),
        (f"{name}+{key_id[:-1]}+{rest}", "not a verifier key"),
        (f"{name}+{rest}", "not a verifier key"),
        (f"{name}+{'0' * 8}+{rest}", "does not fit"),
        (str(of(name, 2, bytes(32))), "unknown type"),
        (str(of(name, ED25519, bytes(31))), "wrong length"),
        (str(of(name, ED25519, bytes(33))), "wrong length"),
        (str(of(name, COSIGNATURE_ED25519, bytes(31))), "wrong length"),
        (str(of(name, COSIGNATURE_MLDSA44, bytes(32))), "wrong length"),
        (f"{name}+{key_id}+", "unknown type"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            VKey.parse(text)
    for kind, size in ((ED25519, 32), (COSIGNATURE_ED25519, 32), (COSIGNATURE_MLDSA44, 1312)):
        assert VKey.parse(str(of(name, kind, bytes(size)))).kind == kind


def test_the_lines_of_a_checkpoint() -> None:
    root, empty = encoding.b64(ROOT), encoding.b64(EMPTY_ROOT)
    assert checkpoint_of(f"o\n5\n{root}\n".encode()) == Checkpoint("o", 5, ROOT)
    assert checkpoint_of(f"o\n5\n{root}\nmore\nand more\n".encode()).size == 5
    assert checkpoint_of(f"o\n0\n{empty}\n".encode()).size == 0
    assert checkpoint_of(f"o\n1\n{empty}\n".encode()).size == 1
    for text, told in (
        (f"o\n5\n{root}", "three lines"),
        (f"o\n5\n{root}\nmore", "three lines"),
        ("o\n5\n", "three lines"),
        (f"\n5\n{root}\n", "three lines"),
        (f"o\n5\n{root}\n\n", "three lines"),
        (f"o\n5\n{root}\n\nmore\n", "three lines"),
        (f"o\n5\n{encoding.b64(ROOT[:-1])}\n", "not a hash"),
        (f"o\n5\n{encoding.b64(ROOT + b'x')}\n", "not a hash"),
        (f"o\n0\n{root}\n", "not a hash"),
        (f"o\n05\n{root}\n", "decimal"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            checkpoint_of(text.encode())
    with pytest.raises(VerificationFailed, match="UTF-8"):
        checkpoint_of(b"\xff\n5\n")


TEXT = Checkpoint(ORIGIN, 1, ROOT).text
TIME = (5).to_bytes(8, "big")


def test_what_a_cosignature_signs() -> None:
    """By c2sp.org/tlog-cosignature, written out."""
    private = Ed25519PrivateKey.generate()
    key = VKey.make("w.example", COSIGNATURE_ED25519, private.public_key().public_bytes_raw())
    message = b"cosignature/v1\ntime 5\n" + TEXT
    assert cosigned_message(key, 5, TEXT) == message
    assert verify_signature(key, TEXT, TIME + private.sign(message)) == 5
    subtree = (
        b"subtree/v1\n\0"
        + bytes([len(ORIGIN)]) + ORIGIN.encode()
        + TIME
        + bytes([len(ORIGIN)]) + ORIGIN.encode()
        + bytes(8) + (1).to_bytes(8, "big")
        + ROOT
    )  # fmt: skip
    assert cosigned_message(LOG.mldsa44_vkey, 5, TEXT) == subtree


def test_how_long_the_names_under_a_post_quantum_signature_may_be() -> None:
    public = LOG.mldsa44_vkey.public
    for length, fits in ((255, True), (256, False)):
        long, text = VKey.make("n" * length, COSIGNATURE_MLDSA44, public), Checkpoint("o" * length, 1, ROOT).text
        for key, signed in ((long, TEXT), (LOG.mldsa44_vkey, text)):
            if fits:
                assert cosigned_message(key, 5, signed)
            else:
                with pytest.raises(VerificationFailed, match="too long"):
                    cosigned_message(key, 5, signed)


def test_the_lengths_and_times_of_cosignatures() -> None:
    private = Ed25519PrivateKey.generate()
    witness = VKey.make("w.example", COSIGNATURE_ED25519, private.public_key().public_bytes_raw())
    latest = 2**63 - 1
    signed = latest.to_bytes(8, "big") + private.sign(cosigned_message(witness, latest, TEXT))
    assert verify_signature(witness, TEXT, signed) == latest
    beyond = (2**63).to_bytes(8, "big") + private.sign(cosigned_message(witness, 2**63, TEXT))
    with pytest.raises(VerificationFailed, match="out of range"):
        verify_signature(witness, TEXT, beyond)
    for length, told in ((7, "too short"), (8, "a signature 64")):
        with pytest.raises(VerificationFailed, match=told):
            verify_signature(witness, TEXT, bytes(length))
    good = dict(LOG.signatures(checkpoint_of(TEXT), 5))[LOG.mldsa44_vkey]
    assert verify_signature(LOG.mldsa44_vkey, TEXT, good) == 5
    for bad in (good[:-1], good + b"x"):
        with pytest.raises(VerificationFailed, match="2,420"):
            verify_signature(LOG.mldsa44_vkey, TEXT, bad)
    with pytest.raises(VerificationFailed, match="does not verify"):
        verify_signature(LOG.mldsa44_vkey, TEXT, good[:-1] + bytes([good[-1] ^ 1]))


def test_whose_signatures_hold() -> None:
    ed25519, mldsa44 = VKEYS
    note = parse_note(SIGNED)
    assert verify_note(note, VKEYS) == {ed25519: None, mldsa44: 1_790_000_000}
    assert verify_note(note, [mldsa44]) == {mldsa44: 1_790_000_000}
    assert verify_note(note, [ed25519, ed25519]) == {ed25519: None}
    with pytest.raises(VerificationFailed, match="signed twice"):
        verify_note(Note(note.text, (note.signatures[0], *note.signatures)), VKEYS)
    twin = VKey(ed25519.name, ed25519.id, ed25519.kind, bytes(32))
    with pytest.raises(VerificationFailed, match="two keys"):
        verify_note(note, [ed25519, twin])


def test_which_keys_are_the_logs() -> None:
    with pytest.raises(VerificationFailed, match="is of"):
        open_checkpoint(SIGNED, VKEYS, origin="other.example")
    for known in ([], [VKey.make("other.example", ED25519, VKEYS[0].public)]):
        with pytest.raises(VerificationFailed, match="no key of the log"):
            open_checkpoint(SIGNED, known)
    # A key of the log's name that is a witness's kind makes no checkpoint the log's own.
    private = Ed25519PrivateKey.generate()
    named = VKey.make(ORIGIN, COSIGNATURE_ED25519, private.public_key().public_bytes_raw())
    line = signature_line(named, TIME + private.sign(cosigned_message(named, 5, TEXT)))
    with pytest.raises(VerificationFailed, match="no key of the log"):
        open_checkpoint(SIGNED + line, [*VKEYS, named])
    assert open_checkpoint(SIGNED + line, VKEYS, [named]).signed_by[named] == 5


def test_a_log_signs_under_its_name_only() -> None:
    with pytest.raises(VerificationFailed, match="not a key name"):
        sign_checkpoint(Checkpoint("a b", 1, ROOT), LOG, 5)
