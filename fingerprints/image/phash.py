"""Perceptual codes and the small grey picture they are made from.

The code is ImageHash's ``phash`` with ``hash_size=16``: of the 64 x 64 grey picture's DCT the 16 x 16 lowest
frequencies, each compared with their median (Zauner, Implementation and benchmarking of perceptual image hash
functions, 2010). One code is stored. The other seven orientations are made at query time from the stored grey picture:
flipping it changes the sign of the odd frequencies, turning it transposes them, so one DCT gives all eight exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 64  # hash_size 16 times ImageHash's high frequency factor 4
LOW = 16
_SIDE_BLOCKS = 8
_MIN_DEVIATION = 4.0  # standard deviation of grey levels from which a block shows something

Grey = NDArray[np.uint8]


def _cosines() -> NDArray[np.float64]:
    """The first 16 rows of the unnormalised DCT-II matrix of 64 points, shape (16, 64)."""
    k, n = np.arange(LOW)[:, None], np.arange(SIDE)[None, :]
    return np.asarray(2.0 * np.cos(np.pi * k * (2 * n + 1) / (2 * SIDE)))


_COSINES = _cosines()
_SIGNS = np.where(np.arange(LOW) % 2, -1.0, 1.0)


def frequencies(grey: Grey) -> NDArray[np.float64]:
    """The low frequencies of a grey picture of shape (64, 64), shape (16, 16)."""
    return np.asarray(_COSINES @ grey.astype(np.float64) @ _COSINES.T)


def codes(grey: Grey) -> NDArray[np.uint64]:
    """The codes of all eight orientations of a grey picture, shape (8, 4), row 0 as it is.

    Bits of an orientation: 1 mirrored left to right, 2 top to bottom, 4 then transposed.
    """
    plain = frequencies(grey)
    out = np.empty((8, LOW, LOW))
    for orientation in range(8):
        turned = plain * (_SIGNS[None, :] if orientation & 1 else 1.0) * (_SIGNS[:, None] if orientation & 2 else 1.0)
        out[orientation] = turned.T if orientation & 4 else turned
    flat = out.reshape(8, LOW * LOW)
    bits = flat > np.median(flat, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64)


def distances(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Hamming distances of codes, shapes (n, 4) and (m, 4), as an array of shape (n, m)."""
    return np.asarray(np.bitwise_count(a[:, None, :] ^ b[None, :, :]).sum(axis=2, dtype=np.int64))


def textured(grey: Grey) -> int:
    """How many of 64 blocks of a grey picture of shape (64, 64) show something."""
    side = SIDE // _SIDE_BLOCKS
    blocks = (
        grey.reshape(_SIDE_BLOCKS, side, _SIDE_BLOCKS, side).transpose(0, 2, 1, 3).reshape(_SIDE_BLOCKS**2, side**2)
    )
    return int(np.count_nonzero(blocks.std(axis=1) > _MIN_DEVIATION))
