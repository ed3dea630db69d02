"""The sequencer: group commit, crashes between its steps, stores that disagree, several processes at once."""

import errno
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import checkpoints, entries, fingerprints, openings, pending_entries
from provenance.database.tables import works as works_table
from provenance.errors import Conflict, LedgerReadOnly, NotFound, Unavailable
from provenance.ledger import tile_store
from provenance.ledger.publisher import Publisher
from provenance.ledger.sequencer import Sequencer
from provenance.tlog import envelope, merkle, statement
from provenance.works import catalog
from tests.provenance.conftest import ESSAY, register_work

pytestmark = pytest.mark.slow


def problems(application: Application) -> list[str]:
    return fsck.check(application.db, application.log)["problems"]


def leaf_of(application: Application) -> bytes:
    """A statement of a kind that has no rows of its own."""
    made = statement.registration(
        application.log.origin,
        digest=bytes(32),
        medium="text",
        algorithms=["x/1"],
        commitments={},
        after=application.log.head(),
    )
    made["predicateType"] = made["predicateType"].replace("registration", "sighting")
    return statement.sign(made, application.signing_keys.ensure_kept_key(accounts.local(application.db)))


def append(application: Application, leaves: list[bytes]) -> list[int]:
    with application.db.write() as connection:
        application.log.submit(connection, leaves)
    indexes = application.log.commit([merkle.leaf_hash(leaf) for leaf in leaves])
    return [indexes[merkle.leaf_hash(leaf)] for leaf in leaves]


def test_an_empty_log_is_signed_and_published(application: Application) -> None:
    assert application.log.head()[0] == 0
    assert application.log.reader.checkpoint().raw.split(b"\n")[1] == b"0"
    assert problems(application) == []


def test_entries_keep_their_order(application: Application) -> None:
    leaf_of(application)  # enrols the key
    leaves = [leaf_of(application) for _ in range(300)]
    assert append(application, leaves) == list(range(1, 301))
    assert problems(application) == []


def test_many_threads_share_rounds(application: Application) -> None:
    leaf_of(application)
    answers: dict[int, int] = {}

    def client(n: int) -> None:
        (answers[n],) = append(application, [leaf_of(application)])

    threads = [threading.Thread(target=client, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) == list(range(1, 17))
    with application.db.read() as connection:
        signed = connection.execute(sa.select(sa.func.count()).select_from(checkpoints)).scalar_one()
    assert signed <= 2 + 16
    assert problems(application) == []


def test_two_processes_share_one_log(settings: Settings) -> None:
    with Application(settings) as one, Application(settings) as two:
        leaf_of(one)
        answers: list[int] = []

        def client(application: Application) -> None:
            for _ in range(10):
                answers.extend(append(application, [leaf_of(application)]))

        threads = [threading.Thread(target=client, args=(application,)) for application in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == list(range(1, 21))
        assert problems(one) == []


def test_what_a_process_without_its_lock_gave_an_index_is_published_before_it_is_answered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another sequencer, in the middle of this one's round, takes the entry that this one is asked for."""
    with Application(settings) as here, Application(settings) as there:
        leaf = leaf_of(here)
        with here.db.write() as connection:
            here.log.submit(connection, [leaf])
        real = here.log._sequencer._integrate

        def robbed() -> int:
            there.log._sequencer._integrate()
            return real()

        monkeypatch.setattr(here.log._sequencer, "_integrate", robbed)
        (index,) = here.log.commit([merkle.leaf_hash(leaf)]).values()
        assert index < here.log.head()[0]
        assert problems(here) == []


def test_a_statement_is_taken_once(application: Application) -> None:
    leaf = leaf_of(application)
    append(application, [leaf])
    with pytest.raises(Conflict), application.db.write() as connection:
        application.log.submit(connection, [leaf])


@pytest.mark.parametrize("step", ["Sequencer._integrate", "Sequencer._sign", "Publisher.publish"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_is_mended_by_the_next_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    class Crash(BaseException):
        pass

    with Application(settings) as application:
        leaf = leaf_of(application)
        owner, name = {"Sequencer": Sequencer, "Publisher": Publisher}[step.split(".")[0]], step.split(".")[1]
        real = getattr(owner, name)
        calls = 0

        def crashing(self: object, *args: object) -> object:
            nonlocal calls
            calls += 1
            # signing and publishing run once at the beginning of a round, to mend; the second call is of our entry.
            ours = name == "_integrate" or calls == 2
            if ours and when == "before":
                raise Crash
            result = real(self, *args)
            if ours:
                raise Crash
            return result

        monkeypatch.setattr(owner, name, crashing)
        with pytest.raises(Crash):
            append(application, [leaf])
        monkeypatch.undo()
    with Application(settings) as application:
        assert application.log.commit([merkle.leaf_hash(leaf)]) == {merkle.leaf_hash(leaf): 1}
        assert application.log.head()[0] == 2
        assert problems(application) == []


def test_a_full_disk_acknowledges_nothing_and_loses_nothing(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Application(sqlite_settings) as application:
        first = register_work(application, ESSAY.encode())
        real = tile_store.publish

        def full(*args: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(tile_store, "publish", full)
        with pytest.raises(Unavailable) as caught:
            register_work(application, (ESSAY + " Again.").encode())
        assert caught.value.reason == "disk_full"
        monkeypatch.setattr(tile_store, "publish", real)
        again = register_work(application, (ESSAY + " Again.").encode())
        assert again.status == "already_registered"
        assert again.receipt.index == first.receipt.index + 1
        assert again.competing == [first.work_id]
        assert problems(application) == []


def test_a_failed_fsync_stops_writing_until_a_restart(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())

        def failing(*args: object) -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(tile_store, "publish", failing)
        with pytest.raises(LedgerReadOnly):
            register_work(application, (ESSAY + " Again.").encode())
        monkeypatch.undo()
        with pytest.raises(LedgerReadOnly):
            register_work(application, (ESSAY + " Again.").encode())
    with Application(sqlite_settings) as application:
        assert register_work(application, (ESSAY + " Again.").encode()).status == "already_registered"


def test_a_restored_backup_does_not_write_on(sqlite_settings: Settings, tmp_path: Path) -> None:
    database = sqlite_settings.home / "sourcemark.db"
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
        with sqlite3.connect(database) as connection:
            connection.execute(f"VACUUM INTO '{tmp_path / 'backup.db'}'")
        connection.close()
        register_work(application, (ESSAY + " Later.").encode())
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", database)
    with Application(sqlite_settings) as application:
        with pytest.raises(LedgerReadOnly, match="backup"):
            register_work(application, (ESSAY + " Other.").encode())
        assert any("read-only" in found for found in problems(application))
        catalog.page(application.db, application.log.origin, None)  # reading goes on
    shutil.rmtree(sqlite_settings.log_dir)  # even with the published log gone, the signer remembers
    with Application(sqlite_settings) as application, pytest.raises(LedgerReadOnly):
        register_work(application, (ESSAY + " Other.").encode())


def test_an_empty_database_beside_a_signer_state(sqlite_settings: Settings) -> None:
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
    for file in sqlite_settings.home.glob("sourcemark.db*"):
        file.unlink()
    with pytest.raises(LedgerReadOnly, match="restore the database"), Application(sqlite_settings):
        pass


def test_lost_tiles_are_made_again(sqlite_settings: Settings) -> None:
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
    shutil.rmtree(sqlite_settings.log_dir)
    with Application(sqlite_settings) as application:
        assert problems(application) == []


def test_lost_keys_are_told(sqlite_settings: Settings) -> None:
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
    for key in sqlite_settings.keys_dir.iterdir():
        key.unlink()
    with Application(sqlite_settings) as application, pytest.raises(LedgerReadOnly, match="backup"):
        register_work(application, (ESSAY + " Other.").encode())


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        (lambda c: c.execute(entries.update().where(entries.c.idx == 1).values(leaf=b"{}")), "entry 1 was changed"),
        (lambda c: c.execute(entries.delete().where(entries.c.idx == 1)), "entry 1 is missing"),
        (lambda c: c.execute(entries.delete().where(entries.c.idx == 2)), "missing"),
        (
            lambda c: c.execute(openings.update().where(openings.c.name == "claim").values(record={"title": "x"})),
            "the claim of entry 1 was changed",
        ),
        (lambda c: c.execute(openings.update().values(salt=bytes(32))), "was changed"),
        (lambda c: c.execute(fingerprints.update().values(data=b"x")), "the fingerprint of work_"),
        (lambda c: c.execute(works_table.update().values(claim={"owner": "Thief"})), "the claim of work_"),
        (lambda c: c.execute(works_table.update().values(owner="Thief")), "the claim of work_"),
        (lambda c: c.execute(checkpoints.update().values(note=b"x\n")), "the checkpoint at size"),
        (lambda c: c.execute(checkpoints.delete().where(checkpoints.c.size == 3)), "newest checkpoint"),
    ],
)
def test_every_edit_in_the_database_is_found(application: Application, tampering, told: str) -> None:
    register_work(application, ESSAY.encode())
    register_work(application, (ESSAY + " Later.").encode())
    assert problems(application) == []
    with application.db.write() as connection:
        tampering(connection)
    found = problems(application)
    assert any(told in line for line in found), found


@pytest.mark.parametrize("name", ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"])
@pytest.mark.parametrize("gone", [False, True])
def test_every_edit_of_a_published_file_is_found(sqlite_application: Application, name: str, gone: bool) -> None:
    application = sqlite_application
    register_work(application, ESSAY.encode())
    register_work(application, (ESSAY + " Later.").encode())
    path = application.settings.log_dir / name
    if gone:
        path.unlink()
    else:
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    assert problems(application)
    application.log.rebuild()
    assert problems(application) == []


def test_a_lost_or_damaged_signer_state(sqlite_settings: Settings) -> None:
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
        sqlite_settings.signer_state.write_text("{")
        assert any("damaged" in found for found in problems(application))
    with Application(sqlite_settings) as application, pytest.raises(LedgerReadOnly, match="damaged"):
        register_work(application, (ESSAY + " Other.").encode())


def test_sizes_and_indexes_the_log_never_had(application: Application) -> None:
    register_work(application, ESSAY.encode())
    for index in (-1, 2, 10**9):
        with pytest.raises(NotFound):
            application.log.reader.proof(index)
    for old, new in ((3, None), (-1, None), (2, 1), (0, 3)):
        with pytest.raises(NotFound):
            application.log.reader.consistency(old, new)


def test_pending_entries_are_taken_up_after_a_crash(settings: Settings) -> None:
    """T1 was committed, then the process died: the next one gives the entry its index."""
    with Application(settings) as application:
        leaf = leaf_of(application)
        with application.db.write() as connection:
            application.log.submit(connection, [leaf])
    with Application(settings) as application:
        with application.db.read() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(pending_entries)).scalar() == 0
        assert application.log.head()[0] == 2


def test_a_database_that_goes_down_and_comes_back(tmp_path: Path, postgres) -> None:
    settings = Settings(home=tmp_path / "home", database_url=postgres(), workers=1, database_timeout_seconds=2)
    with Application(settings) as application:
        first = register_work(application, ESSAY.encode())
        postgres.control("stop")
        try:
            with pytest.raises(Unavailable):
                register_work(application, (ESSAY + " Later.").encode())
        finally:
            postgres.control("start")
        second = register_work(application, (ESSAY + " Later.").encode())
        assert second.receipt.index == first.receipt.index + 1
        assert problems(application) == []


def test_a_forged_statement_in_the_queue_stays_out_of_the_log(sqlite_application: Application) -> None:
    """Somebody with SQL and no key puts it there, behind the back of those who verify what arrives."""
    application = sqlite_application
    register_work(application, ESSAY.encode())
    leaf = leaf_of(application)
    parsed = envelope.parse_leaf(leaf)
    forged = statement.assemble(parsed.payload, [(parsed.signers[0], bytes(64))])
    row = {"leaf": forged, "leaf_hash": merkle.leaf_hash(forged), "kind": parsed.kind, "keyid": parsed.signers[0]}
    with application.db.write() as connection:
        connection.execute(pending_entries.insert().values(**row, created_at="2026-01-01T00:00:00.000000Z"))
    append(application, [leaf])
    with application.db.read() as connection:
        refused = connection.execute(sa.select(pending_entries.c.refused)).scalar_one()
    assert "signature" in refused
    assert problems(application) == []
