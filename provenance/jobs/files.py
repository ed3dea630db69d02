"""The files that jobs write, as their accounts fetch them: in the database, so that any worker may write them."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import job_files, jobs
from ..errors import NotFound


def read(db: Database, job_id: str) -> Iterator[str]:
    """The file of a job that is done, piece by piece, each read when the one before has been taken.

    Raises:
        NotFound: it is deleted, also if that happens while it is read: what was given out is not all of it.
    """
    number, more = 0, True
    while more:
        with db.read() as connection:
            piece = connection.execute(
                sa.select(job_files.c.data, job_files.c.after)
                .join(jobs, jobs.c.id == job_files.c.job)
                .where(jobs.c.job_id == job_id, job_files.c.number == number)
            ).first()
        if piece is None:
            raise NotFound(f"{job_id} has no file any more: export again")
        yield piece.data
        number, more = number + 1, piece.after is not None


def forget(connection: sa.Connection, work_id: str) -> None:
    """Take the lines that speak of an erased work out of all files."""
    about = job_files.c.data.contains(work_id, autoescape=True)
    found = connection.execute(sa.select(job_files).where(about)).all()
    for piece in found:
        # No value has a line feed of its own: neither `spreadsheet.row` nor JSON writes any.
        kept = [line for line in piece.data.split("\n") if work_id not in line]
        connection.execute(
            job_files.update()
            .where(job_files.c.job == piece.job, job_files.c.number == piece.number)
            .values(data="\n".join(kept))
        )
