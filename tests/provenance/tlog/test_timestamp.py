"""RFC 3161 tokens of a real openssl authority: good ones, and every way in which one can be worth nothing."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance.errors import VerificationFailed
from provenance.tlog import keys, note, receipt, timestamp, verify
from provenance.tlog.checkpoint import Checkpoint
from provenance.tlog.encoding import b64
from provenance.tlog.merkle import consistency_proof, leaf_hash, root_of
from provenance.tlog.signed_checkpoint import sign_checkpoint
from tests.provenance.ledger.authority import MISSING, Tsa
from tests.provenance.ledger.small_log import LOG_KEYS, ORIGIN, SmallLog, enrolment, registration

pytestmark = [pytest.mark.enable_socket, pytest.mark.skipif(bool(MISSING), reason=MISSING), pytest.mark.slow]
DATA = b"log.example/x\n5\nAAAA\n"
KEY = keys.new_signing_key()


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa(tmp_path_factory.mktemp("tsa") / "good")


@pytest.fixture(scope="module")
def token(tsa: Tsa) -> bytes:
    return tsa.stamp(DATA)


def test_a_good_token(tsa: Tsa, token: bytes) -> None:
    found = timestamp.verify(token, DATA, timestamp.roots_of(tsa.root))
    assert found == timestamp.read(token, DATA)
    assert abs((found.time - datetime.now(UTC)).total_seconds()) < 120
    assert found.authority == "CN=Test TSA"
    assert found.expires is not None
    for digest in ("-sha384", "-sha512"):
        other = tsa.stamp(DATA, digest)
        assert timestamp.verify(other, DATA, timestamp.roots_of(tsa.root)).authority == "CN=Test TSA"


def test_tokens_that_are_worth_nothing(tsa: Tsa, token: bytes, tmp_path: Path) -> None:
    roots = timestamp.roots_of(tsa.root)
    other = Tsa(tmp_path / "other")
    server = Tsa(tmp_path / "server", usage=ExtendedKeyUsageOID.SERVER_AUTH, days=(-1, 10))
    told = {
        "over other bytes": (token, DATA + b"\n", roots),
        "does not hold": (token, DATA, timestamp.roots_of(other.root)),
        "does not hold: ": (other.stamp(DATA), DATA, roots),
        "no RFC 3161": (b"", DATA, roots),
        "at most": (bytes(100_000), DATA, roots),
    }
    for word, (raw, data, trusted) in told.items():
        with pytest.raises(VerificationFailed, match=word.strip(": ")):
            timestamp.verify(raw, data, trusted)
    with pytest.raises(subprocess.CalledProcessError):  # openssl itself does not stamp with a server's certificate
        server.stamp(DATA)


def test_an_expired_certificate(tmp_path: Path) -> None:
    """Valid when it stamped is enough, whatever the date is now; not yet or no longer valid then is not."""
    for name, days in (("past", (-3000, -2000)), ("future", (10, 20))):
        bad = Tsa(tmp_path / name, days=days)
        with pytest.raises(VerificationFailed, match="does not hold"):
            timestamp.verify(bad.stamp(DATA), DATA, timestamp.roots_of(bad.root))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_edit_of_a_token_passes(tsa: Tsa, token: bytes, data: st.DataObject) -> None:
    edited = bytearray(token)
    for _ in range(data.draw(st.integers(1, 3))):
        edited[data.draw(st.integers(0, len(edited) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(edited[: data.draw(st.integers(0, len(edited)))]) if data.draw(st.booleans()) else bytes(edited)
    try:
        found = timestamp.verify(cut, DATA, timestamp.roots_of(tsa.root))
    except VerificationFailed:
        return
    good = timestamp.read(token, DATA)  # what the signature does not cover may be edited: it still says the same
    assert (found.time, found.authority) == (good.time, good.authority)


def test_a_second_certificate_for_the_signer(tsa: Tsa, token: bytes) -> None:
    """openssl puts the certificate in twice; a copy that bears another name must not lend it to the other's signature."""
    name = b"Test TSA"
    places = [at for at in range(len(token)) if token[at : at + 13] == b"\x06\x03U\x04\x03\x0c\x08" + name[:6]]
    assert places
    for at in places:
        edited = token[: at + 7] + b"Best TSA" + token[at + 15 :]
        with pytest.raises(VerificationFailed):
            timestamp.verify(edited, DATA, timestamp.roots_of(tsa.root))
    pinned = timestamp.roots_of(tsa.root + (tsa.folder / "tsa.pem").read_bytes())
    assert timestamp.verify(token, DATA, pinned).authority == "CN=Test TSA"


def test_a_certificate_with_a_broken_name(tsa: Tsa, token: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """Found by fuzzing: the library that verifies panicked over it, with a backtrace on the terminal."""
    edited = token.replace(b"Test TSA", b"Test TS\xff")
    assert edited != token
    for act in (timestamp.read, lambda *given: timestamp.verify(*given, timestamp.roots_of(tsa.root))):
        with pytest.raises(VerificationFailed, match="made sense of"):
            act(edited, DATA)
    assert capfd.readouterr().err == ""


def test_a_token_of_another_checkpoint(tsa: Tsa, tmp_path: Path) -> None:
    log = SmallLog([enrolment(KEY), registration(KEY), registration(KEY)], tmp_path)
    good = {**log.receipt(1, 0), receipt.STAMP: tsa.stamp(log.signed)}
    assert verify.verify_receipt(good, tsa_roots=tsa.root).ok
    # Over the text alone, over the note with one signature line fewer: not over these exact bytes.
    for data in (note.parse_note(log.signed).text, b"".join(log.signed.splitlines(True)[:-1])):
        for roots in (tsa.root, None):
            assert not verify.verify_receipt({**good, receipt.STAMP: tsa.stamp(data)}, tsa_roots=roots).ok
    assert not verify.verify_receipt(good, tsa_roots=b"no certificate").ok


def test_a_renewal_by_a_log_that_was_rewritten(tsa: Tsa, tmp_path: Path) -> None:
    log = SmallLog([enrolment(KEY), registration(KEY), registration(KEY)], tmp_path)
    leaves = [*log.leaves, registration(KEY)]

    def renewal(leaves: list[bytes]) -> dict[str, bytes]:
        hashes = [leaf_hash(leaf) for leaf in leaves]

        class Nodes:
            def node(self, height: int, index: int) -> bytes:
                return root_of(hashes[index << height : (index + 1) << height])

        later = sign_checkpoint(Checkpoint(ORIGIN, 4, root_of(hashes)), LOG_KEYS, 1)
        lines = "".join(f"{b64(each)}\n" for each in consistency_proof(Nodes(), 3, 4)).encode()
        return {
            receipt.RENEWED_CHECKPOINT: later,
            receipt.RENEWED_CONSISTENCY: lines,
            receipt.RENEWED_STAMP: tsa.stamp(later),
        }

    files = {**log.receipt(1, 0), receipt.STAMP: tsa.stamp(log.signed)}
    assert verify.verify_receipt({**files, **renewal(leaves)}, tsa_roots=tsa.root).ok
    done = verify.verify_receipt({**files, **renewal([leaves[0], leaves[2], leaves[1], leaves[3]])}, tsa_roots=tsa.root)
    assert "history was rewritten" in done.checks[-2].detail


def test_the_checkpoint_that_was_seen(tmp_path: Path) -> None:
    first = [enrolment(KEY), registration(KEY)]
    root = root_of(map(leaf_hash, first))
    log = SmallLog([*first, registration(KEY, after=(2, root))], tmp_path)
    seen = sign_checkpoint(Checkpoint(ORIGIN, 2, root), LOG_KEYS, 1_780_000_000)
    files = log.receipt(2, 0)
    assert verify.verify_receipt(files).facts["not_before"] is None
    done = verify.verify_receipt({**files, receipt.AFTER: seen})
    assert done.ok
    assert done.facts["not_before"] == 1_780_000_000
    assert "  not before: 2026-05-28T20:26:40+00:00" in done.lines()
    for other in (log.signed, seen[:-3], b"", seen.replace(b"\n2\n", b"\n1\n", 1)):
        assert not verify.verify_receipt({**files, receipt.AFTER: other}).ok
