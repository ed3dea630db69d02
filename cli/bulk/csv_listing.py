"""A list of comma-separated values (RFC 4180) in UTF-8; its first row names the columns."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from provenance.errors import BadInput

from .listing import MAX_LINE, Chunk, Lines, Row, check_columns, chunks_of, digest_of_ends
from .storage import open_list

csv.field_size_limit(MAX_LINE)


@dataclass(frozen=True, slots=True)
class CsvRows:
    """
    Attributes:
        columns: in the order of the cells.
        lists, flags: those of them that hold a list or an object; those that are true or false.
        start: the first byte after the row of names.
    """

    address: str
    digest: str
    columns: tuple[str, ...]
    lists: frozenset[str]
    flags: frozenset[str]
    start: int
    format: Literal["csv"] = "csv"
    total: int | None = None

    @classmethod
    def open(cls, address: str, known: Mapping[str, Any]) -> CsvRows:
        with open_list(address) as file:
            lines = Lines(file, 0)
            names = next(_records(lines), None)
            if names is None or isinstance(names, BadInput):
                raise names or BadInput(f"{address}: the list is empty: its first row names the columns")
            columns = tuple(name.removeprefix("\ufeff").strip() for name in names)
            check_columns(address, list(columns), known)
            kinds = {name: str(known[name].annotation) for name in columns}
            lists = frozenset(name for name, kind in kinds.items() if "list[" in kind or "dict[" in kind)
            flags = frozenset(name for name, kind in kinds.items() if "bool" in kind)
            return cls(address, digest_of_ends(file), columns, lists, flags, lines.at)

    def chunks(self, rows: int) -> Iterator[Chunk]:
        with open_list(self.address) as file:
            lines = Lines(file, self.start)
            yield from chunks_of(lines, (True for _ in _records(lines)), rows)

    def rows(self, chunk: Chunk) -> Iterator[Row]:
        with open_list(self.address) as file:
            for number, cells in enumerate(_records(Lines(file, chunk.start, chunk.stop)), chunk.first_row):
                yield number, cells if isinstance(cells, BadInput) else self._fields(cells)

    def _fields(self, cells: list[str]) -> dict[str, Any] | BadInput:
        if len(cells) != len(self.columns):
            return BadInput(f"this row has {len(cells)} cells, and the list {len(self.columns)} columns")
        try:
            return {name: self._value(name, cell) for name, cell in zip(self.columns, cells, strict=True) if cell}
        except BadInput as error:
            return error

    def _value(self, name: str, cell: str) -> Any:
        if name in self.flags:
            if cell.lower() not in ("true", "false"):
                raise BadInput(f"{name}: must be true or false")
            return cell.lower() == "true"
        if name in self.lists:
            if not cell.startswith(("[", "{")):
                return [cell]
            try:
                return json.loads(cell)
            except (ValueError, RecursionError) as error:
                raise BadInput(f"{name}: is not JSON: {error}") from None
        return cell


def _records(lines: Lines) -> Iterator[list[str] | BadInput]:
    """The rows from where the lines are; in the place of one that cannot be read what is wrong with it.

    A quotation mark that is never closed takes what follows it up to `MAX_LINE`: the next row begins after that.
    """
    wrong: list[BadInput] = []

    def decoded() -> Iterator[str]:
        for line in lines:
            try:
                if not line:
                    raise BadInput(f"a line of this row is longer than {MAX_LINE} bytes")
                yield line.decode()
            except UnicodeDecodeError:
                wrong.append(BadInput("this row is not UTF-8"))
                yield line.decode(errors="replace")
            except BadInput as error:
                wrong.append(error)
                yield "\n"

    reader = csv.reader(decoded(), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            wrong.append(BadInput(f"this row is no CSV: {error}"))
            cells = []
        if wrong:
            yield wrong[0]
        elif cells:  # an empty line is no row
            yield cells
        wrong.clear()
