"""What the text benchmarks use of Sourcemark besides `benchmarks.common`."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from benchmarks.common.engine import Engine
from benchmarks.common.installation import cli, write_batch
from fingerprints import text
from fingerprints.text import codec

NAME = text.ALGORITHM


def engine(store: str | Path = ":memory:") -> Engine:
    return Engine(text.fingerprint, text.fingerprint, store)


def stored_text(details: Iterable[bytes]) -> int:
    """Bytes of the compressed texts within the details of fingerprints."""
    return sum(max(len(detail) - codec._HEAD.size - codec._SIGNATURE, 0) for detail in details)


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
