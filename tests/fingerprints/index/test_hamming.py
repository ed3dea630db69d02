"""Codes within a radius by multi-index hashing, against brute force."""

import threading
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fingerprints import registry
from fingerprints.index import hamming as module
from fingerprints.index.hamming import CodeColumn, near_codes
from fingerprints.index.interface import Change, CodeHits, NearCodes
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint

pytestmark = pytest.mark.slow

ALGORITHM = registry.MEDIA["image"].ALGORITHM


def flipped(code: np.ndarray, bits: list[int]) -> np.ndarray:
    out = code.copy()
    for bit in bits:
        out[bit // 64] ^= np.uint64(1 << bit % 64)
    return out


def brute(
    stored: np.ndarray, slots: np.ndarray, asked: np.ndarray, alive: np.ndarray, radius: int
) -> list[tuple[int, float]]:
    """Slot and similarity of each living row within the radius, one less from the ninth of equal codes on."""
    out, seen = [], Counter[bytes]()
    distances = np.bitwise_count(stored[:, None] ^ asked).sum(axis=2, dtype=int).min(axis=1, initial=257).tolist()
    for code, slot, distance in zip(stored, slots.tolist(), distances, strict=True):
        if distance <= radius and alive[slot]:
            seen[code.tobytes()] += 1
            out.append((slot, 1 - distance / 256 - (seen[code.tobytes()] > 8)))
    return sorted(out)


def found(column: CodeColumn, asked: np.ndarray, radius: int, alive: np.ndarray) -> list[tuple[int, float]]:
    near = near_of(column, asked, radius, alive)
    return sorted(zip(near.positions.tolist(), near.similarity.tolist(), strict=True))


def near_of(column: CodeColumn, asked: np.ndarray, radius: int, alive: np.ndarray) -> NearCodes:
    """Slots stand for positions."""
    slots, distance, codes = column.near(asked, radius, alive)
    return near_codes(CodeHits(slots.astype(np.int64), distance, codes))


@settings(deadline=None, max_examples=150)
@given(data=st.data(), seed=st.integers(0, 2**32), radius=st.sampled_from([0, 1, 14, 15, 16, 20, 30, 31, 32, 90, 256]))
def test_the_same_as_brute_force(data: st.DataObject, seed: int, radius: int) -> None:
    r = np.random.default_rng(seed)
    bases = r.integers(0, 1 << 64, (3, 4), dtype=np.uint64)
    bases[2] = 0  # a flat picture

    def batch(size: int) -> np.ndarray:
        far = r.integers(0, 2 * min(radius, 60) + 2, size)
        codes = [flipped(bases[r.integers(3)], r.choice(256, n, replace=False).tolist()) for n in far.tolist()]
        return np.array(codes, dtype=np.uint64).reshape(-1, 4)

    column, slot = CodeColumn(), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MAX_UNTABLED", data.draw(st.sampled_from([3, 20, 1000]), "tail"))
        patch.setattr(module, "_MAX_SCANNED", data.draw(st.sampled_from([1, 7, 1 << 13]), "scan"))
        patch.setattr(module, "_MAX_CANDIDATES", data.draw(st.sampled_from([1, 30, 1 << 16]), "chunk"))
        patch.setattr(module, "_MAX_TABLED", data.draw(st.sampled_from([10, 1 << 26]), "most"))
        for size in data.draw(st.lists(st.integers(0, 40), max_size=8), "sizes"):
            more = batch(size)
            if size and r.random() < 0.5:
                more = more[r.integers(0, size, size) // 3]  # many equal ones
            mine = slot + np.sort(r.integers(0, 20, size)).astype(np.int32)  # some slots have several codes
            column, slot = column.appended(more, mine), slot + 20
        alive = r.random(slot + 1) < 0.8
        stored, slots = column.codes[: column.count], column.slots[: column.count]
        asked = np.concatenate((batch(3), bases))[: data.draw(st.integers(0, 6), "asked")]
        assert found(column, asked, radius, alive) == brute(stored, slots, asked, alive, radius)
        if column.count:
            renumbered = np.where(alive, np.cumsum(alive) - 1, -1).astype(np.int32)
            left = column.compacted(renumbered)
            everyone = np.ones(len(alive), dtype=np.bool_)
            expected = [(renumbered[s], similarity) for s, similarity in brute(stored, slots, asked, alive, radius)]
            assert found(left, asked, radius, everyone) == expected


@pytest.mark.parametrize("radius", [31, 30, 20, 16, 15, 7])
def test_the_hardest_differences_are_found_and_one_bit_more_is_not(radius: int) -> None:
    """Differences spread so that no part has fewer than it must: the lemma's tight cases, in every rotation."""
    r = np.random.default_rng(radius)
    base = r.integers(0, 1 << 64, 4, dtype=np.uint64)
    within, beyond = [], []
    for turn in range(16):
        for count, into in ((radius, within), (radius + 1, beyond)):
            parts = [(turn + n) % 16 for n in range(count)]
            bits = {part: iter(r.permutation(16).tolist()) for part in range(16)}
            into.append(flipped(base, [part * 16 + next(bits[part]) for part in parts]))
            lump = (16 * turn + np.arange(count)) % 256  # all in as few parts as they fit in
            into.append(flipped(base, lump.tolist()))
    codes = np.concatenate((np.array(within), np.array(beyond), r.integers(0, 1 << 64, (20_000, 4), dtype=np.uint64)))
    column = CodeColumn().appended(codes, np.arange(len(codes), dtype=np.int32))
    assert column.tables[-1].stop == column.count
    scanned = CodeColumn().appended(codes[:64], np.arange(64, dtype=np.int32))
    assert scanned.tables == ()
    for either in (column, scanned):
        near = near_of(either, base[None], radius, np.ones(len(codes), dtype=np.bool_))
        assert near.positions.tolist() == list(range(len(within)))
        assert (near.similarity == 1 - radius / 256).all()


def test_a_hub_of_equal_codes_has_one_entry_and_hides_nobody() -> None:
    flat = np.zeros((50_000, 4), dtype=np.uint64)
    r = np.random.default_rng(4)
    others = r.integers(0, 1 << 64, (20_000, 4), dtype=np.uint64)
    near_flat = flipped(flat[0], [3, 70, 140])[None]
    codes = np.concatenate((flat[:30_000], others, near_flat, flat[30_000:]))
    column = CodeColumn()
    for start in range(0, len(codes), 9000):
        part = codes[start : start + 9000]
        column = column.appended(part, np.arange(start, start + len(part), dtype=np.int32))
    assert sum(len(tables.entries) for tables in column.tables) <= 16 * (len(others) + 1 + len(column.tables))
    near = near_of(column, np.concatenate((flat[:1], others[:1])), 31, np.arange(len(codes)) > 2)
    assert len(near.positions) == 50_000 - 3 + 2
    best = near.positions[np.argsort(-near.similarity, kind="stable")][:10].tolist()
    assert sorted(best) == [3, 4, 5, 6, 7, 8, 9, 10, 30_000, 50_000]


def test_the_tables_stay_few_and_a_row_is_in_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_UNTABLED", 10)
    r = np.random.default_rng(5)
    column = CodeColumn()
    for slot in range(3000):
        column = column.appended(r.integers(0, 1 << 64, (1, 4), dtype=np.uint64), np.array([slot], dtype=np.int32))
        stops = [0, *(tables.stop for tables in column.tables)]
        assert [tables.start for tables in column.tables] == stops[:-1]
        assert column.count - stops[-1] <= 10
    assert len(column.tables) <= 4


def test_a_view_keeps_its_moment_while_another_thread_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_UNTABLED", 8)
    r = np.random.default_rng(6)
    base = r.integers(0, 1 << 64, 4, dtype=np.uint64)

    def picture(work: int) -> Fingerprint:
        """A code as many bits from the base as the work's number, which others do not come near."""
        code = flipped(base, list(range(work))) if work < 32 else r.integers(0, 1 << 64, 4, dtype=np.uint64)
        return Fingerprint("image", ALGORITHM, work.to_bytes(32, "little"), codes=code[None])

    index = MemoryIndex()
    index.apply([Change(n + 1, n, picture(n)) for n in range(32)])

    def works() -> dict[int, float]:
        view = index.view(ALGORITHM)
        near = view.by_codes(base[None], 31)
        return dict(zip(near.positions.tolist(), near.similarity.tolist(), strict=True))

    everyone = {n + 1: 1 - n / 256 for n in range(32)}
    assert works() == everyone
    index.apply([Change(40, 5, None), Change(41, 6, picture(99))])
    assert works() == {n: s for n, s in everyone.items() if n not in (6, 7)}
    index.apply([Change(42, 5, picture(5)), Change(43, 6, picture(6))])
    everyone |= {42: everyone.pop(6), 43: everyone.pop(7)}
    assert works() == everyone
    old = index.view(ALGORITHM)

    failures: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                if works() != everyone:
                    failures.append("lost")
            except Exception as error:
                failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(50, 450):
        index.apply([Change(n, 100 + n % 23, picture(100) if n % 3 else None)])
        if n % 50 == 0:
            with index._lock:
                index._compact()
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert set(old.by_codes(base[None], 31).positions.tolist()) == set(everyone)
