"""A real full disk: a small file system of its own, where the machine lets us mount one."""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest

from provenance.application import Application
from provenance.auditing import fsck
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


def test_registering_until_the_disk_is_full(small_disk: Path) -> None:
    settings = Settings(home=small_disk / "home", workers=1, origin="log.test.example/sourcemark")
    done = []
    with Application(settings) as application:
        done.append(register_work(application, ESSAY.encode()))
        filler = small_disk / "filler"
        descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while True:
                os.write(descriptor, b"x" * 4096)
        os.close(descriptor)

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
