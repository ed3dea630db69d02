"""A process that has loaded the command once, and runs it in a copy of itself for each request.

Loading takes a second, and the tests run hundreds of commands. Whatever a run changes ends with its copy.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

from cli import main


def serve(control: socket.socket) -> dict[str, Any] | None:
    """Requests and answers are lines of JSON; see `conftest.Command`.

    Returns:
        In each copy, its request; None in the process that made the copies, when there are no more requests.
    """
    with control, control.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            child = os.fork()
            if child == 0:
                request: dict[str, Any] = json.loads(line)
                return request
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            lines.write(f"{status}\n")
            lines.flush()
    return None


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
    wanted = serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted is not None:
        run(wanted)
