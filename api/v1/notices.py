"""/v1/notices: complaints that posts show a work without permission, from anybody."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from provenance.cases import links
from provenance.json_input import parse
from provenance.schemas.case import NoticeCounts
from provenance.schemas.notice import BulkNoticeAnswers, BulkNotices, FiledNotice, MatchedWorks, Notice
from provenance.schemas.regimes import OfferedRegime

from ..bodies import SentMedia, SentPost
from ..body_declarations import media_body, statement_body
from ..complainants import Sender, uploads
from ..dependencies import AnyKey, ApplicationDep, IdempotencyKey, Page, account_of, answer_once
from ..problems import responses

PATH = "/v1/notices"
router = APIRouter(prefix=PATH, tags=["complaints"])

EXAMPLE: dict[str, Any] = {
    "regime": "us-dmca",
    "name": "North Bank Weekly",
    "email": "desk@northbank.example",
    "postal_address": "4 Embankment, Harbour Town",
    "work_description": "The article of 3 March on the clock mender",
    "addresses": ["https://platform.example/p/9002"],
    "explanation": "The post repeats the article word for word and names nobody.",
    "good_faith": True,
    "accurate": True,
    "authorised": True,
    "signature": "Chen Yi",
}


@router.get("/regimes", operation_id="listRegimes", summary="What a notice needs", responses=responses(401, 429))
def list_regimes(app: ApplicationDep, sender: Sender) -> Page[OfferedRegime]:
    """The regimes that a notice may name; the first is that of one that names none."""
    offered = [OfferedRegime(regime=name, **dict(app.regimes.of(name))) for name in app.regimes.offered]
    return Page(items=offered, next=None)


@router.post(
    "",
    operation_id="fileNotice",
    summary="Complain about posts",
    status_code=201,
    response_model=FiledNotice,
    responses=responses(401, 403, 404, 409, 413, 415, 429),
    openapi_extra=statement_body(Notice, EXAMPLE),
)
def file_notice(
    app: ApplicationDep, sender: Sender, body: SentPost, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """No API key is needed. Evidence comes as files in parts named `file`, or as hashes in `files`.

    The answer is the receipt: keep its `link`. A notice without a key goes on when its mail address is confirmed by the
    letter that is sent there; one with a key goes on at once, and may have an `Idempotency-Key`.
    """
    notice, files = parse(Notice, body.data), uploads(body, app.settings)
    if sender is None:
        filed = app.notices.file(notice, files)
        with app.db.write() as connection:
            link = links.make(connection, filed.party, "case", app.settings.case_link_days)
        answer = FiledNotice(case_id=filed.case_id, state=filed.state, missing=list(filed.missing), link=link)
        return JSONResponse(answer.model_dump(mode="json"), 201, {"Cache-Control": "no-store"})

    def act(request_id: bytes | None) -> tuple[int, Any]:
        account = account_of(app.db, sender)
        filed = app.notices.file(notice, files, sender=account, request_id=request_id)
        answer = FiledNotice(case_id=filed.case_id, state=filed.state, missing=list(filed.missing))
        return 201, answer.model_dump(mode="json")

    return answer_once(app, sender, idempotency_key, ("notices", body.exact()), act)


@router.post(
    "/batch", operation_id="fileNotices", summary="Complain about many posts", responses=responses(401, 403, 409)
)
def file_notices(new: BulkNotices, app: ApplicationDep, principal: AnyKey) -> BulkNoticeAnswers:
    """Up to 100 notices of an account, each answered on its own: what is refused keeps no other one back."""
    return app.notices.file_many(account_of(app.db, principal), new.notices)


@router.get("/counts", operation_id="countNotices", summary="What became of your notices", responses=responses(401))
def count_notices(app: ApplicationDep, principal: AnyKey) -> NoticeCounts:
    """Of all that your account sent, with every platform."""
    return app.notices.quality(principal.account_id)


@router.post(
    "/works",
    operation_id="findWorksForNotice",
    summary="Which registered works a file shows",
    responses=responses(401, 413, 415, 422, 429),
    openapi_extra=media_body(),
)
def find_works_for_notice(app: ApplicationDep, sender: Sender, body: SentMedia) -> MatchedWorks:
    """For who complains and does not know the work's id. The file is not kept."""
    return MatchedWorks(work_ids=app.notices.works_in(body.source))
