"""sourcemark purge: what has been kept long enough goes; the ledger stays whole."""

from __future__ import annotations

from typing import Annotated

import typer

from provenance.errors import BadInput

from ..output import emit, labelled, say, tr
from ..session import application


def add_to(app: typer.Typer) -> None:
    app.command("purge")(command)


def command(json_: Annotated[bool, typer.Option("--json", help="The counts as a JSON object.")] = False) -> None:
    from provenance import retention

    with application() as opened:
        settings = opened.settings
        if not any(getattr(settings, name) for name in retention.SETTINGS):
            raise BadInput("everything is kept for good: set SOURCEMARK_KEEP_COPIES_DAYS or its like to days")
        done = retention.purge(opened.db, settings)
    if json_:
        emit(done)
        return
    for label, count in (
        (tr("scans that found nothing, deleted", "已删除：无匹配的扫描"), done.unmatched_scans),
        (tr("scans that found works, deleted", "已删除：有匹配的扫描"), done.matched_scans),
        (tr("scans without their copies now", "已清除副本的扫描"), done.copies),
        (tr("scans without their names now", "已清除发布者信息的扫描"), done.names),
        (tr("jobs that had ended, deleted", "已删除：已结束的任务"), done.jobs),
        (tr("events that were told, deleted", "已删除：已通知的事件"), done.events),
    ):
        say(labelled(label, str(count)))
