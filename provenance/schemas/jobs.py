"""A job: work that takes longer than a request, and what became of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..schema_fields import Record
from .problems import Problem

JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class JobRecord(Record):
    """A job as its account sees it."""

    job_id: str = Field(examples=["job_0123456789abcdef01234567"])
    kind: str = Field(examples=["scan-batch"])
    state: JobState
    progress: float = Field(ge=0, le=1, description="Share that is done.", examples=[0.4])
    attempts: int = Field(ge=0, description="How often it was begun.", examples=[1])
    result: dict[str, Any] | None = Field(None, description="Of a job that is done.")
    error: Problem | None = Field(None, description="Why it failed, or of a queued one why the last attempt did.")
    created_at: str
    started_at: str | None = None
    ended_at: str | None = None
