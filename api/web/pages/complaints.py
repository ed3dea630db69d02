"""The complaints pages: filing a notice, a case as its parties see it, what became of all of them.

Nobody needs an account, and nothing needs a script. A case is opened by the secret link of its letters, by whose holder
alone it is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from provenance.application import Application
from provenance.cases import links, reading, register
from provenance.cases.files import Upload
from provenance.cases.register import Sought
from provenance.config import MEBIBYTE
from provenance.errors import NotFound, SourcemarkError
from provenance.json_input import parse
from provenance.schemas.notice import Appeal, CounterNotice, LegalAction, Message, Notice, NoticeContent

from ...complainants import get_sender
from ...dependencies import ApplicationDep, Cursor, read_cursor, write_cursor
from ...v1.case_links import file_answer
from ...v1.receipts import receipt_answer
from ..forms import Form, Sent
from ..rendering import PRIVATE, language_of, page
from ..visitors import Visitor

# Whoever opens these without signing in may do so as often as the API lets them.
router = APIRouter(prefix="/complaints", include_in_schema=False, dependencies=[Depends(get_sender)])
_PAGE = 50
_PERSON = ("name", "email", "postal_address", "phone", "identity")
_NOTICE = (*_PERSON, "work_id", "work_description", "explanation", "signature", "regime", "platform", "sighting_id")
_BOXES = ("good_faith", "accurate", "authorised", "jurisdiction")
Link = Annotated[str, Path(max_length=100)]


def get_party(app: ApplicationDep, link: Link) -> int:
    """The number of the party whose link it is; raises `NotFound`."""
    with app.db.read() as connection:
        return links.find(connection, link)


Party = Annotated[int, Depends(get_party)]


@router.get("")
def home(request: Request, visitor: Visitor) -> Response:
    return page(request, "complaints/home.html")


@router.get("/new")
def form(
    request: Request,
    app: ApplicationDep,
    visitor: Visitor,
    regime: Annotated[str, Query(max_length=40)] = "",
    sighting: Annotated[str, Query(max_length=100)] = "",
    work: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    return _form(request, app, regime, {"sighting_id": sighting, "work_id": work})


def _form(
    request: Request,
    app: Application,
    regime: str,
    values: Mapping[str, str],
    boxes: tuple[str, ...] = (),
    error: SourcemarkError | None = None,
) -> Response:
    chosen = regime if regime in app.regimes.offered else app.regimes.offered[0]
    return page(
        request,
        "complaints/new.html",
        200 if error is None else error.status,
        chosen=chosen,
        regime=app.regimes.of(chosen),
        offered={name: app.regimes.of(name) for name in app.regimes.offered},
        values={**dict.fromkeys((*_NOTICE, "addresses"), ""), **values},
        boxes=boxes,
        error=error,
    )


@router.post("/new")
def file_notice(request: Request, app: ApplicationDep, visitor: Visitor, sent: Form) -> Response:
    """The page that follows is the receipt: its address is the secret link."""
    try:
        notice = parse(Notice, {**_statement(request, sent), **sent.given(*_NOTICE)})
        filed = app.notices.file(notice, _uploads(app, sent))
    except SourcemarkError as error:
        values = {name: sent[name] for name in (*_NOTICE, "addresses")}
        return _form(request, app, sent["regime"], values, tuple(box for box in _BOXES if box in sent), error)
    with app.db.write() as connection:
        link = links.make(connection, filed.party, "case", app.settings.case_link_days)
    return RedirectResponse(f"/complaints/case/{link}?filed=1", 303)


def _statement(request: Request, sent: Sent) -> dict[str, Any]:
    addresses = [line.strip() for line in sent["addresses"].splitlines() if line.strip()]
    boxes = {box: True for box in _BOXES if box in sent}
    return {**boxes, **({"addresses": addresses} if addresses else {}), "lang": language_of(request)}


def _uploads(app: Application, sent: Sent) -> list[Upload]:
    most = app.settings.max_case_file_mib * MEBIBYTE + 1
    return [Upload(name or "file", source[:most]) for _, name, source in sent.files]


# --- a case ----------------------------------------------------------------------------------------------------------
@router.get("/case/{link}")
def case(
    request: Request, app: ApplicationDep, visitor: Visitor, party: Party, link: Link, filed: str = ""
) -> Response:
    return _case(request, app, party, link, filed=bool(filed))


def _case(
    request: Request,
    app: Application,
    party: int,
    link: str,
    *,
    filed: bool = False,
    error: SourcemarkError | None = None,
    sent: Sent | None = None,
) -> Response:
    shown = reading.for_party(app.db, app.log, app.regimes, party)
    return page(
        request,
        "complaints/case.html",
        200 if error is None else error.status,
        case=shown,
        link=link,
        regime=app.regimes.of(shown.regime),
        filed=filed,
        error=error,
        values={} if sent is None else dict(sent.fields),
    )


@router.get("/case/{link}/confirmation")
def show_confirmation(request: Request, visitor: Visitor, link: Link) -> Response:
    """With a button: programs that look through mail open every link."""
    return page(request, "complaints/confirmation.html", link=link)


@router.post("/case/{link}/confirmation")
def confirm(request: Request, app: ApplicationDep, visitor: Visitor, link: Link, sent: Form) -> Response:
    party = app.proceedings.confirm_by_link(link)
    with app.db.write() as connection:
        opened = links.make(connection, party, "case", app.settings.case_link_days)
    return RedirectResponse(f"/complaints/case/{opened}", 303)


_Act = Callable[[Application, int, Request, Sent], object]
_ACTS: dict[str, _Act] = {
    "completion": lambda app, party, request, sent: app.notices.complete(
        party,
        parse(NoticeContent, {**_statement(request, sent), **sent.given(*_PERSON, *_NOTICE[5:9])}),
        _uploads(app, sent),
    ),
    "counter-notice": lambda app, party, request, sent: app.proceedings.counter(
        party,
        parse(CounterNotice, {**_counter(request, sent), **sent.given(*_PERSON, "explanation", "signature")}),
        _uploads(app, sent),
    ),
    "appeal": lambda app, party, _, sent: app.proceedings.appeal(
        party, parse(Appeal, {"reason": sent["reason"]}), _uploads(app, sent)
    ),
    "legal-action": lambda app, party, _, sent: app.proceedings.keep_down(
        party, parse(LegalAction, {"reference": sent["reference"]}), _uploads(app, sent)
    ),
    "messages": lambda app, party, _, sent: app.proceedings.message(
        party, parse(Message, {"text": sent["text"]}), _uploads(app, sent)
    ),
    "withdrawal": lambda app, party, _, __: app.proceedings.withdraw(party),
}


def _counter(request: Request, sent: Sent) -> dict[str, Any]:
    said = _statement(request, sent)
    return {name: value for name, value in said.items() if name not in ("addresses", "authorised")}


@router.post("/case/{link}/{act}")
def take_step(
    request: Request, app: ApplicationDep, visitor: Visitor, party: Party, link: Link, act: Link, sent: Form
) -> Response:
    if act not in _ACTS:
        raise NotFound("a case has no such step")
    try:
        _ACTS[act](app, party, request, sent)
    except SourcemarkError as error:
        return _case(request, app, party, link, error=error, sent=sent)
    return RedirectResponse(f"/complaints/case/{link}", 303)


@router.get("/case/{link}/files/{file_id}")
def case_file(app: ApplicationDep, party: Party, file_id: Link) -> Response:
    case_id, role = reading.place_of(app.db, party)
    return file_answer(*reading.file(app.db, app.case_files, case_id, file_id, role))


@router.get("/case/{link}/steps/{number}/receipt")
def step_receipt(app: ApplicationDep, party: Party, number: Annotated[int, Path(ge=1, le=1_000_000)]) -> Response:
    case_id, role = reading.place_of(app.db, party)
    files = reading.receipt(app.db, app.log, case_id, number, role)
    return receipt_answer(files, f"{case_id}.{number}", "zip", PRIVATE)


# --- the public register ---------------------------------------------------------------------------------------------
@router.get("/register")
def public_register(
    request: Request,
    app: ApplicationDep,
    visitor: Visitor,
    address: Annotated[str, Query(max_length=2000)] = "",
    work_id: Annotated[str, Query(max_length=100)] = "",
    cursor: Cursor = None,
) -> Response:
    sought = Sought(address or None, work_id or None)
    found, after = register.page(app.db, app.log, sought, after=read_cursor(cursor), limit=_PAGE)
    months = register.months(app.db)[:24]
    return page(
        request,
        "complaints/register.html",
        cases=found,
        months=months,
        address=address,
        work_id=work_id,
        next=write_cursor(after),
    )


@router.get("/register/{case_id}")
def public_case(request: Request, app: ApplicationDep, visitor: Visitor, case_id: Link) -> Response:
    return page(request, "complaints/public_case.html", case=register.get(app.db, app.log, case_id))
