"""A multimap from 64-bit keys to 32-bit slots as sorted runs that double in size.

The logarithmic method of Bentley and Saxe (Decomposable searching problems, 1980): adding n keys costs O(n log n)
altogether, a look-up is a binary search in each of at most log n runs, and there is no object a key.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Slots = NDArray[np.int32]
Run = tuple[Keys, Slots]


def added(runs: tuple[Run, ...], keys: Keys, slots: Slots) -> tuple[Run, ...]:
    """The runs with more keys in them; the old ones are not changed, so a reader may go on with them.

    Slots must be higher than any before: within equal keys the lower, that is the earlier, slot stays first.
    """
    if not len(keys):
        return runs
    order = np.lexsort((slots, keys))
    out = [*runs, (keys[order], slots[order])]
    while len(out) > 1 and len(out[-2][0]) < 2 * len(out[-1][0]):
        (a, x), (b, y) = out[-2:]
        merged = np.concatenate((a, b))
        order = np.argsort(merged, kind="stable")
        out[-2:] = [(merged[order], np.concatenate((x, y))[order])]
    return tuple(out)


def found(runs: tuple[Run, ...], keys: Keys, alive: NDArray[np.bool_], cap: int) -> Slots:
    """The living slots under any of the keys, once a key; at most ``cap`` a key and run, the earliest ones."""
    out: list[Slots] = []
    for stored, slots in runs:
        starts = np.searchsorted(stored, keys, side="left")
        ends = np.searchsorted(stored, keys, side="right")
        for start, end in zip(starts[ends > starts].tolist(), ends[ends > starts].tolist(), strict=True):
            hits = slots[start:end]
            out.append(hits[alive[hits]][:cap])
    return np.concatenate(out) if out else np.zeros(0, dtype=np.int32)


def kept(runs: tuple[Run, ...], renumbered: Slots) -> tuple[Run, ...]:
    """The runs without dead slots: ``renumbered`` maps an old slot to its new one, -1 when dead; order is kept."""
    out = []
    for keys, slots in runs:
        new = renumbered[slots]
        out.append((keys[new >= 0], new[new >= 0]))
    return tuple(run for run in out if len(run[0]))
