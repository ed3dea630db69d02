"""The rights holder's watches: being told of new sightings, by mail or at an endpoint."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from provenance.accounts.accounts import Principal
from provenance.errors import BadInput, SourcemarkError
from provenance.jobs import watches, webhooks
from provenance.json_input import parse
from provenance.schemas import Verdict
from provenance.schemas.webhooks import NewWatch

from ...dependencies import ApplicationDep, own
from ..forms import Form
from ..rendering import language_of, page
from ..visitors import MayLookUp

router = APIRouter(include_in_schema=False)
_MOST = 500  # of one account that a page shows


@router.get("/watches")
def listing(request: Request, app: ApplicationDep, who: MayLookUp) -> Response:
    return _listing(request, app, who)


def _listing(request: Request, app: ApplicationDep, who: Principal, error: SourcemarkError | None = None) -> Response:
    return page(
        request,
        "watches.html",
        200 if error is None else error.status,
        watches=watches.page(app.db, own(who), limit=_MOST)[0],
        webhooks=webhooks.page(app.db, who.account_id, limit=_MOST)[0],
        verdicts=get_args(Verdict),
        error=error,
    )


@router.post("/watches")
def create(request: Request, app: ApplicationDep, who: MayLookUp, sent: Form) -> Response:
    try:
        watches.create(app.db, who.account_id, parse(NewWatch, _wanted(request, sent)))
    except SourcemarkError as error:
        return _listing(request, app, who, error)
    return RedirectResponse("/watches", 303)


def _wanted(request: Request, sent: Form) -> dict[str, Any]:
    share = sent["coverage"] or "0"
    if not (share.isascii() and share.isdigit() and int(share) <= 100):
        raise BadInput("coverage: is a number of percent, 0 to 100")
    language = {"lang": language_of(request)} if sent["email"] else {}
    works = [line.strip() for line in sent["work_ids"].splitlines() if line.strip()]
    return {
        **sent.given("email", "webhook_id"),
        **language,
        "work_ids": works,
        "verdicts": sent.all("verdict"),
        "coverage": int(share) / 100,
    }


@router.post("/watches/{watch_id}/end")
def end(app: ApplicationDep, who: MayLookUp, watch_id: Annotated[str, Path(max_length=100)], sent: Form) -> Response:
    watches.remove(app.db, watch_id, own(who))
    return RedirectResponse("/watches", 303)
