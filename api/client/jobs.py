"""Work that a service does later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from provenance.errors import Unavailable
from provenance.schemas import RegistrationResult, ScanResult
from provenance.schemas.jobs import JobRecord, JobState

from .calls import Call, Flow, Listing, M, Pause, given, new_key, path
from .errors import Refused
from .session import Session

Result = TypeVar("Result", ScanResult, RegistrationResult)
_FIRST_LOOK, _LONGEST = 0.5, 10.0  # seconds between two looks at a job
_A_DAY = 86_400.0


def scan_later(
    _: Session, items: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
) -> Flow[JobRecord]:
    """Have many texts and pages scanned in a job; as `scan_many`, with more items."""
    return (yield _later(path("scans", "batch"), items, idempotency_key)).model(JobRecord)


def register_later(
    _: Session, items: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
) -> Flow[JobRecord]:
    """Have many texts registered in a job, with the key that the service keeps for your account."""
    return (yield _later(path("works", "batch"), items, idempotency_key)).model(JobRecord)


def _later(to: str, items: Sequence[Mapping[str, Any]], key: str | None) -> Call:
    body = {"items": [dict(each) for each in items]}
    return Call("POST", to, body, idempotency_key=key or new_key(), headers={"Prefer": "respond-async"})


def get_job(_: Session, job_id: str) -> Flow[JobRecord]:
    """A job of yours."""
    return (yield Call("GET", path("jobs", job_id))).model(JobRecord)


def jobs(_: Session, *, state: JobState | None = None) -> Listing[JobRecord]:
    """All of yours, oldest first."""
    return Listing(path("jobs"), JobRecord, given(state=state))


def job_results(_: Session, job_id: str, kind: type[M]) -> Listing[M]:
    """What became of each item, as far as the job is done.

    Args:
        kind: `ScanResult` of `scan_later`, `RegistrationResult` of `register_later`.
    """
    return Listing(path("jobs", job_id, "results"), kind)


def wait_for_job(session: Session, job_id: str, seconds: float = 3600) -> Flow[JobRecord]:
    """A job when it has ended, whatever came of it.

    Raises:
        Unavailable: it has not ended after so many seconds.
    """
    pause, waited = _FIRST_LOOK, 0.0
    while (job := (yield from get_job(session, job_id))).state in ("queued", "running"):
        if waited >= seconds:
            raise Unavailable(f"{job_id} has not ended after {seconds:g} seconds: ask again later", reason="time_out")
        yield Pause(pause)
        waited, pause = waited + pause, min(_LONGEST, 1.5 * pause)
    return job


def answered(session: Session, call: Call, kind: type[Result]) -> Flow[Result]:
    """What a request about one file is answered; where its sound or film is long the service does it in a job.

    Raises:
        Refused: as the request itself would.
        Unavailable: the job has not ended after a day, or was cancelled.
    """
    answer = yield call
    if answer.status != 202:
        return answer.model(kind)
    job = yield from wait_for_job(session, answer.model(JobRecord).job_id, _A_DAY)
    if job.error is not None:
        raise Refused(job.error.model_dump(), job.error.status)
    found, _ = yield from job_results(session, job.job_id, kind).page(None)
    if not found:
        raise Unavailable(f"{job.job_id} was {job.state} and has no result: send the file again", reason="job_lost")
    if found[0].error is not None:
        raise Refused(found[0].error.model_dump(), found[0].error.status)
    return found[0]


def cancel_job(_: Session, job_id: str) -> Flow[JobRecord]:
    """End a job of yours: what it has done stays done."""
    return (yield Call("DELETE", path("jobs", job_id))).model(JobRecord)
