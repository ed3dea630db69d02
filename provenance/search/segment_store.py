"""The segments of an installation's index: files in one folder, written by one process of a machine at a time.

They are derived from the database and may be deleted at any time. A file is used when it is whole, of this version, and
of this log: its seal is the entry that the log had last when the file was written, so a file of another log, or of
entries that a restored database does not have, is made again.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fingerprints import registry
from fingerprints.index import postings, segments
from fingerprints.index.segment_file import UnusableSegment
from fingerprints.index.segmented import SegmentedIndex
from fingerprints.index.segments import Coverage, Segment

from ..database.locks import file_lock
from ..errors import Unavailable
from .feed import Feed

_logger = logging.getLogger(__name__)
_NAME = re.compile(r"(\d+)-(\d+)-(\d+)\.segment")
_MOST_BUILT = 65_536  # entries written into one segment at a time
_PAGE = 256  # entries read at a time, with details
_GROWTH = 4  # segments of one size that are merged into one
_NEVER = -2
_PAUSE = 60.0  # seconds after a failure, before the next try while searches wait


@dataclass(frozen=True, slots=True, order=True)
class _Name:
    """What the name of a file says; see `Coverage`. Of those that begin at one place the greatest is best."""

    start: int
    stop: int
    known: int

    @property
    def file(self) -> str:
        return f"{self.start}-{self.stop}-{self.known}.segment"


@dataclass(frozen=True, slots=True)
class State:
    """How segments are, for whoever looks after them.

    Attributes:
        unusable: why files were not used, by their names.
        trouble: what kept the last one from being written.
    """

    count: int = 0
    position: int = 0
    bytes: int = 0
    unusable: dict[str, str] = field(default_factory=dict)
    trouble: str | None = None


class SegmentStore:
    """Opens, writes and merges the segments that an index uses. Thread-safe."""

    def __init__(
        self, feed: Feed, index: SegmentedIndex, folder: Path, tail: int, applying: AbstractContextManager[object]
    ) -> None:
        """
        Args:
            applying: held, again and again by one thread, while the position of the index changes.
            tail: changes that an index holds in memory before a segment is made of them.
        """
        self.tail = tail
        self._feed, self._index, self._folder = feed, index, folder
        self._applying = applying  # taken before the next
        self._writing = threading.Lock()
        self._opening = threading.RLock()
        self._open: dict[tuple[str, int], Segment | str] = {}  # by name and inode; why it cannot be used
        self._seen = _NEVER  # when the folder had changed last, nanoseconds
        self._erased_until = 0
        self._trouble: str | None = None
        self._next_try = 0.0

    @property
    def position(self) -> int:
        """How far the segments in use reach."""
        used = self._index.segments
        return used[-1].coverage.stop if used else 0

    def adopt(self) -> None:
        """Use what is in the folder, if that has changed."""
        with self._opening:
            changed = self._changed()
            if changed == self._seen:
                return
            self._cover()  # opens files, which takes time, while others search
        with self._applying, self._opening:
            found = self._cover()
            if found and found[-1].coverage.stop >= self.position:
                self._index.adopt(found)
            self._seen = changed

    def extend(self, size: int, wait_seconds: float) -> None:
        """Write segments until no more than `tail` entries of a log of this size are in none, while searches wait.

        Args:
            wait_seconds: for another process that makes segments.
        """

        def write() -> None:
            while self._write_next(size):
                pass

        if time.monotonic() >= self._next_try:
            self._alone(write, wait_seconds)

    def condense(self) -> None:
        """Write what is due, merge segments, make those again that are damaged or hold what was erased, and delete what
        nobody needs."""

        def act() -> None:
            self._find_damaged()
            while self._write_next(self._index.position):
                pass
            while some := self._due():
                self._merge(some)
            self._rewrite_erased()
            self._clean()

        self._alone(act, 0.0)

    def state(self) -> State:
        """How the segments are."""
        used = self._index.segments
        with self._opening:
            unusable = {name: why for (name, _), why in self._open.items() if isinstance(why, str)}
        unusable |= {each.path.name: each.damaged for each in used if each.damaged is not None}
        return State(len(used), self.position, sum(each.bytes for each in used), unusable, self._trouble)

    def _alone(self, act: Callable[[], None], wait_seconds: float) -> None:
        """Act while nobody else on this machine writes segments; not at all where somebody does, or no disk lets us."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with file_lock(self._folder / "lock", wait_seconds):
                self._adopt_now()
                act()
            self._trouble = None
        except Unavailable as error:
            if error.reason != "database_busy":
                self._failed(error.detail)
        except OSError as error:
            self._failed(f"{error.strerror}: {error.filename or self._folder}")
        except UnusableSegment as error:
            self._failed(str(error))
        finally:
            self._writing.release()

    def _adopt_now(self) -> None:
        self._seen = _NEVER
        self.adopt()

    def _failed(self, why: str) -> None:
        self._next_try = time.monotonic() + _PAUSE
        if self._trouble is None:
            _logger.warning("no segment of the index can be written, it stays in memory: %s", why)
        self._trouble = why

    def _changed(self) -> int:
        try:
            return self._folder.stat().st_mtime_ns
        except OSError:
            return -1

    def _names(self) -> list[_Name]:
        try:
            found = [_NAME.fullmatch(path.name) for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            self._failed(f"{error.strerror}: {self._folder}")
            return []
        return [_Name(*map(int, each.groups())) for each in found if each is not None]

    def _cover(self) -> list[Segment]:
        """The segments in the folder that follow each other from the beginning of the log."""
        found: list[Segment] = []
        start = 0
        names = sorted(self._names(), reverse=True)
        while True:
            segment = next(
                (each for name in names if name.start == start and isinstance(each := self._opened(name), Segment)),
                None,
            )
            if segment is None:
                return found
            found.append(segment)
            start = segment.coverage.stop

    def _opened(self, name: _Name) -> Segment | str | None:
        """An open segment, why it cannot be used, or None where it has gone meanwhile."""
        path = self._folder / name.file
        try:
            key = (name.file, path.stat().st_ino)
        except OSError:
            return None
        if key not in self._open:
            try:
                self._open[key] = self._checked(Segment(path), name)
            except UnusableSegment as error:
                if not path.exists():
                    return None
                self._open[key] = self._unusable(name.file, str(error))
        return self._open[key]

    def _checked(self, segment: Segment, name: _Name) -> Segment:
        """Raises `UnusableSegment` where a segment is not of this log and version."""
        coverage = segment.coverage
        if (coverage.start, coverage.stop, coverage.known) != (name.start, name.stop, name.known):
            raise UnusableSegment("it is another one than its name says")
        if coverage.algorithms != _algorithms():
            raise UnusableSegment("its fingerprints are of other algorithms than this version makes")
        if coverage.known < coverage.stop or self._feed.seal(coverage.known) != coverage.seal:
            raise UnusableSegment("it is of another log, or of entries that the database does not have")
        return segment

    def _write_next(self, size: int) -> bool:
        """Write the segment that is missing first; whether there was one."""
        with self._opening:
            used = self._cover()
        start = used[-1].coverage.stop if used else 0
        names = self._names()
        # Where a damaged one is replaced, what comes after it is still good.
        ends = [name.start for name in names if name.start > start]
        ends += [name.stop for name in names if name.start <= start < name.stop]
        if start >= size or (size - start <= self.tail and not ends):
            return False
        stop = min(size, start + _MOST_BUILT, *ends)
        name, coverage = self._to_write(start, stop, size)
        segments.build(self._folder / name.file, coverage, self._feed.pages(start, stop, _PAGE))
        self._adopt_now()
        with self._opening:
            unchanged = self._cover()[-1:] == used[-1:]
        if unchanged:
            raise UnusableSegment(f"{name.file} was written and cannot be used")
        return True

    def _to_write(self, start: int, stop: int, known: int) -> tuple[_Name, Coverage]:
        seal = self._feed.seal(known)
        if seal is None:
            raise UnusableSegment(f"the log has no {known} entries")
        return _Name(start, stop, known), Coverage(start, stop, known, seal, _algorithms())

    def _due(self) -> Sequence[Segment]:
        """Segments to be merged: one with all that come after it, when those are as much as it three times."""
        used = self._index.segments
        for n, first in enumerate(used):
            size = first.coverage.stop - first.coverage.start
            after = used[-1].coverage.stop - first.coverage.stop
            fits = sum(len(each) for each in used[n:]) <= postings.MAX_SLOTS
            if fits and after >= (_GROWTH - 1) * size:
                return used[n:]
        for each in used:
            if 2 * np.count_nonzero(self._index.alive(each)) < len(each):
                return [each]
        return []

    def _merge(self, some: Sequence[Segment]) -> None:
        alive = [self._index.alive(each) for each in some]
        known = self._index.position  # after: no removal that was left out is later
        name, coverage = self._to_write(some[0].coverage.start, some[-1].coverage.stop, known)
        segments.merge(self._folder / name.file, coverage, list(zip(some, alive, strict=True)))
        self._adopt_now()
        if any(each in self._index.segments for each in some):
            raise UnusableSegment(f"{name.file} was written and cannot be used")

    def _rewrite_erased(self) -> None:
        """An erased work's bytes leave the files."""
        known = self._index.position
        erased = np.array(self._feed.erased(self._erased_until, known), dtype=np.int64)
        for each in self._index.segments:
            here, _ = each.registrations.columns.slots_of(erased)
            if len(here):
                self._merge([each])
        self._erased_until = known

    def _find_damaged(self) -> None:
        """Make those again that were found damaged while they were read."""
        with self._opening:
            for key, each in self._open.items():
                if isinstance(each, Segment) and each.damaged is not None:
                    self._open[key] = self._unusable(key[0], each.damaged)

    def _unusable(self, name: str, why: str) -> str:
        _logger.error("segment %s of the index is not used, it is made again: %s", name, why)
        return why

    def _clean(self) -> None:
        """Delete files that are in no use; whoever has one open keeps it until he looks again."""
        kept = self._index.segments
        used = {each.path.name for each in kept}
        for path in self._folder.iterdir():
            if path.name.endswith(".segment.partial") or (_NAME.fullmatch(path.name) and path.name not in used):
                path.unlink(missing_ok=True)
        with self._opening:
            self._open = {key: each for key, each in self._open.items() if each in kept}


def _algorithms() -> tuple[str, ...]:
    return tuple(sorted(registry.ALGORITHMS))
