"""A view of what was registered before: what is compared with earlier works only is compared in their company only.

Later works would take the places of the earlier ones among candidates, and make common what was not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint
from .interface import Codes, KeyHits, NearCodes, NearKeyHits, Positions, View
from .postings import Keys, NearKeys


class EarlierView:
    """See `View`: of another view the registrations up to a position.

    Every cap leaves the earliest, so where a later one was found all earlier ones were, and can be counted. What more
    earlier works have than a cap is not counted exactly, and the number of registrations counts later ones too.
    """

    def __init__(self, view: View, last: int) -> None:
        """
        Args:
            last: the greatest position.
        """
        self._view, self._last = view, last

    def __len__(self) -> int:
        return len(self._view)

    def soon(self, question: Literal["by_digest", "by_codes"], *args: Any) -> None:
        self._view.soon(question, *args)

    def accounts_at(self, positions: Positions) -> NDArray[np.int64]:
        return self._view.accounts_at(positions)

    def sizes_at(self, positions: Positions) -> NDArray[np.int64]:
        return self._view.sizes_at(positions)

    def codes_at(self, positions: Positions) -> Codes:
        return self._view.codes_at(positions)

    def fingerprints_at(self, positions: Positions) -> Mapping[int, Fingerprint]:
        return self._view.fingerprints_at(positions)

    def by_digest(self, digest: bytes) -> Positions:
        positions = self._view.by_digest(digest)
        return positions[positions <= self._last]

    def by_keys(self, keys: Keys, cap: int) -> KeyHits:
        hits = self._view.by_keys(keys, cap)
        kept = hits.positions <= self._last
        left = np.bincount(hits.asked[kept], minlength=len(keys))
        whole = np.bincount(hits.asked, minlength=len(keys))
        counts = np.where(left < whole, left, hits.counts)
        return KeyHits(counts, hits.asked[kept], hits.positions[kept])

    def by_near_keys(self, near: NearKeys) -> NearKeyHits:
        hits = self._view.by_near_keys(near)
        kept = hits.positions <= self._last
        return NearKeyHits(hits.asked[kept], hits.positions[kept], hits.distance[kept])

    def by_codes(self, codes: Codes, radius: int) -> NearCodes:
        near = self._view.by_codes(codes, radius)
        kept = near.positions <= self._last
        return NearCodes(near.positions[kept], near.similarity[kept])

    def count_near_keys(self, near: NearKeys) -> NDArray[np.int64]:
        hits = self.by_near_keys(near)
        pairs = np.unique(np.stack((hits.asked, hits.positions)), axis=1)
        return np.minimum(np.bincount(pairs[0], minlength=len(near.keys)), near.cap)
