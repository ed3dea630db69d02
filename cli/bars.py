"""Progress on stderr, and only where that is a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from provenance.names import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from fingerprints.progress import Listener

_MAX_NAME = 30  # characters of a file's name


class Steps:
    """A bar of items; and below it, while long sound or film is read, a bar of the seconds of each."""

    def __init__(self, shown: Progress | None, label: str, total: int | None) -> None:
        """
        Args:
            shown: None where nothing is shown.
            total: items, where that is known.
        """
        self._shown, self._total, self._done = shown, total, 0
        self._lock = threading.Lock()
        self._files: list[TaskID] = []
        if shown is not None:
            self._items = shown.add_task(label, total=total, count=self._count())

    def __call__(self) -> None:
        """An item is done."""
        if self._shown is None:
            return
        self._done += 1
        self._shown.update(self._items, completed=self._done, count=self._count())
        with self._lock:  # what is being read yet is shown again when more of it was
            for file in self._files:
                self._shown.remove_task(file)
            self._files.clear()

    def reading(self, name: str) -> Listener:
        """Who is told how much of a file was read."""
        own: list[TaskID] = []

        def told(seconds: float, of: float | None) -> None:
            if self._shown is None:
                return
            with self._lock:
                if not own or own[0] not in self._files:
                    own[:] = [self._shown.add_task(printable(name)[-_MAX_NAME:], total=of, count="")]
                    self._files += own
                count = _clock(seconds) if of is None else f"{_clock(seconds)}/{_clock(of)}"
                self._shown.update(own[0], completed=seconds, total=of, count=count)

        return told

    def _count(self) -> str:
        return f"{self._done}/{'?' if self._total is None else self._total}"


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=int(seconds)))


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Steps]:
    """A bar while the block runs; yields what to call per item.

    Args:
        total: items, where that is known.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    if not sys.stderr.isatty():
        yield Steps(None, label, total)
        return
    names, counts = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[count]}", markup=False)
    columns = (names, BarColumn(), counts, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield Steps(shown, label, total)


@contextmanager
def bar(label: str) -> Iterator[Callable[[float], None]]:
    """A bar for what somebody else does, as `progress`; yields what to call with the share that is done, 0 to 1."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    if not sys.stderr.isatty():
        yield lambda share: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=1.0)
        yield lambda share: shown.update(task, completed=share)
