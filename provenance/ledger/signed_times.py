"""Times in rows, held against the times that the log's keys signed.

Every checkpoint carries the moment of its ML-DSA-44 cosignature. What led to an entry happened after the checkpoint
that its statement names as seen and before the first checkpoint that covers it; between these, a time is the operator's
word.
"""

from __future__ import annotations

import bisect
import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database.tables import checkpoints, stamp
from ..tlog import envelope
from ..tlog.signed_checkpoint import signed_time

TOLERANCE = 60  # seconds by which the clocks of one installation may disagree
_MANY = 500  # sizes asked for at a time
_NEVER = "~"  # sorts behind every time
_UNBOUND = ("", _NEVER)
_LATEST = 253402300799 - TOLERANCE  # POSIX seconds of the last year that has four digits

_COLUMNS = (checkpoints.c.size, checkpoints.c.root, checkpoints.c.note, checkpoints.c.created_at)
_before = sa.select(sa.func.max(checkpoints.c.size)).where(checkpoints.c.size <= sa.bindparam("first"))
_behind = sa.select(sa.func.min(checkpoints.c.size)).where(checkpoints.c.size > sa.bindparam("last"))
# From the newest checkpoint that covers none of a run of entries to the first that covers them all. Made once: putting
# it together takes longer than running it.
_AROUND = sa.select(*_COLUMNS).where(
    checkpoints.c.size >= sa.func.coalesce(_before.scalar_subquery(), 0),
    checkpoints.c.size <= sa.func.coalesce(_behind.scalar_subquery(), sa.bindparam("last") + 1),
)


def _stamp(seconds: int) -> str:
    return stamp(datetime.fromtimestamp(min(max(seconds, 0), _LATEST), UTC))


class SignedTimes:
    """The checkpoints around a run of entries: which there are, and when each was signed."""

    def __init__(self, connection: sa.Connection, first: int, last: int, afters: Iterable[envelope.After]) -> None:
        """
        Args:
            first, last: indexes of the run's entries.
            afters: the checkpoints that its statements name as seen.
        """
        self._roots: dict[int, bytes] = {}
        self._bounds: dict[int, tuple[str, str]] = {}  # around the time at which each was signed
        self._created: dict[int, str] = {}
        self._read(connection.execute(_AROUND, {"first": first, "last": last}))
        self.sizes = sorted(self._roots)
        rest = sorted({each for each, _ in afters} - self._roots.keys())
        for start in range(0, len(rest), _MANY):
            some = checkpoints.c.size.in_(rest[start : start + _MANY])
            self._read(connection.execute(sa.select(*_COLUMNS).where(some)))

    def _read(self, rows: Iterable[Any]) -> None:
        for size, root, note, created in rows:
            self._roots[size] = root
            signed = signed_time(note)
            if signed is None:
                self._bounds[size] = _UNBOUND
            else:
                self._bounds[size] = (_stamp(signed - TOLERANCE), _stamp(signed + TOLERANCE))
            self._created[size] = created

    def knows(self, after: envelope.After) -> bool:
        """Whether a checkpoint that a statement names as seen is stored."""
        size, root = after
        return self._roots.get(size) == root

    def problems(self, first: int, last: int) -> Iterator[str]:
        """Checkpoints of the run whose stored time is not that of their note."""
        for size in self.sizes[bisect.bisect_right(self.sizes, first) : bisect.bisect_right(self.sizes, last + 1)]:
            earliest, latest = self._bounds[size]
            if not earliest <= self._created[size] <= latest:
                yield f"the time of the checkpoint at size {size} was changed in the database"

    def earliest(self, size: int) -> str:
        """Before this, nothing can have happened that came after the checkpoint of a size."""
        return self._bounds.get(size, _UNBOUND)[0]

    def around(self, index: int) -> tuple[str, str, int]:
        """Between which times an entry got its index, and up to which index they hold.

        They are those of the newest checkpoint that does not cover it, and of the first that does.
        """
        place = bisect.bisect_right(self.sizes, index)
        earliest = self.earliest(self.sizes[place - 1]) if place else ""
        if place == len(self.sizes):
            return earliest, _NEVER, sys.maxsize
        return earliest, self._bounds[self.sizes[place]][1], self.sizes[place]

    def latest(self, index: int) -> str:
        """After this, nothing can have happened that led to an entry: the first checkpoint that covers it."""
        place = bisect.bisect_right(self.sizes, index)
        return self._bounds[self.sizes[place]][1] if place < len(self.sizes) else _NEVER

    def allow(self, moment: str, after: envelope.After, index: int) -> bool:
        """Whether what led to an entry may have happened at a time.

        Args:
            after: the checkpoint that its statement names as seen.
            index: of the entry.
        """
        return within(self.earliest(after[0]), moment, self.latest(index))

    def has(self, size: int) -> bool:
        """Whether a checkpoint of this size is stored, of the sizes around the run and those its statements name."""
        return size in self._roots


def within(earliest: str, moment: str, latest: str) -> bool:
    """Whether a time keeps its bounds; bounds that contradict, as after a clock that jumped, bind nothing."""
    return latest < earliest or earliest <= moment <= latest


def rounds(moments: Sequence[tuple[int, str]]) -> Iterator[int]:
    """Sizes that the log had between two rounds of the sequencer, each of which signs a checkpoint.

    Args:
        moments: index and time of integration of entries, in the order of the log; all of a round share one.
    """
    for (_, before), (index, moment) in itertools.pairwise(moments):
        if before != moment:
            yield index
