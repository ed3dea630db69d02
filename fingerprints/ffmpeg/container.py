"""What a container says it holds, as ffmpeg reads it: its streams and how long they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..errors import UnreadableMedia, WorkerFailed
from ..model import Limits
from ..source import Source
from . import program
from .truncation import is_cut

# Metadata stand deeper than the lines of streams, so that a title cannot pass for one.
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d\.\d+)")
_STREAM = re.compile(r"^  Stream #0:(\d+)\S*: (Audio|Video): (\w+)(.*)")
_RATE = re.compile(r"\b(\d+) Hz")
_SIZE = re.compile(r"\b(\d{1,5})x(\d{1,5})\b")
_FRAMES = re.compile(r"\b([\d.]+)(k?) fps")
_ASPECT = re.compile(r"\bSAR (\d+):(\d+)")
_MAX_ASPECT = 4.0  # of a pixel, or its inverse; further ones are mistakes
_INTERLACED = re.compile(r"\b(?:top|bottom) (?:coded )?first\b")
_ROTATION = re.compile(r"^      (?:Display Matrix|displaymatrix): rotation of (-?\d+)")
_ENCRYPTED = re.compile(r"\((?:enca|encv|drmi|drms) /")
_COMMON_ENCRYPTION = b"schm\x00\x00\x00\x00c"  # of the schemes cenc, cens, cbc1, cbcs (ISO/IEC 23001-7)
_CHANNELS = {"mono": 1, "stereo": 2, "2.1": 3, "quad": 4, "5.0": 5, "5.1": 6, "6.1": 7, "7.1": 8}
_ESTIMATED = "Estimating duration from bitrate"


@dataclass(frozen=True, slots=True)
class SoundStream:
    """A stream of sound.

    Attributes:
        codec: as ffmpeg names it.
        rate: samples a second.
        channels: 0 where they have no common name.
    """

    codec: str
    rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class PictureStream:
    """A stream of moving pictures.

    Attributes:
        codec: as ffmpeg names it.
        width, height: pixels, as stored.
        frames: a second, on average; 0 where unknown.
        pixel_aspect: width of a pixel by its height.
        rotation: degrees by which the picture is to be turned to the left.
        interlaced: a picture has the lines of two moments.
        hdr: its brightness follows the PQ curve.
    """

    codec: str
    width: int
    height: int
    frames: float
    pixel_aspect: float = 1.0
    rotation: int = 0
    interlaced: bool = False
    hdr: bool = False

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height as it is to be seen, pixels."""
        width = round(self.width * self.pixel_aspect)
        return (self.height, width) if self.rotation in (90, -90) else (width, self.height)


@dataclass(frozen=True, slots=True)
class Container:
    """What a container says it holds.

    Attributes:
        seconds: how long it says it is; None where it does not, or where that is only estimated from the bit rate.
        sounds, pictures: its streams; a cover is no stream of pictures.
        cut: the end of the file is missing, as far as that can be seen.
    """

    seconds: float | None
    sounds: tuple[SoundStream, ...]
    pictures: tuple[PictureStream, ...]
    cut: bool = False


def read(source: Source, limits: Limits) -> Container:
    """Read what a container says of itself; nothing is decoded but what tells the streams' parameters.

    Raises:
        UnreadableMedia: ``damaged``: no container is recognised; ``encrypted``.
        UnsupportedMedium, WorkerFailed: see `program.running`; ``no_decoder``: it is too old to read descriptors.
    """
    with program.running(source, limits, [], level="info") as run:
        run.output.read()
        run.finished()
        lines = run.log.lines
    if any(line.startswith("Unrecognized option") for line in lines):
        raise WorkerFailed("no_decoder", "this ffmpeg is older than 6.0; see SOURCEMARK_FFMPEG")
    if not any(line.startswith("Input #0") for line in lines):
        raise UnreadableMedia("damaged", f"the file cannot be opened as sound or film{_because(lines)}")
    if source[4:8] == b"ftyp" and source.find(_COMMON_ENCRYPTION) >= 0:
        raise _encrypted()
    seconds: float | None = None
    sounds: list[SoundStream] = []
    pictures: list[PictureStream] = []
    for line in lines:
        if (found := _DURATION.match(line)) is not None:
            seconds = 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3])
        elif (found := _STREAM.match(line)) is not None:
            if _ENCRYPTED.search(found[4]):
                raise _encrypted()
            if found[2] == "Audio":
                sounds.append(_sound(found[3], found[4]))
            elif "(attached pic)" not in found[4]:
                pictures.append(_picture(found[3], found[4]))
        elif (found := _ROTATION.match(line)) is not None and pictures:
            pictures[-1] = replace(pictures[-1], rotation=int(found[1]))
    if any(_ESTIMATED in line for line in lines):
        seconds = None
    return Container(seconds, tuple(sounds), tuple(pictures), is_cut(source))


def _encrypted() -> UnreadableMedia:
    return UnreadableMedia("encrypted", "the sound or film is encrypted; send it without protection")


def _sound(codec: str, rest: str) -> SoundStream:
    rate = _RATE.search(rest)
    named = (part.strip().partition("(")[0] for part in rest.split(","))
    channels = next((_CHANNELS[name] for name in named if name in _CHANNELS), 0)
    return SoundStream(codec, int(rate[1]) if rate else 0, channels)


def _picture(codec: str, rest: str) -> PictureStream:
    # The tag of a codec may look like a size (0x31637661); sizes come after the pixel format.
    size = _SIZE.search(re.sub(r"\(.*?\)", "", rest))
    frames = _FRAMES.search(rest)
    each_second = float(frames[1]) * (1000 if frames[2] else 1) if frames else 0.0
    aspect = _ASPECT.search(rest)
    pixel_aspect = int(aspect[1]) / max(int(aspect[2]), 1) if aspect else 1.0
    return PictureStream(
        codec,
        width=int(size[1]) if size else 0,
        height=int(size[2]) if size else 0,
        frames=each_second,
        pixel_aspect=pixel_aspect if 1 / _MAX_ASPECT <= pixel_aspect <= _MAX_ASPECT else 1.0,
        interlaced=_INTERLACED.search(rest) is not None,
        hdr="smpte2084" in rest,
    )


def _because(lines: list[str]) -> str:
    """The program's own last words, which name what is wrong."""
    last = next((line for line in reversed(lines) if line.startswith("Error opening input")), "")
    reason = last.rpartition(": ")[2].strip()
    return f": {reason}" if reason and not reason.startswith("fd") else ""
