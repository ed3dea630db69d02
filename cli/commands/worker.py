"""sourcemark worker: carries out jobs, and sends webhooks and mail, beside or in place of `serve`."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from ..output import tr
from ..session import unlocked


def add_to(app: typer.Typer) -> None:
    app.command("worker")(command)


def command(
    threads: Annotated[int, typer.Option(min=1, max=64, help="For jobs, and as many for webhooks and mail.")] = 1,
) -> None:
    from provenance import logs
    from provenance.application import Application
    from provenance.config import load_settings
    from provenance.upkeep import Upkeep

    settings = unlocked(load_settings())
    logs.configure(settings.log_format)
    ended = threading.Event()
    opened = Application(settings)
    upkeep = Upkeep(opened)
    try:
        opened.background.start(threads, opened.start)
        upkeep.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        typer.echo(tr("Sourcemark works off jobs and events", "Sourcemark 正在处理任务与事件"), err=True)
        ended.wait()
    finally:
        upkeep.stop()
        opened.close(settings.stop_seconds)
