"""Decoders in child processes: foreign bytes are parsed where they can do the least harm.

A pool of long-lived workers (`fingerprints.sandbox.worker`), started when first needed. Each is given the descriptor of
a file, and limits its own memory, CPU time and files; the wall clock is this side's. A worker over a limit or dead is
replaced; nothing of it reaches the caller but an error. Framed messages over a Unix socket, no pickle.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import signal
import site
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from .. import errors
from ..errors import FingerprintError, LimitExceeded, UnreadableMedia, WorkerFailed
from ..model import EmbeddedPicture, EmbeddedPictures, Examination, Field, Fingerprint, Limits, PictureLine, Quad
from ..progress import FILM_SPEED, Listener
from ..source import CHUNK, Source
from .worker import ANSWER, EXAMINE, EXAMINE_THOROUGHLY, FORMATS, REQUEST, TAKE_PICTURES

_START_SECONDS = 60.0  # imports on a cold, busy disk
_LARGE = 4 << 20  # bytes of a file that is read beside others, never in the place of all
_MAX_ANSWER_OVERHEAD = 64 << 20  # bytes of an answer beside twice the largest file
_ERRORS: dict[str, type[FingerprintError]] = {
    name: getattr(errors, name) for name in ("UnreadableMedia", "UnsupportedMedium", "LimitExceeded", "WorkerFailed")
}


_Answer = Examination | EmbeddedPictures | FingerprintError


class _Died(Exception):
    """The worker ended without an answer."""


@dataclass(slots=True)
class _Place:
    """Room for one worker, who is started when there is work."""

    worker: _Worker | None = None


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
        self._large = threading.BoundedSemaphore(max(1, workers // 2))
        self._places: queue.LifoQueue[_Place] = queue.LifoQueue()  # last in, first out keeps few workers warm
        for _ in range(workers):
            self._places.put(_Place())

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
        idle: list[_Place] = []
        with contextlib.suppress(queue.Empty):
            while True:
                idle.append(self._places.get_nowait())
        for place in idle:
            self._drop(place)
            self._places.put(place)

    def examine(self, source: Source, *, thorough: bool = False) -> Examination:
        """Read one file in a worker; the source's listener is told how far it is.

        Args:
            thorough: see `registry.examine`.

        Raises:
            UnreadableMedia: what the decoder says; ``empty``, ``file_missing``, ``is_a_directory``, ``not_a_file``,
                ``file_unreadable``, ``file_changed``; ``decoder_crashed`` when it crashes twice.
            UnsupportedMedium: what `sniff` says.
            LimitExceeded: ``too_large``, ``too_many_pixels``, ``memory_limit``, ``cpu_limit``, ``time_limit``.
            WorkerFailed: no worker, or no program that it needs, can be started, or the sandbox is closed.
        """
        answer = self._asked(source, EXAMINE_THOROUGHLY if thorough else EXAMINE)
        assert isinstance(answer, Examination)
        return answer

    def pictures(self, source: Source) -> EmbeddedPictures:
        """Take the pictures out of a document in a worker, see `documents.embedded.pictures`; raises as `examine`."""
        answer = self._asked(source, TAKE_PICTURES)
        assert isinstance(answer, EmbeddedPictures)
        return answer

    def _asked(self, source: Source, task: int) -> Examination | EmbeddedPictures:
        with source.shared() as (descriptor, size):
            _check_size(size, self._limits.max_bytes)
            request = REQUEST.pack(size, FORMATS.index(source.declared), task)
            with self._large if size > _LARGE else contextlib.nullcontext(), self._place() as place:
                answer = self._answer(place, request, descriptor, source.listener)
                if isinstance(answer, LimitExceeded) and answer.reason == "memory_limit":
                    self._drop(place)  # it ends itself
        if isinstance(answer, FingerprintError):
            raise answer
        return answer

    @contextlib.contextmanager
    def _place(self) -> Iterator[_Place]:
        place = self._places.get()
        try:
            yield place
        except BaseException:
            self._drop(place)  # whatever interrupted the exchange, the messages are now out of step
            raise
        finally:
            self._places.put(place)

    def _answer(self, place: _Place, request: bytes, descriptor: int, listener: Listener | None) -> _Answer:
        """What the worker says of a file; one that dies of it is replaced once."""
        for attempt in (1, 2):
            if place.worker is not None and not place.worker.alive():
                self._drop(place)
            if place.worker is None:
                place.worker = self._start()
            try:
                return self._ask(place.worker, request, descriptor, listener)
            except _Died as died:
                self._drop(place)
                if self._closed:
                    raise WorkerFailed("closed", "the sandbox was closed while it read the file") from None
                if attempt == 2:
                    raise UnreadableMedia(
                        "decoder_crashed", f"the decoder crashes on this file ({died}); the file is damaged"
                    ) from None
        raise AssertionError("unreachable")

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
            self._drop(_Place(worker))
            raise WorkerFailed(
                "worker_start", f"the decoder process does not start ({error}); run: sourcemark doctor"
            ) from None
        return worker

    def _drop(self, place: _Place) -> None:
        """End the worker of a place, if there is one."""
        if place.worker is not None:
            place.worker.kill()
            with self._lock:
                self._running.discard(place.worker)
            place.worker = None

    def _ask(self, worker: _Worker, request: bytes, descriptor: int, listener: Listener | None) -> _Answer:
        deadline = time.monotonic() + self._limits.wall_seconds
        more = 0.0
        try:
            worker.send(request, deadline, descriptor)
            while (told := _progress(answer := worker.receive(deadline + more))) is not None:
                done, of, allowed = told
                # What a worker says is believed up to the longest file that is taken.
                more = min(max(allowed, more), self._limits.max_seconds / FILM_SPEED)
                if listener is not None:
                    listener(done, of)
            return _parsed(*answer)
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


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise LimitExceeded("too_large", f"the file has {size} bytes, more than the limit of {limit}")
    if not size:
        raise UnreadableMedia("empty", "the file is empty")


def _progress(answer: tuple[bytes, bytes, bytes]) -> tuple[float, float | None, float] | None:
    """Seconds read, of how many, and seconds of time allowed, where an answer only says that; else None."""
    if not answer[0].startswith(b'{"progress"'):
        return None
    try:
        done, of, allowed = json.loads(answer[0])["progress"]
        return float(done), None if of is None else float(of), float(allowed)
    except (ValueError, KeyError, TypeError) as problem:
        raise _Died(f"progress that cannot be read: {problem}") from None


def _parsed(head: bytes, fingerprint: bytes, text: bytes) -> _Answer:
    try:
        found = json.loads(head)
        if "error" in found:
            return _ERRORS[found["error"]](found["reason"], found["message"])
        if "pictures" in found:
            return _cut(found["pictures"], int(found["left_out"]), text)
        return Examination(
            Fingerprint.from_bytes(fingerprint),
            found["format"],
            text.decode("utf-8", "surrogatepass") if found["text"] else None,
            tuple(
                Field(str(where), str(tag), str(value), tuple(map(str, readings)))
                for where, tag, value, readings in found["fields"]
            ),
            tuple(
                PictureLine(str(line), _quad(quad), int(at), bool(visible))
                for line, quad, at, visible in found["lines"]
            ),
        )
    except (ValueError, KeyError, TypeError) as problem:
        raise _Died(f"an answer that cannot be read: {problem}") from None


def _quad(corners: list[list[float]]) -> Quad:
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return a, b, c, d


def _cut(listed: list[tuple[str, int, int]], left_out: int, files: bytes) -> EmbeddedPictures:
    """The pictures of an answer, whose files stand one after the other."""
    pictures, start = [], 0
    for name, at, size in listed:
        pictures.append(EmbeddedPicture(str(name), int(at), files[start : start + int(size)]))
        start += int(size)
    return EmbeddedPictures(tuple(pictures), left_out)


class _Worker:
    """One child process and the socket to it."""

    def __init__(self, limits: Limits, anchors: int) -> None:
        self._socket, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", "fingerprints.sandbox.worker", json.dumps(asdict(limits)), str(anchors)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_environment(),
                start_new_session=True,  # a Ctrl-C in the terminal is for the parent to handle
            )
        except OSError as error:
            self._socket.close()
            raise WorkerFailed("worker_start", f"the decoder process does not start: {error}") from None
        finally:
            theirs.close()
        self._socket.setblocking(False)
        self._max_answer = 2 * limits.max_bytes + _MAX_ANSWER_OVERHEAD

    def alive(self) -> bool:
        return self._process.poll() is None

    def ended(self) -> int:
        """The exit status, once the socket is closed."""
        try:
            return self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return 0

    def stop(self) -> None:
        """End the process and what it started; the socket stays open for whoever reads it."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        self.stop()
        self._process.wait()
        self._socket.close()

    def send(self, data: bytes, deadline: float, descriptor: int | None = None) -> None:
        """Send all, with the first byte a descriptor; TimeoutError at the deadline, _Died when nobody reads."""
        view, passed = memoryview(data), [] if descriptor is None else [descriptor]
        while view:
            self._wait(select.POLLOUT, deadline)
            try:
                sent: int = socket.send_fds(self._socket, [view], passed)
                view, passed = view[sent:], []
            except BlockingIOError:
                continue
            except OSError as error:
                raise _Died(self._how(str(error))) from None

    def receive(self, deadline: float) -> tuple[bytes, bytes, bytes]:
        """Read one answer: JSON head, fingerprint, text."""
        sizes = ANSWER.unpack(self._read(ANSWER.size, deadline))
        if sum(sizes) > self._max_answer:
            raise _Died("an answer larger than any file")
        head, fingerprint, text = (self._read(size, deadline) for size in sizes)
        return head, fingerprint, text

    def _read(self, size: int, deadline: float) -> bytes:
        parts: list[bytes] = []
        while size:
            self._wait(select.POLLIN, deadline)
            try:
                part = self._socket.recv(min(size, CHUNK))
            except BlockingIOError:
                continue
            except OSError as error:
                raise _Died(self._how(str(error))) from None
            if not part:
                raise _Died(self._how("end of output"))
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _wait(self, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        poll = select.poll()
        try:
            poll.register(self._socket, event)
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
