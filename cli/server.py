"""Serving an application on an address, for the commands that do."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from provenance.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp


# Seconds that requests under way get to end after SIGINT or SIGTERM, and all that it may take until the process ends.
_GRACE_SECONDS = 5
_LAST_SECONDS = 10


def serve(app: ASGIApp, host: str, port: int, hello: Callable[[str], str], **options: Any) -> None:
    """Serve until interrupted; SIGINT or SIGTERM ends it in bounded time whatever is under way, a second one at once.

    Args:
        port: 0 takes a free one.
        hello: what to say on stderr, given the URL.

    Raises:
        BadInput: there is no such port or host.
        Unavailable: the address is taken or not ours.
    """
    if not 0 <= port <= 65535:
        raise BadInput(f"there is no port {port}: choose --port between 1 and 65535, or 0 for a free one")
    import uvicorn

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)  # whoever reads the line below can connect, and waits until the application is up
    except (socket.gaierror, UnicodeError):
        listener.close()
        raise BadInput(f"--host {host}: there is no such host; 127.0.0.1 is this machine") from None
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise Unavailable(f"--host {host}: is no address of this machine; 0.0.0.0 are all it has") from None
        what = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise Unavailable(f"cannot listen on {host}:{port}: {what}; choose another --port") from error
    named = f"[{host}]" if ":" in host else host
    typer.echo(hello(f"http://{named}:{listener.getsockname()[1]}"), err=True)
    settings: dict[str, Any] = {"timeout_graceful_shutdown": _GRACE_SECONDS, **options}

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if self.should_exit:
                os._exit(128 + sig)
            last = threading.Timer(_LAST_SECONDS, os._exit, [128 + sig])  # a scan that goes on in its thread
            last.daemon = True
            last.start()
            super().handle_exit(sig, frame)

    Server(uvicorn.Config(app, log_level="warning", access_log=False, **settings)).run(sockets=[listener])
