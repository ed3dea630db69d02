"""A multimap from 40-bit keys to 24-bit slots as sorted runs of packed 64-bit integers, each several
times as long as the next.

The logarithmic method of Bentley and Saxe (Decomposable searching problems, 1980): adding n keys costs O(n log n)
altogether, a look-up is a binary search in each of a few runs, and there is no object a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

KEY_BITS = 40
SLOT_BITS = 64 - KEY_BITS
MAX_SLOTS = 1 << SLOT_BITS

_MAX_PAIRS = 1 << 15  # compared at once: what fits a core's own cache is several times faster
_MIN_PAIRS_ALONE = 1 << 13  # of one stretch, to compare them by themselves; of fewer, calls would take longer
_MAX_PENDING = 1 << 23  # hits, or pairs of a key and a slot, held before what is over the cap is left out
_EARLIER_BITS = 40  # for what tells which of two hits is of the earlier registration: a position or a slot
_GROWTH = 4  # a run is at least so much longer than the next: fewer to look in, more to merge

Keys = NDArray[np.uint64]
Slots = NDArray[np.int32]
Run = NDArray[np.uint64]  # key << SLOT_BITS | slot, ascending

_SHIFT = np.uint64(SLOT_BITS)
_SLOT_MASK = np.uint64(MAX_SLOTS - 1)
_NO_RUN: Run = np.zeros(0, dtype=np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """What stands under the keys of one look-up.

    Attributes:
        counts: int64, shape (n,): how many living slots stand under each key asked for, the capped ones too.
        asked: int64, shape (h,): for each living slot found, the place of its key among those asked for.
        slots: int32, shape (h,): the slots, of each key and run at least the ``cap`` earliest.
    """

    counts: NDArray[np.int64]
    asked: NDArray[np.int64]
    slots: Slots


@dataclass(frozen=True, slots=True, eq=False)
class NearKeys:
    """Keys to look up with those near them: Hamming embedding (Jegou, Douze, Schmid, 2008).

    A key is a word and, in its lower bits, a signature. What has the same word is found where the signatures differ in
    at most ``radius`` bits. Of these only what begins like the signature is read, but for those of its first bits that
    are told least surely (Lv et al., Multi-probe LSH, 2007): postings lie in the order of their signatures.

    Attributes:
        keys: shape (n,), each below 2^40, in any order.
        word_bits: 1 to 40.
        prefix_bits: of the signature, that must agree, 0 to 40 - ``word_bits``; 0 reads everything that has the word.
        loose: shape (n,), the bits of each key that may differ all the same; each doubles the stretches that are read.
        radius: in bits.
        cap: of each key and each distance at most so many are found, the earliest; and at most so many are counted.
    """

    keys: Keys
    word_bits: int
    prefix_bits: int
    loose: Keys
    radius: int
    cap: int


@dataclass(frozen=True, slots=True, eq=False)
class NearPostings:
    """What stands near the keys of a look-up.

    Attributes:
        asked: int64, shape (h,): for each living slot found, the place of its key among those asked for.
        slots: int32, shape (h,).
        distance: uint8, shape (h,): bits in which the signatures differ.
    """

    asked: NDArray[np.int64]
    slots: Slots
    distance: NDArray[np.uint8]


def ranges(first: NDArray[np.integer], count: NDArray[np.integer]) -> NDArray[np.int64]:
    """The places ``first[i]``, ``first[i] + 1``, ... ``count[i]`` of them, for each i in turn."""
    ends = np.cumsum(count, dtype=np.int64)
    places: NDArray[np.int64] = np.arange(ends[-1] if len(ends) else 0)
    places += np.repeat(first - ends + count, count)
    return places


def earliest(groups: NDArray[np.integer], cap: int) -> NDArray[np.bool_]:
    """Which are among the first so many of their group, at least one; groups lie together."""
    out = np.ones(len(groups), dtype=np.bool_)
    out[cap:] = groups[cap:] != groups[:-cap]
    return out


def inserted(runs: tuple[Run, ...], keys: Keys, slots: Slots) -> tuple[Run, ...]:
    """The runs with more postings in them; the old ones are not changed, so a reader may go on with them.

    Args:
        keys: shape (n,), each below 2^40.
        slots: shape (n,), each below 2^24.
    """
    return merged(runs, np.sort(keys << _SHIFT | slots.astype(np.uint64)))


def merged(runs: tuple[Run, ...], run: Run) -> tuple[Run, ...]:
    """The runs with one more."""
    if not len(run):
        return runs
    out = [*runs, run]
    while len(out) > 1 and len(out[-2]) < _GROWTH * len(out[-1]):
        # The two are sorted already: the stable sort finds that out and merges them.
        out[-2:] = [np.sort(np.concatenate(out[-2:]), kind="stable")]
    return tuple(out)


def lookup(
    runs: tuple[Run, ...], keys: Keys, alive: NDArray[np.bool_], cap: int, dead: tuple[Run, ...] = ()
) -> Postings:
    """What stands under keys; ascending keys are looked up fastest.

    Args:
        dead: the postings of dead slots once more, see `of_slots`; so that counts and caps are those of the living.
    """
    gone = _counts(dead, keys)
    counts = -gone
    asked: list[NDArray[np.int64]] = [counts[:0]]
    slots: list[Slots] = [np.zeros(0, dtype=np.int32)]
    for run in runs:
        there, first, count = _stretches(run, keys)
        counts[there] += count
        taken = np.minimum(count, cap + gone[there])
        which = np.repeat(np.arange(len(there)), taken)
        hits = (run[ranges(first, taken)] & _SLOT_MASK).astype(np.int32)
        living = alive[hits]
        asked.append(there[which[living]])
        slots.append(hits[living])
    return Postings(counts, np.concatenate(asked), np.concatenate(slots))


def last_of_key(posting: np.uint64) -> np.uint64:
    """The greatest posting that can stand under the key of one."""
    return posting | _SLOT_MASK


def of_slots(runs: tuple[Run, ...], these: NDArray[np.bool_]) -> Run:
    """The postings of the slots that are marked, as one run."""
    return np.sort(np.concatenate([_NO_RUN, *(run[these[(run & _SLOT_MASK).astype(np.int64)]] for run in runs)]))


def _stretches(run: Run, keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Which of the keys stand in a run, where the postings of each begin, and how many there are."""
    low = np.searchsorted(run, keys << _SHIFT)
    low[low == len(run)] = 0
    there = np.flatnonzero(run[low] >> _SHIFT == keys)
    first = low[there]
    return there, first, np.searchsorted(run, (keys[there] << _SHIFT) | _SLOT_MASK, side="right") - first


def _counts(runs: tuple[Run, ...], keys: Keys) -> NDArray[np.int64]:
    counts = np.zeros(len(keys), dtype=np.int64)
    for run in runs:
        there, _, count = _stretches(run, keys)
        counts[there] += count
    return counts


def lookup_near(runs: tuple[Run, ...], near: NearKeys, alive: NDArray[np.bool_]) -> NearPostings:
    """What stands near keys."""
    found = [NearPostings(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint8))]
    pending = 0
    for hits in _near(runs, near, alive):
        found.append(hits)
        pending += len(hits.slots)
        if pending > _MAX_PENDING:
            found, pending = [_capped(found, near)], 0
    return _capped(found, near)


def count_near(runs: tuple[Run, ...], near: NearKeys, alive: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many living slots stand near each key, shape (n,); at most ``near.cap``."""
    found: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    pending = 0
    for hits in _near(runs, near, alive):
        # One number a pair: sorting pairs takes ten times as long.
        found.append(hits.asked << SLOT_BITS | hits.slots)
        pending += len(hits.slots)
        if pending > _MAX_PENDING:
            pairs = np.unique(np.concatenate(found))
            found, pending = [pairs[earliest(pairs >> SLOT_BITS, near.cap)]], 0
    pairs = np.unique(np.concatenate(found))
    return np.minimum(np.bincount(pairs >> SLOT_BITS, minlength=len(near.keys)), near.cap)


def cap_near(
    near: NearKeys, asked: NDArray[np.int64], earlier: NDArray[np.int64], distance: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """The same hits, but of a key and a distance that have more than ``near.cap`` only so many, the earliest.

    Args:
        asked, distance: see `NearPostings`.
        earlier: shape (h,), below 2^40, less for what was registered earlier.
    """
    group = asked * (near.radius + 1) + distance
    over = np.bincount(group, minlength=1) > near.cap
    if not over.any():
        return asked, earlier, distance
    cut = over[group]
    # One number a hit, because those sort fastest.
    hits = np.sort(group[cut] << _EARLIER_BITS | earlier[cut])
    hits = hits[earliest(hits >> _EARLIER_BITS, near.cap)]
    key, away = np.divmod(hits >> _EARLIER_BITS, near.radius + 1)
    rest = np.flatnonzero(~cut)
    return (
        np.concatenate((asked[rest], key)),
        np.concatenate((earlier[rest], hits & ((1 << _EARLIER_BITS) - 1))),
        np.concatenate((distance[rest], away.astype(np.uint8))),
    )


def _capped(found: list[NearPostings], near: NearKeys) -> NearPostings:
    """Hits together, those that are kept."""
    asked = np.concatenate([hits.asked for hits in found])
    slots = np.concatenate([hits.slots for hits in found])
    distance = np.concatenate([hits.distance for hits in found])
    asked, kept, distance = cap_near(near, asked, slots.astype(np.int64), distance)
    return NearPostings(asked, kept.astype(np.int32), distance)


def _near(runs: tuple[Run, ...], near: NearKeys, alive: NDArray[np.bool_]) -> Iterator[NearPostings]:
    """What stands near keys, some of it at a time."""
    stretches = _stretches_of(near)
    for run in runs:
        first, count = _places(run, stretches)
        shared = count * np.diff(stretches.begins) >= _MIN_PAIRS_ALONE
        for which, entries, distance in chain(
            _compare_alone(run, stretches, np.flatnonzero(shared), first, count, near.radius),
            _compare_together(run, stretches, first, np.where(shared, 0, count), near.radius),
        ):
            slots = (entries & _SLOT_MASK).astype(np.int32)
            living = alive[slots]
            yield NearPostings(stretches.asked[which[living]], slots[living], distance[living])


def _places(run: Run, stretches: _Stretches) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where in a run each stretch begins, and how many postings it has there, shape (s,) both."""
    if not len(run):
        return np.zeros_like(stretches.begins[1:]), np.zeros_like(stretches.begins[1:])
    # Side by side, so that the second search goes where the first has just been: memory is what it waits for.
    ends = np.searchsorted(run, np.stack((stretches.low, stretches.high), axis=1).ravel()).reshape(-1, 2)
    first, last = ends[:, 0], ends[:, 1]
    return first, last - first + (run[np.minimum(last, len(run) - 1)] == stretches.high)


@dataclass(frozen=True, slots=True, eq=False)
class _Stretches:
    """The stretches of postings that begin alike and are read, and the keys that each is read for.

    A key and one of its stretches are a pair; pairs lie stretch by stretch.

    Attributes:
        asked: shape (p,), of each pair the place of the key among those given.
        shifted: shape (p,), the key as the upper bits of a posting.
        number: shape (p,), of its stretch.
        begins: shape (s + 1,), where the pairs of each stretch begin.
        low, high: shape (s,), the least and the greatest posting of each.
    """

    asked: NDArray[np.int64]
    shifted: Keys
    number: NDArray[np.int64]
    begins: NDArray[np.int64]
    low: Keys
    high: Keys


# Of pairs: which were compared, with which postings, and the distances up to the radius.
_Compared = tuple[NDArray[np.int64], Run, NDArray[np.uint8]]


def _stretches_of(near: NearKeys) -> _Stretches:
    rest = np.uint64(KEY_BITS - near.word_bits - near.prefix_bits)
    loose = near.loose >> rest << rest
    starts, which = (near.keys & ~loose) >> rest << rest, np.arange(len(near.keys))
    while loose.any():
        bit = loose & -loose
        loose = loose ^ bit
        both = np.flatnonzero(bit[which])
        starts, which = np.append(starts, starts[both] | bit[which[both]]), np.append(which, which[both])
    # Which key it is replaces the slot: sorting numbers is several times faster than sorting their order.
    pairs = np.sort(starts << _SHIFT | which.astype(np.uint64))
    asked = (pairs & _SLOT_MASK).astype(np.int64)
    low = pairs >> _SHIFT << _SHIFT
    changes = earliest(low, 1)
    begins = np.append(np.flatnonzero(changes), len(low))
    low = low[changes]
    high = low | ((np.uint64(1) << (rest + _SHIFT)) - np.uint64(1))
    return _Stretches(asked, near.keys[asked] << _SHIFT, np.cumsum(changes) - 1, begins, low, high)


def _compare_alone(
    run: Run,
    stretches: _Stretches,
    which: NDArray[np.int64],
    first: NDArray[np.int64],
    count: NDArray[np.int64],
    radius: int,
) -> Iterator[_Compared]:
    """Compare all keys of one stretch with its postings, which are read once for all of them, stretch by stretch.

    Args:
        which: numbers of the stretches.
        first, count: of each, shape (s,): where its postings begin, and how many there are.
    """
    begins = stretches.begins
    for n in which:
        for low in range(first[n], first[n] + count[n], _MAX_PAIRS):
            entries = run[low : min(low + _MAX_PAIRS, first[n] + count[n])]
            most = max(1, _MAX_PAIRS // len(entries))
            for start in range(begins[n], begins[n + 1], most):
                mine = np.arange(start, min(start + most, begins[n + 1]))
                distance = np.bitwise_count((entries ^ stretches.shifted[mine, None]) >> _SHIFT).ravel()
                hits = np.flatnonzero(distance <= radius)
                key, place = np.divmod(hits, len(entries))
                yield mine[key], entries[place], distance[hits]


def _compare_together(
    run: Run, stretches: _Stretches, first: NDArray[np.int64], count: NDArray[np.int64], radius: int
) -> Iterator[_Compared]:
    """Compare the keys of many stretches, each with its own postings; see `_compare_alone`.

    Args:
        count: 0 where a stretch is left out.
    """
    counts = count[stretches.number]
    these = np.flatnonzero(counts)
    ends = np.cumsum(counts[these])
    start = 0
    while start < len(these):
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _MAX_PAIRS, side="right")))
        mine = these[start:stop]
        entries = run[ranges(first[stretches.number[mine]], counts[mine])]
        distance = np.bitwise_count((entries ^ np.repeat(stretches.shifted[mine], counts[mine])) >> _SHIFT)
        hits = np.flatnonzero(distance <= radius)
        yield mine[np.searchsorted(ends[start:stop] - done, hits, side="right")], entries[hits], distance[hits]
        start = stop


def compacted(runs: tuple[Run, ...], renumbered: Slots) -> tuple[Run, ...]:
    """The runs without dead slots: ``renumbered`` maps an old slot to its new one, -1 when dead; order is kept."""
    out = []
    for run in runs:
        new = renumbered[(run & _SLOT_MASK).astype(np.int64)]
        out.append((run & ~_SLOT_MASK | np.maximum(new, 0).astype(np.uint64))[new >= 0])
    return tuple(run for run in out if len(run))
