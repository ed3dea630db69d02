"""Jobs as their accounts see them: reading, cancelling, and forgetting those that ended long ago."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ..database import paging
from ..database.engine import Database
from ..database.purging import GROUP, in_groups
from ..database.tables import job_files, job_inputs, job_results, jobs, now
from ..errors import Conflict, NotFound
from ..schemas.events import JobFinished
from ..schemas.jobs import JobRecord
from . import files, inputs, outbox

# All but the argument, which may be large.
COLUMNS = tuple(column for column in jobs.c if column.name != "argument")
ENDED = ("done", "failed", "cancelled")


def as_record(row: sa.Row[Any]) -> JobRecord:
    return JobRecord.model_validate(row._asdict())


def get(db: Database, job_id: str, account_id: str | None = None) -> JobRecord:
    """A job of an account (None: of anybody); raises `NotFound`."""
    with db.read() as connection:
        return as_record(_row(connection, job_id, account_id))


def _row(connection: sa.Connection, job_id: str, account_id: str | None) -> sa.Row[Any]:
    row = connection.execute(sa.select(*COLUMNS).where(jobs.c.job_id == job_id)).first()
    if row is None or account_id not in (None, row.account_id):
        raise NotFound(f"no job of yours has the id {job_id!r}")
    return row


def page(
    db: Database, account_id: str | None, *, state: str | None = None, after: int = 0, limit: int = 100
) -> tuple[list[JobRecord], int | None]:
    """Jobs of an account (None: of everybody), oldest first, and the cursor of the next page or None.

    Args:
        state: only jobs in this state.
    """
    query = sa.select(*COLUMNS)
    if account_id is not None:
        query = query.where(jobs.c.account_id == account_id)
    if state is not None:
        query = query.where(jobs.c.state == state)
    with db.read() as connection:
        rows, more = paging.page(connection, query, jobs.c.id, after, limit)
    return [as_record(row) for row in rows], more


def results(
    db: Database, job_id: str, account_id: str | None, *, after: int = 0, limit: int = 100
) -> tuple[list[dict[str, Any]], int | None]:
    """What became of the items of a batch, in their order, as far as it is done; raises `NotFound`.

    Args:
        after: how many items to leave out.
    """
    with db.read() as connection:
        number = _row(connection, job_id, account_id).id
        rows = connection.execute(
            sa.select(job_results.c.item, job_results.c.data)
            .where(job_results.c.job == number, job_results.c.item >= after)
            .order_by(job_results.c.item)
            .limit(limit + 1)
        ).all()
    return [row.data for row in rows[:limit]], rows[limit].item if len(rows) > limit else None


def cancel(db: Database, job_id: str, account_id: str | None = None) -> JobRecord:
    """End a job: one that waits at once, one that runs at its next step. What it has done stays done.

    Raises:
        NotFound: there is no such job.
        Conflict: it has ended.
    """
    with db.write() as connection:
        row = _row(connection, job_id, account_id)
        moment = now()
        waiting = {"state": "cancelled", "argument": None, "ended_at": moment}
        ended = connection.execute(
            jobs.update().where(jobs.c.id == row.id, jobs.c.state == "queued").values(waiting)
        ).rowcount
        running = connection.execute(
            jobs.update().where(jobs.c.id == row.id, jobs.c.state == "running").values(cancel=True)
        ).rowcount
        if not ended and not running:
            raise Conflict(f"{job_id} has ended already ({row.state}): there is nothing to cancel")
        if ended:
            inputs.delete(connection, row.id)
            told = JobFinished(job_id=job_id, kind=row.kind, state="cancelled", ended_at=moment)
            outbox.emit(connection, "job.finished", row.account_id, told, subject=job_id)
        return as_record(_row(connection, job_id, account_id))


def forget(connection: sa.Connection, work_id: str) -> None:
    """Empty the results of items that speak of an erased work, and take the lines that do out of files."""
    files.forget(connection, work_id)
    about = sa.cast(job_results.c.data, sa.Text).contains(work_id, autoescape=True)
    connection.execute(job_results.update().where(about).values(data={"status": "erased"}))


def purge(db: Database, before: str) -> int:
    """Delete jobs that ended before a moment, with their results and files; returns how many."""
    old = sa.select(jobs.c.id).where(jobs.c.state.in_(ENDED), jobs.c.ended_at < before).limit(GROUP)

    def step(connection: sa.Connection) -> int:
        numbers = connection.execute(old).scalars().all()
        for table in (job_results, job_files, job_inputs):
            connection.execute(table.delete().where(table.c.job.in_(numbers)))
        return connection.execute(jobs.delete().where(jobs.c.id.in_(numbers))).rowcount

    return in_groups(db, step)
