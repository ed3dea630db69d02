"""256-bit codes within a Hamming radius, exactly, without looking at all of them: multi-index hashing (Norouzi,
Punjani, Fleet: Fast search in Hamming space with multi-index hashing, 2012).

A code is a ring of 16 parts of 16 bits. Give part i an allowance a[i] so that all together come to radius + 1. If two
codes differ in at most ``radius`` bits, d[i] of them in part i, then the d[i] - a[i] add up to less than zero, and some
rotation of a ring with a negative sum has only negative prefix sums (Raney's cycle lemma, 1960). So there is a part
with d[i] < a[i] whose next one has d[i] + d[i + 1] < a[i] + a[i + 1]. At radius 31 every allowance is 2: look up the
part itself and each of the 16 values one bit away, and keep what differs in at most 3 bits of this part and the next.
A table's entry carries bits of the next part beside the row, so nearly all candidates end without a look at their code.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..model import CODE_WORDS
from .interface import CodeHits, NearCodes
from .postings import Slots, earliest, ranges

MAX_RADIUS = 31  # allowances of 2; with 3 there would be 137 values a part to look up, and a scan is as fast

_PARTS = 16
_VALUES = 1 << 16
_MAX_UNTABLED = 1 << 13  # rows without tables: to scan them costs about what their tables would
_MAX_TABLED = 1 << 26  # rows in one set of tables: entries are counted in 32 bits
_GROWTH = 4  # tables have at least so many times the rows of the next ones: fewer to look in, more to build again
_MAX_CANDIDATES = 1 << 15  # candidates compared at once
_MAX_HALF_RADIUS = 48  # radius up to which half a code tells most rows apart
_MAX_SCANNED = 1 << 13  # rows scanned at once
_MAX_EQUAL_FIRST = 8  # works taken first from one code, the earliest; the rest come after everything else

Codes = NDArray[np.uint64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Rows ``start`` to ``stop`` by each of their parts; of equal codes only the first, their leader, has entries.

    Attributes:
        offsets: int32, shape (16 * 65536 + 1,): where the entries of each value of each part begin.
        entries: uint32: the row, less ``start``, in the lower ``bits`` bits, as much as fits of the next part above.
        leaders: int64, ascending: the rows that others equal.
        firsts, followers: int64: leader k's followers are ``followers[firsts[k]:firsts[k + 1]]``, rows ascending.
    """

    start: int
    stop: int
    bits: int
    offsets: NDArray[np.int32]
    entries: NDArray[np.uint32]
    leaders: Rows
    firsts: Rows
    followers: Rows


@dataclass(frozen=True, slots=True, eq=False)
class CodeColumn:
    """Codes and the slots they belong to, by rows; ``count`` rows are in use, the last of them in no tables yet.

    Additions give a new column; the old one stays as it was for those who search it.
    """

    codes: Codes = field(default_factory=lambda: np.zeros((0, CODE_WORDS), dtype=np.uint64))
    slots: Slots = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    count: int = 0
    tables: tuple[Tables, ...] = ()

    def appended(self, codes: Codes, slots: Slots) -> CodeColumn:
        """With more rows; slots ascend, in the column too."""
        count = self.count + len(codes)
        wide, where = self.codes, self.slots
        if count > len(wide):
            size = max(count, len(wide) * 5 // 4, 64)
            wide, where = np.zeros((size, CODE_WORDS), dtype=np.uint64), np.zeros(size, dtype=np.int32)
            wide[: self.count], where[: self.count] = self.codes[: self.count], self.slots[: self.count]
        # Rows past the count belong to no snapshot, so they may be written in place.
        wide[self.count : count], where[self.count : count] = codes, slots
        return replace(self, codes=wide, slots=where, count=count)._with_tables()

    def compacted(self, renumbered: Slots) -> CodeColumn:
        """Without dead slots: ``renumbered`` maps an old slot to its new one, -1 when dead; order is kept."""
        slots = renumbered[self.slots[: self.count]]
        return CodeColumn().appended(self.codes[: self.count][slots >= 0], slots[slots >= 0]).trimmed()

    def trimmed(self) -> CodeColumn:
        """Without rows that are not in use."""
        return replace(self, codes=self.codes[: self.count], slots=self.slots[: self.count])

    def at(self, slots: Slots) -> Codes:
        """The first code of each slot, shape (n, 4); zeros where it has none."""
        out = np.zeros((len(slots), CODE_WORDS), dtype=np.uint64)
        if self.count:
            row = np.minimum(np.searchsorted(self.slots[: self.count], slots), self.count - 1)
            there = self.slots[row] == slots
            out[there] = self.codes[row[there]]
        return out

    def near(self, asked: Codes, radius: int, alive: NDArray[np.bool_]) -> tuple[Slots, NDArray[np.int64], Codes]:
        """Living rows within the radius of any code asked for: their slots, ascending, least distances and codes."""
        indexed = self.tables if radius <= MAX_RADIUS else ()
        rows, distance = self._within(np.ascontiguousarray(asked), radius, indexed)
        leader = np.arange(len(rows))
        for tables in indexed:
            rows, leader = _with_followers(tables, rows, leader)
        living = alive[self.slots[rows]]
        rows, distance = rows[living], distance[leader[living]]
        if len(rows) > 1 and (rows[1:] < rows[:-1]).any():
            order = np.argsort(rows)
            rows, distance = rows[order], distance[order]
        return self.slots[rows], distance, self.codes[rows]

    def _with_tables(self) -> CodeColumn:
        """With tables over all rows when too many have none, made together with those of the shorter tables before."""
        older = list(self.tables)
        start = older[-1].stop if older else 0
        if self.count - start <= _MAX_UNTABLED:
            return self
        while (
            older
            and older[-1].stop - older[-1].start < _GROWTH * (self.count - start)
            and self.count - older[-1].start <= _MAX_TABLED
        ):
            start = older.pop().start
        made = [
            _build_tables(self.codes, a, min(a + _MAX_TABLED, self.count))
            for a in range(start, self.count, _MAX_TABLED)
        ]
        return replace(self, tables=(*older, *made))

    def _within(self, asked: Codes, radius: int, indexed: tuple[Tables, ...]) -> tuple[Rows, NDArray[np.int64]]:
        """Rows within the radius of any code asked for, followers left out, and their least distances."""
        hits = [_scan(self.codes, indexed[-1].stop if indexed else 0, self.count, asked, radius)]
        if indexed:
            probes = _probes(asked, radius)
            hits += [_look_up(tables, self.codes, asked, probes, radius) for tables in indexed]
        pairs = np.sort(np.concatenate(hits))
        rows = pairs >> _DISTANCE_BITS
        nearest = earliest(rows, 1)
        return rows[nearest], pairs[nearest] & ((1 << _DISTANCE_BITS) - 1)


_NONE: Rows = np.zeros(0, dtype=np.int64)
_DISTANCE_BITS = 9  # a hit is row << 9 | distance


def _hits(codes: Codes, rows: Rows, asked: Codes, which: Rows | list[int], radius: int) -> Rows:
    differing = codes.take(rows, axis=0) ^ asked.take(which, axis=0)
    distance = np.bitwise_count(differing).sum(axis=1, dtype=np.int64)
    hit = np.flatnonzero(distance <= radius)
    hits: Rows = rows[hit] << _DISTANCE_BITS | distance[hit]
    return hits


def _scan(codes: Codes, start: int, stop: int, asked: Codes, radius: int) -> Rows:
    hits = [_NONE]
    for begin in range(start, stop, _MAX_SCANNED):
        chunk = codes[begin : min(begin + _MAX_SCANNED, stop)]
        for n, code in enumerate(asked):
            if radius > _MAX_HALF_RADIUS:
                four = np.bitwise_count(chunk ^ code).view(np.uint32)[:, 0]  # of a row's words; added without a loop
                two = (four & np.uint32(0xFF00FF)) + (four >> np.uint32(8) & np.uint32(0xFF00FF))
                distance = (two >> np.uint32(16)) + (two & np.uint32(0xFFFF))
                rows = np.flatnonzero(distance <= radius)
                hits.append((rows + begin) << _DISTANCE_BITS | distance[rows])
                continue
            half = np.bitwise_count(chunk[:, 0] ^ code[0]) + np.bitwise_count(chunk[:, 1] ^ code[1])
            rows = np.flatnonzero(half <= radius)
            if len(rows):
                hits.append(_hits(codes, rows + begin, asked, [n], radius))
    return np.concatenate(hits)


@dataclass(frozen=True, slots=True, eq=False)
class _Probes:
    """The values to look up for each code asked for, the same number for each, one code after the other.

    Attributes:
        each: how many there are for one code.
        buckets: int64: which of the offsets is each value's.
        following: uint32: the next part of the code.
        bounds: uint8: how many bits of the next part may differ.
    """

    each: int
    buckets: NDArray[np.int64]
    following: NDArray[np.uint32]
    bounds: NDArray[np.uint8]


def _probes(asked: Codes, radius: int) -> _Probes:
    part, following, base, flip, bound = _pattern(radius)
    parts = asked.view(np.uint16).reshape(-1, _PARTS)
    buckets = (parts.take(part, axis=1) ^ flip) + base
    bounds = np.broadcast_to(bound, buckets.shape)
    return _Probes(len(part), buckets.ravel(), parts.take(following, axis=1).astype(np.uint32).ravel(), bounds.ravel())


@lru_cache
def _pattern(radius: int) -> tuple[Rows, Rows, Rows, NDArray[np.uint16], NDArray[np.uint8]]:
    """For each value to look up: its part, the next part, the part's first bucket, the bits to turn over, the bound."""
    least, more = divmod(radius + 1, _PARTS)
    allowance = [least + (part < more) for part in range(_PARTS)]
    part, flip, bound = zip(
        *(
            (part, flip, allowance[part] + allowance[(part + 1) % _PARTS] - 1 - flip.bit_count())
            for part in range(_PARTS)
            for flip in (0, *(1 << bit for bit in range(16)))
            if flip.bit_count() < allowance[part]
        ),
        strict=True,
    )
    parts = np.array(part)
    return parts, (parts + 1) % _PARTS, parts * _VALUES, np.array(flip, np.uint16), np.array(bound, np.uint8)


def _look_up(tables: Tables, codes: Codes, asked: Codes, probes: _Probes, radius: int) -> Rows:
    firsts, lasts = tables.offsets.take(probes.buckets), tables.offsets.take(probes.buckets + 1)
    counts = lasts - firsts
    ends = counts.cumsum()
    following = probes.following << np.uint32(tables.bits)
    hits = [_NONE]
    begin = 0
    while begin < len(counts):
        done = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(ends.searchsorted(done + _MAX_CANDIDATES, side="right")))
        these = slice(begin, end)
        count = counts[these]
        # A gather of single entries waits for memory many at a time, the one of whole stretches after it does not.
        tables.entries.take(firsts[these], mode="clip")
        tables.entries.take(lasts[these], mode="clip")
        places = np.arange(done, ends[end - 1])
        places += (lasts[these] - ends[these]).repeat(count)
        entries = tables.entries.take(places)
        differing = entries ^ following[these].repeat(count)
        differing >>= np.uint32(tables.bits)
        passed = np.flatnonzero(np.bitwise_count(differing) <= probes.bounds[these].repeat(count))
        which = (ends[these].searchsorted(passed + done, side="right") + begin) // probes.each
        rows = (entries.take(passed) & np.uint32((1 << tables.bits) - 1)) + np.int64(tables.start)
        hits.append(_hits(codes, rows, asked, which, radius))
        begin = end
    return np.concatenate(hits)


def _build_tables(codes: Codes, start: int, stop: int) -> Tables:
    mine = codes[start:stop]
    order, new = _sort_equal(mine)
    lead = order[new]
    followers = order[~new]
    leader = lead[np.cumsum(new)[~new] - 1]
    by_leader = np.argsort(leader, kind="stable")
    leaders, counts = np.unique(leader, return_counts=True)
    lead.sort()
    if len(followers):
        mine = mine[lead]
    bits = max((stop - start - 1).bit_length(), 16)
    offsets = np.zeros(_PARTS * _VALUES + 1, dtype=np.int32)
    entries = np.empty((_PARTS, len(lead)), dtype=np.uint32)
    rows = lead.astype(np.uint32)
    values = np.ascontiguousarray(mine.view(np.uint16).T)
    for part in range(_PARTS):
        entry = values[(part + 1) % _PARTS].astype(np.uint32) << np.uint32(bits) | rows
        entries[part] = entry[np.argsort(values[part], kind="stable")]
        offsets[part * _VALUES + 1 : (part + 1) * _VALUES + 1] = np.bincount(values[part], minlength=_VALUES)
    np.cumsum(offsets, out=offsets)
    return Tables(
        start,
        stop,
        bits,
        offsets,
        entries.ravel(),
        leaders + start,
        np.concatenate(([0], np.cumsum(counts))),
        followers[by_leader] + start,
    )


def _with_followers(tables: Tables, rows: Rows, leader: Rows) -> tuple[Rows, Rows]:
    """Rows, with those after them that equal them and have no entries of their own; each with its leader's place."""
    if not len(tables.leaders):
        return rows, leader
    at = np.minimum(np.searchsorted(tables.leaders, rows), len(tables.leaders) - 1)
    leading = np.flatnonzero(tables.leaders[at] == rows)
    first = tables.firsts[at[leading]]
    count = tables.firsts[at[leading] + 1] - first
    more = tables.followers[ranges(first, count)]
    return np.concatenate((rows, more)), np.concatenate((leader, np.repeat(leader[leading], count)))


_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], dtype=np.uint64)


def _sort_equal(codes: Codes) -> tuple[Rows, NDArray[np.bool_]]:
    """An order in which equal codes lie together, rows ascending, and in it where each of them begins."""
    mixed = codes * _MIX
    mixed ^= mixed >> np.uint64(32)
    key = (mixed * _MIX[::-1]).sum(axis=1, dtype=np.uint64)
    # Two codes of one key could lie alternately: then equal ones are taken for several, which costs time only.
    row = np.uint64((1 << max(len(codes) - 1, 1).bit_length()) - 1)
    packed = np.sort(key & ~row | np.arange(len(codes), dtype=np.uint64))
    order = (packed & row).astype(np.int64)
    new = np.ones(len(codes), dtype=np.bool_)
    maybe = np.flatnonzero(packed[1:] & ~row == packed[:-1] & ~row) + 1
    new[maybe] = (codes[order[maybe]] != codes[order[maybe - 1]]).any(axis=1)
    return order, new


def near_codes(hits: CodeHits) -> NearCodes:
    """How alike registrations are by their codes; of many equal ones only the earliest come first."""
    similarity = 1.0 - hits.distance / 256
    if len(hits.positions) > _MAX_EQUAL_FIRST:
        group = _groups(hits.codes)
        order = np.argsort(group, kind="stable")
        similarity[order[~earliest(group[order], _MAX_EQUAL_FIRST)]] -= 1.0
    return NearCodes(hits.positions, similarity)


def _groups(codes: Codes) -> Rows:
    """A number for each code, the same for equal ones only."""
    order, new = _sort_equal(codes)
    out = np.empty(len(codes), dtype=np.int64)
    out[order] = np.cumsum(new)
    return out
