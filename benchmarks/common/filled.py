"""A view over a million registrations that never were in a log: filled at once, in the runs that an index which grew
one by one would have.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fingerprints.index.hamming import CodeColumn
from fingerprints.index.interface import View
from fingerprints.index.joined import JoinedView, asking
from fingerprints.index.part import Columns, Family, Multimap, SlotView
from fingerprints.index.postings import SLOT_BITS

PAGE = 16_384  # codes added at once
_RUNS = (0, 0.75, 0.94, 0.985, 1)  # shares of the registrations where runs begin and end

# Of some registrations in their order: how many keys each has, all their keys, a code of each.
Block = tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64]]


def filled(size: int, blocks: Iterable[Block]) -> View:
    """A view in which registration n, from 1, is at position n."""
    ends = [round(size * share) for share in _RUNS]
    counts = np.zeros(size, dtype=np.int32)
    codes = np.zeros((size, 4), dtype=np.uint64)
    parts: list[list[NDArray[np.uint64]]] = [[] for _ in ends[1:]]
    start = 0
    for many, keys, mine in blocks:
        stop = start + len(many)
        counts[start:stop], codes[start:stop] = many, mine
        slots = np.repeat(np.arange(start, stop), many)
        for part, (low, high) in zip(parts, pairwise(ends), strict=True):
            here = (slots >= low) & (slots < high)
            part.append(keys[here] << np.uint64(SLOT_BITS) | slots[here].astype(np.uint64))
        start = stop
    runs = []
    for part in parts:
        run = np.concatenate(part)
        part.clear()
        run.sort()
        runs.append(run)
    positions = np.arange(1, size + 1)
    columns = Columns(positions, positions, np.zeros_like(positions), counts, np.ones(size, dtype=np.bool_))
    column = CodeColumn()
    for start in range(0, size, PAGE):
        page = codes[start : start + PAGE]
        column = column.appended(page, np.arange(start, start + len(page), dtype=np.int32))
    family = Family(Multimap(tuple(run for run in runs if len(run))), column)
    return JoinedView(asking([SlotView(columns, Multimap(), family)]))
