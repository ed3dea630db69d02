"""/v1/queue: posts that wait for a person."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from provenance.scans.review.queue import Wanted
from provenance.scans.sightings import parse_since
from provenance.schemas.decisions import ItemDecision
from provenance.schemas.policies import Slug
from provenance.schemas.review import (
    Comment,
    DecidedItem,
    ItemDetail,
    ItemState,
    Move,
    NewComment,
    QueueItem,
    QueueSettings,
    Skip,
    Taken,
    TakenItem,
)

from ..dependencies import (
    ApplicationDep,
    Cursor,
    Limit,
    MayReview,
    MayScan,
    Page,
    read_cursor,
    reviewer,
    write_cursor,
)
from ..problems import responses

router = APIRouter(prefix="/v1/queue", tags=["review"])

QueueName = Annotated[Slug | None, Query(description="Only this queue.")]


@router.get("", operation_id="listQueue", summary="What waits, or did", responses=responses(401, 403))
def list_queue(
    app: ApplicationDep,
    principal: MayReview,
    queue: QueueName = None,
    state: ItemState | None = None,
    account: Annotated[str | None, Query(max_length=500, description="Posts of this account, by name or id.")] = None,
    reason: Annotated[str | None, Query(max_length=60, description="Reason code of the action.")] = None,
    verdict: Annotated[str | None, Query(max_length=20)] = None,
    since: Annotated[
        str | None,
        Query(max_length=40, description="Waits since then or later, ISO 8601.", json_schema_extra={"format": "date"}),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[QueueItem]:
    """Oldest first, without queues that are for other reviewers."""
    wanted = Wanted(queue, state, account, reason, verdict, parse_since(since))
    found, after = app.review_queue.page(reviewer(principal), wanted, after=read_cursor(cursor), limit=limit)
    return Page(items=found, next=write_cursor(after))


@router.post("/take", operation_id="takeNext", summary="The oldest item, for you", responses=responses(401, 403))
def take_next(app: ApplicationDep, principal: MayReview, queue: QueueName = None) -> Taken:
    """For a time nobody else is given it. Items that you have skipped or given an opinion on are left out."""
    return app.review_queue.take(reviewer(principal), queue)


@router.get("/{item_id}", operation_id="getQueueItem", summary="One item", responses=responses(401, 403, 404))
def get_queue_item(item_id: str, app: ApplicationDep, principal: MayReview) -> ItemDetail:
    """With the scan, its evidence, the remarks of colleagues and all decisions about the post."""
    return app.review_queue.get(reviewer(principal), item_id)


@router.get(
    "/{item_id}/picture",
    operation_id="showQueueItem",
    summary="Its picture matches, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "The picture"}, **responses(401, 403, 404)},
)
def show_queue_item(item_id: str, app: ApplicationDep, principal: MayReview) -> Response:
    """The upload beside every matched work, what was found outlined."""
    return Response(app.review_queue.picture(reviewer(principal), item_id), media_type="image/png")


@router.get(
    "/{item_id}/evidence/{sighting_id}",
    operation_id="getQueueItemEvidence",
    summary="What one of its matches rests on, as a page for people",
    response_class=Response,
    responses=responses(
        401,
        403,
        404,
        ok={200: {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}},
    ),
)
def get_queue_item_evidence(
    item_id: str,
    sighting_id: str,
    app: ApplicationDep,
    principal: MayReview,
    lang: Annotated[Literal["en", "zh"], Query()] = "en",
) -> Response:
    """The picture beside the work, or a text's passages beside the work's."""
    page = app.review_queue.page_of_evidence(reviewer(principal), item_id, sighting_id, lang)
    return Response(page, media_type="text/html")


@router.post(
    "/{item_id}/take",
    operation_id="takeQueueItem",
    summary="One item, for you",
    responses=responses(401, 403, 404, 409),
)
def take_queue_item(item_id: str, app: ApplicationDep, principal: MayReview) -> TakenItem:
    """As taking the next. Of one that you hold the time begins anew."""
    return app.review_queue.take_one(reviewer(principal), item_id)


@router.post(
    "/{item_id}/skip",
    operation_id="skipQueueItem",
    summary="Leave an item to others",
    status_code=204,
    responses=responses(401, 403, 404, 409),
)
def skip_queue_item(item_id: str, skip: Skip, app: ApplicationDep, principal: MayReview) -> Response:
    """You are not given it again; it keeps its place."""
    app.review_queue.skip(reviewer(principal), item_id, skip.lease)
    return Response(status_code=204)


@router.post(
    "/{item_id}/move",
    operation_id="moveQueueItem",
    summary="Put an item into another queue",
    responses=responses(401, 403, 404, 409),
)
def move_queue_item(item_id: str, move: Move, app: ApplicationDep, principal: MayReview) -> QueueItem:
    return app.review_queue.move(reviewer(principal), item_id, move.queue)


@router.post(
    "/{item_id}/comments",
    operation_id="commentQueueItem",
    summary="A remark for colleagues",
    status_code=201,
    responses=responses(401, 403, 404),
)
def comment_queue_item(item_id: str, comment: NewComment, app: ApplicationDep, principal: MayReview) -> Comment:
    return app.review_queue.comment(reviewer(principal), item_id, comment.text)


@router.post(
    "/{item_id}/decision",
    operation_id="decideQueueItem",
    summary="Decide about an item",
    responses=responses(401, 403, 404, 409),
)
def decide_queue_item(
    item_id: str,
    decision: ItemDecision,
    app: ApplicationDep,
    principal: MayReview,
    next: Annotated[bool, Query(description="Take the next item with it.")] = False,
    queue: QueueName = None,
) -> DecidedItem:
    """Where a second opinion is asked for, the first decision is not final: another person has to agree."""
    who = reviewer(principal)
    decided = app.decisions.decide_item(who, item_id, decision, decision.lease)
    return DecidedItem(decision=decided, next=app.review_queue.take(who, queue) if next else None)


@router.put(
    "/settings/{queue}",
    operation_id="putQueueSettings",
    summary="How a queue is run",
    responses=responses(401, 403),
)
def put_queue_settings(
    queue: Annotated[Slug, Path()], settings: QueueSettings, app: ApplicationDep, principal: MayScan
) -> QueueSettings:
    """Who may work on it, and whether decisions there need a second opinion. A reviewer's key may not say that."""
    return app.review_queue.set_queue(principal.account_id, queue, settings)
