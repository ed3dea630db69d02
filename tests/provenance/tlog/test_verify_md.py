"""VERIFY.md tells a stranger what to type; here it is typed."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.ledger import tile_store
from provenance.tlog import keys, merkle, policy, proof, receipt, statement, tiles
from provenance.tlog.checkpoint import Checkpoint, parse_checkpoint
from provenance.tlog.encoding import b64
from provenance.tlog.signed_checkpoint import LogKeys, sign_checkpoint
from provenance.works import receipt_files
from tests.provenance.ledger.authority import Tsa
from tests.provenance.ledger.small_log import (
    LOG_KEYS,
    ORIGIN,
    START,
    WORK,
    SmallLog,
    cosigned,
    enrolment,
    registration,
    witness_vkey,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("openssl") is None or shutil.which("python3") is None, reason="openssl or python3 is not installed"
    ),
]
KEY = keys.new_signing_key()


def seven(folder: Path) -> SmallLog:
    """A log of seven entries; the fifth names the first two as seen."""
    first = [enrolment(KEY), registration(KEY)]
    seen = (2, merkle.root_of(map(merkle.leaf_hash, first)))
    more = [registration(KEY), registration(KEY), registration(KEY, after=seen), registration(KEY), registration(KEY)]
    return SmallLog([*first, *more], folder)


def signed_at(log: SmallLog, size: int, time: int) -> bytes:
    """The checkpoint of the same log when it had that many entries."""
    root = merkle.root_of(map(merkle.leaf_hash, log.leaves[:size]))
    return sign_checkpoint(Checkpoint(ORIGIN, size, root), LOG_KEYS, time)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    receipt_files.write(seven(tmp_path / "log").receipt(4, 0), tmp_path / "r")
    (tmp_path / "r" / "YOUR_FILE").write_bytes(WORK)
    return tmp_path / "r"


def steps(folder: Path) -> dict[int, str]:
    """The commands by the number of their step, as they stand in the file, indented or not."""
    text = (folder / "VERIFY.md").read_text(encoding="utf-8").partition("## By hand")[2].partition("## With Go")[0]
    parts = re.split(r"^(\d+)\. ", text, flags=re.MULTILINE)
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
    assert sorted(said) == list(range(1, 12))
    assert said[6] == said[7] == said[10] == said[11] == ""  # no witnesses, no time-stamp, no log at hand
    assert said[1].count(hashlib.sha256(WORK).hexdigest()) == 2
    assert said[2].split()[0] == said[2].split()[1] == KEY.keyid
    assert "Signature Verified Successfully" in said[2]
    assert "Signature Verified Successfully" in said[3]
    assert said[4] == "in the log\n"
    name, commitment = said[5].split()
    assert name == "claim"
    assert commitment in said[1]


def test_every_step_says_what_it_needs(folder: Path) -> None:
    """A stranger who has only openssl and sha256sum must know how far they lead."""
    text = (folder / "VERIFY.md").read_text(encoding="utf-8").partition("## By hand")[2]
    for number, commands in steps(folder).items():
        needs = re.findall(rf"^{number}\. \[([^\]]*)\]", text, flags=re.MULTILINE)
        assert len(needs) == 1, number
        for program in ("python3", "openssl", "sha256sum"):
            if re.search(rf"\b{program} ", commands) and program not in needs[0]:
                # The script of step 3, which needs openssl, is used again where a later step has a checkpoint.
                raise AssertionError((number, program))


def test_the_enrolment_is_checked_too(folder: Path) -> None:
    text = (folder / "VERIFY.md").read_text(encoding="utf-8")
    for number, script in ((3, "signed.sh"), (4, "inclusion.py")):
        typed(steps(folder)[number], folder)
        (more,) = re.findall(rf"`((?:sh|python3) {script} keys/0/[^`]*)`", text)
        done = typed(more, folder)
        assert done.returncode == 0, done.stderr
        assert "Successfully" in done.stdout or done.stdout == "in the log\n"


def test_what_came_before(folder: Path, tmp_path: Path) -> None:
    """An earlier checkpoint that holds the entry, and one that it names as seen."""
    log = seven(tmp_path / "log2")
    nodes = tiles.TileReader(tile_store.fetch_from(log.folder), log.size)
    first = proof.format_proof(4, merkle.inclusion_proof(nodes, 4, 6), signed_at(log, 6, 1_780_000_000))
    for name, data in {**log.receipt(4, 0), receipt.FIRST: first}.items():
        (folder / name).write_bytes(data)
    (folder / receipt.AFTER).write_bytes(signed_at(log, 2, 1_770_000_000))
    assert typed(steps(folder)[3], folder).returncode == 0
    done = typed(steps(folder)[4], folder)
    assert done.stdout.count("in the log\n") == 2, done.stderr
    assert "NOT IN THE LOG" not in done.stdout
    assert "Successfully" in done.stdout
    done = typed(steps(folder)[9], folder)
    said = done.stdout.splitlines()
    assert "Successfully" in said[0]
    assert (said[1], json.loads(said[-1])) == (ORIGIN, {"size": int(said[2]), "root": said[3]})


def test_the_second_signature(folder: Path) -> None:
    done = typed(steps(folder)[8], folder)
    assert done.stdout.startswith(f"{ORIGIN} 1790000000 "), done.stderr
    if "not checked" in done.stdout:
        pytest.skip("neither openssl 3.5 nor a python3 with cryptography 47 is installed")
    assert done.stdout.endswith(" SIGNED\n")
    raw = (folder / receipt.PROOF).read_text().splitlines()
    line = raw[-1].split()
    signature = bytearray(base64.b64decode(line[2]))
    signature[11] ^= 1  # another time
    raw[-1] = f"{line[0]} {line[1]} {base64.b64encode(signature).decode()}"
    (folder / receipt.PROOF).write_text("\n".join(raw) + "\n")
    assert typed(steps(folder)[8], folder).stdout.endswith(" WRONG\n")


def test_a_change_of_the_log_s_keys(folder: Path) -> None:
    """The checkpoint that old and new keys signed: the line is found by the key's id, whichever comes first."""
    new = LogKeys(ORIGIN, *keys.new_log_keys())
    raw = (folder / receipt.PROOF).read_bytes()
    checkpoint = parse_checkpoint(raw.partition(b"\n\n")[2])
    both = sign_checkpoint(Checkpoint(ORIGIN, checkpoint.size, checkpoint.root), LOG_KEYS, 5, new)
    (folder / receipt.PROOF).write_bytes(raw.replace(checkpoint.raw, both))
    (folder / receipt.POLICY).write_bytes(policy.format_policy(new.vkeys()))
    assert "Successfully" in typed(steps(folder)[3], folder).stdout


@pytest.mark.parametrize("last", [0, 300])
def test_what_became_of_it(tmp_path: Path, last: int) -> None:
    gone = statement.key_revoke(ORIGIN, keyid=KEY.keyid, after=START)
    entry = registration(KEY)
    taken = statement.withdrawal(ORIGIN, registration=merkle.leaf_hash(entry), index=1, after=START)
    filler = [registration(KEY) for _ in range(last)]
    log = SmallLog(
        [enrolment(KEY), entry, *filler, statement.sign(taken, KEY), statement.sign(gone, KEY)], tmp_path / "log"
    )
    receipt_files.write(log.receipt(1, 0), tmp_path / "r")
    done = typed(f"LOG={log.folder}\n" + steps(tmp_path / "r")[11], tmp_path / "r")
    assert done.stdout.splitlines() == [
        f"{last + 2} withdrawal ",
        f"{last + 3} key-revoke {KEY.keyid}",
        f"looked through {last + 4} entries",
    ], done.stderr


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


def test_a_renewal_by_hand(folder: Path, tmp_path: Path) -> None:
    tsa = Tsa(tmp_path / "tsa")
    log = seven(tmp_path / "log2")
    nodes = tiles.TileReader(tile_store.fetch_from(log.folder), log.size)
    (folder / "CA.pem").write_bytes(tsa.root)
    for name, data in log.receipt(4, 0).items():
        (folder / name).write_bytes(data)
    (folder / "renewed").mkdir()
    (folder / receipt.RENEWED_CHECKPOINT).write_bytes(log.signed)
    (folder / receipt.RENEWED_STAMP).write_bytes(tsa.stamp(log.signed))
    typed(steps(folder)[3], folder)
    for size in range(5, 8):
        path = merkle.inclusion_proof(nodes, 4, size)
        (folder / receipt.PROOF).write_bytes(proof.format_proof(4, path, signed_at(log, size, 1_780_000_000)))
        lines = [b64(each) + "\n" for each in merkle.consistency_proof(nodes, size, 7)]
        (folder / receipt.RENEWED_CONSISTENCY).write_text("".join(lines))
        done = typed(steps(folder)[10], folder)
        assert "Signature Verified Successfully\ncontinues it\n" in done.stdout, done.stderr
        assert "Verification: OK" in done.stdout + done.stderr
        (folder / receipt.RENEWED_CONSISTENCY).write_text("".join([*lines, b64(bytes(32)) + "\n"]))
        assert "DOES NOT CONTINUE IT" in typed(steps(folder)[10], folder).stdout


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
