"""/v1/case-links: a case as its parties see it, and what they do in it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from provenance.cases import reading
from provenance.json_input import parse
from provenance.schemas.case import CaseRecord
from provenance.schemas.notice import Appeal, CounterNotice, LegalAction, Message, NoticeContent

from ..bodies import SentPost
from ..body_declarations import statement_body
from ..complainants import Party, Sender, uploads, wants_page
from ..dependencies import ApplicationDep
from ..problems import Responses, responses
from .receipts import RECEIPT_ANSWER, ReceiptFormat, receipt_answer

router = APIRouter(prefix="/v1/case-links/{link}", tags=["complaints"])

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
FILE_ANSWER: Responses = {200: {"description": "The file", "content": {"application/octet-stream": {}}}}
_LED: Responses = {303: {"description": "To the page, for a browser"}}
_ACT = responses(401, 403, 404, 409, 413, 415, 429)
_APPEAL: dict[str, Any] = {"reason": "The licence of 2 May covers this use."}
_MESSAGE: dict[str, Any] = {"text": "The certificate follows by Friday."}
_ACTION: dict[str, Any] = {"reference": "Beijing Internet Court (2026) 0491-1"}
_MORE: dict[str, Any] = {"signature": "Chen Yi", "accurate": True}
_COUNTER: dict[str, Any] = {
    "name": "City Daily",
    "email": "desk@citydaily.example",
    "postal_address": "9 Market Square, Harbour Town",
    "explanation": "The article is ours; the other side reprinted it a day later.",
    "good_faith": True,
    "accurate": True,
    "jurisdiction": True,
    "signature": "Lin Zhaoyun",
}


def _shown(app: ApplicationDep, party: int) -> JSONResponse:
    return _json(reading.for_party(app.db, app.log, app.regimes, party))


def _json(case: CaseRecord) -> JSONResponse:
    return JSONResponse(case.model_dump(mode="json"), headers=PRIVATE)


@router.get(
    "",
    operation_id="getCaseByLink",
    summary="Your case",
    response_model=CaseRecord,
    responses=responses(401, 404, 429, ok=_LED),
)
def get_case_by_link(app: ApplicationDep, party: Party, link: str, request: Request) -> Response:
    """Its state, deadlines, steps, messages and files; of the other side what the regime lets you see. A browser is led
    to the page of the case."""
    if wants_page(request):
        return RedirectResponse(f"/complaints/case/{link}", 303, PRIVATE)
    return _shown(app, party)


@router.get(
    "/confirmation",
    operation_id="showConfirmation",
    summary="The page that confirms a mail address",
    status_code=303,
    response_class=RedirectResponse,
    responses=responses(401, 429),
)
def show_confirmation(sender: Sender, link: str) -> RedirectResponse:
    """With a button: opening it confirms nothing, whatever the link."""
    return RedirectResponse(f"/complaints/case/{link}/confirmation", 303, PRIVATE)


@router.post(
    "/confirmation",
    operation_id="confirmAddress",
    summary="Confirm a mail address",
    response_model=CaseRecord,
    responses=responses(401, 404, 409, 429),
)
def confirm_address(app: ApplicationDep, sender: Sender, link: str) -> JSONResponse:
    """By the second link of the letter about a notice, once."""
    return _shown(app, app.proceedings.confirm_by_link(link))


@router.post(
    "/completion",
    operation_id="completeNotice",
    summary="Add what a notice lacks",
    response_model=CaseRecord,
    responses=_ACT,
    openapi_extra=statement_body(NoticeContent, _MORE),
)
def complete_notice(app: ApplicationDep, party: Party, body: SentPost) -> JSONResponse:
    """Addresses take the place of those before; files are added."""
    app.notices.complete(party, parse(NoticeContent, body.data), uploads(body, app.settings))
    return _shown(app, party)


@router.post(
    "/counter-notice",
    operation_id="fileCounterNotice",
    summary="Contest a notice about your posts",
    response_model=CaseRecord,
    responses=_ACT,
    openapi_extra=statement_body(CounterNotice, _COUNTER),
)
def file_counter_notice(app: ApplicationDep, party: Party, body: SentPost) -> JSONResponse:
    app.proceedings.counter(party, parse(CounterNotice, body.data), uploads(body, app.settings))
    return _shown(app, party)


@router.post(
    "/legal-action",
    operation_id="showLegalAction",
    summary="Show that a court or an authority has the matter",
    response_model=CaseRecord,
    responses=_ACT,
    openapi_extra=statement_body(LegalAction, _ACTION),
)
def show_legal_action(app: ApplicationDep, party: Party, body: SentPost) -> JSONResponse:
    """While the clock of a counter-notice runs: the posts stay down then."""
    app.proceedings.keep_down(party, parse(LegalAction, body.data), uploads(body, app.settings))
    return _shown(app, party)


@router.post(
    "/appeal",
    operation_id="appealCase",
    summary="Appeal against the outcome",
    response_model=CaseRecord,
    responses=_ACT,
    openapi_extra=statement_body(Appeal, _APPEAL),
)
def appeal_case(app: ApplicationDep, party: Party, body: SentPost) -> JSONResponse:
    """Somebody who has not decided before decides about it."""
    app.proceedings.appeal(party, parse(Appeal, body.data), uploads(body, app.settings))
    return _shown(app, party)


@router.post(
    "/messages",
    operation_id="writeInCase",
    summary="Write to those who decide",
    response_model=CaseRecord,
    responses=_ACT,
    openapi_extra=statement_body(Message, _MESSAGE),
)
def write_in_case(app: ApplicationDep, party: Party, body: SentPost) -> JSONResponse:
    """The other side does not see it."""
    app.proceedings.message(party, parse(Message, body.data), uploads(body, app.settings))
    return _shown(app, party)


@router.post(
    "/withdrawal",
    operation_id="withdrawNotice",
    summary="Take a notice back",
    response_model=CaseRecord,
    responses=responses(401, 403, 404, 409, 429),
)
def withdraw_notice(app: ApplicationDep, party: Party) -> JSONResponse:
    app.proceedings.withdraw(party)
    return _shown(app, party)


@router.get(
    "/files/{file_id}",
    operation_id="getCaseFileByLink",
    summary="A file of your case",
    response_class=Response,
    responses=responses(401, 404, 429, ok=FILE_ANSWER),
)
def get_case_file_by_link(app: ApplicationDep, party: Party, file_id: str) -> Response:
    """One of your own, or one that the other side's notice or counter-notice came with."""
    case_id, role = reading.place_of(app.db, party)
    return file_answer(*reading.file(app.db, app.case_files, case_id, file_id, role))


@router.get(
    "/steps/{number}/receipt",
    operation_id="getStepReceipt",
    summary="The proof of a step",
    response_class=Response,
    responses=responses(401, 404, 429, ok=RECEIPT_ANSWER),
)
def get_step_receipt(
    app: ApplicationDep,
    party: Party,
    number: Annotated[int, Path(ge=1, le=1_000_000)],
    format: ReceiptFormat = "zip",
) -> Response:
    """That you filed this on that day: `sourcemark verify` checks it offline."""
    case_id, role = reading.place_of(app.db, party)
    files = reading.receipt(app.db, app.log, case_id, number, role)
    return receipt_answer(files, f"{case_id}.{number}", format, PRIVATE)


def file_answer(name: str, content: bytes) -> Response:
    """A file that a stranger sent: saved, never shown by the browser as what it claims to be."""
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff", **PRIVATE}
    return Response(content, media_type="application/octet-stream", headers=headers)
