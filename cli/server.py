"""Serving an application on an address, for the commands that do."""

from __future__ import annotations

import errno
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from provenance.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp


LAST_SECONDS = 5  # that a process takes to end after what was in work had its time, at most


def listen(host: str, port: int, hello: Callable[[str], str]) -> socket.socket:
    """Listen on an address: whoever reads the line on stderr can connect, and waits until the application is up.

    Args:
        port: 0 takes a free one.
        hello: what to say on stderr, given the URL.

    Raises:
        BadInput: there is no such port or host.
        Unavailable: the address is taken or not ours.
    """
    if not 0 <= port <= 65535:
        raise BadInput(f"there is no port {port}: choose --port between 1 and 65535, or 0 for a free one")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
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
    return listener


def serve(
    app: ASGIApp,
    listener: socket.socket,
    *,
    seconds: float = 5,
    begin_stop: Callable[[float], None] = lambda _: None,
    serves: Callable[[], None] | None = None,
    **options: Any,
) -> None:
    """Serve until told to stop. SIGTERM ends it in order, and SIGINT, which is raised again then; a second one at once.

    What does not end within the time of the requests and `LAST_SECONDS` is cut off: status 128 and the signal's number.

    Args:
        seconds: that requests in work get to end.
        begin_stop: called with these seconds when the end begins.
        serves: called when the application is up, in a worker; SIGINT is for its supervisor then.
    """
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if serves is not None and sig == signal.SIGINT:
                return
            if self.should_exit:
                os._exit(128 + sig)
            last = threading.Timer(seconds + LAST_SECONDS, os._exit, [128 + sig])  # a scan that goes on in its thread
            last.daemon = True
            last.start()
            self.should_exit = True
            if sig == signal.SIGINT:
                self._captured_signals.append(sig)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if serves is not None:
                serves()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            begin_stop(seconds)
            await super().shutdown(sockets)

    settings: dict[str, Any] = {"timeout_graceful_shutdown": seconds + 1, "log_level": "warning", **options}
    Server(uvicorn.Config(app, access_log=False, **settings)).run(sockets=[listener])
