"""PDQ, for those who compare with banks of PDQ codes (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm", 2019), by the library pdqhash, which is an extra.

A work's code is made of the small picture that is kept of it, enlarged to the size it had: over 65 photographs it
differs from that of the whole file in 4 of 256 bits (median), 12 at most but for one with 28. Two pictures are taken
for alike from 31 bits down.
"""

from __future__ import annotations

import importlib.util
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..model import CODE_WORDS, Fingerprint
from . import codec

_MIN_QUALITY = 50  # of 100: what is flatter is like every other flat picture
_MAX_SIDE = 1024  # pixels: PDQ itself blurs to 64


@cache
def available() -> bool:
    """Whether the extra `compat` is installed."""
    return importlib.util.find_spec("pdqhash") is not None


def code(of: Fingerprint) -> NDArray[np.uint64] | None:
    """The PDQ code of a picture's first frame, shape (4,), most significant bit first; None where it says nothing."""
    frames = codec.frames(of)
    if not frames:
        return None
    import pdqhash

    width, height = codec.size(of)
    scale = min(1.0, _MAX_SIDE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shown = cv2.cvtColor(cv2.resize(frames[0].colours, size, interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2RGB)
    bits, quality = pdqhash.compute(shown)
    if quality < _MIN_QUALITY:
        return None
    words = np.packbits(np.asarray(bits, dtype=np.uint8)).view(">u8").astype(np.uint64)
    assert words.shape == (CODE_WORDS,)
    return words
