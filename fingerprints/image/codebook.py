"""What a descriptor is stored as: a key to look up and a code to compare.

A descriptor is projected to 64 dimensions. Key: a 16-bit visual word, the nearest of 256 x 256 centroids of a product
of two halves (Babenko, Lempitsky, The inverted multi-index, 2012), and a 24-bit signature of what the word leaves over,
compared by Hamming distance (Jegou, Douze, Schmid, Hamming embedding, 2008). Code: sixteen bytes, a product quantiser
(Jegou, Douze, Schmid, Product quantization for nearest neighbor search, 2011). All tables are in ``codebook-1.npz``,
made by ``scripts/make_picture_codebook.py`` from pictures that the script draws and two that scikit-learn carries, when
OpenCV made the descriptors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = "codebook1"
DIMENSIONS = 64
WORD_BITS, SIGNATURE_BITS = 16, 24
CODE_LENGTH = 16  # bytes

_HALF = DIMENSIONS // 2
_PART = DIMENSIONS // CODE_LENGTH

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """
    Attributes:
        mean: shape (128,), of descriptors of unit length.
        projection: shape (128, 64), orthonormal columns.
        words: shape (2, 256, 32), centroids of both halves.
        signs: shape (64, 24), directions whose signs are the signature.
        parts: shape (16, 256, 4), centroids of each part of the code.
        centres: shape (2, 256, 24), the words in the directions of the signs.
    """

    mean: Floats
    projection: Floats
    words: Floats
    signs: Floats
    parts: Floats
    centres: Floats


@cache
def _tables() -> _Tables:
    with resources.files(__package__).joinpath("codebook-1.npz").open("rb") as file, np.load(file) as stored:
        tables = {name: stored[name].astype(np.float32) for name in stored.files}
    halves = np.stack((tables["signs"][:_HALF], tables["signs"][_HALF:]))
    return _Tables(**tables, centres=tables["words"] @ halves)


def unit(vectors: Floats) -> Floats:
    """Vectors of shape (n, k) scaled to unit length."""
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return np.asarray(vectors / np.maximum(length, 1e-6)[:, None], dtype=np.float32)


def projected(descriptors: NDArray[Any]) -> Floats:
    """RootSIFT descriptors, shape (n, 128), of any length, as float32 of shape (n, 64)."""
    tables = _tables()
    return np.asarray((unit(descriptors.astype(np.float32)) - tables.mean) @ tables.projection)


def restored(vectors: Floats) -> Floats:
    """Projected descriptors as descriptors of shape (n, 128) again, as far as they go."""
    tables = _tables()
    return np.asarray(vectors @ tables.projection.T + tables.mean)


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """Words and signatures of descriptors: of the nearest word, then of the next one.

    Attributes:
        words: int64, shape (n, probes).
        margins: shape (n, probes, 24): above 0 where the signature has a bit, and the surer the farther from it.
    """

    words: NDArray[np.int64]
    margins: Floats

    @property
    def keys(self) -> NDArray[np.uint64]:
        """Shape (n, probes)."""
        bits = np.packbits(self.margins > 0, axis=2, bitorder="little")
        signatures = bits.astype(np.uint64) @ (np.uint64(1) << np.arange(0, SIGNATURE_BITS, 8, dtype=np.uint64))
        out: NDArray[np.uint64] = self.words.astype(np.uint64) << np.uint64(SIGNATURE_BITS) | signatures
        return out

    def least_sure(self, count: int, among: int) -> NDArray[np.uint64]:
        """The least sure bits of each signature as those of a key, shape (n, probes).

        Args:
            count: how many.
            among: how many of its upper bits they are taken from, at least as many.
        """
        if not count:
            return np.zeros(self.words.shape, dtype=np.uint64)
        upper = np.abs(self.margins[:, :, SIGNATURE_BITS - among :])
        bits = upper.argpartition(count - 1, axis=2)[:, :, :count] + (SIGNATURE_BITS - among)
        out: NDArray[np.uint64] = (np.uint64(1) << bits.astype(np.uint64)).sum(axis=2, dtype=np.uint64)
        return out


def keys(vectors: Floats) -> NDArray[np.uint64]:
    """The keys of projected descriptors, shape (n,)."""
    return described(vectors).keys[:, 0]


def described(vectors: Floats, probes: int = 1) -> Described:
    """Words and signatures of projected descriptors.

    Args:
        probes: 1 or 2; the next word has the second nearest centroid in the half that is less sure.
    """
    tables = _tables()
    n = len(vectors)
    near = np.empty((n, 2, 2), dtype=np.int64)  # half, rank
    distance = np.empty((n, 2, 2), dtype=np.float32)
    rows = np.arange(n)
    for half in range(2):
        squared = _squared_distances(vectors[:, half * _HALF : (half + 1) * _HALF], tables.words[half])
        for rank in range(2 if probes > 1 else 1):
            near[:, half, rank] = best = squared.argmin(axis=1)
            distance[:, half, rank] = squared[rows, best]
            squared[rows, best] = np.inf
    directions = vectors @ tables.signs
    words = np.empty((n, probes), dtype=np.int64)
    margins = np.empty((n, probes, SIGNATURE_BITS), dtype=np.float32)
    for probe in range(probes):
        first = second = np.zeros(n, dtype=np.int64)
        if probe:
            second = (distance[:, 0, 1] - distance[:, 0, 0] > distance[:, 1, 1] - distance[:, 1, 0]).astype(np.int64)
            first = 1 - second
        a, b = near[rows, 0, first], near[rows, 1, second]
        words[:, probe] = a << 8 | b
        margins[:, probe] = directions - (tables.centres[0][a] + tables.centres[1][b])
    return Described(words, margins)


def _squared_distances(vectors: Floats, centroids: Floats) -> Floats:
    """Squared distances to each centroid, less the vectors' own squared lengths: as good for the nearest."""
    return np.asarray(np.einsum("ij,ij->i", centroids, centroids) - 2 * vectors @ centroids.T)


def encoded(vectors: Floats) -> NDArray[np.uint8]:
    """The codes of projected descriptors, shape (n, 16)."""
    parts = _tables().parts
    out = np.empty((len(vectors), CODE_LENGTH), dtype=np.uint8)
    for part in range(CODE_LENGTH):
        out[:, part] = _squared_distances(vectors[:, part * _PART : (part + 1) * _PART], parts[part]).argmin(axis=1)
    return out


def decoded(codes: NDArray[np.uint8]) -> Floats:
    """What codes stand for, shape (n, 64)."""
    parts = _tables().parts
    of_all = codes + np.arange(CODE_LENGTH) * parts.shape[1]  # one number each: two cost ten times as long
    return np.asarray(parts.reshape(-1, _PART).take(of_all.ravel(), axis=0).reshape(len(codes), DIMENSIONS))
