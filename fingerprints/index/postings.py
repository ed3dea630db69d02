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
_MIN_PAIRS_ALONE = 1 << 13  # of one word, to compare them by themselves; of fewer, calls would take longer
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
class NearPostings(Postings):
    """What stands under the words of a look-up and has a signature near the one asked for.

    Attributes:
        counts: int64, shape (n,): how many slots stand under each word, whatever their signature, the dead ones too.
        asked, slots: as above.
        distance: uint8, shape (h,): bits in which the signatures differ.
    """

    distance: NDArray[np.uint8]


def ranges(
    first: NDArray[np.integer], count: NDArray[np.integer], step: NDArray[np.float64] | None = None
) -> NDArray[np.int64]:
    """The places ``first[i]``, ``first[i] + 1``, ... ``count[i]`` of them, for each i in turn.

    Args:
        step: how far apart they are instead, rounded down; an integer division a place would cost more.
    """
    ends = np.cumsum(count, dtype=np.int64)
    places: NDArray[np.int64] = np.arange(ends[-1] if len(ends) else 0)
    if step is None:
        places += np.repeat(first - ends + count, count)
        return places
    places -= np.repeat(ends - count, count)
    places = (places * np.repeat(step, count)).astype(np.int64)
    places += np.repeat(first, count)
    return places


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


def lookup_near(
    runs: tuple[Run, ...], keys: Keys, alive: NDArray[np.bool_], bits: int, radius: int, cap: int
) -> NearPostings:
    """What stands under keys of which the upper ``bits`` bits, the word, are the same and of the other bits, the
    signature, at most ``radius`` differ: Hamming embedding (Jegou, Douze, Schmid, 2008).

    Args:
        keys: shape (n,), each below 2^40, in any order.
        bits: 1 to 40.
        cap: of a word with more postings than this, so many are compared, evenly spaced in the order of signatures.
    """
    words = _group_by_word(keys, bits)
    firsts = [np.searchsorted(run, words.low) for run in runs]
    sizes = [np.searchsorted(run, words.high, side="right") - first for run, first in zip(runs, firsts, strict=True)]
    total = sum(sizes, np.zeros(len(words.low), dtype=np.int64))
    counts = np.empty(len(keys), dtype=np.int64)
    counts[words.order] = total[words.group]
    asked: list[NDArray[np.int64]] = [counts[:0]]
    slots: list[Slots] = [np.zeros(0, dtype=np.int32)]
    distances: list[NDArray[np.uint8]] = [np.zeros(0, dtype=np.uint8)]
    for run, first, size in zip(runs, firsts, sizes, strict=True):
        share = np.where(total > cap, -(-size * cap // np.maximum(total, 1)), size)
        step = np.where(share < size, size / np.maximum(share, 1), 1.0)
        common = share * np.diff(words.begins) >= _MIN_PAIRS_ALONE
        for which, entries, distance in chain(
            _compare_alone(run, words, np.flatnonzero(common), first, share, step, radius),
            _compare_together(run, words, first, np.where(common, 0, share), step, radius),
        ):
            here = (entries & _SLOT_MASK).astype(np.int32)
            living = alive[here]
            asked.append(words.order[which[living]])
            slots.append(here[living])
            distances.append(distance[living])
    return NearPostings(counts, np.concatenate(asked), np.concatenate(slots), np.concatenate(distances))


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """Keys in ascending order, grouped by their word.

    Attributes:
        order: shape (n,), the place of each among those given.
        shifted: shape (n,), each as the upper bits of a posting.
        group: shape (n,), the number of its word.
        begins: shape (w + 1,), where each word's keys begin.
        low, high: shape (w,), the least and the greatest posting that stands under each word.
    """

    order: NDArray[np.int64]
    shifted: Keys
    group: NDArray[np.int64]
    begins: NDArray[np.int64]
    low: Keys
    high: Keys


# Of keys, by their places in order: which were compared, with which postings, and the distances up to the radius.
_Compared = tuple[NDArray[np.int64], Run, NDArray[np.uint8]]


def _group_by_word(keys: Keys, bits: int) -> _Words:
    order = np.argsort(keys, kind="stable")
    shifted = keys[order] << _SHIFT
    rest = np.uint64(64 - bits)
    words = shifted >> rest
    changes = np.concatenate(([True], words[1:] != words[:-1])) if len(words) else np.zeros(0, dtype=np.bool_)
    low = words[changes] << rest
    high = low | ((np.uint64(1) << rest) - np.uint64(1))
    begins = np.append(np.flatnonzero(changes), len(words))
    return _Words(order, shifted, np.cumsum(changes) - 1, begins, low, high)


def _compare_alone(
    run: Run,
    words: _Words,
    which: NDArray[np.int64],
    first: NDArray[np.int64],
    share: NDArray[np.int64],
    step: NDArray[np.float64],
    radius: int,
) -> Iterator[_Compared]:
    """Compare all keys of one word with its postings, which are read once for all of them, word by word.

    Args:
        which: numbers of the words.
        first, share, step: of each word, shape (w,): where its postings begin, how many are read, how far apart.
    """
    for n in which:
        one = slice(n, n + 1)
        entries = run[ranges(first[one], share[one], step[one])]
        most = max(1, _MAX_PAIRS // len(entries))
        for start in range(words.begins[n], words.begins[n + 1], most):
            mine = np.arange(start, min(start + most, words.begins[n + 1]))
            distance = np.bitwise_count((entries ^ words.shifted[mine, None]) >> _SHIFT).ravel()
            hits = np.flatnonzero(distance <= radius)
            key, place = np.divmod(hits, len(entries))
            yield mine[key], entries[place], distance[hits]


def _compare_together(
    run: Run,
    words: _Words,
    first: NDArray[np.int64],
    share: NDArray[np.int64],
    step: NDArray[np.float64],
    radius: int,
) -> Iterator[_Compared]:
    """Compare the keys of many words, each with its own postings; see `_compare_alone`.

    Args:
        share: 0 where a word is left out.
    """
    count = share[words.group]
    these = np.flatnonzero(count)
    ends = np.cumsum(count[these])
    start = 0
    while start < len(these):
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _MAX_PAIRS, side="right")))
        mine = these[start:stop]
        taken, group = count[mine], words.group[mine]
        sampled = (step[group] > 1).any()
        entries = run[ranges(first[group], taken, step[group] if sampled else None)]
        distance = np.bitwise_count((entries ^ np.repeat(words.shifted[mine], taken)) >> _SHIFT)
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
