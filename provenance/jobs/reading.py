"""A job's progress while it reads long sound and film."""

from __future__ import annotations

import contextlib
import threading
import time

from fingerprints.progress import Listener

from ..errors import SourcemarkError
from .queue import Run

_TELL_SECONDS = 2.0  # between two reports
_READING = 0.95  # of a job; then what was read is searched for


class Reading:
    """Reports how much was read of a job's files, taken together."""

    def __init__(self, attempt: Run, files: int) -> None:
        """
        Args:
            files: how many there are, 1 or more.
        """
        self._attempt, self._files = attempt, files
        self._lock = threading.Lock()
        self._shares: dict[str, float] = {}
        self._told = time.monotonic() - _TELL_SECONDS

    def listener(self, name: str) -> Listener:
        """Who is told of one file. It raises `queue.Stopped`, which ends the reading, where the job must end."""

        def told(seconds: float, of: float | None) -> None:
            with self._lock:
                self._shares[name] = min(1.0, seconds / of) if of else 0.0
                if time.monotonic() - self._told < _TELL_SECONDS:
                    return
                self._told = time.monotonic()
                share = _READING * sum(self._shares.values()) / self._files
            with contextlib.suppress(SourcemarkError):  # a busy database: the next time
                self._attempt.report(share)

        return told
