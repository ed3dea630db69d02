"""The parts of the index of works, as whoever runs an installation sees them."""

from __future__ import annotations

from pydantic import Field

from ..schema_fields import Record


class IndexPart(Record):
    """One replica of a shard, or the index of a process."""

    shard: int | None = Field(None, description="Null where the index is not divided.")
    replica: int | None = None
    position: int | None = Field(None, description="Log size up to which it has come; null where it does not answer.")
    works: int | None = None
    machine: str | None = None
    process: int | None = None
    trouble: str | None = Field(None, description="Why it does not answer, or does not follow the log.")
