"""Carries out jobs and delivers events, in threads of a process: in `serve`, or in `sourcemark worker`."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from ..database import leases
from ..errors import SourcemarkError
from .queue import RENEWAL_SECONDS, Queue, Stopped, Taken

_logger = logging.getLogger(__name__)
IDLE_SECONDS = 1.0  # between two looks for work
_PAUSE_SECONDS = 5.0  # after the database could not be reached
Step = Callable[[threading.Event], bool]  # does the next thing there is to do; returns whether there was one


class Worker:
    """The threads that work in the background of a process. Start it once, and stop it before what it uses closes."""

    def __init__(
        self,
        queue: Queue,
        deliver: Step,
        ready: Callable[[], None],
        threads: int,
        send_letter: Step | None = None,
    ) -> None:
        """
        Args:
            deliver: delivers what is due to one endpoint; returns whether there was any.
            ready: makes what the others use usable, or raises; called before each look for work.
            threads: for jobs, and as many for deliveries.
            send_letter: sends the next letter about a case, in one thread where there are others.
        """
        self._stop = threading.Event()
        self._queue = queue
        self._held: set[Taken] = set()
        self._ready = ready
        tasks: list[tuple[str, Callable[[], bool]]] = [
            *[(f"jobs {n}", self._job) for n in range(threads)],
            *[(f"deliveries {n}", lambda: deliver(self._stop)) for n in range(threads)],
        ]
        if send_letter is not None and threads:
            tasks.append(("letters", lambda: send_letter(self._stop)))
        self._threads = [
            threading.Thread(target=self._loop, args=(step,), name=name, daemon=True) for name, step in tasks
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def begin_stop(self) -> None:
        """Take nothing more; jobs under way end when they have saved what they have done."""
        self._stop.set()

    def stop(self, seconds: float) -> None:
        """Take nothing more, wait so long for what is under way, and give back the jobs that have not ended then.

        Others take those up at once, after what was saved; the threads that are at them still can write nothing more.
        """
        self.begin_stop()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        for taken in tuple(self._held):
            try:
                self._queue.stopped(taken)
            except SourcemarkError as error:  # its lease runs out
                _logger.warning("%s: not given back: %s", taken.job_id, error.detail)

    def _loop(self, step: Callable[[], bool]) -> None:
        """Work until there is nothing to do, wait, look again."""
        while not self._stop.is_set():
            pause = IDLE_SECONDS
            try:
                self._ready()
                if step():
                    continue
            except SourcemarkError as error:
                _logger.warning("%s: %s", threading.current_thread().name, error.detail)
                pause = _PAUSE_SECONDS
            except Exception:
                _logger.exception("%s: unforeseen", threading.current_thread().name)
                pause = _PAUSE_SECONDS
            self._stop.wait(pause)

    def _job(self) -> bool:
        """Carry out the next job; returns whether there was one."""
        taken = self._queue.take()
        if taken is None:
            return False
        self._held.add(taken)
        try:
            with leases.kept(f"lease of {taken.job_id}", RENEWAL_SECONDS, lambda: self._renew(taken)) as lost:
                self._attempt(taken, lost)
        finally:
            self._held.discard(taken)
        return True

    def _renew(self, taken: Taken) -> bool:
        """Returns whether to go on with a job: it was not cancelled, and does not belong to another."""
        try:
            self._queue.renew(taken)
        except Stopped:
            return False
        except SourcemarkError as error:  # a busy database: the next time
            _logger.warning("%s: its lease was not renewed: %s", taken.job_id, error.detail)
        return True

    def _attempt(self, taken: Taken, lost: threading.Event) -> None:
        try:
            result = self._queue.run(taken, lambda: self._stop.is_set() or lost.is_set())
            self._queue.end(taken, "done", result=result)
        except Stopped:
            self._queue.stopped(taken)
        except SourcemarkError as error:
            if error.status >= 500 and self._stop.is_set():
                self._queue.stopped(taken)  # what it worked with is being closed
            elif error.status >= 500:
                _logger.warning("%s, attempt %s: %s", taken.job_id, taken.attempts, error.detail)
                self._queue.try_again(taken, error)
            else:
                self._queue.end(taken, "failed", error=error)
        except Exception:
            _logger.exception("%s, attempt %s: unforeseen", taken.job_id, taken.attempts)
            self._queue.try_again(taken, SourcemarkError("an unforeseen error, written to the service's log"))
