"""Chunks answered by the executors of a Spark cluster, each of which opens the service's database itself.

The rows of the list do not pass through Spark, only where each chunk stands: an executor reads its rows, fetches its
files and writes its answers.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from provenance.errors import Misconfigured, SourcemarkError, Unavailable
from provenance.schemas.bulk import BulkChunk

from .answering import Answerer, Job
from .listing import Chunk
from .storage import from_anywhere, require

_TASKS_A_CORE = 32  # so that no core waits long for the last ones
_TRIES, _PAUSE = 3, 5.0  # of a chunk that the database could not be asked for, and seconds between them
_POLL_SECONDS = 1.0  # between two looks at how many chunks are done
_ASKED = "number long, first_row long, rows long, start long, stop long, digest string"  # a `Chunk`
_ANSWERED = "record string, error string"


def is_local(master: str) -> bool:
    """Whether a master runs its executors on this machine."""
    return re.fullmatch(r"local(\[.*\])?", master) is not None


def answer(
    job: Job, chunks: Iterator[Chunk], master: str, log: Path, step: Callable[[int], None]
) -> Iterator[BulkChunk]:
    """Answer chunks on a Spark cluster; the answers come when all are there.

    Args:
        log: a file that takes what Spark writes.
        step: called with the number of rows of each chunk that is done.

    Raises:
        SourcemarkError: what an executor could not do, or Spark; what was answered is kept.
    """
    require("pyspark", "--spark")
    require("pyarrow", "--spark")
    require("pandas", "--spark")
    asked = [dataclasses.astuple(chunk) for chunk in chunks]
    if not asked:
        return
    with _session(master, log) as session:
        cores = session.sparkContext.defaultParallelism
        frame = session.createDataFrame(asked, _ASKED).repartition(min(len(asked), cores * _TASKS_A_CORE))
        answers = frame.mapInArrow(_Task(job), _ANSWERED)
        with _watched(job, {chunk[0]: chunk[2] for chunk in asked}, step):
            collected = answers.collect()
    wrong = next((row.error for row in collected if row.error is not None), None)
    yield from (BulkChunk.model_validate_json(row.record) for row in collected if row.record is not None)
    if wrong is not None:
        raise Unavailable(wrong, reason="storage")


class _Task:
    """What an executor does with a part of the chunks."""

    def __init__(self, job: Job) -> None:
        # An executor of a cluster works in a folder of its own.
        listing = dataclasses.replace(cast(Any, job.listing), address=from_anywhere(job.listing.address))
        folder = dataclasses.replace(job.folder, address=from_anywhere(job.folder.address))
        self._job = dataclasses.replace(job, listing=listing, folder=folder)

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        for asked in batches:
            for chunk in (Chunk(**fields) for fields in asked.to_pylist()):
                try:
                    record, error = self._answered(chunk).model_dump_json(), None
                except SourcemarkError as problem:
                    record, error = None, problem.detail
                yield pa.RecordBatch.from_pydict(
                    {"record": pa.array([record], pa.string()), "error": pa.array([error], pa.string())}
                )
                if error is not None:
                    return  # what this one could not do, the next cannot

    def _answered(self, chunk: Chunk) -> BulkChunk:
        for _ in range(_TRIES - 1):
            try:
                return _answerer(self._job).answer(chunk)
            except Unavailable:
                time.sleep(_PAUSE)
        return _answerer(self._job).answer(chunk)


_answerers: dict[str, Answerer] = {}  # one in each executor process, which carries out many tasks


def _answerer(job: Job) -> Answerer:
    if job.origin not in _answerers:
        logging.getLogger("py4j").setLevel(logging.ERROR)
        _answerers[job.origin] = Answerer(job)
    return _answerers[job.origin]


@contextmanager
def _watched(job: Job, waiting: dict[int, int], step: Callable[[int], None]) -> Iterator[None]:
    """Tell of chunks while the block waits for all of them."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_POLL_SECONDS):
            for number in job.folder.numbers_done() & waiting.keys():
                step(waiting.pop(number))

    thread = threading.Thread(target=watch, daemon=True)
    if sys.stderr.isatty():
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if thread.is_alive():
            thread.join()


@contextmanager
def _session(master: str, log: Path) -> Iterator[Any]:
    """A session on a master; what Spark has to say, in this process and its Java machine, goes to a file.

    Raises:
        Misconfigured: it does not start.
        Unavailable: the block failed in Spark.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    with tempfile.TemporaryDirectory() as place, _stderr_in(log) as told:
        builder = SparkSession.builder.master(master).appName("sourcemark")
        for name, value in _options(master, place).items():
            builder = builder.config(name, value)
        try:
            session = builder.getOrCreate()
        except Exception as error:  # the gateway, the network, Java: each has its own
            raise Misconfigured(
                f"Spark does not start on {master} ({_first_line(error)}): it needs Java 17 or later, and that the "
                f"master can be reached; see {log}"
            ) from error
        told()
        try:
            yield session
        except (PySparkException, Py4JError) as error:
            raise Unavailable(
                f"Spark ended the job ({_first_line(error)}), see {log}; run the same command again: it goes on with "
                "the chunks that are not done",
                reason="storage",
            ) from error
        finally:
            with contextlib.suppress(Py4JError, OSError):
                session.stop()


def _options(master: str, place: str) -> dict[str, str]:
    common = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "1",  # an answer is a chunk: none waits for another
        "spark.sql.warehouse.dir": place,
    }
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # Spark's own choice, python3, is none that has Sourcemark
    if not is_local(master):
        return common
    return {
        **common,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": place,
    }


@contextmanager
def _stderr_in(log: Path) -> Iterator[Callable[[], None]]:
    """What is started in the block writes its errors to a file; calling the block's value gives ours back."""
    sys.stderr.flush()
    kept = os.dup(2)
    given_back: list[bool] = []

    def give_back() -> None:
        if not given_back:
            given_back.append(True)
            os.dup2(kept, 2)

    try:
        with log.open("ab") as file:
            os.dup2(file.fileno(), 2)
        yield give_back
    finally:
        give_back()
        os.close(kept)


def _first_line(error: Exception) -> str:
    """What went wrong, of a page of stacks of Python and of Java; of an error in Python its last line names it."""
    lines = [line for line in str(error).splitlines() if line and line[0] not in " \t"]
    if any(line.startswith("Traceback") for line in lines):
        before = lines[: next((n for n, line in enumerate(lines) if line.startswith("JVM stack")), len(lines))]
        return before[-1][:300]
    return (lines or [type(error).__name__])[0][:300]
