"""/healthz and /readyz: is this process alive, and can it answer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from provenance.application import Application
from provenance.errors import SourcemarkError

router = APIRouter(tags=["health"])
T = TypeVar("T")
_PATIENCE = 30.0  # seconds until a process that finds out nothing is not ready


async def apart(request: Request, act: Callable[[Application], T], patience: float) -> T | None:
    """Do what operators ask in threads of its own, so that it does not wait for those of the other requests.

    Returns:
        None where it takes longer than so many seconds; its thread goes on.
    """
    state = request.app.state
    with anyio.move_on_after(patience):
        return await anyio.to_thread.run_sync(act, state.application, limiter=state.probes, abandon_on_cancel=True)
    return None


class Health(BaseModel):
    status: str = Field(examples=["ok"])
    damaged_rows: int | None = Field(
        description="Of the rows looked at when the process started, those that do not agree with the log; null until "
        "then. The operator's log names them, `sourcemark ledger fsck` looks at all.",
        examples=[0],
    )


class Readiness(BaseModel):
    status: str = Field(examples=["ready"])
    index_position: int = Field(description="Log size up to which this process's index has come.", examples=[42])
    log_size: int | None = Field(
        description="Log size in the database; null while it cannot be reached.", examples=[42]
    )
    detail: str | None = Field(None, description="What is missing, if anything.")


@router.get("/healthz", operation_id="getHealth", summary="Is the process alive?")
async def healthz(request: Request) -> Health:
    application: Application = request.app.state.application
    return Health(status="ok", damaged_rows=application.damaged_rows)


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Can this process answer, and how far is its index?",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not now"}},
)
async def readyz(request: Request) -> JSONResponse:
    app: Application = request.app.state.application
    body = await apart(request, _readiness, _PATIENCE) or Readiness(
        status="not ready",
        index_position=app.follower.position,
        log_size=None,
        detail=f"the database did not answer within {_PATIENCE:g} seconds, or the index is catching up",
    )
    return JSONResponse(body.model_dump(), 200 if body.detail is None else 503)


def _readiness(app: Application) -> Readiness:
    size: int | None = None
    detail: str | None = None
    try:
        app.start()
        size = app.follower.refresh()
        app.log.check_writable()
    except SourcemarkError as error:
        detail = error.detail
    return Readiness(
        status="ready" if detail is None else "not ready",
        index_position=app.follower.position,
        log_size=size,
        detail=detail,
    )
