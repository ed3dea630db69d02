"""sourcemark job: what takes longer than a request."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..bars import bar
from ..options import Json
from ..output import clauses, emit, emit_all, labelled, listed, minute, percent, say, table, tr
from ..review_words import Platform
from ..session import acting_account, application

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


@app.command("export", help="Export a list in a job: decisions, sightings or statements-of-reasons.")
def export(
    what: Annotated[str, typer.Argument(metavar="WHAT")],
    format_: Annotated[str, typer.Option("--format", help="jsonl, csv, or of statements dsa.")] = "jsonl",
    since: Annotated[str | None, typer.Option(help="Of this date or later.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this date; not of sightings.")] = None,
    account: Platform = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.scans import exports

    with application() as opened:
        whose = acting_account(opened.db, account).id
        given = {"what": what, "format": format_, "since": since, "until": until, "account_id": whose}
        job = opened.jobs.add(whose, exports.KIND, parse(exports.ExportJob, given))
    if json_:
        emit(job)
        return
    _say(job)
    say("  " + labelled(tr("when it is done", "完成后"), f"sourcemark job file {job.job_id} --out FILE"))


@app.command("file", help="The file that an export wrote, to stdout or into a new file.")
def file_(
    job_id: _Job,
    out: Annotated[Path | None, typer.Option(help="A new file, mode 0600; default: stdout.")] = None,
) -> None:
    from provenance.errors import Conflict
    from provenance.jobs import files, records

    with application() as opened:
        job = records.get(opened.db, job_id)
        if job.state != "done":
            raise Conflict(f"{job_id} is {job.state}: its file is there when it is done")
        pieces = files.read(opened.db, job_id)
        if out is None:
            sys.stdout.writelines(pieces)
            return
        _write(out, pieces)
    say(labelled(tr("written", "已写入"), str(out)))


def _write(out: Path, pieces: Iterator[str]) -> None:
    """A new file, or none where not all of it can be written."""
    from fingerprints.durable import private
    from provenance.errors import BadInput, from_os_error

    try:
        with open(out, "x", encoding="utf-8", newline="", opener=private) as handle:
            try:
                handle.writelines(pieces)
            except BaseException:
                out.unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise BadInput(f"{out} is there already: name a new file") from None
    except OSError as error:
        raise from_os_error(error, out) from error


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
