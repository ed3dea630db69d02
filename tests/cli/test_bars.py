"""Progress on a terminal: items, and below them the seconds of long sound and film."""

import contextlib
import os
import pty
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.bars import progress
from fingerprints.progress import Listener
from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.scans.posts import PartUpload, Upload
from provenance.schemas import RegistrationItem, ScanItem
from provenance.works.registration import RegistrationRequest
from tests.fingerprints import encoding

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def terminal() -> Iterator[None]:
    """Standard error is a terminal, which somebody reads."""
    ours, theirs = pty.openpty()

    def read() -> None:
        with contextlib.suppress(OSError):  # its other end is closed
            while os.read(ours, 1 << 16):
                pass

    reader = threading.Thread(target=read)
    reader.start()
    with pytest.MonkeyPatch.context() as patch:
        with os.fdopen(theirs, "w") as file:
            patch.setattr(sys, "stderr", file)
            yield
        reader.join()
    os.close(ours)


def test_seconds_of_what_is_read_are_shown_below_the_items() -> None:
    with terminal(), progress("scanning", 2) as steps:
        told = steps.reading("a [bold]\x1b[31m.mp3")
        told(605.2, 3600.0)
        steps.reading("b.aac")(61.0, None)
        assert steps._shown is not None
        shown = {task.description: (task.completed, task.total, task.fields["count"]) for task in steps._shown.tasks}
        assert shown == {
            "scanning": (0, 2, "0/2"),
            "a [bold]\ufffd[31m.mp3": (605.2, 3600.0, "0:10:05/1:00:00"),
            "b.aac": (61.0, None, "0:01:01"),
        }
        steps()
        assert [task.fields["count"] for task in steps._shown.tasks] == ["1/2"]
        told(1200.0, 3600.0)
        assert [task.fields["count"] for task in steps._shown.tasks] == ["1/2", "0:20:00/1:00:00"]


def test_nothing_is_shown_elsewhere(capfd: pytest.CaptureFixture[str]) -> None:
    with progress("scanning", None) as steps:
        steps.reading("a.mp3")(1.0, 2.0)
        steps()
    assert capfd.readouterr().err == ""


def test_who_waits_for_a_scan_and_a_registration_is_told(sqlite_settings: Settings, tmp_path: Path) -> None:
    told: dict[str, list[tuple[float, float | None]]] = {}

    def listener(name: str) -> Listener:
        return lambda done, of: told.setdefault(name, []).append((done, of))

    song = Source.blob(encoding.recording())
    parts = PartUpload("a.wav", song), PartUpload("text", Source.text("Some words."), "text")
    request = RegistrationRequest(RegistrationItem(path="b.wav", owner="O"), song)
    (tmp_path / "go").touch()
    with Application(sqlite_settings.model_copy(update={"ffmpeg": encoding.pausing_program(tmp_path)})) as opened:
        local = accounts.local(opened.db)
        list(opened.scanner.scan(local, [Upload(ScanItem(), parts).told_to(listener)]))
        list(opened.registrar.register(local, [request.told_to(listener)]))
    assert set(told) == {"a.wav", "b.wav"}
    for each in told.values():
        assert each == sorted(each)
        assert {of for _, of in each} == {1200.0}
