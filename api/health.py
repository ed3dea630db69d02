"""/healthz and /readyz: is this process alive, and can it answer?"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from provenance.application import Application
from provenance.errors import SourcemarkError

router = APIRouter(tags=["health"])


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
def healthz(request: Request) -> Health:
    application: Application = request.app.state.application
    return Health(status="ok", damaged_rows=application.damaged_rows)


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Can this process answer, and how far is its index?",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not now"}},
)
def readyz(request: Request) -> JSONResponse:
    app: Application = request.app.state.application
    size: int | None = None
    detail: str | None = None
    try:
        app.start()
        size = app.follower.refresh()
        app.log.check_writable()
    except SourcemarkError as error:
        detail = error.detail
    ready = detail is None
    body = Readiness(
        status="ready" if ready else "not ready", index_position=app.follower.position, log_size=size, detail=detail
    )
    return JSONResponse(body.model_dump(), 200 if ready else 503)
