"""sourcemark serve: the HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .. import server
from ..output import tr
from ..session import unlocked

if TYPE_CHECKING:
    pass


def add_to(app: typer.Typer) -> None:
    app.command("serve")(command)


def command(
    host: Annotated[str | None, typer.Option(help="Address to listen on (SOURCEMARK_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (SOURCEMARK_PORT); 0 takes a free one.")] = None,
) -> None:
    from uvicorn.config import LOGGING_CONFIG

    from api.app import create_app
    from provenance import logs
    from provenance.config import load_settings

    settings = unlocked(load_settings())
    logs.configure(settings.log_format)
    server.serve(
        create_app(settings),
        host or settings.host,
        settings.port if port is None else port,
        lambda at: tr(f"Sourcemark listens on {at} (docs: {at}/docs)", f"Sourcemark 正在监听 {at}（文档：{at}/docs）"),
        log_config=None if settings.log_format == "json" else LOGGING_CONFIG,  # None: by ours, as all others
    )
