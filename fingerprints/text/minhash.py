"""The portable whole-document fingerprint: a MinHash signature that datasketch 2 can read and compare.

MinHash: Broder, On the resemblance and containment of documents, 1997. The permutations are those of
``datasketch.MinHash(num_perm=128, seed=1, scheme="affine32")``, applied to the upper 32 bits of our gram hashes; a test
compares the two, bit for bit. Computed here because an array kept in cache is several times faster.

The 256-bit code is the signature with two bits a permutation kept: Li and König, b-bit minwise hashing, 2010.
"""

from __future__ import annotations

import threading
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .grams import Sizes, blocks
from .normalization import NormalizedText

PERMUTATIONS = 128
SIZES: Sizes = (6, 4, 4, 3)  # short enough that one changed word spoils few grams

_BATCH = 8192  # grams permuted at a time: the fastest of 256 to 16,384 measured
_LOW_BITS = 0x5555_5555_5555_5555

Signature = NDArray[np.uint32]


@cache
def _permutations() -> tuple[Signature, Signature]:
    # As datasketch draws them: odd multipliers, then offsets, from one legacy generator.
    draw = np.random.RandomState(1)
    a = draw.randint(0, 1 << 31, PERMUTATIONS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    b = draw.randint(0, 1 << 32, PERMUTATIONS, dtype=np.uint32)
    return a[:, None], b[:, None]


def sketch(text: NormalizedText) -> Signature:
    """The MinHash signature of a text, shape (128,)."""
    out = np.full(PERMUTATIONS, 0xFFFF_FFFF, dtype=np.uint32)
    a, b = _permutations()
    buffer = _buffer()
    for hashes, _ in blocks(text.units, text.scripts, SIZES):
        mixed = _mix32((hashes >> np.uint64(32)).astype(np.uint32))
        for at in range(0, len(mixed), _BATCH):
            some = mixed[at : at + _BATCH]
            rows = buffer[:, : len(some)]
            np.multiply(a, some, out=rows)
            np.add(rows, b, out=rows)
            np.minimum(out, rows.min(axis=1), out=out)
    return out


_local = threading.local()


def _buffer() -> Signature:
    """Room for one step, kept: getting fresh pages for it takes longer than filling them."""
    if not hasattr(_local, "buffer"):
        _local.buffer = np.empty((PERMUTATIONS, _BATCH), dtype=np.uint32)
    made: Signature = _local.buffer
    return made


def _mix32(values: Signature) -> Signature:
    """MurmurHash3's 32-bit finaliser, with which datasketch's affine schemes begin."""
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EB_CA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2_AE35)
    return values ^ (values >> np.uint32(16))


def code(signature: Signature) -> NDArray[np.uint64]:
    """Two bits of every permutation as one 256-bit code, shape (1, 4)."""
    pairs = (signature & np.uint32(3)).astype(np.uint8).reshape(32, 4)
    packed = pairs[:, 0] | pairs[:, 1] << 2 | pairs[:, 2] << 4 | pairs[:, 3] << 6
    return packed.view("<u8").astype(np.uint64).reshape(1, 4)


def resemblance(one: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The Jaccard similarity of gram sets as two codes estimate it, about -0.3..1.

    Args:
        one, others: codes, shapes (..., 4), that broadcast.

    Returns:
        Shape (...). The standard error is .06 at .5; unrelated texts come out around 0.
    """
    differ = one ^ others
    pairs = (differ | differ >> np.uint64(1)) & np.uint64(_LOW_BITS)
    equal = 1.0 - np.bitwise_count(pairs).sum(axis=-1) / PERMUTATIONS
    out: NDArray[np.float64] = (equal - 0.25) / 0.75
    return out
