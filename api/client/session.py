"""What an operation knows of its service: the log's name and its newest checkpoint."""

from __future__ import annotations

from provenance.tlog import envelope
from provenance.tlog.checkpoint import Checkpoint, parse_checkpoint

from .calls import Call, Flow, path


class Session:
    """One account's access to a service.

    Attributes:
        origin: name of the service's log, None until it was asked for.
    """

    def __init__(self, origin: str | None) -> None:
        self.origin = origin


def log_origin(session: Session) -> Flow[str]:
    """The name of the service's log."""
    if session.origin is None:
        session.origin = (yield from _checkpoint()).origin
    return session.origin


def log_head(session: Session) -> Flow[tuple[str, envelope.After]]:
    """What a statement is written for: the log's name, and size and root of its newest checkpoint."""
    checkpoint = yield from _checkpoint()
    if session.origin is None:
        session.origin = checkpoint.origin
    return session.origin, (checkpoint.size, checkpoint.root)


def _checkpoint() -> Flow[Checkpoint]:
    answer = yield Call("GET", path("ledger", "checkpoint"))
    return parse_checkpoint(answer.body)
