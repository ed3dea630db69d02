"""How an upload's time grows with the hours of works, on one core: CPU milliseconds of 15 seconds, beside its decoding.

    python benchmarks/audio/growth.py [--hours H ...]

The works are drawn as keys: those of a few drawn tunes, moved by steps of pitch and tempo, so that they are spread as
the keys of tunes are; five works have sound of their own. A work has four minutes. 10,000 hours need 25 GB while they
are filled in. The exponent is of the time over the hours: 1 is linear.
"""

from __future__ import annotations

import benchmarks.common.one_core  # noqa: F401 - before numpy

# isort: split
import argparse
import statistics
import time
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.common.filled import Block, filled
from benchmarks.common.measuring import exponent
from fingerprints import audio, registry
from fingerprints.audio.examples import tune, under_noise, wav
from fingerprints.index.interface import View
from fingerprints.index.postings import Keys
from fingerprints.model import Fingerprint, Limits
from fingerprints.source import Source

ROUNDS = 5
SECONDS_A_WORK = 240
POOL_SECONDS = 600
BLOCK = 200  # works filled in at once
PITCH, TEMPO = 1 << 26, 65  # what a step adds to a key
RATE = 22_050


def made(data: bytes, *, thorough: bool = False) -> Fingerprint:
    return audio.examine(Source.blob(data), "wav", Limits(), thorough=thorough).fingerprint


def drawn(works: int, pool: Keys, keys_a_work: int, draw: np.random.Generator) -> Iterator[Keys]:
    """The keys of so many works: stretches of the pool, each moved by steps of pitch and tempo."""
    stretch = keys_a_work // 8
    for _ in range(works):
        starts = draw.integers(len(pool) - stretch, size=8)
        moves = draw.integers(-12, 13, size=8) * PITCH + draw.integers(-3, 4, size=8) * TEMPO
        keys = (pool[starts[:, None] + np.arange(stretch)].astype(np.int64) + moves[:, None]).ravel()
        yield np.unique(keys[keys > 0].astype(np.uint64))


def registered(hours: int, own: Sequence[Fingerprint], pool: Keys) -> View:
    """So many hours of works, of which the first have sound of their own."""

    def blocks() -> Iterator[Block]:
        draw = np.random.default_rng(1)
        yield _block([work.keys for work in own])
        missing = works - len(own)
        while missing:
            many = min(BLOCK, missing)
            yield _block(list(drawn(many, pool, len(pool) * SECONDS_A_WORK // POOL_SECONDS, draw)))
            missing -= many

    works = hours * 3600 // SECONDS_A_WORK
    return filled(works, blocks())


def _block(keys: Sequence[Keys]) -> Block:
    return np.array([len(each) for each in keys]), np.concatenate(keys), np.zeros((len(keys), 4), dtype=np.uint64)


def measured(upload: Fingerprint, view: View, works: Sequence[Fingerprint]) -> tuple[float, list[int]]:
    """CPU seconds of a search, the median, and what it finds."""
    spent, found = [], list[int]()
    for _ in range(ROUNDS):
        began = time.process_time()
        candidates = registry.propose(upload, view)
        kept = {work: works[work - 1] for work in candidates.works if work <= len(works)}
        found = sorted(registry.decide(upload, candidates, kept, view).matches)
        spent.append(time.process_time() - began)
    return statistics.median(spent), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, nargs="+", default=[100, 1000])
    hours = sorted(parser.parse_args().hours)
    own = [tune(seed, 30) for seed in range(100, 105)]
    works = [made(wav(each)) for each in own]
    pool = made(wav(np.concatenate([tune(seed, POOL_SECONDS / 4) for seed in range(4)]))).keys
    asked = {
        "a copy": made(wav(own[0][: 15 * RATE]), thorough=True),
        "a noisy copy": made(wav(under_noise(own[1][: 15 * RATE], 3)), thorough=True),
        "something else": made(wav(tune(7, 15)), thorough=True),
    }
    before: dict[str, tuple[int, float]] = {}
    for size in hours:
        view = registered(size, works, pool)
        for name, upload in asked.items():
            took, found = measured(upload, view, works)
            grows = ""
            if name in before:
                grows = f", {took / before[name][1]:.1f} times, exponent "
                grows += f"{exponent(before[name][1], took, size / before[name][0]):.2f}"
            print(f"{size} h, {name}: {took * 1000:.0f} ms{grows}; found {found}", flush=True)
            before[name] = size, took


if __name__ == "__main__":
    main()
