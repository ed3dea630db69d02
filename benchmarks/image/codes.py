"""Codes of 256 bits within 31 bits, ours beside faiss.IndexBinaryFlat: the same codes, one run, one core, interleaved.

    python benchmarks/image/codes.py [--sizes 100000 1000000] [--queries 320] [--rounds 7] [--radius 31]

Half of the codes asked for are registered ones with up to ``radius`` bits turned over, half are unrelated; a picture
asks 8 (orientations) or 16 (inverted too) at once. Registrations come in pages, as a service applies them, so some rows
are not in the largest tables. Both answers are compared, row by row and distance by distance: faiss takes
what is nearer than its radius, ours what is at most as far, so it is given one more. A ratio is the peer's time over
ours, the median of the rounds. The skewed codes have neighbouring bits that agree in two of three cases, so that values
of a part are unequally common. The hub is 50,000 flat pictures with one code.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import tracemalloc
from collections.abc import Callable

import faiss
import numpy as np
from numpy.typing import NDArray

from fingerprints.index.hamming import CodeColumn, near_codes
from fingerprints.index.interface import CodeHits

Codes = NDArray[np.uint64]
PAGE = 5000
HUB = 50_000


def uniform(r: np.random.Generator, count: int) -> Codes:
    return r.integers(0, 1 << 64, (count, 4), dtype=np.uint64)


def skewed(r: np.random.Generator, count: int) -> Codes:
    """Each bit is the one before it in two of three cases."""
    out = np.empty((count, 4), dtype=np.uint64)
    for start in range(0, count, 100_000):
        changes = r.random((min(100_000, count - start), 256), dtype=np.float32) < 1 / 3
        out[start : start + len(changes)] = np.packbits(np.cumsum(changes, axis=1) & 1, axis=1).view(np.uint64)
    return out


def turned_over(r: np.random.Generator, codes: Codes, most: int) -> Codes:
    bits = np.zeros((len(codes), 256), dtype=np.uint8)
    for row in bits:
        row[r.choice(256, r.integers(0, most + 1), replace=False)] = 1
    return codes ^ np.packbits(bits, axis=1).view(np.uint64)


def registered(codes: Codes) -> CodeColumn:
    column = CodeColumn()
    for start in range(0, len(codes), PAGE):
        page = codes[start : start + PAGE]
        column = column.appended(page, np.arange(start, start + len(page), dtype=np.int32))
    return column


def peer_of(codes: Codes) -> faiss.IndexBinaryFlat:
    index = faiss.IndexBinaryFlat(256)
    index.add(codes.view(np.uint8).reshape(-1, 32))
    return index


def timed(action: Callable[[Codes], object], batches: list[Codes]) -> float:
    started = time.perf_counter()
    for batch in batches:
        action(batch)
    return time.perf_counter() - started


def compare(name: str, codes: Codes, asked: Codes, radius: int, rounds: int) -> None:
    column, peer, alive = registered(codes), peer_of(codes), np.ones(len(codes), dtype=np.bool_)

    def ours(batch: Codes) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        slots, distance, near = column.near(batch, radius, alive)
        return slots, near_codes(CodeHits(slots.astype(np.int64), distance, near)).similarity

    def theirs(batch: Codes) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        _, distance, rows = peer.range_search(batch.view(np.uint8).reshape(-1, 32), radius + 1)
        return rows, distance

    found = 0
    for code in asked:
        slots, similarity = ours(code[None])
        rows, distance = theirs(code[None])
        order, peers = np.argsort(slots), np.argsort(rows)
        # Beyond the first eight of equal codes ours is one less.
        equal = (1 - np.where(similarity < 0, similarity + 1, similarity)) * 256
        if slots[order].tolist() != rows[peers].tolist() or equal[order].tolist() != distance[peers].tolist():
            raise SystemExit("the two answers differ: a bug, please report it")
        found += len(rows)
    for size in (1, 8, 16):
        batches = [asked[start : start + size] for start in range(0, len(asked) // size * size, size)]
        ours(batches[0])
        times = [(timed(ours, batches), timed(theirs, batches)) for _ in range(rounds)]
        own, other = (statistics.median(taken) / len(batches) * 1e3 for taken in zip(*times, strict=True))
        ratio = statistics.median(theirs_took / ours_took for ours_took, theirs_took in times)
        print(f"{name:24}{len(codes):>9}{size:>6}{own:>10.3f}{own / size:>10.3f}{other:>10.3f}{ratio:>8.1f}")
    print(
        f"{'':24}{found} pairs found, the same as the peer's; tables over {[t.stop - t.start for t in column.tables]}"
    )


def cost(codes: Codes) -> None:
    """Time and memory of what `registered` builds."""
    started = time.perf_counter()
    column = registered(codes)
    built = time.perf_counter() - started
    del column
    tracemalloc.start()  # numpy reports its arrays to it
    column = registered(codes)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    each = f"{built / len(codes) * 1e6:.1f} us, {kept / len(codes):.0f} bytes, {peak / len(codes):.0f} while building"
    print(f"{column.count} codes in pages of {PAGE}: {built:.2f} s, each {each}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Look-up of codes, ours beside faiss.IndexBinaryFlat.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000], metavar="N")
    parser.add_argument("--queries", type=int, default=320, help="codes asked for, at least 16")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--radius", type=int, default=31)
    options = parser.parse_args()
    if options.queries < 16 or min(options.sizes) < 1 or options.rounds < 1 or not 0 <= options.radius <= 256:
        parser.error("at least 16 queries, one round, one code; a radius from 0 to 256")
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    faiss.omp_set_num_threads(1)
    r = np.random.default_rng(1)
    print(f"radius {options.radius}, milliseconds; faiss {faiss.__version__}")
    print(f"{'codes':24}{'stored':>9}{'asked':>6}{'ours':>10}{'a code':>10}{'faiss':>10}{'ratio':>8}")
    for size in options.sizes:
        for name, make in (("uniform", uniform), ("skewed", skewed)):
            codes = make(r, size)
            half = options.queries // 2
            asked = np.concatenate(
                (turned_over(r, codes[r.integers(0, size, half)], options.radius), make(r, options.queries - half))
            )
            compare(name, codes, r.permutation(asked), options.radius, options.rounds)
    hub = np.concatenate((np.zeros((HUB, 4), dtype=np.uint64), uniform(r, HUB)))
    flat = np.concatenate((turned_over(r, np.zeros((2, 4), dtype=np.uint64), options.radius), uniform(r, 14)))
    compare("hub, 2 of 16 ask for it", r.permutation(hub), flat, options.radius, options.rounds)
    for size in options.sizes:
        cost(uniform(r, size))


if __name__ == "__main__":
    main()
