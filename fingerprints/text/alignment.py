"""Where two normal forms say the same: shared grams, joined to runs, joined to passages. Everything is one sort.

A gram that occurs several times is paired by rank, first with first: exact for unique grams, right along the diagonal
of repetitive texts, and linear where all pairs would be quadratic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .normal import Normal
from .script import WEIGHTS
from .shingle import Hashes, grams

# By script of the first unit (other, kana, Hangul, Han): long enough that a chance hit is rare within two texts.
SEED_SIZES = (9, 6, 5, 4)
_GAP = 24  # units between two runs of one passage: a changed word or two
_MOST = 2_000_000  # grams a text is aligned by; of longer ones a sample
_PASSAGE = 24.0  # weight of the shared units below which a passage is chance or a common phrase

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """What two texts share.

    Attributes:
        spans: int64 array of shape (k, 4): passages as half-open unit ranges [a, b) of the query and [c, d) of the
            candidate, in the query's order.
        shared: weight of the query's units inside shared grams of those passages.
        distinct: weight of those grams counted once however often they repeat.
    """

    spans: Positions
    shared: float
    distinct: float


def align(query: Normal, candidate: Normal) -> Alignment:
    """Align two normal forms, in time linear in their length but for the sort, in memory bounded by `_MOST` grams."""
    step = -(-max(len(query.units), len(candidate.units)) // _MOST)
    gap = _GAP * step
    i, j, n, h = _on_runs(*_pair(_grams(query, step), _grams(candidate, step)), gap)
    if not len(i):
        return Alignment(np.zeros((0, 4), dtype=np.int64), 0.0, 0.0)
    if step > 1:
        # Between two sampled grams on one diagonal the grams left out are taken to be shared as well.
        along = (j[1:] - i[1:] == j[:-1] - i[:-1]) & (i[1:] - i[:-1] <= gap)
        n[:-1] = np.where(along, i[1:] - i[:-1], n[:-1])
    ends_i, ends_j = i + n, j + n
    # A passage ends where either side jumps.
    breaks = np.flatnonzero((i[1:] - ends_i[:-1] > gap) | (j[1:] - ends_j[:-1] > gap) | (j[1:] - j[:-1] < -gap))
    first = np.concatenate(([0], breaks + 1)).astype(np.int64)
    spans = np.stack(
        (
            i[first],
            np.maximum.reduceat(ends_i, first),
            np.minimum.reduceat(j, first),
            np.maximum.reduceat(ends_j, first),
        ),
        axis=1,
    )
    depth = np.zeros(len(query.units) + 1, dtype=np.int32)
    np.add.at(depth, i, 1)
    np.add.at(depth, ends_i, -1)
    weights = np.where(np.cumsum(depth[:-1]) > 0, WEIGHTS[query.scripts], 0.0)
    total = np.concatenate(([0.0], np.cumsum(weights)))
    weight = total[spans[:, 1]] - total[spans[:, 0]]
    strong = weight >= _PASSAGE
    used = strong[np.repeat(np.arange(len(first)), np.diff(np.concatenate((first, [len(i)]))))]
    _, once = np.unique(h[used], return_index=True)
    # Consecutive grams overlap in all but one unit, so a gram stands for one unit, weighed by its first.
    distinct = float(WEIGHTS[query.scripts[i[used][once]]].sum()) * step
    return Alignment(spans[strong], float(weight[strong].sum()), distinct)


def _grams(text: Normal, step: int) -> tuple[Hashes, Positions, Positions]:
    """Hash, position and length of every gram, or of one in ``step`` chosen by its hash, hence the same everywhere."""
    parts: list[tuple[Hashes, Positions, Positions]] = []
    for hashes, positions, lengths in grams(text.units, text.scripts, SEED_SIZES):
        chosen = slice(None) if step == 1 else hashes % np.uint64(step) == 0
        parts.append((hashes[chosen], positions[chosen], lengths[chosen].astype(np.int64)))
    if not parts:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return (
        np.concatenate([p[0] for p in parts]),
        np.concatenate([p[1] for p in parts]),
        np.concatenate([p[2] for p in parts]),
    )


def _ranked(hashes: Hashes) -> tuple[Hashes, Positions]:
    """Sort hashes; a repeated one is made distinct by its rank, so that equal values are the k-th occurrences."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    fresh = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    starts = np.flatnonzero(fresh)
    rank = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.concatenate((starts, [len(ordered)]))))
    return ordered + rank.astype(np.uint64) * np.uint64(0xD6E8_FEB8_6659_FD93), order


def _pair(
    mine: tuple[Hashes, Positions, Positions], theirs: tuple[Hashes, Positions, Positions]
) -> tuple[Positions, Positions, Positions, Hashes]:
    """Shared grams: position in the query, position in the candidate, length, hash; ordered by the first."""
    if not len(mine[0]) or not len(theirs[0]):
        none = np.zeros(0, dtype=np.int64)
        return none, none, none, np.zeros(0, dtype=np.uint64)
    a, order_a = _ranked(mine[0])
    b, order_b = _ranked(theirs[0])
    _, at_a, at_b = np.intersect1d(a, b, assume_unique=True, return_indices=True)
    from_a, from_b = order_a[at_a], order_b[at_b]
    by_place = np.argsort(from_a, kind="stable")
    from_a, from_b = from_a[by_place], from_b[by_place]
    return mine[1][from_a], theirs[1][from_b], mine[2][from_a], mine[0][from_a]


def _on_runs(
    i: Positions, j: Positions, n: Positions, h: Hashes, gap: int
) -> tuple[Positions, Positions, Positions, Hashes]:
    """Drop shared grams that stand alone: no other one within a gap before or after on nearly the same diagonal."""
    diagonal = j - i
    near = (i[1:] - i[:-1] <= gap + 9) & (np.abs(diagonal[1:] - diagonal[:-1]) <= gap)
    kept = np.zeros(len(i), dtype=np.bool_)
    kept[1:] |= near
    kept[:-1] |= near
    return i[kept], j[kept], n[kept], h[kept]
