"""How the API describes itself: openapi.json, and a page of it that loads nothing from elsewhere."""

from __future__ import annotations

import functools
import html
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from pydantic.json_schema import models_json_schema

from provenance.schemas import NewPost, NewScan, NewWork, Problem
from provenance.schemas.notice import Appeal, CounterNotice, LegalAction, Message, Notice, NoticeContent

_READ_BY_HAND = (NewWork, NewScan, NewPost, Notice, NoticeContent, CounterNotice, LegalAction, Appeal, Message, Problem)
ABOUT = (
    "Registers original works in a signed public ledger, finds their reposts, and checks that a repost marks the owner "
    "and a traceable source. Everything under /v1/ledger, /v1/notices, /v1/case-links and /v1/transparency is "
    "public; the rest needs an API key."
)


def install(app: FastAPI) -> None:
    """Serve the description at /openapi.json and /docs."""
    generated = app.openapi

    @functools.cache
    def described() -> dict[str, Any]:
        return _completed(generated())

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(_page(app.openapi()))

    app.openapi = described  # type: ignore[method-assign]


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's description with the models of bodies that are read by hand, and without answers that are not given."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _, extra = models_json_schema(
        [(model, "validation") for model in _READ_BY_HAND],
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


def _page(document: dict[str, Any]) -> str:
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
        f"<h1>Sourcemark API</h1><p>{html.escape(ABOUT)}</p><p><a href=/openapi.json>openapi.json</a></p>"
        f"<table>{''.join(rows)}</table></html>"
    )
