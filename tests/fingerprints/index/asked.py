"""Drawn registrations, and all that a view can be asked about them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from fingerprints.index.interface import View
from fingerprints.index.postings import NearKeys
from fingerprints.model import Fingerprint

ALGORITHM, OTHER = "made/1", "made/2"
KEYS = np.array([word << 38 | low for word in range(3) for low in (0, 1, 3, 7, 1 << 20)], dtype=np.uint64)
CODES = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [3, 0, 0, 1 << 63], [2**64 - 1] * 4], dtype=np.uint64)

prints = st.builds(
    lambda algorithm, digest, keys, codes: Fingerprint(
        "image", algorithm, bytes([digest]) * 32, codes=CODES[codes], keys=KEYS[keys]
    ),
    st.sampled_from([ALGORITHM, ALGORITHM, ALGORITHM, OTHER]),
    st.integers(0, 2),
    st.lists(st.integers(0, len(KEYS) - 1), max_size=6).map(lambda at: np.array(at, dtype=np.int64)),
    st.lists(st.integers(0, len(CODES) - 1), max_size=3).map(lambda at: np.array(at, dtype=np.int64)),
)
# A work is registered, replaced or withdrawn, any number of times.
histories = st.lists(st.tuples(st.integers(0, 30), st.none() | prints | prints | prints), max_size=60)


def answers(view: View) -> list[Any]:
    """All that can be asked, as plain values."""
    found = [len(view)]
    for digest in range(4):
        found.append(view.by_digest(bytes([digest]) * 32).tolist())
    for cap in (1, 2, 5, 1000):
        hits = view.by_keys(KEYS[::-1], cap)
        found += [hits.counts.tolist(), hits.asked.tolist(), hits.positions.tolist()]
    for radius in (0, 1, 3):
        for prefix, loose, cap in ((0, 0, 1000), (37, 3, 1000), (20, 1, 1)):
            asked = NearKeys(KEYS, 2, prefix, np.full(len(KEYS), loose, dtype=np.uint64), radius, cap)
            near = view.by_near_keys(asked)
            found.append(sorted(zip(near.asked.tolist(), near.positions.tolist(), near.distance.tolist(), strict=True)))
            found.append(view.count_near_keys(asked).tolist())
    for radius in (0, 2, 31, 255):
        codes = view.by_codes(CODES[:2], radius)
        found += [codes.positions.tolist(), codes.similarity.tolist()]
    everyone = np.union1d(view.by_keys(KEYS, 1000).positions, view.by_codes(CODES, 256).positions)[::-1]
    found += [view.accounts_at(everyone).tolist(), view.sizes_at(everyone).tolist(), view.codes_at(everyone).tolist()]
    return found
