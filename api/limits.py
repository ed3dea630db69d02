"""A cap on request bodies, declared or streamed, before anything is parsed, and on how slowly they may come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provenance.errors import BadInput, TooLarge

from . import problems

_OVERHEAD = 64 * 1024  # multipart boundaries and the metadata beside a file of the largest size
_GRACE_SECONDS = 30.0
_BYTES_A_SECOND = 2048.0
_CUT: Message = {"type": "http.disconnect"}


class BodyLimit:
    """ASGI middleware: answers 413 as soon as a body is, or says it will be, larger than it may be, and 400 when it
    comes so slowly that whoever sends it only holds the place of another.

    Time is taken as Apache's mod_reqtimeout does: some seconds, and more for every byte that has come.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Mapping[str, tuple[int, str]],
        otherwise: tuple[int, str],
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        """
        Args:
            limits: by path, how many bytes a body may have, and the setting that says so.
            otherwise: likewise, of other paths.
            grace_seconds: that a body of no bytes may be waited for.
        """
        self.app = app
        self.limits = limits
        self.otherwise = otherwise
        self.grace_seconds = grace_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        max_bytes, setting = self.limits.get(scope["path"], self.otherwise)
        body = _Body(receive, send, max_bytes + _OVERHEAD, self.grace_seconds)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        too_large = problems.response(
            TooLarge(f"the request is larger than {max_bytes} bytes ({setting})", reason="too_large")
        )
        if declared.isdigit() and int(declared) > max_bytes + _OVERHEAD:
            await too_large(scope, receive, send)
            return
        await self.app(scope, body.receive, body.send)
        if body.over and not body.answered:
            await too_large(scope, receive, send)
        elif body.late and not body.answered:
            await _too_slow()(scope, receive, send)


class _Body:
    """What comes of one body, until it has come or is broken off; then what the application answers is withheld.

    Attributes:
        over, late: it was broken off, because it was too large or came too slowly.
        answered: the application had begun to answer before.
    """

    def __init__(self, receive: Receive, send: Send, most: int, grace_seconds: float) -> None:
        self.over, self.late, self.answered = False, False, False
        self._receive, self._send = receive, send
        self._left = most
        self._seconds = grace_seconds
        self._complete = False

    async def receive(self) -> Message:
        """The next message; only the time that is spent waiting for it counts."""
        if self._complete:
            return await self._receive()
        if self.over or self.late:
            return _CUT
        began = time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), self._seconds)
        except TimeoutError:
            self.late = True
            return _CUT
        came = len(message.get("body", b""))
        self._left -= came
        self._seconds += came / _BYTES_A_SECOND - (time.monotonic() - began)
        self._complete = not message.get("more_body", False)
        if self._left < 0:
            self.over = True
            return _CUT
        return message

    async def send(self, message: Message) -> None:
        if self.answered or not (self.over or self.late):
            self.answered = True
            await self._send(message)


def _too_slow() -> Response:
    answer = problems.response(BadInput("the request was cut off: its body came too slowly; send it again"))
    answer.headers["Connection"] = "close"  # the rest of the body would be taken for the next request
    return answer
