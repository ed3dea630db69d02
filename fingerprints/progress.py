"""How far the reading of a long file has come, told to whoever waits for it; and how much time that earns."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

# Seconds of media that are read in a second, at least; what is read allows the time for it. Sound is read hundreds of
# times as fast as it plays; one core that others share decodes large film slower than that.
SOUND_SPEED, FILM_SPEED = 10.0, 0.2

Listener = Callable[[float, float | None], None]  # seconds of media that were read, and of how many, None where unknown
Reader = Callable[[float, float | None, float], None]  # the same, and seconds of time that are allowed for it

_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


def listen(reader: Reader | None) -> None:
    """Tell ``reader`` from now on."""
    _reader.set(reader)


def report(done: float, of: float | None, *, speed: float = SOUND_SPEED) -> None:
    """Say how many seconds of sound or film were read.

    Args:
        speed: `SOUND_SPEED` or `FILM_SPEED`.
    """
    if (reader := _reader.get()) is not None:
        reader(done, of, done / speed)


@contextlib.contextmanager
def within(start: float, stop: float) -> Iterator[None]:
    """What is reported in the block is this part, two shares of 1, of a longer reading of the same seconds."""
    outer = _reader.get()

    def told(done: float, of: float | None, time: float) -> None:
        if outer is not None:
            outer(start * (of or 0.0) + (stop - start) * done, of, time)

    token = _reader.set(told)
    try:
        yield
    finally:
        _reader.reset(token)
