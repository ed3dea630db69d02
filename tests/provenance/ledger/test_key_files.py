"""Private keys in files: whose they are, with and without a passphrase, damaged and missing."""

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

from provenance.errors import LedgerReadOnly
from provenance.ledger import key_files, pkcs8
from provenance.tlog import keys

pytestmark = pytest.mark.slow


def test_a_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        key = keys.new_signing_key()
        path = tmp_path / "keys" / f"{key.keyid}.pem"
        key_files.save_signing_key(key, path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    again = key_files.load_signing_key(path)
    assert (again.keyid, again.public, again.sign(b"x")) == (key.keyid, key.public, key.sign(b"x"))
    assert list(path.parent.iterdir()) == [path]


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    key_files.save_signing_key(keys.new_signing_key(), path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        key_files.save_signing_key(keys.new_signing_key(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        key_files.save_signing_key(keys.new_signing_key(), tmp_path / "k.pem")
    assert list(tmp_path.iterdir()) == []


def test_the_logs_keys_are_made_once(tmp_path: Path) -> None:
    key_files.create_log_keys(tmp_path / "keys")
    before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    key_files.create_log_keys(tmp_path / "keys")
    assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before
    ed25519, mldsa44 = key_files.load_log_keys(tmp_path / "keys")
    assert len(ed25519.private_bytes_raw()) == len(mldsa44.private_bytes_raw()) == 32
    (tmp_path / "keys" / key_files.LOG_MLDSA44).write_bytes(before[key_files.LOG_ED25519])
    with pytest.raises(LedgerReadOnly, match="mixed up"):
        key_files.load_log_keys(tmp_path / "keys")


@pytest.mark.parametrize("kind", ["empty", "rubbish", "cut", "other algorithm"])
def test_a_damaged_key_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "k.pem"
    key = keys.new_signing_key()
    key_files.save_signing_key(key, path)
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
        key_files.load_signing_key(path)
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
    key_files.save_signing_key(key, path, b"secret words")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key_files.load_signing_key(path, b"secret words").keyid == key.keyid
    for passphrase, reason in (
        (None, "passphrase_missing"),
        (b"", "passphrase_missing"),
        (b"other", "passphrase_wrong"),
    ):
        with pytest.raises(LedgerReadOnly) as caught:
            key_files.load_signing_key(path, passphrase)
        assert caught.value.reason == reason
    key_files.save_signing_key(key, tmp_path / "plain.pem")
    assert key_files.load_signing_key(tmp_path / "plain.pem", b"not needed").keyid == key.keyid
    path.write_bytes(path.read_bytes().replace(b"A", b"B", 3))
    with pytest.raises(LedgerReadOnly):
        key_files.load_signing_key(path, b"secret words")


def test_a_missing_key_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        key_files.load_signing_key(tmp_path / "k.pem")
