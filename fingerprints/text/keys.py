"""The keys a text is found by: hashes of character grams, a work's chosen by winnowing, an upload's all of them.

Winnowing: Schleimer, Wilkerson, Aiken, Winnowing: local algorithms for document fingerprinting, 2003. In every window
of 12 consecutive grams the one with the least hash is kept, so a work keeps two in thirteen, chosen by content alone:
wherever 25 letters (17 Han characters) stand in two texts, both have the same key. An upload asks for every gram it has
and so finds a work by much shorter stretches.
"""

from __future__ import annotations

import numpy as np

from .grams import Hashes, Positions, Sizes, blocks, grams
from .normal import Normal

SIZES: Sizes = (14, 9, 9, 6)  # other, kana, Hangul, Han: about three words
KEY_BITS = 40
WINDOW = 12
DENSE = 160  # units up to which a work keeps every gram: a poem or an announcement has none to spare
_ASKED = 200_000  # units beyond which an upload asks for its winnowed grams only

_SHIFT = np.uint64(64 - KEY_BITS)


def kept(text: Normal) -> Hashes:
    """The keys of a registered work, sorted and distinct, each below 2^40."""
    parts = [_winnowed(hashes) if len(text.units) > DENSE else hashes for hashes, _ in _overlapping(text)]
    return np.unique(np.concatenate([*parts, np.zeros(0, dtype=np.uint64)]) >> _SHIFT)


def asked(text: Normal) -> tuple[Hashes, Positions]:
    """The keys to look up for an upload and the units they start at, each of shape (n,), ascending in position."""
    hashes, positions = grams(text.units, text.scripts, SIZES)
    if len(text.units) > _ASKED:
        chosen = np.isin(hashes, _winnowed(hashes))
        hashes, positions = hashes[chosen], positions[chosen]
    return hashes >> _SHIFT, positions


def _overlapping(text: Normal) -> list[tuple[Hashes, Positions]]:
    """Blocks whose windows overlap, so that choosing does not depend on where a block ends."""
    parts = list(blocks(text.units, text.scripts, SIZES))
    return [
        part if n == 0 else (np.concatenate((parts[n - 1][0][1 - WINDOW :], part[0])), part[1])
        for n, part in enumerate(parts)
    ]


def _winnowed(hashes: Hashes) -> Hashes:
    """The least hash of every window of 12, distinct; all hashes where there is no whole window."""
    if len(hashes) < WINDOW:
        return np.unique(hashes)
    two = np.minimum(hashes[1:], hashes[:-1])
    four = np.minimum(two[2:], two[:-2])
    eight = np.minimum(four[4:], four[:-4])
    least = np.minimum(eight[4:], eight[:-4])
    # Neighbouring windows mostly agree, and sorting is what costs.
    return np.unique(least[np.concatenate(([True], least[1:] != least[:-1]))])
