import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fingerprints import registry
from fingerprints.audio.examples import tune, wav
from fingerprints.errors import FingerprintError, LimitExceeded, UnreadableMedia, WorkerFailed
from fingerprints.image.examples import saved, scene
from fingerprints.model import Examination, Limits
from fingerprints.sandbox.pool import Sandbox
from fingerprints.source import Source
from fingerprints.text.examples import words

pytestmark = pytest.mark.slow

ARTICLE = words(1, 100).encode()
LARGE = 20 << 20  # bytes of text: a page that takes seconds is larger than the default limit


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(2, Limits()) as made:
        yield made


def reason(sandbox: Sandbox, source: Path | bytes) -> tuple[type[FingerprintError], str]:
    with pytest.raises(FingerprintError) as caught:
        sandbox.examine(Source.blob(source) if isinstance(source, bytes) else Source.file(source))
    assert len(str(caught.value)) > 10
    return type(caught.value), caught.value.reason


@pytest.mark.parametrize("data", [ARTICLE, "你好，世界\ufeff".encode(), saved(scene(1), "JPEG"), wav(tune(1, 5))])
def test_a_worker_gives_what_this_process_would(sandbox: Sandbox, tmp_path: Path, data: bytes) -> None:
    here = registry.examine(Source.blob(data), Limits())
    path = tmp_path / "anything.exe"
    path.write_bytes(data)
    for there in (sandbox.examine(Source.blob(data)), sandbox.examine(Source.file(path))):
        assert there.fingerprint.to_bytes() == here.fingerprint.to_bytes()
        assert (there.format, there.text, there.fields) == (here.format, here.text, here.fields)


def test_workers_stay_and_threads_share_them() -> None:
    with Sandbox(2, Limits()) as sandbox, ThreadPoolExecutor(8) as pool:
        results = list(pool.map(sandbox.examine, [Source.blob(words(n, 50).encode()) for n in range(40)]))
        assert [r.text for r in results] == [words(n, 50) for n in range(40)]
        assert len(sandbox._running) <= 2


def test_paths_that_are_no_files(sandbox: Sandbox, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "empty").touch()
    assert reason(sandbox, tmp_path) == (UnreadableMedia, "is_a_directory")
    assert reason(sandbox, tmp_path / "none") == (UnreadableMedia, "file_missing")
    assert reason(sandbox, tmp_path / "fifo") == (UnreadableMedia, "not_a_file")
    assert reason(sandbox, tmp_path / "empty") == (UnreadableMedia, "empty")
    assert reason(sandbox, tmp_path / "a\0b") == (UnreadableMedia, "file_unreadable")
    assert reason(sandbox, b"") == (UnreadableMedia, "empty")


@pytest.mark.parametrize(
    "change", [lambda path: os.truncate(path, 100), lambda path: path.write_bytes(b"other words " * LARGE)]
)
def test_a_file_that_changes_while_it_is_read(slow_file: bytes, tmp_path: Path, change: Callable[[Path], Any]) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(slow_file)
    with Sandbox(1, Limits(max_text_bytes=LARGE)) as sandbox, ThreadPoolExecutor(1) as pool:
        sandbox.examine(Source.blob(ARTICLE))
        found = pool.submit(reason, sandbox, path)
        time.sleep(0.5)
        change(path)
        assert found.result() == (UnreadableMedia, "file_changed")
        assert sandbox.examine(Source.blob(ARTICLE)).format == "plain"


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    with Sandbox(1, Limits()) as sandbox:
        assert reason(sandbox, tmp_path / "sparse") == (LimitExceeded, "too_large")
        assert reason(sandbox, b"a" * 30_000_000) == (LimitExceeded, "too_large")


def test_over_memory_and_then_well_again(png: Callable[[int, int, int], bytes]) -> None:
    with Sandbox(1, Limits(memory_bytes=400 << 20)) as sandbox:
        for _ in range(2):
            assert reason(sandbox, png(9900, 9900, 9900)) == (LimitExceeded, "memory_limit")
            assert sandbox.examine(Source.blob(ARTICLE)).format == "plain"


def test_over_cpu_time_and_then_well_again(slow_file: bytes) -> None:
    with Sandbox(1, Limits(cpu_seconds=1, max_text_bytes=LARGE)) as sandbox:
        assert reason(sandbox, slow_file) == (LimitExceeded, "cpu_limit")
        assert sandbox.examine(Source.blob(ARTICLE)).format == "plain"


def test_over_wall_time_and_then_well_again(slow_file: bytes) -> None:
    with Sandbox(1, Limits(wall_seconds=2, max_text_bytes=LARGE)) as sandbox:
        sandbox.examine(Source.blob(ARTICLE))
        started = time.monotonic()
        assert reason(sandbox, slow_file) == (LimitExceeded, "time_limit")
        assert time.monotonic() - started < 6
        assert sandbox.examine(Source.blob(ARTICLE)).format == "plain"


def killer(sandbox: Sandbox, times: int) -> threading.Thread:
    """Kill the first workers that are given a file, each while it works: one that still starts has another fate."""
    asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
    ask = sandbox._ask

    def told(worker: Any, *args: Any, **options: Any) -> Examination:
        asked.put(worker)
        return ask(worker, *args, **options)

    def run() -> None:
        for _ in range(times):
            process = asked.get()._process
            time.sleep(0.3)
            process.send_signal(signal.SIGSEGV)

    sandbox._ask = told  # type: ignore[method-assign]
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_one_crash_is_retried_and_two_are_reported(slow_file: bytes) -> None:
    with Sandbox(1, Limits(max_text_bytes=LARGE)) as sandbox:
        sandbox.examine(Source.blob(ARTICLE))
        thread = killer(sandbox, 1)
        assert sandbox.examine(Source.blob(slow_file)).format == "html"
        thread.join()
        thread = killer(sandbox, 2)
        assert reason(sandbox, slow_file) == (UnreadableMedia, "decoder_crashed")
        thread.join()
        assert sandbox.examine(Source.blob(ARTICLE)).format == "plain"


def test_a_worker_killed_while_idle_is_replaced(sandbox: Sandbox) -> None:
    sandbox.examine(Source.blob(ARTICLE))
    for worker in list(sandbox._running):
        worker._process.send_signal(signal.SIGKILL)
        worker._process.wait()
    assert sandbox.examine(Source.blob(ARTICLE)).format == "plain"


def test_a_closed_sandbox_refuses_and_leaves_no_process() -> None:
    sandbox = Sandbox(1, Limits())
    sandbox.examine(Source.blob(ARTICLE))
    (worker,) = sandbox._running
    sandbox.close()
    assert worker._process.returncode is not None
    assert reason(sandbox, ARTICLE) == (WorkerFailed, "closed")
    with pytest.raises(ValueError, match="worker"):
        Sandbox(0, Limits())


def proc(worker: int, what: str) -> bytes:
    return Path(f"/proc/{worker}/{what}").read_bytes()


def test_a_worker_is_confined_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCEMARK_SECRET", "hunter2")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit('the current folder is not to be imported from')")
    with Sandbox(1, Limits()) as sandbox:
        sandbox.examine(Source.blob(ARTICLE))
        (worker,) = sandbox._running
        assert b"hunter2" not in proc(worker._process.pid, "environ")
        assert b"HOME=" not in proc(worker._process.pid, "environ")
        limits = {
            line[:26].strip(): line[26:].split()[0]
            for line in proc(worker._process.pid, "limits").decode().splitlines()
        }
        assert limits["Max file size"] == "0"
        assert limits["Max core file size"] == "0"
        assert int(limits["Max address space"]) == Limits().memory_bytes
        assert int(limits["Max open files"]) < 64
        assert limits["Max cpu time"] != "unlimited"


def test_workers_end_with_their_parent() -> None:
    code = (
        "import os\nfrom fingerprints.sandbox.pool import Sandbox\nfrom fingerprints.model import Limits\n"
        "from fingerprints.source import Source\n"
        "s = Sandbox(1, Limits())\ns.examine(Source.blob(b'some text'))\n"
        "print(next(iter(s._running))._process.pid, flush=True)\nos._exit(9)"
    )
    root = Path(registry.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=False, timeout=60
    )
    worker = int(done.stdout)
    for _ in range(100):
        try:
            if b"\nState:\tZ" in proc(worker, "status"):
                return
        except FileNotFoundError:
            return
        time.sleep(0.05)
    raise AssertionError("the worker outlived its parent")
