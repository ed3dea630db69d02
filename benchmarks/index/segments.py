"""A start from segments beside a rebuild, what a second process adds, and what a picture query reads of the database.

    python benchmarks/index/segments.py [--works 100000] [--drawn 60] [--queries 30] [--home FOLDER]

Mixed pictures (`benchmarks/image/mixing.py`) stand in an SQLite database as an installation keeps them. Each figure is
of processes of their own: a rebuild reads the fingerprints of every work; a start maps the segments, compares their
arrays with what was written, and replays what came after. A ratio is the rebuild's time over the start's, CPU and wall,
medians of the rounds, which take turns. Memory is what processes hold in proportion (PSS of /proc/PID/smaps_rollup),
before and after they open the index and look pictures up in it. Linux.
"""

from __future__ import annotations

from benchmarks.common import one_core  # noqa: F401  before numpy

# isort: split

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.common.measuring import apart, proportional
from benchmarks.image.drawn import work
from benchmarks.image.mixing import mixed, pool
from fingerprints import image
from fingerprints.image.examples import saved
from fingerprints.index.interface import Index
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint
from provenance.database.engine import Database
from provenance.database.tables import accounts, entries, fingerprints, log_state, works
from provenance.search.follower import Follower
from provenance.search.matching import Matcher

TAIL = 4096  # as SOURCEMARK_INDEX_TAIL
ROUNDS = 5
GROUP = 2000


def database(home: Path) -> Database:
    return Database(f"sqlite:///{home / 'sourcemark.db'}", 30)


def follower(home: Path, *, segments: bool) -> Follower:
    return Follower(database(home), folder=home / "index", tail=TAIL if segments else 0)


def drawn(number: int) -> bytes:
    return saved(work(number), "JPEG", quality=85)


def row(idx: int, made: Fingerprint) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The rows of a work and its entry; nothing here reads a leaf."""
    leaf_hash = (idx + 1).to_bytes(32, "big")
    entry = {"idx": idx, "leaf": b"", "leaf_hash": leaf_hash, "kind": "registration", "keyid": "", "integrated_at": ""}
    registered = {
        "id": idx + 1,
        "work_id": f"work_{idx:024d}",
        "account_id": "acct_1",
        "digest": made.digest,
        "medium": made.medium,
        "title": f"Picture {idx}",
        "owner": "Marta Salt",
        "owner_key": "marta salt",
        "claim": {
            "title": f"Picture {idx}",
            "owner": "Marta Salt",
            "source_urls": ["https://salt.example/" + str(idx)],
        },
        "leaf_hash": leaf_hash,
        "registered_at": "2026-01-01T00:00:00.000000Z",
    }
    kept = {"work": idx + 1, "algorithm": made.algorithm, "data": made.index_bytes(), "detail": made.detail_bytes()}
    return entry, registered, kept


def fill(home: Path, count: int, drawn_works: int) -> None:
    """An installation of so many pictures, the first ones drawn."""
    db = database(home)
    db.create_file()
    db.migrate()
    donors = [image.fingerprint(drawn(number)) for number in range(drawn_works)]
    of = pool(donors)
    with db.write() as connection:
        connection.execute(accounts.insert().values(id="acct_1", name="local", kind="producer", created_at=""))
    for first in range(0, count, GROUP):
        made = [row(n, donors[n] if n < len(donors) else mixed(n, of)) for n in range(first, min(first + GROUP, count))]
        with db.write() as connection:
            for table, rows in zip((entries, works, fingerprints), zip(*made, strict=True), strict=True):
                connection.execute(table.insert(), list(rows))
    state = {"id": 1, "origin": "bench", "size": count, "root": bytes(32), "frontier": b"", "claims_size": count}
    with db.write() as connection:
        connection.execute(log_state.insert().values(**state))
    db.close()


def look_up(index: Index) -> None:
    for number in range(8):
        query = image.fingerprint(drawn(number), thorough=True)
        image.propose(query, index.view(query.algorithm))


def opened(home: Path, segments: bool) -> None:
    """A step in a process of its own: CPU seconds and seconds until the index is as far as the log."""
    one = follower(home, segments=segments)
    cpu, wall = time.process_time(), time.perf_counter()
    one.refresh()
    print(json.dumps([time.process_time() - cpu, time.perf_counter() - wall]), flush=True)


def resident(home: Path) -> None:
    """Another: opens the index when a line comes, and holds it until the next."""
    one = follower(home, segments=True)
    look_up(MemoryIndex())
    print("ready", flush=True)
    sys.stdin.readline()
    one.refresh()
    look_up(one.index)
    print("open", flush=True)
    sys.stdin.readline()


def added(home: Path) -> tuple[float, float]:
    """MiB that the index takes in a first process, and that a second one adds to both together."""
    command = [sys.executable, __file__, "--step", "resident", "--home", str(home)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [subprocess.Popen(command, text=True, **pipes) for _ in range(2)]  # type: ignore[call-overload]

    def together() -> float:
        return sum(proportional(process.pid) for process in processes)

    for process in processes:
        process.stdout.readline()
    sums = [together()]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
        process.stdout.readline()
        sums.append(together())
    for process in processes:
        process.communicate("\n")
    return sums[1] - sums[0], sums[2] - sums[1]


class Counting(Database):
    """Counts the bytes that come out of the database."""

    bytes = 0

    @contextlib.contextmanager
    def read(self) -> Iterator[Any]:
        with super().read() as connection:
            yield _Connection(self, connection)


class _Connection:
    def __init__(self, of: Counting, connection: sa.Connection) -> None:
        self._of, self._connection = of, connection

    def execute(self, *arguments: Any) -> Any:
        found = self._connection.execute(*arguments)
        frozen = found.freeze()
        for each in frozen().all():
            self._of.bytes += sum(len(value) if isinstance(value, bytes | str) else 8 for value in map(_plain, each))
        return frozen()


def _plain(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value


def read_by_queries(home: Path, queries: int, *, segments: bool) -> list[int]:
    """Bytes that each query reads."""
    db = Counting(f"sqlite:///{home / 'sourcemark.db'}", 30)
    one = Follower(db, folder=home / "index", tail=TAIL if segments else 0)
    one.refresh()
    matcher, out = Matcher(db, one), []
    for number in range(queries):
        query = image.fingerprint(saved(work(number).resize((400, 300)), "JPEG", quality=70), thorough=True)
        db.bytes = 0
        found = matcher.find(query).found
        if number not in [each.work.index for each in found]:
            raise SystemExit(f"picture {number} is not found")
        out.append(db.bytes)
    return out


def compare(home: Path, count: int, queries: int) -> None:
    started = time.perf_counter()
    one = follower(home, segments=True)
    one.refresh()
    one.condense()
    size = sum(each.bytes for each in one.index.segments)
    arrays = size - sum(int(each._file.spans[:, 1].max()) for each in one.index.segments)
    took = time.perf_counter() - started
    print(f"{count} pictures: segments written and merged in {took:.1f} s, {len(one.index.segments)} files", flush=True)
    print(f"bytes a work: {size / count:.0f}, of them {arrays / count:.0f} index, the rest fingerprints", flush=True)
    del one
    times = []
    for _ in range(ROUNDS):
        both = [apart(__file__, "--step", step, "--home", home) for step in ("rebuild", "start")]
        times.append([json.loads(line) for line in both])
    for n, clock in enumerate(("CPU", "wall")):
        rebuild, start = (statistics.median(turn[which][n] for turn in times) for which in (0, 1))
        ratio = statistics.median(turn[0][n] / turn[1][n] for turn in times)
        print(f"{clock}: rebuild {rebuild:.2f} s, start from segments {start:.3f} s, ratio {ratio:.1f}x", flush=True)
    first, second = added(home)
    print(
        f"memory: the index {first:.0f} MiB, a second process adds {second:.0f} MiB, {second / first:.1%}", flush=True
    )
    before, after = (statistics.mean(read_by_queries(home, queries, segments=each)) for each in (False, True))
    print(
        f"bytes a query reads of the database: {before:.0f} without segments, {after:.0f} with, {before / after:.0f}x"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=100_000)
    parser.add_argument("--drawn", type=int, default=60)
    parser.add_argument("--queries", type=int, default=30, help="of drawn works, at most as many as there are")
    parser.add_argument("--home", type=Path, help="where the installation is made, and left; default: a folder for now")
    parser.add_argument("--step", choices=("rebuild", "start", "resident"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    match given.step:
        case "rebuild" | "start":
            opened(given.home, given.step == "start")
        case "resident":
            resident(given.home)
        case None:
            with tempfile.TemporaryDirectory() as folder:
                home = given.home or Path(folder)
                home.mkdir(parents=True, exist_ok=True)
                if not (home / "sourcemark.db").exists():
                    fill(home, given.works, given.drawn)
                compare(home, given.works, min(given.queries, given.drawn))


if __name__ == "__main__":
    main()
