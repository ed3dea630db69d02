"""sourcemark serve: the HTTP API."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from .. import server
from ..output import tr
from ..session import unlocked
from ..supervisor import Role, Supervisor

if TYPE_CHECKING:
    import socket

    from provenance.config import Settings


def add_to(app: typer.Typer) -> None:
    app.command("serve")(command)


def command(
    host: Annotated[str | None, typer.Option(help="Address to listen on (SOURCEMARK_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (SOURCEMARK_PORT); 0 takes a free one.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that answer requests (SOURCEMARK_SERVE_WORKERS).")
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the index is (SOURCEMARK_INDEX_URL): memory: or ray://HOST:PORT."),
    ] = None,
) -> None:
    from provenance.config import load_settings

    if index is not None:
        os.environ["SOURCEMARK_INDEX_URL"] = index
    settings = unlocked(load_settings())
    invitation = _first_invitation(settings)
    listener = server.listen(
        host or settings.host,
        settings.port if port is None else port,
        lambda at: (
            tr(f"Sourcemark listens on {at} (docs: {at}/docs)", f"Sourcemark 正在监听 {at}（文档：{at}/docs）")
            + _hello(settings, at, invitation)
        ),
    )
    where = {"host": host or settings.host, "port": listener.getsockname()[1]}  # for links in letters
    settings = settings.model_copy(update=where)
    count = workers or settings.serve_workers
    if count == 1:
        _serve(settings, listener, None, 1)
        return
    role = Supervisor(count, listener, settings.stop_seconds + server.LAST_SECONDS + 1).run()
    if isinstance(role, int):
        raise typer.Exit(role)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(role.folder)  # before anything loads its library
    _serve(settings, listener, role, count)


def _first_invitation(settings: Settings) -> str | None:
    """The secret of the link that makes the administrator, where nobody can sign in yet and the database is up."""
    from provenance.accounts import people
    from provenance.application import Application
    from provenance.errors import SourcemarkError

    try:
        with Application(settings) as application:
            made = people.first_invitation(application.db)
    except SourcemarkError:  # the service comes up without its database, too
        return None
    return None if made is None else made.secret


def _hello(settings: Settings, at: str, invitation: str | None) -> str:
    if invitation is None:
        return ""
    link = f"{(settings.public_url or at).rstrip('/')}/invitation/{invitation}"
    return "\n" + tr(
        f"Nobody can sign in yet. This link makes the administrator, once, within an hour: {link}",
        f"尚无人可以登录。此链接可创建管理员，一小时内可用一次：{link}",
    )


def _serve(settings: Settings, listener: socket.socket, role: Role | None, workers: int) -> None:
    from uvicorn.config import LOGGING_CONFIG

    from api.app import create_app
    from api.worker_memory import ALONE, Worker
    from provenance import logs

    logs.configure(settings.log_format, None if role is None else role.number)
    app = create_app(settings, ALONE if role is None else Worker(role.number, workers, role.folder))
    server.serve(
        app,
        listener,
        seconds=settings.stop_seconds,
        begin_stop=app.state.stopping.begin,
        serves=None if role is None else role.serves,
        log_config=LOGGING_CONFIG if settings.log_format == "text" and role is None else None,  # None: as all others
    )
