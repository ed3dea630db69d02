"""Keys read as a word and a signature (Hamming embedding), against brute force."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fingerprints import registry
from fingerprints.index import postings
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.index.postings import Keys
from fingerprints.model import Fingerprint

ALGORITHM = registry.MEDIA["image"].ALGORITHM


def expected(
    stored: list[tuple[int, int]], near: postings.NearKeys, alive: set[int]
) -> tuple[list[tuple[int, int, int]], list[int]]:
    """The (place asked, slot, distance) of each living hit, and of each key asked for how many slots."""
    rest = 40 - near.word_bits - near.prefix_bits
    hits = [
        (n, slot, (key ^ other).bit_count())
        for n, (other, loose) in enumerate(zip(near.keys.tolist(), near.loose.tolist(), strict=True))
        for key, slot in stored
        if not ((key ^ other) & ~loose) >> rest and (key ^ other) >> (40 - near.word_bits) == 0
        if (key ^ other).bit_count() <= near.radius and slot in alive
    ]
    found: list[tuple[int, int, int]] = []
    for group in {(n, distance) for n, _, distance in hits}:
        found += sorted(hit for hit in hits if (hit[0], hit[2]) == group)[: near.cap]
    different = [len({slot for n, slot, _ in hits if n == place}) for place in range(len(near.keys))]
    return sorted(found), [min(many, near.cap) for many in different]


def hits_of(found: postings.NearPostings) -> list[tuple[int, int, int]]:
    return sorted(zip(found.asked.tolist(), found.slots.tolist(), found.distance.tolist(), strict=True))


def near_keys(keys: list[int] | Keys, bits: int, radius: int, cap: int = 1000) -> postings.NearKeys:
    """Everything that has the word."""
    asked = np.array(keys, dtype=np.uint64)
    return postings.NearKeys(asked, bits, 0, np.zeros_like(asked), radius, cap)


# Few words and few signature bits, so that words are shared and distances small.
keys = st.builds(
    lambda word, noise, low: word << 38 | noise << 20 | low,
    st.integers(0, 3),
    st.sampled_from([0, 1, 1 << 17]),
    st.integers(0, 31) | st.just((1 << 20) - 1),
)
# Of the same bits as keys have, the word's first bit among them.
loose_bits = st.builds(lambda high, low: high << 36 | low, st.integers(0, 7), st.integers(0, 31))


@settings(deadline=None)
@given(
    works=st.lists(st.lists(keys, max_size=6), max_size=12),
    asked=st.lists(st.tuples(keys, loose_bits), max_size=10),
    bits=st.sampled_from([(1, 39), (2, 38), (2, 36), (2, 0), (16, 24), (16, 8), (22, 0), (22, 16), (40, 0)]),
    radius=st.integers(0, 24),
    cap=st.sampled_from([1, 2, 1000]),
    dead=st.sets(st.integers(0, 11)),
    chunk=st.sampled_from([1, 5, 1 << 15]),
    many=st.sampled_from([1, 3, 1 << 10]),
)
def test_the_same_as_brute_force(
    works: list[list[int]],
    asked: list[tuple[int, int]],
    bits: tuple[int, int],
    radius: int,
    cap: int,
    dead: set[int],
    chunk: int,
    many: int,
) -> None:
    stored: tuple[postings.Run, ...] = ()
    for slot, mine in enumerate(works):
        stored = postings.inserted(stored, np.array(mine, dtype=np.uint64), np.full(len(mine), slot, dtype=np.int32))
    alive = np.array([slot not in dead for slot in range(12)])
    word_bits, prefix_bits = bits
    signature = (1 << (40 - word_bits)) - 1
    near = postings.NearKeys(
        np.array([key for key, _ in asked], dtype=np.uint64),
        word_bits,
        prefix_bits,
        np.array([loose & signature for _, loose in asked], dtype=np.uint64),
        radius,
        cap,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings, "_MAX_PAIRS", chunk)
        patch.setattr(postings, "_MIN_PAIRS_ALONE", many)
        patch.setattr(postings, "_MAX_PENDING", chunk)
        found = postings.lookup_near(stored, near, alive)
        counts = postings.count_near(stored, near, alive)
    pairs = [(key, slot) for slot, mine in enumerate(works) for key in mine]
    hits, different = expected(pairs, near, set(np.flatnonzero(alive).tolist()))
    assert hits_of(found) == hits
    assert counts.tolist() == different


def test_a_hub_gives_its_earliest_of_each_distance_and_hides_no_other_word() -> None:
    r = np.random.default_rng(1)
    hub = np.uint64(5 << 20) | r.integers(0, 1 << 20, 30_000).astype(np.uint64)
    stored = postings.inserted((), hub, np.arange(30_000, dtype=np.int32))
    stored = postings.inserted(stored, hub[:300], np.arange(30_000, 30_300, dtype=np.int32))
    stored = postings.inserted(stored, np.array([9 << 20], dtype=np.uint64), np.array([30_300], dtype=np.int32))
    found = postings.lookup_near(
        stored, near_keys([9 << 20, 5 << 20, 5 << 20 | 1], 20, 20, 100), np.ones(30_301, dtype=np.bool_)
    )
    assert found.slots[found.asked == 0].tolist() == [30_300]
    away = np.bitwise_count(np.concatenate((hub, hub[:300])) ^ np.uint64(5 << 20))
    for distance in range(21):
        mine = np.flatnonzero(away == distance)[:100]
        assert np.sort(found.slots[(found.asked == 1) & (found.distance == distance)]).tolist() == mine.tolist()


def test_a_view_finds_what_is_added_and_not_what_is_removed_and_keeps_its_moment_while_others_write() -> None:
    r = np.random.default_rng(2)
    base = r.integers(0, 1 << 40, 30).astype(np.uint64)

    def picture(work: int) -> Fingerprint:
        """Each key of the base with ``work % 6`` bits of its signature turned over."""
        flips = np.uint64((1 << work % 6) - 1)
        return Fingerprint("image", ALGORITHM, work.to_bytes(32, "little"), keys=np.sort(base ^ flips))

    index = MemoryIndex()
    index.apply([Change(n + 1, n, picture(n)) for n in range(12)])

    def found(view_of: MemoryIndex) -> dict[int, set[int]]:
        view = view_of.view(ALGORITHM)
        hits = view.by_near_keys(near_keys(base, 20, 3))
        return {int(at): set(hits.distance[hits.positions == at].tolist()) for at in np.unique(hits.positions)}

    assert found(index) == {work + 1: {work % 6} for work in range(12) if work % 6 <= 3}
    index.apply([Change(20, 3, None), Change(21, 1, None), Change(22, 4, picture(2))])
    assert found(index) == {1: {0}, 3: {2}, 22: {2}, 7: {0}, 8: {1}, 9: {2}, 10: {3}}
    index.apply([Change(23, 1, picture(1))])
    assert found(index)[23] == {1}

    failures: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                if found(index).get(1) != {0}:
                    failures.append("lost")
            except Exception as error:
                failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(24, 300):
        index.apply([Change(n, 20 + n % 9, picture(n) if n % 3 else None)])
        if n % 20 == 0:
            with index._lock:
                index._compact()
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []


def test_counts_over_shards_add_up_to_those_over_all() -> None:
    r = np.random.default_rng(4)
    works = [
        r.integers(0, 4, 30).astype(np.uint64) << np.uint64(38) | r.integers(0, 64, 30).astype(np.uint64)
        for _ in range(40)
    ]
    made = [Fingerprint("image", ALGORITHM, n.to_bytes(32, "big"), keys=keys) for n, keys in enumerate(works)]
    asked = np.concatenate((works[3], works[17] ^ np.uint64(5)))
    counts = []
    for part in (made, made[:13], made[13:]):
        index = MemoryIndex()
        index.apply(Change(n, n, each) for n, each in enumerate(part, 1))
        counts.append(index.view(ALGORITHM).count_near_keys(near_keys(asked, 16, 2, 10_000)))
    assert (counts[0] == counts[1] + counts[2]).all()
    for key, count in zip(asked.tolist(), counts[0].tolist(), strict=True):
        near = [
            keys for keys in works if any(k >> 24 == key >> 24 and (k ^ key).bit_count() <= 2 for k in keys.tolist())
        ]
        assert count == len(near)
