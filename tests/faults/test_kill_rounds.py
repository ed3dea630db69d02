"""kill -9 of two processes that write to one log, round after round: at store calls by number, and at any time.

Nothing acknowledged is lost, moved or doubled, and every published checkpoint continues the one before. Twelve rounds
here, 200 on each database with `make faults`; the figures are printed (`pytest -s`).
"""

import contextlib
import json
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import entries
from provenance.tlog import keys, merkle, note, statement
from provenance.tlog.encoding import unb64
from provenance.tlog.signed_checkpoint import open_checkpoint
from tests.faults.killed import random_kill, registration, serve
from tests.faults.test_every_store_call import Producer

pytestmark = pytest.mark.slow

ROUNDS = 200 if os.environ.get("FAULTS") == "all" else 12
KEY = keys.new_signing_key()


@pytest.fixture(scope="module")
def context():
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([serve.__module__, "provenance.application", "sqlalchemy.dialects.postgresql.psycopg"])
    return found


class Records:
    """What all clients wrote down, over all rounds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent: dict[str, str] = {}  # leaf by the hex of its hash
        self.answered: dict[str, int] = {}
        self.killed: list[str] = []
        self.refused: Counter[str] = Counter()

    def read(self, book: Path) -> int:
        """Take up one process's lines; returns how many answers it gave."""
        answers = 0
        for raw in book.read_bytes().split(b"\n")[:-1] if book.exists() else []:
            line = json.loads(raw)
            assert "broken" not in line, line
            if "sent" in line:
                self.sent[merkle.leaf_hash(unb64(line["sent"])).hex()] = line["sent"]
            elif "answered" in line:
                assert self.answered.setdefault(line["answered"], line["index"]) == line["index"]
                assert line["index"] < line["size"]
                answers += 1
            elif "killed" in line:
                self.killed.append(line["killed"])
            else:
                self.refused[str(line["reason"])] += 1
        return answers

    def unanswered(self) -> list[str]:
        return [leaf for leaf_hash, leaf in self.sent.items() if leaf_hash not in self.answered]


def started(context, settings: Settings, records: Records, name: str, again: list[str], kill):
    private = KEY.private.private_bytes_raw()
    process = context.Process(target=serve, args=(settings, private, records.folder / name, again, kill), daemon=True)
    process.start()
    return process


def come_up(process, book: Path) -> None:
    """Its time runs from its first statement, however busy the machine is; unless it is killed in its start."""
    deadline = time.monotonic() + 120
    while process.is_alive() and not (book.exists() and book.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.005)


def answers_some(process, book: Path, count: int = 3, limit: float = 30) -> None:
    """Until it has answered a few statements, so that a busy machine does not leave the test with nothing to lose.

    Not more, or a machine with nothing else to do leaves thousands to check.
    """
    deadline, enough = time.monotonic() + limit, answers(book) + count
    while process.is_alive() and answers(book) < enough and time.monotonic() < deadline:
        time.sleep(0.01)


def answers(book: Path) -> int:
    return book.read_bytes().count(b'"answered"') if book.exists() else 0


def test_kill_rounds(context, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = Records(tmp_path / "books")
    records.folder.mkdir()
    with Application(settings) as application:
        enrolled = statement.key_enrol(
            application.log.origin, public_key=KEY.public, custody="producer", after=application.log.head()
        )
        Producer.enrol(application, statement.sign(enrolled, KEY))
        published, vkeys = application.log.reader, [note.VKey.parse(key) for key in application.log.vkeys()]
        seen = open_checkpoint(published.checkpoint().raw, vkeys)
        rng, began, at_random, paused = random.Random(11), time.monotonic(), 0, 0
        for number in range(ROUNDS):
            again = records.unanswered()
            half = len(again) // 2
            kill = random_kill(rng)
            names = [f"{number}-a", f"{number}-b"]
            pair = [
                started(context, settings, records, names[0], again[:half], kill),
                started(context, settings, records, names[1], again[half:], None),
            ]
            for process, name in zip(pair, names, strict=True):
                come_up(process, records.folder / name)
            if kill is None or kill[0] >= 150:
                time.sleep(rng.uniform(0.05, 0.7))
            pair[0].join(rng.uniform(0.3, 1.0) if kill is not None else 0)
            if number % 4 == 3 and pair[0].is_alive():  # paused, perhaps in the middle of a round; the other goes on
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pair[0].pid, signal.SIGSTOP)
                time.sleep(rng.uniform(0.1, 0.4))
                with contextlib.suppress(ProcessLookupError):  # it was on the point of killing itself
                    os.kill(pair[0].pid, signal.SIGCONT)
                time.sleep(rng.uniform(0.0, 0.2))
                paused += 1
            if number % 2:  # in the other rounds it may be killed before its first answer
                answers_some(pair[1], records.folder / names[1])
            for process in pair:
                at_random += process.is_alive()
                process.kill()
                process.join()
                assert process.exitcode == -signal.SIGKILL
                process.close()
                time.sleep(rng.uniform(0.0, 0.1))
            for name in names:
                records.read(records.folder / name)
            now = open_checkpoint(published.checkpoint().raw, vkeys)
            if now.size > seen.size:
                proof = [unb64(line) for line in published.consistency(seen.size, now.size).split()]
                merkle.verify_consistency(seen.size, now.size, proof, seen.root, now.root)
            assert (now.size, now.root) >= (seen.size, seen.root) if now.size != seen.size else now.root == seen.root
            assert max(records.answered.values(), default=0) < now.size  # what was answered was published
            seen = now
            check(application, records)
    with Application(settings) as application:
        lost = records.unanswered()
        Producer.finish(application, lost)
        check(application, records)
        assert fsck.check(application.db, application.log)["problems"] == []
    with capsys.disabled():
        print(
            f"\n{settings.url.split(':')[0]}: {ROUNDS} rounds in {time.monotonic() - began:.0f} s, {len(records.killed)} "
            f"kills at {len({word.split(' (')[0] for word in records.killed})} different store calls, {at_random} at "
            f"random, {paused} paused; {len(records.answered)} answers of {len(records.sent)} sent, the other "
            f"{len(lost)} sent again; refused: {dict(records.refused)}"
        )
    assert len(records.answered) > ROUNDS
    assert len(records.killed) >= ROUNDS // 6


def check(application: Application, records: Records) -> None:
    """Nothing acknowledged is lost, moved or doubled."""
    with application.db.read() as connection:
        rows = connection.execute(sa.select(entries.c.leaf_hash, entries.c.idx)).all()
    assert sorted(index for _, index in rows) == list(range(len(rows)))
    stored = {leaf_hash.hex(): index for leaf_hash, index in rows}
    assert len(stored) == len(rows)
    assert stored.items() >= records.answered.items()


# --- two sequencers -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("lost", [False, True])
def test_a_paused_sequencer_that_resumes(context, settings: Settings, tmp_path: Path, lost: bool) -> None:
    """Stopped at a store call in the middle of its round, with and without its lock being taken away meanwhile."""
    records = Records(tmp_path / "books")
    records.folder.mkdir()
    with Application(settings) as application:
        enrolled = statement.key_enrol(
            application.log.origin, public_key=KEY.public, custody="producer", after=application.log.head()
        )
        Producer.enrol(application, statement.sign(enrolled, KEY))
        vkeys = [note.VKey.parse(key) for key in application.log.vkeys()]
        sizes = []
        for number in range(20, 220, 20 if ROUNDS == 200 else 50):
            name = f"{number}-{lost}"
            paused = started(context, settings, records, name, records.unanswered(), (number, "stop"))
            book, deadline = records.folder / name, time.monotonic() + 120
            while time.monotonic() < deadline and not (book.exists() and b'"killed"' in book.read_bytes()):
                time.sleep(0.01)
            assert b'"killed"' in book.read_bytes()
            if lost:
                take_locks(application)
            other = started(context, settings, records, name + "-other", [], None)
            other_book = records.folder / (name + "-other")
            answers_some(other, other_book, 20, 3 if lost else 1)  # perhaps none: the paused one may have a lock
            seen = open_checkpoint(application.log.reader.checkpoint().raw, vkeys)
            os.kill(paused.pid, signal.SIGCONT)
            answers_some(paused, book, 20, 0.5)
            for _ in range(5):  # the one that resumes does not publish its older state over the newer one
                now = open_checkpoint(application.log.reader.checkpoint().raw, vkeys)
                assert now.size >= seen.size
                seen = now
                time.sleep(0.02)
            for process in (paused, other):
                process.kill()
                process.join()
                process.close()
            for each in (name, name + "-other"):
                records.read(records.folder / each)
            check(application, records)
            sizes.append(seen.size)
    with Application(settings) as application:
        Producer.finish(application, records.unanswered())
        check(application, records)
        assert fsck.check(application.db, application.log)["problems"] == []
    assert sizes[-1] > 10


def take_locks(application: Application) -> None:
    """What an operator should never do, and a server does when it thinks that a client is gone."""
    if application.db.is_sqlite:
        for lock in application.settings.home.glob("*.lock"):
            lock.unlink()
        return
    with application.db.write() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_the_clients_of_these_tests(sqlite_application: Application) -> None:
    """A statement of theirs is one that an honest log takes, and only from an enrolled key."""
    leaf = registration(sqlite_application.log.origin, sqlite_application.log.head(), KEY)
    with pytest.raises(Exception, match="not enrolled"):
        Producer.enrol(sqlite_application, leaf)
