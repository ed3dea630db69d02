"""A cap on request bodies, declared or streamed, before anything is parsed."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provenance.errors import TooLarge

from . import problems

_OVERHEAD = 64 * 1024  # multipart boundaries and the metadata beside a file of the largest size


class BodyLimit:
    """ASGI middleware: answers 413 as soon as a body is, or says it will be, larger than it may be."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, tuple[int, str]], otherwise: tuple[int, str]) -> None:
        """
        Args:
            limits: by path, how many bytes a body may have, and the setting that says so.
            otherwise: likewise, of other paths.
        """
        self.app = app
        self.limits = limits
        self.otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        max_bytes, setting = self.limits.get(scope["path"], self.otherwise)
        refusal = problems.response(
            TooLarge(f"the request is larger than {max_bytes} bytes ({setting})", reason="too_large")
        )
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > max_bytes + _OVERHEAD:
            await refusal(scope, receive, send)
            return
        seen, over = 0, False

        async def counted() -> Message:
            nonlocal seen, over
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > max_bytes + _OVERHEAD:
                over = True
                return {"type": "http.disconnect"}
            return message

        started = False

        async def answered(message: Message) -> None:
            nonlocal started
            if not over:
                await send(message)
            elif not started:  # whatever the application made of the broken-off body, this is what happened
                started = True
                await refusal(scope, receive, send)

        await self.app(scope, counted, answered)
