"""The keys a text is found by: hashes of character grams, a work's chosen by winnowing, an upload's all of them.

Winnowing: Schleimer, Wilkerson, Aiken, Winnowing: local algorithms for document fingerprinting, 2003. In every window
of 18 consecutive grams the one with the least hash is kept, so a work keeps two in nineteen, chosen by content alone:
wherever 31 letters (23 Han characters) stand in two texts, both have the same key. An upload asks for every gram it has
and so finds a work by much shorter stretches. A short work has less to be found by and keeps more of it: what is least
in 18 is least in 4 as well, so the keys of a passage in a long work are among its keys in a short one.
"""

from __future__ import annotations

import numpy as np

from .grams import Hashes, Positions, Sizes, blocks, distinct, grams
from .normalization import NormalizedText

SIZES: Sizes = (14, 9, 9, 6)  # other, kana, Hangul, Han: about three words
KEY_BITS = 40
WINDOW = 18
SHORT_WINDOW = 4  # the window of a work of up to
MAX_SHORT_UNITS = 2_500  # units: one that was rewritten sentence by sentence shares few grams
MAX_DENSE_UNITS = 160  # units up to which a work keeps every gram: a poem or an announcement has none to spare
_MAX_DENSE_UPLOAD = 200_000  # units beyond which an upload asks for its winnowed grams only

_SHIFT = np.uint64(64 - KEY_BITS)


def work_keys(text: NormalizedText) -> Hashes:
    """The keys of a registered work, sorted and distinct, each below 2^40."""
    if len(text.units) <= MAX_SHORT_UNITS:
        hashes, _ = grams(text.units, text.scripts, SIZES)
        return distinct((hashes if len(text.units) <= MAX_DENSE_UNITS else _winnowed(hashes, SHORT_WINDOW)) >> _SHIFT)
    parts = [_winnowed(hashes, WINDOW) for hashes, _ in _overlapping(text)]
    return distinct(np.concatenate([*parts, np.zeros(0, dtype=np.uint64)]) >> _SHIFT)


def upload_keys(text: NormalizedText) -> tuple[Hashes, Positions]:
    """The keys to look up for an upload and the units they start at, each of shape (n,), ascending in position."""
    if len(text.units) <= _MAX_DENSE_UPLOAD:
        hashes, positions = grams(text.units, text.scripts, SIZES)
        return hashes >> _SHIFT, positions
    parts = []
    for hashes, positions in blocks(text.units, text.scripts, SIZES):  # block by block: they never stand in memory all
        chosen = np.isin(hashes, _winnowed(hashes, WINDOW))
        parts.append((hashes[chosen] >> _SHIFT, positions[chosen]))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _overlapping(text: NormalizedText) -> list[tuple[Hashes, Positions]]:
    """Blocks whose windows overlap, so that choosing does not depend on where a block ends."""
    parts = list(blocks(text.units, text.scripts, SIZES))
    return [
        part if n == 0 else (np.concatenate((parts[n - 1][0][1 - WINDOW :], part[0])), part[1])
        for n, part in enumerate(parts)
    ]


def _winnowed(hashes: Hashes, window: int) -> Hashes:
    """The least hash of every window, distinct; all hashes where there is no whole window."""
    if len(hashes) < window:
        return distinct(hashes)
    width, least = 1, hashes
    while width < window:
        step = min(width, window - width)
        least = np.minimum(least[step:], least[:-step])
        width += step
    # Neighbouring windows mostly agree, and sorting is what costs.
    return distinct(least[np.concatenate(([True], least[1:] != least[:-1]))])
