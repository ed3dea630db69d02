"""How fast sound is registered, on one core: CPU seconds beside those of ffmpeg's decoding alone, and of fpcalc.

    python benchmarks/audio/speed.py

A drawn tune of two minutes is decoded and fingerprinted, in turns with the decoding alone, which no matcher can do
without, and with Chromaprint's program over its whole length, where it is installed.
"""

from __future__ import annotations

import benchmarks.common.one_core  # noqa: F401 - before numpy

# isort: split
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.common.measuring import cpu
from fingerprints import audio
from fingerprints.audio import peaks
from fingerprints.audio.examples import tune, wav
from fingerprints.ffmpeg import sound
from fingerprints.ffmpeg.reading import Reading
from fingerprints.model import Limits
from fingerprints.source import Source

ROUNDS = 7
SECONDS = 120


@contextmanager
def noted(into: list[float]) -> Iterator[None]:
    """The CPU seconds that the block takes."""
    before = cpu()
    yield
    into.append(cpu() - before)


def main() -> None:
    data = wav(tune(1, SECONDS), tune(2, SECONDS))
    spent: dict[str, list[float]] = {"registering": [], "decoding alone": [], "fpcalc": []}
    fpcalc = shutil.which("fpcalc")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tune.wav"
        file.write_bytes(data)
        for _ in range(ROUNDS):
            with noted(spent["registering"]):
                work = audio.examine(Source.blob(data), "wav", Limits()).fingerprint
            source, reading = Source.blob(data), Reading()
            with noted(spent["decoding alone"]), sound.samples(source, Limits(), peaks.RATE, reading) as blocks:
                for _block in blocks:
                    pass
            if fpcalc:
                with noted(spent["fpcalc"]):
                    # It ends with an error at the end of some files, having printed all.
                    subprocess.run([fpcalc, "-raw", "-length", "0", file], check=False, capture_output=True)
    ours = statistics.median(spent["registering"])
    for name, seconds in spent.items():
        if seconds:
            took = statistics.median(seconds)
            print(f"{name}: {SECONDS / took:.0f} times real time; speed of registering beside it {took / ours:.2f}")
    kept = len(work.to_bytes()) + 8 * len(work.keys)
    print(f"kept: {kept / SECONDS * 3600 / 1e6:.2f} MB an hour, detail and postings")


if __name__ == "__main__":
    main()
