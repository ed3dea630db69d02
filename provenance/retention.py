"""What is deleted when it has been kept long enough, by the settings; never an entry of the log, nor what it binds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from pydantic import Field

from .config import Settings
from .database.engine import Database
from .database.tables import stamp
from .jobs import outbox
from .jobs import records as jobs
from .scans import retention as scans
from .schema_fields import Record


class Purged(Record):
    """How many scans were deleted, or something of them."""

    unmatched_scans: int = Field(0, description="Scans that found nothing, deleted.")
    matched_scans: int = Field(0, description="Scans that found works, deleted with their matches.")
    copies: int = Field(0, description="Scans of which the copies of pictures and the passages of texts were deleted.")
    names: int = Field(0, description="Scans of which it was deleted who posted and where.")
    jobs: int = Field(0, description="Jobs that had ended, deleted with their results.")
    events: int = Field(0, description="Events that were told or given up, deleted.")


SETTINGS = (
    *("keep_unmatched_days", "keep_matched_days", "keep_copies_days", "keep_names_days"),
    *("keep_jobs_days", "keep_events_days"),
)

Step = Callable[[Database, str], int]
_STEPS: dict[str, Step] = {
    "unmatched_scans": scans.purge_unmatched,
    "matched_scans": scans.purge_matched,
    "copies": scans.purge_copies,
    "names": scans.purge_names,
    "jobs": jobs.purge,
    "events": outbox.purge,
}


def purge(db: Database, settings: Settings) -> Purged:
    """Delete all that is due; what is deleted is gone for good. Two processes may do it at once.

    Raises:
        Unavailable: the database cannot be used; what was deleted until then is.
    """
    return Purged(**{name: act(db, before) for name, act, before in _due(settings)})


def _due(settings: Settings) -> Iterator[tuple[str, Step, str]]:
    moment = datetime.now(UTC)
    for (name, act), setting in zip(_STEPS.items(), SETTINGS, strict=True):
        if days := getattr(settings, setting):
            yield name, act, stamp(moment - timedelta(days=days))
