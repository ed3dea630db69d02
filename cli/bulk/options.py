"""The options of a bulk run, of `scan` and of `register`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import typer

from provenance.errors import BadInput

from ..option_groups import refuse

CHUNK_ROWS = 2000


@dataclass(frozen=True)
class BulkOptions:
    """A list of files, and the folder of what became of them."""

    input: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="List of files, .parquet, .jsonl or .csv, for millions; needs --output."),
    ] = None
    output: Annotated[str | None, typer.Option(metavar="DIR", help="Folder for the answers, a file a chunk.")] = None
    spark: Annotated[
        str | None, typer.Option(metavar="MASTER", help="Answer on Spark: local[4], spark://HOST:7077 ...")
    ] = None
    processes: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Processes, without --spark; default: SOURCEMARK_WORKERS.")
    ] = None
    chunk_rows: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help=f"Rows of a chunk; default: {CHUNK_ROWS}.")
    ] = None
    format: Annotated[str | None, typer.Option(help="Of the answers: jsonl or parquet.")] = None
    retry: Annotated[bool, typer.Option("--retry", help="Also chunks with files that could not be fetched.")] = False

    @property
    def row_format(self) -> Literal["jsonl", "parquet"]:
        """Raises `BadInput`."""
        if self.format in (None, "jsonl"):
            return "jsonl"
        if self.format == "parquet":
            return "parquet"
        raise BadInput(f"--format: jsonl or parquet, not {self.format}")

    def places(self, others: Mapping[str, Any]) -> tuple[str, str]:
        """The list and the folder.

        Args:
            others: options of single files and of batches, by their names.

        Raises:
            BadInput: one of the two is missing, or an option was given that says nothing here.
        """
        refuse(others, "is not for --input: write it into the list, or leave it out")
        if self.input is None or self.output is None:
            raise BadInput("--input LIST and --output DIR need each other")
        if self.spark is not None:
            refuse({"--processes": self.processes}, "is set by the Spark master: leave one of the two out")
        return self.input, self.output

    def refuse_without_list(self, **more: Any) -> None:
        """Raises `BadInput` for an option of bulk runs where there is no list."""
        mine = {f"--{name.replace('_', '-')}": value for name, value in vars(self).items()}
        refuse(
            {**mine, **{f"--{name}": value for name, value in more.items()}}, "is for --input LIST, which is missing"
        )
