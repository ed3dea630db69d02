"""VERIFY.md tells a stranger what to type; here it is typed."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.tlog import keys, policy
from provenance.works import receipt_files
from tests.provenance.ledger.authority import Tsa
from tests.provenance.ledger.small_log import LOG_KEYS, WORK, SmallLog, cosigned, enrolment, registration, witness_vkey

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("openssl") is None or shutil.which("python3") is None, reason="openssl or python3 is not installed"
    ),
]
KEY = keys.new_signing_key()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    log = SmallLog([enrolment(KEY), *(registration(KEY) for _ in range(6))], tmp_path / "log")
    receipt_files.write(log.receipt(4, 0), tmp_path / "r")
    (tmp_path / "r" / "YOUR_FILE").write_bytes(WORK)
    return tmp_path / "r"


def steps(folder: Path) -> dict[int, str]:
    """The commands by the number of their step, as they stand in the file, indented or not."""
    text = (folder / "VERIFY.md").read_text(encoding="utf-8").partition("## By hand")[2].partition("## With Go")[0]
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
    assert sorted(said) == [1, 2, 3, 4, 5, 6, 7]
    assert said[6] == said[7] == ""  # no witnesses, no time-stamp
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


# --- witnesses, time-stamps, Go ---------------------------------------------------------------------------------------
def witnessed(tmp_path: Path) -> tuple[SmallLog, dict[str, bytes]]:
    log = SmallLog([enrolment(KEY), *(registration(KEY) for _ in range(6))], tmp_path / "log2")
    one, two = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    signed = cosigned(cosigned(log.signed, one, "w.example/1", 1_790_000_100), two, "w.example/2", 1_790_000_200)
    named = {"a": str(witness_vkey(one, "w.example/1")), "b": str(witness_vkey(two, "w.example/2"))}
    log.policy = policy.format_policy(LOG_KEYS.vkeys(), named, {"both": (2, ["a", "b"])}, "both")
    return log, log.receipt(4, 0, signed=signed)


def test_witnesses_by_hand(folder: Path, tmp_path: Path) -> None:
    _, files = witnessed(tmp_path)
    for name in ("policy", "entry.tlog-proof"):
        (folder / name).write_bytes(files[name])
    done = typed(steps(folder)[6], folder)
    assert done.stdout == "w.example/1 1790000100 SIGNED\nw.example/2 1790000200 SIGNED\n", done.stderr
    lines = files["entry.tlog-proof"].splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if b"w.example/1" in line)
    raw = bytearray(base64.b64decode(lines[at].split()[2]))
    raw[11] ^= 1  # another time
    lines[at] = b"\xe2\x80\x94 w.example/1 " + base64.b64encode(raw) + b"\n"
    (folder / "entry.tlog-proof").write_bytes(b"".join(lines))
    assert "w.example/1 1790000101 WRONG" in typed(steps(folder)[6], folder).stdout


def test_time_stamps_by_hand(folder: Path, tmp_path: Path) -> None:
    tsa = Tsa(tmp_path / "tsa")
    checkpoint = (folder / "entry.tlog-proof").read_bytes().partition(b"\n\n")[2]
    (folder / "checkpoint.tsr").write_bytes(tsa.stamp(checkpoint))
    (folder / "CA.pem").write_bytes(tsa.root)
    done = typed(steps(folder)[7], folder)
    assert "Verification: OK" in done.stdout + done.stderr
    (folder / "checkpoint.tsr").write_bytes(tsa.stamp(checkpoint + b"x"))
    assert "Verification: OK" not in typed(steps(folder)[7], folder).stdout


GO_LIBRARY = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/note")


@pytest.mark.skipif(
    shutil.which("go") is None or not GO_LIBRARY.is_dir(),
    reason="Go and its libraries are not installed (Debian: apt-get install golang-go golang-golang-x-mod-dev)",
)
def test_the_program_in_go(folder: Path, tmp_path: Path) -> None:
    text = (folder / "VERIFY.md").read_text(encoding="utf-8")
    (folder / "check.go").write_text(re.findall(r"^```go\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)[0])
    environment = {
        "PATH": os.environ["PATH"], "GO111MODULE": "off", "GOPATH": str(GO_LIBRARY.parents[5]),
        "GOCACHE": str(tmp_path / "cache"), "GOFLAGS": "",
    }  # fmt: skip
    built = ["go", "build", "-o", "check", "check.go"]
    subprocess.run(built, cwd=folder, env=environment, check=True, capture_output=True)

    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(["./check"], cwd=folder, capture_output=True, text=True, check=False)

    assert check().stdout == "in the log\n"
    _, files = witnessed(tmp_path)
    for name, data in files.items():
        (folder / name).write_bytes(data) if "/" not in name else None
    assert check().stdout == "in the log\n"  # cosignatures and ML-DSA lines are unknown to it, and do not disturb it
    entry = (folder / "entry.dsse.json").read_bytes()
    (folder / "entry.dsse.json").write_bytes(entry[:-1] + b" ")
    assert check().returncode == 1
    (folder / "entry.dsse.json").write_bytes(entry)
    proof = (folder / "entry.tlog-proof").read_bytes()
    (folder / "entry.tlog-proof").write_bytes(proof.replace(b"\n7\n", b"\n8\n"))
    assert check().returncode == 1
