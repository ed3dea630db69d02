"""The files that a job reads: in the database, so that any worker may read them, and gone when the job has ended."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import IO

import sqlalchemy as sa

from fingerprints.model import TextFormat
from fingerprints.source import Source

from ..database.clock import clock
from ..database.engine import Database
from ..database.tables import job_inputs, jobs

ARRIVAL_SECONDS = 300.0  # between two pieces, after which whoever wrote them is taken for dead


def keep(db: Database, job: int, files: Sequence[Source]) -> None:
    """Write a job's files piece by piece, so that nobody waits long for the database.

    Raises:
        FingerprintError: a file cannot be read.
    """
    for file, source in enumerate(files):
        for number, piece in enumerate(source.chunks()):
            with db.write() as connection:
                row = {"job": job, "file": file, "number": number, "data": piece}
                connection.execute(job_inputs.insert().values(row))
                connection.execute(jobs.update().where(jobs.c.id == job).values(due=clock() + ARRIVAL_SECONDS))


def read(db: Database, job: int, file: int, declared: TextFormat | None) -> Source:
    """A file of a job."""

    def fetch() -> IO[bytes]:
        out = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads the source closes it
        number = 0
        while (piece := _piece(db, job, file, number)) is not None:
            out.write(piece)
            number += 1
        out.flush()
        return out

    return Source(fetch, declared)


def _piece(db: Database, job: int, file: int, number: int) -> bytes | None:
    wanted = (job_inputs.c.job == job, job_inputs.c.file == file, job_inputs.c.number == number)
    with db.read() as connection:
        return connection.execute(sa.select(job_inputs.c.data).where(*wanted)).scalar()


def waiting_bytes(connection: sa.Connection, account_id: str) -> int:
    """How much of an account's waits."""
    size = sa.func.coalesce(sa.func.sum(sa.func.length(job_inputs.c.data)), 0)
    return int(
        connection.execute(
            sa.select(size).join(jobs, jobs.c.id == job_inputs.c.job).where(jobs.c.account_id == account_id)
        ).scalar_one()
    )


def delete(connection: sa.Connection, job: int) -> None:
    """Delete the files of a job."""
    connection.execute(job_inputs.delete().where(job_inputs.c.job == job))
