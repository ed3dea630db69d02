"""Many posts in one request, answered at once or by a job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from fingerprints.source import Source

from ..accounts import accounts
from ..database.engine import Database
from ..errors import BadInput, SourcemarkError
from ..jobs.queue import JobKind, Run
from ..json_input import parse_each
from ..schema_fields import Request
from ..schemas import NewScan, ScanItem
from .scanning import Scanner, Upload

KIND = "scan-batch"


class ScanBatch(Request):
    """What a job is given that scans posts."""

    items: list[Any]
    dry_run: bool = False


def uploads(items: Iterable[Any]) -> Iterator[Upload]:
    """Posts as they came in JSON; a wrong one is an upload that cannot be scanned."""
    for new, wrong in parse_each(NewScan, items):
        yield Upload(ScanItem.model_validate(new.model_dump()), wrong or inline(new))


def inline(new: NewScan) -> Source | SourcemarkError:
    """The text of a post, or what is wrong."""
    if (new.text is None) == (new.html is None):
        return BadInput("exactly one is needed: text or html")
    return Source.text(new.text) if new.text is not None else Source.text(new.html or "", "html")


def job_kind(db: Database, scanner: Scanner, group: int) -> JobKind[ScanBatch]:
    """Jobs that scan posts.

    Args:
        group: scans that share a transaction: what a killed worker leaves may be scanned twice.
    """

    def run(attempt: Run, batch: ScanBatch) -> Mapping[str, Any]:
        account = accounts.find(db, attempt.account_id)
        total = len(batch.items)
        results = scanner.scan(account, uploads(batch.items[attempt.saved :]), dry_run=batch.dry_run)
        while scanned := list(islice(results, group)):
            attempt.save(scanned, (attempt.saved + len(scanned)) / total)
        return {"items": total, "outcomes": attempt.outcomes("status")}

    return JobKind(KIND, ScanBatch, run)
