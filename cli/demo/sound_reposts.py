"""What people do to recordings before they post them again. ffmpeg reads and writes them."""

from __future__ import annotations

from dataclasses import dataclass

from fingerprints.errors import UnreadableMedia
from fingerprints.ffmpeg import container
from fingerprints.model import Limits
from fingerprints.source import Source

from .transcoding import transcoded

_LONGEST = 300.0  # seconds of a user's recording: the demo does not encode an hour
_SHORTEST = 14.0  # of which ten are an excerpt
_WRITTEN = ["-map", "0:a:0", "-c:a", "libmp3lame", "-f", "mp3", "pipe:1"]


@dataclass(frozen=True, slots=True)
class SoundChange:
    """One thing done to a recording, with its name in file names and its description for people.

    Attributes:
        how: arguments of ffmpeg.
    """

    name: str
    how: tuple[str, ...]
    english: str
    chinese: str
    ending: str = ".mp3"

    def make(self, recording: bytes) -> bytes:
        """The changed recording; raises `UnreadableMedia`."""
        return transcoded(recording, ["-t", str(_LONGEST), *self.how, *_WRITTEN])


CHANGES = (
    SoundChange("recompressed", ("-b:a", "32k"), "compressed to 32 kbit/s", "压缩为 32 kbit/s"),
    SoundChange("faster", ("-af", "atempo=1.08"), "eight per cent faster", "加速 8 %"),
    SoundChange("excerpt", ("-ss", "3", "-t", "10"), "ten seconds of it", "截取 10 秒"),
    SoundChange("telephone", ("-ar", "8000", "-ac", "1", "-b:a", "16k"), "through a telephone", "电话音质"),
    SoundChange("vinyl", ("-af", "aresample=44100,asetrate=45864"), "faster and higher", "加速升调"),
    SoundChange("echo", ("-af", "aecho=0.8:0.6:60|110:0.4|0.25"), "with an echo", "加上回声"),
)


def open_sound(data: bytes) -> bytes:
    """The recording again, where reposts can be made of it.

    The bytes are decoded by ffmpeg: give it only files that the decoder process has read before.

    Raises:
        UnreadableMedia: damaged, ``no_sound`` or ``too_short``.
    """
    held = container.read(Source.blob(data), Limits())
    if not held.sounds:
        raise UnreadableMedia("no_sound", "the file holds no sound")
    if held.seconds is None or held.seconds < _SHORTEST:
        raise UnreadableMedia("too_short", f"the recording has fewer than {_SHORTEST:.0f} seconds")
    return data
