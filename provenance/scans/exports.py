"""Lists as files: a job reads decisions, sightings or statements of reasons, and writes them piece by piece."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from .. import spreadsheet
from ..accounts.accounts import Scope
from ..database.engine import Database
from ..database.paging import Page
from ..database.tables import decisions, sightings, statements_of_reasons
from ..jobs.queue import JobKind, Run
from ..schema_fields import Record
from ..schemas.exports import Exported, ExportFormat, NewExport
from . import sightings as seen
from .review import dsa, history, statements

KIND = "export"
_ITEMS = 500  # of a list, that are read, and written as one piece, at a time
SCOPES: Mapping[Exported, Scope] = {"decisions": "review", "statements-of-reasons": "review", "sightings": "lookup"}
MEDIA_TYPES: Mapping[ExportFormat, str] = {
    "jsonl": "application/x-ndjson",
    "dsa": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
}


class ExportJob(NewExport):
    """What a job is given that exports a list.

    Attributes:
        account_id: whose; None: everybody's, of an administrator.
    """

    account_id: str | None


@dataclass(frozen=True, slots=True)
class _List:
    """A list that can be exported.

    Attributes:
        newest: the internal number of its newest item.
        columns, cells: of its items as a table.
    """

    page: Page[Record]
    newest: sa.ScalarSelect[int]
    columns: Sequence[str] = ()
    cells: Callable[[Any], Iterable[object]] = tuple


def job_kind(db: Database) -> JobKind[ExportJob]:
    """Jobs that export a list. Each goes on after the last piece that was written."""

    def run(attempt: Run, export: ExportJob) -> Mapping[str, Any]:
        wanted = _list(db, export)
        with db.read() as connection:
            newest = connection.execute(sa.select(wanted.newest)).scalar() or 0
        while attempt.written.after is not None:
            begin = attempt.written.pieces == 0
            found, after = wanted.page(after=attempt.written.after, limit=_ITEMS)
            lines = list(_lines(wanted, export.format, found, begin=begin))
            attempt.write(lines, len(found), after, 1.0 if after is None else after / max(newest, after))
        return {
            "what": export.what,
            "format": export.format,
            "items": attempt.written.items,
            "file": f"/v1/jobs/{attempt.job_id}/file",
        }

    return JobKind(KIND, ExportJob, run)


def _list(db: Database, export: ExportJob) -> _List:
    since, until = seen.parse_since(export.since), seen.parse_since(export.until)
    if export.what == "decisions":
        sought = history.Sought(since=since, until=until)
        page: Page[Record] = partial(history.log, db, export.account_id, sought)
        return _List(page, _newest(decisions), history.COLUMNS, history.cells)
    if export.what == "sightings":
        page = partial(seen.page, db, export.account_id, since=since)
        return _List(page, _newest(sightings), seen.COLUMNS, seen.cells)
    page = partial(statements.page, db, export.account_id, since=since, until=until)
    return _List(page, _newest(statements_of_reasons))


def _newest(table: sa.Table) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.max(table.c.id)).scalar_subquery()


def _lines(wanted: _List, form: ExportFormat, found: Sequence[Any], *, begin: bool) -> Iterator[str]:
    """Items as lines; what the EU's database does not take is left out."""
    if form == "csv":
        if begin:
            yield spreadsheet.row(wanted.columns)
        yield from (spreadsheet.row(wanted.cells(each)) for each in found)
    elif form == "dsa":
        yield from (json.dumps(dsa.to_dsa(each)) + "\n" for each in found if dsa.concerns_the_area(each))
    else:
        yield from (each.model_dump_json() + "\n" for each in found)
