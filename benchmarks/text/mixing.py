"""Texts that nobody wrote, so that a registry can be large: the keys of many written ones mixed.

Two texts share keys one by one or in phrases, and some keys stand in many. A mixed work takes stretches of eight keys
that follow each other from written texts taken at random. A key that only one of the written ones has becomes another,
drawn by Zipf's law over the ranks beyond theirs. So of mixed works' keys about as many stand in 2, 4 and 16 works as
of written works'.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.filled import Block
from fingerprints.model import Fingerprint
from fingerprints.text import winnowing
from fingerprints.text.codec import normal_form
from fingerprints.text.grams import mix

_STRETCH = 8  # keys
_FIRST_RANK, _RANKS = 120_000.0, math.exp(14.0)  # ranks of the drawn keys, and how many times the first the last is


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What mixed texts are made of.

    Attributes:
        keys: of all written texts, in the order in which they stand there.
        alone: which of them no other text has.
        sizes: how many keys each text has.
    """

    keys: NDArray[np.uint64]
    alone: NDArray[np.bool_]
    sizes: NDArray[np.int64]


def pool(written: Sequence[Fingerprint]) -> Pool:
    ordered = [_in_order(each) for each in written]
    keys = np.concatenate(ordered)
    _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
    return Pool(keys, count[place] == 1, np.array([len(each) for each in ordered]))


def _in_order(of: Fingerprint) -> NDArray[np.uint64]:
    keys, _ = winnowing.upload_keys(normal_form(of))
    mine = keys[np.isin(keys, of.keys)]
    _, first = np.unique(mine, return_index=True)
    return mine[np.sort(first)]


def mixed(number: int, count: int, of: Pool) -> Block:
    """``count`` mixed works, those of one block of this number."""
    r = np.random.default_rng([12, number])
    sizes = r.choice(of.sizes, count)
    many = int(sizes.sum())
    starts = r.integers(0, len(of.keys) - _STRETCH, many // _STRETCH + 1)
    taken = (starts[:, None] + np.arange(_STRETCH)).ravel()[:many]
    ranks = _FIRST_RANK * _RANKS ** r.random(many)
    drawn = mix(ranks.astype(np.uint64)) >> np.uint64(64 - winnowing.KEY_BITS)
    codes = r.integers(0, 1 << 64, (count, 4), dtype=np.uint64)
    return sizes, np.where(of.alone[taken], drawn, of.keys[taken]), codes
