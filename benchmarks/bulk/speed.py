"""Bulk scans: rows a second and core, beside the bound that decoding alone sets.

    python benchmarks/bulk/speed.py [--rows 200] [--works 50] [--medium picture|text]

Draws uploads, of which every tenth is a registered work, and scans a list of a fifth of them, then of all, each into a
new folder: with one process, with two, and with Spark on `local[2]` where it is installed. The difference of the two
runs is what the rows cost; what is left of the first is what starting costs. The bounds are the same files one after
the other on one core: decoded (a picture to pixels by Pillow, a text to characters), and examined by a decoder process,
which is decoding and fingerprint. A ratio is the rows a second and core over those of a bound: below 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.common.installation import COMMAND, cli, write_batch
from benchmarks.common.measuring import timed
from benchmarks.image.drawn import work as drawn
from benchmarks.text.generate import works as written
from fingerprints.image.examples import saved
from fingerprints.model import Limits
from fingerprints.sandbox.pool import Sandbox
from fingerprints.source import Source
from fingerprints.unicode.charset import decode

FAR = 5_000_000  # uploads from here on are nobody's works


def content(medium: str, number: int) -> bytes:
    if medium == "picture":
        return saved(drawn(number), "JPEG", quality=85)
    return next(written([number])).encode()


def decode_all(paths: list[Path], medium: str) -> None:
    for path in paths:
        if medium == "text":
            decode(path.read_bytes())
        else:
            Image.open(io.BytesIO(path.read_bytes())).convert("RGB").load()


def examine_all(sandbox: Sandbox, paths: list[Path]) -> None:
    for path in paths:
        sandbox.examine(Source.file(path), thorough=True)


@dataclass
class Archive:
    """An installation with works, and files to scan."""

    home: Path
    paths: list[Path]
    runs: int = 0

    def seconds(self, count: int, chunk: int, *options: str) -> tuple[float, float]:
        """Of a scan of so many rows: by the clock, and of all processes that it waited for."""
        self.runs += 1
        rows = [{"path": str(path)} for path in self.paths[:count]]
        batch = write_batch(self.home.parent / f"{self.runs}.jsonl", rows)
        output = self.home.parent / f"out-{self.runs}"
        command = ["scan", "--input", str(batch), "--output", str(output), "--chunk-rows", str(chunk), *options]
        environment = {**os.environ, "SOURCEMARK_HOME": str(self.home), "SOURCEMARK_LANG": "en"}
        environment.pop("SOURCEMARK_DATABASE_URL", None)
        before, started = _children(), time.perf_counter()
        subprocess.run([*COMMAND, *command], env=environment, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - started, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def made(folder: Path, medium: str, rows: int, works: int) -> Archive:
    ending = "jpg" if medium == "picture" else "txt"
    registered = [folder / f"work-{number}.{ending}" for number in range(works)]
    for number, path in enumerate(registered):
        path.write_bytes(content(medium, number))
    batch = write_batch(folder / "works.jsonl", [{"path": str(path), "owner": "o"} for path in registered])
    cli(folder / "home", "register", "--batch", str(batch), "--json", output=folder / "registered.jsonl")
    paths = []
    for number in range(rows):
        path = folder / f"{number}.{ending}"
        path.write_bytes(content(medium, number // 10 % works if number % 10 == 0 else FAR + number))
        paths.append(path)
    return Archive(folder / "home", paths)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--works", type=int, default=50)
    parser.add_argument("--medium", choices=["picture", "text"], default="picture")
    args = parser.parse_args()
    few, many = args.rows // 5, args.rows
    modes = {"1 process": (1, ("--processes", "1")), "2 processes": (2, ("--processes", "2"))}
    if importlib.util.find_spec("pyspark") is not None:
        modes["Spark local[2]"] = (2, ("--spark", "local[2]"))
    with tempfile.TemporaryDirectory() as place, Sandbox(1, Limits()) as sandbox:
        archive = made(Path(place), args.medium, args.rows, args.works)
        examine_all(sandbox, archive.paths[:1])  # warm
        rows = archive.paths[few:]
        bounds = [len(rows) / timed(decode_all, rows, args.medium), len(rows) / timed(examine_all, sandbox, rows)]
        print(f"{args.rows} rows of a {args.medium}, {args.works} works, {len(os.sched_getaffinity(0))} cores")
        print(f"one core: decoded {bounds[0]:.1f} rows/s, examined {bounds[1]:.1f} rows/s")
        columns = (
            ("rows/s", 9),
            ("rows/s/core", 13),
            ("/ decoded", 11),
            ("/ examined", 12),
            ("rows/CPU s", 12),
            ("start s", 9),
        )
        print(" " * 18 + "".join(f"{column:>{width}}" for column, width in columns))
        for name, (cores, options) in modes.items():
            chunk = max(1, few // 4)  # every process has some of the few, too
            (first, first_cpu), (second, second_cpu) = (archive.seconds(n, chunk, *options) for n in (few, many))
            rate = (many - few) / (second - first)
            cpu = f"{(many - few) / (second_cpu - first_cpu):.1f}" if "Spark" not in name else "-"
            each = rate / cores
            print(
                f"{name:18}{rate:9.1f}{each:13.1f}{each / bounds[0]:11.2f}{each / bounds[1]:12.2f}{cpu:>12}"
                f"{first - few / rate:9.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
