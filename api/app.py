"""Wires the routes to one application."""

from __future__ import annotations

import asyncio
import html
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from pydantic.json_schema import models_json_schema

from provenance.application import Application
from provenance.config import MEBIBYTE, Settings
from provenance.errors import SourcemarkError
from provenance.marking.lexicon import lexicon
from provenance.schemas import NewScan, NewWork, Problem

from . import health, problems, tlog
from .limits import BodyLimit
from .v1 import accounts, grants, ledger, scans, sightings, statements, works

_logger = logging.getLogger(__name__)

_ABOUT = (
    "Registers original works in a signed public ledger, finds their reposts, and checks that a repost marks the owner "
    "and a traceable source. Everything under /v1/ledger is public; the rest needs an API key."
)


def create_app(settings: Settings) -> FastAPI:
    """The application on one installation. It comes up even while its database is down, and answers 503 until then."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        application = Application(settings)
        app.state.application = application
        try:
            await run_in_threadpool(application.start)
            await run_in_threadpool(application.follower.refresh)
            await run_in_threadpool(lexicon)  # compiled here, not during the first scan
        except SourcemarkError as error:
            _logger.warning("not ready yet: %s", error.detail)
        stamping = asyncio.create_task(_stamp(application)) if settings.tsa_url is not None else None
        yield
        if stamping is not None:
            stamping.cancel()
        await run_in_threadpool(application.close)

    app = FastAPI(
        title="Sourcemark",
        version=version("sourcemark"),
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's pages load scripts from a CDN; ours is self-contained
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(BodyLimit, most=settings.max_upload_mib * MEBIBYTE)
    for module in (works, grants, statements, scans, sightings, ledger, accounts, health, tlog):
        app.include_router(module.router)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(_docs_page(app.openapi()))

    plain_openapi = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain_openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        _, extra = models_json_schema(
            [(model, "validation") for model in (works.WorkBatch, scans.ScanBatch, NewWork, NewScan, Problem)],
            ref_template="#/components/schemas/{model}",
        )
        for name, schema in extra["$defs"].items():
            schemas.setdefault(name, schema)
        # FastAPI declares its own answer to invalid parameters; ours is a problem with status 400.
        for operations in document["paths"].values():
            for operation in operations.values():
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
    return app


async def _stamp(application: Application) -> None:
    """Time-stamps of a log that has gone quiet: its last entries get one too."""
    while True:
        await asyncio.sleep(max(1, min(60, application.settings.tsa_interval_seconds)))
        try:
            await run_in_threadpool(application.log.timestamper.stamp_if_due)
        except SourcemarkError as error:
            _logger.warning("no time-stamp: %s", error.detail)
        except Exception:
            _logger.exception("no time-stamp")


def _docs_page(document: dict[str, Any]) -> str:
    rows = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            about = operation.get("description", "")
            rows.append(
                f"<tr><td><code>{method.upper()}</code></td><td><code>{html.escape(path)}</code></td>"
                f"<td><strong>{html.escape(operation['summary'])}</strong><br>{html.escape(about)}</td></tr>"
            )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<title>Sourcemark API</title><style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;"
        "padding:0 1rem}"
        "td{padding:.4rem .8rem;border-top:1px solid #ccc;vertical-align:top}</style>"
        f"<h1>Sourcemark API</h1><p>{html.escape(_ABOUT)}</p><p><a href=/openapi.json>openapi.json</a></p>"
        f"<table>{''.join(rows)}</table></html>"
    )
