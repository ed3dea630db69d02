"""What people do to films before they post them again. ffmpeg reads and writes them."""

from __future__ import annotations

from fingerprints.errors import UnreadableMedia
from fingerprints.ffmpeg import container
from fingerprints.model import Limits
from fingerprints.source import Source

from .transcoding import MediaChange

_LONGEST = 60.0  # seconds of a user's film: the demo does not encode an hour
_SHORTEST = 8.0  # of which six are an excerpt
_ENCODED = ["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-sn", "-dn"]
_WRITTEN = ["-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"]
_TALL = (
    "split[a][b];[a]scale=216:384:force_original_aspect_ratio=increase,crop=216:384,gblur=12[back];"
    "[b]scale=216:-2[front];[back][front]overlay=0:(H-h)/2"
)


def _change(name: str, how: tuple[str, ...], english: str, chinese: str) -> MediaChange:
    return MediaChange(name, (*how, *_ENCODED, *_WRITTEN), english, chinese, ".mp4", _LONGEST)


CHANGES = (
    _change("small", ("-vf", "scale=-2:144", "-crf", "34"), "as small as 144 lines", "压缩为 144p"),
    _change("mirrored", ("-vf", "hflip"), "mirrored left to right", "左右镜像"),
    _change("excerpt", ("-ss", "4", "-t", "6"), "six seconds of it", "截取 6 秒"),
    _change("vertical", ("-vf", _TALL), "made upright, over a blurred copy", "改成竖屏，上下为模糊画面"),
    _change("faster", ("-vf", "setpts=PTS/1.1", "-af", "atempo=1.1"), "ten per cent faster", "加速 10 %"),
    _change(
        "muted", ("-an", "-vf", "crop=0.8*iw:0.8*ih,eq=brightness=0.06"), "cropped, without sound", "裁剪画面，去掉声音"
    ),
)


def open_film(data: bytes) -> bytes:
    """The film again, where reposts can be made of it.

    The bytes are decoded by ffmpeg: give it only files that the decoder process has read before.

    Raises:
        UnreadableMedia: damaged, ``no_pictures`` or ``too_short``.
    """
    held = container.read(Source.blob(data), Limits())
    if not held.pictures:
        raise UnreadableMedia("no_pictures", "the film has no pictures")
    if held.seconds is None or held.seconds < _SHORTEST:
        raise UnreadableMedia("too_short", f"the film has fewer than {_SHORTEST:.0f} seconds")
    return data
