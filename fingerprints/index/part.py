"""Registrations with dense numbers, their slots, in the order of the log; and what they are found by.

A part is what one array can hold: the numbers of its slots stay inside it. Its arrays are in memory or mapped from a
file, and what a view was given of them never changes: registrations of which more are dead are others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint
from . import postings
from .hamming import CodeColumn
from .interface import MAX_SAME_DIGEST, CodeHits, Codes, KeyHits, NearKeyHits, Positions, Rows
from .postings import Keys, NearKeys, Run, Slots


@dataclass(frozen=True, slots=True, eq=False)
class Multimap:
    """Keys to slots.

    Attributes:
        runs: all postings.
        dead: those of dead slots once more.
    """

    runs: tuple[Run, ...] = ()
    dead: tuple[Run, ...] = ()

    def inserted(self, keys: Keys, slots: Slots) -> Multimap:
        return replace(self, runs=postings.inserted(self.runs, keys, slots))

    def trimmed(self) -> Multimap:
        return Multimap(tuple(run for run in self.runs if len(run)), self.dead)

    def buried(self, dead: Run) -> Multimap:
        """With more dead slots, of which these are the postings."""
        return replace(self, dead=postings.merged(self.dead, dead))

    def compacted(self, renumbered: Slots) -> Multimap:
        """Without dead slots, in one run; see `postings.compacted`."""
        runs = postings.compacted(self.runs, renumbered)
        return Multimap(runs if len(runs) < 2 else (np.sort(np.concatenate(runs), kind="stable"),))


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """What fingerprints of one algorithm are found by."""

    keys: Multimap = field(default_factory=Multimap)
    codes: CodeColumn = field(default_factory=CodeColumn)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What is known of each slot, shape (n,).

    Attributes:
        positions: int64, ascending: of its registration in the log.
        works, accounts: int64, see `interface.Change`.
        sizes: int32, how many keys it has.
        alive: whether it is still registered.
    """

    positions: Positions
    works: NDArray[np.int64]
    accounts: NDArray[np.int64]
    sizes: NDArray[np.int32]
    alive: NDArray[np.bool_]

    @classmethod
    def empty(cls) -> Columns:
        none = np.zeros(0, dtype=np.int64)
        return cls(none, none, none, none.astype(np.int32), none.astype(np.bool_))

    def grown(self, count: int) -> Columns:
        """With room for so many slots."""
        if count <= len(self.positions):
            return self
        more = max(count, 2 * len(self.positions), 1024) - len(self.positions)
        return self._each(lambda column: np.concatenate((column, np.zeros(more, dtype=column.dtype))))

    def until(self, count: int) -> Columns:
        """The first slots."""
        return self._each(lambda column: column[:count])

    def taken(self, these: NDArray[np.bool_]) -> Columns:
        """The slots that are marked, renumbered."""
        return self._each(lambda column: column[these])

    def _each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Columns:
        columns = (self.positions, self.works, self.accounts, self.sizes, self.alive)
        return Columns(*(change(column) for column in columns))

    def without(self, dead: Sequence[int]) -> Columns:
        """With dead slots; views hold the other array."""
        alive = self.alive.copy()
        alive[dead] = False
        return replace(self, alive=alive)

    def slots_of(self, positions: Positions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of the positions are here, and their slots."""
        slots = np.searchsorted(self.positions, positions)
        slots[slots == len(self.positions)] = 0
        here = np.flatnonzero(self.positions[slots] == positions) if len(self.positions) else slots[:0]
        return here, slots[here]


@dataclass(frozen=True, slots=True, eq=False)
class Registrations:
    """All that a part holds.

    Attributes:
        families: by algorithm.
    """

    columns: Columns = field(default_factory=Columns.empty)
    digests: Multimap = field(default_factory=Multimap)
    families: Mapping[str, Family] = field(default_factory=dict)

    def without(self, dead: Sequence[int]) -> Registrations:
        """With more dead slots, whose postings are looked for among all."""
        these = np.zeros(len(self.columns.positions), dtype=np.bool_)
        these[dead] = True
        keys = {name: postings.of_slots(family.keys.runs, these) for name, family in self.families.items()}
        return self.buried(dead, postings.of_slots(self.digests.runs, these), keys)

    def buried(self, dead: Sequence[int], digests: Run, keys: Mapping[str, Run]) -> Registrations:
        """With more dead slots.

        Args:
            digests, keys: their postings, of keys by algorithm.
        """
        families = {
            name: replace(family, keys=family.keys.buried(keys[name])) if name in keys else family
            for name, family in self.families.items()
        }
        return Registrations(self.columns.without(dead), self.digests.buried(digests), families)

    def compacted(self) -> Registrations:
        """Without dead slots; new arrays throughout, because a view may hold the old ones."""
        alive = self.columns.alive
        renumbered = renumbering(alive)
        families = {
            name: Family(family.keys.compacted(renumbered), family.codes.compacted(renumbered))
            for name, family in self.families.items()
        }
        return Registrations(self.columns.taken(alive), self.digests.compacted(renumbered), families)

    def trimmed(self) -> Registrations:
        """Without runs that are empty."""
        families = {name: replace(family, keys=family.keys.trimmed()) for name, family in self.families.items()}
        return Registrations(self.columns, self.digests.trimmed(), families)

    def view(self, algorithm: str) -> SlotView:
        return SlotView(self.columns, self.digests, self.families.get(algorithm, Family()))


class SlotView:
    """The registrations of one part, for fingerprints of one algorithm; see `interface.Part`."""

    def __init__(self, columns: Columns, digests: Multimap, family: Family) -> None:
        self._columns, self._digests, self._family = columns, digests, family

    def __len__(self) -> int:
        return int(np.count_nonzero(self._columns.alive))

    def by_digest(self, digest: bytes) -> Positions:
        found = postings.lookup(
            self._digests.runs, digest_keys([digest]), self._columns.alive, MAX_SAME_DIGEST, self._digests.dead
        )
        return self._columns.positions[found.slots]

    def by_keys(self, keys: Keys, cap: int) -> KeyHits:
        found = postings.lookup(self._family.keys.runs, keys, self._columns.alive, cap, self._family.keys.dead)
        return KeyHits(found.counts, found.asked, self._columns.positions[found.slots])

    def by_near_keys(self, near: NearKeys) -> NearKeyHits:
        found = postings.lookup_near(self._family.keys.runs, near, self._columns.alive)
        return NearKeyHits(found.asked, self._columns.positions[found.slots], found.distance)

    def count_near_keys(self, near: NearKeys) -> NDArray[np.int64]:
        return postings.count_near(self._family.keys.runs, near, self._columns.alive)

    def code_hits(self, codes: Codes, radius: int) -> CodeHits:
        slots, distance, near = self._family.codes.near(codes, radius, self._columns.alive)
        return CodeHits(self._columns.positions[slots], distance, near)

    def rows_at(self, positions: Positions) -> Rows:
        here, slots = self._columns.slots_of(positions)
        columns = self._columns
        return Rows(here, columns.accounts[slots], columns.sizes[slots].astype(np.int64))

    def fingerprints_at(self, positions: Positions) -> Mapping[int, Fingerprint]:
        return {}  # details are not kept in memory

    def first_codes(self, positions: Positions) -> Codes:
        here, slots = self._columns.slots_of(positions)
        out = np.zeros((len(positions), self._family.codes.codes.shape[1]), dtype=np.uint64)
        out[here] = self._family.codes.at(slots.astype(np.int32))
        return out


def renumbering(alive: NDArray[np.bool_], first: int = 0) -> Slots:
    """Of each slot its number when the dead are left out, from ``first`` on; -1 of the dead."""
    out: Slots = np.where(alive, np.cumsum(alive) - 1 + first, -1).astype(np.int32)
    return out


def digest_keys(digests: Sequence[bytes]) -> Keys:
    """The first 40 bits of each SHA-256; whoever searches compares the whole."""
    return np.frombuffer(b"".join(digest[:8] for digest in digests), dtype="<u8") & np.uint64(
        (1 << postings.KEY_BITS) - 1
    )
