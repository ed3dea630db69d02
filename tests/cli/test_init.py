"""The key ceremony, and an installation whose keys are encrypted."""

import os
import pty
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.slow

TEXT = "Salt is weighed twice on the quay, once for the captain and once for the widow who keeps the book of debts."
WORDS = {"SOURCEMARK_KEY_PASSPHRASE": "correct horse battery"}


def encrypted(folder: Path) -> list[bool]:
    return [b"ENCRYPTED" in path.read_bytes() for path in sorted(folder.glob("*.pem"))]


def test_the_ceremony(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    refused = sourcemark("init")
    assert (refused.status, "--no-passphrase" in refused.err) == (2, True)
    assert not (tmp_path / "home" / "keys").exists()
    done = sourcemark("init", "--recovery", "rescue.pem", env=WORDS)
    assert done.status == 0, done.err
    for word in ("keys", "sourcemark.db", "passphrase", "rescue.pem", "policy"):
        assert word in done.out
    assert encrypted(tmp_path / "home" / "keys") == [True] * 3
    assert encrypted(tmp_path) == [True]
    assert sourcemark("init", env=WORDS).status == 2
    assert sourcemark("register", "a.txt", "--owner", "Ada", env=WORDS).status == 0
    assert sourcemark("ledger", "fsck", env=WORDS).status == 0

    locked = sourcemark("register", "a.txt", "--owner", "Bo")
    assert (locked.status, "SOURCEMARK_KEY_PASSPHRASE" in locked.err) == (3, True)
    wrong = sourcemark("register", "a.txt", "--owner", "Bo", env={"SOURCEMARK_KEY_PASSPHRASE": "wrong"})
    assert (wrong.status, "passphrase" in wrong.err) == (3, True)
    assert sourcemark("scan", "a.txt").status == 1  # reading and matching need no key
    (tmp_path / "words").write_text("correct horse battery\nignored\n")
    from_file = {"SOURCEMARK_KEY_PASSPHRASE_FILE": "words"}
    assert sourcemark("register", "a.txt", "--owner", "Bo", env=from_file).status == 0

    listed = sourcemark("key", "list", "--json").lines
    rescue, key = [k["keyid"] for k in listed]
    assert [k["recovery"] for k in listed] == [None, rescue]
    assert sourcemark("key", "rotate", key, env=WORDS).status == 0
    (new,) = [k["keyid"] for k in sourcemark("key", "list", "--json").lines if k["predecessor"] == key]
    assert sourcemark("key", "revoke", new, "--sign-key", "rescue.pem", env=WORDS).status == 0  # reaches the successor
    assert sourcemark("ledger", "fsck", env=WORDS).status == 0


def test_in_chinese_without_a_passphrase(sourcemark: Command, tmp_path: Path) -> None:
    done = sourcemark("init", "--no-passphrase", env={"SOURCEMARK_LANG": "zh"})
    assert done.status == 0, done.err
    assert "备份" in done.out
    assert encrypted(tmp_path / "home" / "keys") == [False] * 3


def test_keys_in_a_folder_of_their_own(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    env = {"SOURCEMARK_KEYS": str(tmp_path / "vault")}
    done = sourcemark("init", "--no-passphrase", "--json", env=env).lines[0]
    assert len(list((tmp_path / "vault").glob("*.pem"))) == 3
    assert not (tmp_path / "home" / "keys").exists()
    assert str(tmp_path / "vault") in done["back_up"]
    assert sourcemark("register", "a.txt", "--owner", "Ada", env=env).status == 0
    assert sourcemark("register", "a.txt", "--owner", "Bo").status == 3


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (["--no-passphrase"], WORDS),
        ([], {"SOURCEMARK_KEY_PASSPHRASE_FILE": "nothing"}),
        ([], {"SOURCEMARK_KEY_PASSPHRASE_FILE": "/dev/null"}),
        (["--recovery", "."], WORDS),
    ],
)
def test_mistakes(sourcemark: Command, tmp_path: Path, arguments: list[str], env: dict[str, str]) -> None:
    done = sourcemark("init", *arguments, env=env)
    assert done.status == 2
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "home" / "keys").exists()


def typed(sourcemark: Command, arguments: list[str], *answers: str) -> tuple[int, str]:
    """Runs a command at a terminal; each answer is typed when something is asked."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(sourcemark.folder)
        os.execve(sys.executable, [sys.executable, "-m", "cli.main", *arguments], sourcemark.environment)
    said, waiting = "", list(answers)
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            said += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # the other side has ended
            break
        if waiting and said.endswith(": "):  # with the space the terminal's echo is off
            os.write(terminal, waiting.pop(0).encode() + b"\n")
            said += "|"
    else:
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), said


def test_at_a_terminal(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    status, said = typed(sourcemark, ["init"], "short", "short")
    assert (status, "12 are needed" in said) == (2, True), said
    status, said = typed(sourcemark, ["init"], "correct horse battery", "correct horse battery")
    assert status == 0, said
    assert "correct horse" not in said
    assert encrypted(tmp_path / "home" / "keys") == [True] * 3
    status, said = typed(sourcemark, ["register", "a.txt", "--owner", "Ada"], "correct horse battery")
    assert status == 0, said
