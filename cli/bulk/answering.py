"""Answering the rows of a chunk: what each process does, of this machine or of Spark, by an application of its own."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from provenance.errors import Misconfigured
from provenance.names import json_line
from provenance.schemas import RegistrationItem, RegistrationResult, ScanItem, ScanResult
from provenance.schemas.bulk import BulkChunk

from .. import batch
from .listing import Chunk, Listing, Row
from .output import Folder
from .storage import require, source_in

if TYPE_CHECKING:
    from provenance.application import Application
    from provenance.config import Settings

Result: TypeAlias = ScanResult | RegistrationResult
_COLUMNS = ("external_id", "path", "status", "verdict", "scan_id", "work_id")  # of rows in Parquet, beside others
_GROUP = 512  # rows that are written to Parquet together


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of every process.

    Attributes:
        fields: of a row that does not have them.
        every_row: also rows of a scan that found nothing are written.
        record: scans are recorded in the database.
        origin: name of the log; whoever opens another one has other settings.
        account_id: whom the process acts for.
        sign_key: a private Ed25519 key, 32 bytes; None: the one that is kept for the account.
        settings: None: those of the machine that answers.
    """

    command: Literal["scan", "register"]
    listing: Listing
    folder: Folder
    row_format: Literal["jsonl", "parquet"]
    fields: Mapping[str, Any]
    every_row: bool
    record: bool
    origin: str
    account_id: str
    sign_key: bytes | None = field(default=None, repr=False)
    settings: Settings | None = field(default=None, repr=False)


class Answerer:
    """Answers chunks with one application; close it."""

    def __init__(self, job: Job) -> None:
        """
        Raises:
            Misconfigured: this machine has other settings than the one that asks.
            Unavailable, LedgerReadOnly: as `Application.start`.
        """
        from provenance.accounts import accounts
        from provenance.application import Application
        from provenance.config import load_settings

        settings = load_settings() if job.settings is None else job.settings
        if job.settings is None and settings.database_url is None:
            raise Misconfigured(
                f"{socket.gethostname()} has no SOURCEMARK_DATABASE_URL: give every machine of the cluster that of the "
                "service's PostgreSQL"
            )
        self._job = job
        self._opened: Application = Application(settings.model_copy(update={"workers": 1}))
        try:
            self._opened.start()
            if self._opened.log.origin != job.origin:
                raise Misconfigured(
                    f"{socket.gethostname()} opens the log {self._opened.log.origin}, not {job.origin}: give every "
                    "machine the same SOURCEMARK_DATABASE_URL"
                )
            self._account = accounts.find(self._opened.db, job.account_id)
        except BaseException:
            self._opened.close()
            raise

    def close(self) -> None:
        self._opened.close()

    def answer(self, chunk: Chunk, examined: Callable[[], None] = lambda: None) -> BulkChunk:
        """Answer a chunk's rows, write them, and say so in the folder.

        Args:
            examined: called when a row was examined.

        Raises:
            BadInput: the list cannot be read any more.
            Unavailable, LedgerReadOnly: nothing is written of this chunk.
        """
        job = self._job
        record = BulkChunk(number=chunk.number, first_row=chunk.first_row, digest=chunk.digest)
        numbers: deque[int] = deque()
        with job.folder.rows(chunk, job.row_format) as path, _writer(path, job.row_format) as writer:
            for result in self._results(_numbered(job.listing.rows(chunk), numbers), examined):
                number = numbers.popleft()
                _count(record, result)
                if job.every_row or _says_something(result):
                    record.written += 1
                    writer.add(number, result)
        job.folder.finish(record)
        return record

    def _results(self, rows: Iterator[dict[str, Any] | Any], examined: Callable[[], None]) -> Iterator[Result]:
        job = self._job
        open_file = partial(source_in, job.listing.address, self._opened.settings.limits.max_bytes)
        if job.command == "scan":
            scans = (batch.item_of(ScanItem, row, job.fields, open_file) for row in rows)
            uploads = (batch.upload_of(*each, open_file) for each in scans)
            return self._opened.scanner.scan(self._account, uploads, dry_run=not job.record, examined=examined)
        from provenance.works.registration import RegistrationRequest

        works = (batch.item_of(RegistrationItem, row, job.fields, open_file) for row in rows)
        requests = (RegistrationRequest(*each) for each in works)
        return self._opened.registrar.register(self._account, requests, _key(job.sign_key), examined)


def _key(raw: bytes | None) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from provenance.tlog.keys import SigningKey

    return None if raw is None else SigningKey.of(Ed25519PrivateKey.from_private_bytes(raw))


def _numbered(rows: Iterator[Row], numbers: deque[int]) -> Iterator[Any]:
    """The rows without their numbers, which are put aside until the answers come."""
    for number, row in rows:
        numbers.append(number)
        yield row


def _count(record: BulkChunk, result: Result) -> None:
    record.rows += 1
    record.statuses[result.status] = record.statuses.get(result.status, 0) + 1
    word = _outcome(result)
    record.outcomes[word] = record.outcomes.get(word, 0) + 1
    reasons = [result.reason, *(part.reason for part in getattr(result, "parts", None) or ())]
    record.not_fetched += "not_fetched" in reasons
    size = getattr(result, "log_size", None)
    if size is not None:
        record.log_size = min(size, record.log_size or size)


def _outcome(result: Result) -> str:
    if result.error is not None:
        return "error"
    return result.verdict if isinstance(result, ScanResult) else result.status


def _says_something(result: Result) -> bool:
    """Whether anybody has to look at a row: all but scans that found nothing."""
    if isinstance(result, RegistrationResult) or result.error is not None or result.matches or result.flags:
        return True
    return result.verdict != "clear" or (result.action is not None and result.action.do != "allow")


class _Writer(Protocol):
    def add(self, row: int, result: Result) -> None:
        """Write one answer."""

    def __enter__(self) -> _Writer: ...
    def __exit__(self, *raised: object) -> None: ...


def _writer(path: Path, form: Literal["jsonl", "parquet"]) -> _Writer:
    return _JsonLines(path) if form == "jsonl" else _Parquet(path)


class _JsonLines:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")

    def __enter__(self) -> _JsonLines:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()

    def add(self, row: int, result: Result) -> None:
        self._file.write(json_line({"row": row, **result.model_dump(mode="json")}) + "\n")


class _Parquet:
    """What is asked for most has a column of its own; `answer` is the whole line of JSON."""

    def __init__(self, path: Path) -> None:
        require("pyarrow", "writing rows in Parquet")
        import pyarrow as pa
        import pyarrow.parquet as pq

        texts = [(name, pa.string()) for name in (*_COLUMNS, "error", "answer")]
        self._schema = pa.schema([("row", pa.int64()), *texts, ("matches", pa.int32())])
        self._writer = pq.ParquetWriter(path, self._schema)
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> _Parquet:
        return self

    def __exit__(self, *raised: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, row: int, result: Result) -> None:
        dumped = result.model_dump(mode="json")
        self._rows.append(
            {
                "row": row,
                **{name: dumped.get(name) for name in _COLUMNS},
                "error": None if result.error is None else result.error.detail,
                "answer": json_line({"row": row, **dumped}),
                "matches": len(result.matches) if isinstance(result, ScanResult) else None,
            }
        )
        if len(self._rows) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []
