"""Boilerplate in uploads: passages that come back in one unrelated upload after the other are nobody's in particular.

The registry shows a template only once several works carry it. Uploads show it sooner: the sentence of every leaflet,
the footer of every post of an account. So of an upload the keys are kept that the registry has but that no reported
match explains. What *was* reported is a reuse, however often it comes back, unless it stands at the same edge of the
upload as of the work, where footers and headers stand.

Counting is by passage, not by key: only an upload that has nearly all of a passage speaks of it, so nobody can make a
work common piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..index.interface import View
from ..model import Fingerprint
from .alignment import TextAlignment
from .candidates import Lookup, versions
from .grams import Positions
from .normalization import NormalizedText
from .scoring import Weights, own_share

_MAX_UPLOADS_OF_A_KEY = 64  # read
_MAX_COMPARED = 128  # uploads, those with the most of the present one's keys
_MIN_SHARE = 0.75  # of a passage's keys that an upload must have to speak of it
_EDGE = 0.04  # share of a text that is its edge
_MAX_FOOTER = 0.5  # share of either text up to which what stands at an edge can be a footer
_MIN_KEYS = 2  # of a passage that can be spoken of


@dataclass(frozen=True, slots=True, eq=False)
class EarlierUploads:
    """The earlier uploads that have keys of the present one.

    Attributes:
        positions: shape (m,), the unit of the present upload at which each registered key starts; see `Lookup`.
        counts: shape (n, m + 1), how many of the first so many keys each earlier upload has.
        versions: shape (n,), equal numbers for uploads that are versions of one text.
    """

    positions: Positions
    counts: NDArray[np.int32]
    versions: NDArray[np.int64]

    def own(self, found: TextAlignment, own: Weights) -> Weights:
        """How much of each unit counts, shape (m,), once passages that unrelated uploads have as well count less."""
        if not len(self.counts):
            return own
        own = own.copy()
        for start, end in found.spans[:, :2].tolist():
            low, high = np.searchsorted(self.positions, (start, end)).tolist()
            if high - low < _MIN_KEYS:
                continue
            have = self.counts[:, high] - self.counts[:, low] >= _MIN_SHARE * (high - low)
            others = len(np.unique(self.versions[have]))
            if others:
                own[start:end] *= own_share(np.array([1.0 + others]))[0]
        return own


def earlier_uploads(registered: Lookup, query: Fingerprint, uploads: View | None) -> EarlierUploads:
    """Look up the earlier uploads that have keys of the present one and are no version of it.

    Args:
        registered: of the upload, what the registry has.
        uploads: the keys that `unexplained` gave for earlier uploads.
    """
    keys = registered.keys
    none = EarlierUploads(registered.positions, np.zeros((0, len(keys) + 1), np.int32), np.zeros(0, np.int64))
    if uploads is None or not len(keys):
        return none
    distinct, place = np.unique(keys, return_inverse=True)
    postings = uploads.by_keys(distinct, _MAX_UPLOADS_OF_A_KEY)
    slots, who = np.unique(postings.slots, return_inverse=True)
    if not len(slots):
        return none
    most = np.sort(np.argsort(-np.bincount(who), kind="stable")[:_MAX_COMPARED])
    codes = np.concatenate((query.codes, uploads.codes_at(slots[most])))
    family = versions(codes)[len(query.codes) :]
    # The present upload seen before, or a version of it, says nothing new.
    other = family >= len(query.codes)
    most, family = most[other], family[other]
    row = np.full(len(slots), -1)
    row[most] = np.arange(len(most))
    there = np.zeros((len(most), len(distinct)), dtype=np.bool_)
    mine = row[who] >= 0
    there[row[who][mine], postings.asked[mine]] = True
    counts = np.cumsum(there[:, place], axis=1, dtype=np.int32)
    counts = np.concatenate((np.zeros((len(most), 1), dtype=np.int32), counts), axis=1)
    return EarlierUploads(registered.positions, counts, family)


def unexplained(
    query: Fingerprint, registered: Lookup, text: NormalizedText, reported: Iterable[tuple[Positions, int]]
) -> Fingerprint:
    """What to keep of an upload: its digest, code, and the registered keys that no reported match explains.

    Args:
        reported: for every match its spans, shape (k, 4), and the units of the work.
    """
    explained = np.zeros(len(text.units) + 1, dtype=np.int64)
    for spans, units in reported:
        for start, end, a, b in spans.tolist():
            if not _footer(start, end, len(text.units), a, b, units):
                explained[start] += 1
                explained[end] -= 1
    free = np.cumsum(explained)[registered.positions] <= 0
    return replace(query, keys=np.unique(registered.keys[free]), detail=b"", facts={})


def _footer(start: int, end: int, upload: int, a: int, b: int, work: int) -> bool:
    """Whether a passage is a piece at the same edge of both texts."""
    if end - start > _MAX_FOOTER * upload or b - a > _MAX_FOOTER * work:
        return False
    tail = end >= upload * (1 - _EDGE) and b >= work * (1 - _EDGE)
    head = start <= upload * _EDGE and a <= work * _EDGE
    return tail or head
