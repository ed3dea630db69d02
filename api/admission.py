"""How much content is in hand at once: what more comes is told to come again, before its body is read.

Without it all requests stand in one line: the last of them waits for all others, those that cost nothing (a look at a
scan, `/healthz`) wait with them, and every body that waits is held. Admission control as in Nygard, "Release It!":
refuse early what could not be answered soon.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from provenance.errors import Unavailable

from . import problems

_WEIGHT = 0.1  # of the newest request in the mean of their times
_MAX_WAIT = 60  # seconds that a client is asked to wait


class Admission:
    """ASGI middleware: at most so many requests with content at once, and so many bytes of their bodies."""

    def __init__(self, app: ASGIApp, paths: Collection[str], most: int, max_bytes: int) -> None:
        """
        Args:
            paths: where a POST brings content.
            most: requests in hand.
            max_bytes: sum of their bodies, as declared; one alone may be larger. A body of undeclared length counts as
                a quarter of it.
        """
        self.app = app
        self._paths = paths
        self._most, self._max_bytes = most, max_bytes
        self._in_hand, self._bytes = 0, 0
        self._seconds = 1.0  # that a request takes at present, in the mean

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in self._paths:
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"")
        size = int(declared) if declared.isdigit() else self._max_bytes // 4
        if self._in_hand >= self._most or (self._in_hand and self._bytes + size > self._max_bytes):
            await self._refuse(scope, receive, send)
            return
        self._in_hand += 1
        self._bytes += size
        started = time.monotonic()
        try:
            await self.app(scope, receive, send)
        finally:
            self._in_hand -= 1
            self._bytes -= size
            self._seconds += _WEIGHT * (time.monotonic() - started - self._seconds)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell when there should be room: those in hand are done by then. Not all at the same moment."""
        wait = min(_MAX_WAIT, self._seconds * random.uniform(1, 2))
        error = Unavailable(
            "the service has as much in hand as it can answer soon: send this again after the seconds in Retry-After",
            reason="overloaded",
            retry_after=wait,
        )
        await problems.response(error)(scope, receive, send)
