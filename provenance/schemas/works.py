"""What became of a registration, and a work as its account sees it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fingerprints.model import MediumName

from ..schema_fields import Record
from .claims import Claim
from .problems import Problem


class ReceiptRef(Record):
    """Where a registration stands in the log."""

    origin: str = Field(examples=["log.example.org/sourcemark"])
    index: int = Field(ge=0, examples=[41])
    size: int | None = Field(None, ge=0, description="Size of the log whose checkpoint covers it.", examples=[42])


class RegistrationResult(Record):
    """What became of one work of a registration."""

    external_id: str | None = None
    path: str | None = None
    status: Literal["registered", "already_registered", "error"]
    work_id: str | None = None
    medium: MediumName | Literal["sealed"] | None = None
    fingerprintable: bool | None = None
    reason: str | None = Field(None, description="Why only exact copies can be found, if so.")
    competing: list[str] = Field(default_factory=list, description="Earlier registrations that this one matches.")
    receipt: ReceiptRef | None = None
    differs: list[str] = Field(
        default_factory=list,
        description="Of a work that was registered before: fields claimed otherwise now. What was registered stays, "
        "until it is amended. Of a new one `owner`, where the account registered the file for another owner before.",
        examples=[[]],
    )
    error: Problem | None = None


class AmendmentRecord(Record):
    """An entry of the log by which something else is claimed of a work."""

    kind: Literal["amendment", "transfer"]
    index: int | None = Field(None, description="In the log; null while it waits.", examples=[57])


class WorkRecord(Record):
    """A registered work as its account sees it."""

    work_id: str
    external_id: str | None = None
    medium: MediumName | Literal["sealed"]
    fingerprintable: bool
    reason: str | None = None
    digest: str = Field(description="SHA-256 of the exact bytes, of a sealed work of its salt and them; hexadecimal.")
    claim: Claim = Field(description="What is claimed now: by the newest amendment or transfer.")
    damaged: list[str] = Field(
        default_factory=list,
        description="What the database says of the work otherwise than the log; the operator has to mend it.",
    )
    amendments: list[AmendmentRecord] = Field(default_factory=list, description="Oldest first.")
    competing: list[str] = Field(default_factory=list)
    opens: str | None = Field(None, description="The sealed work that this one opens.")
    registered_at: str = Field(description="When the service took it, by its own clock.")
    logged_at: str | None = Field(
        None,
        description="When the log signed the first checkpoint that holds it, as in its receipt: later registrations "
        "do not move it.",
    )
    withdrawn_at: str | None = None
    erased_at: str | None = Field(None, description="Claim, salts and fingerprint were deleted then.")
    erasure_finished: bool | None = Field(
        None,
        description="Of an erased work: false as long as the database's files may hold it yet, because somebody read "
        "an older state. The operator finishes it with `sourcemark erase --finish`.",
    )
    receipt: ReceiptRef | None = None
