"""/v1/posts: an article with its pictures, scanned as the one thing that a reader sees."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from provenance.json_input import parse
from provenance.scans import posts
from provenance.schemas import NewPost, ScanResult

from ..bodies import SentPost
from ..body_declarations import post_body
from ..dependencies import ApplicationDep, IdempotencyKey, MayScan, answer_once
from ..later import ACCEPTED, Prefer
from ..problems import responses
from .scans import DryRun, scanned

PATH = "/v1/posts"
router = APIRouter(prefix=PATH, tags=["posts"])

EXAMPLE: dict[str, Any] = {
    "external_id": "post-9002",
    "account": "City Daily",
    "post_url": "https://platform.example/p/9002",
    "title": "An hour with the clock mender",
    "html": "<p>The clock mender sets up his table on the embankment before the ferries start.</p>"
    '<figure><img src="embankment.jpg"><figcaption>Photo: Lin Zhaoyun / North Bank</figcaption></figure>',
}


@router.post(
    "",
    operation_id="scanPost",
    summary="Scan a post",
    response_model=ScanResult,
    responses=responses(401, 403, 409, 413, 415, 422, ok=ACCEPTED),
    openapi_extra=post_body(NewPost, EXAMPLE),
)
def scan_post(
    app: ApplicationDep,
    principal: MayScan,
    body: SentPost,
    dry_run: DryRun = False,
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Every part is matched in its medium and judged by what a reader sees beside it; the post has one verdict.

    A page shows its pictures by file name, `cid:` or data URI; nothing is fetched. A part that cannot be read is a part
    with a status and an error, and the verdict is `review` at least. A post with long sound or film is scanned in a
    job, as by `POST /v1/scans`.
    """

    def act(_: bytes | None) -> tuple[int, Any]:
        upload = posts.of_post(parse(NewPost, body.data), body.files)
        return scanned(app, principal, upload, prefer, dry_run=dry_run)

    key = None if dry_run else idempotency_key
    return answer_once(app, principal, key, ("posts", body.exact()), act, prefer=prefer)
