"""How a query's time, what its look-up finds, false positives and memory grow with the number of registered pictures.

    python benchmarks/image/growth.py [--sizes 10000 100000 1000000] [--queries 60] [--unrelated 1000] [--drawn 1000]

Up to ``--drawn`` works are drawn, the others mixed of one half of those (see mixing.py); the other half is what uploads
copy. Drawn works stand evenly among the numbers, so that no age of a registration is favoured. Each size is a process
of its own, on one core. Times are CPU milliseconds from the bytes to the verified matches, without reading the works
found: mixed ones are made anew. The unrelated uploads are ordinary drawn photographs that nobody registered. The
exponent between two sizes is log(ratio of the figures) / log(ratio of the sizes): 0 does not grow, 1 is linear.

Look-up, of the first ``--compared`` uploads beside one that reads everything that has a word: "right" is the share of
the postings of works that the upload copies that are found too, "of time" the share of its time; "voted" is the share
of the works that the upload copies and that then have most votes that have them too, "all voted" that of all works.
"""

from __future__ import annotations

from benchmarks.common import one_core  # noqa: F401  before numpy

# isort: split
import argparse
import gc
import json
import math
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, astuple, dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from benchmarks.common import growing
from benchmarks.common.filled import Block, filled
from benchmarks.common.measuring import apart, resident
from benchmarks.image.drawn import work
from benchmarks.image.generate import edited, strangers
from benchmarks.image.mixing import mixed, pool
from benchmarks.image.ours import NAME, engine
from fingerprints import image
from fingerprints.image import candidates, codec
from fingerprints.image.examples import saved
from fingerprints.image.probing import near_keys
from fingerprints.image.query import Query
from fingerprints.index.interface import View
from fingerprints.index.postings import NearKeys
from fingerprints.model import Fingerprint

LEAST = 16  # drawn works, so that of each half some are photographs
_BLOCK = 1000  # works filled in at once
_UNCAPPED = 1 << 40


@dataclass(slots=True)
class Row:
    """Figures at one size: times in CPU ms, memory in MiB, the others shares."""

    works: int
    copies_p50: float = math.nan
    copies_p95: float = math.nan
    unrelated_p50: float = math.nan
    unrelated_p95: float = math.nan
    look_up: float = math.nan
    memory: float = math.nan
    found: float = math.nan
    fired: float = math.nan
    right: float = math.nan
    of_time: float = math.nan
    voted: float = math.nan
    all_voted: float = math.nan


HEAD = (
    "works", "copies p50", "p95 ms", "other p50", "p95 ms", "look-up ms", "RSS MiB", "found", "FPR", "right", "of time",
    "voted", "all voted",
)  # fmt: skip
DIGITS = (0, 1, 1, 1, 1, 1, 0, 3, 4, 3, 3, 3, 3)


def draw(count: int, copied: int, queries: int, unrelated: int, folder: Path) -> None:
    """Draw once, for all sizes: the works' fingerprints into one file, uploads and what they copy into another."""
    registry = engine(folder / "drawn.db")
    registry.register((n + 1, saved(work(n), "JPEG", quality=85)) for n in range(count))
    registry.close()
    copies = ((picture, numbers) for _, picture, numbers in (edited(turn, copied) for turn in range(queries)))
    others: Iterator[tuple[Image.Image, list[int]]] = ((picture, []) for _, picture in strangers(1, unrelated))
    with closing(sqlite3.connect(folder / "uploads.db")) as uploads, uploads:
        uploads.execute("CREATE TABLE upload (number INTEGER PRIMARY KEY, copied TEXT, data BLOB)")
        uploads.executemany(
            "INSERT INTO upload (copied, data) VALUES (?, ?)",
            ((json.dumps(numbers), saved(picture, "JPEG", quality=80)) for picture, numbers in chain(copies, others)),
        )


class Registry(growing.Registry):
    """Drawn works, the first of those given, evenly between mixed ones."""

    def __init__(self, size: int, drawn: Sequence[Fingerprint]) -> None:
        super().__init__(size, drawn[:size])
        self._donors = pool(drawn[len(drawn) // 2 :])

    def mixed(self, number: int) -> Fingerprint:
        return mixed(number, self._donors)

    def blocks(self) -> Iterator[Block]:
        for start in range(1, self.size + 1, _BLOCK):
            made = [self[number] for number in range(start, min(start + _BLOCK, self.size + 1))]
            codes = [each.codes[0] if len(each.codes) else np.zeros(4, dtype=np.uint64) for each in made]
            yield np.array([len(each.keys) for each in made]), np.concatenate([e.keys for e in made]), np.stack(codes)


def everything(words: Sequence[image.codebook.Described], registered: int) -> NearKeys:
    """Reads all that has a word."""
    asked = near_keys(words, registered)
    return replace(asked, prefix_bits=0, loose=np.zeros_like(asked.keys), cap=_UNCAPPED)


def compared(uploads: Iterable[tuple[bytes, set[int]]], view: View) -> tuple[float, float, float, float]:
    """See the module: "right", "of time", "voted", "all voted"."""
    spent, right = np.zeros(2), np.zeros(2)
    wanted, both = np.zeros(2), np.zeros(2)
    for data, copied in uploads:
        asked = Query(codec.frames(image.fingerprint(data, thorough=True))[0])
        words, _, _ = asked.words()
        voted = []
        for which, reading in enumerate((near_keys, everything)):
            near = reading(words, len(view))
            began = time.process_time()
            hits = view.by_near_keys(near)
            spent[which] += time.process_time() - began
            right[which] += np.isin(hits.positions, list(copied)).sum()
            del hits
            with mock.patch.object(candidates, "near_keys", reading):
                voted.append({vote.work for vote in candidates.votes(asked, view)})
        wanted += len(copied & voted[1]), len(voted[1])
        both += len(copied & voted[0] & voted[1]), len(voted[0] & voted[1])
    return right[0] / right[1], spent[0] / spent[1], *(both / wanted).tolist()


def measure(size: int, alongside: int, folder: Path) -> Row:
    """Fill an index, then ask."""
    examined = partial(image.fingerprint, thorough=True)
    examined(saved(work(0), "JPEG"))  # the tables are there before memory is looked at
    source = engine(folder / "drawn.db")
    registry = Registry(size, list(source.kept()))
    source.close()
    gc.collect()
    before = resident()
    view = filled(size, registry.blocks())
    gc.collect()
    row = Row(size, memory=resident() - before)
    times: dict[bool, list[float]] = {True: [], False: []}
    right: dict[bool, list[bool]] = {True: [], False: []}
    look_ups = []
    with closing(sqlite3.connect(folder / "uploads.db")) as store:
        uploads = [
            (data, {registry.place(n) for n in json.loads(copied)})
            for copied, data in store.execute("SELECT copied, data FROM upload ORDER BY number")
        ]
    for data, _ in uploads[:3]:  # warm up
        growing.query(data, examined, registry, view)
    for data, wanted in uploads:
        spent, look_up, found = growing.query(data, examined, registry, view)
        times[bool(wanted)].append(spent)
        look_ups.append(look_up)
        right[bool(wanted)].append(bool(found & wanted) if wanted else not found)
    row.copies_p50, row.copies_p95 = np.percentile(times[True], (50, 95)).tolist()
    row.unrelated_p50, row.unrelated_p95 = np.percentile(times[False], (50, 95)).tolist()
    row.look_up = float(np.median(look_ups))
    row.found, row.fired = float(np.mean(right[True])), 1 - float(np.mean(right[False]))
    row.right, row.of_time, row.voted, row.all_voted = compared(uploads[:alongside], view)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--queries", type=int, default=60, help="uploads that copy works")
    parser.add_argument("--unrelated", type=int, default=1000, help="uploads that copy none")
    parser.add_argument("--drawn", type=int, default=1000, help="works that are drawn, not mixed")
    parser.add_argument("--compared", type=int, default=8, help="uploads for which everything is read too")
    parser.add_argument("--folder", type=Path, help="where drawings are kept from one run to the next")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(asdict(measure(given.sizes[0], given.compared, given.folder))))
        return
    copied = min(given.drawn // 2, *given.sizes)
    if copied < LEAST or min(given.queries, given.unrelated, given.compared) < 1:
        parser.error(f"at least {LEAST} works, {2 * LEAST} drawn, one upload of each kind")
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        print(f"{NAME}: {given.queries} uploads copy one of {copied} works, {given.unrelated} copy none", flush=True)
        if not (folder / "uploads.db").exists():
            draw(given.drawn, copied, given.queries, given.unrelated, folder)
        print("".join(f"{h:>11}" for h in HEAD), flush=True)
        before = None
        for size in given.sizes:
            options = ("--sizes", size, "--compared", given.compared, "--folder", folder)
            row = Row(**json.loads(apart(__file__, *options, "--step", "measure")))
            growing.show(astuple(row), before, DIGITS)
            before = astuple(row)


if __name__ == "__main__":
    main()
