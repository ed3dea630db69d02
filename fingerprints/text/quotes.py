"""A quote: whole sentences, word for word, that an upload and a work have and no other work.

Two long texts on one subject share phrases, and now and then the better part of a sentence; they do not share one from
its first letter to its last, unless it is a formula, and of a large registry a formula stands in more than one work.
So of what is quoted less must be equal, whatever else either text says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..unicode.folding import CodePoints, to_text
from ..unicode.scripts import WEIGHTS
from .alignment import Seeds, TextAlignment, sums
from .normalization import NormalizedText

MIN_REGISTERED = 1000  # works from which a sentence that only one of them has is hardly a formula
MIN_LETTERS = 56.0  # of whole sentences below which even they are a saying or a headline
_MIN_OWN = 0.9  # share of them that no other work has
_MAX_CAPITALS = 0.4  # share of the words with a capital or a digit, beyond which it is a headline or a reference

_ENDS = np.array([ord(c) for c in '\n.!?:。！？：…;；“”„"「」『』'], dtype=np.uint32)
_ELLIPSES = np.array([ord("…")], dtype=np.uint32)


def quoted(found: TextAlignment, query: Seeds, candidate: Seeds, own: NDArray[np.float64]) -> float:
    """The weight of the longest quote in Latin letters, 0 where there is none.

    Args:
        own: shape (m,), how much of each unit of the upload counts, 0..1.
    """
    weight = query.total[found.runs[:, 1]] - query.total[found.runs[:, 0]]
    long = found.runs[weight >= MIN_LETTERS].tolist()
    if not long:
        return 0.0
    best = 0.0
    counted = sums(WEIGHTS[query.text.scripts] * own)
    mine, theirs = _edges(query.text, _ENDS), _edges(candidate.text, _ENDS)
    cut = _edges(query.text, _ELLIPSES)
    for a, b, c, d in long:
        # Where a sentence of both starts or ends, or the upload says that it was cut.
        edges = np.flatnonzero(mine[a : b + 1] & theirs[c : d + 1] | cut[a : b + 1])
        if not len(edges):
            continue
        first, last = a + int(edges[0]), a + int(edges[-1])
        size = query.total[last] - query.total[first]
        if size >= max(MIN_LETTERS, best) and counted[last] - counted[first] >= _MIN_OWN * size:
            best = size if _is_prose(query.text, first, last) else best
    return best


def _edges(text: NormalizedText, marks: CodePoints) -> NDArray[np.bool_]:
    """Which units have one of the marks before them, shape (m + 1,); both ends of the text are taken to."""
    out = np.zeros(len(text.units) + 1, dtype=np.bool_)
    out[np.searchsorted(text.where, np.flatnonzero(np.isin(text.seen, marks)))] = True
    out[[0, -1]] = True
    return out


def _is_prose(text: NormalizedText, a: int, b: int) -> bool:
    """Whether a stretch is neither a headline nor a list of names or numbers, as references and addresses are."""
    words = to_text(text.seen[int(text.where[a]) : int(text.where[b - 1]) + 1]).split()
    return sum(not word[0].islower() and word[0].isascii() for word in words) <= _MAX_CAPITALS * len(words)
