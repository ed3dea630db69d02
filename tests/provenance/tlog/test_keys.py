"""Private keys in files; public keys and signatures of other people."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from provenance.errors import LedgerReadOnly, VerificationFailed
from provenance.tlog import keys, pkcs8

# y = -1: the point of order two; added to an honest point it gives one of mixed order.
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P


def test_a_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        key = keys.new_signing_key()
        path = tmp_path / "keys" / f"{key.keyid}.pem"
        keys.save_signing_key(key, path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    again = keys.load_signing_key(path)
    assert (again.keyid, again.public, again.sign(b"x")) == (key.keyid, key.public, key.sign(b"x"))
    assert list(path.parent.iterdir()) == [path]


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    keys.save_signing_key(keys.new_signing_key(), path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        keys.save_signing_key(keys.new_signing_key(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        keys.save_signing_key(keys.new_signing_key(), tmp_path / "k.pem")
    assert list(tmp_path.iterdir()) == []


def test_the_logs_keys_are_made_once(tmp_path: Path) -> None:
    keys.create_log_keys(tmp_path / "keys")
    before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    keys.create_log_keys(tmp_path / "keys")
    assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before
    ed25519, mldsa44 = keys.load_log_keys(tmp_path / "keys")
    assert len(ed25519.private_bytes_raw()) == len(mldsa44.private_bytes_raw()) == 32
    (tmp_path / "keys" / keys.LOG_MLDSA44).write_bytes(before[keys.LOG_ED25519])
    with pytest.raises(LedgerReadOnly, match="mixed up"):
        keys.load_log_keys(tmp_path / "keys")


@pytest.mark.parametrize("kind", ["empty", "rubbish", "cut", "other algorithm"])
def test_a_damaged_key_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "k.pem"
    key = keys.new_signing_key()
    keys.save_signing_key(key, path)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(
        {
            "empty": b"",
            "rubbish": b"\x00\xff" * 50,
            "cut": path.read_bytes()[:60],
            "other algorithm": ec.generate_private_key(ec.SECP256R1()).private_bytes(
                pem, pkcs8, serialization.NoEncryption()
            ),
        }[kind]
    )
    with pytest.raises(LedgerReadOnly) as caught:
        keys.load_signing_key(path)
    assert "backup" in caught.value.detail


@pytest.mark.parametrize("private", [keys.new_signing_key().private, MLDSA44PrivateKey.generate()])
@pytest.mark.parametrize("passphrase", [b"x", "一二三四 correct horse".encode(), b"y" * 1000])
def test_an_encrypted_key_is_read_by_other_programs(tmp_path: Path, private, passphrase: bytes) -> None:
    pem = pkcs8.to_pem(private, passphrase)
    assert pem != pkcs8.to_pem(private, passphrase)  # another salt each time
    assert serialization.load_pem_private_key(pem, passphrase).private_bytes_raw() == private.private_bytes_raw()
    assert private.private_bytes_raw() not in pem
    with pytest.raises(ValueError):
        serialization.load_pem_private_key(pem, passphrase + b"!")
    if shutil.which("openssl") is None or not isinstance(private, Ed25519PrivateKey):
        return
    (tmp_path / "k.pem").write_bytes(pem)
    (tmp_path / "p").write_bytes(passphrase + b"\n")
    command = [
        "openssl",
        "pkey",
        "-in",
        tmp_path / "k.pem",
        "-passin",
        f"file:{tmp_path / 'p'}",
        "-pubout",
        "-outform",
        "DER",
    ]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.stdout.endswith(private.public_key().public_bytes_raw()), done.stderr


def test_a_passphrase_is_needed_and_checked(tmp_path: Path) -> None:
    path, key = tmp_path / "k.pem", keys.new_signing_key()
    keys.save_signing_key(key, path, b"secret words")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.load_signing_key(path, b"secret words").keyid == key.keyid
    for passphrase, reason in (
        (None, "passphrase_missing"),
        (b"", "passphrase_missing"),
        (b"other", "passphrase_wrong"),
    ):
        with pytest.raises(LedgerReadOnly) as caught:
            keys.load_signing_key(path, passphrase)
        assert caught.value.reason == reason
    keys.save_signing_key(key, tmp_path / "plain.pem")
    assert keys.load_signing_key(tmp_path / "plain.pem", b"not needed").keyid == key.keyid
    path.write_bytes(path.read_bytes().replace(b"A", b"B", 3))
    with pytest.raises(LedgerReadOnly):
        keys.load_signing_key(path, b"secret words")


def test_a_missing_key_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        keys.load_signing_key(tmp_path / "k.pem")


def negated(public: bytes) -> bytes:
    """The point plus the point of order two: (x, y) -> (-x, -y)."""
    value = int.from_bytes(public, "little")
    sign, y = value >> 255, value & (1 << 255) - 1
    return ((P - y) | (1 - sign) << 255).to_bytes(32, "little")


def test_a_key_of_mixed_order_is_refused() -> None:
    public = keys.new_signing_key().public
    keys.check_public_key(public)
    with pytest.raises(VerificationFailed, match="weak"):
        keys.check_public_key(negated(public))
