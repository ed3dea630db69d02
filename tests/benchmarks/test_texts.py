"""The mixed texts of the growth benchmark."""

import numpy as np
import pytest

from benchmarks.text import growth
from benchmarks.text.generate import works
from fingerprints import text

pytestmark = pytest.mark.slow


def shares(keys: np.ndarray) -> list[float]:
    """Of the keys the share that stands in at least 2, 4, 16 works."""
    _, counts = np.unique(keys, return_counts=True)
    return [float(counts[counts >= least].sum() / len(keys)) for least in (2, 4, 16)]


def test_mixed_works_share_keys_as_written_ones_do_and_written_ones_stand_among_them() -> None:
    written = [text.fingerprint(each.encode()) for each in works(range(512))]
    registry = growth.Registry(512, written[:8], written)
    blocks = list(registry.blocks())
    mixed = np.concatenate([keys for _, keys, _ in blocks])
    for share, real in zip(shares(mixed), shares(np.concatenate([each.keys for each in written])), strict=True):
        assert real * 0.5 < share < real * 2
    sizes = np.concatenate([each for each, _, _ in blocks])
    at = np.concatenate(([0], np.cumsum(sizes)))
    for n in range(8):
        place = registry.place(n)
        assert registry[place] is written[n]
        assert mixed[at[place - 1] : at[place]].tolist() == written[n].keys.tolist()
