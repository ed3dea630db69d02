"""Answering later: a request that prefers it becomes a job (RFC 7240, `respond-async`)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header

from provenance.accounts.accounts import Principal
from provenance.application import Application
from provenance.schema_fields import Record
from provenance.schemas.jobs import JobRecord

Prefer = Annotated[
    str | None,
    Header(max_length=1000, description="`respond-async`: answer 202 at once, and do it in a job (RFC 7240)."),
]
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "model": JobRecord,
        "description": "It is done in a job",
        "headers": {"Location": {"description": "The job's address.", "schema": {"type": "string"}}},
    }
}


def wants_job(prefer: str | None) -> bool:
    """Whether the preferences of a request ask for an answer later."""
    wanted = (part.partition(";")[0].partition("=")[0] for part in (prefer or "").split(","))
    return "respond-async" in (name.strip().lower() for name in wanted)


def add_job(app: Application, principal: Principal, kind: str, argument: Record) -> tuple[int, Any]:
    """Put a job into the queue; status and body of the answer."""
    return 202, app.jobs.add(principal.account_id, kind, argument).model_dump(mode="json")


def job_headers(job: Any) -> dict[str, str]:
    """The headers of an answer that is a job."""
    return {"Location": f"/v1/jobs/{job['job_id']}", "Preference-Applied": "respond-async"}
