"""Decoders in child processes: foreign bytes are parsed where they can do the least harm.

A pool of long-lived workers (`fingerprints.sandbox.worker`), started when first needed. Each limits its own memory, CPU
time and files; the wall clock is this side's. A worker over a limit or dead is replaced; nothing of it reaches the
caller but an error. Framed pipes, no pickle.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import signal
import site
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from .. import errors
from ..errors import FingerprintError, LimitExceeded, UnreadableMedia, WorkerFailed
from ..model import Examination, Field, Fingerprint, Limits, TextFormat
from .worker import ANSWER, FORMATS, REQUEST

_START_SECONDS = 60.0  # imports on a cold, busy disk
_CHUNK = 1 << 20
_ERRORS: dict[str, type[FingerprintError]] = {
    name: getattr(errors, name) for name in ("UnreadableMedia", "UnsupportedMedium", "LimitExceeded")
}


class _Died(Exception):
    """The worker ended without an answer."""


class Sandbox:
    """Examines files in up to ``workers`` child processes at a time; safe to call from many threads."""

    def __init__(self, workers: int, limits: Limits, trust_anchors: str = "") -> None:
        """
        Args:
            workers: child processes at most, 1 or more; further callers wait.
            limits: what one file may cost.
            trust_anchors: PEM certificates that C2PA manifests are trusted by.
        """
        if workers < 1:
            raise ValueError("a sandbox needs at least one worker")
        self._limits, self._anchors = limits, trust_anchors.encode()
        self._lock = threading.Lock()
        self._running: set[_Worker] = set()
        self._closed = False
        # A place is a worker, or None where one has to be started; last in, first out keeps few workers warm.
        self._places: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(workers):
            self._places.put(None)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers; a call in progress fails with WorkerFailed."""
        with self._lock:
            self._closed = True
            for worker in self._running:
                worker.stop()  # whoever is talking to it closes its pipes
        idle: list[_Worker | None] = []
        with contextlib.suppress(queue.Empty):
            while True:
                idle.append(self._places.get_nowait())
        for place in idle:
            if place is not None:
                self._drop(place)
            self._places.put(None)

    def examine(
        self, source: Path | bytes, declared: TextFormat | None = None, *, thorough: bool = False
    ) -> Examination:
        """Read one file in a worker.

        Args:
            source: a path to a regular file, or its bytes.
            declared: the bytes are UTF-8 text of this format, as their sender said.
            thorough: see `media.examine`.

        Raises:
            UnreadableMedia: what the decoder says; ``file_missing``, ``is_a_directory``, ``not_a_file``,
                ``file_unreadable``; ``decoder_crashed`` when it crashes twice.
            UnsupportedMedium: what `sniff` says.
            LimitExceeded: ``too_large``, ``too_many_pixels``, ``memory_limit``, ``cpu_limit``, ``time_limit``.
            WorkerFailed: no worker can be started, or the sandbox is closed.
        """
        place = self._places.get()
        worker: _Worker | None = place
        try:
            for attempt in (1, 2):
                if worker is not None and not worker.alive():
                    self._drop(worker)
                    worker = None
                fresh = worker or self._start()
                worker = fresh
                try:
                    return self._ask(fresh, source, declared, thorough=thorough)
                except _Died as died:
                    self._drop(fresh)
                    worker = None
                    if self._closed:
                        raise WorkerFailed("closed", "the sandbox was closed while it read the file") from None
                    if attempt == 2:
                        raise UnreadableMedia(
                            "decoder_crashed", f"the decoder crashes on this file ({died}); the file is damaged"
                        ) from None
            raise AssertionError("unreachable")
        except BaseException as error:
            # Whatever interrupted the exchange, the pipe is now out of step, unless the worker itself reported it.
            if worker is not None and not getattr(error, "answered", False):
                self._drop(worker)
                worker = None
            raise
        finally:
            self._places.put(worker)

    def _start(self) -> _Worker:
        if self._closed:
            raise WorkerFailed("closed", "the sandbox is closed")
        worker = _Worker(self._limits, len(self._anchors))
        with self._lock:
            self._running.add(worker)
            closed = self._closed
        if closed:
            worker.stop()
        try:
            deadline = time.monotonic() + _START_SECONDS
            worker.send(self._anchors, deadline)
            worker.receive(deadline)
        except (_Died, TimeoutError) as error:
            self._drop(worker)
            raise WorkerFailed(
                "worker_start", f"the decoder process does not start ({error}); run: sourcemark doctor"
            ) from None
        return worker

    def _drop(self, worker: _Worker) -> None:
        worker.kill()
        with self._lock:
            self._running.discard(worker)

    def _ask(
        self, worker: _Worker, source: Path | bytes, declared: TextFormat | None, *, thorough: bool
    ) -> Examination:
        deadline = time.monotonic() + self._limits.wall_seconds
        try:
            with _opened(source, self._limits.max_bytes) as (size, read):
                worker.send(REQUEST.pack(size, FORMATS.index(declared), thorough), deadline)
                left = size
                while left:
                    chunk = read(min(left, _CHUNK))
                    if not chunk:
                        raise UnreadableMedia("file_changed", "the file became shorter while it was read; try again")
                    left -= len(chunk)
                    worker.send(chunk, deadline)
            head, fingerprint, text = worker.receive(deadline)
            return _answer(head, fingerprint, text)
        except TimeoutError:
            raise LimitExceeded(
                "time_limit", f"reading the file takes longer than {self._limits.wall_seconds} seconds"
            ) from None
        except _Died as died:
            if worker.ended() == -signal.SIGXCPU:
                raise LimitExceeded(
                    "cpu_limit", f"reading the file takes more than {self._limits.cpu_seconds} seconds of computing"
                ) from None
            raise died from None


@contextlib.contextmanager
def _opened(source: Path | bytes, most: int) -> Iterator[tuple[int, Callable[[int], bytes | memoryview]]]:
    """The size of a source and a function that reads on."""
    if isinstance(source, bytes):
        view, at = memoryview(source), 0

        def read(count: int) -> memoryview:
            nonlocal at
            at += count
            return view[at - count : at]

        _check_size(len(source), most)
        yield len(source), read
        return
    try:
        # Non-blocking, because opening a FIFO would wait for its writer.
        opened = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _before(UnreadableMedia("file_missing", f"there is no file {source.name!r}")) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _before(UnreadableMedia("file_unreadable", f"{source.name!r} cannot be opened: {reason}")) from None
    try:
        info = os.fstat(opened)
        if stat.S_ISDIR(info.st_mode):
            raise _before(UnreadableMedia("is_a_directory", f"{source.name!r} is a folder; name the files in it"))
        if not stat.S_ISREG(info.st_mode):
            raise _before(UnreadableMedia("not_a_file", f"{source.name!r} is not a regular file"))
        _check_size(info.st_size, most)
        yield info.st_size, lambda count: os.read(opened, count)
    finally:
        os.close(opened)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise _before(LimitExceeded("too_large", f"the file has {size} bytes, more than the limit of {most}"))
    if not size:
        raise _before(UnreadableMedia("empty", "the file is empty"))


def _before(error: FingerprintError) -> FingerprintError:
    """Mark an error after which the worker still waits for a request."""
    error.answered = True  # type: ignore[attr-defined]
    return error


def _answer(head: bytes, fingerprint: bytes, text: bytes) -> Examination:
    try:
        found = json.loads(head)
        if "error" in found:
            error = _ERRORS[found["error"]](found["reason"], found["message"])
        else:
            return Examination(
                Fingerprint.from_bytes(fingerprint),
                found["format"],
                text.decode("utf-8", "surrogatepass") if found["text"] else None,
                tuple(Field(*map(str, field)) for field in found["fields"]),
            )
    except (ValueError, KeyError, TypeError) as problem:
        raise _Died(f"an answer that cannot be read: {problem}") from None
    # A worker that ran out of memory ends itself, any other is ready for the next file.
    raise error if error.reason == "memory_limit" else _before(error)


class _Worker:
    """One child process and its two pipes."""

    def __init__(self, limits: Limits, anchors: int) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", "fingerprints.sandbox.worker", json.dumps(asdict(limits)), str(anchors)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_environment(),
                bufsize=0,
                start_new_session=True,  # a Ctrl-C in the terminal is for the parent to handle
            )
        except OSError as error:
            raise WorkerFailed("worker_start", f"the decoder process does not start: {error}") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._most = 2 * limits.max_bytes + (64 << 20)

    def alive(self) -> bool:
        return self._process.poll() is None

    def ended(self) -> int:
        """The exit status, once the pipes are closed."""
        try:
            return self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return 0

    def stop(self) -> None:
        """End the process; the pipes stay open for whoever reads them."""
        self._process.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def send(self, data: bytes | memoryview, deadline: float) -> None:
        """Write all; TimeoutError at the deadline, _Died when nobody reads."""
        view = memoryview(data)
        while view:
            self._wait(self._in, select.POLLOUT, deadline)
            try:
                view = view[os.write(self._in, view) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise _Died(self._how(str(error))) from None

    def receive(self, deadline: float) -> tuple[bytes, bytes, bytes]:
        """Read one answer: JSON head, fingerprint, text."""
        head, _, fingerprint, text = ANSWER.unpack(self._read(ANSWER.size, deadline))
        if head + fingerprint + text > self._most:
            raise _Died("an answer larger than any file")
        return self._read(head, deadline), self._read(fingerprint, deadline), self._read(text, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        parts: list[bytes] = []
        while size:
            self._wait(self._out, select.POLLIN, deadline)
            try:
                part = os.read(self._out, min(size, _CHUNK))
            except BlockingIOError:
                continue
            except OSError as error:
                raise _Died(self._how(str(error))) from None
            if not part:
                raise _Died(self._how("end of output"))
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _wait(self, pipe: int, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        poll = select.poll()
        try:
            poll.register(pipe, event)
            ready = left > 0 and poll.poll(left * 1000)
        except (OSError, ValueError) as error:
            raise _Died(self._how(str(error))) from None
        if not ready:
            raise TimeoutError("no answer in time")

    def _how(self, otherwise: str) -> str:
        status = self.ended()
        if status < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-status).name
        return f"exit status {status}" if status else otherwise


def _environment() -> dict[str, str]:
    """What Python needs to find itself and this package, and nothing else: no keys, no addresses, no home."""
    root = str(Path(__file__).resolve().parents[2])
    out = {
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONUSERBASE": site.getuserbase() or "",
        # One thread a worker: the pool is the parallelism, and threads of a numeric library cost address space.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    if root not in (*site.getsitepackages(), site.getusersitepackages()):
        out["PYTHONPATH"] = root
    out.update({name: os.environ[name] for name in ("PYTHONHOME", "LD_LIBRARY_PATH") if name in os.environ})
    return out
