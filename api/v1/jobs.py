"""/v1/jobs: work that takes longer than a request."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from provenance.errors import Conflict, NotFound
from provenance.jobs import files, records
from provenance.scans import exports
from provenance.scans.review import bulk
from provenance.schemas.jobs import JobRecord, JobState

from ..dependencies import AnyKey, ApplicationDep, Cursor, Limit, Page, own, read_cursor, write_cursor
from ..problems import responses

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
_TEXT = {"schema": {"type": "string"}}


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
    """As far as the job is done; the order is that of the items. Those of decisions need the scope `review`."""
    if records.get(app.db, job_id, own(principal)).kind == bulk.KIND:
        principal.require("review")
    found, after = records.results(app.db, job_id, own(principal), after=read_cursor(cursor), limit=limit)
    return JobResults(items=found, next=write_cursor(after))


@router.get(
    "/{job_id}/file",
    operation_id="getJobFile",
    summary="The file that an export wrote",
    response_class=StreamingResponse,
    responses=responses(
        401,
        403,
        404,
        409,
        ok={200: {"description": "The file", "content": {"application/x-ndjson": _TEXT, "text/csv": _TEXT}}},
    ),
)
def get_job_file(job_id: str, app: ApplicationDep, principal: AnyKey) -> StreamingResponse:
    """It is kept as long as the job, and streamed. The key needs the scope of the list that it holds."""
    job = records.get(app.db, job_id, own(principal))
    if job.kind != exports.KIND:
        raise NotFound(f"{job_id} writes no file: it is a job of the kind {job.kind}")
    if job.state != "done" or job.result is None:
        raise Conflict(f"{job_id} is {job.state}: its file is there when it is done")
    what, form = job.result["what"], job.result["format"]
    principal.require(exports.SCOPES[what])
    name = f"{what}-{job_id}.{'csv' if form == 'csv' else 'jsonl'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(files.read(app.db, job_id), media_type=exports.MEDIA_TYPES[form], headers=headers)


@router.delete("/{job_id}", operation_id="cancelJob", summary="Cancel a job", responses=responses(401, 403, 404, 409))
def cancel_job(job_id: str, app: ApplicationDep, principal: AnyKey) -> JobRecord:
    """One that waits ends at once, one that runs at its next step. What it has done stays done."""
    return records.cancel(app.db, job_id, own(principal))
