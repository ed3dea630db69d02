"""/v1/jobs: work that takes longer than a request."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from provenance.jobs import records
from provenance.schemas.jobs import JobRecord, JobState

from ..dependencies import AnyKey, ApplicationDep, Cursor, Limit, Page, own, read_cursor, write_cursor
from ..problems import responses

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


class JobResults(BaseModel):
    items: list[dict[str, Any]] = Field(
        description="In the order of the request, as the request's own answer has them."
    )
    next: str | None = Field(None, description="Cursor of the next page; null at the end.")


@router.get("", operation_id="listJobs", summary="Your jobs", responses=responses(401, 403))
def list_jobs(
    app: ApplicationDep,
    principal: AnyKey,
    state: Annotated[JobState | None, Query(description="Only jobs in this state.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[JobRecord]:
    """Oldest first. A job is made by a request with `Prefer: respond-async`."""
    found, after = records.page(app.db, own(principal), state=state, after=read_cursor(cursor), limit=limit)
    return Page(items=found, next=write_cursor(after))


@router.get("/{job_id}", operation_id="getJob", summary="One job", responses=responses(401, 403, 404))
def get_job(job_id: str, app: ApplicationDep, principal: AnyKey) -> JobRecord:
    """Its state, and how far it is. It is kept for a time after its end (`SOURCEMARK_KEEP_JOBS_DAYS`)."""
    return records.get(app.db, job_id, own(principal))


@router.get(
    "/{job_id}/results",
    operation_id="listJobResults",
    summary="What became of each item of a batch",
    responses=responses(401, 403, 404),
)
def list_job_results(
    job_id: str, app: ApplicationDep, principal: AnyKey, limit: Limit = 100, cursor: Cursor = None
) -> JobResults:
    """As far as the job is done; the order is that of the items."""
    found, after = records.results(app.db, job_id, own(principal), after=read_cursor(cursor), limit=limit)
    return JobResults(items=found, next=write_cursor(after))


@router.delete("/{job_id}", operation_id="cancelJob", summary="Cancel a job", responses=responses(401, 403, 404, 409))
def cancel_job(job_id: str, app: ApplicationDep, principal: AnyKey) -> JobRecord:
    """One that waits ends at once, one that runs at its next step. What it has done stays done."""
    return records.cancel(app.db, job_id, own(principal))
