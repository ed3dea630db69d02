"""How fast sound is registered and looked up, on one core: CPU seconds beside those of ffmpeg's decoding alone.

    python benchmarks/audio/speed.py [--hours H ...]

Registering: a drawn tune of two minutes is decoded and fingerprinted, in turns with the decoding alone, which no
matcher can do without. Looking up: an upload of 15 seconds, a copy and something else, against so many hours of
works. The works are drawn as keys: those of a drawn tune, moved by whole steps of pitch and tempo, so that they
are spread as the keys of tunes are; five works have sound of their own.
"""

from __future__ import annotations

import benchmarks.common.one_core  # noqa: F401 - before numpy

# isort: split
import argparse
import hashlib
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from benchmarks.common.measuring import cpu, exponent
from fingerprints import audio, registry
from fingerprints.audio import peaks
from fingerprints.audio.examples import tune, under_noise, wav
from fingerprints.ffmpeg import sound
from fingerprints.ffmpeg.reading import Reading
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint, Limits
from fingerprints.source import Source

ROUNDS = 5
MINUTES_A_WORK = 4
PITCH, TEMPO = 1 << 26, 65  # what a step adds to a key


@contextmanager
def noted(into: list[float]) -> Iterator[None]:
    """The CPU seconds that the block takes."""
    before = cpu()
    yield
    into.append(cpu() - before)


def made(data: bytes, *, thorough: bool = False) -> Fingerprint:
    return audio.examine(Source.blob(data), "wav", Limits(), thorough=thorough).fingerprint


def ingest() -> None:
    data = wav(tune(1, 120))
    ours: list[float] = []
    floor: list[float] = []
    for _ in range(ROUNDS):
        with noted(ours):
            work = made(data)
        with noted(floor), sound.samples(Source.blob(data), Limits(), peaks.RATE, Reading()) as blocks:
            for _block in blocks:
                pass
    a, b = statistics.median(ours), statistics.median(floor)
    print(f"register: {120 / a:.0f} times real time; decoding alone {120 / b:.0f} times; {a / b:.1f} times its CPU")
    kept = len(work.to_bytes()) + 8 * len(work.keys)
    print(f"kept: {kept / 120 * 3600 / 1e6:.2f} MB an hour, detail and postings")


def drawn(number: int, like: Fingerprint, draw: np.random.Generator) -> Fingerprint:
    """A work of which only the keys are there."""
    keys: list[np.ndarray] = []
    missing = int(len(like.keys) / 120 * 60 * MINUTES_A_WORK)
    while missing > 0:
        moved = like.keys.astype(np.int64) + int(draw.integers(-12, 13)) * PITCH + int(draw.integers(-3, 4)) * TEMPO
        keys.append(moved[moved > 0][:missing].astype(np.uint64))
        missing -= len(keys[-1])
    return replace(
        like, digest=hashlib.sha256(str(number).encode()).digest(), keys=np.unique(np.concatenate(keys)), detail=b""
    )


def queries(hours: list[int]) -> None:
    draw = np.random.default_rng(1)
    own = [tune(seed, 30) for seed in range(100, 105)]
    like, works = made(wav(tune(1, 120))), [made(wav(each)) for each in own]
    asked = {
        "a copy": made(wav(own[0][: 15 * 22_050]), thorough=True),
        "a noisy copy": made(wav(under_noise(own[1][: 15 * 22_050], 3)), thorough=True),
        "something else": made(wav(tune(7, 15)), thorough=True),
    }
    index, number, before = MemoryIndex(), 0, dict.fromkeys(asked, 0.0)
    index.apply([Change(number := number + 1, number, work) for work in works])
    for n, wanted in enumerate(hours):
        while (number - len(works)) * MINUTES_A_WORK < wanted * 60:
            index.apply([Change(number := number + 1, number, drawn(number, like, draw)) for _ in range(500)])
        view = index.view(audio.ALGORITHM)
        for name, upload in asked.items():
            spent = []
            for _ in range(ROUNDS):
                began = time.process_time()
                candidates = registry.propose(upload, view)
                kept = {work: works[work - 1] for work in candidates.works if work <= len(works)}
                found = registry.decide(upload, candidates, kept, view).matches
                spent.append(time.process_time() - began)
            took = statistics.median(spent)
            grows = f", exponent {exponent(before[name], took, wanted / hours[n - 1]):.2f}" if n else ""
            print(f"{wanted} h, {name}: {took * 1000:.0f} ms{grows}; found {sorted(found)}", flush=True)
            before[name] = took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, nargs="+", default=[100, 1000])
    given = parser.parse_args()
    ingest()
    queries(given.hours)


if __name__ == "__main__":
    main()
