"""Of a view the registrations up to a position: as an index that has no others."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fingerprints import image, registry
from fingerprints.image.examples import photograph, saved
from fingerprints.index.earlier import EarlierView
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.index.postings import NearKeys
from fingerprints.model import Fingerprint
from tests.fingerprints.index.asked import ALGORITHM, CODES, KEYS, prints


def index_of(works: list[Fingerprint]) -> MemoryIndex:
    index = MemoryIndex()
    index.apply(Change(n, n, each) for n, each in enumerate(works, 1))
    return index


@given(st.lists(prints, max_size=30), st.integers(0, 30), st.sampled_from([2, 1000]))
def test_what_is_found_and_counted_is_that_of_the_index_then(works: list[Fingerprint], last: int, cap: int) -> None:
    then = index_of(works[:last]).view(ALGORITHM)
    now = EarlierView(index_of(works).view(ALGORITHM), last)
    assert [now.by_digest(bytes([n]) * 32).tolist() for n in range(4)] == [
        then.by_digest(bytes([n]) * 32).tolist() for n in range(4)
    ]
    mine, theirs = now.by_keys(KEYS, cap), then.by_keys(KEYS, cap)
    assert (mine.asked.tolist(), mine.positions.tolist()) == (theirs.asked.tolist(), theirs.positions.tolist())
    exact = theirs.counts < cap
    assert mine.counts[exact].tolist() == theirs.counts[exact].tolist()
    assert (mine.counts >= theirs.counts).all()
    near = NearKeys(KEYS, 2, 20, np.full(len(KEYS), 1, dtype=np.uint64), 3, cap)
    ours, others = now.by_near_keys(near), then.by_near_keys(near)
    assert sorted(zip(ours.asked.tolist(), ours.positions.tolist(), ours.distance.tolist(), strict=True)) == sorted(
        zip(others.asked.tolist(), others.positions.tolist(), others.distance.tolist(), strict=True)
    )
    if cap > len(works) * len(KEYS):
        assert now.count_near_keys(near).tolist() == then.count_near_keys(near).tolist()
    codes, before = now.by_codes(CODES[:2], 31), then.by_codes(CODES[:2], 31)
    assert codes.positions.tolist() == before.positions.tolist()
    assert codes.similarity.tolist() == before.similarity.tolist()


def pictures() -> list[bytes]:
    """One, a later one that is a part of it, and many that are that part too."""
    work = photograph(3)
    cut = work.crop((work.width // 2, 0, work.width, work.height))
    return [saved(each, "JPEG", quality=q) for each, q in ((work, 90), (cut, 80), *((cut, 90 - n) for n in range(24)))]


def test_an_earlier_work_is_found_however_many_later_ones_are_alike() -> None:
    works = [image.fingerprint(data) for data in pictures()]
    view, query = index_of(works).view(image.ALGORITHM), works[1]
    assert 1 not in registry.propose(query, view).works  # later ones have taken its place
    earlier = EarlierView(view, 1)
    candidates = registry.propose(query, earlier)
    assert candidates.works == [1]
    assert list(registry.decide(query, candidates, {1: works[0]}, earlier).matches) == [1]
