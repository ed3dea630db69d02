"""What people do to recordings before they post them again. ffmpeg reads and writes them."""

from __future__ import annotations

from fingerprints.errors import UnreadableMedia
from fingerprints.ffmpeg import container
from fingerprints.model import Limits
from fingerprints.source import Source

from .transcoding import MediaChange

_LONGEST = 300.0  # seconds of a user's recording: the demo does not encode an hour
_SHORTEST = 14.0  # of which ten are an excerpt
_WRITTEN = ["-map", "0:a:0", "-c:a", "libmp3lame", "-f", "mp3", "pipe:1"]


def _change(name: str, how: tuple[str, ...], english: str, chinese: str) -> MediaChange:
    return MediaChange(name, (*how, *_WRITTEN), english, chinese, ".mp3", _LONGEST)


CHANGES = (
    _change("recompressed", ("-b:a", "32k"), "compressed to 32 kbit/s", "压缩为 32 kbit/s"),
    _change("faster", ("-af", "atempo=1.08"), "eight per cent faster", "加速 8 %"),
    _change("excerpt", ("-ss", "3", "-t", "10"), "ten seconds of it", "截取 10 秒"),
    _change("telephone", ("-ar", "8000", "-ac", "1", "-b:a", "16k"), "through a telephone", "电话音质"),
    _change("vinyl", ("-af", "aresample=44100,asetrate=45864"), "faster and higher", "加速升调"),
    _change("echo", ("-af", "aecho=0.8:0.6:60|110:0.4|0.25"), "with an echo", "加上回声"),
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
