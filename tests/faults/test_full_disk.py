"""A real full disk: a small file system of its own, where the machine lets us mount one."""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest

from provenance.application import Application
from provenance.auditing import fsck
from provenance.auditing.full_disk import opened_as_it_stands
from provenance.config import Settings
from provenance.errors import Unavailable
from tests.provenance.conftest import ESSAY, register_work


@pytest.fixture
def small_disk(tmp_path: Path):
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    filler = disk / "filler"
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
    for size in (65_536, 4096, 1):
        with contextlib.suppress(OSError):
            while True:
                os.write(descriptor, b"x" * size)
    os.close(descriptor)
    return filler


def test_fsck_on_a_full_disk(small_disk: Path) -> None:
    """SQLite has no room for the files beside the database: it is read as it stands."""
    settings = Settings(home=small_disk / "home", workers=1, origin="log.test.example/sourcemark")
    with Application(settings) as application:
        register_work(application, ESSAY.encode())
    fill(small_disk)
    with pytest.raises(Unavailable) as caught, Application(settings):
        pass
    with opened_as_it_stands(settings, caught.value) as (db, log):
        assert fsck.check(db, log)["problems"] == []
        (settings.log_dir / "policy").unlink()
        (found,) = fsck.check(db, log)["problems"]
        assert found.startswith("published log: policy: No such file")
    log_of_writes = settings.home / "sourcemark.db-wal"
    log_of_writes.unlink(missing_ok=True)
    log_of_writes.symlink_to(settings.signer_state)  # something that is not in the database yet
    with pytest.raises(Unavailable), opened_as_it_stands(settings, caught.value):
        pass


def test_registering_until_the_disk_is_full(small_disk: Path) -> None:
    settings = Settings(home=small_disk / "home", workers=1, origin="log.test.example/sourcemark")
    done = []
    with Application(settings) as application:
        done.append(register_work(application, ESSAY.encode()))
        filler = fill(small_disk)

        def until_full() -> None:
            for n in range(400):
                done.append(register_work(application, f"{n} {ESSAY}".encode()))

        with pytest.raises(Unavailable) as caught:
            until_full()
        assert caught.value.reason == "disk_full"
        assert "\n" not in caught.value.detail
        filler.unlink()
        again = [register_work(application, ESSAY.encode())]
        again += [register_work(application, f"{n} {ESSAY}".encode()) for n in range(len(done) - 1)]
        assert [a.work_id for a in again] == [d.work_id for d in done]
        assert {a.status for a in again} == {"already_registered"}
        assert register_work(application, f"last {ESSAY}".encode()).status == "registered"
        assert fsck.check(application.db, application.log)["problems"] == []
