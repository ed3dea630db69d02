"""Who uses a page: nobody in particular, or somebody who signed in, with the scopes that the API would ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request

from provenance.accounts import sessions
from provenance.accounts.accounts import Principal, Scope
from provenance.accounts.sessions import SignedIn

from ..dependencies import ApplicationDep
from ..rate_limits import RateLimits
from .forms import cookie_name

SESSION = "session"


class SignInNeeded(Exception):
    """A page is for people who signed in."""

    def __init__(self, page: str) -> None:
        self.address = f"/sign-in?next={quote(page, safe='/')}"


def get_visitor(request: Request, app: ApplicationDep) -> SignedIn | None:
    """Who signed in, and for the templates; raises `RateLimited`."""
    secret = request.cookies.get(cookie_name(request, SESSION))
    found = sessions.find(app.db, secret) if secret else None
    rates: RateLimits = request.app.state.rate_limits
    if found is not None:
        rates.take(found.session_id, app.settings.rate_per_minute)
    request.state.signed_in = found
    return found


Visitor = Annotated[SignedIn | None, Depends(get_visitor)]


def get_signed_in(request: Request, visitor: Visitor) -> SignedIn:
    if visitor is None:
        raise SignInNeeded(request.url.path)
    return visitor


SignedInDep = Annotated[SignedIn, Depends(get_signed_in)]


def _allowed(*scopes: Scope) -> Any:
    """A dependency: who asks, after checking that it has one of the scopes."""

    def check(visitor: SignedInDep) -> Principal:
        principal = visitor.principal
        if not any(map(principal.may, scopes)):
            principal.require(scopes[0])
        return principal

    checked: Callable[..., Principal] = check
    return Depends(checked)


MayRegister = Annotated[Principal, _allowed("register")]
MayLookUp = Annotated[Principal, _allowed("lookup")]
MaySeeEvidence = Annotated[Principal, _allowed("lookup", "review", "scan")]
MayScan = Annotated[Principal, _allowed("scan")]
MayReview = Annotated[Principal, _allowed("review")]
MayAdminister = Annotated[Principal, _allowed("admin")]
