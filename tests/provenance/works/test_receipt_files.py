"""Receipts on disk: folders, zips and JSON, names that lead elsewhere, a full disk."""

import json
import zipfile
from pathlib import Path

import pytest

from provenance.errors import BadInput, Unavailable, VerificationFailed
from provenance.tlog import keys, receipt
from provenance.works import receipt_files
from tests.provenance.ledger.small_log import ORIGIN, SmallLog, enrolment, registration

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


@pytest.mark.parametrize("target", ["out", "out.zip", "out.json"])
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


def test_a_receipt_in_one_file(log: SmallLog, tmp_path: Path) -> None:
    files = {**log.receipt(1, 0), "checkpoint.tsr": bytes(range(256))}
    receipt_files.write(files, tmp_path / "r.json")
    assert receipt_files.read(tmp_path / "r.json") == files
    assert receipt.origin_of(files) == ORIGIN
    assert receipt.origin_of({}) is None


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{",
        "[" * 100_000,
        '{"format": "sourcemark/receipt/v1", "files": []}',
        '{"format": "sourcemark/receipt/v2", "files": {}}',
        '{"format": "sourcemark/receipt/v1", "files": {"../x": "x"}}',
        '{"format": "sourcemark/receipt/v1", "files": {"x": 5}}',
        '{"format": "sourcemark/receipt/v1", "files": {"x": {"base64": "?"}}}',
        '{"format": "sourcemark/receipt/v1", "files": {"x": "", "x": ""}}',
        json.dumps(
            {"format": "sourcemark/receipt/v1", "files": dict.fromkeys(map(str, range(receipt.MAX_FILES + 1)), "")}
        ),
        json.dumps({"format": "sourcemark/receipt/v1", "files": {"x": "x" * (receipt.MAX_BYTES + 1)}}),
    ],
    ids=range(11),
)
def test_json_that_is_no_receipt(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(VerificationFailed):
        receipt_files.read(tmp_path / "r.json")
