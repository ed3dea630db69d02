"""sourcemark index: where the index of works is, and how far."""

from __future__ import annotations

import typer

from ..options import Json
from ..output import emit, labelled, say, table, tr
from ..session import application

app = typer.Typer(no_args_is_help=True)


@app.command("status", help="Every part of the index: how far it is in the log, and where. 1 while one is missing.")
def status(json_: Json = False) -> int:
    with application() as opened:
        size = opened.follower.log_size()
        parts = opened.follower.parts()
        url = opened.settings.index_url
    complete = opened.follower.is_complete(parts)
    if json_:
        emit({"index": url, "log_size": size, "complete": complete, "parts": [part.model_dump() for part in parts]})
        return 0 if complete else 1
    say(labelled(tr("index", "索引"), url))
    say(labelled(tr("log", "账本"), str(size)))
    columns = [
        tr("shard", "分片"),
        tr("replica", "副本"),
        tr("position", "位置"),
        tr("works", "作品"),
        tr("machine", "机器"),
        tr("process", "进程"),
        tr("trouble", "问题"),
    ]
    cells = ((p.shard, p.replica, p.position, p.works, p.machine, p.process, p.trouble) for p in parts)
    table(columns, (["" if cell is None else str(cell) for cell in row] for row in cells))
    return 0 if complete else 1


@app.command("stop", help="End this installation's shards on its Ray cluster; services that run start them anew.")
def stop(json_: Json = False) -> None:
    with application() as opened:
        ended = opened.follower.stop()
    if json_:
        emit({"stopped": ended})
    else:
        say(tr(f"{ended} shards stopped", f"已停止 {ended} 个分片"))
