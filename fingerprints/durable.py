"""Files that stay: readable by their owner alone, and on the disk."""

from __future__ import annotations

import os
from pathlib import Path


def private(path: str, flags: int) -> int:
    """An opener that makes a file which only its owner can read."""
    return os.open(path, flags, 0o600)


def synchronise(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
