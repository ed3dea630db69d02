"""The program that decodes sound, where it hangs, floods, or is left by a worker that is killed; progress; memory."""

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fingerprints.audio.examples import tune, wav
from fingerprints.errors import LimitExceeded, UnreadableMedia, WorkerFailed
from fingerprints.model import Limits
from fingerprints.sandbox.pool import Sandbox
from fingerprints.source import Source
from tests.fingerprints import encoding

pytestmark = pytest.mark.slow

SONG = wav(tune(1, 4))
LONG_SECONDS = 600
# What ffmpeg says of a file, and then six rounds of silence.
SILENCE = """case "$*" in *pipe:1*) for n in 1 2 3 4 5 6; do head -c %d /dev/zero; sleep 0.5; done;; *) cat >&2 <<END
Input #0, wav, from 'fd:':
  Duration: 00:20:00.00, bitrate: 0 kb/s
  Stream #0:0: Audio: pcm_s16le, 11025 Hz, stereo, s16
END
esac"""
A_SECOND = 11_025 * 4  # bytes that the program gives


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """A program that stands in for ffmpeg."""

    def made(script: str) -> str:
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return made


def running(named: str) -> list[int]:
    """The processes with this in their command lines."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if named.encode() in each.read_bytes():
                found.append(int(each.parent.name))
    return found


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def long_song() -> bytes:
    """Minutes in few bytes: a low rate, one channel."""
    return encoding.encoded("long.flac", "-af", "aloop=-1:400000", "-t", str(LONG_SECONDS), "-ar", "2000")


@pytest.mark.parametrize("script", ["sleep 600.%d & wait", "exec sleep 600.%d", "exec yes 600.%d >&2"])
def test_a_decoder_that_does_not_end_is_ended(program: Callable[[str], str], script: str) -> None:
    """With what it has started itself."""
    limits = Limits(wall_seconds=2, ffmpeg=program(script % os.getpid()))
    with Sandbox(1, limits) as sandbox:
        with pytest.raises(LimitExceeded) as refused:
            sandbox.examine(Source.blob(SONG))
        assert refused.value.reason == "time_limit"
    wait_for(lambda: not running(f"600.{os.getpid()}"))


def test_a_worker_that_is_killed_leaves_no_program(program: Callable[[str], str]) -> None:
    name = f"601.{os.getpid()}"
    with Sandbox(1, Limits(ffmpeg=program(f"exec sleep {name}"))) as sandbox, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(sandbox.examine, Source.blob(SONG))
        for _ in range(2):  # a file is tried twice
            wait_for(lambda: running(name))
            (worker,) = sandbox._running
            os.kill(worker._process.pid, signal.SIGKILL)
            wait_for(lambda: not running(name))
        with pytest.raises(UnreadableMedia) as refused:
            asked.result()
        assert refused.value.reason == "decoder_crashed"


def test_much_that_is_written_about_damage_is_not_kept(program: Callable[[str], str]) -> None:
    """Tens of megabytes of complaints, then no sound."""
    limits = Limits(ffmpeg=program("head -c 30000000 /dev/zero | tr '\\0' 'x' >&2; yes damage | head -n 500000 >&2"))
    with Sandbox(1, limits) as sandbox:
        sandbox.examine(Source.blob(b"plain words " * 20))
        before = _most_memory(sandbox)
        with pytest.raises(UnreadableMedia) as refused:
            sandbox.examine(Source.blob(SONG))
        assert refused.value.reason == "damaged"
        assert _most_memory(sandbox) - before < 64 << 20


@pytest.mark.parametrize("name", ["/nonexistent/ffmpeg", "/etc/hostname"])
def test_a_program_that_does_not_start(name: str) -> None:
    with Sandbox(1, Limits(ffmpeg=name)) as sandbox, pytest.raises(WorkerFailed) as failed:
        sandbox.examine(Source.blob(SONG))
    assert failed.value.reason == "no_decoder"
    assert "SOURCEMARK_FFMPEG" in str(failed.value)


def test_a_program_that_is_too_old(program: Callable[[str], str]) -> None:
    old = program("echo \"Unrecognized option 'fd'.\" >&2; exit 1")
    with Sandbox(1, Limits(ffmpeg=old)) as sandbox, pytest.raises(WorkerFailed, match=r"older than 6\.0") as failed:
        sandbox.examine(Source.blob(SONG))
    assert failed.value.reason == "no_decoder"


def test_progress_is_told_memory_does_not_grow_and_time_is_added(long_song: bytes) -> None:
    """Ten minutes take more than a second of computing."""
    told: list[tuple[float, float | None]] = []
    with Sandbox(1, Limits(cpu_seconds=1)) as sandbox:
        sandbox.examine(Source.blob(wav(np.tile(tune(1, 10), 6))))
        before = _most_memory(sandbox)
        found = sandbox.examine(Source.blob(long_song).told_to(lambda done, of: told.append((done, of))))
        assert _most_memory(sandbox) - before < 16 << 20
    assert found.fingerprint.facts["seconds_read"] == pytest.approx(LONG_SECONDS, abs=1)
    assert "partial" not in found.fingerprint.facts
    assert told
    assert told == sorted(told)
    assert {of for _, of in told} == {LONG_SECONDS}
    assert told[-1][0] <= LONG_SECONDS + 1


def test_who_is_told_may_end_the_reading(long_song: bytes) -> None:
    def enough(done: float, of: float | None) -> None:
        raise KeyboardInterrupt

    with Sandbox(1, Limits()) as sandbox:
        with pytest.raises(KeyboardInterrupt):
            sandbox.examine(Source.blob(long_song).told_to(enough))
        assert sandbox.examine(Source.blob(SONG)).format == "wav"


def test_what_is_read_adds_time(program: Callable[[str], str]) -> None:
    """The program takes three seconds, and each ten of sound add one; where it reads too slowly, that is too little."""
    with Sandbox(1, Limits(wall_seconds=2, ffmpeg=program(SILENCE % (100 * A_SECOND)))) as sandbox:
        sandbox.examine(Source.blob(b"plain words " * 20))
        found = sandbox.examine(Source.blob(SONG)).fingerprint
        assert (found.facts["seconds_read"], found.facts["seconds"], found.reason) == (600, 1200, "silent")
        assert found.facts["partial"] is True
    with Sandbox(1, Limits(wall_seconds=2, ffmpeg=program(SILENCE % A_SECOND))) as sandbox:
        with pytest.raises(LimitExceeded) as refused:
            sandbox.examine(Source.blob(SONG))
        assert refused.value.reason == "time_limit"


def _most_memory(sandbox: Sandbox) -> int:
    (worker,) = sandbox._running
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker._process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) << 10
