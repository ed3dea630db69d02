"""Jobs: work that takes longer than a request, kept in the database and taken by workers under leases.

A worker holds a job as long as it renews the lease. A lease that has run out belonged to a process that died: the next
worker takes the job and goes on after the results that were saved. What a job writes is guarded by its holder, so a
worker that wakes up after its lease has passed to another can write nothing.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from fingerprints.errors import FingerprintError
from fingerprints.model import TextFormat
from fingerprints.source import Source

from ..database import leases
from ..database.clock import clock
from ..database.engine import Database
from ..database.tables import job_files, job_results, jobs, now
from ..errors import RateLimited, SourcemarkError, Unavailable, from_fingerprint_error
from ..ids import new_id
from ..schema_fields import Record
from ..schemas.events import JobFinished
from ..schemas.jobs import JobRecord, JobState
from . import inputs, outbox
from .records import COLUMNS, as_record

LEASE_SECONDS = 15.0
RENEWAL_SECONDS = 3.0
MOST_ATTEMPTS = 5
MOST_WAITING = 200  # jobs of one account that have not ended
_RETRY_SECONDS = 60.0  # after which it is worth another try to add one
_FIRST_PAUSE, _PAUSE_GROWTH = 10.0, 4.0  # seconds before the second attempt, and how much longer before each further

A = TypeVar("A", bound=Record)


class Stopped(Exception):
    """A job must end here: it was cancelled, its lease went to another, or its worker ends. Not an error."""


@dataclass(frozen=True, slots=True)
class JobKind(Generic[A]):
    """What a job of a kind does.

    Attributes:
        argument: the model of what it is given.
        run: does it and returns its result. It may raise `SourcemarkError`: with a status of 500 or more the job is
            tried again, with another it has failed. It is carried out again from its beginning after a crash, so it
            saves what is done (`Run.save`, `Run.write`) and begins after `Run.saved` or `Run.written`.
    """

    name: str
    argument: type[A]
    run: Callable[[Run, A], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Written:
    """How far the file of a job is.

    Attributes:
        pieces: how many there are.
        items: of the list, that are in them.
        after: cursor of the list that is being written; None once all of it is.
    """

    pieces: int = 0
    items: int = 0
    after: int | None = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that a worker holds."""

    number: int
    job_id: str
    account_id: str
    kind: str
    argument: bytes | None  # None: its files did not all come
    attempts: int
    holder: str


class Run:
    """One attempt at a job, as its kind sees it.

    Attributes:
        saved: how many items have results from earlier attempts.
        written: how far earlier attempts have come with the file.
    """

    def __init__(self, queue: Queue, taken: Taken, saved: int, written: Written, stopping: Callable[[], bool]) -> None:
        self.job_id, self.account_id, self.saved, self.written = taken.job_id, taken.account_id, saved, written
        self._queue, self._taken, self._stopping = queue, taken, stopping

    def save(self, results: Sequence[Record], progress: float) -> None:
        """Keep the results of the next items, for good.

        Raises:
            Stopped: the job must end here.
        """
        self._queue.save(self._taken, self.saved, results, progress)
        self.saved += len(results)
        if self._stopping():
            raise Stopped

    def write(self, lines: Sequence[str], items: int, after: int | None, progress: float) -> None:
        """Add a piece of whole lines to the job's file, for good; raises as `save`.

        Args:
            items: of the list, that are in it.
            after: where the next one begins, see `Written`.
        """
        self._queue.write(self._taken, self.written.pieces, "".join(lines), items, after, progress)
        self.written = Written(self.written.pieces + 1, self.written.items + items, after)
        if self._stopping():
            raise Stopped

    def report(self, progress: float) -> None:
        """Say how far it is, a share from 0 to 1; raises as `save`."""
        self.save((), progress)

    def input(self, number: int, declared: TextFormat | None = None) -> Source:
        """A file that the job was given, from 0 on."""
        return inputs.read(self._queue.db, self._taken.number, number, declared)

    def outcomes(self, field: str) -> dict[str, int]:
        """How often a field of the saved results has each of its values."""
        return self._queue.outcomes(self._taken, field)


class Queue:
    """The jobs of an installation. Thread-safe."""

    def __init__(self, db: Database, max_waiting_bytes: int = 1 << 32, *, lease_seconds: float = LEASE_SECONDS) -> None:
        """
        Args:
            max_waiting_bytes: of the files in jobs of one account.
        """
        self.db = db
        self._max_waiting_bytes = max_waiting_bytes
        self._lease_seconds = lease_seconds
        self._kinds: dict[str, JobKind[Any]] = {}

    def register(self, kind: JobKind[Any]) -> None:
        """Make a kind of job known; every process that may take one needs all of them."""
        self._kinds[kind.name] = kind

    def add(self, account_id: str, kind: str, argument: Record, files: Sequence[Source] = ()) -> JobRecord:
        """Put a job into the queue.

        Args:
            files: that it reads (`Run.input`); they are kept until it has ended.

        Raises:
            RateLimited: too many of the account's jobs wait, or too much in them.
            BadContent, TooLarge: a file cannot be read.
        """
        assert isinstance(argument, self._kinds[kind].argument)
        packed = argument.model_dump_json().encode("utf-8", "surrogatepass")
        row = {
            "job_id": new_id("job"),
            "account_id": account_id,
            "kind": kind,
            "argument": None if files else packed,
            "state": "queued",
            "progress": 0.0,
            "attempts": 0,
            "due": clock() + inputs.ARRIVAL_SECONDS if files else 0.0,
            "cancel": False,
            "created_at": now(),
        }
        with self.db.write() as connection:
            self._check_waiting(connection, account_id, files)
            connection.execute(jobs.insert().values(row))
            made = connection.execute(sa.select(*COLUMNS).where(jobs.c.job_id == row["job_id"])).one()
        if files:
            self._bring(made.id, files, packed)
        return as_record(made)

    def _bring(self, number: int, files: Sequence[Source], argument: bytes) -> None:
        """Keep the files of a job that was made without its argument, and let workers take it."""
        try:
            inputs.keep(self.db, number, files)
        except FingerprintError as error:
            raise from_fingerprint_error(error) from error
        waits = (jobs.c.id == number, jobs.c.state == "queued")
        with self.db.write() as connection:
            if connection.execute(jobs.update().where(*waits).values(argument=argument, due=0.0)).rowcount == 1:
                return
            inputs.delete(connection, number)  # it was cancelled, or taken for lost
        raise _files_lost()

    def _check_waiting(self, connection: sa.Connection, account_id: str, files: Sequence[Source]) -> None:
        waiting = connection.execute(
            sa.select(sa.func.count())
            .select_from(jobs)
            .where(jobs.c.account_id == account_id, jobs.c.state.in_(("queued", "running")))
        ).scalar_one()
        if waiting >= MOST_WAITING:
            raise RateLimited(
                f"{waiting} jobs of yours have not ended yet: wait for some, or cancel them",
                retry_after=_RETRY_SECONDS,
            )
        size = sum(source.size for source in files)
        if size and size + inputs.waiting_bytes(connection, account_id) > self._max_waiting_bytes:
            raise RateLimited(
                "the files in jobs of yours that have not ended are together larger than what may wait "
                "(SOURCEMARK_MAX_WAITING_MIB): wait for some, or cancel them",
                retry_after=_RETRY_SECONDS,
            )

    # --- for workers -------------------------------------------------------------------------------------------------
    def take(self) -> Taken | None:
        """The job that has waited longest, under a lease; None if there is none."""
        while True:
            row = leases.take(
                self.db,
                jobs,
                _next(),
                self._lease_seconds,
                *(jobs.c.id.label("number"), jobs.c.job_id, jobs.c.account_id, jobs.c.kind, jobs.c.argument),
                *(jobs.c.attempts, jobs.c.holder),
                state="running",
                attempts=jobs.c.attempts + 1,
                started_at=sa.func.coalesce(jobs.c.started_at, now()),
            )
            if row is None:
                return None
            taken = Taken(**row._asdict())
            if taken.argument is not None and taken.attempts <= MOST_ATTEMPTS:
                return taken
            self.end(taken, "failed", error=_files_lost() if taken.argument is None else _gave_up())

    def run(self, taken: Taken, stopping: Callable[[], bool]) -> Mapping[str, Any]:
        """Carry out an attempt and return the job's result; raises what its kind raises.

        Args:
            stopping: whether this process ends, so that the job is to be put back.
        """
        kind = self._kinds.get(taken.kind)
        if kind is None:
            raise Unavailable(
                f"this version does not know jobs of the kind {taken.kind!r}: update its workers", reason="job_kind"
            )
        assert taken.argument is not None  # `take` gives none without
        argument = kind.argument.model_validate_json(taken.argument)
        with self.db.read() as connection:
            done = connection.execute(
                sa.select(sa.func.count()).select_from(job_results).where(job_results.c.job == taken.number)
            ).scalar_one()
            written = _written(connection, taken)
        return kind.run(Run(self, taken, done, written, stopping), argument)

    def save(self, taken: Taken, first: int, results: Sequence[Record], progress: float) -> None:
        """Keep results of items, the first of which has the number ``first``; raises `Stopped`."""
        with self.db.write() as connection:
            cancel = self._renewed(connection, taken, progress=min(1.0, max(0.0, progress)))
            if results:
                rows = [
                    {"job": taken.number, "item": n, "data": result.model_dump(mode="json")}
                    for n, result in enumerate(results, first)
                ]
                connection.execute(job_results.insert(), rows)
        if cancel:
            raise Stopped

    def write(self, taken: Taken, number: int, data: str, items: int, after: int | None, progress: float) -> None:
        """Keep a piece of a job's file; raises `Stopped`."""
        piece = {"job": taken.number, "number": number, "data": data, "items": items, "after": after}
        with self.db.write() as connection:
            cancel = self._renewed(connection, taken, progress=min(1.0, max(0.0, progress)))
            connection.execute(job_files.insert().values(piece))
        if cancel:
            raise Stopped

    def renew(self, taken: Taken) -> None:
        """Hold a job for another while; raises `Stopped` if it belongs to another or is to end."""
        with self.db.write() as connection:
            cancel = self._renewed(connection, taken)
        if cancel:
            raise Stopped

    def _renewed(self, connection: sa.Connection, taken: Taken, **values: Any) -> bool:
        """Renew a lease; returns whether the job is to be cancelled."""
        cancel = connection.execute(
            jobs.update()
            .where(*_held(taken))
            .values(due=clock() + self._lease_seconds, **values)
            .returning(jobs.c.cancel)
        ).scalar()
        if cancel is None:
            raise Stopped
        return bool(cancel)

    def outcomes(self, taken: Taken, field: str) -> dict[str, int]:
        """See `Run.outcomes`."""
        value = job_results.c.data[field].as_string()
        with self.db.read() as connection:
            rows = connection.execute(
                sa.select(value, sa.func.count()).where(job_results.c.job == taken.number).group_by(value)
            ).all()
        return {str(name): count for name, count in sorted(rows, key=lambda row: str(row[0]))}

    def end(
        self,
        taken: Taken,
        state: JobState,
        *,
        result: Mapping[str, Any] | None = None,
        error: SourcemarkError | None = None,
    ) -> bool:
        """A job is done, has failed or was cancelled; its account is told. Returns False if it belongs to another."""
        moment = now()
        values: dict[str, Any] = {
            "state": state,
            "holder": None,
            "argument": None,
            "result": None if result is None else json.loads(json.dumps(result)),
            "error": None if error is None else error.problem(),
            "ended_at": moment,
        }
        if state == "done":
            values["progress"] = 1.0
        with self.db.write() as connection:
            if connection.execute(jobs.update().where(*_held(taken)).values(values)).rowcount != 1:
                return False
            inputs.delete(connection, taken.number)
            told = JobFinished(job_id=taken.job_id, kind=taken.kind, state=state, ended_at=moment)
            outbox.emit(connection, "job.finished", taken.account_id, told, subject=taken.job_id)
        return True

    def stopped(self, taken: Taken) -> None:
        """An attempt was stopped: the job is cancelled if that is wanted, else it goes back without having failed."""
        with self.db.write() as connection:
            cancelled = connection.execute(sa.select(jobs.c.cancel).where(*_held(taken))).scalar()
            if cancelled is False:
                back = {"state": "queued", "holder": None, "due": 0.0, "attempts": jobs.c.attempts - 1}
                connection.execute(jobs.update().where(*_held(taken)).values(back))
        if cancelled:
            self.end(taken, "cancelled")

    def try_again(self, taken: Taken, error: SourcemarkError) -> None:
        """An attempt failed in a way that may pass: the next comes later, and after the last the job has failed."""
        if taken.attempts >= MOST_ATTEMPTS:
            self.end(taken, "failed", error=error)
            return
        pause = _FIRST_PAUSE * _PAUSE_GROWTH ** (taken.attempts - 1) * random.uniform(0.8, 1.2)
        later = {"state": "queued", "holder": None, "due": clock() + pause, "error": error.problem()}
        with self.db.write() as connection:
            connection.execute(jobs.update().where(*_held(taken)).values(later))


def _written(connection: sa.Connection, taken: Taken) -> Written:
    mine = job_files.c.job == taken.number
    pieces, items = connection.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(job_files.c["items"]), 0)).where(mine)
    ).one()
    if not pieces:
        return Written()
    last = sa.select(job_files.c.after).where(mine).order_by(job_files.c.number.desc()).limit(1)
    return Written(pieces, items, connection.execute(last).scalar())


def _next() -> sa.Select[tuple[int]]:
    """The number of the job to take next."""
    return (
        sa.select(jobs.c.id)
        .where(jobs.c.state.in_(("queued", "running")), jobs.c.due <= clock())
        .order_by(jobs.c.due, jobs.c.id)
        .limit(1)
    )


def _held(taken: Taken) -> tuple[sa.ColumnElement[bool], ...]:
    return (jobs.c.id == taken.number, jobs.c.state == "running", jobs.c.holder == taken.holder)


def _files_lost() -> Unavailable:
    return Unavailable("the service was ended before it had all of the job's files: send them again", reason="job_lost")


def _gave_up() -> Unavailable:
    return Unavailable(
        f"the job's worker died in each of {MOST_ATTEMPTS} attempts: see the service's log", reason="job_lost"
    )
