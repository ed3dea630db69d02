"""The installed command, run as a user runs it: another process, an empty home, nothing of our environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Run:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Command:
    """Runs `sourcemark ARGS...` in a folder with a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "nobody"),
            "SOURCEMARK_HOME": str(folder / "home"),
            "SOURCEMARK_WORKERS": "1",
            "LANG": "C.UTF-8",
        }

    def __call__(self, *args: str | Path, stdin: str | bytes = b"", env: dict[str, str] | None = None) -> Run:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "cli.main", *map(str, args)],
            cwd=self.folder,
            env={**self.environment, **(env or {})},
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
        run = Run(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in run.err, run.err
        return run


@pytest.fixture
def sourcemark(tmp_path: Path) -> Command:
    return Command(tmp_path)
