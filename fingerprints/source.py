"""What is read: a file on disk or elsewhere, inline text, an upload spooled to disk, bytes in memory: all one `Source`.

A source is a stream. Whoever can reads spans of it, or seeks in what `Source.open` gives, so that a film of any length
fits in memory; a medium that has to hold all of a file says how much that may be (`Source.read`). All reading is by
position, so that any number of readers share one source.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol, cast

from .errors import LimitExceeded, UnreadableMedia

if TYPE_CHECKING:
    from .model import TextFormat
    from .progress import Listener

CHUNK = 1 << 20  # bytes read at a time where all of a source passes by
_MEMFD = hasattr(os, "memfd_create")


@dataclass(frozen=True, slots=True)
class _Descriptor:
    """An open regular file, and whatever must not be closed while it is read."""

    number: int
    size: int
    owner: object = None


class Spans(Protocol):
    """What reads of foreign structures need: ``spans[a:b]``, of bytes or of a source."""

    def __getitem__(self, span: slice, /) -> bytes: ...


class Source:
    """A finite, seekable sequence of bytes; ``source[a:b]`` reads a span, as far as there is one.

    Attributes:
        declared: the bytes are UTF-8 text of this format, as their sender said; None where the content has to tell.
        listener: is told now and then how much of long sound or film was read; what it raises ends the reading.
    """

    __slots__ = ("_content", "declared", "listener")

    def __init__(
        self,
        content: Path | bytes | _Descriptor | Callable[[], IO[bytes]],
        declared: TextFormat | None = None,
        listener: Listener | None = None,
    ) -> None:
        """Use one of the named constructors instead."""
        self._content, self.declared, self.listener = content, declared, listener

    @classmethod
    def file(cls, path: Path) -> Source:
        """A regular file, opened when it is read; what is wrong with it shows then, too."""
        return cls(path)

    @classmethod
    def fetched(cls, fetch: Callable[[], IO[bytes]]) -> Source:
        """A file that is elsewhere, fetched anew whenever it is opened: so many are on this disk as are read at a time.

        Args:
            fetch: makes a temporary file of it, which is gone when it is closed; raises what reading a file raises.
        """
        return cls(fetch)

    @classmethod
    def text(cls, text: str, format: TextFormat = "plain") -> Source:
        """Text that came as text, not as a file: its sender knows whether it is HTML.

        Half of a surrogate pair is kept as it is, for a digest; what decodes the text refuses it.
        """
        return cls(text.encode("utf-8", "surrogatepass"), format)

    @classmethod
    def blob(cls, data: bytes) -> Source:
        """Bytes that are in memory already."""
        return cls(data)

    @classmethod
    def spooled(cls, file: IO[bytes]) -> Source:
        """A temporary file that its owner closes when the source is no longer needed.

        Its own position is neither used nor moved. What fits in a chunk is held in memory: a small
        `tempfile.SpooledTemporaryFile` needs no disk. A larger one goes to disk if it has not yet.
        """
        position = file.tell()
        size = file.seek(0, os.SEEK_END)
        if size <= CHUNK:
            file.seek(0)
            data = file.read()
            file.seek(position)
            return cls(data)
        file.seek(position)
        file.flush()
        return cls(_Descriptor(file.fileno(), size, file))

    @classmethod
    def descriptor(cls, number: int, size: int, declared: TextFormat | None = None) -> Source:
        """The first ``size`` bytes of an open regular file; the caller closes it."""
        return cls(_Descriptor(number, size), declared)

    def told_to(self, listener: Listener) -> Source:
        """The same source with somebody who waits for it to be read; called from any thread."""
        return Source(self._content, self.declared, listener)

    @property
    def size(self) -> int:
        """Bytes.

        Raises:
            UnreadableMedia: ``file_missing``, ``is_a_directory``, ``not_a_file``, ``file_unreadable``.
        """
        if isinstance(self._content, bytes):
            return len(self._content)
        if isinstance(self._content, _Descriptor):
            return self._content.size
        with self.opened() as held:
            return held.size

    def __getitem__(self, span: slice, /) -> bytes:
        if isinstance(self._content, bytes):
            return self._content[span]
        if isinstance(self._content, _Descriptor):
            start, end, _ = span.indices(self._content.size)
            return _read_at(self._content.number, start, max(end - start, 0))
        with self.opened() as held:
            return held[span]

    def read(self, limit: int) -> bytes:
        """All of it, at once.

        Raises:
            LimitExceeded: ``too_large``: more than ``limit`` bytes.
            UnreadableMedia: as `size`, and ``file_changed``.
        """
        with self.opened() as held:
            if held.size > limit:
                raise LimitExceeded("too_large", f"the file is larger than {limit} bytes")
            return held[:]

    def open(self) -> BinaryIO:
        """A reader at the beginning, with a position of its own; the caller closes it. Raises as `read` does."""
        if isinstance(self._content, bytes):
            return io.BytesIO(self._content)
        if isinstance(self._content, _Descriptor):
            reader = _Reader(self._content.number, self._content.size, owned=False)
        elif isinstance(self._content, Path):
            reader = _Reader(*_open(self._content), owned=True)
        else:
            with self._content() as file:
                reader = _Reader(os.dup(file.fileno()), file.seek(0, os.SEEK_END), owned=True)
        return cast(BinaryIO, io.BufferedReader(reader))

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """All of it from a place on, piece by piece."""
        with self.opened() as held:
            for at in range(start, held.size, CHUNK):
                yield held[at : at + CHUNK]

    def sha256(self) -> bytes:
        """The digest of all of it, 32 bytes."""
        summed = hashlib.sha256()
        for chunk in self.chunks():
            summed.update(chunk)
        return summed.digest()

    def find(self, needle: bytes, start: int = 0) -> int:
        """Where some bytes first stand from a place on; -1 where they do not."""
        for at, window in self.windows(len(needle) - 1, start):
            if (found := window.find(needle)) >= 0:
                return at + found
        return -1

    def count(self, needle: bytes) -> int:
        """How often some bytes stand here that cannot overlap themselves."""
        return sum(window.count(needle) for _, window in self.windows(len(needle) - 1))

    def windows(self, overlap: int, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Pieces to search, and where they begin; each begins with the last ``overlap`` bytes of the one before."""
        if isinstance(self._content, bytes):
            yield start, self._content[start:]
            return
        before = b""
        for chunk in self.chunks(start):
            window = before + chunk
            yield start - len(before), window
            start += len(chunk)
            before = window[max(0, len(window) - overlap) :]

    @contextlib.contextmanager
    def opened(self) -> Iterator[Source]:
        """The same source, of which a file is opened once and for all readers. Raises as `size` does."""
        if isinstance(self._content, (bytes, _Descriptor)):
            yield self
        else:
            with self.shared() as (number, size):
                yield Source.descriptor(number, size, self.declared)

    @contextlib.contextmanager
    def shared(self) -> Iterator[tuple[int, int]]:
        """A descriptor to pass to another process, and how many bytes of it to read. Raises as `size` does.

        Bytes in memory become an anonymous file that nobody can write to.
        """
        if isinstance(self._content, _Descriptor):
            yield self._content.number, self._content.size
            return
        if isinstance(self._content, bytes):
            number, size = _anonymous(self._content), len(self._content)
        elif isinstance(self._content, Path):
            number, size = _open(self._content)
        else:
            with self._content() as file, Source.spooled(file).shared() as held:
                yield held
            return
        try:
            yield number, size
        finally:
            os.close(number)


def changed() -> UnreadableMedia:
    """The error of a file that somebody cuts off while it is read."""
    return UnreadableMedia("file_changed", "the file became shorter while it was read; try again")


class _Reader(io.RawIOBase):
    """Reads the first ``size`` bytes of a descriptor by position, which several readers can do at a time."""

    def __init__(self, number: int, size: int, *, owned: bool) -> None:
        self._number, self._size, self._owned, self._at = number, size, owned, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("a position before the beginning")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        wanted = min(len(view), self._size - self._at)
        if wanted <= 0:
            return 0
        got = os.preadv(self._number, [view[:wanted]], self._at)
        if not got:
            raise changed()
        self._at += got
        return got

    def close(self) -> None:
        if not self.closed and self._owned:
            os.close(self._number)
        super().close()


def _read_at(number: int, start: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        part = os.pread(number, size, start)
        if not part:
            raise changed()
        parts.append(part)
        start, size = start + len(part), size - len(part)
    return b"".join(parts) if len(parts) != 1 else parts[0]


def _open(path: Path) -> tuple[int, int]:
    """The descriptor and the size of a regular file."""
    try:
        # Non-blocking, because opening a FIFO would wait for its writer.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UnreadableMedia("file_missing", f"there is no file {path.name!r}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableMedia("file_unreadable", f"{path.name!r} cannot be opened: {reason}") from None
    try:
        info = os.fstat(number)
        if stat.S_ISDIR(info.st_mode):
            raise UnreadableMedia("is_a_directory", f"{path.name!r} is a folder; name the files in it")
        if not stat.S_ISREG(info.st_mode):
            raise UnreadableMedia("not_a_file", f"{path.name!r} is not a regular file")
    except BaseException:
        os.close(number)
        raise
    return number, info.st_size


def _anonymous(data: bytes) -> int:
    """A descriptor of an unnamed file with these bytes: in memory and sealed where the system can, else on disk."""
    if not _MEMFD:
        with tempfile.TemporaryFile(buffering=0) as file:
            file.write(data)
            return os.dup(file.fileno())
    number = os.memfd_create("source", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(number, view) :]
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(number, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(number)
        raise
    return number
