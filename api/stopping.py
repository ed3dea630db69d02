"""The end of a service: nothing new is begun, what is in work gets a while to end, what remains is answered 503."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from provenance.errors import Unavailable

T = TypeVar("T")


class Moment:
    """Something that comes once, and may be waited for in any event loop (an `asyncio.Event` belongs to one)."""

    def __init__(self) -> None:
        self._come = False
        self._waiting: set[asyncio.Future[None]] = set()

    def is_set(self) -> bool:
        return self._come

    def set(self) -> None:
        self._come = True
        for future in list(self._waiting):
            future.get_loop().call_soon_threadsafe(_settle, future)

    async def wait(self) -> None:
        if self._come:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class Stopping:
    """The end of one process, seen by its event loop.

    Attributes:
        begun: nothing new is begun.
        over: what was in work has had its time.
    """

    def __init__(self) -> None:
        self.begun, self.over = Moment(), Moment()
        self._actions: list[Callable[[], None]] = []

    def at_once(self, action: Callable[[], None]) -> None:
        """Have something done as soon as the end begins; it returns at once."""
        self._actions.append(action)

    def begin(self, seconds: float) -> None:
        """Begin the end; what is in work gets so many seconds. Does nothing the second time."""
        if not self.begun.is_set():
            self.begun.set()
            for action in self._actions:
                action()
            asyncio.get_running_loop().call_later(seconds, self.over.set)


async def until(event: Moment, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Let something be done until it has ended or an event has come; the caller sees which, and may cancel it then."""
    task, coming = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({task, coming}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        task.cancel()
        raise
    finally:
        coming.cancel()
    return task


def not_begun() -> Unavailable:
    """What is told to requests that nothing was done about."""
    return Unavailable("the service is about to stop and begins nothing more: send this again", reason="stopping")


def cut_off() -> Unavailable:
    """What is told to requests that did not end in time."""
    return Unavailable(
        "the service stops before this ended; it may have been carried out: send it again, with the same "
        "Idempotency-Key if it had one",
        reason="stopping",
    )
