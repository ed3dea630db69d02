"""An upload's frame as it is asked about: its descriptors in all variants, its codes in all orientations."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from . import codebook
from .codec import Frame
from .keypoints import INVERTED, VARIANTS, permuted
from .phash import SIDE, codes

_MAX_WORDS = 2  # words asked for a keypoint as it is; of the other variants one
_INVERTED_SHARE = 2  # inverted variants are rare: of their keypoints every so many are asked for


class Query:
    """One frame of an upload, prepared once for all works."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        whole = frame.descriptors if frame.descriptors is not None else codebook.restored(frame.vectors)
        others = [codebook.projected(permuted(whole, variant)) for variant in range(1, VARIANTS)]
        self._vectors = [frame.vectors, *others]
        self.variants = [codebook.unit(vectors) for vectors in self._vectors]
        small = cv2.resize(frame.grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        plain = codes(np.asarray(small, dtype=np.uint8))
        self.codes = np.concatenate((plain, ~plain))  # inversion changes every bit; orientation by position modulo 8

    def words(self) -> tuple[list[codebook.Described], NDArray[np.int64], NDArray[np.int64]]:
        """All words to look up with their signatures, and the keypoint and the variant of each, one after the other."""
        made, points, variants = [], [], []
        for which, vectors in enumerate(self._vectors):
            step = _INVERTED_SHARE if which & INVERTED else 1
            probes = _MAX_WORDS if which == 0 else 1
            made.append(codebook.described(vectors[::step], probes))
            points.append(np.repeat(np.arange(0, len(vectors), step), probes))
            variants.append(np.full(len(points[-1]), which))
        return made, np.concatenate(points), np.concatenate(variants)
