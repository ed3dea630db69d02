"""kill -9 in the middle of a batch: nothing acknowledged is lost, moved or doubled."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import entries, works

pytestmark = pytest.mark.slow

WORKS = 120
ROUNDS = 5
WORDS = [
    "tide",
    "lantern",
    "copper",
    "orchard",
    "signal",
    "harvest",
    "violin",
    "marble",
    "thunder",
    "paper",
    "willow",
    "anchor",
    "saffron",
    "engine",
    "meadow",
    "glass",
]


def article(n: int) -> str:
    rng = random.Random(n)
    return " ".join(rng.choice(WORDS) + str(rng.randrange(99)) for _ in range(120))


def start(settings: Settings, batch: Path, out: Path) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "SOURCEMARK_HOME": str(settings.home),
        "SOURCEMARK_BATCH_SIZE": "8",
        "SOURCEMARK_WORKERS": "1",
        "SOURCEMARK_ORIGIN": "log.test.example/sourcemark",
    }
    if settings.database_url:
        environment["SOURCEMARK_DATABASE_URL"] = settings.database_url
    with out.open("ab") as sink:
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", "register", "--batch", str(batch), "--json"],
            stdout=sink,
            stderr=subprocess.PIPE,
            env=environment,
        )


def answers(out: Path) -> list[dict]:
    lines = out.read_bytes().split(b"\n")[:-1] if out.exists() else []  # the last line may be cut off
    return [json.loads(line) for line in lines]


def test_kill_in_a_batch(settings: Settings, tmp_path: Path) -> None:
    batch, out = tmp_path / "works.jsonl", tmp_path / "out.jsonl"
    batch.write_text(
        "".join(json.dumps({"text": article(n), "owner": "A", "external_id": str(n)}) + "\n" for n in range(WORKS))
    )
    acknowledged: dict[str, tuple[str, int]] = {}
    rng = random.Random(7)
    killed = 0
    for _ in range(ROUNDS):
        before = len(answers(out))
        run = start(settings, batch, out)
        deadline = time.monotonic() + 60
        while len(answers(out)) == before and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)  # until something of this round is acknowledged
        time.sleep(rng.random() * 0.4)
        run.send_signal(signal.SIGKILL)
        killed += run.wait() == -signal.SIGKILL
        run.stderr.close()
        raw = out.read_bytes()
        out.write_bytes(raw[: raw.rfind(b"\n") + 1])
        for answer in answers(out):
            assert answer["status"] in ("registered", "already_registered"), answer
            place = (answer["work_id"], answer["receipt"]["index"])
            assert acknowledged.setdefault(answer["external_id"], place) == place
        with Application(settings) as application:
            assert fsck.check(application.db, application.log)["problems"] == []
    assert killed >= 2  # otherwise this test tested nothing
    run = start(settings, batch, out)
    _, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    final = answers(out)[-WORKS:]
    assert [answer["external_id"] for answer in final] == [str(n) for n in range(WORKS)]
    for answer in final:
        place = (answer["work_id"], answer["receipt"]["index"])
        assert acknowledged.setdefault(answer["external_id"], place) == place
    with Application(settings) as application:
        report = fsck.check(application.db, application.log)
        assert report["problems"] == []
        with application.db.read() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(works)).scalar_one()
            kinds = connection.execute(sa.select(entries.c.kind)).scalars().all()
        assert count == kinds.count("registration") == WORKS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_for_the_answers(settings: Settings, tmp_path: Path) -> None:
    """The batch's own output cannot be written: one line, no traceback, and what was registered stays registered."""
    batch = tmp_path / "works.jsonl"
    batch.write_text(json.dumps({"text": article(1), "owner": "A"}) + "\n")
    run = start(settings, batch, Path("/dev/full"))
    _, err = run.communicate(timeout=60)
    assert run.returncode == 3
    assert b"Traceback" not in err
    assert len(err.splitlines()) == 1
    run = start(settings, batch, tmp_path / "out.jsonl")
    run.communicate(timeout=60)
    assert answers(tmp_path / "out.jsonl")[0]["status"] == "already_registered"
