"""How an upload's time grows with the hours of works, on one core: CPU milliseconds of 30 seconds, beside its decoding.

    python benchmarks/video/growth.py [--hours H ...] [--films FOLDER]

A work has six minutes. Five works are drawn films. The others are mixed of pieces of other drawn films, or of those in
a folder, in any order: they keep their places and small pictures, and of their keys the words; the signatures are
moved, each piece's otherwise. So words are as unevenly common as in those films, and what is found by chance is
compared as in any other work. 10,000 hours need 10 GB while they are filled in.

"look-up" is what asks the index, "deciding" all that follows, but for reading the works that were found. "right" is the
share of the hints for the copied work beside a look-up that reads everything. The exponent is of the time over the
hours: 1 is linear.
"""

from __future__ import annotations

import benchmarks.common.one_core  # noqa: F401 - before numpy

# isort: split
import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.common.filled import Block, filled
from benchmarks.common.growing import Registry
from benchmarks.common.measuring import exponent
from benchmarks.video.drawn import cropped, noisy
from fingerprints import sniff, video
from fingerprints.index.interface import View
from fingerprints.model import Fingerprint, Limits
from fingerprints.source import Source
from fingerprints.video import candidates, codec, planes
from fingerprints.video.codec import Film
from fingerprints.video.examples import encoded, film
from fingerprints.video.features import Features

ROUNDS = 5
PIECES, PIECE_SECONDS = 36, 10  # of a work
WORKS_AN_HOUR = 10
OWN, POOL = 5, 24  # films drawn
_BLOCK = 500  # works filled in at once


def made(data: bytes, *, thorough: bool = False) -> Fingerprint:
    source = Source.blob(data)
    return video.examine(source, sniff.sniff(source)[1], Limits(), thorough=thorough).fingerprint


class Mixed(Registry):
    """Works of six minutes: real ones evenly between mixed ones."""

    def __init__(self, size: int, real: Sequence[Fingerprint], donors: Sequence[Fingerprint]) -> None:
        super().__init__(size, real)
        films = [each for donor in donors if (each := codec.film(donor)) is not None]
        shape = films[0].work_pictures.shape[1:]
        self._films = [each for each in films if each.work_pictures.shape[1:] == shape]
        kept = [each.features.where(each.features.time < PIECE_SECONDS) for each in self._films]
        self._features = [each for each in kept if len(each)]

    def _pieces(self, number: int) -> list[tuple[int, np.uint64]]:
        """Of a work: which film each piece is of, and what its signatures are moved by."""
        draw = np.random.default_rng(number)
        which = draw.integers(len(self._features), size=PIECES).tolist()
        return list(zip(which, draw.integers(1 << 24, size=PIECES, dtype=np.uint64), strict=True))

    def keys(self, number: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        if number in self.places:
            return self[number].keys
        return np.concatenate([self._features[film].keys[:, 0] ^ moved for film, moved in self._pieces(number)])

    def mixed(self, number: int) -> Fingerprint:
        pieces = [
            (self._films[n], self._features[n], turn * PIECE_SECONDS)
            for turn, (n, _) in enumerate(self._pieces(number))
        ]
        small = planes.Collector(thorough=False)
        for donor, _, start in pieces:
            pictures = np.clip(np.rint(donor.work_pictures[: PIECE_SECONDS * planes.WORK_RATE]), 0, 255)
            for step, picture in enumerate(pictures.astype(np.uint8)):
                small.add(start + step / planes.WORK_RATE, picture)
        keys = self.keys(number)
        fields = ("points", "sizes", "angles")
        found = Features(
            np.concatenate([each.time + np.float32(start) for _, each, start in pieces]),
            np.concatenate([np.minimum(each.until, PIECE_SECONDS) + np.float32(start) for _, each, start in pieces]),
            *(np.concatenate([getattr(each, field) for _, each, _ in pieces]) for field in fields),
            keys=keys[:, None],
            unsure=np.zeros((len(keys), 1), dtype=np.uint64),
        )
        seconds = float(PIECES * PIECE_SECONDS)
        first = pieces[0][0]
        kept = Film(first.width, first.height, seconds, False, found, small.finished(seconds))
        return Fingerprint(video.NAME, video.ALGORITHM, bytes(32), keys=keys, detail=codec.pack(kept))

    def blocks(self) -> Iterator[Block]:
        for start in range(1, self.size + 1, _BLOCK):
            keys = [self.keys(number) for number in range(start, min(start + _BLOCK, self.size + 1))]
            yield np.array([len(each) for each in keys]), np.concatenate(keys), np.zeros((len(keys), 4), np.uint64)


def measured(upload: Fingerprint, view: View, works: Mixed) -> tuple[float, float, list[int]]:
    """CPU milliseconds of the look-up and of deciding, medians, and what is found."""
    spent, found = [], list[int]()
    kept: dict[int, Fingerprint] = {}
    for turn in range(ROUNDS + 1):
        codec._film.cache_clear()  # works are read anew for every upload
        began = time.process_time()
        proposal = video.propose(upload, view)
        proposed = time.process_time()
        kept = kept or {number: works[number] for number in proposal.works}
        ready = time.process_time()
        found = sorted(video.decide(upload, proposal, kept, view).matches)
        if turn:  # the first fills tables
            spent.append((proposed - began, time.process_time() - ready))
    look_up, deciding = (statistics.median(each) * 1000 for each in zip(*spent, strict=True))
    return look_up, deciding, found


def right(upload: Fingerprint, view: View, copied: int) -> float:
    """The share of the copied work's hints that are found by reading little."""

    def hints() -> int:
        return sum(hint.work == copied for hint in video.propose(upload, view).hints)

    little = hints()
    with mock.patch.object(candidates, "_MAX_PREFIX", 0):
        everything = hints()
    return little / everything if everything else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--films", type=Path, help="a folder of films that works are mixed of")
    given = parser.parse_args()
    own = [film(place, place, 30) for place in range(1, OWN + 1)]
    works = [made(encoded(each)) for each in own]
    if given.films:
        donors = [made(path.read_bytes()) for path in sorted(given.films.iterdir())]
    else:
        donors = [made(encoded(film(100 + n, n, PIECE_SECONDS + 1))) for n in range(POOL)]
    asked = {
        "a copy": (made(encoded(own[0]), thorough=True), 0),
        "cropped, noise": (made(encoded(noisy(cropped(own[1]))), thorough=True), 1),
        "something else": (made(encoded(film(77, 77, 30)), thorough=True), None),
    }
    before: dict[str, tuple[int, float, float]] = {}
    for hours in sorted(given.hours):
        registry = Mixed(hours * WORKS_AN_HOUR, works, donors)
        view = filled(registry.size, registry.blocks())
        for name, (upload, copied) in asked.items():
            look_up, deciding, found = measured(upload, view, registry)
            line = f"{hours} h, {name}: look-up {look_up:.0f} ms, deciding {deciding:.0f} ms"
            if name in before:
                size, *last = before[name]
                grown = [exponent(a, b, hours / size) for a, b in zip(last, (look_up, deciding), strict=True)]
                line += f", exponents {grown[0]:.2f} and {grown[1]:.2f}"
            place = None if copied is None else registry.place(copied)
            line += f"; found {found}, to be found {[] if place is None else [place]}"
            if place is not None:
                line += f", right {right(upload, view, place):.2f}"
            print(line, flush=True)
            before[name] = hours, look_up, deciding


if __name__ == "__main__":
    main()
