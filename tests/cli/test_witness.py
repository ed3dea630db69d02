"""Two installed commands, a log and its witness, as two partners would run them."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.slow


def serve(folder: Path, *args: str) -> tuple[subprocess.Popen[str], str]:
    """Starts `sourcemark witness serve` on a free port; the process and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "cli.main", "witness", "serve", *args],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    found = re.search(r"http://\S+", said)
    assert found, said + process.stderr.read()
    return process, found[0]


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) in (0, -signal.SIGINT, 130)
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


def test_a_log_and_its_witness(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The lighthouse keeper counts the ships that do not come. " * 5)
    (tmp_path / "b.txt").write_text("The baker sells yesterday's bread to the ones who ask for it by name. " * 5)
    assert sourcemark("register", "a.txt", "--owner", "Ada").status == 0
    assert sourcemark("ledger", "export", "log").status == 0
    made = sourcemark("witness", "new", "w1", "--name", "witness.example/w1")
    assert made.status == 0, made.err
    assert [line.split()[:2] for line in made.out.splitlines()] == [["witness", "w1"], ["witness", "w1-mldsa44"]]
    again = sourcemark("witness", "new", "w1", "--name", "witness.example/w1")
    assert again.status == 2
    process, url = serve(tmp_path, "w1", "--log", "log/log.vkey", "--port", "0")
    try:
        policy, env = tmp_path / "witnesses", {"SOURCEMARK_WITNESS_POLICY": str(tmp_path / "witnesses")}
        lines = re.sub(r"http://\S+", url, made.out)
        policy.write_text(lines + "group both 2 w1 w1-mldsa44\nquorum both\n")
        refused = sourcemark("register", "b.txt", "--owner", "Ada", env=env)
        assert refused.status == 2
        assert "a witness counts once" in refused.err
        policy.write_text(lines + "group either any w1 w1-mldsa44\nquorum either\n")
        done = sourcemark("register", "b.txt", "--owner", "Ada", "--json", env=env)
        assert done.status == 0, done.err
        work_id = done.lines[0]["work_id"]
        assert sourcemark("receipt", work_id, "--out", "r", env=env).status == 0
    finally:
        stop(process)
    checked = sourcemark("verify", "r", "--work", "b.txt", "--policy", "r/policy")
    assert checked.status == 0
    assert "✓ witnesses: 1 signed, all by 20" in checked.out
    assert "no independent time" not in checked.out
    # The witness is gone: nothing is acknowledged, and one line says why.
    (tmp_path / "c.txt").write_text("Nobody has wound the town hall clock since the mayor left. " * 5)
    start = time.monotonic()
    lost = sourcemark("register", "c.txt", "--owner", "Ada", env=env)
    assert lost.status == 3
    assert "too few witnesses" in lost.err
    assert lost.err.count("\n") == 1
    assert time.monotonic() - start < 30
    # It comes back with its memory, and what was in the queue is published.
    process, url = serve(tmp_path, "w1", "--log", "log/policy", "--port", url.rpartition(":")[2])
    try:
        assert sourcemark("register", "c.txt", "--owner", "Ada", env=env).status == 0
        assert sourcemark("ledger", "fsck", env=env).status == 0
    finally:
        stop(process)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["new", "w", "--name", "a b"], "key name"),
        (["new", "w", "--name", "w", "--url", "ftp://x"], "no address"),
        (["serve", "nowhere", "--log", "vkey"], "no witness in nowhere"),
        (["serve", "w", "--log", "missing"], "missing cannot be read"),
        (["serve", "w", "--log", "junk"], "junk holds no keys of a log"),
        (["serve", "w"], "log"),
    ],
)
def test_what_a_person_gets_wrong(sourcemark: Command, tmp_path: Path, args: list[str], said: str) -> None:
    from provenance.tlog import note

    (tmp_path / "junk").write_bytes(b"\xff\x00")
    (tmp_path / "vkey").write_text(str(note.VKey.make("log.example/x", note.ED25519, bytes(32))) + "\n")
    done = sourcemark("witness", *args)
    assert done.status == 2
    assert said in done.err
    assert done.err.count("\n") == 1
