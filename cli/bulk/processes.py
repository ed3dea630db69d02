"""Chunks answered by processes of this machine: one that dies ends the run, and takes nothing with it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from provenance.errors import SourcemarkError, Unavailable, from_os_error
from provenance.schemas.bulk import BulkChunk

from .answering import Answerer, Job
from .listing import Chunk

_POLL_SECONDS = 0.2  # between two looks at how many rows were examined
_END_SECONDS = 5.0  # that a process may take to close its database and end its decoder


def answer(job: Job, chunks: Iterator[Chunk], processes: int, step: Callable[[], None]) -> Iterator[BulkChunk]:
    """Answer chunks, so many at a time; each answer comes when it is there.

    Args:
        step: called for each row that was examined.

    Raises:
        SourcemarkError: what a process could not do, or that one died; what was answered is kept.
    """
    spawning = multiprocessing.get_context("spawn")  # a copy of this process would share its database connections
    counted: Any = spawning.Value("Q")
    seen = 0
    idle: list[_Process] = []
    busy: dict[Any, _Process] = {}
    try:
        while True:
            while len(busy) < processes and (chunk := next(chunks, None)) is not None:
                process = idle.pop() if idle else _Process(spawning, job, counted)
                process.ask(chunk)
                busy[process.channel] = process
            if not busy:
                return
            for channel in wait(list(busy), _POLL_SECONDS):
                process = busy.pop(channel)
                idle.append(process)
                yield process.answer()
            while seen < counted.value:
                seen += 1
                step()
    finally:
        for process in busy.values():
            process.kill()
        for process in (*idle, *busy.values()):
            process.end()


class _Process:
    """One process, which answers a chunk at a time."""

    def __init__(self, spawning: Any, job: Job, counted: Any) -> None:
        self.channel: Connection
        self.channel, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_serve, args=(job, theirs, counted), daemon=True)
        # A daemon may have no children of its own by multiprocessing; the decoders are plain subprocesses.
        self._process.start()
        theirs.close()

    def ask(self, chunk: Chunk) -> None:
        with contextlib.suppress(ConnectionError):  # it could not start; its answer says why
            self.channel.send(chunk)

    def answer(self) -> BulkChunk:
        """Its answer, once there is one; raises as `answer`."""
        try:
            answered = self.channel.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            raise Unavailable(
                f"a process that answers rows died (exit status {self._process.exitcode}): run the same command again; "
                "it goes on with the chunks that are not done",
                reason="worker_start",
            ) from None
        if isinstance(answered, SourcemarkError):
            raise answered
        assert isinstance(answered, BulkChunk)
        return answered

    def kill(self) -> None:
        """End it in the middle of a chunk."""
        self._process.terminate()

    def end(self) -> None:
        """End it, in order where it has nothing to do."""
        self.channel.close()
        self._process.join(_END_SECONDS)
        self._process.terminate()
        self._process.join()


def _serve(job: Job, channel: Connection, counted: Any) -> None:
    """Answer chunks until there are no more, or the process that asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that asks to handle
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def examined() -> None:
        with counted.get_lock():
            counted.value += 1

    try:
        with contextlib.closing(Answerer(job)) as answerer:
            while True:
                channel.send(answerer.answer(channel.recv(), examined))
    except EOFError:
        pass
    except SourcemarkError as error:
        channel.send(error)
    except OSError as error:
        channel.send(from_os_error(error, job.folder.local or job.settings.home))  # type: ignore[union-attr]


def _end_with_parent() -> None:
    """A process whose parent was killed must not go on in secret."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
