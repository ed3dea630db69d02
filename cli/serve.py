"""sourcemark serve: the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from provenance.config import load_settings
from provenance.errors import Unavailable

from .output import tr
from .session import unlocked


def add_to(app: typer.Typer) -> None:
    app.command("serve", help="Serve the HTTP API. 启动 HTTP 服务。")(command)


def command(
    host: Annotated[str | None, typer.Option(help="Address to listen on (SOURCEMARK_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (SOURCEMARK_PORT); 0 takes a free one.")] = None,
) -> None:
    import socket

    import uvicorn

    from api.app import create_app

    settings = unlocked(load_settings())
    address = (host or settings.host, settings.port if port is None else port)
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"cannot listen on {address[0]}:{address[1]}: {error.strerror}; choose another --port"
        ) from error
    at = f"http://{address[0]}:{listener.getsockname()[1]}"
    typer.echo(
        tr(f"Sourcemark listens on {at} (docs: {at}/docs)", f"Sourcemark 正在监听 {at}（文档：{at}/docs）"), err=True
    )
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning", access_log=False))
    server.run(sockets=[listener])
