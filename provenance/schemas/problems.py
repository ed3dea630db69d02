"""A problem, as every answer has it."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from ..errors import SourcemarkError
from ..schema_fields import Record


class Problem(Record):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:sourcemark:problem:bad-content"])
    title: str = Field(examples=["The file or text cannot be read"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["the picture ends before its data does: it was cut off; send the whole file"])
    reason: str | None = Field(None, examples=["truncated"])


def problem_of(error: SourcemarkError) -> Problem:
    return Problem.model_validate(error.problem())
