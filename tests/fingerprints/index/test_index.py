import io
import threading
from collections import Counter

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PIL import Image

from fingerprints import image, registry
from fingerprints.image.examples import saved, scene
from fingerprints.image.phash import codes as codes_of
from fingerprints.index import memory, postings
from fingerprints.index.interface import Change, Index
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint

pytestmark = pytest.mark.slow

WORKS = 12
RADIUS = 31


def made(work: int, version: int = 0) -> Fingerprint:
    """A fingerprint with keys that neighbours share."""
    keys = np.arange(work, work + 5, dtype=np.uint64) * np.uint64(7919) + np.uint64(version)
    code = np.array([[work, version, 0, 1]], dtype=np.uint64)
    return Fingerprint(
        medium="text",
        algorithm=registry.MEDIA["text"].ALGORITHM,
        digest=bytes([work, version]) + bytes(30),
        codes=code,
        keys=keys,
    )


def by_keys(index: MemoryIndex, query: Fingerprint, cap: int = 1000) -> dict[int, int]:
    """How many of a query's keys each work has."""
    view = index.view(query.algorithm)
    return dict(Counter(works_at(index, view.by_keys(np.unique(query.keys), cap).positions)))


def works_at(index: MemoryIndex, positions: np.ndarray) -> list[int]:
    """Which work is registered at each position."""
    columns = index._snapshot().columns
    here, slots = columns.slots_of(positions)
    assert len(here) == len(positions)
    return columns.works[slots].tolist()


class Machine(RuleBasedStateMachine):
    """The index against a dictionary, with compaction forced to happen often."""

    @initialize()
    def start(self) -> None:
        self.index = MemoryIndex()
        self.truth: dict[int, Fingerprint] = {}

    def apply(self, changes: list[tuple[int, Fingerprint | None]]) -> None:
        first = self.index.position + 1
        self.index.apply([Change(first + n, work, fingerprint) for n, (work, fingerprint) in enumerate(changes)])
        for work, fingerprint in changes:
            self.truth.pop(work, None)
            if fingerprint is not None:
                self.truth[work] = fingerprint

    @rule(works=st.lists(st.tuples(st.integers(0, WORKS), st.integers(0, 2)), min_size=1, max_size=6))
    def add(self, works: list[tuple[int, int]]) -> None:
        self.apply([(work, made(work, version)) for work, version in works])

    @rule(works=st.lists(st.integers(0, WORKS + 3), min_size=1, max_size=6))
    def remove(self, works: list[int]) -> None:
        self.apply([(work, None) for work in works])

    @rule(work=st.integers(0, WORKS), version=st.integers(0, 2))
    def remove_and_add_again(self, work: int, version: int) -> None:
        self.apply([(work, made(work)), (work, None), (work, made(work, version))])

    @rule()
    def compact(self) -> None:
        with self.index._lock:
            self.index._compact()

    @invariant()
    def finds_what_brute_force_finds(self) -> None:
        if not hasattr(self, "index"):
            return
        assert len(self.index) == len(self.truth)
        for work in range(0, WORKS + 1, 3):
            for version in (0, 2):
                query = made(work, version)
                shared = {
                    other: len(set(f.keys.tolist()) & set(query.keys.tolist())) for other, f in self.truth.items()
                }
                assert by_keys(self.index, query) == {other: hits for other, hits in shared.items() if hits}
                view = self.index.view(query.algorithm)
                same = view.by_digest(query.digest)
                assert set(works_at(self.index, same)) == {
                    other for other, f in self.truth.items() if f.digest == query.digest
                }
                assert all((code == query.codes[0]).all() for code in view.codes_at(same))


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def pictures(codes: np.ndarray) -> list[Fingerprint]:
    algorithm = registry.MEDIA["image"].ALGORITHM
    return [Fingerprint("image", algorithm, n.to_bytes(32, "little"), codes=code[None]) for n, code in enumerate(codes)]


def test_codes_within_the_radius_are_all_found_in_all_orientations() -> None:
    query = image.fingerprint(saved(scene(1)))
    r = np.random.default_rng(1)
    base = codes_of(np.asarray(Image.open(io.BytesIO(saved(scene(1)))).convert("L").resize((64, 64))))
    codes = base[np.arange(400) % 8].copy()
    flips = np.arange(400) // 4
    for row, count in enumerate(flips.tolist()):
        for bit in r.choice(256, count, replace=False).tolist():
            codes[row, bit // 64] ^= np.uint64(1 << (bit % 64))
    index = MemoryIndex()
    index.apply([Change(n + 1, n, f) for n, f in enumerate(pictures(codes))])
    distance = np.bitwise_count(codes[:, None] ^ base[None]).sum(axis=2).min(axis=1)
    near = index.view(query.algorithm).by_codes(base, RADIUS)
    assert (near.positions - 1).tolist() == np.flatnonzero(distance <= RADIUS).tolist()
    first = near.similarity > 0
    assert np.allclose(1 - near.similarity[first], distance[near.positions[first] - 1] / 256)


def test_a_hub_of_equal_codes_or_keys_does_not_hide_the_others() -> None:
    query = image.fingerprint(saved(scene(1)))
    near = query.codes[0].copy()
    near[0] ^= np.uint64(0b111)
    codes = np.concatenate((np.repeat(query.codes, 5000, axis=0), near[None]))
    index = MemoryIndex()
    index.apply([Change(n + 1, n, f) for n, f in enumerate(pictures(codes))])
    found = index.view(query.algorithm).by_codes(query.codes, RADIUS)
    best = found.positions[np.argsort(-found.similarity, kind="stable")]
    assert 5001 in best[:9]
    assert best[0] == 1

    texts = MemoryIndex()
    flood = [
        Fingerprint("text", made(0).algorithm, (n + 1).to_bytes(32, "little"), keys=made(0).keys[:1])
        for n in range(3000)
    ]
    texts.apply([Change(n + 1, n, f) for n, f in enumerate([*flood, made(0)])])
    kept_postings = texts.view(made(0).algorithm).by_keys(made(0).keys, 20)
    assert kept_postings.counts.tolist() == [3001, 1, 1, 1, 1]
    assert np.bincount(kept_postings.asked).tolist()[1:] == [1, 1, 1, 1]
    assert kept_postings.positions[kept_postings.asked == 0].tolist() == list(range(1, 21))


def test_positions_only_go_forward_and_a_bad_batch_changes_nothing() -> None:
    index: Index = MemoryIndex()
    index.apply([])
    assert index.position == 0
    index.apply([Change(2, 1, made(1)), Change(3, 2, made(2)), Change(3, 8, None), Change(5, 9, None)])
    assert index.position == 5
    for bad in ([Change(5, 3, made(3))], [Change(4, 3, made(3))], [Change(6, 3, made(3)), Change(5, 4, made(4))]):
        with pytest.raises(ValueError, match="forward"):
            index.apply(bad)
    with pytest.raises(ValueError, match="names one"):
        index.apply([Change(6, 3, made(3)), Change(6, 4, made(4))])
    assert index.position == 5
    assert 3 not in by_keys(index, made(3))
    assert 2 in by_keys(index, made(3))


def test_another_algorithm_is_found_by_digest_only() -> None:
    index = MemoryIndex()
    old = made(1)
    index.apply([Change(1, 1, Fingerprint("text", "old/1", old.digest, keys=old.keys))])
    view = index.view(old.algorithm)
    assert view.by_digest(old.digest).tolist() == [1]
    assert by_keys(index, old) == {}
    assert not view.codes_at(view.by_digest(old.digest)).any()


def test_compaction_forgets_the_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_TOLERATED_DEAD", 50)
    index = MemoryIndex()
    for n in range(300):
        index.apply([Change(n + 1, n % 7, made(n % 7, n % 3))])
    assert len(index) == 7
    assert index._count < 120
    assert sum(map(len, index._held.digests.runs)) < 120


def test_runs_stay_few_and_ordered() -> None:
    r = np.random.default_rng(2)
    stored: tuple[postings.Run, ...] = ()
    everything = []
    for slot in range(500):
        keys = r.integers(0, 300, 4).astype(np.uint64)
        stored = postings.inserted(stored, keys, np.full(4, slot, dtype=np.int32))
        everything += [(int(k), slot) for k in keys]
    assert len(stored) < 12
    assert all((np.diff(run.astype(np.float64)) >= 0).all() for run in stored)
    alive = np.arange(500) % 3 > 0
    asked = np.arange(0, 300, 17, dtype=np.uint64)
    found = postings.lookup(stored, asked, alive, 10_000)
    for n, key in enumerate(asked.tolist()):
        under = [s for k, s in everything if k == key]
        assert found.counts[n] == len(under)
        assert sorted(found.slots[found.asked == n].tolist()) == sorted(s for s in under if alive[s])


def test_readers_may_search_while_a_writer_adds_and_removes() -> None:
    index = MemoryIndex()
    index.apply([Change(1, 0, made(0))])
    stop = threading.Event()
    failures: list[object] = []

    def read() -> None:
        while not stop.is_set():
            try:
                if by_keys(index, made(0)).get(0) != 5:
                    failures.append("lost")
            except Exception as error:
                failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(2, 400):
        index.apply([Change(n, 1 + n % 50, made(20 + n % 50) if n % 3 else None)])
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []


def test_a_hundred_thousand_works_load_in_seconds() -> None:
    r = np.random.default_rng(3)
    keys = r.integers(0, 1 << 40, (100_000, 200)).astype(np.uint64)
    algorithm = registry.MEDIA["text"].ALGORITHM
    index = MemoryIndex()
    for start in range(0, 100_000, 10_000):
        index.apply(
            Change(n + 1, n, Fingerprint("text", algorithm, r.bytes(32), keys=keys[n]))
            for n in range(start, start + 10_000)
        )
    wanted = Fingerprint("text", algorithm, bytes(32), keys=keys[77_777])
    assert by_keys(index, wanted)[77_777] == 200


def test_more_registrations_than_slots_are_refused_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postings, "MAX_SLOTS", 3)
    index = MemoryIndex()
    index.apply([Change(1, 1, made(1)), Change(2, 2, made(2))])
    with pytest.raises(OverflowError, match="divide"):
        index.apply([Change(3, 3, made(3)), Change(4, 4, made(4))])
    assert index.position == 2
    index.apply([Change(3, 3, made(3))])
    assert len(index) == 3
