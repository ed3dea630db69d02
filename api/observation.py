"""What is noted of every request: its id, its time, a line in the log."""

from __future__ import annotations

import logging
import re
import time
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provenance import logs

from .metrics import Metrics

HEADER = "X-Request-ID"
ANSWER_HEADERS = "sourcemark.headers"  # in a request's scope: what its answer says besides
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_access = logging.getLogger("api.access")


class Observation:
    """ASGI middleware: gives each request its id, taken from `X-Request-ID` where that is plain, and notes its answer.

    Of an address only the route's template is noted: what stands in it or in its query may be anything.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(HEADER.lower().encode(), b"")
        name = given.decode() if _GIVEN.fullmatch(given) else uuid4().hex
        logs.request_id.set(name)
        status, start = 500, time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    *scope.get(ANSWER_HEADERS, ()),
                    (HEADER.lower().encode(), name.encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            self._note(scope, status, time.perf_counter() - start)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.metrics.requested(method, route, status, seconds)
        fields = {"method": method, "route": route, "status": status, "milliseconds": round(seconds * 1000, 1)}
        _access.info("%s %s %d", method, route or "?", status, extra={"fields": fields})
