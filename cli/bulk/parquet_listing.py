"""A list that is a Parquet file; the columns are the fields of a row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from provenance.errors import BadInput

from .listing import Chunk, Row, check_columns
from .storage import first_line, open_list, require

_BATCH = 256  # rows decoded at a time: texts may stand in the list


@dataclass(frozen=True, slots=True)
class ParquetRows:
    """
    Attributes:
        groups: rows of each row group.
    """

    address: str
    digest: str
    groups: tuple[int, ...]
    format: Literal["parquet"] = "parquet"

    @property
    def total(self) -> int:
        return sum(self.groups)

    @classmethod
    def open(cls, address: str, known: Mapping[str, Any]) -> ParquetRows:
        require("pyarrow", "a list in Parquet")
        import pyarrow as pa
        import pyarrow.parquet as pq

        with open_list(address) as file:
            try:
                opened = pq.ParquetFile(file)
                about, schema = opened.metadata, opened.schema_arrow
            except (pa.ArrowException, OSError, ValueError) as error:
                raise BadInput(f"{address} is no Parquet file, or a damaged one: {first_line(error)}") from error
            check_columns(address, schema.names, known)
            for field in schema:
                if not _is_taken(field.type):
                    raise BadInput(f"{address}: the column {field.name} is of the type {field.type}: write it as text")
            size = file.seek(0, 2)
            file.seek(size - about.serialized_size - 8)
            digest = hashlib.sha256(b"%d\n" % size + file.read())
        groups = tuple(about.row_group(number).num_rows for number in range(about.num_row_groups))
        return cls(address, digest.hexdigest(), groups)

    def chunks(self, rows: int) -> Iterator[Chunk]:
        for number, start in enumerate(range(0, self.total, rows)):
            stop = min(start + rows, self.total)
            yield Chunk(number, start + 1, stop - start, start, stop, "")

    def rows(self, chunk: Chunk) -> Iterator[Row]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        at, done = 0, chunk.start
        with open_list(self.address) as file:
            opened = pq.ParquetFile(file)
            for number, rows in enumerate(self.groups):
                group_stop = min(chunk.stop, at + rows)
                try:
                    for fields in _of_group(opened, number, done - at, group_stop - at):
                        done += 1
                        yield done, fields
                except (pa.ArrowException, OSError, ValueError) as error:
                    wrong = f"row group {number} of the list is damaged: {first_line(error)}"
                    while done < group_stop:
                        done += 1
                        yield done, BadInput(wrong)
                at += rows


def _of_group(opened: Any, number: int, start: int, stop: int) -> Iterator[dict[str, Any]]:
    """Rows of a row group, from ``start`` up to, not including, ``stop``."""
    if start >= stop:
        return
    at = 0
    for rows in opened.iter_batches(batch_size=_BATCH, row_groups=[number]):
        first = max(0, start - at)
        if first < rows.num_rows:
            for fields in rows.slice(first, stop - at - first).to_pylist():
                yield {name: _plain(value) for name, value in fields.items() if value is not None}
        at += rows.num_rows
        if at >= stop:
            return


def _is_taken(kind: Any) -> bool:
    """Whether a column of a type can hold a field: what JSON has, and dates."""
    import pyarrow.types as types

    if types.is_dictionary(kind):
        return _is_taken(kind.value_type)
    checks = ("string", "large_string", "string_view", "boolean", "date", "timestamp", "null")
    nested = ("list", "large_list", "struct", "map")
    return any(getattr(types, f"is_{check}")(kind) for check in (*checks, *nested))


def _plain(value: Any) -> Any:
    """A value as JSON would have it."""
    return value.isoformat() if isinstance(value, date) else value
