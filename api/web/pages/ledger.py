"""The log in a browser: its newest checkpoint, its entries, the proof of one; the verifier that needs no service."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from provenance.errors import NotFound

from ...dependencies import ApplicationDep
from ..rendering import page
from ..visitors import Visitor

router = APIRouter(include_in_schema=False)
_PAGE = 50
Index = Annotated[int, Path(ge=0, lt=2**63)]


@router.get("/ledger")
def log(request: Request, app: ApplicationDep, visitor: Visitor, before: int | None = None) -> Response:
    checkpoint = app.log.reader.read()
    size = 0 if checkpoint is None else checkpoint.size
    end = size if before is None else max(0, min(size, before))
    start = max(0, end - _PAGE)
    hashes = [(index, app.log.reader.entry_hash(index)) for index in range(end - 1, start - 1, -1)]
    return page(
        request,
        "ledger/log.html",
        origin=app.log.origin,
        checkpoint=None if checkpoint is None else checkpoint.raw,
        size=size,
        keys=app.log.vkeys(),
        policy=app.log.policy(),
        entries=[(index, base64.b64encode(found).decode() if found else "") for index, found in hashes],
        before=start if start else None,
    )


@router.get("/ledger/entries/{index}")
def entry(request: Request, app: ApplicationDep, visitor: Visitor, index: Index) -> Response:
    found = app.log.reader.entry_hash(index)
    if found is None:
        raise NotFound(f"the log has no entry {index} yet")
    proof = app.log.reader.proof(index).decode("utf-8", "replace")
    return page(
        request,
        "ledger/entry.html",
        index=index,
        hash=base64.b64encode(found).decode(),
        proof=proof,
        origin=app.log.origin,
    )


@router.get("/verify")
def verify(request: Request, app: ApplicationDep, visitor: Visitor) -> Response:
    return page(request, "ledger/verify.html", keys=app.log.vkeys())
