"""How fast films are registered, on one core: CPU seconds beside those of ffmpeg's decoding alone, and of decoding with
pdqhash of one picture a second, which is how vPDQ makes its fingerprints.

    python benchmarks/video/speed.py [FILM ...]

A drawn film with grain and two tunes for its sound is registered, in turns with the others; or films that are given. An
upload is read in turns too: what the decoder is not is what a scan takes besides.
"""

from __future__ import annotations

import benchmarks.common.one_core  # noqa: F401 - before numpy

# isort: split
import argparse
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
import pdqhash

from benchmarks.common.measuring import cpu
from benchmarks.video.drawn import noisy
from fingerprints import sniff, video
from fingerprints.audio.examples import tune, wav
from fingerprints.ffmpeg import container, pictures
from fingerprints.ffmpeg.reading import Reading
from fingerprints.model import Fingerprint, Limits
from fingerprints.source import Source
from fingerprints.video import features, planes
from fingerprints.video.examples import encoded, film

ROUNDS = 3
SECONDS = 30
WIDTH, HEIGHT = 960, 720
PDQ_SIDE = 512  # pixels, to which vPDQ has ffmpeg scale them


def drawn(folder: Path) -> Path:
    """A film of half a minute, 24 pictures a second, with sound."""
    small = np.concatenate([noisy(film(place, place, SECONDS / 3)) for place in range(6)])  # 12 a second, played as 24
    large = np.stack([cv2.resize(each, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for each in small])
    seen, heard, both = folder / "film.mkv", folder / "tune.wav", folder / "both.mp4"
    seen.write_bytes(encoded(large.astype(np.uint8), 24, ("-crf", "23")))
    heard.write_bytes(wav(tune(1, SECONDS), tune(2, SECONDS)))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", seen, "-i", heard, "-c:v", "copy", both]
    subprocess.run(command, check=True)
    return both


def examined(data: bytes, *, thorough: bool) -> Fingerprint:
    source = Source.blob(data)
    return video.examine(source, sniff.sniff(source)[1], Limits(), thorough=thorough).fingerprint


def decoded(data: bytes, rate: float, side: int, *, colour: bool = False) -> list[np.ndarray]:
    """Pictures of a film, of which the last is given back."""
    source, reading = Source.blob(data), Reading()
    held = container.read(source, Limits())
    last: list[np.ndarray] = []
    with pictures.frames(source, Limits(), held, reading, rate=rate, longest_side=side, colour=colour) as frames:
        for _, frame in frames:
            if colour:
                pdqhash.compute(np.ascontiguousarray(frame))
            last = [frame]
    return last


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", type=Path, nargs="*")
    given = parser.parse_args().films
    with tempfile.TemporaryDirectory() as folder:
        for path in given or [drawn(Path(folder))]:
            compare(path.name, path.read_bytes())


def compare(name: str, data: bytes) -> None:
    work = examined(data, thorough=False)
    lasts = float(work.facts["seconds"])
    print(f"{name}: {lasts:.0f} s, {work.facts['width']} x {work.facts['height']}")
    ways: dict[str, Callable[[], object]] = {
        "registering, with sound": lambda: examined(data, thorough=False),
        "decoding alone": lambda: decoded(data, planes.WORK_RATE, features.WORK_SIDE),
        "decoding and pdqhash, 1 a second": lambda: decoded(data, 1, PDQ_SIDE, colour=True),
        "reading an upload, with sound and stills": lambda: examined(data, thorough=True),
    }
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, run in ways.items():
            before = cpu()
            run()
            spent[way].append(cpu() - before)
    ours = statistics.median(spent["registering, with sound"])
    for way, seconds in spent.items():
        took = statistics.median(seconds)
        print(f"  {way}: {lasts / took:.0f} times real time; speed of registering beside it {took / ours:.2f}")
    kept = {part.medium: len(replace(part, also=()).to_bytes()) + 8 * len(part.keys) for part in work.each}
    parts = {medium: size / lasts * 3600 / 1e6 for medium, size in kept.items()}
    each = ", ".join(f"{medium} {size:.2f}" for medium, size in parts.items())
    print(f"  kept: {sum(parts.values()):.2f} MB an hour, detail and postings ({each})")


if __name__ == "__main__":
    main()
