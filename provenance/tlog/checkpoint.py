"""C2SP tlog-checkpoint: what a log signs. Pure.

Specification: c2sp.org/tlog-checkpoint. Its signatures: see `signed_checkpoint`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import VerificationFailed
from .encoding import b64, decimal, unb64
from .merkle import EMPTY_ROOT, HASH_SIZE
from .note import parse_note


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log signs: its origin, size and root. ``raw`` is the whole signed note where there is one."""

    origin: str
    size: int
    root: bytes
    raw: bytes = b""

    @property
    def text(self) -> bytes:
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n".encode()


def checkpoint_of(text: bytes, raw: bytes = b"") -> Checkpoint:
    """A checkpoint from a note's text; extension lines are allowed and ignored. Raises `VerificationFailed`."""
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise VerificationFailed("the checkpoint is not UTF-8") from None
    if len(lines) < 4 or lines[-1] != "" or "" in lines[:-1]:
        raise VerificationFailed("the checkpoint does not have its three lines")
    root = unb64(lines[2])
    size = decimal(lines[1])
    if len(root) != HASH_SIZE or (size == 0 and root != EMPTY_ROOT):
        raise VerificationFailed("the checkpoint's root is not a hash of its log")
    return Checkpoint(lines[0], size, root, raw)


def parse_checkpoint(raw: bytes) -> Checkpoint:
    """Reads a signed checkpoint without checking its signatures; raises `VerificationFailed`."""
    return checkpoint_of(parse_note(raw).text, raw)
