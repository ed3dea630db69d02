"""A few processes that each hold an object of their own and are asked in step."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from ..errors import Unavailable

Ask = Callable[[str, Sequence[tuple[Any, ...]]], list[Any]]


@contextmanager
def worker_processes(size: int, make: Callable[..., Any], *arguments: Any) -> Iterator[Ask]:
    """Start ``size`` processes, each with ``make(*arguments)``; one works here, without any.

    Yields:
        A function that calls a method of the first, second, ... object with the first, second, ... arguments, all at
        once, and returns what they return, in order. What a method raises is raised; `Unavailable` if a process ends.
    """
    if size == 1:
        only = make(*arguments)
        yield lambda method, calls: [getattr(only, method)(*call) for call in calls]
        return
    # Not forked: the caller may hold threads and locks, and other platforms cannot.
    context = multiprocessing.get_context("spawn")
    pipes: list[Connection] = []
    processes = []
    try:
        for _ in range(size):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, make, arguments), daemon=True)
            process.start()
            theirs.close()
            pipes.append(ours)
            processes.append(process)

        def ask(method: str, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
            try:
                for pipe, call in zip(pipes, calls, strict=False):
                    pipe.send((method, call))
                answers = [pipe.recv() for pipe, _ in zip(pipes, calls, strict=False)]
            except (EOFError, OSError) as error:
                raise Unavailable(
                    "a helping process ended unexpectedly: is there enough memory?", reason="process_died"
                ) from error
            for failed, answer in answers:
                if failed:
                    raise answer
            return [answer for _, answer in answers]

        yield ask
    finally:
        for pipe in pipes:
            pipe.close()  # ends the process that reads from it
        for process in processes:
            process.terminate()
            process.join()
            process.close()


def _work(pipe: Connection, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; whoever asked ends us
    try:
        it = make(*arguments)
        while True:
            method, call = pipe.recv()
            try:
                answer = (False, getattr(it, method)(*call))
            except Exception as error:
                answer = (True, error)
            pipe.send(answer)
    except (EOFError, OSError):
        return
