"""What this service is, whose log it keeps, and the ways in; the static files of all pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from provenance.errors import NotFound
from provenance.translation import LANGUAGES
from provenance.works import catalog

from ...dependencies import ApplicationDep
from .. import rendering
from ..forms import Form, set_cookie
from ..rendering import page
from ..visitors import Visitor

router = APIRouter(include_in_schema=False)
_YEAR = 365 * 24 * 3600  # seconds


@router.get("/")
def home(request: Request, app: ApplicationDep, visitor: Visitor) -> Response:
    checkpoint = app.log.reader.read()
    return page(
        request,
        "home.html",
        origin=app.log.origin,
        size=0 if checkpoint is None else checkpoint.size,
        keys=app.log.vkeys(),
    )


@router.get("/find")
def find(
    request: Request, app: ApplicationDep, visitor: Visitor, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """An entry of the log by its number, a case by its id, a work by its id."""
    sought = q.strip()
    if sought.isdigit() and len(sought) < 19:
        return RedirectResponse(f"/ledger/entries/{int(sought)}", 303)
    if sought.startswith("case_"):
        return RedirectResponse(f"/complaints/register/{sought}", 303)
    if visitor is not None and sought.startswith("work_") and visitor.principal.may("register"):
        return RedirectResponse(f"/works/{sought}", 303)
    try:
        entry = catalog.find(app.db, sought).logged_index
    except NotFound:
        return page(request, "not_found.html", 404, sought=sought)
    return RedirectResponse(f"/ledger/entries/{entry}", 303)


@router.post("/language")
def choose_language(request: Request, sent: Form) -> Response:
    back = sent["back"] if sent["back"].startswith("/") and not sent["back"].startswith(("//", "/\\")) else "/"
    answer = RedirectResponse(back, 303)
    if sent["language"] in LANGUAGES:
        set_cookie(request, answer, rendering.LANGUAGE_COOKIE, sent["language"], _YEAR)
    return answer


@router.get(rendering.STATIC + "/{name}")
def static(name: str) -> Response:
    try:
        data, kind, _ = rendering.content(name)
    except KeyError:
        raise NotFound("there is no such file") from None
    headers = {"Cache-Control": f"public, max-age={_YEAR}, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type=kind, headers=headers)
