"""Backups: whole, private, and never a way to a second history of the log."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from provenance import backups
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.engine import Database
from provenance.errors import BadInput, Conflict, LedgerReadOnly, Unavailable, VerificationFailed
from tests.provenance.conftest import ESSAY, ESSAY_ZH, register_work, scan_upload

Restore = Callable[..., tuple[Settings, backups.Restored]]


@pytest.fixture
def restore(application: Application, request: pytest.FixtureRequest, tmp_path: Path) -> Restore:
    """Restores a backup into a database of the same kind as the application's, by default on a new machine."""

    def restored(folder: Path, home: Path | None = None, **options: object) -> tuple[Settings, backups.Restored]:
        update: dict[str, object] = {"home": home or tmp_path / "new machine"}
        if not application.db.is_sqlite:
            update["database_url"] = Settings(database_url=request.getfixturevalue("postgres")()).database_url
        settings = application.settings.model_copy(update=update)
        db = Database(settings.url, 5)
        try:
            return settings, backups.load(db, settings, folder, **options)
        finally:
            db.close()

    return restored


def test_a_new_machine_waits_until_it_is_told_that_nothing_came_after(
    application: Application, restore: Restore, tmp_path: Path
) -> None:
    work = register_work(application, ESSAY.encode())
    made = backups.save(application.db, application.settings, tmp_path / "b", keys=tmp_path / "k")
    assert made.size == 2
    for file in (tmp_path / "b", tmp_path / "k", *(tmp_path / "k").iterdir()):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
    newest = (application.settings.log_dir / "checkpoint").read_bytes()
    settings, done = restore(tmp_path / "b", keys=tmp_path / "k", newest=newest)
    assert (done.state, done.size) == ("unknown", 2)
    with Application(settings) as opened:
        assert scan_upload(opened, ESSAY.encode()).matches[0].work_id == work.work_id  # it reads
        with pytest.raises(LedgerReadOnly) as caught:
            register_work(opened, ESSAY_ZH.encode())
        assert caught.value.reason == "signer_state_missing"
        opened.log.rebuild()
    with Application(settings) as opened:
        assert register_work(opened, ESSAY_ZH.encode()).status == "registered"
        assert fsck.check(opened.db, opened.log, processes=1)["problems"] == []


@pytest.mark.parametrize("signer_state", ["there", "lost too"])
def test_an_old_backup_never_forks_the_log(
    application: Application, restore: Restore, tmp_path: Path, signer_state: str
) -> None:
    register_work(application, ESSAY.encode())
    backups.save(application.db, application.settings, tmp_path / "old")
    register_work(application, ESSAY_ZH.encode())
    newest = (application.settings.log_dir / "checkpoint").read_bytes()
    with pytest.raises(VerificationFailed, match="find a newer backup"):
        restore(tmp_path / "old", newest=newest)
    assert not (tmp_path / "new machine" / "sourcemark.db").exists()
    # The machine is there still, only its database was lost.
    home = tmp_path / "survived"
    shutil.copytree(application.settings.home, home, ignore=shutil.ignore_patterns("sourcemark.db*"))
    if signer_state == "lost too":
        shutil.rmtree(home / "signer")
    settings, done = restore(tmp_path / "old", home)
    assert done.state == "behind"
    with Application(settings) as opened:
        for attempt in (lambda: register_work(opened, b"Another work that was never registered."), opened.log.rebuild):
            with pytest.raises(LedgerReadOnly):
                attempt()
    assert (home / "log" / "checkpoint").read_bytes() == newest  # the proof of it is there still


def test_the_newest_backup_goes_on_where_the_machine_survived(
    application: Application, restore: Restore, tmp_path: Path
) -> None:
    register_work(application, ESSAY.encode())
    backups.save(application.db, application.settings, tmp_path / "b")
    home = tmp_path / "survived"
    shutil.copytree(application.settings.home, home, ignore=shutil.ignore_patterns("sourcemark.db*"))
    settings, done = restore(tmp_path / "b", home)
    assert done.state == "current"
    with Application(settings) as opened:
        assert register_work(opened, ESSAY_ZH.encode()).status == "registered"


def test_nothing_is_overwritten(application: Application, restore: Restore, tmp_path: Path) -> None:
    register_work(application, ESSAY.encode())
    backups.save(application.db, application.settings, tmp_path / "b", keys=tmp_path / "k")
    with pytest.raises(BadInput, match="exists already"):
        backups.save(application.db, application.settings, tmp_path / "b")
    with pytest.raises(BadInput, match="apart"):
        backups.save(application.db, application.settings, tmp_path / "c", keys=tmp_path / "c" / "k")
    with pytest.raises(Conflict, match=r"exists|not empty"):
        backups.load(application.db, application.settings, tmp_path / "b")
    (tmp_path / "k" / "log-ed25519.pem").write_text("another key")
    with pytest.raises(Conflict, match="another key"):
        backups.load(application.db, application.settings, tmp_path / "b", keys=tmp_path / "k")


def test_what_is_no_whole_backup(sqlite_application: Application, tmp_path: Path) -> None:
    settings = sqlite_application.settings
    backups.save(sqlite_application.db, settings, tmp_path / "b")
    elsewhere = settings.model_copy(update={"home": tmp_path / "new"})
    db = Database(elsewhere.url, 5)
    cases = {
        "a byte was changed": lambda b: (b / "database.sqlite").write_bytes(b"x"),
        "a file is missing": lambda b: (b / "checkpoint").unlink(),
        "the list is missing": lambda b: (b / "backup.json").unlink(),
        "the list is none": lambda b: (b / "backup.json").write_text("[]"),
        "newer": lambda b: (b / "backup.json").write_text(
            (b / "backup.json").read_text().replace('"schema_version": "', '"schema_version": "9')
        ),
    }
    for name, spoil in cases.items():
        spoiled = tmp_path / name
        shutil.copytree(tmp_path / "b", spoiled)
        spoil(spoiled)
        with pytest.raises(BadInput):
            backups.load(db, elsewhere, spoiled)
        assert not (tmp_path / "new" / "sourcemark.db").exists(), name
    other = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing", 5)
    with pytest.raises(BadInput, match="backup of SQLite"):
        backups.load(other, elsewhere, tmp_path / "b")
    with pytest.raises(Unavailable, match="no installation"):
        backups.save(db, elsewhere, tmp_path / "c")
    db.close()
    other.close()
