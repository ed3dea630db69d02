"""Receipts on disk: folders and zips, names that lead elsewhere, a full disk."""

import zipfile
from pathlib import Path

import pytest

from provenance.errors import BadInput, Unavailable, VerificationFailed
from provenance.tlog import keys
from provenance.works import receipt_files
from tests.provenance.ledger.small_log import SmallLog, enrolment, registration

KEY = keys.new_signing_key()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> SmallLog:
    return SmallLog([enrolment(KEY), registration(KEY)], tmp_path_factory.mktemp("log"))


def test_a_receipt_zipped_by_hand(log: SmallLog, tmp_path: Path) -> None:
    files = log.receipt(1, 0)
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(f"my receipt/{name}", data)
        archive.writestr("__MACOSX/my receipt/._policy", b"x")
    assert receipt_files.read(tmp_path / "r.zip") == files


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a//b", "./a", "C:\\x", "..\\x", "C:/x"])
def test_names_that_lead_elsewhere(log: SmallLog, tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(VerificationFailed, match="name"):
        receipt_files.read(tmp_path / "r.zip")
    with pytest.raises(BadInput):
        receipt_files.write({**log.receipt(1, 0), name: b"x"}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_a_full_disk_leaves_no_half_receipt(
    log: SmallLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(receipt_files, "_write_private", full)
    with pytest.raises(Unavailable, match="No space"):
        receipt_files.write(log.receipt(1, 0), tmp_path / target)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_receipt(log: SmallLog, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        receipt_files.read(tmp_path / "missing")
    receipt_files.write(log.receipt(1, 0), tmp_path / "r")
    (tmp_path / "r" / "link").symlink_to("/etc/passwd")
    assert "link" not in receipt_files.read(tmp_path / "r")
    (tmp_path / "r" / "large").write_bytes(bytes(5 * 1024 * 1024))
    with pytest.raises(VerificationFailed, match="more than any receipt"):
        receipt_files.read(tmp_path / "r")
