"""Character grams by script, hashed as arrays, and the MinHash sketch of their set.

MinHash: Broder, On the resemblance and containment of documents, 1997; computed by datasketch. Banding: Leskovec,
Rajaraman, Ullman, Mining of Massive Datasets, chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .folding import CodePoints

Hashes = NDArray[np.uint64]

PERMUTATIONS = 128
# 42 bands of 3: two texts of Jaccard .5 share a band with probability .996, unrelated ones of .05 with .005.
BANDS, ROWS = 42, 3
# By script of the first unit (other, kana, Hangul, Han): short enough that one changed word spoils few grams.
SKETCH_SIZES = (6, 4, 4, 3)

_BLOCK = 1 << 19  # units hashed at a time: bounds memory, stays in cache
_STEP = 2048  # grams permuted at a time; the fastest of 512, 2048, 8192, 65536 measured
_FACTOR = np.uint64(0x9E37_79B9_7F4A_7C15)


def mix(values: Hashes) -> Hashes:
    """MurmurHash3's 64-bit finaliser: a bijection whose every output bit depends on every input bit."""
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xFF51_AFD7_ED55_8CCD)
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xC4CE_B9FE_1A85_EC53)
    return values ^ (values >> np.uint64(33))


def grams(
    units: CodePoints, scripts: NDArray[np.uint8], sizes: tuple[int, int, int, int]
) -> Iterator[tuple[Hashes, NDArray[np.int64], NDArray[np.uint8]]]:
    """Hash every gram of a text, block by block.

    Args:
        units: shape (m,).
        scripts: shape (m,), the script family of each unit.
        sizes: the length of a gram by the script of its first unit.

    Yields:
        hashes, positions and lengths of the grams that fit, in ascending order of position.
    """
    table = np.array(sizes, dtype=np.uint8)
    longest = max(sizes)
    for start in range(0, len(units), _BLOCK):
        part = np.zeros(min(_BLOCK, len(units) - start) + longest, dtype=np.uint64)
        tail = units[start : start + len(part)]
        part[: len(tail)] = tail
        count = len(part) - longest
        length = table[scripts[start : start + count]]
        state = length.astype(np.uint64)
        for k in range(longest):
            follows = (state + part[k : k + count]) * _FACTOR
            follows ^= follows >> np.uint64(29)
            state = follows if k < min(sizes) else np.where(length > k, follows, state)
        position = np.arange(start, start + count)
        fits = position + length <= len(units)
        yield mix(state[fits]), position[fits], length[fits]


def sketch(units: CodePoints, scripts: NDArray[np.uint8]) -> tuple[NDArray[np.uint32], int]:
    """The MinHash signature of a text, shape (128,), and how many grams made it (a block's repetitions count once)."""
    from datasketch import MinHash  # about a second to import, needed where fingerprints are made only

    minhash = MinHash(num_perm=PERMUTATIONS, seed=1, scheme="affine32", hashfunc=lambda hashes: hashes)
    seen = 0
    for hashes, _, _ in grams(units, scripts, SKETCH_SIZES):
        distinct = np.unique((hashes >> np.uint64(32)).astype(np.uint32))
        seen += len(distinct)
        for at in range(0, len(distinct), _STEP):
            minhash.update_batch([distinct[at : at + _STEP]])
    return minhash.hashvalues.astype(np.uint32), seen


def bands(signature: NDArray[np.uint32]) -> Hashes:
    """The LSH band keys of a signature, shape (42,)."""
    rows = signature[: BANDS * ROWS].reshape(BANDS, ROWS).astype(np.uint64)
    state = np.arange(1, BANDS + 1, dtype=np.uint64)
    for row in range(ROWS):
        state = mix(state * _FACTOR + rows[:, row])
    return state


def whole(units: CodePoints) -> np.uint64:
    """One key for the whole normal form: texts that differ only in what folding removes share it."""
    import hashlib

    return np.uint64(int.from_bytes(hashlib.sha256(units.astype("<u4").tobytes()).digest()[:8], "little"))
