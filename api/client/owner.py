"""What rights holders ask: where their works were seen."""

from __future__ import annotations

from typing import Literal

from provenance.schemas import SightingRecord

from .calls import Call, Flow, Listing, given, path
from .session import Session


def sightings(
    _: Session, *, work_id: str | None = None, owner: str | None = None, since: str | None = None
) -> Listing[SightingRecord]:
    """Where your works were seen, in the order they were first seen, read page by page.

    Args:
        since: seen then or later, ISO 8601.
    """
    return Listing(path("sightings"), SightingRecord, given(work_id=work_id, owner=owner, since=since))


def get_sighting(_: Session, sighting_id: str) -> Flow[SightingRecord]:
    """One of them."""
    return (yield Call("GET", path("sightings", sighting_id))).model(SightingRecord)


def evidence(_: Session, sighting_id: str, lang: Literal["en", "zh"] = "en") -> Flow[str]:
    """What a sighting rests on, as a page of HTML for people."""
    answer = yield Call("GET", path("sightings", sighting_id, "evidence"), query=given(lang=lang))
    return answer.body.decode()
