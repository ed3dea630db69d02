"""How query time, memory, disk and restart grow with the number of works.

    python benchmarks/text/growth.py [--sizes 1000 10000 100000] [--queries 200] [--installed 2000]
    python benchmarks/text/growth.py --mixed 10000 100000 1000000 [--queries 200]

First the engine alone, in a process for each size, on one core; then a whole installation through ``register --batch``.
The exponent between two sizes is log(ratio of the figures) / log(ratio of the sizes): 0 does not grow, 1 is linear.

With ``--mixed``: a query's time in registries so large that nobody could write them. All works but those that uploads
reuse are mixed (see mixing.py); the others stand evenly between them. Times are CPU milliseconds from the bytes to the
verified matches, without reading the works found.
"""

from __future__ import annotations

from benchmarks.common import one_core  # noqa: F401  before numpy

# isort: split
import argparse
import gc
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.common import growing
from benchmarks.common.filled import Block, filled
from benchmarks.common.installation import scan_one
from benchmarks.common.measuring import apart, exponent, resident
from benchmarks.text import mixing
from benchmarks.text.generate import BLOCK, EDITS, FAR, edited, works
from benchmarks.text.ours import NAME, installed, stored_text
from benchmarks.text.ours import engine as new_engine
from fingerprints import text
from fingerprints.model import Fingerprint


@dataclass(slots=True)
class Row:
    """Figures at one size: times in ms (restart: s), memory in MiB, disk in bytes a work, ``found`` a share."""

    works: int
    found_p50: float = math.nan
    found_p95: float = math.nan
    unrelated_p50: float = math.nan
    unrelated_p95: float = math.nan
    found: float = math.nan
    memory: float = math.nan
    restart: float = math.nan
    disk: float = math.nan
    without_text: float = math.nan
    register: float = math.nan


HEAD = (
    "works",
    "found p50",
    "p95 ms",
    "other p50",
    "p95 ms",
    "found",
    "RSS MiB",
    "restart s",
    "B/work",
    "less text",
    "reg. ms",
)
DIGITS = (0, 2, 2, 2, 2, 3, 1, 2, 0, 0, 2)


def fill(size: int, store: Path) -> float:
    """Register works into an engine's store; milliseconds a work, generation not counted."""
    engine, spent = new_engine(store), 0.0
    for start in range(0, size, BLOCK):
        texts = [t.encode() for t in works(range(start, min(size, start + BLOCK)))]
        began = time.perf_counter()
        engine.register(enumerate(texts, start + 1))
        spent += time.perf_counter() - began
    engine.close()
    return spent / size * 1e3


def asked(wanted: list[int]) -> list[bytes]:
    """An upload of each of these works, the edits in turn."""
    hosts = works(range(FAR, FAR + len(wanted)), characters=12_000)
    return [
        edited(EDITS[turn % len(EDITS)], work, host).text.encode()
        for turn, (work, host) in enumerate(zip(works(wanted), hosts, strict=True))
    ]


def measure(size: int, queries: int, store: Path) -> Row:
    """Restart on what `fill` kept, then ask."""
    engine = new_engine(store)
    gc.collect()
    before, began = resident(), time.perf_counter()
    engine.load()
    row = Row(size, restart=time.perf_counter() - began)
    gc.collect()
    row.memory = resident() - before
    wanted = sorted({n * size // queries for n in range(queries)})
    uploads, unrelated = asked(wanted), [t.encode() for t in works(range(FAR + BLOCK, FAR + BLOCK + queries))]
    for upload in (*uploads[:4], *unrelated[:4]):  # warm up
        engine.query(upload)

    def timed(upload: bytes) -> tuple[float, list[int]]:
        began = time.perf_counter()
        found = engine.query(upload)
        return (time.perf_counter() - began) * 1e3, [number for number, _ in found]

    answers = [timed(upload) for upload in uploads]
    hits = [n + 1 in found for n, (_, found) in zip(wanted, answers, strict=True)]
    row.found = sum(hits) / len(hits)
    row.found_p50, row.found_p95 = np.percentile([t for t, _ in answers], (50, 95)).tolist()
    row.unrelated_p50, row.unrelated_p95 = np.percentile([timed(u)[0] for u in unrelated], (50, 95)).tolist()
    row.disk = store.stat().st_size / size
    row.without_text = row.disk - stored_text(kept.detail for kept in engine.kept()) / size
    engine.close()
    return row


@dataclass(slots=True)
class MixedRow:
    """Figures at one size: times in CPU ms, memory in MiB, ``found`` and ``fired`` shares."""

    works: int
    found_p50: float = math.nan
    found_p95: float = math.nan
    unrelated_p50: float = math.nan
    unrelated_p95: float = math.nan
    look_up: float = math.nan
    memory: float = math.nan
    found: float = math.nan
    fired: float = math.nan


MIXED_HEAD = ("works", "found p50", "p95 ms", "other p50", "p95 ms", "look-up ms", "RSS MiB", "found", "FPR")
MIXED_DIGITS = (0, 2, 2, 2, 2, 2, 0, 3, 4)
WRITTEN = 2048  # texts whose keys are mixed


class Registry(growing.Registry):
    """Written works evenly between mixed ones."""

    def __init__(self, size: int, written: Sequence[Fingerprint], others: Sequence[Fingerprint]) -> None:
        super().__init__(size, written)
        self._others, self._pool = others, mixing.pool(others)

    def mixed(self, number: int) -> Fingerprint:
        """One of the texts that it is mixed of."""
        return self._others[number % len(self._others)]

    def blocks(self) -> Iterator[Block]:
        for start in range(1, self.size + 1, BLOCK):
            sizes, keys, codes = mixing.mixed(start, min(BLOCK, self.size + 1 - start), self._pool)
            each = np.split(keys, np.cumsum(sizes)[:-1])
            for n in range(len(sizes)):
                if start + n in self.places:
                    each[n], codes[n] = self[start + n].keys, self[start + n].codes[0]
            yield np.array([len(mine) for mine in each]), np.concatenate(each), codes


def measure_mixed(size: int, queries: int) -> MixedRow:
    """Fill an index, then ask."""
    written = [text.fingerprint(t.encode()) for t in works(range(queries))]
    others = [text.fingerprint(t.encode()) for t in works(range(FAR // 2, FAR // 2 + WRITTEN))]
    registry = Registry(size, written, others)
    gc.collect()
    before = resident()
    view = filled(size, registry.blocks())
    gc.collect()
    row = MixedRow(size, memory=resident() - before)

    ask = partial(growing.query, fingerprint=text.fingerprint, registry=registry, view=view)
    uploads = asked(list(range(queries)))
    unrelated = [t.encode() for t in works(range(FAR + BLOCK, FAR + BLOCK + queries))]
    for upload in (*uploads[:4], *unrelated[:4]):  # warm up
        ask(upload)
    copies, strangers = [ask(upload) for upload in uploads], [ask(upload) for upload in unrelated]
    row.found_p50, row.found_p95 = np.percentile([t for t, _, _ in copies], (50, 95)).tolist()
    row.unrelated_p50, row.unrelated_p95 = np.percentile([t for t, _, _ in strangers], (50, 95)).tolist()
    row.look_up = float(np.median([t for _, t, _ in (*copies, *strangers)]))
    row.found = float(np.mean([registry.place(n) in found for n, (_, _, found) in enumerate(copies)]))
    row.fired = float(np.mean([bool(found) for _, _, found in strangers]))
    return row


def mixed_growth(sizes: Sequence[int], queries: int) -> None:
    print("".join(f"{h:>11}" for h in MIXED_HEAD), flush=True)
    before = None
    for size in sizes:
        options = ("--sizes", size, "--queries", queries, "--step", "mixed", ".")
        row = MixedRow(**json.loads(apart(__file__, *options)))
        growing.show(astuple(row), before, MIXED_DIGITS)
        before = astuple(row)


def table(rows: list[Row]) -> None:
    print("".join(f"{h:>11}" for h in HEAD))
    for n, row in enumerate(rows):
        print("".join(f"{v:11.{d}f}" for v, d in zip(astuple(row), DIGITS, strict=True)))
        if n:
            print(f"{'exponent':>11}" + "".join(growth(rows[n - 1], row, k) for k in range(1, len(HEAD) - 3)))


def growth(small: Row, large: Row, column: int) -> str:
    if HEAD[column] == "found":
        return " " * 11
    return f"{exponent(astuple(small)[column], astuple(large)[column], large.works / small.works):11.2f}"


def installation(count: int, folder: Path) -> None:
    """Bytes a work of a whole home folder, filled by the command line, and a cold scan in it."""
    texts = list(works(range(count)))
    paths = [folder / f"{n}.txt" for n in range(count)]
    for path, written in zip(paths, texts, strict=True):
        path.write_text(written, encoding="utf-8", newline="")
    home = folder / "home"
    began = time.perf_counter()
    parts = installed(home, paths)
    spent = time.perf_counter() - began
    print(
        f"\nthe installation after `sourcemark register --batch` of {count} works ({spent / count * 1e3:.1f} ms each)"
    )
    for part, size in parts.items():
        print(f"  {part:52}{size / count:10.0f} B a work")
    began = time.perf_counter()
    scan_one(home, paths[count // 2])
    print(f"  one `sourcemark scan` there, from start to exit: {time.perf_counter() - began:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--queries", type=int, default=200, help="of each of the two kinds")
    parser.add_argument("--installed", type=int, default=2000, help="works in the whole installation; 0: skip it")
    parser.add_argument("--mixed", type=int, nargs="+", metavar="N", help="these sizes of mixed works instead")
    parser.add_argument("--step", nargs=2, metavar=("STEP", "STORE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        step, store = given.step[0], Path(given.step[1])
        size = given.sizes[0]
        if step == "mixed":
            print(json.dumps(asdict(measure_mixed(size, given.queries))))
            return
        print(fill(size, store) if step == "fill" else json.dumps(asdict(measure(size, given.queries, store))))
        return
    if given.mixed:
        mixed_growth(given.mixed, given.queries)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = []
        print(f"{NAME}: works of about 4,500 characters; uploads in turn {', '.join(EDITS)}", flush=True)
        for size in given.sizes:
            store = folder / "store.db"
            spent = float(apart(__file__, "--sizes", size, "--step", "fill", store))
            options = ("--sizes", size, "--queries", given.queries)
            rows.append(Row(**{**json.loads(apart(__file__, *options, "--step", "measure", store)), "register": spent}))
            print(f"  {size} done", file=sys.stderr)
            for file in folder.glob("store.db*"):
                file.unlink()
        table(rows)
        if given.installed:
            installation(given.installed, folder)


if __name__ == "__main__":
    main()
