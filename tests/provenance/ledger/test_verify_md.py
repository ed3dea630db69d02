"""VERIFY.md tells a stranger what to type; here it is typed."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from provenance.ledger import keys, receipt

from .small_log import WORK, SmallLog, enrolment, registration

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("python3") is None, reason="openssl or python3 is not installed"
)
KEY = keys.new_signing_key()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    log = SmallLog([enrolment(KEY), *(registration(KEY) for _ in range(6))], tmp_path / "log")
    receipt.write(log.receipt(4, 0), tmp_path / "r")
    (tmp_path / "r" / "YOUR_FILE").write_bytes(WORK)
    return tmp_path / "r"


def steps(folder: Path) -> dict[int, str]:
    """The commands by the number of their step, as they stand in the file, indented or not."""
    text = (folder / "VERIFY.md").read_text(encoding="utf-8").partition("## By hand")[2]
    parts = re.split(r"^(\d)\. ", text, flags=re.MULTILINE)
    found = {}
    for number, body in zip(parts[1::2], parts[2::2], strict=True):
        fenced = re.findall(r"^```sh\n(.*?)^```$", body, flags=re.MULTILINE | re.DOTALL)
        found[int(number)] = "".join(fenced) or "".join(re.findall(r"^ {8}.*\n", body, flags=re.MULTILINE))
    return found


def typed(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-e", "-c", commands], cwd=folder, capture_output=True, text=True, check=False)


def test_every_step_says_yes(folder: Path) -> None:
    said = {}
    for number, commands in steps(folder).items():
        done = typed(commands, folder)
        assert done.returncode == 0, (number, done.stderr)
        said[number] = done.stdout
    assert sorted(said) == [1, 2, 3, 4, 5]
    assert said[1].count(hashlib.sha256(WORK).hexdigest()) == 2
    assert said[2].split()[0] == said[2].split()[1] == KEY.keyid
    assert "Signature Verified Successfully" in said[2]
    assert "Signature Verified Successfully" in said[3]
    assert said[4] == "in the log\n"
    name, commitment = said[5].split()
    assert name == "claim"
    assert commitment in said[1]


def test_the_enrolment_is_checked_in_its_own_folder(folder: Path) -> None:
    shutil.copy(folder / "policy", folder / "keys" / "0" / "policy")
    for number in (3, 4):
        done = typed(steps(folder)[number], folder / "keys" / "0")
        assert done.returncode == 0, done.stderr
        assert "Successfully" in done.stdout or done.stdout == "in the log\n"


def test_without_the_private_part(folder: Path) -> None:
    (folder / "opening.json").unlink()
    for commands in steps(folder).values():
        assert typed(commands, folder).returncode == 0


@pytest.mark.parametrize(("number", "name"), [(2, "keys/0/entry.dsse.json"), (3, "policy"), (4, "entry.dsse.json")])
def test_every_step_says_no_to_another_receipt(folder: Path, tmp_path: Path, number: int, name: str) -> None:
    other = keys.new_signing_key()
    log = SmallLog([enrolment(other), *(registration(other) for _ in range(6))], tmp_path / "other")
    files = log.receipt(4, 0)
    if name == "policy":
        vkey = files[name].decode().split()[1]
        raw = bytearray(log.vkeys[0].public)
        raw[3] ^= 1
        files[name] = files[name].replace(vkey.encode(), str(log.vkeys[0].make("x", 1, bytes(raw))).encode())
    (folder / name).write_bytes(files[name])
    done = typed(steps(folder)[number], folder)
    assert "Successfully" not in done.stdout
    assert done.stdout != "in the log\n"
