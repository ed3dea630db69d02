"""Jobs: leases, attempts, what is saved of them, and what happens when a worker is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from provenance.config import Settings
from provenance.database.clock import clock
from provenance.database.engine import Database
from provenance.database.tables import deliveries, events, job_files, job_results, jobs
from provenance.errors import BadInput, Conflict, NotFound, RateLimited, SourcemarkError, Unavailable
from provenance.jobs import files, records
from provenance.jobs import queue as queues
from provenance.jobs.queue import JobKind, Queue, Run, Stopped, Taken
from provenance.jobs.worker import Worker
from provenance.schema_fields import Record, Request
from tests.provenance.jobs.conftest import listen, rows


class Count(Request):
    to: int


class Counted(Record):
    status: str


def counting(attempt: Run, wanted: Count) -> Mapping[str, Any]:
    for n in range(attempt.saved, wanted.to):
        attempt.save([Counted(status="even" if n % 2 == 0 else "odd")], (n + 1) / wanted.to)
    return {"outcomes": attempt.outcomes("status")}


def a_queue(db: Database, run: Any = counting) -> Queue:
    made = Queue(db)
    made.register(JobKind("count", Count, run))
    return made


def take(queue: Queue) -> Taken:
    taken = queue.take()
    assert taken is not None
    return taken


def expire(db: Database) -> None:
    with db.write() as connection:
        connection.execute(jobs.update().values(due=0.0))


def work(queue: Queue, job_id: str, db: Database, *, threads: int = 1) -> None:
    """Let a worker work until a job has ended."""
    worker = Worker(queue, lambda stop: False, lambda: None, threads)
    worker.start()
    try:
        wait_for(db, job_id, *records.ENDED)
    finally:
        worker.stop(5)


def wait_for(db: Database, job_id: str, *states: str, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while records.get(db, job_id).state not in states:
        assert time.monotonic() < until, records.get(db, job_id)
        time.sleep(0.02)


def test_a_job_is_done_and_its_account_is_told(db: Database) -> None:
    listen(db, "one", "job.finished")
    queue = a_queue(db)
    job = queue.add("one", "count", Count(to=3))
    assert (job.state, job.progress, job.result) == ("queued", 0, None)
    work(queue, job.job_id, db)
    done = records.get(db, job.job_id, "one")
    assert (done.state, done.progress, done.attempts) == ("done", 1, 1)
    assert done.result == {"outcomes": {"even": 2, "odd": 1}}
    assert done.started_at is not None
    assert done.ended_at is not None
    first, after = records.results(db, job.job_id, "one", limit=2)
    rest, end = records.results(db, job.job_id, "one", after=after or 0, limit=2)
    assert ([*first, *rest], end) == ([{"status": s} for s in ("even", "odd", "even")], None)
    (event,) = rows(db, events)
    assert (event.event, event.data["state"]) == ("job.finished", "done")
    assert rows(db, jobs)[0].argument is None  # what was sent is not kept


def test_a_lease_holds_a_job_and_one_that_ran_out_gives_it_to_the_next(db: Database) -> None:
    queue = a_queue(db)
    queue.add("one", "count", Count(to=1))
    first = take(queue)
    assert queue.take() is None
    queue.save(first, 0, [Counted(status="early")], 0.5)
    expire(db)
    second = take(queue)
    assert (second.job_id, second.attempts) == (first.job_id, 2)
    # The first wakes up: nothing of it is written.
    with pytest.raises(Stopped):
        queue.save(first, 1, [Counted(status="late")], 0.9)
    with pytest.raises(Stopped):
        queue.renew(first)
    assert not queue.end(first, "done", result={"by": "first"})
    queue.try_again(first, Unavailable("late", reason="late"))
    queue.stopped(first)
    assert [row.data for row in rows(db, job_results)] == [{"status": "early"}]
    assert queue.end(second, "done", result={"by": "second"})
    assert records.get(db, second.job_id).result == {"by": "second"}


def test_each_job_is_taken_once_by_many(db: Database) -> None:
    queue = a_queue(db)
    for _ in range(20):
        queue.add("one", "count", Count(to=1))
    taken: list[Taken] = []

    def drain() -> None:
        while (mine := queue.take()) is not None:
            taken.append(mine)

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.job_id for each in taken}) == len(taken) == 20


def test_a_failure_that_may_pass_is_tried_again_and_not_for_ever(db: Database) -> None:
    queue = a_queue(db)
    job = queue.add("one", "count", Count(to=1))
    for attempt in range(1, queues.MOST_ATTEMPTS + 1):
        taken = take(queue)
        assert taken.attempts == attempt
        queue.try_again(taken, Unavailable("the disk is full", reason="disk_full"))
        assert queue.take() is None  # not before a pause
        expire(db)
    failed = records.get(db, job.job_id)
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.reason == "disk_full"


def test_a_job_whose_workers_die_is_given_up(db: Database) -> None:
    queue = a_queue(db)
    job = queue.add("one", "count", Count(to=1))
    for _ in range(queues.MOST_ATTEMPTS):
        take(queue)
        expire(db)
    assert queue.take() is None
    failed = records.get(db, job.job_id)
    assert (failed.state, failed.error and failed.error.reason) == ("failed", "job_lost")


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (BadInput("no such thing"), "failed"),
        (Unavailable("down", reason="database_down"), "queued"),
        (KeyError("x"), "queued"),
    ],
)
def test_what_an_attempt_raises(sqlite_db: Database, error: Exception, state: str) -> None:
    def run(attempt: Run, wanted: Count) -> Mapping[str, Any]:
        raise error

    queue = a_queue(sqlite_db, run)
    job = queue.add("one", "count", Count(to=1))
    worker = Worker(queue, lambda stop: False, lambda: None, 1)
    worker.start()
    until = time.monotonic() + 10
    while records.get(sqlite_db, job.job_id).error is None and time.monotonic() < until:
        time.sleep(0.02)
    worker.stop(5)
    found = records.get(sqlite_db, job.job_id)
    assert found.state == state
    assert found.error is not None
    assert found.error.detail == (
        error.detail if isinstance(error, SourcemarkError) else "an unforeseen error, written to the service's log"
    )


def test_cancelling(db: Database) -> None:
    listen(db, "one", "job.finished")
    queue = a_queue(db)
    waiting, running = (queue.add("one", "count", Count(to=3)).job_id for _ in range(2))
    assert records.cancel(db, waiting, "one").state == "cancelled"
    taken = take(queue)
    assert records.cancel(db, running, "one").state == "running"
    with pytest.raises(Stopped):
        queue.save(taken, 0, [Counted(status="done before")], 0.5)
    queue.stopped(taken)
    assert records.get(db, running).state == "cancelled"
    assert records.results(db, running, "one") == ([{"status": "done before"}], None)
    assert len(rows(db, deliveries)) == 2
    with pytest.raises(Conflict, match="has ended already"):
        records.cancel(db, running, "one")


def test_a_worker_that_ends_puts_its_job_back(sqlite_db: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def run(attempt: Run, wanted: Count) -> Mapping[str, Any]:
        begun.set()
        go_on.wait(60)
        return counting(attempt, wanted)

    queue = a_queue(sqlite_db, run)
    job = queue.add("one", "count", Count(to=3))
    worker = Worker(queue, lambda stop: False, lambda: None, 1)
    worker.start()
    assert begun.wait(60)
    stopping = threading.Thread(target=worker.stop, args=(60,))
    stopping.start()
    while not worker._stop.is_set():
        time.sleep(0.01)
    go_on.set()
    stopping.join()
    back = records.get(sqlite_db, job.job_id)
    assert (back.state, back.attempts) == ("queued", 0)
    assert len(rows(sqlite_db, job_results)) == 1
    work(queue, job.job_id, sqlite_db)
    assert records.get(sqlite_db, job.job_id).result == {"outcomes": {"even": 2, "odd": 1}}


def test_a_job_that_does_not_end_in_time_is_given_back(sqlite_db: Database) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def run(attempt: Run, wanted: Count) -> Mapping[str, Any]:
        begun.set()
        go_on.wait(60)
        try:
            return counting(attempt, wanted)
        finally:
            ended.set()

    queue = a_queue(sqlite_db, run)
    job = queue.add("one", "count", Count(to=3))
    worker = Worker(queue, lambda stop: False, lambda: None, 1)
    worker.start()
    assert begun.wait(60)
    worker.stop(0.05)
    taken = a_queue(sqlite_db).take()  # at once: nobody waits for the end of a lease
    assert taken is not None
    assert (taken.job_id, taken.attempts) == (job.job_id, 1)
    go_on.set()
    assert ended.wait(60)
    assert not rows(sqlite_db, job_results)  # whoever was late has written nothing


def test_an_account_does_not_fill_the_queue(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "MOST_WAITING", 2)
    queue = a_queue(sqlite_db)
    first, _ = (queue.add("one", "count", Count(to=1)) for _ in range(2))
    with pytest.raises(RateLimited, match="2 jobs of yours have not ended yet"):
        queue.add("one", "count", Count(to=1))
    queue.add("two", "count", Count(to=1))
    records.cancel(sqlite_db, first.job_id)
    queue.add("one", "count", Count(to=1))


def test_others_jobs_are_not_there(db: Database) -> None:
    job_id = a_queue(db).add("one", "count", Count(to=1)).job_id
    for ask in (records.get, records.results, records.cancel):
        with pytest.raises(NotFound):
            ask(db, job_id, "two")  # type: ignore[operator]
    assert records.page(db, "two") == ([], None)
    assert [job.job_id for job in records.page(db, "one", state="queued")[0]] == [job_id]
    assert records.page(db, "one", state="done") == ([], None)


def test_pages_of_jobs(sqlite_db: Database) -> None:
    queue = a_queue(sqlite_db)
    made = [queue.add("one", "count", Count(to=1)).job_id for _ in range(5)]
    first, after = records.page(sqlite_db, "one", limit=3)
    rest, end = records.page(sqlite_db, "one", after=after or 0, limit=3)
    assert ([job.job_id for job in (*first, *rest)], end) == (made, None)


def test_old_jobs_are_forgotten_and_waiting_ones_are_not(db: Database) -> None:
    queue = a_queue(db)
    for _ in range(2):
        queue.add("one", "count", Count(to=1))
    taken = take(queue)
    queue.save(taken, 0, [Counted(status="x")], 1)
    queue.end(taken, "done", result={})
    assert records.purge(db, "2000-01-01") == 0
    assert records.purge(db, "9999-01-01") == 1
    assert [row.state for row in rows(db, jobs)] == ["queued"]
    assert rows(db, job_results) == []


def test_an_erased_work_leaves_the_results(db: Database) -> None:
    queue = a_queue(db)
    queue.add("one", "count", Count(to=1))
    queue.save(take(queue), 0, [Counted(status="of work_1"), Counted(status="of work_2")], 1)
    with db.write() as connection:
        records.forget(connection, "work_1")
    assert [row.data for row in rows(db, job_results)] == [{"status": "erased"}, {"status": "of work_2"}]


KILLED = """
import sys, time
sys.path.insert(0, {root!r})
from provenance.database.engine import Database
from provenance.jobs.worker import Worker
from tests.provenance.jobs.test_queue import a_queue, counting

def slow(attempt, wanted):
    save = attempt.save
    def slowly(results, progress):
        save(results, progress)
        print(attempt.saved, flush=True)
        if attempt.saved == 3:
            time.sleep(60)
    attempt.save = slowly
    return counting(attempt, wanted)

Worker(a_queue(Database({url!r}, 5), slow), lambda stop: False, lambda: None, 1).start()
time.sleep(60)
"""


def test_a_job_goes_on_after_its_worker_was_killed(db: Database, settings: Settings) -> None:
    queue = a_queue(db)
    job = queue.add("one", "count", Count(to=5))
    code = KILLED.format(root=str(Path(__file__).parents[3]), url=settings.url)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert [int(process.stdout.readline()) for _ in range(3)] == [1, 2, 3]
        os.kill(process.pid, signal.SIGKILL)
    assert records.get(db, job.job_id).state == "running"
    with db.write() as connection:  # as if the lease had run out
        connection.execute(jobs.update().values(due=clock()))
    work(queue, job.job_id, db)
    done = records.get(db, job.job_id)
    assert (done.state, done.attempts, done.result) == ("done", 2, {"outcomes": {"even": 3, "odd": 2}})
    assert len(rows(db, job_results)) == 5


# --- files -----------------------------------------------------------------------------------------------------------
def writing(attempt: Run, wanted: Count) -> Mapping[str, Any]:
    while (after := attempt.written.after) is not None:
        following = None if after + 1 >= wanted.to else after + 1
        attempt.write([f"work_{after}, 墨\u2028\n", f"and {after}\n"], 2, following, after / wanted.to)
    return {"items": attempt.written.items}


def test_a_file_is_written_in_pieces_and_goes_on_where_it_was_left(db: Database) -> None:
    queue = a_queue(db, writing)
    made = queue.add("one", "count", Count(to=3))
    first = take(queue)
    stops = iter([False, True])
    with pytest.raises(Stopped):
        queue.run(first, lambda: next(stops))
    expire(db)
    second = take(queue)
    with pytest.raises(Stopped):  # it wakes up when the job is another's
        queue.write(first, 2, "late", 1, None, 0.5)
    with pytest.raises(NotFound, match="no file any more"):
        list(files.read(db, made.job_id))
    assert queue.run(second, lambda: False) == {"items": 6}
    assert "".join(files.read(db, made.job_id)).split("\n")[::2] == [*(f"work_{n}, 墨\u2028" for n in range(3)), ""]
    with db.write() as connection:
        records.forget(connection, "work_1")
    left = "".join(files.read(db, made.job_id)).split("\n")
    assert left == ["work_0, 墨\u2028", "and 0", "and 1", "work_2, 墨\u2028", "and 2", ""]
    queue.end(second, "done", result={})
    assert records.purge(db, "9999-01-01") == 1
    assert rows(db, job_files) == []


class Answered(Record):
    error: dict[str, Any] | None = None


def test_answers_without_an_error_are_counted_on_every_database(db: Database) -> None:
    queue = a_queue(db)
    queue.add("one", "count", Count(to=3))
    taken = take(queue)
    queue.save(taken, 0, [Answered(), Answered(error={"status": 409}), Answered()], 0.5)
    assert queue.outcomes(taken, "error").pop("None") == 2
