"""Keys of one's own, from the command line: embedded, and at a service elsewhere that never sees them."""

import json
import os
import re
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.slow

TEXT = (
    "Every ferry carries a box of dry chalk for the harbour boys, who draw the arrivals on the quay wall before the "
    "bell rings. The drawings stay until the next rain, so the wall is a calendar of the weather and of the boats."
)


@dataclass
class Served:
    url: str
    key: str


@pytest.fixture
def served(tmp_path: Path, control: socket.socket) -> Iterator[Served]:
    """A real service in another process, with its own home, and an API key of an account there."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    there = Command(folder, control)
    assert there("account", "new", "Weekly").status == 0
    key = there("key", "new", "Weekly", "--json").lines[0]["secret"]
    with (folder / "log").open("w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "serve", "--port", "0"], env=there.environment, stderr=log
        )
        try:
            deadline = time.monotonic() + 60
            while "http://" not in (said := (folder / "log").read_text()) and time.monotonic() < deadline:
                time.sleep(0.05)
            yield Served(said.split("listens on ")[1].split()[0], key)
        finally:
            server.terminate()
            server.wait(timeout=120)
        assert "Traceback" not in (folder / "log").read_text()


def test_an_own_key_embedded(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    made = sourcemark("key", "new", "local", "--signing", "my.pem", "--json").lines[0]
    assert stat.S_IMODE((tmp_path / "my.pem").stat().st_mode) == 0o600
    done = sourcemark("register", "a.txt", "--owner", "Ada", "--sign-key", "my.pem", "--json")
    assert done.status == 0, done.err
    work = done.lines[0]["work_id"]
    allowed = sourcemark("grant", "give", work, "--to", "City Daily", "--sign-key", "my.pem", "--json")
    assert allowed.status == 0, allowed.err
    for without in (["withdraw", work], ["grant", "give", work, "--to", "x"], ["erase", work]):
        refused = sourcemark(*without)
        assert (refused.status, "--sign-key FILE" in refused.err) == (4, True)
    assert sourcemark("grant", "revoke", allowed.lines[0]["grant_id"], "--sign-key", "my.pem").status == 0
    assert sourcemark("receipt", work, "--out", "r").status == 0
    checked = sourcemark("verify", "r", "--work", "a.txt", "--json").lines[0]
    assert checked["signed_by"] == [made["keyid"]]
    assert sourcemark("key", "new", "local", "--signing", "new.pem", "--sign-key", "my.pem").status == 0
    assert sourcemark("key", "revoke", made["keyid"], "--sign-key", "new.pem").status == 0
    refused = sourcemark("register", "a.txt", "--owner", "Ada", "--sign-key", "my.pem")
    assert (refused.status, "revoked" in refused.err) == (4, True)
    assert sourcemark("withdraw", work, "--sign-key", "new.pem").status == 0
    assert sourcemark("ledger", "fsck").status == 0
    for bad in ("nothing.pem", "a.txt", "."):
        assert sourcemark("register", "a.txt", "--owner", "Ada", "--sign-key", bad).status == 2


def test_rotation(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    assert sourcemark("register", "a.txt", "--owner", "Ada").status == 0
    (old,) = [k["keyid"] for k in sourcemark("key", "list", "--json").lines]
    said = sourcemark("key", "rotate", old)
    assert said.status == 0
    new = re.search(r"[0-9a-f]{64}", said.out)[0]
    listed = {k["keyid"]: k for k in sourcemark("key", "list", "--json").lines}
    assert listed[new]["predecessor"] == old
    assert listed[old]["revoked_index"] is not None
    assert sourcemark("key", "rotate", old).status == 2
    assert sourcemark("key", "rotate", "0" * 64).status == 2
    assert sourcemark("ledger", "fsck").status == 0


def test_the_list_says_which_key_recovers(sourcemark: Command) -> None:
    rescue = sourcemark("key", "new", "local", "--signing", "rescue.pem", "--json").lines[0]["keyid"]
    more = ("--sign-key", "rescue.pem", "--recovery", rescue)
    own = sourcemark("key", "new", "local", "--signing", "my.pem", *more, "--json").lines[0]["keyid"]
    shown = sourcemark("key", "list").out  # long ids go on in the next line
    kinds = {keyid: line.split()[1] for line in shown.splitlines() for keyid in (rescue, own) if keyid[:16] in line}
    assert kinds == {rescue: "recovery", own: "signing"}


def test_sealed_and_opened(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "odd.bin").write_bytes(bytes(range(256)))  # no medium that is read; sealing asks for none
    sealed, odd = sourcemark("register", "a.txt", "odd.bin", "--owner", "Ada", "--sealed", "--json").lines
    assert (sealed["medium"], odd["medium"]) == ("sealed", "sealed")
    assert sourcemark("receipt", sealed["work_id"], "--out", "r.zip").status == 0
    assert sourcemark("verify", "r.zip", "--work", "a.txt", "--trust-receipt").status == 0
    assert sourcemark("verify", "r.zip", "--work", "odd.bin").status == 1
    assert sourcemark("register", "odd.bin", "--owner", "Ada", "--opens", sealed["work_id"]).status == 2
    opened = sourcemark("register", "a.txt", "--owner", "Ada", "--opens", sealed["work_id"], "--json").lines[0]
    assert opened["medium"] == "text"
    assert sourcemark("scan", "a.txt", "--json").lines[0]["matches"][0]["work_id"] == opened["work_id"]
    assert sourcemark("ledger", "fsck").status == 0


def test_what_is_no_file_is_not_sealed(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")  # has no writer: whoever opens it to read waits for ever
    assert sourcemark("register", "folder", "--owner", "Ada", "--sealed").status == 2  # nothing is in it
    run = sourcemark("register", "gone", "pipe", "--owner", "Ada", "--sealed", "--json")
    assert run.status == 2
    assert [line["error"]["type"].rpartition(":")[2] for line in run.lines] == ["bad-input"] * 2
    for line, said in zip(run.lines, ("no file 'gone'", "'pipe' is not a regular file"), strict=True):
        assert said in line["error"]["detail"]


def test_the_logs_own_keys(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    work = sourcemark("register", "a.txt", "--owner", "Ada", "--json").lines[0]["work_id"]
    assert sourcemark("ledger", "export", "old").status == 0
    for bad in ([], ["0" * 64, "--log"], ["0" * 64, "--out", "x"]):
        assert sourcemark("key", "rotate", *bad).status == 2
    done = sourcemark("key", "rotate", "--log", "--out", "way.zip")
    assert done.status == 0, done.err
    assert sourcemark("verify", "way.zip", "--policy", "old/policy").status == 0
    assert sourcemark("receipt", work, "--out", "r.zip").status == 0
    assert sourcemark("ledger", "export", "new").status == 0
    assert sourcemark("verify", "r.zip", "--policy", "new/policy").status == 0
    assert sourcemark("verify", "r.zip", "--policy", "old/policy").status == 0  # by the checkpoint that both signed
    (tmp_path / "b.txt").write_text(TEXT + " Later, nobody wound it.")
    later = sourcemark("register", "b.txt", "--owner", "Ada", "--json").lines[0]["work_id"]
    assert sourcemark("receipt", later, "--out", "later.zip").status == 0
    assert sourcemark("verify", "later.zip", "--policy", "new/policy").status == 0
    assert sourcemark("verify", "later.zip", "--policy", "old/policy").status == 1
    assert sourcemark("ledger", "fsck").status == 0
    assert sourcemark("ledger", "end", "--confirm", "yes").status == 2
    origin = sourcemark("ledger", "checkpoint", "--json").lines[0]["origin"]
    assert sourcemark("ledger", "end", "--confirm", origin, "--successor", "next.example/log").status == 0
    refused = sourcemark("register", "a.txt", "--owner", "Bo")
    assert (refused.status, "next.example/log" in refused.err) == (3, True)
    assert sourcemark("ledger", "fsck").status == 0
    assert sourcemark("verify", "r.zip", "--work", "a.txt", "--policy", "new/policy").status == 0


def test_erasure(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    work = sourcemark("register", "a.txt", "--owner", "Ada Kestrel", "--json").lines[0]["work_id"]
    assert sourcemark("receipt", work, "--out", "r.zip").status == 0
    assert sourcemark("erase", work, "--operator", "--account", "local").status == 2
    assert sourcemark("erase", work).status == 0
    assert sourcemark("erase", work).status == 2
    for bad in ([], [work, "--finish"], ["--rewrite"]):
        assert sourcemark("erase", *bad).status == 2
    assert sourcemark("erase", "--finish", "--rewrite", "--json").lines == [{"finished": True}]
    assert sourcemark("verify", "r.zip", "--work", "a.txt", "--trust-receipt").status == 0
    assert sourcemark("scan", "a.txt", "--json").lines[0]["status"] == "no_match"
    assert sourcemark("ledger", "fsck").status == 0


def test_at_a_service_elsewhere(sourcemark: Command, served: Served, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.txt").write_text(TEXT + " The wall forgets nothing but the wind.")
    env = {"SOURCEMARK_API_KEY": served.key}
    there = ("--service", served.url, "--sign-key", "my.pem", "--json")
    assert sourcemark("register", "a.txt", "--owner", "Ada", *there, env=env).status == 2  # no key yet
    made = sourcemark("key", "new", "local", "--signing", "my.pem", "--json").lines[0]
    done = sourcemark("register", "a.txt", "b.txt", "nothing.txt", "--owner", "Ada", *there, env=env)
    assert done.status == 2
    assert [line["status"] for line in done.lines] == ["registered", "registered", "error"]
    assert done.lines[1]["competing"] == [done.lines[0]["work_id"]]
    elsewhere = list((tmp_path / "elsewhere" / "home" / "keys").iterdir())
    assert sorted(path.name for path in elsewhere) == ["log-ed25519.pem", "log-mldsa44.pem"]
    sealed = sourcemark("register", "b.txt", "--owner", "Ada", "--sealed", *there, env=env)
    assert sealed.status == 0, sealed.err
    opening = tmp_path / "b.txt.opening.json"
    assert stat.S_IMODE(opening.stat().st_mode) == 0o600
    twice = sourcemark("register", "b.txt", "--owner", "Ada", "--sealed", *there, env=env)
    assert "exists" in twice.lines[0]["error"]["detail"]
    back = sourcemark(
        "register", "b.txt", "--owner", "Bo", "--opens", sealed.lines[0]["work_id"], "--seal", opening, *there, env=env
    )
    assert back.lines[0]["status"] == "registered", back.out
    assert made["keyid"] in json.dumps(made)
    # what comes after the registration
    work, at = done.lines[0]["work_id"], ("--service", served.url)
    assert sourcemark("receipt", work, "--out", "r.zip", *at, env=env).status == 0
    assert sourcemark("verify", "r.zip", "--work", "a.txt", "--trust-receipt").status == 0
    assert sourcemark("withdraw", work, *at, env=env).status == 2  # without a key
    withdrawn = sourcemark("withdraw", work, *there, env=env)
    assert withdrawn.lines[0]["withdrawn_at"], withdrawn.err
    erased = sourcemark("erase", done.lines[1]["work_id"], *there, env=env)  # withdraws it too
    assert erased.lines[0]["erased_at"], erased.err
    assert sourcemark("verify", "r.zip", "--trust-receipt").status == 0
    assert sourcemark("erase", work, "--operator", *there, env=env).status == 2
    more = ("key", "new", "local", "--signing", "next.pem", "--sign-key", "my.pem", "--json", *at)
    following = sourcemark(*more, env=env)
    assert following.status == 0, following.err
    assert sourcemark("key", "new", "Ada", "--signing", "x.pem", *at, env=env).status == 2
    revoked = sourcemark("key", "revoke", made["keyid"], "--sign-key", "next.pem", *at, env=env)
    assert revoked.status == 0, revoked.err
    refused = sourcemark("register", "a.txt", "--owner", "Ada", *there, env=env)
    assert refused.status == 4, refused.out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--service", "https://127.0.0.1:1"], 2),
        (["--service", "http://service.example", "--sign-key", "my.pem"], 2),
        (["--service", "http://127.0.0.1:1", "--sign-key", "my.pem"], 3),
        (["--sealed", "--opens", "work_x"], 2),
        (["--opens", "work_x"], 2),
        (["--seal", "a.txt", "--opens", "work_x"], 2),
        (["--seal", "nothing", "--opens", "work_x"], 2),
    ],
)
def test_mistakes(sourcemark: Command, tmp_path: Path, arguments: list[str], status: int) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    if "my.pem" in arguments:
        sourcemark("key", "new", "local", "--signing", "my.pem")
    done = sourcemark("register", "a.txt", "--owner", "Ada", *arguments, env={"SOURCEMARK_API_KEY": "smk_x"})
    assert done.status == status, (done.out, done.err)
    assert len((done.err or done.out).strip().splitlines()) == 1


def test_a_refused_key_leaves_no_file(sourcemark: Command, tmp_path: Path) -> None:
    for recovery in ("0" * 64, "nonsense"):
        refused = sourcemark("key", "new", "local", "--signing", "my.pem", "--recovery", recovery)
        assert (refused.status, "no signing key has the id" in refused.err) == (2, True)
    assert sourcemark("key", "new", "local", "--signing", "first.pem").status == 0
    (tmp_path / "first.pem").rename(tmp_path / "elsewhere.pem")
    assert sourcemark("key", "new", "local", "--signing", "my.pem").status == 4
    assert not (tmp_path / "my.pem").exists()
    assert sourcemark("key", "new", "local", "--signing", "elsewhere.pem").status == 4
    assert (tmp_path / "elsewhere.pem").exists()
