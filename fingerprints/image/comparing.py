"""Whether two small grey pictures are the same picture, block by block.

A perceptual code says that two pictures have the same layout; charts, documents and posts of one template have that
too. Copies also agree inside nearly every part: the correlation within each of 64 blocks, brightness removed, has to
hold even for the parts that agree worst.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .hashing import SIDE, Grey

_BLOCKS = 8  # a side
_TEXTURE = 4.0  # standard deviation of grey levels from which a block shows something
MINIMUM_BLOCKS = 12  # blocks with texture below which a picture is too plain to be told from others

_NEEDED = 0.85
_PLAIN, _EACH = 40, 0.01  # fewer textured blocks than this need more agreement, each missing one by this
_STEEPNESS = 30.0


def _blocks(grey: NDArray[np.generic]) -> NDArray[np.float64]:
    """Shape (64, 64): the blocks as rows, each less its mean."""
    side = SIDE // _BLOCKS
    rows = grey.reshape(_BLOCKS, side, _BLOCKS, side).transpose(0, 2, 1, 3).reshape(_BLOCKS**2, side**2)
    levels = rows.astype(np.float64)
    return np.asarray(levels - levels.mean(axis=1, keepdims=True))


def textured(grey: Grey) -> int:
    """How many of the 64 blocks show something."""
    return int(np.count_nonzero(_blocks(grey).std(axis=1) > _TEXTURE))


def score(upload: NDArray[np.generic], work: NDArray[np.generic]) -> float:
    """How surely two aligned grey pictures of shape (64, 64) are the same one, 0..1; 0.5 is the reporting threshold."""
    a, b = _blocks(upload), _blocks(work)
    deviations = a.std(axis=1), b.std(axis=1)
    shown = np.maximum(*deviations) > _TEXTURE
    count = int(shown.sum())
    if count < MINIMUM_BLOCKS:
        return 0.0
    norms = deviations[0] * deviations[1] * a.shape[1]
    products = (a * b).sum(axis=1)
    within = np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)[shown]
    total = float(products.sum() / max(math.sqrt(float((a * a).sum()) * float((b * b).sum())), 1e-9))
    agreement = min(total, float(np.percentile(within, 20)))
    needed = min(_NEEDED + max(0, _PLAIN - count) * _EACH, 0.97)
    return 1 / (1 + math.exp(-_STEEPNESS * (agreement - needed)))
