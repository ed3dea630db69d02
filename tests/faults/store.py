"""Faults in store calls: everything the service asks of its database and of its folder passes through here.

`Faults` replaces the calls themselves (the database dialect's `do_*`, `os.fsync`, `open` ...), counts them, and lets
the one of a given number fail in a given way. `watched` finds the calls that it would miss.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import fcntl
import io
import os
import re
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

# failed: it had no effect. persisted: it took effect, then raised. full: no space. fsync: what should be durable is
# not known to be.
MODES = ("failed", "persisted", "full", "fsync")
# The process ends there, or stands still. "crash" is an exception that nobody catches, for tests within one process.
KILLS = ("kill before", "kill after", "stop")
_DATABASE = ("do_execute", "do_executemany", "do_execute_no_params", "do_commit")
_FILES = ("fsync", "replace", "rename", "mkdir", "rmdir", "link", "unlink", "open")


class Crash(BaseException):
    """The process is gone."""


class Faults:
    """Counts the store calls of one installation, and breaks the one that `arm` says.

    Attributes:
        calls: a word for each call since `arm`, such as "fsync log/checkpoint" or "commit".
        fired: the call that was broken, None before.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.calls: list[str] = []
        self.fired: str | None = None
        self.told: Callable[[str], object] = lambda _: (
            None
        )  # told of it before it happens: a killed process tells nobody
        self._number, self._mode = -1, ""
        self._active, self._only = False, re.compile("")
        self._lock = threading.Lock()
        self.inside = threading.local()  # a call is being made by this thread, so what it does is accounted for

    def arm(self, number: int, mode: str = "failed", only: str = "") -> None:
        """Break the call of this number, counted from now; -1: none.

        Args:
            only: a regular expression; calls of other words are not counted.
        """
        self.calls, self.fired, self._only = [], None, re.compile(only)
        self._number, self._mode, self._active = number, mode, True

    def disarm(self) -> None:
        self._active = False

    # --- the calls -------------------------------------------------------------------------------------------------
    def _call(
        self,
        word: str,
        act: Callable[[], Any],
        error: Callable[[str], BaseException],
        undo: Callable[[], object] = lambda: None,
    ) -> Any:
        if not self._active or getattr(self.inside, "yes", False) or not self._only.search(word):
            return act()
        with self._lock:
            number = len(self.calls)
            self.calls.append(word)
        mode = self._mode if number == self._number and self._suits(word) else None
        if mode is None and number == self._number:
            self._number += 1  # the next one that can fail in this way
        self.inside.yes = True
        try:
            if mode is None:
                return act()
            self.fired = f"{mode}: {word} (call {number})"
            self.told(self.fired)
            if mode in KILLS:
                result = act() if mode == "kill after" else None
                os.kill(os.getpid(), signal.SIGSTOP if mode == "stop" else signal.SIGKILL)
                return act() if mode == "stop" else result
            if mode in ("persisted", "crash after"):
                opened = act()
                if word.startswith(("read ", "create ")):  # what nobody was given, nobody closes
                    os.close(opened) if isinstance(opened, int) else opened.close()
            elif mode != "crash":
                undo()
            if mode.startswith("crash"):
                raise Crash
            raise error(mode)
        finally:
            self.inside.yes = False

    def _suits(self, word: str) -> bool:
        if self._mode == "fsync":
            return word.startswith(("fsync", "commit"))
        if self._mode in ("persisted", "crash after") and "advisory" not in word:  # what only reads has no effect
            return not word.startswith(("read", "SELECT", "BEGIN"))
        if self._mode == "full":
            return not word.startswith(("read", "SELECT", "BEGIN", "unlink", "rmdir", "flock"))
        return True

    # --- what is replaced ------------------------------------------------------------------------------------------
    def watch(self, engine: sa.Engine) -> None:
        """Replace the calls of a database; it stays so until the engine is thrown away."""
        dialect: Any = engine.dialect
        sqlite = dialect.name == "sqlite"

        def replace(name: str) -> None:
            real = getattr(dialect, name)

            def call(first: Any, *rest: Any) -> Any:
                word = "commit" if name == "do_commit" else str(rest[0]).split("\n")[0][:60]
                dbapi = getattr(first, "dbapi_connection", first) if name == "do_commit" else first.connection

                def error(mode: str) -> BaseException:
                    return _sqlite_error(mode) if sqlite else _postgres_error(mode, dbapi)

                return self._call(
                    word, lambda: real(first, *rest), error, dbapi.rollback if name == "do_commit" else lambda: None
                )

            setattr(dialect, name, call)

        for name in _DATABASE:
            replace(name)

    @contextlib.contextmanager
    def files(self) -> Iterator[None]:
        """Replace the calls of the folder while the block runs."""
        real = {name: getattr(os, name) for name in _FILES}
        real_open, real_flock = io.open, fcntl.flock
        for name in _FILES:
            setattr(os, name, self._file_call(name, real[name]))
        fcntl.flock = self._file_call("flock", real_flock)
        io.open = builtins.open = self._opening(real_open)  # type: ignore[assignment]
        try:
            yield
        finally:
            for name in _FILES:
                setattr(os, name, real[name])
            fcntl.flock = real_flock
            io.open = builtins.open = real_open  # type: ignore[assignment]

    def _file_call(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            place = self.place(args[0])
            if place is None:
                return real(*args, **more)
            word = name
            if name == "open":  # of a folder, to synchronise it, or of a lock or new file
                word = "read" if args[1] & (os.O_WRONLY | os.O_RDWR) == 0 else "create"
            return self._call(f"{word} {place}", lambda: real(*args, **more), _file_error)

        return call

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: Any, mode: str = "r", *args: Any, **more: Any) -> Any:
            place = self.place(file)
            if place is None:
                return real(file, mode, *args, **more)
            if "r" in mode and "+" not in mode:
                return self._call(f"read {place}", lambda: real(file, mode, *args, **more), _file_error)
            if not self._active:
                return real(file, mode, *args, **more)
            handle = self._call(f"create {place}", lambda: real(file, mode, *args, **more), _file_error)
            return _Handle(handle, self, place)

        return call

    def place(self, path: Any) -> str | None:
        """Within the home folder; None outside of it."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            whole = Path(f"/proc/self/fd/{path}").readlink() if isinstance(path, int) else Path(os.fsdecode(path))
            return str(whole.relative_to(self.home))
        return None

    def write(self, place: str, handle: Any, data: Any) -> Any:
        def half() -> object:
            return handle.write(data[: len(data) // 2])

        return self._call(f"write {place}", lambda: handle.write(data), _file_error, half)


class _Handle:
    """A file being written: each write is a call that can fail half-way."""

    def __init__(self, handle: Any, faults: Faults, place: str) -> None:
        self._handle, self._faults, self._place = handle, faults, place

    def write(self, data: Any) -> Any:
        return self._faults.write(self._place, self._handle, data)

    def __enter__(self) -> _Handle:
        self._handle.__enter__()
        return self

    def __exit__(self, *args: Any) -> Any:
        return self._handle.__exit__(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)


def _file_error(mode: str) -> BaseException:
    code = errno.ENOSPC if mode == "full" else errno.EIO
    return OSError(code, os.strerror(code))


def _sqlite_error(mode: str) -> BaseException:
    text, code = {
        "failed": ("database is locked", sqlite3.SQLITE_BUSY),
        "full": ("database or disk is full", sqlite3.SQLITE_FULL),
    }.get(mode, ("disk I/O error", sqlite3.SQLITE_IOERR_FSYNC))
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def _postgres_error(mode: str, connection: Any) -> BaseException:
    if mode == "full":
        return psycopg.errors.DiskFull("could not extend file: No space left on device")
    if mode in ("failed", "fsync"):  # a failed fsync makes the server give up all sessions
        connection.close()
    return psycopg.OperationalError("server closed the connection unexpectedly")


# --- what would be missed ---------------------------------------------------------------------------------------------
_EVENTS = {"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.link", "os.symlink", "os.truncate", "os.chmod"}
_watching: list[tuple[Faults, list[str]]] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    for faults, missed in _watching:
        if event in _EVENTS and not getattr(faults.inside, "yes", False):
            place = faults.place(args[0])
            if place is not None:
                missed.append(f"{event} {place}")


@contextlib.contextmanager
def watched(faults: Faults) -> Iterator[list[str]]:
    """The file operations in the home folder that the interpreter sees and `faults` does not."""
    if not _hooked:
        sys.addaudithook(_hook)  # for good: hooks cannot be taken away
        _hooked.append(True)
    missed: list[str] = []
    _watching.append((faults, missed))
    try:
        yield missed
    finally:
        _watching.remove((faults, missed))


_hooked: list[bool] = []
