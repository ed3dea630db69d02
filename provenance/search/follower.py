"""The index of registered works, which follows the log: a change is visible when its entry has an index."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

import sqlalchemy as sa

from fingerprints import registry
from fingerprints.index.interface import NO_WORK, Change, Part, View
from fingerprints.index.segment_file import UnusableSegment
from fingerprints.index.segmented import SegmentedIndex

from ..database.engine import Database
from ..database.tables import fingerprints
from ..schemas.index import IndexPart
from .feed import Feed, Share
from .segment_store import SegmentStore, State

_logger = logging.getLogger(__name__)
_PAGE = 16_384  # entries read at a time while the index catches up: fewer, larger runs to merge
_MAX_TAILS = 4  # times the changes that are to be in memory, from which a search makes a segment itself


T = TypeVar("T")


class WorkIndex(Protocol):
    """The index of works that are registered and not withdrawn, wherever it is.

    Attributes:
        position: the log size up to which it has come.
    """

    @property
    def position(self) -> int: ...

    def refresh(self) -> int:
        """Bring the index up to the log, and return its size: what was answered is findable.

        Raises:
            Unavailable: the database cannot be reached, or a part of the index (``index_incomplete``).
        """
        ...

    def consult(self, algorithm: str, use: Callable[[View], T]) -> tuple[T, int]:
        """What is made of a view that holds all that is in the log now, and the log size it covers.

        Args:
            algorithm: of the fingerprints that the view is of.
            use: may be called again with a later view.

        Raises:
            Unavailable: as `refresh`.
        """
        ...

    def condense(self) -> None:
        """Keep what is in files as it should be; searches go on meanwhile."""
        ...

    def check_segments(self) -> State:
        """How the files are, after reading all of them and writing what is due."""
        ...

    def log_size(self) -> int:
        """How many entries the log has."""
        ...

    def parts(self) -> list[IndexPart]:
        """What the index is made of, as it is now, without bringing it up to the log."""
        ...

    def is_complete(self, parts: Sequence[IndexPart]) -> bool:
        """Whether these together hold all works."""
        ...

    def stop(self) -> int:
        """End what other machines hold of the index, and say how many parts that was."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What a follower holds at one moment.

    Attributes:
        position: how far it has come.
        views: by algorithm.
        detailed: up to which position fingerprints are there with their details.
    """

    position: int
    views: Mapping[str, Part]
    detailed: int


class Follower:
    """Keeps one process's index of works, or of a share of them, up to date with the log. Thread-safe.

    Attributes:
        index: derived from the database.
    """

    def __init__(self, db: Database, share: Share | None = None, *, folder: Path | None = None, tail: int = 0) -> None:
        """
        Args:
            folder: of the index's segments; None: everything is in memory.
            tail: changes that may wait in memory before a segment is made of them; 0: any number.
        """
        self._feed = Feed(db, share)
        self._lock = threading.RLock()
        self._folder, self._tail = folder, tail
        self._timeout = db.timeout_seconds
        self._begin()

    @property
    def position(self) -> int:
        return self.index.position

    def refresh(self) -> int:
        """See `WorkIndex`. One cheap query when nothing is new, so it runs before every search."""
        return self._current()[1]

    def consult(self, algorithm: str, use: Callable[[View], T]) -> tuple[T, int]:
        index, size = self._current()
        return use(index.view(algorithm)), size

    def step(self, size: int) -> Held:
        """Come some way towards a log size that there is."""
        with self._lock:
            if self.position < size:
                self._step(size)
            used, views = self.index.segments, {each: self.index.view(each) for each in registry.ALGORITHMS}
            return Held(self.position, views, used[-1].coverage.stop if used else 0)

    def is_whole(self) -> bool:
        """Whether the segments in use are as long as when they were opened."""
        return all(each.is_whole() for each in self.index.segments)

    def condense(self) -> None:
        """See `WorkIndex`."""
        self.refresh()
        if self._segments is not None:
            self._segments.condense()

    def check_segments(self) -> State:
        """See `WorkIndex`."""
        self.refresh()
        if self._segments is None:
            return State()
        for segment in self.index.segments:
            with contextlib.suppress(UnusableSegment):  # it remembers that
                segment.check()
        before = self._segments.state()
        self.condense()
        after = self._segments.state()
        return replace(after, unusable={**before.unusable, **after.unusable})

    def log_size(self) -> int:
        return self._feed.size()

    def parts(self) -> list[IndexPart]:
        return [
            IndexPart(position=self.position, works=len(self.index), machine=socket.gethostname(), process=os.getpid())
        ]

    def is_complete(self, parts: Sequence[IndexPart]) -> bool:
        return bool(parts)

    def stop(self) -> int:
        """Nothing is on other machines."""
        return 0

    def close(self) -> None:
        """Nothing is open."""

    def _begin(self) -> None:
        """With nothing; segments are opened when the log is followed."""
        self.index = SegmentedIndex()
        self._segments: SegmentStore | None = None
        if self._folder is not None and self._tail:
            self._segments = SegmentStore(self._feed, self.index, self._folder, self._tail, self._lock)

    def _current(self) -> tuple[SegmentedIndex, int]:
        """The index when it holds all that is in the log now, and the size of that."""
        size, index = self._feed.size(), self.index
        if index.position >= size and self.is_whole():
            return index, index.position
        with self._lock:
            if not self.is_whole():
                _logger.error("a segment of the index was cut short while it was open: the index is opened anew")
                self._begin()
            while self.position < size:
                self._step(size)
            return self.index, size

    def _step(self, size: int) -> None:
        start = self.position
        if self._segments is not None:
            self._use_segments(self._segments, size)
        if self.position == start:
            stop = min(size, start + _PAGE)
            changes = self._feed.changes(start, stop)
            if not changes or changes[-1].position < stop:
                changes.append(Change(stop, NO_WORK, None))
            self.index.apply(changes)

    def _use_segments(self, segments: SegmentStore, size: int) -> None:
        segments.adopt()
        if size - self.position > segments.tail:  # a start
            segments.extend(size, self._timeout)
            segments.adopt()  # what another process has made meanwhile
        elif size - segments.position > _MAX_TAILS * segments.tail:
            segments.extend(size, 0.0)


def forget(connection: sa.Connection, work: int) -> None:
    """Delete the fingerprints of an erased work; every index drops it when it reads the entry of the erasure."""
    connection.execute(fingerprints.delete().where(fingerprints.c.work == work))
