"""Which family of scripts a code point is written in: how long a gram must be, and how much a unit says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OTHER, KANA, HANGUL, HAN = 0, 1, 2, 3

# Unicode blocks, half open; everything else is OTHER.
_BLOCKS = (
    (0x1100, 0x1200, HANGUL),  # jamo
    (0x3005, 0x3008, HAN),  # iteration mark, closing mark, zero
    (0x3040, 0x3130, KANA),  # hiragana, katakana, bopomofo
    (0x31A0, 0x31C0, KANA),  # bopomofo extended
    (0x31F0, 0x3200, KANA),
    (0x3400, 0x4DC0, HAN),
    (0x4E00, 0xA000, HAN),
    (0xA960, 0xA980, HANGUL),
    (0xAC00, 0xD800, HANGUL),
    (0xF900, 0xFB00, HAN),
    (0x1B000, 0x1B170, KANA),
    (0x20000, 0x323B0, HAN),
)
_EDGES = np.array([edge for first, end, _ in _BLOCKS for edge in (first, end)], dtype=np.uint32)
_FAMILIES = np.array([OTHER, *(f for _, _, family in _BLOCKS for f in (family, OTHER))], dtype=np.uint8)
# The basic plane as a table: looking up is several times faster than searching the edges.
_PLANE = _FAMILIES[np.searchsorted(_EDGES, np.arange(0x10000, dtype=np.uint32), side="right")]

# How much one unit narrows down which text it is from, in Latin letters: a Han character is about a short word.
WEIGHTS = np.array([1.0, 1.5, 2.0, 3.0])


def script_of(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The script family of each code point, shape (n,): OTHER, KANA, HANGUL or HAN."""
    out = _PLANE[np.minimum(points, 0xFFFF)]
    high = np.flatnonzero(points >= 0x10000)
    if len(high):
        out[high] = _FAMILIES[np.searchsorted(_EDGES, points[high], side="right")]
    return out
