"""A list of works or uploads: read in a stream, divided into chunks of rows, each readable by itself.

A chunk says where its rows stand in the list, so that whoever answers it reads no other rows, on whatever machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, Protocol, TypeAlias

from provenance.errors import BadInput

from .. import batch
from .storage import open_list

Row: TypeAlias = tuple[int, dict[str, Any] | BadInput]
_ENDS = 1 << 20  # bytes at each end of a list that its digest covers; chunks have digests of their own
MAX_LINE = 64 << 20  # bytes; a longer one is one bad row, whatever it holds


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that are answered together.

    Attributes:
        number: from 0.
        first_row: its number in the list: of JSON lines that of the line, else that of the row, from 1.
        rows: how many there are.
        start, stop: where they stand: bytes; of a Parquet list rows.
        digest: SHA-256 of these bytes, hexadecimal; empty of a Parquet list.
    """

    number: int
    first_row: int
    rows: int
    start: int
    stop: int
    digest: str


class Listing(Protocol):
    """
    Attributes:
        address: where the list is.
        format: of the list.
        digest: changes where the list does, as far as that can be told without reading all of it; hexadecimal.
        total: rows, where that is known before they are read.
    """

    @property
    def address(self) -> str: ...
    @property
    def format(self) -> Literal["parquet", "jsonl", "csv"]: ...
    @property
    def digest(self) -> str: ...
    @property
    def total(self) -> int | None: ...

    def chunks(self, rows: int) -> Iterator[Chunk]:
        """All of the list in chunks of so many rows; reads the list as far as it is asked."""

    def rows(self, chunk: Chunk) -> Iterator[Row]:
        """The rows of a chunk with their numbers; in the place of one that cannot be read what is wrong with it."""


class Lines:
    """The lines of a span of a list; one that is longer than `MAX_LINE` comes without what it holds.

    Attributes:
        at: the byte after the last line given out.
        digest: of the bytes given out.
    """

    def __init__(self, file: BinaryIO, start: int, stop: int | None = None) -> None:
        self._file, self._stop, self.at = file, stop, start
        self.digest = hashlib.sha256()
        file.seek(start)

    def __iter__(self) -> Iterator[bytes]:
        while (line := self.next()) is not None:
            yield line

    def next(self) -> bytes | None:
        """The next line, empty where it is too long; None at the end."""
        line = self._read()
        if not line:
            return None
        if not line.endswith(b"\n") and len(line) >= MAX_LINE:
            while (more := self._read()) and not more.endswith(b"\n"):
                pass
            return b""
        return line

    def _read(self) -> bytes:
        left = MAX_LINE if self._stop is None else min(MAX_LINE, self._stop - self.at)
        line = self._file.readline(left)
        self.at += len(line)
        self.digest.update(line)
        return line


def chunks_of(lines: Lines, read: Iterable[bool], rows: int) -> Iterator[Chunk]:
    """The list in chunks of so many rows, as far as it is asked.

    Args:
        read: takes from the lines what has one number in the list; whether it is a row.
    """
    number, first_row, start, found = 0, 1, lines.at, 0

    def chunk() -> Chunk:
        return Chunk(number, first_row, found, start, lines.at, lines.digest.hexdigest())

    for last_row, is_row in enumerate(read, 1):
        found += is_row
        if found == rows:
            yield chunk()
            number, first_row, start, found = number + 1, last_row + 1, lines.at, 0
            lines.digest = hashlib.sha256()
    if found:
        yield chunk()


@dataclass(frozen=True, slots=True)
class JsonLines:
    """An object a line."""

    address: str
    digest: str
    format: Literal["jsonl"] = "jsonl"
    total: int | None = None

    @classmethod
    def open(cls, address: str) -> JsonLines:
        with open_list(address) as file:
            first = next((line for line in Lines(file, 0) if line.strip()), None)
            if first is not None:
                batch.check_first(address, first)
            return cls(address, digest_of_ends(file))

    def chunks(self, rows: int) -> Iterator[Chunk]:
        with open_list(self.address) as file:
            lines = Lines(file, 0)
            yield from chunks_of(lines, (not line or bool(line.strip()) for line in lines), rows)

    def rows(self, chunk: Chunk) -> Iterator[Row]:
        with open_list(self.address) as file:
            for number, line in enumerate(Lines(file, chunk.start, chunk.stop), chunk.first_row):
                if not line:
                    yield number, BadInput(f"this line is longer than {MAX_LINE} bytes")
                elif line.strip():
                    try:
                        yield number, batch.parse_json(line)
                    except BadInput as error:
                        yield number, error


def digest_of_ends(file: BinaryIO) -> str:
    """Of the size of a list, its first and its last bytes."""
    size = file.seek(0, 2)
    summed = hashlib.sha256(b"%d\n" % size)
    for start in (0, max(0, size - _ENDS)):
        file.seek(start)
        summed.update(file.read(_ENDS))
    return summed.hexdigest()


def check_columns(address: str, columns: list[str], known: Mapping[str, Any]) -> None:
    """
    Args:
        known: the fields of a row.

    Raises:
        BadInput: a column that is none of them, one that stands twice, or none that says what is read.
    """
    from provenance.json_input import unknown_key

    for column in columns:
        if column not in known:
            raise BadInput(f"{address}: the column {unknown_key(column, known)}")
        if columns.count(column) > 1:
            raise BadInput(f"{address}: the column {column} stands twice")
    contents = [name for name in ("path", "text", "html", "parts") if name in known]
    if not set(contents) & set(columns):
        raise BadInput(f"{address}: a column is missing that says what is read: one of {', '.join(contents)}")


def open_listing(address: str, known: Mapping[str, Any]) -> Listing:
    """The list at an address, of the format that its name ends in.

    Args:
        known: the fields of a row.

    Raises:
        BadInput: it cannot be read, or its columns are wrong.
        Misconfigured: a package for it is missing.
    """
    from .csv_listing import CsvRows
    from .parquet_listing import ParquetRows

    ending = address.rpartition(".")[2].lower()
    if ending in ("jsonl", "ndjson"):
        return JsonLines.open(address)
    if ending == "csv":
        return CsvRows.open(address, known)
    if ending == "parquet":
        return ParquetRows.open(address, known)
    raise BadInput(f"{address}: the name of a list ends in .parquet, .jsonl or .csv")
