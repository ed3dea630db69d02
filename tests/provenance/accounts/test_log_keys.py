"""The log's own keys: rotation, the way from old keys to new ones, and the end of a log."""

import subprocess
import sys
from pathlib import Path

import pytest

from provenance.accounts import accounts, log_keys
from provenance.application import Application
from provenance.auditing import auditor, fsck
from provenance.errors import Conflict, LedgerReadOnly, NotFound, VerificationFailed
from provenance.ledger import tile_store
from provenance.tlog import envelope, keys, merkle, note, statement, verify
from provenance.tlog.key_directory import KeyDirectory
from provenance.tlog.signed_checkpoint import LogKeys, open_checkpoint
from provenance.works.receipt_builder import build_receipt
from tests.provenance.accounts.test_signing import TOOLS, sound
from tests.provenance.conftest import ESSAY, register_work, scan_upload

pytestmark = pytest.mark.slow


def test_a_rotation(settings, tmp_path: Path) -> None:
    with Application(settings) as application:
        first = register_work(application, ESSAY.encode())
        old_policy, before = application.log.policy(), build_receipt(application.db, application.log, first.work_id)
        old = application.log.vkeys()
        new = log_keys.rotate(application.db, application.log, application.settings)
        assert not set(old) & set(new)
        assert application.log.vkeys() == new
        second = register_work(application, (ESSAY + " Later.").encode())
        assert verify.verify_receipt(before, old_policy).ok  # what was given stays good under the policy of its time
        after = build_receipt(application.db, application.log, second.work_id)
        assert verify.verify_receipt(after, application.log.policy()).ok
        assert not verify.verify_receipt(after, old_policy).ok
        assert verify.verify_receipt(
            build_receipt(application.db, application.log, first.work_id), application.log.policy()
        ).ok
        sound(application, tmp_path / "log")
        # Whoever has the old policy is led to the new keys.
        successor = log_keys.succession(application.db, application.log)
        done = verify.verify_receipt(successor, old_policy)
        assert done.ok, done.lines()
        assert done.facts["kind"] == "log-key"
        assert envelope.parse_leaf(successor["entry.dsse.json"]).predicate["keys"] == new
        covering = successor["entry.tlog-proof"].split(b"\n\n", 1)[1]
        for vkeys in (old, new):
            open_checkpoint(covering, [note.VKey.parse(key) for key in vkeys])
        with pytest.raises(VerificationFailed, match="did not sign"):
            open_checkpoint(application.log.signed(), [note.VKey.parse(key) for key in old])
        if (TOOLS / "verify_receipt.py").exists():
            for name, data in successor.items():
                (tmp_path / "w" / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / "w" / name).write_bytes(data)
            (tmp_path / "old").write_bytes(old_policy)
            command = [sys.executable, TOOLS / "verify_receipt.py", tmp_path / "w", "--policy", tmp_path / "old"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout
        # An auditor who is given the old keys for the new log is told.
        folder = tile_store.fetch_from(application.settings.log_dir)
        assert list(auditor.audit_log(application.log.signed(), folder, [note.VKey.parse(key) for key in old]))
    with Application(settings) as application:  # a new process finds the keys in force
        assert application.log.vkeys() == new
        third = log_keys.rotate(application.db, application.log, application.settings)
        register_work(application, (ESSAY + " Again.").encode())
        assert (
            envelope.parse_leaf(log_keys.succession(application.db, application.log, 0)["entry.dsse.json"]).predicate[
                "keys"
            ]
            == new
        )
        assert (
            envelope.parse_leaf(log_keys.succession(application.db, application.log)["entry.dsse.json"]).predicate[
                "keys"
            ]
            == third
        )
        sound(application, tmp_path / "log3")


def test_another_process_signs_with_the_new_keys(settings) -> None:
    with Application(settings) as one, Application(settings) as two:
        register_work(two, ESSAY.encode())
        new = log_keys.rotate(one.db, one.log, one.settings)
        register_work(two, (ESSAY + " Later.").encode())
        open_checkpoint(two.log.signed(), [note.VKey.parse(key) for key in new])
        assert fsck.check(two.db, two.log)["problems"] == []


def test_lost_new_keys_are_told(sqlite_settings) -> None:
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
        log_keys.rotate(application.db, application.log, application.settings)
    for path in sqlite_settings.keys_dir.glob("log-ed25519-*"):
        path.unlink()
    with Application(sqlite_settings) as application, pytest.raises(LedgerReadOnly, match="backup"):
        register_work(application, (ESSAY + " Later.").encode())


def test_the_end(application: Application, tmp_path: Path) -> None:
    result = register_work(application, ESSAY.encode())
    with pytest.raises(NotFound):
        log_keys.succession(application.db, application.log)
    size = log_keys.end(application.db, application.log, "next.example/log")
    assert application.log.head()[0] == size
    with pytest.raises(LedgerReadOnly, match=r"continued by next\.example/log"):
        register_work(application, (ESSAY + " Later.").encode())
    with Application(application.settings) as other:
        with pytest.raises(LedgerReadOnly, match="ended"):
            register_work(other, (ESSAY + " Later.").encode())
        with pytest.raises(LedgerReadOnly, match="ended"):
            log_keys.rotate(other.db, other.log, other.settings)
    assert verify.verify_receipt(
        build_receipt(application.db, application.log, result.work_id), application.log.policy()
    ).ok
    assert scan_upload(application, ESSAY.encode()).status == "matched"
    sound(application, tmp_path / "log")


def test_who_changes_the_logs_keys(application: Application) -> None:
    """A producer's key, or new keys that did not sign, change nothing."""
    register_work(application, ESSAY.encode())
    own, log = application.signing_keys.ensure_kept_key(accounts.local(application.db)), application.log
    old, new = log.keys_in_force(), LogKeys(log.origin, *keys.new_log_keys())
    foreign = LogKeys("other.example/log", *keys.new_log_keys())
    for replaces, names, signers in (
        (old.vkeys(), new.vkeys(), [own]),
        (new.vkeys(), old.vkeys(), [own]),
        (old.vkeys(), [], [own]),
        (old.vkeys(), foreign.vkeys(), [own]),
        (old.vkeys()[::-1], new.vkeys(), [own]),
        (["rubbish"], [], [own]),
    ):
        made = statement.log_key(log.origin, old=replaces, new=names, subject=bytes(32), after=log.head())
        leaf = statement.sign(made, *signers)
        with application.db.write() as connection:
            log.submit(connection, [leaf])
        with pytest.raises(Conflict):
            log.commit([merkle.leaf_hash(leaf)])
    assert log.vkeys() == old.vkeys()
    sound(application)


def test_the_rules_by_themselves() -> None:
    origin, start = "log.test.example/sourcemark", (0, merkle.EMPTY_ROOT)
    eras = [LogKeys(origin, *keys.new_log_keys()) for _ in range(3)]
    a, b, c = (era.statement_key() for era in eras)

    def enrol(key, *also):
        made = statement.key_enrol(origin, public_key=key.public, custody="service", after=start)
        return statement.sign(made, key, *also)

    def change(old, new, *signers):
        names = [] if new is None else eras[new].vkeys()
        made = statement.log_key(origin, old=eras[old].vkeys(), new=names, subject=bytes(32), after=start)
        return statement.sign(made, *signers)

    def replay(*leaves):
        directory = KeyDirectory(origin)
        for index, leaf in enumerate(leaves):
            directory.replay(index, leaf, leaves.__getitem__)
        return directory

    log = [enrol(a), enrol(b, a), change(0, 1, a, b)]
    assert replay(*log).log_keys == eras[1].vkeys()
    assert replay(*log, enrol(c, b), change(1, 2, b, c)).log_keys == eras[2].vkeys()
    ended = replay(*log, change(1, None, b))
    assert (ended.ended, ended.log_keys) == (True, eras[1].vkeys())
    for bad, told in (
        ([*log[:2], change(0, 1, a)], "old key and by the new"),
        ([*log[:2], change(0, 1, b)], "old key and by the new"),
        ([*log, enrol(c, b), change(0, 2, a, c)], "other keys of the log"),
        ([*log, change(1, None, b), enrol(c)], "ended before"),
        ([enrol(a), change(0, 1, a, b)], "not enrolled"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            replay(*bad)
