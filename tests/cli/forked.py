"""A process that has loaded the command once, and runs it in a copy of itself for each request.

Loading takes a second, and the tests run hundreds of commands. Whatever a run changes ends with its copy. A decoder, too,
is a copy of the process that wants it: it limits itself and is spoken to as one with an interpreter of its own, which
`tests/fingerprints/sandbox` starts.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import alembic.command  # noqa: F401  # loaded once, as all the commands below
import rich.progress
import rich.table  # noqa: F401

import provenance.application  # noqa: F401
from cli import main
from cli.commands import register, scan  # noqa: F401
from fingerprints import registry
from fingerprints.sandbox import pool, worker
from provenance.marking.checker import check
from provenance.marking.model import Post, Work


class Decoder:
    """What the pool needs of `subprocess.Popen`; takes the command and standard input of a decoder."""

    def __init__(self, command: list[str], *, stdin: int, env: dict[str, str], **_: Any) -> None:
        self.returncode: int | None = None
        self._one_waits = threading.Lock()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._become(command, stdin, env)
            finally:
                os._exit(1)  # nothing of the command's is closed or ended here

    @staticmethod
    def _become(command: list[str], stdin: int, env: dict[str, str]) -> None:
        os.setsid()
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor, opened in enumerate((stdin, null, null)):
            os.dup2(opened, descriptor)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.environ.clear()
        os.environ.update(env)
        sys.argv = command[command.index(worker.__name__) :]
        worker.main()
        os._exit(0)

    def poll(self) -> int | None:
        with self._one_waits:
            if self.returncode is None:
                ended, status = os.waitpid(self.pid, os.WNOHANG)
                self.returncode = os.waitstatus_to_exitcode(status) if ended else None
            return self.returncode

    def wait(self, timeout: float = 60) -> int:
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise pool.subprocess.TimeoutExpired(worker.__name__, timeout)
            time.sleep(0.001)
        return status


def serve(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Each request is a message of JSON; with it come a socket for its process id and then its status, and its streams.

    Runs of several threads of the tests are at the same time: who waits for a run is a copy too. See `conftest.Command`.

    Returns:
        In each copy that runs, its request and streams; None in the process that made the copies, when there are no more.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who has waited is waited for by nobody
    with control:
        while True:
            message, (*descriptors,), _, _ = socket.recv_fds(control, 1 << 16, 4)
            if not message:
                return None
            answer, *streams = descriptors
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                child = os.fork()
                if child == 0:
                    os.close(answer)
                    return json.loads(message), streams
                for stream in streams:
                    os.close(stream)
                with contextlib.suppress(BrokenPipeError, ConnectionError):  # nobody wants to know any more
                    os.write(answer, str(child).encode())
                    os.write(answer, str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
                os._exit(0)
            for descriptor in descriptors:
                os.close(descriptor)


def run(request: dict[str, Any], streams: list[int]) -> None:
    """Become the command; ends as it ends."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for descriptor, opened in enumerate(streams):
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.argv = ["sourcemark", *request["arguments"]]
    main.run()


def load() -> None:
    """Do once what each command would do again, and let decoders be copies too."""
    for medium in registry.MEDIA.values():
        medium.warm()
    check(
        Work(title="", owner="Ada Nowell"), Post(text="Photo: Ada Nowell, all rights reserved")
    )  # reads and compiles the lexicon
    pool.subprocess = SimpleNamespace(**{**vars(pool.subprocess), "Popen": Decoder})  # type: ignore[assignment]
    gc.freeze()  # else each copy writes to, and so copies, all that was loaded: half of the time of a short command


if __name__ == "__main__":
    load()
    wanted = serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted is not None:
        run(*wanted)
