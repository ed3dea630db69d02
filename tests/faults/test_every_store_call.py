"""Each store call of the ledger's pipeline fails in each way, one after the other: on both databases, in every step.

The calls are not listed here: they are counted while the pipeline runs, so a new one is broken too. What could be
missed is looked for as well: file operations that the interpreter sees and the injection does not, and calls of the
operating system that it does not know.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import provenance
from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.auditing.report import audit_report
from provenance.config import Settings
from provenance.database.tables import entries, metadata, pending_entries
from provenance.errors import Conflict, LedgerReadOnly, Unavailable
from provenance.tlog import keys, merkle, note, proof, statement
from provenance.tlog.checkpoint import Checkpoint, parse_checkpoint
from provenance.tlog.encoding import b64, unb64
from provenance.tlog.signed_checkpoint import open_checkpoint
from provenance.works.submissions import SignedStatement
from tests.faults.store import MODES, Faults, watched

pytestmark = pytest.mark.slow

KEY = keys.new_signing_key()
COMMITMENTS = {"seal": statement.commit(bytes(32), {"salt": ""})}


class Producer:
    """One client with a key of its own, who remembers every answer, and what may be tried again after a fault."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.faults = Faults(settings.home)
        self.answered: dict[bytes, int] = {}
        self.made = 0
        self.seen: Checkpoint | None = None
        self.application = self.opened()
        enrolled = statement.key_enrol(
            self.application.log.origin, public_key=KEY.public, custody="producer", after=self.application.log.head()
        )
        self.submit(statement.sign(enrolled, KEY))

    @staticmethod
    def enrol(application: Application, leaf: bytes) -> None:
        account = accounts.local(application.db)
        application.submissions.submit(account, SignedStatement(leaf=b64(leaf)))

    @staticmethod
    def finish(application: Application, leaves: list[str]) -> None:
        """Send again what was never answered; leaves in base64."""
        for leaf in leaves:
            application.submissions.submit(accounts.local(application.db), SignedStatement(leaf=leaf))

    def opened(self) -> Application:
        application = Application(self.settings)
        self.faults.watch(application.db.engine)
        application.start()
        return application

    def reopen(self) -> None:
        self.application.close()
        self.application = self.opened()

    def registration(self) -> bytes:
        self.made += 1
        made = statement.sealed_registration(
            self.application.log.origin,
            digest=merkle.leaf_hash(b"%d" % self.made),
            commitments=COMMITMENTS,
            after=self.application.log.head(),
        )
        return statement.sign(made, KEY)

    def submit(self, leaf: bytes) -> None:
        account = accounts.local(self.application.db)
        done = self.application.submissions.submit(account, SignedStatement(leaf=b64(leaf)))
        assert self.answered.setdefault(merkle.leaf_hash(leaf), done.receipt.index) == done.receipt.index

    def attempt(self, act: Callable[[], object]) -> str:
        """Act with a fault armed, then without: the next attempt works, or a named alarm stands until a restart."""
        with self.faults.files():
            try:
                act()
                outcome = "answered"
            except LedgerReadOnly as error:
                assert error.reason, error.detail
                outcome = f"alarm {error.reason}"
            except Unavailable as error:
                outcome = f"unavailable {error.reason}"
        if self.faults.fired is None:
            return outcome
        self.faults.disarm()
        try:
            act()
        except LedgerReadOnly as error:
            assert error.reason, error.detail
            outcome += ", alarm"
            self.reopen()
            act()
        return outcome

    def check(self) -> None:
        """What is published verifies, continues what was seen before, and holds every answer in its place."""
        log = self.application.log
        keys_ = [note.VKey.parse(key) for key in log.vkeys()]
        now = open_checkpoint(log.reader.checkpoint().raw, keys_)
        if self.seen is not None and self.seen.size:
            lines = log.reader.consistency(self.seen.size).split()
            merkle.verify_consistency(
                self.seen.size, now.size, [unb64(line) for line in lines], self.seen.root, now.root
            )
        self.seen = parse_checkpoint(log.reader.checkpoint().raw)
        for leaf_hash, index in list(self.answered.items())[-3:]:
            found = proof.parse_proof(log.reader.proof(index))
            merkle.verify_inclusion(index, now.size, leaf_hash, found.hashes, now.root)

    def check_all(self) -> None:
        application = self.application
        with application.db.read() as connection:
            stored = dict(connection.execute(sa.select(entries.c.leaf_hash, entries.c.idx)).all())
            waiting = connection.execute(sa.select(sa.func.count()).select_from(pending_entries)).scalar_one()
        assert waiting == 0
        assert stored.items() >= self.answered.items()
        assert sorted(stored.values()) == list(range(len(stored)))
        assert len(stored) == len(self.answered)  # nothing doubled: each statement was answered in the end
        assert fsck.check(application.db, application.log)["problems"] == []
        report = audit_report(str(self.settings.log_dir), policy=application.log.policy())
        assert report["problems"] == []


@pytest.fixture
def producer(settings: Settings) -> Iterator[Producer]:
    made = Producer(settings)
    yield made
    made.application.close()


# Here every fifth call of each kind of fault, other ones for each; `make faults` breaks them all.
STEP = 1 if os.environ.get("FAULTS") == "all" else 5


def numbers(mode: str) -> range:
    return range(MODES.index(mode) % STEP, 1000, STEP)


CHANGES = "commit|INSERT|UPDATE|DELETE"


def broken_one_by_one(
    producer: Producer, mode: str, prepare: Callable[[], Callable[[], object]], only: str = ""
) -> dict[str, str]:
    """What became of an act with each of its store calls broken; ``prepare`` makes a new act each time."""
    outcomes: dict[str, str] = {}
    for number in numbers(mode):
        act = prepare()
        producer.faults.arm(number, mode, only)
        outcome = producer.attempt(act)
        if producer.faults.fired is None:
            break
        outcomes[producer.faults.fired] = outcome
        producer.check()
        producer.faults.disarm()
    producer.faults.disarm()
    producer.check_all()
    return outcomes


@pytest.mark.parametrize("mode", MODES)
def test_a_registration(producer: Producer, mode: str) -> None:
    def prepare() -> Callable[[], object]:
        leaf = producer.registration()
        return lambda: producer.submit(leaf)

    files = producer.application.db.is_sqlite  # these are the same whatever the database
    outcomes = broken_one_by_one(producer, mode, prepare, "" if files else "commit|[A-Z]{4}")
    words = ["commit"] if mode == "fsync" else ["commit", "INSERT"]
    words += [] if not files else ["fsync"] if mode == "fsync" else ["signer", "log/"]
    for word in words if STEP == 1 else ():
        assert any(word in call for call in outcomes), (word, outcomes)
    assert len(outcomes) >= 10 // STEP
    if mode == "fsync":  # after a failed fsync nothing is written any more, until somebody has looked
        files = {call: outcome for call, outcome in outcomes.items() if ": fsync" in call}
        assert all("storage_failed" in outcome for outcome in files.values()), files


@pytest.mark.parametrize("mode", ["failed", "persisted"])
def test_a_withdrawal(producer: Producer, mode: str) -> None:
    def prepare() -> Callable[[], object]:
        registered = producer.registration()
        producer.submit(registered)
        leaf_hash = merkle.leaf_hash(registered)
        made = statement.withdrawal(
            producer.application.log.origin,
            registration=leaf_hash,
            index=producer.answered[leaf_hash],
            after=producer.application.log.head(),
        )
        leaf = statement.sign(made, KEY)
        return lambda: producer.submit(leaf)

    assert len(broken_one_by_one(producer, mode, prepare, CHANGES)) >= 10 // STEP


@pytest.mark.parametrize("mode", ["failed", "persisted"])
def test_an_enrolment(producer: Producer, mode: str) -> None:
    def prepare() -> Callable[[], object]:
        key = keys.new_signing_key()
        origin, after = producer.application.log.origin, producer.application.log.head()
        made = statement.key_enrol(origin, public_key=key.public, custody="producer", after=after)
        leaf = statement.sign(made, key, KEY)
        return lambda: producer.submit(leaf)

    assert len(broken_one_by_one(producer, mode, prepare, CHANGES)) >= 10 // STEP


@pytest.mark.parametrize("mode", ["failed", "persisted", "full"])
def test_tiles_that_become_whole(sqlite_settings: Settings, tmp_path: Path, mode: str) -> None:
    """The round that fills a tile, begins one and drops the partial ones; each time from the same installation."""
    producer = Producer(sqlite_settings)
    many = [producer.registration() for _ in range(254)]
    with producer.application.db.write() as connection:
        producer.application.log.submit(connection, many)
    producer.answered |= producer.application.log.commit([merkle.leaf_hash(leaf) for leaf in many])
    producer.application.close()
    before = tmp_path / "before"
    shutil.copytree(sqlite_settings.home, before)
    answered = dict(producer.answered)
    for number in numbers(mode):
        shutil.rmtree(sqlite_settings.home)
        shutil.copytree(before, sqlite_settings.home)
        producer.application, producer.answered, producer.seen = producer.opened(), dict(answered), None
        leaves = [producer.registration() for _ in range(3)]

        def act(leaves: list[bytes] = leaves) -> None:
            with contextlib.suppress(Conflict), producer.application.db.write() as connection:
                producer.application.log.submit(connection, leaves)
            producer.answered |= producer.application.log.commit([merkle.leaf_hash(leaf) for leaf in leaves])

        producer.faults.arm(number, mode, "log/|signer")  # what comes before is the same at every size
        producer.attempt(act)
        producer.faults.disarm()
        fired = producer.faults.fired
        if fired is not None:
            producer.check()
            report = audit_report(str(sqlite_settings.log_dir), policy=producer.application.log.policy(), rules=False)
            assert report["problems"] == []
        producer.application.close()
        if fired is None:
            break
    assert number >= 15


@pytest.mark.parametrize("mode", MODES)
def test_the_first_start(settings: Settings, mode: str) -> None:
    """Keys, the empty log and its first checkpoint; the home folder anew each time, the database too."""
    with Application(settings) as application:
        _empty(application)
    database = settings.home / "sourcemark.db"
    kept = database.read_bytes() if application.db.is_sqlite else b""
    for number in numbers(mode):
        shutil.rmtree(settings.home)
        settings.home.mkdir()
        application = Application(settings)
        if kept:
            database.write_bytes(kept)
        else:
            _empty(application)
        faults = Faults(settings.home)
        faults.watch(application.db.engine)
        faults.arm(number, mode, "keys/|log/|signer|lock|commit|INSERT")
        with faults.files():
            try:
                application.start()
                outcome = "started"
            except (LedgerReadOnly, Unavailable) as error:
                assert error.reason, error.detail
                outcome = error.reason
        faults.disarm()
        application.close()
        with Application(settings) as application:
            assert application.log.head()[0] == 0, (faults.fired, outcome)
            assert fsck.check(application.db, application.log)["problems"] == [], (faults.fired, outcome)
        if faults.fired is None:
            break
    assert number >= 5


def _empty(application: Application) -> None:
    """A database with its tables and nothing in them: migrating is not the ledger's own work."""
    with application.db.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    if application.db.is_sqlite:
        with application.db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


# --- nothing is missed -------------------------------------------------------------------------------------------
def test_no_file_operation_passes_by(producer: Producer) -> None:
    leaves = [producer.registration() for _ in range(2)]
    with producer.faults.files(), watched(producer.faults) as missed:
        for leaf in leaves:
            producer.faults.arm(-1)
            producer.submit(leaf)
        assert len(producer.faults.calls) > 40
        assert missed == []
        (producer.settings.home / "x").touch()  # what is watched for is seen
        producer.faults.disarm()
        (producer.settings.home / "y").write_bytes(b"")
        assert any(word.endswith(" y") for word in missed)


# os functions of the pipeline that either change nothing on the disk (but who holds a lock, which is a hint) or are
# replaced by the injection.
HARMLESS = {"os.close", "os.cpu_count", "os.fdopen", "os.getpid", "os.kill", "os.urandom", "os.walk", "os.PathLike"}
HARMLESS |= {"os.environ", "os.pread", "os.pwrite", "os.dup", "os._exit"}  # the process beside a Ray cluster ends so
FLAGS = re.compile(r"os\.[A-Z_]+\Z")
REPLACED = {f"os.{name}" for name in ("fsync", "replace", "rename", "mkdir", "rmdir", "link", "unlink", "open")}


def test_no_unknown_call_of_the_operating_system() -> None:
    root = Path(provenance.__file__).parent
    used = {
        word
        for path in root.rglob("*.py")
        for word in re.findall(
            r"\b(?:os\.\w+|sqlite3\.connect|raw_connection|driver_connection|mmap)\b", path.read_text()
        )
        if path.name != "witness_server.py"  # a witness is another program, with a store and tests of its own
    }
    assert {word for word in used if not FLAGS.match(word)} - HARMLESS - REPLACED == set()
