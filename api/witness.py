"""A witness over HTTP: one route, POST /add-checkpoint (c2sp.org/tlog-witness)."""

from __future__ import annotations

import asyncio
import logging

from fastapi.concurrency import run_in_threadpool
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from provenance.auditing.witness_server import Witness
from provenance.errors import Unavailable
from provenance.tlog.witness_request import MAX_REQUEST

_logger = logging.getLogger(__name__)
_BODY_SECONDS = 10


def create_app(witness: Witness) -> Starlette:
    """The application of one witness."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await _body(request)
        except TimeoutError:
            return PlainTextResponse("the request did not come within ten seconds\n", 408)
        except ClientDisconnect:
            return PlainTextResponse("", 400)
        if body is None:
            return PlainTextResponse(f"the request is larger than {MAX_REQUEST} bytes\n", 413)
        try:
            answer = await run_in_threadpool(witness.add_checkpoint, body)
        except Unavailable as error:
            _logger.error("%s", error.detail)
            return PlainTextResponse("the witness cannot write its state\n", 503)
        return Response(answer.body, answer.status, media_type=answer.kind)

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])


async def _body(request: Request) -> bytes | None:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_REQUEST:
            return None
    return bytes(received)
