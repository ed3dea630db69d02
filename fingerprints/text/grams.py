"""Character grams of a normal form, hashed as arrays: one prefix hash serves every gram length.

Karp and Rabin, Efficient randomized pattern-matching algorithms, 1987, modulo 2^64: the hash of any stretch is the
difference of two prefix sums, divided by a power of an odd base, which has an inverse. What is known to collide
systematically modulo 2^64 (Thue-Morse words) is 1,024 units and more; grams have 3 to 14.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..unicode.folding import CodePoints

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]
Sizes = tuple[int, int, int, int]  # length of a gram by the script of its first unit: other, kana, Hangul, Han

_BLOCK_UNITS = 1 << 17  # units hashed at a time: bounds memory, stays in cache
_MAX_GRAM = 32
_BASE = 0x9E37_79B9_7F4A_7C15
_INVERSE = pow(_BASE, -1, 1 << 64)


def mix(values: Hashes) -> Hashes:
    """MurmurHash3's 64-bit finaliser: a bijection whose every output bit depends on every input bit."""
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xFF51_AFD7_ED55_8CCD)
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xC4CE_B9FE_1A85_EC53)
    return values ^ (values >> np.uint64(33))


@cache
def _powers(base: int) -> Hashes:
    factors = np.full(_BLOCK_UNITS + _MAX_GRAM, base, dtype=np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)


def blocks(units: CodePoints, scripts: NDArray[np.uint8], sizes: Sizes) -> Iterator[tuple[Hashes, Positions]]:
    """Hash every gram of a text, block by block.

    Args:
        units: shape (m,).
        scripts: shape (m,), the script family of each unit.
        sizes: the length of a gram by the script of its first unit, at most 32.

    Yields:
        hashes and positions of the grams that fit, in ascending order of position.
    """
    table = np.array(sizes, dtype=np.int64)
    for start in range(0, len(units), _BLOCK_UNITS):
        part = units[start : start + _BLOCK_UNITS + max(sizes)].astype(np.uint64)
        prefix = np.zeros(len(part) + 1, dtype=np.uint64)
        np.cumsum(part * _powers(_BASE)[: len(part)], out=prefix[1:])
        count = min(_BLOCK_UNITS, len(units) - start)
        ends = np.arange(count) + table[scripts[start : start + count]]
        good = np.flatnonzero(ends <= len(part))
        state = (prefix[ends[good]] - prefix[good]) * _powers(_INVERSE)[good]
        # The length is part of the gram: the same letters as a short and as a long gram are two things.
        yield mix(state + (ends[good] - good).astype(np.uint64)), start + good


def grams(units: CodePoints, scripts: NDArray[np.uint8], sizes: Sizes, step: int = 1) -> tuple[Hashes, Positions]:
    """The grams of a text: hashes and positions, each of shape (n,), ascending in position.

    Args:
        step: take one in so many, chosen by its hash, hence the same in every text.
    """
    parts = []
    for hashes, positions in blocks(units, scripts, sizes):
        chosen = slice(None) if step == 1 else np.flatnonzero(hashes % np.uint64(step) == 0)
        parts.append((hashes[chosen], positions[chosen]))
    if len(parts) == 1:
        return parts[0]
    none = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    return np.concatenate([none[0], *(p[0] for p in parts)]), np.concatenate([none[1], *(p[1] for p in parts)])


def distinct(values: Hashes) -> Hashes:
    """The distinct values, ascending, like `numpy.unique` but several times faster: it sorts, for it knows vectors."""
    ordered = np.sort(values)
    fresh = np.ones(len(ordered), dtype=np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    out: Hashes = ordered[fresh]
    return out


def sorted_with_place(values: Hashes, places: Positions, bits: int) -> tuple[Hashes, Positions]:
    """Sort hashes, and places among equal ones, in one go: the place replaces the low bits of the hash.

    Args:
        places: shape of ``values``, each below 2^bits.

    Returns:
        The hashes without their low bits, ascending, and their places. One sort of integers is several times faster
        than sorting indices.
    """
    low = np.uint64((1 << bits) - 1)
    packed = np.sort(values & ~low | places.astype(np.uint64))
    return packed & ~low, (packed & low).astype(np.int64)


def grouped(keys: Hashes) -> tuple[Hashes, Positions]:
    """The distinct ones of up to 2^24 keys below 2^40, ascending, and for each key its place among them."""
    shift = np.uint64(24)
    ordered, order = sorted_with_place(keys << shift, np.arange(len(keys)), 24)
    fresh = np.ones(len(keys), dtype=np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    place = np.empty(len(keys), dtype=np.int64)
    place[order] = np.cumsum(fresh) - 1
    return ordered[fresh] >> shift, place
