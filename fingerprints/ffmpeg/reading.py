"""How much of a file was decoded, and whether that is all of it."""

from __future__ import annotations

from dataclasses import dataclass

from .container import Container

_MAX_SHORTFALL = 1.0, 0.02  # seconds, and share of the length said, that may be missing: padding and rounding
_LAST_PICTURE = 1.5  # times as long as any before it the last picture may stay


@dataclass(slots=True)
class Reading:
    """What was decoded so far, kept up to date by `sound.samples` or `pictures.frames`.

    Attributes:
        seconds: decoded.
        complaints: lines the decoder wrote about damage, known at the end.
        stayed: the longest that a picture stayed, seconds; None of sound.
    """

    seconds: float = 0.0
    complaints: int = 0
    stayed: float | None = None

    def partial(self, container: Container) -> bool:
        """Whether not all was decoded, by what its container says; or its decoder stumbled."""
        if self.complaints or container.cut:
            return True
        if container.seconds is None:
            return False
        allowed = max(_MAX_SHORTFALL[0], _MAX_SHORTFALL[1] * container.seconds, _LAST_PICTURE * (self.stayed or 0.0))
        return container.seconds - self.seconds > allowed
