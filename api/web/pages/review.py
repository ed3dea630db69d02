"""The platform's pages: scanning a post, the queue of posts that wait for a person, deciding."""

from __future__ import annotations

from typing import Annotated, get_args

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from fingerprints.source import Source
from provenance.errors import BadInput, SourcemarkError
from provenance.json_input import parse
from provenance.scans import batches, evidence, records, scanning
from provenance.scans.review import history
from provenance.scans.review.queue import Wanted
from provenance.schemas import NewScan, ScanItem
from provenance.schemas.decisions import Choice, ItemDecision
from provenance.schemas.review import ItemDetail, NewComment, TakenItem

from ...dependencies import ApplicationDep, Cursor, account_of, own, read_cursor, reviewer, write_cursor
from ..forms import Form, Sent
from ..rendering import PRIVATE, page
from ..visitors import MayReview, MayScan

router = APIRouter(include_in_schema=False)
_PAGE = 50
_POST = ("text", "html", "account", "account_id", "post_url", "caption")
REASONS = ("credit_missing", "wrong_owner", "no_permission", "licence_shown", "own_work", "not_a_copy")
Id = Annotated[str, Path(max_length=100)]


# --- scanning --------------------------------------------------------------------------------------------------------
@router.get("/scan")
def scan_form(request: Request, who: MayScan) -> Response:
    return page(request, "review/scan.html", values=dict.fromkeys(_POST, ""), error=None)


@router.post("/scan")
def scan(request: Request, app: ApplicationDep, who: MayScan, sent: Form) -> Response:
    try:
        upload = _upload(sent)
        result = next(app.scanner.scan(account_of(app.db, who), [upload]))
        if result.error is not None:
            raise BadInput(result.error.detail)
    except SourcemarkError as error:
        values = {name: sent[name] for name in _POST}
        return page(request, "review/scan.html", error.status, values=values, error=error)
    return RedirectResponse(f"/scans/{result.scan_id}", 303)


def _upload(sent: Sent) -> scanning.Upload:
    """The file of a form, else its text or HTML; raises `BadInput`."""
    named = sent.given(*_POST)
    file: Source | None = next((source for _, _, source in sent.files), None)
    new = parse(NewScan, {name: value for name, value in named.items() if file is None or name not in ("text", "html")})
    item = ScanItem.model_validate({**new.model_dump(), "path": next((name for _, name, _ in sent.files), None)})
    return scanning.Upload(item, batches.inline(new) if file is None else file)


@router.get("/scans")
def scans(request: Request, app: ApplicationDep, who: MayScan, cursor: Cursor = None) -> Response:
    found, after = records.page(app.db, own(who), after=read_cursor(cursor), limit=_PAGE)
    return page(request, "review/scans.html", scans=found, next=write_cursor(after))


@router.get("/scans/{scan_id}")
def scanned(request: Request, app: ApplicationDep, who: MayScan, scan_id: Id) -> Response:
    found = records.get(app.db, scan_id, own(who))
    drawn = any(match.segments and match.segments[0].unit == "pixel" for match in found.matches)
    return page(request, "review/scanned.html", scan=found, drawn=drawn)


@router.get("/scans/{scan_id}/picture")
def scan_picture(app: ApplicationDep, who: MayScan, scan_id: Id) -> Response:
    return Response(evidence.picture(app.db, scan_id, own(who), None), media_type="image/png", headers=PRIVATE)


# --- the queue -------------------------------------------------------------------------------------------------------
@router.get("/queue")
def queue(
    request: Request,
    app: ApplicationDep,
    who: MayReview,
    account: Annotated[str, Query(max_length=500)] = "",
    cursor: Cursor = None,
) -> Response:
    wanted = Wanted(state="waiting", account=account or None)
    found, after = app.review_queue.page(reviewer(who), wanted, after=read_cursor(cursor), limit=_PAGE)
    return page(request, "review/queue.html", items=found, account=account, next=write_cursor(after))


@router.get("/queue/counts")
def counts(app: ApplicationDep, who: MayReview) -> dict[str, int]:
    """For the live counter: how many wait, and how many of them somebody looks at."""
    queues = history.overview(app.db, reviewer(who), None, app.review_queue.lease_seconds).queues
    return {"waiting": sum(each.waiting for each in queues), "taken": sum(each.taken for each in queues)}


@router.post("/queue/next")
def take_next(app: ApplicationDep, who: MayReview, sent: Form) -> Response:
    taken = app.review_queue.take(reviewer(who), None).item
    return RedirectResponse("/queue?empty=1" if taken is None else f"/queue/{taken.item_id}", 303)


@router.get("/queue/{item_id}")
def item(request: Request, app: ApplicationDep, who: MayReview, item_id: Id) -> Response:
    return _item(request, app, who, item_id)


def _item(
    request: Request, app: ApplicationDep, who: MayReview, item_id: str, error: SourcemarkError | None = None
) -> Response:
    """Taking it again renews the lease; one that somebody else holds, or that is decided, is only shown."""
    shown: ItemDetail
    try:
        shown = app.review_queue.take_one(reviewer(who), item_id)
    except SourcemarkError:
        shown = app.review_queue.get(reviewer(who), item_id)
    poster = shown.account_id or shown.account
    return page(
        request,
        "review/item.html",
        200 if error is None else error.status,
        item=shown,
        lease=shown.lease if isinstance(shown, TakenItem) else None,
        history=None if poster is None else history.of(app.db, reviewer(who), poster, app.review_queue.lease_seconds),
        choices=get_args(Choice),
        reasons=REASONS,
        error=error,
    )


@router.get("/queue/{item_id}/picture")
def item_picture(app: ApplicationDep, who: MayReview, item_id: Id) -> Response:
    return Response(app.review_queue.picture(reviewer(who), item_id), media_type="image/png", headers=PRIVATE)


@router.post("/queue/{item_id}/decision")
def decide(request: Request, app: ApplicationDep, who: MayReview, item_id: Id, sent: Form) -> Response:
    """And on to the next."""
    try:
        wanted = parse(ItemDecision, sent.given("decision", "reason", "note", "lease"))
        app.decisions.decide_item(reviewer(who), item_id, wanted, wanted.lease)
    except SourcemarkError as error:
        return _item(request, app, who, item_id, error)
    return take_next(app, who, sent)


@router.post("/queue/{item_id}/skip")
def skip(app: ApplicationDep, who: MayReview, item_id: Id, sent: Form) -> Response:
    app.review_queue.skip(reviewer(who), item_id, sent["lease"] or None)
    return take_next(app, who, sent)


@router.post("/queue/{item_id}/comments")
def comment(app: ApplicationDep, who: MayReview, item_id: Id, sent: Form) -> Response:
    app.review_queue.comment(reviewer(who), item_id, parse(NewComment, {"text": sent["text"]}).text)
    return RedirectResponse(f"/queue/{item_id}", 303)
