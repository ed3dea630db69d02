"""Where two normal forms are the same: shared grams, joined to exact runs, chained to passages. All arrays.

Seed and chain, as sequence aligners do (Abouelhoda and Ohlebusch, Chaining algorithms for multiple genome comparison,
2005), with chains that may neither jump nor turn back: what was moved is a passage of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..unicode.scripts import WEIGHTS
from .grams import Hashes, Positions, Sizes, distinct, grams, sorted_with_place
from .normalization import NormalizedText

# By script of the first unit: long enough that a chance hit is rare within two texts.
SEED_SIZES: Sizes = (9, 6, 5, 4)
_MAX_GAP = 28  # units between two runs of one passage: a changed word or two
_MAX_LOOKBACK = 8  # runs before one that it may continue: chance hits lie between them
_MAX_REWRITTEN = 160  # units that may be rewritten inside one passage, where both sides say about as much there
_PLACE_BITS = 30  # of a sorted hash that hold the place: no text is longer, and 34 bits tell two texts' grams apart
_FILTER_BITS = 16  # of a hash that choose its place in a one-hash Bloom filter of the query's grams
_FILTER_SIZE = 1 << _FILTER_BITS
_MAX_COUNTED = 2000  # grams of which variety is counted by all;
_SAMPLE_BELOW = 1 << 61  # of more by those with an eighth of all hashes
_MAX_GRAMS = 1_000_000  # grams a text is aligned by; of longer ones a sample
_MIN_CHAIN_WEIGHT = 6.0  # weight of the grams of a chain below which it is chance
PHRASE_WEIGHT = 12.0  # weight of the grams of a passage that a phrase of the language or of the subject has as well
_MAX_ALL_PAIRS = 16  # occurrences here times there up to which a repeated gram pairs every way, beyond it by rank


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """A text's grams, sorted for joining.

    Attributes:
        text: the text.
        hashes: shape (n,), ascending; of a candidate only those that the query may have.
        positions: shape (n,), the unit each starts at; ascending among equal hashes.
        distinct: shape (d,), the hashes without repetition.
        starts: shape (d + 1,), where each distinct hash starts in ``hashes``.
        at: shape (m,), the hash of the gram at each unit, 0 where none was taken.
        step: one gram in so many was taken, chosen by its hash.
        variety: the share of the grams that are different ones, 0..1: a sentence a thousand times is one sentence.
        total: shape (m + 1,), the weight of all units before each, in Latin letters.
    """

    text: NormalizedText
    hashes: Hashes
    positions: Positions
    distinct: Hashes
    starts: Positions
    at: Hashes
    step: int
    variety: float
    total: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TextAlignment:
    """What two texts share.

    Attributes:
        spans: int64, shape (k, 4): passages as half-open unit ranges [a, b) of the query and [c, d) of the candidate,
            in the query's order.
        runs: int64, shape (r, 4): the exactly equal stretches inside them, likewise.
        passage: int64, shape (r,): the passage of each run.
        shared: int64, shape (g,): for every different gram of both texts, wherever it stands in them, a unit of the
            query at which it starts.
    """

    spans: Positions
    runs: Positions
    passage: Positions
    shared: Positions


def seeds(text: NormalizedText, step: int = 1, query: Seeds | None = None) -> Seeds:
    """Sort a text's grams.

    Args:
        step: take a sample of them that is the same in every text.
        query: leave out what this text certainly does not have, which saves sorting it.
    """
    hashes, positions = grams(text.units, text.scripts, SEED_SIZES, step)
    at = np.zeros(len(text.units), dtype=np.uint64)
    at[positions] = hashes & ~np.uint64((1 << _PLACE_BITS) - 1)
    variety = _variety(hashes)
    if query is not None:
        possible = np.zeros(_FILTER_SIZE, dtype=np.bool_)
        possible[query.distinct >> np.uint64(64 - _FILTER_BITS)] = True
        kept = possible[hashes >> np.uint64(64 - _FILTER_BITS)]
        hashes, positions = hashes[kept], positions[kept]
    hashes, positions = sorted_with_place(hashes, positions, _PLACE_BITS)
    first = np.flatnonzero(np.concatenate((hashes[:1] == hashes[:1], hashes[1:] != hashes[:-1])))
    starts = np.append(first, len(hashes))
    return Seeds(text, hashes, positions, hashes[first], starts, at, step, variety, sums(WEIGHTS[text.scripts]))


def sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Prefix sums with a zero before them."""
    out = np.zeros(len(values) + 1)
    np.cumsum(values, out=out[1:])
    return out


def _variety(hashes: Hashes) -> float:
    sample = hashes[hashes < np.uint64(_SAMPLE_BELOW)] if len(hashes) > _MAX_COUNTED else hashes
    return len(distinct(sample)) / len(sample) if len(sample) else 1.0


def step_for(units: int) -> int:
    """The sample by which a text of so many units is aligned."""
    return -(-units // _MAX_GRAMS)


def align(query: Seeds, candidate: Seeds) -> TextAlignment:
    """Align two texts sampled with the same step, in time linear but for the sorts."""
    i, j = _shared_grams(query, candidate)
    gap = _MAX_GAP * query.step
    runs = _runs(query.text, i, j, gap if query.step > 1 else 0)
    passage = _chained(runs, gap)
    runs, passage = _without_weak(runs, passage, query, _MIN_CHAIN_WEIGHT)
    runs, passage = _without_duplicates(runs, passage, query)
    _, passage = _merged(_bounds(runs, passage), passage)
    # Once more without the chance hits that lay between.
    runs, passage = _without_weak(runs, passage, query, PHRASE_WEIGHT)
    spans, passage = _merged(_bounds(runs, passage), passage)
    return TextAlignment(spans, runs, passage, i[np.unique(query.at[i], return_index=True)[1]])


def _shared_grams(query: Seeds, candidate: Seeds) -> tuple[Positions, Positions]:
    """Positions here and there of every shared gram.

    A gram that both texts repeat would pair quadratically: it pairs where the nearest unique grams around it point to,
    else by rank, first with first.
    """
    at = np.searchsorted(query.distinct, candidate.distinct)
    at[at == len(query.distinct)] = 0
    there = np.flatnonzero(query.distinct[at] == candidate.distinct) if len(query.distinct) else at[:0]
    here = at[there]
    here_start, here_count = query.starts[here], query.starts[here + 1] - query.starts[here]
    there_start, there_count = candidate.starts[there], candidate.starts[there + 1] - candidate.starts[there]
    product = here_count * there_count
    few = np.flatnonzero(product <= _MAX_ALL_PAIRS)
    which = np.repeat(few, product[few])
    rank = np.arange(len(which)) - np.repeat(np.cumsum(product[few]) - product[few], product[few])
    i = query.positions[here_start[which] + rank // there_count[which]]
    j = candidate.positions[there_start[which] + rank % there_count[which]]
    many = np.flatnonzero(product > _MAX_ALL_PAIRS)
    if not len(many):
        return i, j
    anchors = product[which] == 1
    pointed_i, pointed_j = _paired_by_anchors(query, candidate, here[many], i[anchors], j[anchors])
    found = np.unique(query.at[pointed_i])
    left = many[~np.isin(query.distinct[here[many]], found)]
    count = np.minimum(here_count[left], there_count[left])
    which = np.repeat(left, count)
    rank = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    return (
        np.concatenate((i, pointed_i, query.positions[here_start[which] + rank])),
        np.concatenate((j, pointed_j, candidate.positions[there_start[which] + rank])),
    )


def _paired_by_anchors(
    query: Seeds, candidate: Seeds, repeated: Positions, i: Positions, j: Positions
) -> tuple[Positions, Positions]:
    """Pairs of repeated grams on the diagonals of the anchors (unique grams) before and after them."""
    none = np.zeros(0, dtype=np.int64)
    if not len(i):
        return none, none
    order = np.argsort(i)
    i, diagonal = i[order], (j - i)[order]
    counts = query.starts[repeated + 1] - query.starts[repeated]
    which = np.repeat(query.starts[repeated] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    places = query.positions[which]
    after = np.searchsorted(i, places)
    out: list[Positions] = []
    for anchor in (np.maximum(after - 1, 0), np.minimum(after, len(i) - 1)):
        partner = places + diagonal[anchor]
        inside = (partner >= 0) & (partner < len(candidate.at))
        fits = inside & (candidate.at[np.where(inside, partner, 0)] == query.at[places])
        out.append(np.stack((places[fits], partner[fits])))
    pairs = np.unique(np.concatenate(out, axis=1), axis=1)
    return pairs[0], pairs[1]


def _runs(text: NormalizedText, i: Positions, j: Positions, tolerance: int) -> Positions:
    """Shared grams that follow each other on one diagonal, as equal stretches, shape (r, 4), in the query's order."""
    if not len(i):
        return np.zeros((0, 4), dtype=np.int64)
    length = np.array(SEED_SIZES, dtype=np.int64)[text.scripts[i]]
    diagonal = j - i
    order = np.argsort(diagonal * (len(text.units) + 1) + i)
    i, diagonal, length = i[order], diagonal[order], length[order]
    ends = i + length
    breaks = (diagonal[1:] != diagonal[:-1]) | (i[1:] > ends[:-1] + tolerance)
    first = np.flatnonzero(np.concatenate(([True], breaks)))
    start, end, shift = i[first], np.maximum.reduceat(ends, first), diagonal[first]
    order = np.argsort(start, kind="stable")
    start, end, shift = start[order], end[order], shift[order]
    return np.stack((start, end, start + shift, end + shift), axis=1)


def _chained(runs: Positions, gap: int) -> Positions:
    """Give every run the number of its chain: each continues the nearest of the runs before it that it can."""
    count = len(runs)
    before = np.arange(count)
    best = np.full(count, gap + 1, dtype=np.int64)
    for back in range(1, min(_MAX_LOOKBACK, count - 1) + 1):
        earlier, later = runs[:-back], runs[back:]
        here, there = later[:, 0] - earlier[:, 1], later[:, 2] - earlier[:, 3]
        # Overlap is allowed: an equal letter more at a seam belongs to either run.
        cost = np.maximum(np.maximum(here, there), 0) + np.abs(here - there) // 2
        # The cost bounds both gaps from above, `best` beginning with the largest one.
        fits = (cost < best[back:]) & (there >= -gap)
        fits &= (later[:, 1] > earlier[:, 1]) & (later[:, 2] > earlier[:, 2]) & (later[:, 3] > earlier[:, 3])
        rows = np.flatnonzero(fits) + back
        before[rows], best[rows] = rows - back, cost[rows - back]
    while True:
        further = before[before]
        if np.array_equal(further, before):
            return before
        before = further


def gram_ends(runs: Positions, text: NormalizedText) -> Positions:
    """One past the last unit at which a gram of each run starts: the letters of its first gram say nothing."""
    spare = np.array(SEED_SIZES)[text.scripts[runs[:, 0]]] - 1
    out: Positions = np.maximum(runs[:, 1] - spare, runs[:, 0])
    return out


def _weights(runs: Positions, query: Seeds) -> NDArray[np.float64]:
    """The weight of each run in Latin letters."""
    return query.total[gram_ends(runs, query.text)] - query.total[runs[:, 0]]


def _without_weak(runs: Positions, chain: Positions, query: Seeds, min_weight: float) -> tuple[Positions, Positions]:
    """Drop chains of less than a weight."""
    weight = np.bincount(chain, _weights(runs, query), minlength=len(runs))
    keep = weight[chain] >= min_weight
    return runs[keep], np.unique(chain[keep], return_inverse=True)[1]


def _without_duplicates(runs: Positions, chain: Positions, query: Seeds) -> tuple[Positions, Positions]:
    """Of chains that explain the same stretch of the query keep the strongest; runs inside a kept one's span go too."""
    weight = np.bincount(chain, _weights(runs, query))
    spans = _bounds(runs, chain)
    taken = np.zeros(len(query.text.units), dtype=np.bool_)
    keep = np.zeros(len(weight), dtype=np.bool_)
    for number in np.argsort(-weight, kind="stable").tolist():
        start, end = spans[number, 0], spans[number, 1]
        stretch = taken[start:end]
        if np.count_nonzero(stretch) * 2 < end - start:
            keep[number] = True
            stretch[:] = True
    kept = keep[chain]
    return runs[kept], np.unique(chain[kept], return_inverse=True)[1]


def _bounds(runs: Positions, passage: Positions) -> Positions:
    """The span of every passage, shape (k, 4), by the passages' numbers."""
    if not len(runs):
        return runs
    order = np.argsort(passage, kind="stable")
    first = np.flatnonzero(np.concatenate(([True], np.diff(passage[order]) != 0)))
    low = np.minimum.reduceat(runs[order], first, axis=0)
    high = np.maximum.reduceat(runs[order], first, axis=0)
    return np.stack((low[:, 0], high[:, 1], low[:, 2], high[:, 3]), axis=1)


def _merged(spans: Positions, passage: Positions) -> tuple[Positions, Positions]:
    """Join neighbours with about as much between them on both sides: what was rewritten in place."""
    if len(spans) < 2:
        return spans, passage
    by_place = np.argsort(spans[:, 0], kind="stable")
    ordered = spans[by_place]
    here, there = ordered[1:, 0] - ordered[:-1, 1], ordered[1:, 2] - ordered[:-1, 3]
    longer = np.maximum(here, there)
    size = np.minimum(ordered[1:, 1] - ordered[1:, 0], ordered[:-1, 1] - ordered[:-1, 0])
    joined = longer <= np.minimum(_MAX_REWRITTEN, np.maximum(size * 4, _MAX_GAP))
    joined &= np.minimum(here, there) >= -_MAX_GAP
    joined &= np.abs(here - there) <= np.maximum(longer, 0) // 2 + 12
    number = np.concatenate(([0], np.cumsum(~joined)))
    first = np.flatnonzero(np.concatenate(([True], ~joined)))
    out = np.stack(
        (
            np.minimum.reduceat(ordered[:, 0], first),
            np.maximum.reduceat(ordered[:, 1], first),
            np.minimum.reduceat(ordered[:, 2], first),
            np.maximum.reduceat(ordered[:, 3], first),
        ),
        axis=1,
    )
    renumbered = np.empty(len(spans), dtype=np.int64)
    renumbered[by_place] = number
    return out, renumbered[passage]
