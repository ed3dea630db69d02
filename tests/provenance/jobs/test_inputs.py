"""The files that a job is given."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import IO, Any

import pytest

from fingerprints.source import CHUNK, Source
from provenance.database.engine import Database
from provenance.database.tables import job_inputs, jobs
from provenance.errors import RateLimited
from provenance.jobs import records
from provenance.jobs.queue import JobKind, Queue, Run
from tests.provenance.jobs.conftest import rows
from tests.provenance.jobs.test_queue import Count, a_queue, expire, take


def reading(attempt: Run, wanted: Count) -> Mapping[str, Any]:
    return {"sizes": [len(attempt.input(n).read(1 << 30)) for n in range(wanted.to)]}


def test_a_job_reads_the_files_it_was_given_and_they_are_gone_at_its_end(db: Database) -> None:
    queue = a_queue(db, reading)
    sizes = [0, 3, CHUNK + 1]
    queue.add("one", "count", Count(to=3), [Source.blob(bytes(size)) for size in sizes])
    assert [(row.file, row.number, len(row.data)) for row in rows(db, job_inputs)] == [
        (1, 0, 3), (2, 0, CHUNK), (2, 1, 1)
    ]  # fmt: skip
    taken = take(queue)
    result = queue.run(taken, lambda: False)
    assert result == {"sizes": sizes}
    queue.end(taken, "done", result=result)
    assert rows(db, job_inputs) == []


def test_the_files_of_jobs_that_wait_have_a_limit(db: Database) -> None:
    queue = Queue(db, 1000)
    queue.register(JobKind("count", Count, reading))
    job = queue.add("one", "count", Count(to=1), [Source.blob(bytes(600))])
    with pytest.raises(RateLimited) as refused:
        queue.add("one", "count", Count(to=1), [Source.blob(bytes(401))])
    assert "SOURCEMARK_MAX_WAITING_MIB" in refused.value.detail
    queue.add("one", "count", Count(to=1), [Source.blob(bytes(400))])
    records.cancel(db, job.job_id)
    queue.add("one", "count", Count(to=1), [Source.blob(bytes(600))])


class Killed(BaseException):
    pass


def test_a_job_whose_files_did_not_all_come_fails(db: Database) -> None:
    """Its process was killed between two pieces. Nobody takes it before it is sure that no more come."""

    opened: list[None] = []

    def fetch() -> IO[bytes]:
        opened.append(None)
        if len(opened) > 1:  # the first time only its size is asked
            raise Killed
        return io.BytesIO(b"two")

    queue = a_queue(db, reading)
    with pytest.raises(Killed):
        queue.add("one", "count", Count(to=2), [Source.blob(b"one"), Source(fetch)])
    assert queue.take() is None
    expire(db)
    assert queue.take() is None
    ((state, error),) = [(row.state, row.error) for row in rows(db, jobs)]
    assert (state, error["reason"]) == ("failed", "job_lost")
    assert rows(db, job_inputs) == []
