"""/v1/watches: being told where works are seen."""

from __future__ import annotations

from fastapi import APIRouter

from provenance.jobs import watches
from provenance.schemas.webhooks import NewWatch, WatchRecord

from ..dependencies import ApplicationDep, Cursor, Limit, MayLookUp, Page, own, read_cursor, write_cursor
from ..problems import responses

router = APIRouter(prefix="/v1/watches", tags=["webhooks"])


@router.post(
    "", operation_id="createWatch", summary="Watch your works", status_code=201, responses=responses(401, 403, 404, 409)
)
def create_watch(new: NewWatch, app: ApplicationDep, principal: MayLookUp) -> WatchRecord:
    """You are told of each new sighting that fits, at one of your endpoints or by mail."""
    return watches.create(app.db, principal.account_id, new)


@router.get("", operation_id="listWatches", summary="Your watches", responses=responses(401, 403))
def list_watches(
    app: ApplicationDep, principal: MayLookUp, limit: Limit = 100, cursor: Cursor = None
) -> Page[WatchRecord]:
    """Oldest first."""
    found, after = watches.page(app.db, own(principal), after=read_cursor(cursor), limit=limit)
    return Page(items=found, next=write_cursor(after))


@router.get("/{watch_id}", operation_id="getWatch", summary="One watch", responses=responses(401, 403, 404))
def get_watch(watch_id: str, app: ApplicationDep, principal: MayLookUp) -> WatchRecord:
    return watches.get(app.db, watch_id, own(principal))


@router.delete("/{watch_id}", operation_id="removeWatch", summary="End a watch", responses=responses(401, 403, 404))
def remove_watch(watch_id: str, app: ApplicationDep, principal: MayLookUp) -> WatchRecord:
    """Mail of its that waits is not sent."""
    return watches.remove(app.db, watch_id, own(principal))
