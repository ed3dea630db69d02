"""The file of a segment: records, then arrays, then a footer that says where each array lies.

    magic
    records   of the slots, in order: CRC-32 of what follows (4 bytes), then a fingerprint as `Fingerprint.to_bytes`
    arrays    each at a multiple of 64 bytes, zeros between them
    footer    JSON
    trailer   offset and length of the footer, its CRC-32, magic

All numbers are little-endian. The footer has a digest of the arrays, so a file that was cut short, changed or is of
another format is noticed when it is opened; a record is compared with its checksum when it is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..durable import private, synchronise

FORMAT = 1  # any change of what the arrays hold or of their order is another one

_MAGIC = b"SMSEG\r\n\x1a"
_TRAILER = struct.Struct("<QII8s")
_CHECK = struct.Struct("<I")
_ALIGNMENT = 64
_COPIED_AT_ONCE = 1 << 24  # bytes
_BLOCK_WORDS = 8192  # of the arrays, whose sum the digest is made of


class UnusableSegment(Exception):
    """A segment cannot be used; the message says why. It can be made again from what it was derived from."""


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """An array that is written as it is made."""

    dtype: type[np.generic]
    chunks: Iterator[NDArray[Any]]


class Writer:
    """Writes one file, which is there only when it is whole and on the disk: by rename. A context manager.

    Every method raises OSError where the disk is full or cannot be written; nothing is left behind then.
    """

    def __init__(self, path: Path) -> None:
        if sys.byteorder != "little":
            raise OSError(0, "segments are written on little-endian machines only", str(path))
        self._path, self._partial = path, path.with_name(path.name + ".partial")
        self._file = open(self._partial, "w+b", opener=private)  # noqa: SIM115  closed by __exit__
        self._at = 0
        self._spans: list[NDArray[np.int64]] = []  # begin and end of each record, shape (n, 2)
        self._put(_MAGIC)

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # of a full disk; it has been told
            self._file.close()
        self._partial.unlink(missing_ok=True)

    def record(self, fingerprint: bytes) -> None:
        """Write a record."""
        begin = self._at
        self._put(_CHECK.pack(zlib.crc32(fingerprint)) + fingerprint)
        self._spans.append(np.array([[begin, self._at]]))

    def records(self, file: File, slots: NDArray[np.int64]) -> None:
        """Write those of another file, slots ascending, as they are there."""
        spans = file.spans[slots]
        for run in np.split(spans, np.flatnonzero(spans[1:, 0] != spans[:-1, 1]) + 1):
            if len(run):
                begin, end = int(run[0, 0]), int(run[-1, 1])
                self._spans.append(run + (self._at - begin))
                for at in range(begin, end, _COPIED_AT_ONCE):
                    self._put(file.raw[at : min(at + _COPIED_AT_ONCE, end)])

    def finish(self, content: object, about: Mapping[str, Any], slots: NDArray[np.int64] | None = None) -> None:
        """Write the arrays and the footer, and give the file its name.

        Args:
            slots: which record, by the order of writing, is each slot's; None: each is one.
            content: dataclasses, tuples, dicts and numbers around arrays or `Stream`.
            about: what else the footer says, as JSON has it.
        """
        self._align()
        start = self._at
        spans = np.concatenate([np.zeros((0, 2), dtype=np.int64), *self._spans])
        spans_at = self._array(spans if slots is None else spans[slots])
        packed = self._pack(content)
        self._align()
        self._file.flush()
        with mmap.mmap(self._file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            digest = _digest(mapped, start, self._at)
        footer = {"format": FORMAT, "about": dict(about), "start": start, "digest": digest, "spans": spans_at}
        raw = json.dumps({**footer, "content": packed}, sort_keys=True, separators=(",", ":")).encode()
        at = self._at
        self._put(raw)
        self._put(_TRAILER.pack(at, len(raw), zlib.crc32(raw), _MAGIC))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._partial.rename(self._path)
        synchronise(self._path.parent)

    def _put(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._at += len(data)

    def _align(self) -> None:
        self._put(bytes(-self._at % _ALIGNMENT))

    def _array(self, array: NDArray[Any] | Stream) -> dict[str, Any]:
        self._align()
        at, rows, shape = self._at, 0, ()
        for chunk in (array,) if isinstance(array, np.ndarray) else array.chunks:
            self._put(np.ascontiguousarray(chunk).view(np.uint8).data.cast("B") if chunk.size else b"")
            rows, shape = rows + len(chunk), chunk.shape[1:]
        return {"array": np.dtype(array.dtype).str, "at": at, "shape": [rows, *shape]}

    def _pack(self, value: Any) -> Any:
        match value:
            case np.ndarray() | Stream():
                return self._array(value)
            case dict():
                return {"dict": [[key, self._pack(each)] for key, each in value.items()]}
            case tuple():
                return [self._pack(each) for each in value]
            case int():
                return value
            case _:
                parts = {each.name: self._pack(getattr(value, each.name)) for each in fields(value)}
                return {"is": type(value).__name__, "of": parts}


class File:
    """A file that `Writer` wrote, mapped; pages are shared with every process that has it open.

    Attributes:
        raw: all of it.
        spans: int64, shape (n, 2): where the record of each slot begins and ends.
        about: what its writer said of it.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            UnusableSegment: it cannot be read, or is not what was written; the arrays were compared with their digest.
        """
        try:
            with path.open("rb") as handle:
                self._mapped = mmap.mmap(handle.fileno(), 0, prot=mmap.PROT_READ)
        except (OSError, ValueError) as error:  # an empty file cannot be mapped
            raise UnusableSegment(f"it cannot be opened ({getattr(error, 'strerror', None) or error})") from error
        self.raw = memoryview(self._mapped)
        footer = self._footer()
        self.about: Mapping[str, Any] = footer["about"]
        self._content = footer["content"]
        if _digest(self._mapped, footer["start"], self._footer_at) != footer["digest"]:
            raise UnusableSegment("it is damaged: its arrays are not what was written")
        self.spans: NDArray[np.int64] = self._array(footer["spans"])

    def content(self, types: Iterable[type]) -> Any:
        """What was given to `Writer.finish`, its arrays mapped.

        Args:
            types: the dataclasses in it.
        """
        known = {each.__name__: each for each in types}

        def unpacked(value: Any) -> Any:
            if isinstance(value, list):
                return tuple(unpacked(each) for each in value)
            if not isinstance(value, dict):
                return value
            if "array" in value:
                return self._array(value)
            if "dict" in value:
                return {key: unpacked(each) for key, each in value["dict"]}
            return known[value["is"]](**{name: unpacked(each) for name, each in value["of"].items()})

        return unpacked(self._content)

    def is_whole(self) -> bool:
        """Whether the file is as long as when it was mapped: reading what is gone ends a process."""
        return self._mapped.size() >= len(self.raw)

    def record(self, slot: int) -> bytes:
        """The fingerprint of a slot; raises `UnusableSegment` where it is not what was written."""
        begin, end = self.spans[slot].tolist()
        stored = self.raw[begin:end]
        data = bytes(stored[_CHECK.size :])
        if len(stored) < _CHECK.size or zlib.crc32(data) != _CHECK.unpack_from(stored)[0]:
            raise UnusableSegment(f"it is damaged: record {slot} is not what was written")
        return data

    def _footer(self) -> dict[str, Any]:
        if len(self.raw) < _TRAILER.size:
            raise UnusableSegment("it was cut short")
        at, length, check, magic = _TRAILER.unpack_from(self.raw, len(self.raw) - _TRAILER.size)
        if magic != _MAGIC or at + length + _TRAILER.size != len(self.raw):
            raise UnusableSegment("it was cut short, or is no segment")
        raw = bytes(self.raw[at : at + length])
        if zlib.crc32(raw) != check:
            raise UnusableSegment("it is damaged: its footer is not what was written")
        footer: dict[str, Any] = json.loads(raw)
        if footer["format"] != FORMAT:
            raise UnusableSegment(f"it is of format {footer['format']}, and this version reads {FORMAT}")
        self._footer_at = at
        return footer

    def _array(self, packed: Mapping[str, Any]) -> NDArray[Any]:
        shape = packed["shape"]
        count = int(np.prod(shape))
        found = np.frombuffer(self._mapped, dtype=packed["array"], count=count, offset=packed["at"]) if count else None
        return np.zeros(shape, dtype=packed["array"]) if found is None else found.reshape(shape)


def _digest(raw: mmap.mmap, start: int, stop: int) -> str:
    """SHA-256 of the sums of blocks of words: as fast as memory, and any changed bit or lost page changes it."""
    words = np.frombuffer(raw, dtype=np.uint64, count=(stop - start) // 8, offset=start)
    blocks = len(words) // _BLOCK_WORDS
    sums = words[: blocks * _BLOCK_WORDS].reshape(blocks, _BLOCK_WORDS).sum(axis=1, dtype=np.uint64)
    rest = words[blocks * _BLOCK_WORDS :].sum(dtype=np.uint64)
    return hashlib.sha256(sums.tobytes() + rest.tobytes()).hexdigest()
