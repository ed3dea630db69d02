"""Every error as an RFC 9457 problem, and the same problems declared in the OpenAPI document."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Set
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from provenance import errors, logs
from provenance.errors import SourcemarkError
from provenance.json_input import problem_line

_logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"

_BY_STATUS: dict[int, tuple[Callable[[str], SourcemarkError], str]] = {
    400: (errors.BadInput, "owner: must be one line without control characters"),
    401: (errors.Unauthenticated, "this API key is not known here: check it, or ask the administrator for a new one"),
    403: (errors.Forbidden, "this key lacks the scope 'register': ask the administrator for one that has it"),
    404: (errors.NotFound, "no work of yours has the id 'work_0'"),
    409: (errors.Conflict, "this Idempotency-Key was used with another request: choose a new one"),
    413: (errors.TooLarge, "the request is larger than 100 MiB (SOURCEMARK_MAX_UPLOAD_MIB)"),
    415: (errors.UnsupportedContent, "send application/json or multipart/form-data"),
    422: (errors.BadContent, "the picture ends before its data does: it was cut off; send the whole file"),
    429: (
        partial(errors.RateLimited, retry_after=1),
        "more requests come than are allowed: slow down, or ask the operator to raise SOURCEMARK_RATE_PER_MINUTE",
    ),
    503: (errors.Unavailable, "the database cannot be reached; try again"),
}


AsPage = Callable[[Request, SourcemarkError], Response | None]
Responses = dict[int | str, dict[str, Any]]


def responses(*statuses: int, ok: Responses | None = None) -> Responses:
    """The declaration of a route's answers: ``ok`` ones, and problems.

    400 and 503 can always happen, and 429 where a key is asked for.
    """
    always = {400, 503, *((429,) if 401 in statuses else ())}
    return {**(ok or {}), **{status: _declaration(status) for status in sorted({*always, *statuses})}}


def _declaration(status: int) -> dict[str, Any]:
    kind, detail = _BY_STATUS[status]
    example = kind(detail)
    return {
        "description": example.title,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example.problem()}},
    }


Operations = Mapping[str, Set[str]]


def operations(routers: Iterable[APIRouter]) -> Operations:
    """The methods by the address they are at, as the description has them, which takes a second to make."""
    found: dict[str, set[str]] = {}
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                found.setdefault(route.path_format, set()).update(route.methods or ())
    return found


def _methods(described: Operations, path: str) -> set[str]:
    """Every method that some route takes at an address that has parameters."""
    patterns = (
        (compile_path(template.replace("{path}", "{path:path}"))[0], taken) for template, taken in described.items()
    )
    return {method for pattern, taken in patterns if pattern.match(path) for method in taken}


class Methods:
    """ASGI middleware: 405 where a path in full takes other methods, though one with parameters would take this one.

    Without it ``GET /v1/works/batch`` would ask for the work named batch.
    """

    def __init__(self, app: ASGIApp, described: Operations) -> None:
        self.app = app
        self.described = described

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = self.described.get(scope["path"]) if scope["type"] == "http" else None
        if taken is None or scope["method"] in taken:
            await self.app(scope, receive, send)
        else:
            await _other_methods(taken)(scope, receive, send)


def _other_methods(methods: Set[str]) -> JSONResponse:
    allowed = ", ".join(sorted(methods))
    answer = response(errors.MethodNotAllowed(f"this address takes {allowed}"))
    answer.headers["Allow"] = allowed  # the router would name only the methods of the first route here
    return answer


def response(error: SourcemarkError) -> JSONResponse:
    headers = {"Cache-Control": "no-store"}  # a tile that is not there yet may be there in a moment
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.RateLimited | errors.Unavailable):
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    elif error.status == 503:
        headers["Retry-After"] = "5"
    return JSONResponse(error.problem(), error.status, headers, MEDIA_TYPE)


def install(app: FastAPI, described: Operations, as_page: AsPage = lambda _, __: None) -> None:
    """Make every way to fail end in a problem.

    Args:
        as_page: the problem as a page, where a browser asks for one.
    """

    def answer(request: Request, error: SourcemarkError) -> Response:
        return as_page(request, error) or response(error)

    @app.exception_handler(SourcemarkError)
    def known(request: Request, error: SourcemarkError) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]  # its place begins with body, query ...
        return answer(request, errors.BadInput(problem_line(first, skipped=1)))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return answer(request, errors.NotFound("there is nothing at this address: see /openapi.json"))
        if error.status_code == 405:
            there = (error.headers or {}).get("Allow", "").split(", ")  # of an address outside the description
            return _other_methods(_methods(described, request.url.path) or set(there))
        return response(errors.BadInput(str(error.detail)))

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> JSONResponse:
        _logger.error("unforeseen error at %s %s", request.method, request.url.path, exc_info=error)
        answer = response(SourcemarkError("an unforeseen error, written to the service's log; nothing was registered"))
        if (name := logs.request_id.get()) is not None:  # this answer passes the middleware by
            answer.headers["X-Request-ID"] = name
        return answer
