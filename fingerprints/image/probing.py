"""How much of a visual word's postings is read, by how many pictures are registered.

Postings of a word become more with every picture, and most that are near a signature are so by chance. So of a large
registry only those are read that begin like the signature, its least sure bits aside: what is right and lost by that is
mostly far off and weighs little in a vote. ``benchmarks/image/growth.py`` measures both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from ..index.postings import NearKeys
from . import codebook

SIGNATURE_RADIUS = 4  # of 24 bits
_MAX_FOUND = 4096  # of one keypoint and distance: a picture may be registered any number of times
# Up to so many registrations: bits that must agree, and how many of them are left open as the least sure.
_SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
_PREFIX_AND_LOOSE = ((0, 0), (6, 4), (8, 4), (10, 5), (13, 5), (14, 5), (15, 5), (17, 6))


def near_keys(words: Sequence[codebook.Described], registered: int) -> NearKeys:
    """What to look up of these words with their signatures, one after the other.

    Args:
        registered: how many pictures are.
    """
    prefix, loose = _PREFIX_AND_LOOSE[bisect_left(_SIZES, registered)]
    return NearKeys(
        np.concatenate([each.keys.ravel() for each in words]),
        codebook.WORD_BITS,
        prefix,
        np.concatenate([each.least_sure(loose, prefix).ravel() for each in words]),
        SIGNATURE_RADIUS,
        _MAX_FOUND,
    )
