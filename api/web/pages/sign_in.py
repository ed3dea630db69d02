"""Signing in and out, and what an invitation opens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from provenance.accounts import people, sessions
from provenance.accounts.sessions import CodeNeeded
from provenance.errors import BadInput, Conflict, Unauthenticated

from ...complainants import sender_address
from ...dependencies import ApplicationDep
from ...rate_limits import RateLimits
from ..forms import Form, cookie_name, set_cookie
from ..rendering import page
from ..visitors import SESSION, Visitor

router = APIRouter(include_in_schema=False)
_TRIES = 10  # a minute: of one name, and of one address
_SETTING = "nothing: ten tries a minute are enough"
Secret = Annotated[str, Path(max_length=100)]


@router.get("/sign-in")
def form(request: Request, visitor: Visitor, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    return page(request, "sign_in.html", next=next, name="", error=None, code_needed=False)


@router.post("/sign-in")
def sign_in(request: Request, app: ApplicationDep, visitor: Visitor, sent: Form) -> Response:
    browser, hours = request.headers.get("user-agent", ""), app.settings.session_hours
    code_needed = False
    try:
        _count(request, sent["name"])
        if sent["api_key"]:
            secret = sessions.sign_in_by_key(app.db, sent["api_key"], browser, hours)
        else:
            secret = sessions.sign_in(
                app.db, app.second_factor, sent["name"], _exactly(sent, "password"), sent["code"], browser, hours
            )
    except Unauthenticated as error:
        code_needed = isinstance(error, CodeNeeded) or bool(sent["code"])
        return page(
            request,
            "sign_in.html",
            401,
            next=sent["next"],
            name=sent["name"],
            error=error,
            code_needed=code_needed,
        )
    answer = RedirectResponse(_inside(sent["next"]), 303)
    set_cookie(request, answer, SESSION, secret, hours * 3600)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, app: ApplicationDep, visitor: Visitor, sent: Form) -> Response:
    if visitor is not None:
        sessions.end(app.db, visitor.session_id)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(cookie_name(request, SESSION), path="/", secure=request.url.scheme == "https", httponly=True)
    return answer


@router.get("/invitation/{secret}")
def invitation(request: Request, app: ApplicationDep, visitor: Visitor, secret: Secret) -> Response:
    """Opening it uses nothing up: programs that look through mail open every link."""
    _count(request, "")
    return page(request, "invitation.html", invited=people.invited(app.db, secret), name="", error=None)


@router.post("/invitation/{secret}")
def accept(request: Request, app: ApplicationDep, visitor: Visitor, secret: Secret, sent: Form) -> Response:
    _count(request, "")
    try:
        person = people.accept(app.db, secret, sent["name"], _exactly(sent, "password"))
    except (BadInput, Conflict) as error:
        offered = people.invited(app.db, secret)
        return page(request, "invitation.html", error.status, invited=offered, name=sent["name"], error=error)
    opened = sessions.sign_in(
        app.db,
        app.second_factor,
        person.name,
        _exactly(sent, "password"),
        "",
        request.headers.get("user-agent", ""),
        app.settings.session_hours,
    )
    answer = RedirectResponse("/me", 303)
    set_cookie(request, answer, SESSION, opened, app.settings.session_hours * 3600)
    return answer


def _exactly(sent: Form, name: str) -> str:
    """A field with the space around it: a password may begin with some."""
    return next((value for key, value in sent.fields if key == name), "")


def _count(request: Request, name: str) -> None:
    """Count a try to the name and to where it comes from; raises `RateLimited`."""
    rates: RateLimits = request.app.state.rate_limits
    rates.take(f"signs in from {sender_address(request)}", _TRIES, _SETTING)
    if name:
        rates.take(f"signs in as {people.name_key(name)}", _TRIES, _SETTING)


def _inside(page_address: str) -> str:
    """An address of ours: whoever made the link chose it."""
    inside = page_address.startswith("/") and not page_address.startswith(("//", "/\\"))
    return page_address if inside and page_address.isprintable() else "/"
