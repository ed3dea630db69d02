"""Finds statements that stand in a log twice, in memory that does not grow with the log."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from io import FileIO

import numpy as np

from ..tlog import envelope
from ..tlog.key_directory import Earlier

_MAX_IN_MEMORY = 8 * 1024 * 1024  # bytes of digests; more are kept in a temporary file
_PART = 1 << 20  # digests compared at a time
NO_DIGEST = bytes(8)  # in the place of an entry that is no statement


def statement_digest(leaf: envelope.Leaf) -> bytes:
    """8 bytes of the digest of what was signed: with one of two signatures dropped it is the same statement still."""
    return hashlib.sha256(leaf.payload).digest()[:8]


class DuplicateFinder:
    """Digests of all statements of a log, in its order; what looks alike is read again."""

    def __init__(self, earlier: Earlier) -> None:
        self._earlier = earlier
        self._size = 0  # digests
        self._file: FileIO | None = None  # the first ones
        self._in_file = 0  # bytes of them
        self._memory = bytearray()  # the others
        self._full = False  # the disk: what comes stays in memory, which is no reason not to audit

    def close(self) -> None:
        """Give up what was kept; `contextlib.closing` does it."""
        if self._file is not None:
            self._file.close()

    def add(self, digests: bytes) -> None:
        """Those of the next entries."""
        self._memory += digests
        self._size += len(digests) // len(NO_DIGEST)
        if len(self._memory) > _MAX_IN_MEMORY and not self._full:
            try:
                if self._file is None:
                    self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by `close`
                self._file.seek(self._in_file)
                self._full = self._file.write(self._memory) < len(self._memory)
            except OSError:
                self._full = True
            if self._full:
                return
            self._in_file += len(self._memory)
            self._memory.clear()

    def found(self) -> Iterator[str]:
        """One line for each statement that stands there once more."""
        parts = self._size // _PART + 1
        for part in range(parts):
            places, values = self._read(part, parts)
            order = np.argsort(values, kind="stable")
            places, values = places[order], values[order]
            for at in np.flatnonzero(values[1:] == values[:-1]).tolist():
                first, second = int(places[at]), int(places[at + 1])
                if self._payload(first) == self._payload(second):
                    yield f"entry {second}: the same statement stands in the log twice, first as entry {first}"

    def _read(self, part: int, parts: int) -> tuple[np.ndarray, np.ndarray]:
        """Places and digests of those whose remainder this is."""
        places, values = [np.empty(0, "<u8")], [np.empty(0, "<u8")]
        for start in range(0, self._size, _PART):
            some = np.frombuffer(self._bytes(start * len(NO_DIGEST), _PART * len(NO_DIGEST)), "<u8")
            mine = np.flatnonzero((some % np.uint64(parts) == part) & (some != 0))
            places.append((mine + start).astype("<u8"))
            values.append(some[mine])
        return np.concatenate(places), np.concatenate(values)

    def _bytes(self, start: int, length: int) -> bytes:
        """Of what is kept, in the file first and then in memory."""
        found = b""
        if self._file is not None and start < self._in_file:
            self._file.seek(start)
            found = self._file.read(min(length, self._in_file - start))
        begin = max(0, start - self._in_file)
        return found + bytes(self._memory[begin : begin + length - len(found)])

    def _payload(self, index: int) -> bytes:
        return envelope.parse_leaf(self._earlier(index)).payload
