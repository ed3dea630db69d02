"""A process that has loaded the command once, and runs it in a copy of itself for each request.

Loading takes a second, and the tests run hundreds of commands. Whatever a run changes ends with its copy.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from typing import Any

import alembic.command  # noqa: F401  # loaded once, as all the commands below
import rich.progress
import rich.table  # noqa: F401

import provenance.application  # noqa: F401
from cli import main
from provenance.marking.lexicon import lexicon


def serve(control: socket.socket) -> dict[str, Any] | None:
    """Each request is a message of JSON and comes with the descriptor to write its status to; see `conftest.Command`.

    Runs of several threads of the tests are at the same time: who waits for a run is a copy too.

    Returns:
        In each copy that runs, its request; None in the process that made the copies, when there are no more requests.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who has waited is waited for by nobody
    with control:
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 1)
            if not message:
                return None
            (answer,) = descriptors
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                child = os.fork()
                if child == 0:
                    os.close(answer)
                    request: dict[str, Any] = json.loads(message)
                    return request
                status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                os.write(answer, str(status).encode())
                os._exit(0)
            os.close(answer)


def run(request: dict[str, Any]) -> None:
    """Become the command; ends as it ends."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for descriptor, name in enumerate(request["files"]):
        opened = os.open(name, os.O_RDONLY if descriptor == 0 else os.O_WRONLY)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.argv = ["sourcemark", *request["arguments"]]
    main.run()


if __name__ == "__main__":
    lexicon()
    gc.freeze()  # else each copy writes to, and so copies, all that was loaded: half of the time of a short command
    wanted = serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted is not None:
        run(wanted)
