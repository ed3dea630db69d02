"""Segments: parts of an index as files, written once, mapped, shared by the processes of a machine, never changed.

A segment holds the registrations of a range of the log with their fingerprints, and which registrations before that
range were removed in it (the tombstones of a log-structured merge tree: O'Neil, Cheng, Gawlick, O'Neil, 1996). Several
that follow each other are merged into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint
from . import postings
from .hamming import CodeColumn, Tables
from .interface import Change, Positions
from .memory import MemoryIndex
from .part import Columns, Family, Multimap, Registrations, SlotView, renumbering
from .postings import Run, Slots
from .segment_file import File, Stream, UnusableSegment, Writer

# All that a part is made of; a new one here, or a new field of one, is another `segment_file.FORMAT`.
_TYPES = (Columns, Multimap, Family, CodeColumn, Tables, Registrations)
_MERGED_AT_ONCE = 1 << 22  # postings


@dataclass(frozen=True, slots=True)
class Coverage:
    """What part of the log a segment holds.

    Attributes:
        start, stop: every registration with a position above ``start``, up to ``stop``, that was not removed.
        known: up to which position removals are known: what was removed until then may be missing.
        seal: what the log's state at ``known`` is recognised by.
        algorithms: of the fingerprints that were made when it was written.
    """

    start: int
    stop: int
    known: int
    seal: str
    algorithms: tuple[str, ...]


class Segment:
    """A segment that is open. A work is registered once.

    Attributes:
        path, coverage: see above.
        bytes: of the file.
        registrations: mapped; all are alive.
        damaged: what was found wrong while it was read.
        removed: int64, shape (k, 2): positions of removals, and the works they remove from before ``coverage.start``.
    """

    def __init__(self, path: Path) -> None:
        """Raises `UnusableSegment`."""
        self.path = path
        self.damaged: str | None = None
        self._file = File(path)
        self.bytes = len(self._file.raw)
        try:
            self.coverage = Coverage(**{**self._file.about, "algorithms": tuple(self._file.about["algorithms"])})
            held, self.removed, self._by_work = self._file.content(_TYPES)
            self.registrations: Registrations = held.trimmed()
        except (KeyError, TypeError, ValueError) as error:
            raise UnusableSegment(f"it is of another version ({error!r})") from error

    def __len__(self) -> int:
        return len(self.registrations.columns.positions)

    def is_whole(self) -> bool:
        """Whether nothing was cut off its file since it was opened."""
        return self._file.is_whole()

    def fingerprint(self, slot: int) -> Fingerprint:
        """With its detail; raises `UnusableSegment` where it is damaged."""
        try:
            return Fingerprint.from_bytes(self._file.record(slot))
        except UnusableSegment as error:
            self.damaged = str(error)
            raise

    def check(self) -> None:
        """Read every fingerprint; raises `UnusableSegment` where one is damaged."""
        for slot in range(len(self)):
            self.fingerprint(slot)

    def slots_of_works(self, works: NDArray[np.int64]) -> NDArray[np.int64]:
        """The slots of those of the works that are here."""
        mine = self.registrations.columns.works
        if not len(mine):
            return np.zeros(0, dtype=np.int64)
        at = np.minimum(np.searchsorted(mine, works, sorter=self._by_work), len(mine) - 1)
        slots = self._by_work[at].astype(np.int64)
        found: NDArray[np.int64] = slots[mine[slots] == works]
        return found

    def copy_records(self, writer: Writer, slots: NDArray[np.int64]) -> None:
        writer.records(self._file, slots)


class SegmentView(SlotView):
    """As `SlotView`, with the fingerprints."""

    def __init__(self, segment: Segment, held: Registrations, algorithm: str) -> None:
        """
        Args:
            held: the segment's registrations, of which some may be dead.
        """
        super().__init__(held.columns, held.digests, held.families.get(algorithm, Family()))
        self._segment = segment

    def fingerprints_at(self, positions: Positions) -> Mapping[int, Fingerprint]:
        here, slots = self._columns.slots_of(positions)
        out = {}
        for position, slot in zip(positions[here].tolist(), slots.tolist(), strict=True):
            try:
                out[position] = self._segment.fingerprint(slot)
            except UnusableSegment:
                continue  # whoever asks has it from elsewhere
        return out


def build(path: Path, coverage: Coverage, changes: Iterable[Sequence[Change]]) -> None:
    """Write the segment of a range of the log.

    Args:
        changes: all of the range, in order, in groups; the fingerprints with detail.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    index = MemoryIndex(coverage.start)
    removed: list[tuple[int, int]] = []
    written: list[tuple[int, int]] = []
    with Writer(path) as writer:
        for group in changes:
            for change in group:
                if change.fingerprint is None:
                    removed.append((change.position, change.work))
                else:
                    writer.record(change.fingerprint.to_bytes())
                    written.append((change.position, change.work))
            index.apply(group)
        held, mine = index.registrations(), _pairs(written)
        slots = np.searchsorted(mine[:, 0], held.columns.positions)
        content = held, _of_others(_pairs(removed), mine[:, 1]), _by_work(held.columns)
        writer.finish(content, asdict(coverage), slots)


def merge(path: Path, coverage: Coverage, sources: Sequence[tuple[Segment, NDArray[np.bool_]]]) -> None:
    """Write one segment with what several hold that follow each other, or what is left of one.

    Args:
        sources: each with which of its slots are alive.

    Raises:
        OSError: the disk is full or cannot be written.
        UnusableSegment: there are more registrations than one can hold.
    """
    alive = [each for _, each in sources]
    firsts = np.cumsum([0, *(np.count_nonzero(each) for each in alive)])
    if firsts[-1] > postings.MAX_SLOTS:
        raise UnusableSegment(f"one segment holds at most {postings.MAX_SLOTS} registrations")
    numbers = [renumbering(each, int(first)) for each, first in zip(alive, firsts, strict=False)]
    held = [segment.registrations for segment, _ in sources]
    with Writer(path) as writer:
        for segment, each in sources:
            segment.copy_records(writer, np.flatnonzero(each))
        columns = _joined_columns([one.columns.taken(each) for one, each in zip(held, alive, strict=True)])
        families = {
            name: _joined_family([(one.families.get(name, Family()), n) for one, n in zip(held, numbers, strict=True)])
            for name in sorted({name for one in held for name in one.families})
        }
        digests = _merged_runs([(one.digests.runs, n) for one, n in zip(held, numbers, strict=True)])
        removed = np.concatenate([_pairs([]), *(segment.removed for segment, _ in sources if coverage.start)])
        removed = _of_others(removed, np.concatenate([one.columns.works for one in held]))
        writer.finish((Registrations(columns, digests, families), removed, _by_work(columns)), asdict(coverage))


def _joined_columns(each: Sequence[Columns]) -> Columns:
    return Columns(*(np.concatenate([getattr(one, field.name) for one in each]) for field in fields(Columns)))


def _joined_family(each: Sequence[tuple[Family, Slots]]) -> Family:
    codes = CodeColumn()
    rows, slots = [codes.codes], [codes.slots]
    for family, numbers in each:
        renumbered = numbers[family.codes.slots]
        rows.append(family.codes.codes[renumbered >= 0])
        slots.append(renumbered[renumbered >= 0])
    keys = _merged_runs([(family.keys.runs, numbers) for family, numbers in each])
    return Family(keys, codes.appended(np.concatenate(rows), np.concatenate(slots)).trimmed())


def _merged_runs(sources: Sequence[tuple[tuple[Run, ...], Slots]]) -> Multimap:
    """As one run, which is made while it is written."""
    runs = [(run, numbers) for some, numbers in sources for run in some]
    return Multimap((cast(Run, Stream(np.uint64, _chunks(runs))),)) if runs else Multimap()


def _chunks(runs: Sequence[tuple[Run, Slots]]) -> Iterator[Run]:
    """The living postings of all runs in order, some at a time."""
    at = [0] * len(runs)
    share = [max(1, len(run) * _MERGED_AT_ONCE // sum(len(run) for run, _ in runs)) for run, _ in runs]
    while any(begin < len(run) for begin, (run, _) in zip(at, runs, strict=True)):
        # All postings under a key come together.
        last = min(
            run[min(a + n, len(run)) - 1] for a, n, (run, _) in zip(at, share, runs, strict=True) if a < len(run)
        )
        until = postings.last_of_key(last)
        ends = [a + int(np.searchsorted(run[a:], until, side="right")) for a, (run, _) in zip(at, runs, strict=True)]
        parts = [run[a:end] for a, end, (run, _) in zip(at, ends, runs, strict=True)]
        living = [postings.compacted((part,), numbers) for part, (_, numbers) in zip(parts, runs, strict=True)]
        yield np.sort(np.concatenate([parts[0][:0], *(run for some in living for run in some)]))
        at = ends


def _pairs(of: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array(of, dtype=np.int64).reshape(-1, 2)


def _of_others(removed: NDArray[np.int64], works: NDArray[np.int64]) -> NDArray[np.int64]:
    """The removals of works that are not among these: their registrations come before."""
    return removed[~np.isin(removed[:, 1], works)]


def _by_work(columns: Columns) -> NDArray[np.int32]:
    order: NDArray[np.int32] = np.argsort(columns.works, kind="stable").astype(np.int32)
    return order
