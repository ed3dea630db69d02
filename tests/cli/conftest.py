"""The command as a user runs it: a process of its own, an empty home, nothing of our environment."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli import forked


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

    def __init__(self, folder: Path, control: socket.socket) -> None:
        self.folder = folder
        self.control = control
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "nobody"),
            "SOURCEMARK_HOME": str(folder / "home"),
            "SOURCEMARK_WORKERS": "1",
            "LANG": "C.UTF-8",
        }

    def __call__(self, *args: str | Path, stdin: str | bytes = b"", env: dict[str, str] | None = None) -> Run:
        with tempfile.TemporaryDirectory() as place:
            files = [Path(place, name) for name in ("in", "out", "err")]
            for file in files:
                file.write_bytes(b"")
            files[0].write_bytes(stdin.encode() if isinstance(stdin, str) else stdin)
            request = {
                "arguments": list(map(str, args)),
                "folder": str(self.folder),
                "environment": {**self.environment, **(env or {})},
                "files": list(map(str, files)),
            }
            ours, theirs = socket.socketpair()
            with ours:
                with theirs:
                    socket.send_fds(self.control, [json.dumps(request).encode()], [theirs.fileno()])
                ours.settimeout(120)
                status = int(ours.recv(100))
            run = Run(status, files[1].read_text(), files[2].read_text())
        assert "Traceback" not in run.err, run.err
        return run


@pytest.fixture(scope="session")
def control() -> Iterator[socket.socket]:
    """The end of the line to a process that runs commands."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # messages arrive whole
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
    number = theirs.fileno()
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", forked.__name__, str(number)],
        pass_fds=[number],
        env=environment,
        cwd=Path(forked.__file__).parents[2],
        stdin=subprocess.DEVNULL,
    )
    theirs.close()
    yield ours
    ours.close()
    process.wait(120)


@pytest.fixture
def sourcemark(tmp_path: Path, control: socket.socket) -> Command:
    return Command(tmp_path, control)
