"""What uploads teach: passages that come back in one unrelated upload after the other are nobody's in particular.

The registry shows a template only once several works carry it. Uploads show it sooner: the sentence of every leaflet,
the footer of every post of an account. So of an upload the keys are kept that the registry has but that no reported
match explains. What *was* reported is a reuse, however often it comes back, unless it stands at the same edge of the
upload as of the work, where footers and headers stand.

Counting is by passage, not by key: only an upload that has nearly all of a passage speaks of it, so nobody can make a
work common piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..index.interface import View
from ..model import Fingerprint
from .alignment import Alignment
from .candidates import Proposed, versions
from .grams import Positions
from .normalization import Normal
from .scoring import Weights, own_share

_HUB = 64  # uploads read from one key
_COMPARED = 128  # uploads, those with the most of the present one's keys
_WHOLE = 0.75  # share of a passage's keys that an upload must have to speak of it
_EDGE = 0.04  # share of a text that is its edge
_PIECE = 0.5  # share of either text up to which what stands at an edge can be a footer
_FEW = 2  # keys below which a passage is not spoken of


class Seen:
    """The earlier uploads that have keys of the present one."""

    def __init__(self, proposed: Proposed, query: Fingerprint, view: View | None) -> None:
        self._positions = proposed.positions
        self._counts: NDArray[np.int32] | None = None
        self._family = np.zeros(0, dtype=np.int64)
        if view is None or not len(proposed.keys):
            return
        distinct, place = np.unique(proposed.keys, return_inverse=True)
        postings = view.by_keys(distinct, _HUB)
        slots, who = np.unique(postings.slots, return_inverse=True)
        if not len(slots):
            return
        most = np.sort(np.argsort(-np.bincount(who), kind="stable")[:_COMPARED])
        codes = np.concatenate((query.codes, view.codes_at(slots[most])))
        family = versions(codes)[len(query.codes) :]
        # The present upload seen before, or a version of it, says nothing new.
        other = family >= len(query.codes)
        most, self._family = most[other], family[other]
        row = np.full(len(slots), -1)
        row[most] = np.arange(len(most))
        there = np.zeros((len(most), len(distinct)), dtype=np.bool_)
        mine = row[who] >= 0
        there[row[who][mine], postings.asked[mine]] = True
        counts = np.cumsum(there[:, place], axis=1, dtype=np.int32)
        self._counts = np.concatenate((np.zeros((len(most), 1), dtype=np.int32), counts), axis=1)

    def own(self, found: Alignment, own: Weights) -> Weights:
        """How much of each unit counts, shape (m,), once passages that unrelated uploads have as well count less."""
        if self._counts is None or not len(self._counts):
            return own
        own = own.copy()
        for start, end in found.spans[:, :2].tolist():
            low, high = np.searchsorted(self._positions, (start, end)).tolist()
            if high - low < _FEW:
                continue
            have = self._counts[:, high] - self._counts[:, low] >= _WHOLE * (high - low)
            others = len(np.unique(self._family[have]))
            if others:
                own[start:end] *= own_share(np.array([1.0 + others]))[0]
        return own


def lesson(
    query: Fingerprint, proposed: Proposed, text: Normal, reported: Iterable[tuple[Positions, int]]
) -> Fingerprint:
    """What to remember of an upload: its digest, code, and the keys that no reported match explains.

    Args:
        reported: for every match its spans, shape (k, 4), and the units of the work.
    """
    explained = np.zeros(len(text.units) + 1, dtype=np.int64)
    for spans, units in reported:
        for start, end, a, b in spans.tolist():
            if not _footer(start, end, len(text.units), a, b, units):
                explained[start] += 1
                explained[end] -= 1
    free = np.cumsum(explained)[proposed.positions] <= 0
    return replace(query, keys=np.unique(proposed.keys[free]), detail=b"", facts={})


def _footer(start: int, end: int, upload: int, a: int, b: int, work: int) -> bool:
    """Whether a passage is a piece at the same edge of both texts."""
    if end - start > _PIECE * upload or b - a > _PIECE * work:
        return False
    tail = end >= upload * (1 - _EDGE) and b >= work * (1 - _EDGE)
    head = start <= upload * _EDGE and a <= work * _EDGE
    return tail or head
