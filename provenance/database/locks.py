"""File locks: what one machine's processes and threads hold against each other."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import Unavailable, from_os_error

DEFAULT_SECONDS = 30.0  # as SOURCEMARK_DATABASE_TIMEOUT_SECONDS
_LONGEST_PAUSE = 0.05  # seconds between two tries


@contextmanager
def file_lock(path: Path, timeout_seconds: float = DEFAULT_SECONDS) -> Iterator[None]:
    """Hold a file, made when missing, or a folder against everybody else; the system lets go when the holder dies.

    The holder's process id is written into the file, for those who wait in vain.

    Raises:
        Unavailable: it cannot be opened, or somebody else has held it for ``timeout_seconds``; the block did not run.
    """
    descriptor = None
    try:
        try:
            folder = path.is_dir()
            if folder:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            else:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _lock(descriptor, path, timeout_seconds, folder=folder)
        except OSError as error:
            raise from_os_error(error, path) from error
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(descriptor: int, path: Path, timeout_seconds: float, *, folder: bool) -> None:
    """flock(2) has no time-out of its own, and a signal would reach only the main thread: try again and again."""
    deadline, pause = time.monotonic() + timeout_seconds, 0.001
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                raise busy(path, None if folder else _holder(descriptor)) from None
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)
    if not folder:
        with contextlib.suppress(OSError):  # only a hint: on a full disk the lock is as good without
            os.pwrite(descriptor, b"%-20d\n" % os.getpid(), 0)  # of one width, so that none of another is left behind


def _holder(descriptor: int) -> str | None:
    try:
        number = int(os.pread(descriptor, 20, 0))
    except (OSError, ValueError):
        return None
    return "another thread of this process" if number == os.getpid() else f"process {number}"


def busy(place: object, holder: str | None) -> Unavailable:
    """Somebody has held a lock longer than anybody should wait."""
    return Unavailable(
        f"{place} is busy: {holder or 'another process'} held it all the time (longer than "
        "SOURCEMARK_DATABASE_TIMEOUT_SECONDS); try again, or see what that process does",
        reason="database_busy",
    )


def lock_number(name: str) -> int:
    """A PostgreSQL advisory lock number for a name."""
    return int.from_bytes(hashlib.sha256(b"sourcemark/" + name.encode()).digest()[:8], "big", signed=True)
