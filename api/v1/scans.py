"""/v1/scans: is an upload somebody's registered work, and how is it marked?"""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from provenance.accounts.accounts import Principal
from provenance.application import Application
from provenance.scans import batches, evidence, later, records, scanning
from provenance.schemas import NewScan, ScanItem, ScanResult

from ..bodies import BatchBody, RequestBody, batch_items, item
from ..body_declarations import batch_body, request_body
from ..dependencies import (
    ApplicationDep,
    Cursor,
    IdempotencyKey,
    ItemRefused,
    Limit,
    MayScan,
    Page,
    account_of,
    answer_once,
    own,
    read_cursor,
    write_cursor,
)
from ..later import ACCEPTED, Prefer, TakesLong, add_job, short_only, wants_job
from ..problems import responses

router = APIRouter(prefix="/v1/scans", tags=["scans"])

EXAMPLE: dict[str, Any] = {
    "external_id": "post-9001",
    "account": "City Daily",
    "post_url": "https://platform.example/p/9001",
    "text": "By Lin Zhaoyun, from North Bank, https://northbank.example/a/17\n\nThe clock mender sets up his table on "
    "the embankment before the ferries start. When the wind comes he weighs the springs down with an enamel mug.",
}


DryRun = Annotated[
    bool, Query(description="Only answer: no scan is recorded, no sighting told; nothing is remembered by its key.")
]


PartName = Annotated[
    str | None,
    Query(max_length=1000, description="Name of a part of a post; default: that of the surest picture match."),
]


class ScanBatchResult(BaseModel):
    results: list[ScanResult]


@router.post(
    "",
    operation_id="scanUpload",
    summary="Scan an upload",
    response_model=ScanResult,
    responses=responses(401, 403, 409, 413, 415, 422, ok=ACCEPTED),
    openapi_extra=request_body(NewScan, EXAMPLE),
)
def scan_upload(
    app: ApplicationDep,
    principal: MayScan,
    body: RequestBody,
    dry_run: DryRun = False,
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Searches everything registered up to this moment. Of the upload only what the verdict needs is kept.

    Of an upload that cannot be read the problem has an `action` too, by your policy. Long sound or film
    (`SOURCEMARK_LONG_MEDIA_SECONDS`), and everything with `Prefer: respond-async`, is scanned in a job; what this
    route would have answered is the one item of its results.
    """

    def act(_: bytes | None) -> tuple[int, Any]:
        new = item(NewScan, body)
        upload = scanning.Upload(
            ScanItem.model_validate({**new.model_dump(), "path": body.filename or None}),
            body.file if body.file is not None else batches.inline(new),
        )
        return scanned(app, principal, upload, prefer, dry_run=dry_run)

    key = None if dry_run else idempotency_key
    return answer_once(app, principal, key, ("scans", body.exact()), act, prefer=prefer)


def scanned(
    app: Application, principal: Principal, upload: scanning.Upload, prefer: str | None, *, dry_run: bool
) -> tuple[int, Any]:
    """Status and body of the answer to one upload; raises `ItemRefused`. It is a job where that takes long."""
    if not wants_job(prefer):
        with contextlib.suppress(TakesLong):
            told = upload.told_to(short_only(app))
            result = next(app.scanner.scan(account_of(app.db, principal), [told], dry_run=dry_run))
            if result.error is not None:
                raise refused(result)
            return 200, result.model_dump(mode="json")
    return 202, later.add(app.jobs, principal.account_id, upload, dry_run=dry_run).model_dump(mode="json")


def refused(result: ScanResult) -> ItemRefused:
    """The problem of an upload that cannot be scanned, with what the policy says of it (RFC 9457, section 3.2)."""
    kept = result.model_dump(mode="json", include={"error", "action", "flags"}, exclude_none=True)
    return ItemRefused({**kept.pop("error"), **(kept if result.action is not None else {})})


@router.post(
    "/batch",
    operation_id="scanUploads",
    summary="Scan many posts",
    response_model=ScanBatchResult,
    responses=responses(401, 403, 409, 413, 415, ok=ACCEPTED),
    openapi_extra=batch_body(NewScan, EXAMPLE, "Posts to scan (files go one by one)."),
)
def scan_uploads(
    app: ApplicationDep,
    principal: MayScan,
    body: BatchBody,
    dry_run: DryRun = False,
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Results are in the order of the items; one bad item is one result with an error, the rest goes on. With
    `Prefer: respond-async` a job does it, which may have more items."""

    def act(_: bytes | None) -> tuple[int, Any]:
        if wants_job(prefer):
            items = batch_items(body, app.settings.max_job_items, "SOURCEMARK_MAX_JOB_ITEMS")
            return add_job(app, principal, batches.KIND, batches.ScanBatch(items=items, dry_run=dry_run))
        items = batch_items(body, app.settings.max_batch_lines, "SOURCEMARK_MAX_BATCH_LINES")
        results = app.scanner.scan(account_of(app.db, principal), batches.uploads(items), dry_run=dry_run)
        return 200, {"results": [r.model_dump(mode="json") for r in results]}

    key = None if dry_run else idempotency_key
    return answer_once(app, principal, key, ("scans/batch", body.exact()), act, prefer=prefer)


@router.get("", operation_id="listScans", summary="Your scans", responses=responses(401, 403))
def list_scans(app: ApplicationDep, principal: MayScan, limit: Limit = 100, cursor: Cursor = None) -> Page[ScanResult]:
    found, after = records.page(app.db, own(principal), after=read_cursor(cursor), limit=limit)
    return Page(items=found, next=write_cursor(after))


@router.get("/{scan_id}", operation_id="getScan", summary="One scan", responses=responses(401, 403, 404))
def get_scan(scan_id: str, app: ApplicationDep, principal: MayScan) -> ScanResult:
    return records.get(app.db, scan_id, own(principal))


@router.get(
    "/{scan_id}/picture",
    operation_id="showScan",
    summary="A scan's picture matches, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "The picture"}, **responses(401, 403, 404)},
)
def show_scan(scan_id: str, app: ApplicationDep, principal: MayScan, part: PartName = None) -> Response:
    """The upload beside every matched work, what was found outlined and numbered in the order of the matches."""
    return Response(evidence.picture(app.db, scan_id, own(principal), part), media_type="image/png")
