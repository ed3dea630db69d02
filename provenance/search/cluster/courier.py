"""Carries questions from a service to the actors of a Ray cluster, by way of the process that is Ray's driver."""

from __future__ import annotations

import logging
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from itertools import count
from multiprocessing.connection import Connection

from .ray_process import CALL, EVERY_ACTOR, READY, RETURN, Job

_logger = logging.getLogger(__name__)
_LAST_SECONDS = 10  # that a driver process gets to end
_PATIENCE = (1.0, 30.0)  # seconds until the next attempt to reach a cluster, the first and the longest


class Undelivered(Exception):
    """A question was not brought to an actor, or the actor did not answer it."""


class Courier:
    """Keeps one driver process, and starts it anew when it has ended. Thread-safe.

    Attributes:
        trouble: why nothing can be sent now; None while it can.
    """

    def __init__(self, job: Job) -> None:
        self.trouble: str | None = f"the Ray cluster at {job.address} is being connected to"
        self._began = time.monotonic()
        self._job = job
        self._numbers = count(1)
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._waiting: dict[int, Future[bytes]] = {}
        self._pipe: Connection | None = None
        self._settled = threading.Event()  # the first attempt has ended
        self._closed = threading.Event()
        threading.Thread(target=self._keep, name="ray", daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Wait until the first attempt to reach the cluster has ended, or until so long after its begin."""
        self._settled.wait(max(0.0, self._began + seconds - time.monotonic()))

    def send_stop(self) -> Future[bytes]:
        """End all actors of the installation; how many there were, in ASCII, comes by the future."""
        return self.send(*EVERY_ACTOR, b"")

    def send(self, shard: int, replica: int, what: bytes) -> Future[bytes]:
        """Ask an actor; the answer, or `Undelivered`, comes by the future."""
        future: Future[bytes] = Future()
        number = next(self._numbers)
        with self._lock:
            pipe = self._pipe
            if pipe is not None:
                self._waiting[number] = future
        if pipe is None:
            future.set_exception(Undelivered(self.trouble or ""))
            return future
        try:
            with self._sending:
                pipe.send_bytes(CALL.pack(number, shard, replica) + what)
        except OSError:  # whoever reads from the pipe finds the same out and tells all who wait
            pass
        return future

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            pipe, self._pipe = self._pipe, None
        if pipe is not None:
            # Closed here only, the descriptor would stay open in the thread that reads it.
            with socket.socket(fileno=os.dup(pipe.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)

    def _keep(self) -> None:
        patience, longest = _PATIENCE
        while not self._closed.is_set():
            began = time.monotonic()
            try:
                why = self._run()
            except (OSError, EOFError) as error:
                why = f"its driver process ended: {error}"
            self._lose(f"the Ray cluster at {self._job.address} cannot be reached: {why}")
            self._settled.set()
            if self._closed.is_set():
                return
            _logger.warning("%s", self.trouble)
            patience = _PATIENCE[0] if time.monotonic() - began > longest else min(2 * patience, longest)
            self._closed.wait(patience)

    def _run(self) -> str:
        """One life of the process; returns why it has ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "provenance.search.cluster.ray_process", str(theirs.fileno())]
            # Of its own session, because Ctrl-C is for the service.
            process = subprocess.Popen(  # noqa: S603  # this program
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        pipe = Connection(ours.detach())
        try:
            pipe.send_bytes(pickle.dumps(self._job))
            said = pipe.recv_bytes()
            if said != READY:
                return said.decode(errors="replace")
            with self._lock:
                self._pipe, self.trouble = pipe, None
            self._settled.set()
            if self._closed.is_set():
                return "closed"
            self._read(pipe)
            return "its driver process ended; without the head of its cluster it does after a minute"
        finally:
            with self._lock:
                self._pipe = None
            pipe.close()
            _end(process)

    def _read(self, pipe: Connection) -> None:
        while True:
            try:
                raw = pipe.recv_bytes()
            except (EOFError, OSError):
                return
            number, returned = RETURN.unpack_from(raw)
            with self._lock:
                future = self._waiting.pop(number, None)
            if future is None:
                continue  # it was answered already
            if returned:
                future.set_result(raw[RETURN.size :])
            else:
                future.set_exception(Undelivered(raw[RETURN.size :].decode(errors="replace")))

    def _lose(self, why: str) -> None:
        with self._lock:
            self.trouble = why
            lost, self._waiting = self._waiting, {}
        for future in lost.values():
            future.set_exception(Undelivered(why))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that has lost its pipe."""
    try:
        process.wait(_LAST_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
