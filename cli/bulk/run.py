"""A bulk run from end to end: what is asked, the chunks that are not done, and what became of all."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from provenance.errors import BadInput
from provenance.json_input import parse
from provenance.schemas import RegistrationItem, ScanItem
from provenance.schemas.bulk import BulkChunk, BulkManifest, BulkSummary

from .. import batch, batch_run
from ..bars import progress
from ..output import Interrupted, emit, say, tr
from ..session import acting_account, application, given_key
from . import processes, spark
from .answering import Job
from .listing import Chunk, Listing, open_listing
from .options import CHUNK_ROWS, BulkOptions
from .output import Folder
from .storage import local_path, require

Command = Literal["scan", "register"]


@dataclass(frozen=True)
class Asked:
    """What the options of the command say.

    Attributes:
        fields: of a row that does not have them.
        every_row, record: as `Job` has them.
        account: by id or name; None: the local one.
        sign_key: the file of a key.
        others: options that say nothing here, by their names.
    """

    command: Command
    options: BulkOptions
    fields: Mapping[str, Any]
    every_row: bool = False
    record: bool = False
    account: str | None = None
    sign_key: Path | None = None
    others: Mapping[str, Any] = field(default_factory=dict)


def run(asked: Asked, outcome_word: Callable[[str], str], *, json_: bool) -> int:
    """Answer all rows of a list; the exit status is 0, for what is wrong with rows is in their answers.

    Args:
        outcome_word: what became of a row, for a person.

    Raises:
        BadInput: the list, the folder or an option is wrong.
        Interrupted: with what was done until then.
        SourcemarkError: it could not go on; the same command goes on from there.
    """
    address, output = asked.options.places(asked.others)
    model = ScanItem if asked.command == "scan" else RegistrationItem
    parse(model, dict(asked.fields))
    if asked.options.row_format == "parquet":
        require("pyarrow", "--format parquet")
    listing = open_listing(address, model.model_fields)
    folder = Folder(output)
    with folder.alone():
        job = _job(asked, listing, folder)
        folder.begin(_manifest(asked, job))
        summary = BulkSummary(command=asked.command, list=address)
        try:
            _answer_all(asked, job, summary)
        except KeyboardInterrupt:
            raise Interrupted(_interrupted(summary)) from None
        folder.write("summary.json", summary)
    if json_:
        emit(summary)
    else:
        _show(summary, output, outcome_word)
    return 0


def _job(asked: Asked, listing: Listing, folder: Folder) -> Job:
    """What every process is asked; opens the database once, so that what is wrong with it is said at once."""
    master = asked.options.spark
    here = master is None or spark.is_local(master)
    key = given_key(asked.sign_key)
    with application() as opened:
        if not here and opened.db.is_sqlite:
            raise BadInput(
                f"--spark {master}: the executors of other machines cannot open the SQLite file {opened.db.place}: set "
                "SOURCEMARK_DATABASE_URL to a PostgreSQL database, or use --spark 'local[N]'"
            )
        if not here and key is not None:
            raise BadInput("--sign-key: a key is not sent to other machines: leave it out, or use --spark 'local[N]'")
        return Job(
            command=asked.command,
            listing=listing,
            folder=folder,
            row_format=asked.options.row_format,
            fields=asked.fields,
            every_row=asked.every_row,
            record=asked.record,
            origin=opened.log.origin,
            account_id=acting_account(opened.db, asked.account).id,
            sign_key=None if key is None else key.private.private_bytes_raw(),
            settings=opened.settings if here else None,
        )


def _manifest(asked: Asked, job: Job) -> BulkManifest:
    return BulkManifest(
        command=job.command,
        list_format=job.listing.format,
        list_digest=job.listing.digest,
        chunk_rows=asked.options.chunk_rows or CHUNK_ROWS,
        row_format=job.row_format,
        every_row=job.every_row,
        record=job.record,
        account_id=job.account_id,
        fields=dict(job.fields),
    )


def _answer_all(asked: Asked, job: Job, summary: BulkSummary) -> None:
    """Answer the chunks that are not done, and count those that are."""
    done = {record.number: record for record in job.folder.done()}
    if asked.options.retry:
        done = {number: record for number, record in done.items() if not record.not_fetched}
    chunks = _left(job.listing.chunks(asked.options.chunk_rows or CHUNK_ROWS), done, job, summary)
    label = tr("scanning", "扫描中") if job.command == "scan" else tr("registering", "登记中")
    total = _total(job.listing)
    left = None if total is None else total - sum(record.rows for record in done.values())
    with progress(label, left) as step:
        for record in _answered(asked, job, chunks, step):
            summary.add(record)
            summary.chunks += 1


def _answered(asked: Asked, job: Job, chunks: Iterator[Chunk], step: Callable[[], None]) -> Iterator[BulkChunk]:
    master = asked.options.spark
    if master is None:
        assert job.settings is not None
        count = asked.options.processes or job.settings.workers
        yield from processes.answer(job, chunks, count, step)
        return

    def steps(rows: int) -> None:
        for _ in range(rows):
            step()

    beside = Path(tempfile.gettempdir()) if job.folder.local is None else job.folder.local
    yield from spark.answer(job, chunks, master, beside / "spark.log", steps)


def _left(chunks: Iterator[Chunk], done: Mapping[int, BulkChunk], job: Job, summary: BulkSummary) -> Iterator[Chunk]:
    """The chunks that are not done.

    Raises:
        BadInput: the rows of one that is done are others now.
    """
    for chunk in chunks:
        record = done.get(chunk.number)
        if record is None:
            yield chunk
        elif (record.digest, record.rows) == (chunk.digest, chunk.rows):
            summary.add(record)
            summary.chunks += 1
            summary.chunks_before += 1
        else:
            raise BadInput(
                f"{job.listing.address} was changed since a part of it was answered (from row {chunk.first_row} on): "
                "name another --output"
            )


def _total(listing: Listing) -> int | None:
    """Rows, where that is known or soon counted; only a person who watches asks."""
    if listing.total is not None or not sys.stderr.isatty() or listing.format != "jsonl":
        return listing.total
    path = local_path(listing.address)
    return None if path is None else batch.count_lines(str(path))


def _show(summary: BulkSummary, output: str, outcome_word: Callable[[str], str]) -> None:
    counted = Counter({outcome_word(word): number for word, number in summary.outcomes.items()})
    say(batch_run.summary(counted))
    said = [
        tr(f"{summary.written} rows in {output}/rows", f"{summary.written} 行结果在 {output}/rows"),
        tr(f"{summary.chunks} chunks", f"共 {summary.chunks} 个分块"),
    ]
    if summary.chunks_before:
        said.append(tr(f"{summary.chunks_before} done before", f"其中 {summary.chunks_before} 个此前已完成"))
    say(tr(", ", "，").join(said))
    if summary.not_fetched:
        n = summary.not_fetched
        say(
            tr(
                f"! {n} files could not be fetched: try them again with --retry",
                f"! {n} 个文件未能取回：可用 --retry 重试",
            )
        )


def _interrupted(summary: BulkSummary) -> str:
    n = summary.chunks
    return tr(
        f"{n} chunks done and kept; run the same command again to go on",
        f"已完成并保存 {n} 个分块；再次运行同一命令即可继续",
    )
