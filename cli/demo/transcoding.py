"""Sound and film written anew by ffmpeg."""

from __future__ import annotations

from collections.abc import Sequence

from fingerprints.errors import UnreadableMedia
from fingerprints.ffmpeg import program
from fingerprints.model import Limits
from fingerprints.source import Source


def transcoded(data: bytes, output: Sequence[str]) -> bytes:
    """What ffmpeg makes of a file.

    Args:
        output: its arguments after the input; the last is ``pipe:1``.

    Raises:
        UnreadableMedia: ffmpeg cannot make it.
    """
    with program.running(Source.blob(data), Limits(), output) as run:
        made = run.output.read()
        run.finished()
        if not made:
            raise UnreadableMedia("damaged", f"ffmpeg cannot write it: {''.join(run.log.lines[:1])[:200]}")
        return made
