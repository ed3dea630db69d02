"""C2SP tlog-proof: its text, both ways, and its bounds."""

import pytest

from provenance.errors import VerificationFailed
from provenance.tlog import encoding, proof
from provenance.tlog.merkle import EMPTY_ROOT
from tests.provenance.tlog.test_note import ROOT, SIGNED

HASH = encoding.b64(ROOT)
LINES_63, LINES_64 = f"{HASH}\n" * 63, f"{HASH}\n" * 64


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


def test_the_bounds_of_a_proof() -> None:
    head = "c2sp.org/tlog-proof@v1\nindex 7\n"
    assert proof.parse_proof(f"{head}{LINES_63}\nC".encode()).hashes == (ROOT,) * 63
    assert proof.parse_proof(f"{head}\nC\n\nD".encode()) == proof.Proof(7, (), b"C\n\nD")
    extra = head.replace("index", "extra QQ==\nindex")
    assert proof.parse_proof(f"{extra}\nC".encode()).index == 7
    for text, told in (
        (f"{head}{LINES_64}\nC", "too many"),
        (f"{head}{encoding.b64(ROOT[:-1])}\n\nC", "wrong length"),
        (f"{head}{encoding.b64(ROOT + b'x')}\n\nC", "wrong length"),
        (f"{head}{HASH}", "does not begin"),
        (f"x\n{head}\nC", "does not begin"),
        ("c2sp.org/tlog-proof@v1\n\nC", "no index"),
        (f"c2sp.org/tlog-proof@v1\n{HASH}\n\nC", "no index"),
        (extra.replace("QQ==", "QQ") + "\nC", "base64"),
        (extra.replace("extra QQ==\n", "extra QQ==\nextra QQ==\n") + "\nC", "no index"),
        (head.replace("7", "\u0667") + "\nC", "ASCII"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            proof.parse_proof(text.encode())
