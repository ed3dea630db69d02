"""Everything the benchmarks use of Sourcemark, in one place.

python benchmarks/text/ours.py CASES_DIR RESULTS.jsonl    registers and scans a case set through the command line
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from cases import CaseSet, load

from fingerprints import media, text
from fingerprints.index.memory import MemoryIndex
from fingerprints.index.protocol import Change
from fingerprints.model import Fingerprint, Limits, Match
from fingerprints.text import stored

NAME = text.ALGORITHM
COMMAND = [sys.executable, "-m", "cli.main"]


GROUP = 128  # works that share a transaction, as SOURCEMARK_BATCH_SIZE has it


class Engine:
    """The engine of one process without ledger and decoder processes: fingerprints in SQLite, the index over them."""

    def __init__(self, store: str | Path = ":memory:") -> None:
        self.limits = Limits()
        self.store = sqlite3.connect(store)
        self.store.execute("PRAGMA journal_mode = WAL")
        self.store.execute("CREATE TABLE IF NOT EXISTS fingerprint (work INTEGER PRIMARY KEY, data BLOB, detail BLOB)")
        self.index = MemoryIndex()

    def register(self, works: Iterable[tuple[int, bytes]]) -> None:
        """Works by number, ascending from 1: decode, fingerprint, keep, index."""
        for group in _groups(works):
            made = [(number, text.fingerprint(data, self.limits)) for number, data in group]
            with self.store:
                rows = ((n, f.index_bytes(), f.detail) for n, f in made)
                self.store.executemany("INSERT INTO fingerprint VALUES (?, ?, ?)", rows)
            self.index.apply([Change(n, n, f) for n, f in made])

    def query(self, data: bytes) -> list[tuple[int, Match]]:
        """The works that an upload reuses, with the verified spans, surest first."""
        found = media.search(text.fingerprint(data, self.limits), self.index, self._kept)
        return sorted(found.matches.items(), key=lambda f: -f[1].score)

    def _kept(self, numbers: Sequence[int]) -> dict[int, Fingerprint]:
        """As the service reads candidates: one statement, the order asked for."""
        marks = ",".join("?" * len(numbers))
        rows = self.store.execute(f"SELECT work, data, detail FROM fingerprint WHERE work IN ({marks})", numbers)
        found = {work: Fingerprint.from_bytes(data + detail) for work, data, detail in rows}
        return {n: found[n] for n in numbers if n in found}

    def load(self) -> int:
        """What a restart does: the index again from what was kept; returns the number of works."""
        self.index = MemoryIndex()
        rows = self.store.execute("SELECT work, data FROM fingerprint ORDER BY work")
        while page := rows.fetchmany(16_384):
            self.index.apply([Change(n, n, Fingerprint.from_bytes(data, b"")) for n, data in page])
        return len(self.index)

    def text_bytes(self) -> int:
        """Bytes of all stored texts, as they are stored (compressed)."""
        return stored_text(detail for (detail,) in self.store.execute("SELECT detail FROM fingerprint"))

    def close(self) -> None:
        self.store.close()


def _groups(works: Iterable[tuple[int, bytes]]) -> Iterable[list[tuple[int, bytes]]]:
    iterator = iter(works)
    while group := list(islice(iterator, GROUP)):
        yield group


def stored_text(details: Iterable[bytes]) -> int:
    """Bytes of the compressed texts within the details of fingerprints."""
    return sum(max(len(detail) - stored._HEAD.size - stored._SIGNATURE, 0) for detail in details)


def cli(home: Path, *arguments: str, output: Path) -> None:
    """Run the command line in an installation of its own; its JSON lines go to ``output``."""
    environment = {**os.environ, "SOURCEMARK_HOME": str(home), "SOURCEMARK_WORKERS": "2"}
    environment.pop("SOURCEMARK_DATABASE_URL", None)
    with output.open("wb") as out:
        subprocess.run([*COMMAND, *arguments], env=environment, stdout=out, check=True)


def write_batch(path: Path, items: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), encoding="utf-8")
    return path


def register_and_scan(cases: CaseSet, home: Path) -> Path:
    """The case set through ``register --batch`` and ``scan --batch``; where the scan's JSON lines are."""
    works = [{"path": str(r.path.resolve()), "external_id": r.id, "title": r.id, "owner": "o"} for r in cases.refs]
    posts = [{"path": str(q.path.resolve()), "external_id": q.id} for q in cases.queries]
    home.mkdir(parents=True, exist_ok=True)
    registered, scanned = home / "registered.jsonl", home / "scanned.jsonl"
    cli(home, "register", "--batch", str(write_batch(home / "works.jsonl", works)), "--json", output=registered)
    cli(home, "scan", "--batch", str(write_batch(home / "posts.jsonl", posts)), "--json", output=scanned)
    return scanned


def installed(home: Path, paths: list[Path]) -> dict[str, int]:
    """Register files in a new home; the bytes of each part of it."""
    home.mkdir()
    batch = write_batch(home.parent / "works.jsonl", [{"path": str(p), "title": p.stem, "owner": "o"} for p in paths])
    cli(home, "register", "--batch", str(batch), "--json", output=home.parent / "registered.jsonl")
    sizes = {p: p.stat().st_size for p in home.rglob("*") if p.is_file()}
    parts: dict[str, int] = {"home folder": sum(sizes.values())}
    for path, size in sizes.items():
        part = path.relative_to(home).parts[0]
        parts[f"- {part}"] = parts.get(f"- {part}", 0) + size
    with closing(sqlite3.connect(home / "sourcemark.db")) as database:
        kept = stored_text(detail for (detail,) in database.execute("SELECT detail FROM fingerprints"))
        with contextlib.suppress(sqlite3.OperationalError):  # SQLite may come without dbstat
            for table, size in database.execute(
                "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 8"
            ):
                parts[f"  - - {table}"] = size
    parts["stored text, compressed"] = kept
    parts["everything but the stored text"] = parts["home folder"] - kept
    return parts


def scan_one(home: Path, path: Path) -> None:
    """A single scan as somebody types it; exit status 1 is a match."""
    environment = {**os.environ, "SOURCEMARK_HOME": str(home)}
    done = subprocess.run([*COMMAND, "scan", str(path), "--json"], env=environment, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 1, f"the scan of a registered work ended with {done.returncode}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = register_and_scan(load(Path(sys.argv[1])), Path(folder) / "home")
        Path(sys.argv[2]).write_bytes(made.read_bytes())
