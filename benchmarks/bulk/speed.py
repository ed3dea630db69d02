"""Bulk scans: rows a second of a core, beside the bound that decoding alone sets.

    python benchmarks/bulk/speed.py [--rows 200] [--works 50] [--medium picture|text]

Draws uploads, of which every tenth is a registered work, and scans a list of a fifth of them, then of all, each into a
new folder: with one process, with two, and with Spark on `local[2]` where it is installed. The difference of the two
runs is what the rows cost; what is left of the first is what starting costs. Counted is the CPU time of all processes
of a run, so that the machine may be busy with something else; beside it what the clock said. The bounds are the same
files one after the other: decoded (a picture to pixels by Pillow, a text to characters), and examined by a decoder
process, which is decoding and fingerprint. A ratio is a run's rows a second of a core over a bound's: below 1.
"""

from __future__ import annotations

import argparse
import contextlib
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
from benchmarks.common.measuring import cpu, parent_and_cpu
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


def decoding(paths: list[Path], medium: str) -> float:
    """CPU seconds of decoding files in this process."""
    started = time.process_time()
    for path in paths:
        if medium == "text":
            decode(path.read_bytes())
        else:
            Image.open(io.BytesIO(path.read_bytes())).convert("RGB").load()
    return time.process_time() - started


def examining(paths: list[Path]) -> float:
    """CPU seconds of examining files in a decoder process, without its start."""

    def seconds(some: list[Path]) -> float:
        before = cpu(resource.RUSAGE_CHILDREN)
        with Sandbox(1, Limits()) as sandbox:
            for path in some:
                sandbox.examine(Source.file(path), thorough=True)
        return cpu(resource.RUSAGE_CHILDREN) - before

    return (seconds(paths) - seconds(paths[:1])) * len(paths) / (len(paths) - 1)


@dataclass(frozen=True)
class Seconds:
    """What a run took by the clock, and of CPU time in all its processes."""

    clock: float
    cpu: float

    def __sub__(self, other: Seconds) -> Seconds:
        return Seconds(self.clock - other.clock, self.cpu - other.cpu)


def run(command: list[str], environment: dict[str, str]) -> Seconds:
    """Its processes are looked at as it runs: those of Spark's Java machine are waited for by nobody of ours."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    seen: dict[int, float] = {process.pid: 0.0}
    while process.poll() is None:
        parents, used = _processes()
        for pid in sorted(parents):  # a child is younger, and mostly has the larger number
            if pid in seen or parents[pid] in seen:
                seen[pid] = max(seen.get(pid, 0.0), used[pid])
        time.sleep(0.1)
    assert process.returncode == 0, f"the scan ended with {process.returncode}"
    return Seconds(time.perf_counter() - started, sum(seen.values()))


def _processes() -> tuple[dict[int, int], dict[int, float]]:
    """The parent of each process of the machine, and the CPU seconds that it has used itself."""
    parents, used = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            process = int(path.name)
            parents[process], used[process] = parent_and_cpu(process)
    return parents, used


@dataclass
class Archive:
    """An installation with works, and files to scan."""

    home: Path
    paths: list[Path]
    runs: int = 0

    def seconds(self, count: int, chunk: int, *options: str) -> Seconds:
        """Of a scan of so many rows."""
        self.runs += 1
        rows = [{"path": str(path)} for path in self.paths[:count]]
        batch = write_batch(self.home.parent / f"{self.runs}.jsonl", rows)
        output = self.home.parent / f"out-{self.runs}"
        command = ["scan", "--input", str(batch), "--output", str(output), "--chunk-rows", str(chunk), *options]
        environment = {**os.environ, "SOURCEMARK_HOME": str(self.home), "SOURCEMARK_LANG": "en"}
        environment.pop("SOURCEMARK_DATABASE_URL", None)
        return run([*COMMAND, *command], environment)


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
    modes = {"1 process": ("--processes", "1"), "2 processes": ("--processes", "2")}
    if importlib.util.find_spec("pyspark") is not None:
        modes["Spark local[2]"] = ("--spark", "local[2]")
    with tempfile.TemporaryDirectory() as place:
        archive = made(Path(place), args.medium, args.rows, args.works)
        rows = archive.paths[few:]
        bounds = [len(rows) / each for each in (decoding(rows, args.medium), examining(rows))]
        print(f"{args.rows} rows of a {args.medium}, {args.works} works, {len(os.sched_getaffinity(0))} cores")
        print(f"rows a second of a core: decoded {bounds[0]:.1f}, examined {bounds[1]:.1f}")
        columns = (("rows/CPU s", 12), ("/ decoded", 11), ("/ examined", 12), ("start, CPU s", 14), ("rows/s", 9))
        print(" " * 16 + "".join(f"{column:>{width}}" for column, width in columns))
        chunk = max(1, few // 4)  # every process has some of the few, too
        for name, options in modes.items():
            first, second = (archive.seconds(count, chunk, *options) for count in (few, many))
            cost = second - first
            rate = len(rows) / cost.cpu
            start = first.cpu - few / rate
            clock = f"{len(rows) / cost.clock:9.1f}" if cost.clock > 0 else f"{'-':>9}"  # on a busy machine
            print(
                f"{name:16}{rate:12.1f}{rate / bounds[0]:11.2f}{rate / bounds[1]:12.2f}{start:14.1f}{clock}", flush=True
            )


if __name__ == "__main__":
    main()
