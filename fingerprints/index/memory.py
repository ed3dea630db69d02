"""The index of one process: numpy columns, exact within the radius, no object a key or code.

Readers take a snapshot under the lock and search it outside; a writer replaces arrays and never changes what a snapshot
can see, except that a slot may die.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint
from . import postings
from .hamming import CodeColumn, Codes
from .interface import Change, NearCodes
from .postings import Slots

_MAX_SAME_DIGEST = 256  # works taken from one digest
_TOLERATED_DEAD = 4096  # dead slots tolerated whatever their share


@dataclass(frozen=True, slots=True, eq=False)
class _Family:
    """What fingerprints of one algorithm are found by."""

    keys: tuple[postings.Run, ...] = ()
    codes: CodeColumn = field(default_factory=CodeColumn)


class MemoryView:
    """See `View`."""

    def __init__(
        self,
        count: int,
        works: NDArray[np.int64],
        accounts: NDArray[np.int64],
        sizes: NDArray[np.int32],
        alive: NDArray[np.bool_],
        digests: tuple[postings.Run, ...],
        family: _Family,
    ) -> None:
        self._count = count
        self._works, self._accounts, self._sizes, self._alive = works, accounts, sizes, alive
        self._digests, self._family = digests, family

    def __len__(self) -> int:
        return self._count

    def works(self, slots: Slots) -> NDArray[np.int64]:
        return self._works[slots]

    def accounts_at(self, slots: Slots) -> NDArray[np.int64]:
        return self._accounts[slots]

    def sizes_at(self, slots: Slots) -> NDArray[np.int64]:
        return self._sizes[slots].astype(np.int64)

    def by_digest(self, digest: bytes) -> Slots:
        return postings.lookup(self._digests, _digest_keys([digest]), self._alive, _MAX_SAME_DIGEST).slots

    def by_keys(self, keys: postings.Keys, cap: int) -> postings.Postings:
        return postings.lookup(self._family.keys, keys, self._alive, cap)

    def by_near_keys(self, keys: postings.Keys, bits: int, radius: int, cap: int) -> postings.NearPostings:
        return postings.lookup_near(self._family.keys, keys, self._alive, bits, radius, cap)

    def count_near_keys(self, keys: postings.Keys, bits: int, radius: int, cap: int) -> NDArray[np.int64]:
        found = self.by_near_keys(keys, bits, radius, cap)
        # One number a pair: sorting pairs takes ten times as long.
        pairs = np.unique(found.asked << postings.SLOT_BITS | found.slots)
        return np.bincount(pairs >> postings.SLOT_BITS, minlength=len(keys))

    def codes_at(self, slots: Slots) -> Codes:
        return self._family.codes.at(slots)

    def by_codes(self, codes: Codes, radius: int) -> NearCodes:
        return self._family.codes.near(codes, radius, self._alive)


class MemoryIndex:
    """See `Index`. A slot is one registration ever applied; a work that is removed or replaced leaves a dead one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._position = 0
        self._digests: tuple[postings.Run, ...] = ()
        self._families: dict[str, _Family] = {}
        self._works = np.zeros(0, dtype=np.int64)
        self._accounts = np.zeros(0, dtype=np.int64)
        self._sizes = np.zeros(0, dtype=np.int32)
        self._alive = np.zeros(0, dtype=np.bool_)
        self._count = 0
        self._dead = 0
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
            last = self._position
            for n, change in enumerate(batch):
                if change.position < last or (n == 0 and change.position == last):
                    raise ValueError(f"change {change.position} comes after {last}: an index only goes forward")
                last = change.position
            self._grow(sum(change.fingerprint is not None for change in batch))
            fresh: dict[int, Fingerprint] = {}
            for change in batch:
                old = self._slot_of.pop(change.work, None)
                if old is not None:
                    self._alive[old] = False
                    self._dead += 1
                    fresh.pop(old, None)
                if change.fingerprint is not None:
                    slot = self._count
                    self._count += 1
                    self._works[slot], self._accounts[slot], self._alive[slot] = change.work, change.account, True
                    self._sizes[slot] = len(change.fingerprint.keys)
                    self._slot_of[change.work] = slot
                    fresh[slot] = change.fingerprint
            self._insert(fresh)
            self._position = last
            if self._dead > max(_TOLERATED_DEAD, len(self._slot_of)):
                self._compact()

    def view(self, algorithm: str) -> MemoryView:
        with self._lock:
            return MemoryView(
                self._count,
                self._works,
                self._accounts,
                self._sizes,
                self._alive,
                self._digests,
                self._families.get(algorithm, _Family()),
            )

    def _grow(self, more: int) -> None:
        need = self._count + more
        if need > postings.MAX_SLOTS:
            raise OverflowError(
                f"one index holds at most {postings.MAX_SLOTS} registrations; divide them among several"
            )
        if need > len(self._works):
            size = max(need, 2 * len(self._works), 1024)
            self._works = np.concatenate((self._works, np.zeros(size - len(self._works), dtype=np.int64)))
            self._accounts = np.concatenate((self._accounts, np.zeros(size - len(self._accounts), dtype=np.int64)))
            self._sizes = np.concatenate((self._sizes, np.zeros(size - len(self._sizes), dtype=np.int32)))
            self._alive = np.concatenate((self._alive, np.zeros(size - len(self._alive), dtype=np.bool_)))

    def _insert(self, fresh: dict[int, Fingerprint]) -> None:
        if not fresh:
            return
        everyone = np.fromiter(fresh, dtype=np.int32, count=len(fresh))
        self._digests = postings.inserted(self._digests, _digest_keys([f.digest for f in fresh.values()]), everyone)
        for algorithm in {f.algorithm for f in fresh.values()}:
            mine = {slot: f for slot, f in fresh.items() if f.algorithm == algorithm}
            slots = np.fromiter(mine, dtype=np.int32, count=len(mine))
            keys = np.concatenate([f.keys for f in mine.values()])
            key_slots = np.repeat(slots, [len(f.keys) for f in mine.values()])
            family = self._families.get(algorithm, _Family())
            family = replace(family, keys=postings.inserted(family.keys, keys, key_slots))
            codes = np.concatenate([f.codes for f in mine.values()])
            code_slots = np.repeat(slots, [len(f.codes) for f in mine.values()])
            self._families[algorithm] = replace(family, codes=family.codes.appended(codes, code_slots))

    def _compact(self) -> None:
        """Forget dead slots; new arrays throughout, because a reader may hold the old ones."""
        alive = self._alive[: self._count]
        renumbered = np.where(alive, np.cumsum(alive) - 1, -1).astype(np.int32)
        self._works, self._sizes = self._works[: self._count][alive], self._sizes[: self._count][alive]
        self._accounts = self._accounts[: self._count][alive]
        self._count, self._dead = len(self._works), 0
        self._alive = np.ones(self._count, dtype=np.bool_)
        self._slot_of = {work: slot for slot, work in enumerate(self._works.tolist())}
        self._digests = postings.compacted(self._digests, renumbered)
        for name, family in self._families.items():
            self._families[name] = _Family(
                postings.compacted(family.keys, renumbered), family.codes.compacted(renumbered)
            )


def _digest_keys(digests: Sequence[bytes]) -> postings.Keys:
    """The first 40 bits of each SHA-256; whoever searches compares the whole."""
    return np.frombuffer(b"".join(digest[:8] for digest in digests), dtype="<u8") & np.uint64(
        (1 << postings.KEY_BITS) - 1
    )
