"""A person's own settings: sessions, password, second factor; and the people of an installation."""

from __future__ import annotations

import base64
import io
from typing import Annotated

import segno
from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from provenance.accounts import accounts, people, sessions
from provenance.accounts.people import NewInvitation
from provenance.accounts.sessions import SignedIn
from provenance.errors import BadInput, Forbidden, SourcemarkError
from provenance.json_input import parse

from ...dependencies import ApplicationDep
from ..forms import Form
from ..rendering import page
from ..visitors import MayAdminister, SignedInDep

router = APIRouter(include_in_schema=False)
Id = Annotated[str, Path(max_length=100)]


@router.get("/me")
def me(request: Request, app: ApplicationDep, who: SignedInDep) -> Response:
    return _me(request, app, who)


def _me(
    request: Request,
    app: ApplicationDep,
    who: SignedIn,
    status: int = 200,
    error: SourcemarkError | None = None,
    codes: list[str] | None = None,
) -> Response:
    mine = None if who.person_id is None else people.get(app.db, who.person_id)
    return page(
        request,
        "me.html",
        status,
        person=mine,
        account=accounts.find(app.db, who.principal.account_id),
        sessions=[] if mine is None else sessions.of(app.db, mine.id),
        present=who.session_id,
        error=error,
        codes=codes or [],
    )


@router.post("/me/sessions/{session_id}/end")
def end_session(app: ApplicationDep, who: SignedInDep, session_id: Id, sent: Form) -> Response:
    sessions.end(app.db, session_id, _person(who))
    return RedirectResponse("/me", 303)


@router.post("/me/password")
def change_password(request: Request, app: ApplicationDep, who: SignedInDep, sent: Form) -> Response:
    """All sessions end with it."""
    given = dict(sent.fields)
    try:
        people.change_password(app.db, _person(who), given.get("present", ""), given.get("password", ""))
    except (Forbidden, BadInput) as error:
        return _me(request, app, who, error.status, error)
    return RedirectResponse("/sign-in?next=/me", 303)


@router.get("/me/second-factor")
def propose_second_factor(request: Request, app: ApplicationDep, who: SignedInDep) -> Response:
    return _proposal(request, app, who, app.second_factor.propose())


def _proposal(
    request: Request, app: ApplicationDep, who: SignedIn, secret: str, error: SourcemarkError | None = None
) -> Response:
    name = people.get(app.db, _person(who)).name
    picture = io.BytesIO()
    segno.make(app.second_factor.address(secret, name, app.log.origin)).save(picture, kind="svg", scale=4, border=4)
    code = base64.b64encode(picture.getvalue()).decode()
    status = 200 if error is None else error.status
    return page(request, "second_factor.html", status, secret=secret, code=code, error=error)


@router.post("/me/second-factor")
def enable_second_factor(request: Request, app: ApplicationDep, who: SignedInDep, sent: Form) -> Response:
    try:
        codes = app.second_factor.enable(_person(who), sent["secret"], sent["code"])
    except BadInput as error:
        return _proposal(request, app, who, sent["secret"], error)
    return _me(request, app, who, codes=codes)


@router.post("/me/second-factor/off")
def disable_second_factor(request: Request, app: ApplicationDep, who: SignedInDep, sent: Form) -> Response:
    try:
        people.check_password(app.db, _person(who), dict(sent.fields).get("present", ""))
    except Forbidden as error:
        return _me(request, app, who, error.status, error)
    app.second_factor.disable(_person(who))
    return RedirectResponse("/me", 303)


def _person(who: SignedIn) -> str:
    if who.person_id is None:
        raise Forbidden("an API key has no settings of its own: sign in with your name")
    return who.person_id


# --- all people ------------------------------------------------------------------------------------------------------
@router.get("/people")
def everyone(request: Request, app: ApplicationDep, _: MayAdminister) -> Response:
    return _everyone(request, app)


def _everyone(request: Request, app: ApplicationDep, link: str = "", error: SourcemarkError | None = None) -> Response:
    found = accounts.everyone(app.db)
    return page(
        request,
        "people.html",
        200 if error is None else error.status,
        people=people.everyone(app.db),
        accounts={each.id: each for each in found},
        kinds=accounts.KINDS,
        link=link,
        error=error,
    )


@router.post("/people")
def invite(request: Request, app: ApplicationDep, _: MayAdminister, sent: Form) -> Response:
    """The link is shown once."""
    try:
        made = people.invite(app.db, parse(NewInvitation, sent.given("account", "person")))
    except SourcemarkError as error:
        return _everyone(request, app, error=error)
    return _everyone(request, app, f"{app.settings.public_address}/invitation/{made.secret}")


@router.post("/people/accounts")
def new_account(request: Request, app: ApplicationDep, _: MayAdminister, sent: Form) -> Response:
    try:
        accounts.create(app.db, parse(accounts.NewAccount, sent.given("name", "kind", "default_owner")))
    except SourcemarkError as error:
        return _everyone(request, app, error=error)
    return RedirectResponse("/people", 303)


@router.post("/people/{person_id}/disable")
def disable(app: ApplicationDep, _: MayAdminister, person_id: Id, sent: Form) -> Response:
    people.disable(app.db, person_id)
    return RedirectResponse("/people", 303)
