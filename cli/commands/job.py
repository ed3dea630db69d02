"""sourcemark job: what takes longer than a request."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import Json
from ..output import bar, clauses, emit, emit_all, labelled, listed, minute, percent, say, table, tr
from ..session import application

if TYPE_CHECKING:
    from provenance.schemas.jobs import JobRecord

app = typer.Typer(no_args_is_help=True)
_Job = Annotated[str, typer.Argument(metavar="JOB_ID")]
_LOOK_SECONDS = 0.5  # between two looks at a job that is waited for

_STATES = {
    "queued": ("queued", "排队中"),
    "running": ("running", "进行中"),
    "done": ("done", "已完成"),
    "failed": ("failed", "失败"),
    "cancelled": ("cancelled", "已取消"),
}


@app.command("list", help="The jobs of the installation, oldest first.")
def list_(
    state: Annotated[str | None, typer.Option(help="Only queued, running, done, failed or cancelled ones.")] = None,
    json_: Json = False,
) -> None:
    from provenance.database.paging import everything
    from provenance.errors import BadInput
    from provenance.jobs import records

    if state is not None and state not in _STATES:
        raise BadInput(f"--state: there is no {state}; there are {', '.join(_STATES)}")
    with application() as opened:
        found = list(everything(partial(records.page, opened.db, None, state=state)))
    if json_:
        emit_all(found)
    else:
        table(
            ["id", tr("kind", "类型"), tr("state", "状态"), tr("done", "进度"), tr("made (UTC)", "创建时间（UTC）")],
            ([j.job_id, j.kind, _state(j), percent(j.progress), minute(j.created_at)] for j in found),
        )


@app.command("show", help="One job, and what became of its items.")
def show(
    job_id: _Job,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    results: Annotated[bool, typer.Option("--results", help="JSON lines: what became of each item.")] = False,
    json_: Json = False,
) -> int:
    from provenance.database.paging import everything
    from provenance.jobs import records

    with application() as opened:
        job = records.get(opened.db, job_id)
        if wait:
            with bar(tr("job", "任务") + f" {job_id}") as set_share:
                while job.state not in records.ENDED:
                    set_share(job.progress)
                    time.sleep(_LOOK_SECONDS)
                    job = records.get(opened.db, job_id)
        if results:
            emit_all(everything(partial(records.results, opened.db, job_id, None)))
        elif json_:
            emit(job)
        else:
            _say(job)
    return 1 if job.state == "failed" else 0


@app.command("cancel", help="End a job; what it has done stays done.")
def cancel(job_id: _Job, json_: Json = False) -> None:
    from provenance.jobs import records

    with application() as opened:
        job = records.cancel(opened.db, job_id)
    if json_:
        emit(job)
    else:
        _say(job)


def _state(job: JobRecord) -> str:
    return tr(*_STATES[job.state])


def _say(job: JobRecord) -> None:
    say(labelled(job.job_id, clauses([job.kind, _state(job), percent(job.progress)])))
    outcomes = (job.result or {}).get("outcomes", {})
    if outcomes:
        say("  " + listed(f"{name} {count}" for name, count in outcomes.items()))
    if job.error is not None:
        say("  " + labelled(tr("last error", "最近的错误"), job.error.detail))
