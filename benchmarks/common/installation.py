"""An installation in a folder of its own, driven through the command line.

python benchmarks/common/installation.py CASES_DIR RESULTS.jsonl    registers and scans a case set
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.common.cases import CaseSet, load

COMMAND = [sys.executable, "-m", "cli.main"]


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


def scan_one(home: Path, path: Path) -> None:
    """A single scan as somebody types it; exit status 1 is a match."""
    environment = {**os.environ, "SOURCEMARK_HOME": str(home)}
    done = subprocess.run([*COMMAND, "scan", str(path), "--json"], env=environment, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 1, f"the scan of a registered work ended with {done.returncode}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = register_and_scan(load(Path(sys.argv[1])), Path(folder) / "home")
        Path(sys.argv[2]).write_bytes(made.read_bytes())
