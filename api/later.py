"""Answering later: a request that prefers it becomes a job (RFC 7240, `respond-async`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header

from fingerprints.progress import Listener
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


class TakesLong(Exception):
    """An upload has sound or film that is longer than what is read while a request waits."""


def short_only(app: Application) -> Callable[[str], Listener]:
    """For `Upload.told_to`: ends the reading of what is long by `TakesLong`."""

    def told(seconds: float, of: float | None) -> None:
        if max(seconds, of or 0.0) > app.settings.long_media_seconds:
            raise TakesLong

    return lambda _: told


def add_job(app: Application, principal: Principal, kind: str, argument: Record) -> tuple[int, Any]:
    """Put a job into the queue; status and body of the answer."""
    return 202, app.jobs.add(principal.account_id, kind, argument).model_dump(mode="json")


def job_headers(job: Any, prefer: str | None) -> dict[str, str]:
    """The headers of an answer that is a job.

    Args:
        prefer: the preferences of the request: what is long is a job without one, too.
    """
    applied = {"Preference-Applied": "respond-async"} if wants_job(prefer) else {}
    return {"Location": f"/v1/jobs/{job['job_id']}", **applied}
