"""Receipts: valid ones verify, changed ones never do, and openssl agrees."""

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance.application import Application
from provenance.config import Settings
from provenance.errors import BadInput, VerificationFailed
from provenance.tlog import receipt, verify
from provenance.works import receipt_files
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, register_work
from tests.provenance.tlog.test_verify_md import steps, typed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory):
    """A receipt, the log's policy and the work's digest."""
    home = tmp_path_factory.mktemp("receipt") / "home"
    with Application(Settings(home=home, workers=1, origin="log.test.example/sourcemark")) as application:
        result = register_work(application, ESSAY.encode(), title="盐渡", owner="Marta Salt")
        register_work(application, (ESSAY + " More.").encode())
        files = build_receipt(application.db, application.log, result.work_id)
        import hashlib

        return files, application.log.policy(), hashlib.sha256(ESSAY.encode()).digest()


def test_a_valid_receipt(registered) -> None:
    files, policy, digest = registered
    done = verify.verify_receipt(files, policy, digest)
    assert done.ok
    assert {c.name: c.state for c in done.checks} == {
        "policy": "passed", "inclusion": "passed", "witnesses": "absent", "signature": "passed",
        "commitments": "passed", "after": "passed", "timestamp": "absent", "work": "passed"}  # fmt: skip
    assert done.facts["claim"]["title"] == "盐渡"
    assert done.facts["custody"] == ["producer"]
    assert done.facts["policy_from"] == "reader"
    assert done.facts["after_size"] <= done.facts["index"] < done.facts["size"]
    untrusted = verify.verify_receipt(files)
    assert untrusted.ok
    assert untrusted.facts["policy_from"] == "receipt"


def test_another_work_or_another_log(registered) -> None:
    files, policy, _ = registered
    assert not verify.verify_receipt(files, policy, bytes(32)).ok
    from provenance.tlog.policy import format_policy
    from tests.provenance.tlog.test_note import LOG

    assert not verify.verify_receipt(files, format_policy(LOG.vkeys())).ok


@pytest.mark.parametrize(
    "name", ["entry.dsse.json", "entry.tlog-proof", "keys/0/entry.dsse.json", "keys/0/entry.tlog-proof"]
)
def test_a_missing_file(registered, name: str) -> None:
    files, policy, _ = registered
    done = verify.verify_receipt({k: v for k, v in files.items() if k != name}, policy)
    assert not done.ok
    assert all("\n" not in c.detail for c in done.checks)


def test_an_opening_of_something_else(registered) -> None:
    files, policy, _ = registered
    changed = {**files, "opening.json": files["opening.json"].replace(b"Marta", b"Maria")}
    done = verify.verify_receipt(changed, policy)
    assert [c.name for c in done.checks if c.state == "failed"] == ["commitments"]
    assert verify.verify_receipt({k: v for k, v in files.items() if k != "opening.json"}, policy).ok


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_receipt_passes(registered, data: st.DataObject) -> None:
    files, policy, digest = registered
    name = data.draw(st.sampled_from(sorted(n for n in files if n not in ("VERIFY.md", "policy"))))
    changed = bytearray(files[name])
    at = data.draw(st.integers(0, len(changed) - 1))
    match data.draw(st.sampled_from(["flip", "delete", "double", "cut", "zeros"])):
        case "flip":
            changed[at] ^= data.draw(st.integers(1, 255))
        case "delete":
            del changed[at]
        case "double":
            changed.insert(at, changed[at])
        case "cut":
            del changed[at:]
        case "zeros":
            changed[at : at + 8] = bytes(8)
    if bytes(changed) != files[name]:
        assert not verify.verify_receipt({**files, name: bytes(changed)}, policy, digest).ok


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["entry.dsse.json", "entry.tlog-proof", "opening.json", "policy"]), raw=st.binary(max_size=400)
)
def test_rubbish_is_refused_in_one_way(registered, name: str, raw: bytes) -> None:
    files, policy, _ = registered
    assert not verify.verify_receipt({**files, name: raw}, None if name == "policy" else policy).ok


def test_written_and_read_back(registered, tmp_path: Path) -> None:
    files, _, _ = registered
    for target in (tmp_path / "folder", tmp_path / "one.zip"):
        receipt_files.write(files, target)
        assert receipt_files.read(target) == files
        with pytest.raises(BadInput):
            receipt_files.write(files, target)
    assert receipt.to_zip(files) == receipt.to_zip(dict(reversed(files.items())))


def zipped(entries) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


HOSTILE = [
    b"",
    b"not a zip",
    zipped([("a", b"x" * 2**23)]),
    zipped([(f"{n}", b"") for n in range(300)]),
    zipped([("a", b"x" * 100)])[:-30],
    zipped([("a", b"x" * 100)]).replace(b"a", b"\xff", 1),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))  # by number: a zip holds the time
def test_hostile_zips(number: int, tmp_path: Path) -> None:
    (tmp_path / "r.zip").write_bytes(HOSTILE[number])
    try:
        files = receipt_files.read(tmp_path / "r.zip")
    except VerificationFailed:
        return
    assert not verify.verify_receipt(files).ok


def test_the_same_name_twice() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        raw = zipped([("policy", b"a"), ("policy", b"b")])
    with pytest.raises(VerificationFailed, match="twice"):
        receipt.from_zip(raw)


def test_paths_out_of_the_folder_are_only_names(registered) -> None:
    files, policy, _ = registered
    assert verify.verify_receipt({**files, "../../etc/passwd": b"x", "/abs": b"y"}, policy).ok


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_commands_of_verify_md(registered, tmp_path: Path) -> None:
    """Types what VERIFY.md tells a stranger to type."""
    files, _, digest = registered
    receipt_files.write(files, tmp_path / "r")
    (tmp_path / "r" / "YOUR_FILE").write_bytes(ESSAY.encode())
    said = {}
    for number, commands in steps(tmp_path / "r").items():
        done = typed(commands, tmp_path / "r")
        assert done.returncode == 0, (number, done.stderr)
        said[number] = done.stdout
    assert said[1].count(digest.hex()) == 2
    for number in (2, 3, 9):
        assert "Signature Verified Successfully" in said[number], number
    assert said[4] == "in the log\n"
