"""File locks: what one machine's processes and threads hold against each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import from_os_error


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold a file, made when missing, or a folder against everybody else; the system lets go when the holder dies.

    Raises:
        Unavailable: it cannot be opened or locked, and the block did not run.
    """
    descriptor = None
    try:
        try:
            if path.is_dir():
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            else:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise from_os_error(error, path) from error
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
