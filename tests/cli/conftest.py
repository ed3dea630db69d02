"""The command as a user runs it: a process of its own, an empty home, nothing of our environment."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest


@dataclass
class Run:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Running:
    """A command in the background."""

    def __init__(self, line: socket.socket) -> None:
        line.settimeout(300)  # a busy machine
        self._line = line
        self.status: int | None = None
        self.pid = int(line.recv(100))

    def poll(self) -> int | None:
        """Its exit status once it has ended, minus the signal's number where one ended it."""
        if self.status is None and select.select([self._line], [], [], 0)[0]:
            self.wait()
        return self.status

    def wait(self) -> int:
        if self.status is None:
            with self._line:
                self.status = int(self._line.recv(100))
        return self.status

    def send_signal(self, number: int) -> None:
        """Nothing to one that has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


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
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin.encode() if isinstance(stdin, str) else stdin)
            given.seek(0)
            status = self.start(*args, streams=(given, out, err), env=env).wait()
            for file in (out, err):
                file.seek(0)
            run = Run(status, out.read().decode(), err.read().decode())
        assert "Traceback" not in run.err, run.err
        return run

    def start(self, *args: str | Path, streams: Sequence[IO[bytes]], env: dict[str, str] | None = None) -> Running:
        """In the background, with these for its three streams."""
        request = {
            "arguments": list(map(str, args)),
            "folder": str(self.folder),
            "environment": {**self.environment, **(env or {})},
        }
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            descriptors = [theirs.fileno(), *(stream.fileno() for stream in streams)]
            socket.send_fds(self.control, [json.dumps(request).encode()], descriptors)
        return Running(ours)


@pytest.fixture
def sourcemark(tmp_path: Path, control: socket.socket) -> Command:
    return Command(tmp_path, control)
