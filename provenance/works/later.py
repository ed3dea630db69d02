"""One work that is registered by a job: its sound or film takes longer than a request should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fingerprints.model import TextFormat

from ..accounts import accounts
from ..database.engine import Database
from ..errors import SourcemarkError, Unavailable
from ..jobs.queue import JobKind, Queue, Run
from ..jobs.reading import Reading
from ..schema_fields import Record
from ..schemas import RegistrationItem
from ..schemas.jobs import JobRecord
from .registration import Registrar, RegistrationRequest

KIND = "register"


class RegistrationJob(Record):
    """What a job is given that registers one work; its file is the work."""

    item: RegistrationItem
    declared: TextFormat | None


def add(queue: Queue, account_id: str, request: RegistrationRequest) -> JobRecord:
    """Put a work into the queue.

    Raises:
        SourcemarkError: what is wrong with it; `RateLimited`, see `Queue.add`.
    """
    if isinstance(request.source, SourcemarkError):
        raise request.source
    job = RegistrationJob(item=request.item, declared=request.source.declared)
    return queue.add(account_id, KIND, job, [request.source])


def job_kind(db: Database, registrar: Registrar) -> JobKind[RegistrationJob]:
    """Jobs that register one work, with the key that is kept for its account. After a crash it is answered as one that
    was registered before."""

    def run(attempt: Run, job: RegistrationJob) -> Mapping[str, Any]:
        if not attempt.saved:
            account = accounts.find(db, attempt.account_id)
            request = RegistrationRequest(job.item, attempt.input(0, job.declared))
            (result,) = registrar.register(account, [request.told_to(Reading(attempt, 1).listener)])
            if result.error is not None and result.error.status >= 500:
                raise Unavailable(result.error.detail, reason=result.error.reason)
            attempt.save([result], 1.0)
        return {"items": 1, "outcomes": attempt.outcomes("status")}

    return JobKind(KIND, RegistrationJob, run)
