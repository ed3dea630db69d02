"""Sound and film written anew by ffmpeg, and what people do to them before they post them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class MediaChange:
    """One thing done to a recording or a film, with its name in file names and its description for people.

    Attributes:
        how: arguments of ffmpeg, those of the change and those of how its result is written.
        longest: seconds that are taken: the demo does not encode an hour.
    """

    name: str
    how: tuple[str, ...]
    english: str
    chinese: str
    ending: str
    longest: float

    def make(self, data: bytes) -> bytes:
        """The changed recording or film.

        Raises:
            UnreadableMedia: ffmpeg cannot make it.
        """
        return transcoded(data, ["-t", str(self.longest), *self.how])
