"""How much content is taken at once: what more comes is told to come again, before its body is read.

Without it all requests stand in one line: the last of them waits for all others, those that cost nothing (a look at a
scan, `/healthz`) wait with them, and every body that waits is held. Admission control as in Nygard, "Release It!":
refuse early what could not be answered soon.

What is taken is in hand: its body comes, to disk if it is large. Of those whose body is there a few are in work, and
the others wait for a place, first come, first served: few at a time end sooner than many, and hold less memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provenance.errors import SourcemarkError, Unavailable

from . import problems
from .stopping import Stopping, cut_off, not_begun, until
from .worker_memory import InHand

_WEIGHT = 0.1  # of the newest request in the mean of their times
_LINGER = 30.0  # seconds for the rest of a body that nobody wants
_MAX_WAIT = 60  # seconds that a client is asked to wait


class Admission:
    """ASGI middleware: at most so many requests with content at once, and so many bytes of their bodies."""

    def __init__(
        self, app: ASGIApp, paths: Collection[str], in_hand: InHand, max_bytes: int, stopping: Stopping
    ) -> None:
        """
        Args:
            paths: where a POST brings content.
            in_hand: counts requests, and the bytes of their bodies as declared; one body alone may be larger.
            max_bytes: a body of undeclared length counts as a quarter of it.
        """
        self.app = app
        self._paths = paths
        self._in_hand, self._max_bytes = in_hand, max_bytes
        self._stopping = stopping
        self._seconds = 1.0  # that a request takes at present, in the mean

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in self._paths:
            await self.app(scope, receive, send)
            return
        if self._stopping.begun.is_set():
            await _refuse(not_begun(), scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"")
        size = int(declared) if declared.isdigit() else self._max_bytes // 4
        if not self._in_hand.take(size):
            await _refuse(self._overloaded(), scope, receive, send)
            return
        started = time.monotonic()
        try:
            await self._until_over(scope, receive, send)
        finally:
            self._in_hand.give_back(size)
            self._seconds += _WEIGHT * (time.monotonic() - started - self._seconds)

    def _overloaded(self) -> Unavailable:
        """Tells when there should be room: those in hand are done by then. Not all at the same moment."""
        return Unavailable(
            "the service has as much in hand as it can answer soon: send this again after the seconds in Retry-After",
            reason="overloaded",
            retry_after=min(_MAX_WAIT, self._seconds * random.uniform(1, 2)),
        )

    async def _until_over(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry out a request; when the service ends before that has an answer, 503 is the answer."""
        started = over = False

        async def answered(message: Message) -> None:
            nonlocal started
            if not over:
                started = True
                await send(message)

        request = await until(self._stopping.over, self._carried_out(scope, receive, answered))
        if request.done():
            request.result()
            return
        request.add_done_callback(_drop)  # nobody can interrupt its thread
        if not started:
            over = True
            await problems.response(cut_off())(scope, receive, send)

    async def _carried_out(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def _drop(request: asyncio.Task[None]) -> None:
    """Whatever becomes of a request that was answered for: it fails when what it uses is closed."""
    if not request.cancelled():
        request.exception()


async def _refuse(error: SourcemarkError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer that a request is not carried out, and end its connection: the next may lead to another process.

    The body is read and thrown away first, for a while: a connection that is closed while its other end still sends is
    reset, and the answer with it (RFC 9112, section 9.6).
    """
    answer = problems.response(error)
    answer.headers["Connection"] = "close"
    await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": bytes(answer.body), "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER):
            while (await receive()).get("more_body", False):
                pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class Places:
    """Room for so many requests in work; more wait, first come, first served. Of one event loop."""

    def __init__(self, most: int, stopping: Stopping) -> None:
        self._free = most
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._stopping = stopping
        stopping.at_once(self._send_away)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Have a place as long as the block runs; raises `Unavailable` when the service ends before there is one."""
        if self._stopping.begun.is_set():
            raise not_begun()
        if self._free:
            self._free -= 1
        else:
            await self._turn()
        try:
            yield
        finally:
            self._pass_on()

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _send_away(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(not_begun())
