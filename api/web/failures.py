"""What a browser is shown where a program gets a problem: the same words, as a page; or the way to sign in."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from provenance.errors import SourcemarkError

from ..complainants import wants_page
from .rendering import page
from .visitors import SignInNeeded

_PROGRAMS = ("/v1/", "/hma/", "/tile/", "/checkpoint", "/openapi.json", "/healthz", "/readyz", "/metrics")


def _wants_page(request: Request) -> bool:
    """Whether a browser asks, and for a page: programs get JSON."""
    return wants_page(request) and not request.url.path.startswith(_PROGRAMS)


def as_page(request: Request, error: SourcemarkError) -> Response | None:
    """None for a program."""
    return page(request, "problem.html", error.status, error=error) if _wants_page(request) else None


def sign_in_needed(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeeded)
    return RedirectResponse(error.address, 303)
