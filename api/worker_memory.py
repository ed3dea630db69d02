"""What the processes of one service count together: a small file that each of them has mapped into its memory.

A process that serves alone has the same in memory of its own.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MOST_WORKERS = 64
_SLOT = struct.Struct("=QQQ")  # process id, requests in hand, bytes of their bodies
BUCKETS_AT = MOST_WORKERS * _SLOT.size
BUCKET_BYTES, BUCKETS = 32, 1 << 14
_SIZE = BUCKETS_AT + BUCKETS * BUCKET_BYTES


@dataclass(frozen=True, slots=True)
class Worker:
    """One process of a service.

    Attributes:
        number: from 0 on; the one that takes the place of one that died has the same.
        workers: processes of the service.
        folder: what they share, empty when the service starts; None for a process that serves alone.
    """

    number: int = 0
    workers: int = 1
    folder: Path | None = None

    @property
    def keeps_up(self) -> bool:
        """Whether this one carries out jobs and does what is done by the clock, for all."""
        return self.number == 0

    def share(self, of: int) -> int:
        """Of what the service has, such as decoders, the part of this process; at least 1."""
        return max(1, -(-of // self.workers))


ALONE = Worker()


class WorkerMemory:
    """Bytes that the processes share, zero at first. Thread-safe under `lock`.

    Attributes:
        bytes: the slots of the workers, then the buckets of keys.
    """

    def __init__(self, worker: Worker) -> None:
        self._turn = threading.Lock()
        self._descriptor: int | None = None
        if worker.folder is None:
            self.bytes = mmap.mmap(-1, _SIZE)
        else:
            self._descriptor = os.open(worker.folder / "memory", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._descriptor, _SIZE)
            self.bytes = mmap.mmap(self._descriptor, _SIZE)
        with self.lock():  # whatever one that died under this number had in hand is forgotten
            _SLOT.pack_into(self.bytes, worker.number * _SLOT.size, os.getpid(), 0, 0)

    def slots(self) -> list[tuple[int, int, int]]:
        """Of each worker, by its number: process id or 0, requests in hand, bytes of their bodies."""
        return list(_SLOT.iter_unpack(self.bytes[:BUCKETS_AT]))

    def change(self, worker: int, requests: int, size: int) -> None:
        """Add to what a worker has in hand; under the lock."""
        pid, had, held = _SLOT.unpack_from(self.bytes, worker * _SLOT.size)
        _SLOT.pack_into(self.bytes, worker * _SLOT.size, pid, had + requests, held + size)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the memory for a moment, against all threads and processes; the system lets go when the holder dies."""
        with self._turn:
            if self._descriptor is None:
                yield
                return
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN)


class InHand:
    """How many requests with content the processes have in hand together."""

    def __init__(self, memory: WorkerMemory, worker: int, most: int, max_bytes: int) -> None:
        """
        Args:
            worker: number of this process.
            most: requests in hand, of all processes.
            max_bytes: sum of their bodies; one alone may be larger.
        """
        self._memory, self._worker = memory, worker
        self._most, self._max_bytes = most, max_bytes

    def take(self, size: int) -> bool:
        """Take a request of so many bytes in hand; returns False where there is no room for it."""
        with self._memory.lock():
            slots = self._memory.slots()
            requests, held = sum(slot[1] for slot in slots), sum(slot[2] for slot in slots)
            if requests >= self._most or (requests and held + size > self._max_bytes):
                return False
            self._memory.change(self._worker, 1, size)
            return True

    def give_back(self, size: int) -> None:
        """A request of so many bytes that was taken has ended."""
        with self._memory.lock():
            self._memory.change(self._worker, -1, -size)
