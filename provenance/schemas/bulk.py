"""What a bulk scan or registration keeps beside its rows: what was asked, and what became of each chunk."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..schema_fields import Record


class BulkManifest(Record):
    """What the rows of a folder answer: a second run goes on only where it asks the same."""

    command: Literal["scan", "register"]
    list_format: Literal["parquet", "jsonl", "csv"]
    list_digest: str = Field(description="SHA-256, hexadecimal, of a Parquet list's size and footer, else of its ends.")
    chunk_rows: int
    row_format: Literal["jsonl", "parquet"]
    every_row: bool = Field(description="Rows of a scan that found nothing are written too.")
    record: bool = Field(description="The scans are recorded in the database.")
    account_id: str
    fields: dict[str, Any] = Field(description="Fields of a row that does not have them.")


class BulkCounts(Record):
    """What became of rows."""

    rows: int = 0
    written: int = Field(0, description="Rows that have an answer in the folder; the others found nothing.")
    outcomes: dict[str, int] = Field(
        default_factory=dict, description="Of scans by verdict, of registrations by status; `error`: with an error."
    )
    statuses: dict[str, int] = Field(default_factory=dict, description="By status.")
    not_fetched: int = Field(0, description="Errors of storage that may go away by themselves.")
    log_size: int | None = Field(None, description="Least log size up to which registrations were searched.")

    def add(self, other: BulkCounts) -> None:
        self.rows += other.rows
        self.written += other.written
        self.not_fetched += other.not_fetched
        for mine, more in ((self.outcomes, other.outcomes), (self.statuses, other.statuses)):
            for word, number in more.items():
                mine[word] = mine.get(word, 0) + number
        sizes = [size for size in (self.log_size, other.log_size) if size is not None]
        self.log_size = min(sizes, default=None)


class BulkChunk(BulkCounts):
    """A chunk whose rows are all answered."""

    number: int
    first_row: int
    digest: str = Field(description="SHA-256, hexadecimal, of the bytes of its rows; empty for a Parquet list.")


class BulkSummary(BulkCounts):
    """A list whose rows are all answered."""

    command: Literal["scan", "register"]
    list: str
    chunks: int = 0
    chunks_before: int = Field(0, description="Of these, how many an earlier run had answered.")
