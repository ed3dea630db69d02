"""What routes share: the application, who asks, cursors, idempotent answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Header, Query, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

from provenance.accounts import accounts
from provenance.accounts.accounts import Account, Principal, Scope
from provenance.accounts.quotas import refuse_beyond
from provenance.application import Application
from provenance.config import MEBIBYTE
from provenance.database import idempotency
from provenance.database.engine import Database
from provenance.errors import BadInput, SourcemarkError, Unauthenticated
from provenance.json_input import unknown_key
from provenance.scans.review.reviewer import Reviewer

from .later import job_headers
from .observation import ANSWER_HEADERS
from .rate_limits import RateLimits, rate_headers

_bearer = HTTPBearer(auto_error=False, scheme_name="ApiKey", description="An API key: `Authorization: Bearer smk_...`")


def get_application(request: Request) -> Application:
    """The process's application, started; raises `Unavailable` while its database is down."""
    app: Application = request.app.state.application
    app.start()
    return app


ApplicationDep = Annotated[Application, Depends(get_application)]


def get_principal(
    request: Request,
    app: ApplicationDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Principal:
    if credentials is None:
        raise Unauthenticated("send an API key: Authorization: Bearer smk_...")
    principal = accounts.authenticate(app.db, credentials.credentials)
    count_request(request, app, principal)
    return principal


def count_request(request: Request, app: Application, principal: Principal) -> None:
    """Count a request to its key; raises `RateLimited`. Whatever is answered tells what is left."""
    limits = principal.limits.or_of(app.settings)
    rates: RateLimits = request.app.state.rate_limits
    rates.take(principal.key_id, limits.requests_per_minute or 0)
    declared = request.headers.get("content-length", "")
    chunked = "transfer-encoding" in request.headers
    size = int(declared) if declared.isdigit() else app.settings.max_upload_mib * MEBIBYTE * chunked
    left = app.quotas.take(principal.key_id, limits, size)
    if left:
        request.scope[ANSWER_HEADERS] = rate_headers(left)
        refuse_beyond(left)


def allowed(scope: Scope, *others: Scope) -> Any:
    """A dependency: who asks, after checking that the key carries the scope, or one of others."""

    def check(principal: Annotated[Principal, Depends(get_principal)]) -> Principal:
        if not any(map(principal.may, others)):
            principal.require(scope)
        return principal

    return Depends(check)


AnyKey = Annotated[Principal, Depends(get_principal)]
MayRegister = Annotated[Principal, allowed("register")]
MayScan = Annotated[Principal, allowed("scan")]
MayLookUp = Annotated[Principal, allowed("lookup")]
MayReview = Annotated[Principal, allowed("review")]
MayLookUpOrReview = Annotated[Principal, allowed("lookup", "review")]
MayAdminister = Annotated[Principal, allowed("admin")]


def own(principal: Principal) -> str | None:
    """Whose things this key sees: its account's, or everybody's for an administrator."""
    return None if principal.is_admin else principal.account_id


def reviewer(principal: Principal) -> Reviewer:
    """The person who reviews with this key."""
    return Reviewer(own(principal), principal.key_id, principal.label)


def account_of(db: Database, principal: Principal) -> Account:
    return accounts.find(db, principal.account_id)


def refuse_unknown_parameters(request: Request) -> None:
    """Raises `BadInput` for a parameter of the query that its route does not have: FastAPI would ignore it."""
    route = request.scope.get("route")
    if isinstance(route, APIRoute):
        known = _query_parameters(route.dependant)
        for name in request.query_params:
            if name not in known:
                raise BadInput(unknown_key(name, known, "parameter"))


def _query_parameters(dependant: Dependant) -> list[str]:
    """The names of those that a route and what it depends on take."""
    own = [each.alias for each in dependant.query_params]
    return own + [name for each in dependant.dependencies for name in _query_parameters(each)]


# --- pages ---------------------------------------------------------------------------------------------------------
T = TypeVar("T", bound=BaseModel)
Limit = Annotated[int, Query(ge=1, le=500, description="Most items in the answer.")]
_CURSOR = r"^[0-7][0-9a-f]{15}$"  # a position in a list, 63 bits; every one that is well-formed may be asked for
Cursor = Annotated[
    str | None,
    Query(
        max_length=100,
        description="`next` of the page before.",
        json_schema_extra={"pattern": _CURSOR, "maxLength": 16},
    ),
]


class Page(BaseModel, Generic[T]):
    items: list[T]
    next: str | None = Field(None, description="Cursor of the next page; null at the end.")


def read_cursor(cursor: str | None) -> int:
    """Raises `BadInput` for anything that is not a cursor of ours."""
    if cursor is None:
        return 0
    if not re.fullmatch(_CURSOR, cursor):
        raise BadInput("cursor: is not one of ours; leave it out to start from the beginning")
    return int(cursor, 16)


def write_cursor(number: int | None) -> str | None:
    return None if number is None else f"{number:016x}"


# --- idempotent answers ----------------------------------------------------------------------------------------------
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Any unique string: the same request sent again with it is answered again, not carried out again.",
    ),
]


def answer_once(
    app: Application,
    principal: Principal,
    key: str | None,
    request: tuple[str, Iterable[bytes]],
    act: Callable[[bytes | None], tuple[int, Any]],
    *,
    prefer: str | None = None,
) -> JSONResponse:
    """Carry out a POST, once per Idempotency-Key.

    Args:
        request: the route and the exact body in pieces, which tell whether two requests are the same.
        act: returns status and JSON body; an error it raises is not remembered. It is given 32 bytes that are the same
            when the request is carried out again after its process was killed; None without a key.
        prefer: the request's preferences.
    """
    if key is None:
        status, body = act(None)
    else:
        request_hash = hashlib.sha256(request[0].encode() + b"\0")
        for piece in request[1]:
            request_hash.update(piece)
        hours = app.settings.idempotency_hours
        status, body = idempotency.once(app.db, principal.account_id, key, request_hash.digest(), hours, act)
    return JSONResponse(body, status, job_headers(body, prefer) if status == 202 else None)


def make_once(
    app: Application,
    principal: Principal,
    key: str | None,
    request: tuple[str, BaseModel],
    make: Callable[[bytes | None], BaseModel],
) -> JSONResponse:
    """Answer 201 with what is made, once per Idempotency-Key.

    Args:
        request: the route and the body.
        make: see ``act`` of `answer_once`.
    """
    route, body = request

    def act(request_id: bytes | None) -> tuple[int, Any]:
        return 201, make(request_id).model_dump(mode="json")

    return answer_once(app, principal, key, (route, [body.model_dump_json().encode()]), act)


class ItemRefused(SourcemarkError):
    """A single item's error, already in the form of a problem."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail")), reason=problem.get("reason"))
        self._problem = {k: v for k, v in problem.items() if v is not None}
        self.status = int(problem["status"])  # type: ignore[misc]

    def problem(self) -> dict[str, Any]:
        return self._problem
