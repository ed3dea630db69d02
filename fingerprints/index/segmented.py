"""An index of segments and a tail in memory, for all that came after them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import postings
from .interface import NO_WORK, Change
from .joined import JoinedView, asking
from .memory import MemoryIndex
from .part import Registrations, digest_keys
from .postings import Keys, Run
from .segment_file import UnusableSegment
from .segments import Segment, SegmentView

_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Living:
    """A segment, and its registrations with those marked dead that were removed since it was written."""

    segment: Segment
    held: Registrations

    def without(self, works: NDArray[np.int64]) -> _Living:
        """Without works that have been removed, if it has any of them alive."""
        slots = self.segment.slots_of_works(works)
        slots = np.unique(slots[self.held.columns.alive[slots]])
        if not len(slots):
            return self
        try:
            prints = [self.segment.fingerprint(slot) for slot in slots.tolist()]
        except UnusableSegment:  # damaged: slow, but right
            return _Living(self.segment, self.held.without(slots.tolist()))
        numbers = slots.astype(np.int32)
        digests = _run(digest_keys([each.digest for each in prints]), numbers)
        keys = {
            name: _run(
                np.concatenate([found.keys for each in prints if (found := each.by(name)) is not None]),
                np.repeat(numbers, [0 if (found := each.by(name)) is None else len(found.keys) for each in prints]),
            )
            for name in {found.algorithm for each in prints for found in each.each}
        }
        return _Living(self.segment, self.held.buried(slots.tolist(), digests, keys))


def _run(keys: Keys, slots: NDArray[np.int32]) -> Run:
    return next(iter(postings.inserted((), keys, slots)), np.zeros(0, dtype=np.uint64))


class SegmentedIndex:
    """See `Index`. A work is registered once; when it was removed, it does not come back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._living: tuple[_Living, ...] = ()
        self._tail = MemoryIndex()
        self._removed: list[Change] = []  # since the segments

    @property
    def position(self) -> int:
        return self._tail.position

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Those that are in use, in the order of the log."""
        return tuple(each.segment for each in self._living)

    def __len__(self) -> int:
        """Works that can be found."""
        return sum(int(np.count_nonzero(each.held.columns.alive)) for each in self._living) + len(self._tail)

    def apply(self, changes: Iterable[Change]) -> None:
        batch = list(changes)
        with self._lock:
            self._tail.apply(batch)
            removed = [change for change in batch if change.fingerprint is None and change.work != NO_WORK]
            self._removed += removed
            self._living = _without(self._living, removed)

    def adopt(self, segments: Sequence[Segment]) -> None:
        """Use these, and no others; what they hold is dropped from memory, and what comes after them stays.

        Args:
            segments: each continues the log where the one before it stops, the first from its beginning. They reach
                as far as those that are in use do, or farther.
        """
        stop = segments[-1].coverage.stop if segments else 0
        with self._lock:
            kept = {each.segment: each for each in self._living}
            living = []
            for n, segment in enumerate(segments):
                removed = np.concatenate([_NONE, *(each.removed[:, 1] for each in segments[n + 1 :])])
                living.append(kept.get(segment, _Living(segment, segment.registrations)).without(np.unique(removed)))
            self._removed = [change for change in self._removed if change.position > stop]
            self._living = _without(living, self._removed)
            self._tail.forget(stop)

    def alive(self, segment: Segment) -> NDArray[np.bool_]:
        """Which slots of a segment in use are alive."""
        return next(each.held.columns.alive for each in self._living if each.segment is segment)

    def view(self, algorithm: str) -> JoinedView:
        with self._lock:
            living, tail = self._living, self._tail.part(algorithm)
        parts = [SegmentView(each.segment, each.held, algorithm) for each in living]
        return JoinedView(asking([*parts, tail]))


def _without(living: Iterable[_Living], removed: Sequence[Change]) -> tuple[_Living, ...]:
    if not removed:
        return tuple(living)
    works = np.unique(np.array([change.work for change in removed], dtype=np.int64))
    return tuple(each.without(works) for each in living)
