"""How far the reading of a long file has come, told to whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

Listener = Callable[[float, float | None], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def listen(listener: Listener | None) -> None:
    """Tell ``listener`` from now on: seconds of media that were read, and how many there are, None where unknown."""
    _listener.set(listener)


def report(done: float, of: float | None) -> None:
    """Say how many seconds of sound or film were read."""
    if (listener := _listener.get()) is not None:
        listener(done, of)
