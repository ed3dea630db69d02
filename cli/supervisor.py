"""Several processes that serve one socket: started, watched, started again when they die, ended together.

The supervisor forks while it has neither threads nor connections, and loads nothing of the service: each worker does.
A fork passes on the socket and the settings with their passphrase as they are. uvicorn's own supervisor was not taken:
it builds the application from its name in each worker, so that a passphrase would have to pass through the environment,
and it waits without end for workers that do not stop.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

_LOOK = 0.1  # seconds between two looks at the workers
_SHORT = 10.0  # a life of fewer seconds makes the next wait longer
_PAUSES = (0.5, 30.0)  # seconds until one that died is started again, the first time and at most
_CUT_OFF = 128 + signal.SIGTERM


@dataclass(slots=True)
class _Place:
    """Where a worker is, or is to be started when it is time.

    Attributes:
        pid: None while there is none.
        due: when to start the next, by the monotonic clock.
    """

    pid: int | None = None
    began: float = 0.0
    due: float = 0.0
    pause: float = _PAUSES[0] / 2


@dataclass(frozen=True, slots=True)
class Role:
    """What this process is to be: the worker of a number, with the folder that all of them share."""

    number: int
    folder: Path

    def serves(self) -> None:
        """Note that a worker of this number has come up."""
        _mark(self.folder, self.number).touch()


class Supervisor:
    """Of one service. Its `run` returns in each worker, and in the supervisor when all of them have ended."""

    def __init__(self, workers: int, listener: socket.socket, stop_seconds: float) -> None:
        """
        Args:
            listener: bound; the supervisor closes its own when it is told to stop, so that no more are let in.
            stop_seconds: after which workers are killed that have not ended.
        """
        self._places = [_Place() for _ in range(workers)]
        self._listener = listener
        self._stop_seconds = stop_seconds
        self._signals: list[int] = []
        self._folder = Path(tempfile.mkdtemp(prefix="sourcemark-serve-"))
        self._alive: tuple[int, int] | None = os.pipe()  # ends with the supervisor, which its workers see

    def run(self) -> Role | int:
        """The role of this process if it is a worker; in the supervisor the exit status, at the end."""
        signal.signal(signal.SIGTERM, self._told)
        signal.signal(signal.SIGINT, self._told)
        try:
            while not self._signals:
                for number, place in enumerate(self._places):
                    if place.pid is None and time.monotonic() >= place.due and self._start(place):
                        return self._become(number)
                self._reap()
                time.sleep(_LOOK)
            return self._end()
        except _Worthless as error:
            self._end()
            return error.status
        finally:
            if self._alive is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _told(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)

    # --- in the supervisor -------------------------------------------------------------------------------------------
    def _start(self, place: _Place) -> bool:
        """Fork; returns whether this is the new worker."""
        place.began = time.monotonic()
        place.pid = os.fork()
        return place.pid == 0

    def _reap(self) -> None:
        """Note who has ended, and when to start another in its place."""
        for number, place in enumerate(self._places):
            status = _ended(place)
            if status is None:
                continue
            if status > 0 and not _mark(self._folder, number).exists():
                raise _Worthless(status)  # it has told why, a wrong setting for example
            lived = time.monotonic() - place.began
            place.pause = _PAUSES[0] if lived >= _SHORT else min(_PAUSES[1], 2 * place.pause)
            place.due = time.monotonic() + place.pause
            print(
                f"sourcemark: worker {number} ended with status {status}, another is started in {place.pause:g} s",
                file=sys.stderr,
                flush=True,
            )

    def _end(self) -> int:
        """Tell the workers to stop, wait, kill those that do not; a second signal kills them at once."""
        self._listener.close()
        self._kill(signal.SIGTERM)
        until = time.monotonic() + self._stop_seconds
        told, statuses = len(self._signals), set()
        while any(place.pid is not None for place in self._places):
            if time.monotonic() > until or len(self._signals) > told:
                self._kill(signal.SIGKILL)
            for place in self._places:
                if (status := _ended(place)) is not None:
                    statuses.add(status)
            time.sleep(_LOOK)
        if signal.SIGINT in self._signals:
            return 128 + signal.SIGINT
        return 0 if statuses <= {0, -signal.SIGTERM} else _CUT_OFF  # some were not up yet

    def _kill(self, number: int) -> None:
        for place in self._places:
            if place.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(place.pid, number)

    # --- in a worker -------------------------------------------------------------------------------------------------
    def _become(self, number: int) -> Role:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, for the supervisor
        if self._signals:  # told between the fork and this, when it could not end by it
            os.kill(os.getpid(), signal.SIGTERM)
        assert self._alive is not None
        watched, held = self._alive
        self._alive = None  # the folder is the supervisor's to remove
        os.close(held)
        threading.Thread(target=_end_with, args=(watched,), daemon=True).start()
        return Role(number, self._folder)


def _mark(folder: Path, number: int) -> Path:
    return folder / f"{number}.up"


class _Worthless(Exception):
    """A worker cannot serve, and another could not either."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _ended(place: _Place) -> int | None:
    """The exit status of a worker that has ended, below 0 if a signal ended it; None while there is nothing new."""
    if place.pid is None:
        return None
    pid, status = os.waitpid(place.pid, os.WNOHANG)
    if pid == 0:
        return None
    place.pid = None
    return os.waitstatus_to_exitcode(status)


def _end_with(watched: int) -> None:
    """End in order when the supervisor has ended: nobody else would tell this process to."""
    with contextlib.suppress(OSError):
        os.read(watched, 1)
    os.kill(os.getpid(), signal.SIGTERM)
