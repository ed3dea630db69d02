"""One upload or post that is scanned by a job: its sound or film takes longer than a request should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fingerprints.model import TextFormat
from fingerprints.source import Source

from ..accounts import accounts
from ..database.engine import Database
from ..errors import SourcemarkError, Unavailable
from ..jobs.queue import JobKind, Queue, Run
from ..jobs.reading import Reading
from ..schema_fields import Record
from ..schemas import ScanItem
from ..schemas.jobs import JobRecord
from .posts import PartUpload, Role
from .scanning import Scanner, Upload

KIND = "scan"


class KeptPart(Record):
    """A part of an upload, whose bytes are kept beside."""

    name: str
    role: Role
    caption: str | None
    declared: TextFormat | None


class ScanJob(Record):
    """What a job is given that scans one upload; its files are the parts."""

    item: ScanItem
    parts: list[KeptPart]
    is_post: bool
    dry_run: bool


def add(queue: Queue, account_id: str, upload: Upload, *, dry_run: bool) -> JobRecord:
    """Put an upload into the queue.

    Raises:
        SourcemarkError: what is wrong with a part; `RateLimited`, see `Queue.add`.
    """
    kept, sources = [], []
    for part in upload.parts:
        if isinstance(part.source, SourcemarkError):
            raise part.source
        kept.append(KeptPart(name=part.name, role=part.role, caption=part.caption, declared=part.source.declared))
        sources.append(part.source)
    job = ScanJob(item=upload.item, parts=kept, is_post=upload.is_post, dry_run=dry_run)
    return queue.add(account_id, KIND, job, sources)


def job_kind(db: Database, scanner: Scanner) -> JobKind[ScanJob]:
    """Jobs that scan one upload. It is read from the beginning after a crash."""

    def run(attempt: Run, job: ScanJob) -> Mapping[str, Any]:
        if not attempt.saved:
            account = accounts.find(db, attempt.account_id)
            upload = _upload(job, [attempt.input(n, part.declared) for n, part in enumerate(job.parts)])
            told = upload.told_to(Reading(attempt, len(job.parts)).listener)
            result = next(scanner.scan(account, [told], dry_run=job.dry_run))
            if result.error is not None and result.error.status >= 500:
                raise Unavailable(result.error.detail, reason=result.error.reason)
            attempt.save([result], 1.0)
        return {"items": 1, "outcomes": attempt.outcomes("status")}

    return JobKind(KIND, ScanJob, run)


def _upload(job: ScanJob, sources: list[Source]) -> Upload:
    if not job.is_post:
        return Upload(job.item, sources[0])
    parts = zip(job.parts, sources, strict=True)
    return Upload(job.item, tuple(PartUpload(part.name, source, part.role, part.caption) for part, source in parts))
