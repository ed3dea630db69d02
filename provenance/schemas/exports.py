"""A list as one file, which a job writes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ..schema_fields import Date, Request

Exported = Literal["decisions", "sightings", "statements-of-reasons"]
ExportFormat = Literal["jsonl", "csv", "dsa"]
_FORMATS: dict[Exported, tuple[ExportFormat, ...]] = {
    "decisions": ("jsonl", "csv"),
    "sightings": ("jsonl", "csv"),
    "statements-of-reasons": ("jsonl", "dsa"),
}


class NewExport(Request):
    """Which list, from when, and how it is written."""

    what: Exported = Field(description="The log of decisions, where your works were seen, or what posters were told.")
    format: ExportFormat = Field(
        "jsonl",
        description="jsonl: an object a line, as the list has it; csv: of decisions and sightings; dsa: of statements, "
        "an object a line as the EU's DSA Transparency Database takes it.",
    )
    since: Date | None = Field(None, description="Of this day or time or later, UTC; null: all.")
    until: Date | None = Field(None, description="Before this day or time; not of sightings.")

    @model_validator(mode="after")
    def _fits(self) -> NewExport:
        if self.format not in _FORMATS[self.what]:
            raise ValueError(f"{self.what} are exported as {' or '.join(_FORMATS[self.what])}, not as {self.format}")
        if self.until is not None and self.what == "sightings":
            raise ValueError("until: sightings are exported since a time, not until one: a post may be seen again")
        return self
