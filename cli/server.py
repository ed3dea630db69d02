"""Serving an application on an address, for the commands that do."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from provenance.errors import Unavailable

if TYPE_CHECKING:
    from starlette.types import ASGIApp


def serve(app: ASGIApp, host: str, port: int, hello: Callable[[str], str], **options: Any) -> None:
    """Serve until interrupted.

    Args:
        port: 0 takes a free one.
        hello: what to say on stderr, given the URL.

    Raises:
        Unavailable: the address is taken or not ours.
    """
    import uvicorn

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)  # whoever reads the line below can connect, and waits until the application is up
    except OSError as error:
        listener.close()
        raise Unavailable(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
    named = f"[{host}]" if ":" in host else host
    typer.echo(hello(f"http://{named}:{listener.getsockname()[1]}"), err=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, **options)).run(sockets=[listener])
