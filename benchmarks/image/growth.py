"""How a query's time, false positives, memory and restart grow with the number of registered pictures.

    python benchmarks/image/growth.py [--sizes 1000 10000 100000] [--queries 120] [--unrelated 1000] [--drawn 2000]

Up to ``--drawn`` works are drawn, the others mixed of one half of those (see mixing.py); the other half is what uploads
copy. Drawn works stand evenly among the numbers, so that no age of a registration is favoured. Details are
read from SQLite. Each size is restarted in a process of its own, on one core; a query's time is from the bytes to the
verified matches. The unrelated uploads are ordinary drawn photographs that nobody registered. The exponent between two
sizes is log(ratio of the figures) / log(ratio of the sizes): 0 does not grow, 1 is linear.
"""

from __future__ import annotations

from benchmarks.common import one_core  # noqa: F401  before numpy

# isort: split
import argparse
import gc
import json
import math
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, astuple, dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common.measuring import apart, exponent, resident
from benchmarks.image.drawn import work
from benchmarks.image.generate import edited, strangers
from benchmarks.image.mixing import mixed, pool
from benchmarks.image.ours import NAME, engine
from fingerprints import image
from fingerprints.image.examples import saved
from fingerprints.model import Fingerprint

LEAST = 16  # drawn works, so that of each half some are photographs


@dataclass(slots=True)
class Row:
    """Figures at one size: times in ms (restart: s), memory in MiB, ``found`` and ``fired`` shares."""

    works: int
    copies_p50: float = math.nan
    copies_p95: float = math.nan
    unrelated_p50: float = math.nan
    unrelated_p95: float = math.nan
    memory: float = math.nan
    restart: float = math.nan
    found: float = math.nan
    fired: float = math.nan


HEAD = ("works", "copies p50", "p95 ms", "other p50", "p95 ms", "RSS MiB", "restart s", "found", "FPR")
DIGITS = (0, 1, 1, 1, 1, 1, 2, 3, 4)
GROWING = 6  # columns after the first that have an exponent


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


def place(n: int, drawn: int, size: int) -> int:
    """The number under which the drawn work n is registered, when so many of ``size`` works are drawn."""
    return n * size // drawn + 1


def registered(size: int, drawn: list[Fingerprint]) -> Iterator[tuple[int, Fingerprint]]:
    """Drawn works, evenly between mixed ones."""
    used = min(size, len(drawn))  # the first ones, those that are copied among them
    places = {place(n, used, size): n for n in range(used)}
    donors = pool(drawn[len(drawn) // 2 :])
    for number in range(1, size + 1):
        yield number, drawn[places[number]] if number in places else mixed(number, donors)


def fill(size: int, folder: Path) -> None:
    source = engine(folder / "drawn.db")
    registry = engine(folder / "store.db")
    registry.add(registered(size, list(source.kept())))
    registry.close()
    source.close()


def measure(size: int, drawn: int, folder: Path) -> Row:
    """Restart on what `fill` kept, then ask."""
    image.fingerprint(saved(work(0), "JPEG"), thorough=True)  # the tables are there before memory is looked at
    registry = engine(folder / "store.db")
    gc.collect()
    before, began = resident(), time.perf_counter()
    registry.load()
    row = Row(size, restart=time.perf_counter() - began)
    gc.collect()
    row.memory = resident() - before
    times: dict[bool, list[float]] = {True: [], False: []}
    right: dict[bool, list[bool]] = {True: [], False: []}
    with closing(sqlite3.connect(folder / "uploads.db")) as uploads:
        for (upload,) in uploads.execute("SELECT data FROM upload LIMIT 3"):  # warm up
            registry.query(upload)
        for copied, upload in uploads.execute("SELECT copied, data FROM upload ORDER BY number"):
            wanted = {place(n, min(size, drawn), size) for n in json.loads(copied)}
            began = time.perf_counter()
            found = {number for number, _ in registry.query(upload)}
            times[bool(wanted)].append((time.perf_counter() - began) * 1e3)
            right[bool(wanted)].append(bool(found & wanted) if wanted else not found)
    row.copies_p50, row.copies_p95 = np.percentile(times[True], (50, 95)).tolist()
    row.unrelated_p50, row.unrelated_p95 = np.percentile(times[False], (50, 95)).tolist()
    row.found, row.fired = float(np.mean(right[True])), 1 - float(np.mean(right[False]))
    registry.close()
    return row


def show(row: Row, before: Row | None) -> None:
    """A line of the table, and the exponents since the line before."""
    print("".join(f"{v:12.{d}f}" for v, d in zip(astuple(row), DIGITS, strict=True)), flush=True)
    if before is not None:
        pairs = list(zip(astuple(before), astuple(row), strict=True))[1 : GROWING + 1]
        times = row.works / before.works
        print(f"{'exponent':>12}" + "".join(f"{exponent(a, b, times):12.2f}" for a, b in pairs), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--queries", type=int, default=120, help="uploads that copy works")
    parser.add_argument("--unrelated", type=int, default=1000, help="uploads that copy none")
    parser.add_argument("--drawn", type=int, default=2000, help="works that are drawn, not mixed")
    parser.add_argument("--step", nargs=2, metavar=("STEP", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        step, folder = given.step[0], Path(given.step[1])
        if step == "fill":
            fill(given.sizes[0], folder)
        else:
            print(json.dumps(asdict(measure(given.sizes[0], given.drawn, folder))))
        return
    copied = min(given.drawn // 2, *given.sizes)
    if copied < LEAST or min(given.queries, given.unrelated) < 1:
        parser.error(f"at least {LEAST} works, {2 * LEAST} drawn, one upload of each kind")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{NAME}: {given.queries} uploads copy one of {copied} works, {given.unrelated} copy none", flush=True)
        draw(given.drawn, copied, given.queries, given.unrelated, folder)
        print("".join(f"{h:>12}" for h in HEAD), flush=True)
        before = None
        for size in given.sizes:
            options = ("--sizes", size, "--drawn", given.drawn)
            subprocess.run([sys.executable, __file__, *map(str, options), "--step", "fill", name], check=True)
            row = Row(**json.loads(apart(__file__, *options, "--step", "measure", folder)))
            show(row, before)
            before = row
            for file in folder.glob("store.db*"):
                file.unlink()


if __name__ == "__main__":
    main()
