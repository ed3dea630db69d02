"""The events that accounts are told of, each with the payload it carries. This is the only list of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ..schema_fields import Record
from ..schemas.events import (
    CaseChanged,
    ClaimContested,
    JobFinished,
    QualificationExpiring,
    ReviewDecided,
    ScanDecided,
    WebhookTest,
    WorkSighted,
)

EventName = Literal[
    "scan.decided",
    "review.decided",
    "work.sighted",
    "job.finished",
    "claim.contested",
    "case.changed",
    "qualification.expiring",
    "webhook.test",
]

PAYLOADS: Mapping[EventName, type[Record]] = {
    "scan.decided": ScanDecided,
    "review.decided": ReviewDecided,
    "work.sighted": WorkSighted,
    "job.finished": JobFinished,
    "claim.contested": ClaimContested,
    "case.changed": CaseChanged,
    "qualification.expiring": QualificationExpiring,
    "webhook.test": WebhookTest,
}
