"""The rights holder's pages: where works were seen, and what each sighting rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from provenance import spreadsheet
from provenance.database.paging import everything
from provenance.errors import BadInput, NotFound
from provenance.scans import evidence_page, sightings
from provenance.scans.sightings import SeenAs
from provenance.schemas import SightingRecord, Verdict

from ...dependencies import ApplicationDep, Cursor, own, read_cursor, write_cursor
from .. import charts
from ..rendering import PRIVATE, page, say
from ..visitors import MayLookUp, MaySeeEvidence

router = APIRouter(include_in_schema=False)
_PAGE = 50
_KINDS = ("licensed", "own", "credited", "uncredited", "review")  # bottom to top of a column
Text = Annotated[str, Query(max_length=500)]
SightingId = Annotated[str, Path(max_length=100)]


@dataclass(frozen=True, slots=True)
class Sought:
    """What the form above the table asks for, as it was typed."""

    work_id: Text = ""
    platform: Text = ""
    account: Text = ""
    since: Text = ""
    until: Text = ""
    verdict: Text = ""
    covers: Text = ""  # percent

    def arguments(self) -> dict[str, object]:
        """Those of `sightings.page`; raises `BadInput`."""
        if self.verdict and self.verdict not in get_args(Verdict):
            raise BadInput(f"verdict: is one of {', '.join(get_args(Verdict))}")
        if self.covers and not (self.covers.isascii() and self.covers.isdigit() and int(self.covers) <= 100):
            raise BadInput("covers: is a number of percent, 0 to 100")
        return {
            "work_ids": [self.work_id] if self.work_id else None,
            "since": sightings.parse_since(self.since or None),
            "seen_as": SeenAs(
                self.platform or None,
                self.account or None,
                self.verdict or None,
                int(self.covers) / 100 if self.covers else None,
                sightings.parse_since(self.until or None, "until"),
            ),
        }


@router.get("/sightings")
def listing(
    request: Request,
    app: ApplicationDep,
    who: MayLookUp,
    sought: Annotated[Sought, Depends()],
    cursor: Cursor = None,
) -> Response:
    read = partial(sightings.page, app.db, own(who), **sought.arguments())  # type: ignore[arg-type]
    found, after = read(after=read_cursor(cursor), limit=_PAGE)
    months = [(each.month, each.posts) for each in sightings.by_month(app.db, own(who))]
    title = say(request, "Posts with your works, by the month they were first seen in")
    query = str(request.url.query)
    return page(
        request,
        "sightings/list.html",
        sightings=found,
        sought=sought,
        verdicts=get_args(Verdict),
        chart=charts.stacked(months, _KINDS, title) if months else None,
        kinds=_KINDS,
        query=query,
        next=write_cursor(after),
    )


@router.get("/sightings.csv")
def as_csv(app: ApplicationDep, who: MayLookUp, sought: Annotated[Sought, Depends()]) -> Response:
    """All that the filters leave, whatever page is shown."""
    found = everything(partial(sightings.page, app.db, own(who), **sought.arguments()))  # type: ignore[arg-type]
    headers = {"Content-Disposition": 'attachment; filename="sightings.csv"', **PRIVATE}
    rows = _rows(found)
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


def _rows(found: Iterator[SightingRecord]) -> Iterator[str]:
    yield spreadsheet.row(sightings.COLUMNS)
    for sighting in found:
        yield spreadsheet.row(sightings.cells(sighting))


@router.get("/sightings/{sighting_id}")
def sighting(request: Request, app: ApplicationDep, who: MaySeeEvidence, sighting_id: SightingId) -> Response:
    """For the account of the work, and for the platform that reported it."""
    shown = evidence_page.make(app.db, sighting_id, own(who))
    quotes = [str(each.get("quote", "")) for each in shown.sighting.marking.get("evidence", [])]
    return page(
        request,
        "sightings/sighting.html",
        seen=shown.sighting,
        passages=shown.passages,
        picture=shown.picture is not None,
        quotes=list(dict.fromkeys(filter(None, quotes))),
    )


@router.get("/sightings/{sighting_id}/picture")
def picture(app: ApplicationDep, who: MaySeeEvidence, sighting_id: SightingId) -> Response:
    drawn = evidence_page.make(app.db, sighting_id, own(who)).picture
    if drawn is None:
        raise NotFound("nothing can be shown of this sighting: it is no picture, or the work was erased")
    return Response(drawn, media_type="image/png", headers=PRIVATE)
