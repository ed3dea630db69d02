"""The index of one process: numpy columns, exact within the radius, no object a key or code.

Readers take a snapshot under the lock and search it outside; a writer replaces arrays and never changes what a snapshot
can see.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ..model import Fingerprint
from . import postings
from .interface import Change
from .joined import JoinedView, asking
from .part import Family, Registrations, SlotView, digest_keys

_TOLERATED_DEAD = 4096  # dead slots tolerated whatever their share


class MemoryIndex:
    """See `Index`. A slot is one registration ever applied; a work that is removed or replaced leaves a dead one."""

    def __init__(self, position: int = 0) -> None:
        """
        Args:
            position: up to which another part holds the log.
        """
        self._lock = threading.Lock()
        self._position = position
        self._held = Registrations()  # columns are longer than the count: rows past it belong to no view
        self._count = 0
        self._slot_of: dict[int, int] = {}

    @property
    def position(self) -> int:
        return self._position

    def __len__(self) -> int:
        """Works that can be found."""
        return len(self._slot_of)

    def apply(self, changes: Iterable[Change]) -> None:
        batch = list(changes)
        with self._lock:
            last = self._checked(batch)
            more = sum(change.fingerprint is not None for change in batch)
            columns = self._held.columns.grown(self._count + more)
            fresh: dict[int, Fingerprint] = {}
            dead: list[int] = []
            for change in batch:
                old = self._slot_of.pop(change.work, None)
                if old is not None:
                    dead.append(old)
                    fresh.pop(old, None)
                if change.fingerprint is not None:
                    slot = self._count
                    self._count += 1
                    columns.positions[slot], columns.works[slot] = change.position, change.work
                    columns.accounts[slot] = change.account
                    columns.sizes[slot] = sum(len(each.keys) for each in change.fingerprint.each)
                    columns.alive[slot] = True
                    self._slot_of[change.work] = slot
                    fresh[slot] = change.fingerprint
            self._held = replace(self._held, columns=columns)
            if dead:
                self._held = self._held.without(dead)
            self._insert(fresh)
            self._position = last
            if self._count - len(self._slot_of) > max(_TOLERATED_DEAD, len(self._slot_of)):
                self._compact()

    def view(self, algorithm: str) -> JoinedView:
        return JoinedView(asking([self.part(algorithm)]))

    def part(self, algorithm: str) -> SlotView:
        """What is registered now, as a part of an index."""
        return self._snapshot().view(algorithm)

    def registrations(self) -> Registrations:
        """What is registered now, without dead slots."""
        return self._snapshot().compacted()

    def forget(self, position: int) -> None:
        """Leave everything up to a position to another part."""
        with self._lock:
            columns = self._held.columns.until(self._count)
            gone = np.flatnonzero(columns.positions <= position).tolist()
            self._held = replace(self._held, columns=columns.without(gone))
            self._position = max(self._position, position)
            self._compact()

    def _snapshot(self) -> Registrations:
        with self._lock:
            return replace(self._held, columns=self._held.columns.until(self._count))

    def _checked(self, batch: Sequence[Change]) -> int:
        """The position of the last change; raises where positions do not ascend, or are too many."""
        last, taken = self._position, self._position
        for n, change in enumerate(batch):
            if change.position < last or (n == 0 and change.position == last):
                raise ValueError(f"change {change.position} comes after {last}: an index only goes forward")
            last = change.position
            if change.fingerprint is not None:
                if change.position == taken:
                    raise ValueError(f"two registrations at {taken}: a position names one")
                taken = change.position
        if self._count + sum(change.fingerprint is not None for change in batch) > postings.MAX_SLOTS:
            raise OverflowError(f"one part holds at most {postings.MAX_SLOTS} registrations; divide them among several")
        return last

    def _insert(self, fresh: dict[int, Fingerprint]) -> None:
        if not fresh:
            return
        everyone = np.fromiter(fresh, dtype=np.int32, count=len(fresh))
        digests = self._held.digests.inserted(digest_keys([f.digest for f in fresh.values()]), everyone)
        families = dict(self._held.families)
        for algorithm in {each.algorithm for f in fresh.values() for each in f.each}:
            mine = {slot: each for slot, f in fresh.items() if (each := f.by(algorithm)) is not None}
            slots = np.fromiter(mine, dtype=np.int32, count=len(mine))
            keys = np.concatenate([f.keys for f in mine.values()])
            key_slots = np.repeat(slots, [len(f.keys) for f in mine.values()])
            codes = np.concatenate([f.codes for f in mine.values()])
            code_slots = np.repeat(slots, [len(f.codes) for f in mine.values()])
            family = families.get(algorithm, Family())
            families[algorithm] = Family(
                family.keys.inserted(keys, key_slots), family.codes.appended(codes, code_slots)
            )
        self._held = Registrations(self._held.columns, digests, families)

    def _compact(self) -> None:
        self._held = replace(self._held, columns=self._held.columns.until(self._count)).compacted()
        works = self._held.columns.works
        self._count = len(works)
        self._slot_of = {work: slot for slot, work in enumerate(works.tolist())}
