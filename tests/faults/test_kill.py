"""kill -9 in the middle of a batch: nothing acknowledged is lost, moved or doubled."""

import json
import os
import random
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import entries, works
from tests.cli.conftest import Command, Running

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


Start = Callable[[Path, Path], Running]


@pytest.fixture
def errors(tmp_path: Path) -> Path:
    return tmp_path / "errors"


@pytest.fixture
def start(settings: Settings, control: socket.socket, tmp_path: Path, errors: Path) -> Start:
    """Starts the registration of a batch in a process of its own."""
    environment = {"SOURCEMARK_BATCH_SIZE": "8", "SOURCEMARK_ORIGIN": "log.test.example/sourcemark"}
    if settings.database_url:
        environment["SOURCEMARK_DATABASE_URL"] = settings.database_url

    def started(batch: Path, out: Path) -> Running:
        with Path(os.devnull).open("rb") as nothing, out.open("ab") as sink, errors.open("wb") as told:
            return Command(tmp_path, control).start(
                "register", "--batch", batch, "--json", streams=(nothing, sink, told), env=environment
            )

    return started


def answers(out: Path) -> list[dict]:
    lines = out.read_bytes().split(b"\n")[:-1] if out.exists() else []  # the last line may be cut off
    return [json.loads(line) for line in lines]


def test_kill_in_a_batch(settings: Settings, start: Start, errors: Path, tmp_path: Path) -> None:
    batch, out = tmp_path / "works.jsonl", tmp_path / "out.jsonl"
    batch.write_text(
        "".join(json.dumps({"text": article(n), "owner": "A", "external_id": str(n)}) + "\n" for n in range(WORKS))
    )
    acknowledged: dict[str, tuple[str, int]] = {}
    rng = random.Random(7)
    killed = 0
    for _ in range(ROUNDS):
        before = len(answers(out))
        run = start(batch, out)
        deadline = time.monotonic() + 60
        while len(answers(out)) == before and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)  # until something of this round is acknowledged
        time.sleep(rng.random() * 0.4)
        run.send_signal(signal.SIGKILL)
        killed += run.wait() == -signal.SIGKILL
        raw = out.read_bytes()
        out.write_bytes(raw[: raw.rfind(b"\n") + 1])
        for answer in answers(out):
            assert answer["status"] in ("registered", "already_registered"), answer
            place = (answer["work_id"], answer["receipt"]["index"])
            assert acknowledged.setdefault(answer["external_id"], place) == place
        with Application(settings) as application:
            assert fsck.check(application.db, application.log)["problems"] == []
    assert killed >= 2  # otherwise this test tested nothing
    run = start(batch, out)
    assert run.wait() == 0, errors.read_text()
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
def test_a_full_disk_for_the_answers(start: Start, errors: Path, tmp_path: Path) -> None:
    """The batch's own output cannot be written: one line, no traceback, and what was registered stays registered."""
    batch = tmp_path / "works.jsonl"
    batch.write_text(json.dumps({"text": article(1), "owner": "A"}) + "\n")
    run = start(batch, Path("/dev/full"))
    assert run.wait() == 3
    err = errors.read_bytes()
    assert b"Traceback" not in err
    assert len(err.splitlines()) == 1
    run = start(batch, tmp_path / "out.jsonl")
    assert run.wait() == 0
    assert answers(tmp_path / "out.jsonl")[0]["status"] == "already_registered"
