"""Pictures of films of all containers and codecs that people publish, as ffmpeg itself encodes them."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from fingerprints.errors import LimitExceeded, UnreadableMedia
from fingerprints.ffmpeg import container, pictures
from fingerprints.ffmpeg.reading import Reading
from fingerprints.model import Limits
from fingerprints.source import Source

pytestmark = pytest.mark.slow

LIMITS = Limits()
WIDTH, HEIGHT, RATE, SECONDS = 96, 64, 10, 3
DARKEST, EACH_SECOND = 40, 50  # of all but the corner, which is white
Frames = list[tuple[float, NDArray[np.uint8]]]
FILMS: dict[str, tuple[str, ...]] = {
    "h264.mp4": ("-c:v", "libx264"),
    "hevc.mov": ("-c:v", "libx265", "-x265-params", "log-level=error"),
    "mpeg4.mov": ("-c:v", "mpeg4"),
    "av1.mkv": ("-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=1"),
    "vp8.webm": ("-c:v", "libvpx", "-deadline", "realtime"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime"),
    "h264.ts": ("-c:v", "libx264"),
    "mpeg4.avi": ("-c:v", "mpeg4"),
    "h264.flv": ("-c:v", "libx264"),
    "mpeg2.mpg": ("-c:v", "mpeg2video", "-r", "25"),
    "h263.3gp": ("-c:v", "h263", "-s", "128x96"),
    "wmv2.wmv": ("-c:v", "wmv2"),
}


@cache
def drawn(seconds: float = SECONDS) -> bytes:
    """Raw pictures: grey that grows lighter every second, with a white corner at the top left."""
    frames = np.zeros((int(seconds * RATE), HEIGHT, WIDTH), np.uint8)
    frames += (DARKEST + EACH_SECOND * (np.arange(len(frames)) // RATE)).astype(np.uint8)[:, None, None]
    frames[:, : HEIGHT // 2, : WIDTH // 3] = 255
    return frames.tobytes()


def film(name: str, *arguments: str, before: tuple[str, ...] = ()) -> bytes:
    raw = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "pipe:0")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, name)
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *before, *raw, "-pix_fmt", "yuv420p", *arguments]
        subprocess.run([*command, str(out)], input=drawn(), check=True, timeout=60)
        return out.read_bytes()


def read(data: bytes, limits: Limits = LIMITS, rate: float = 4, **options: bool) -> tuple[Frames, Reading]:
    source, reading = Source.blob(data), Reading()
    held = container.read(source, limits)
    with pictures.frames(source, limits, held, reading, rate=rate, longest_side=48, **options) as frames:
        return list(frames), reading


@pytest.mark.parametrize("name", FILMS)
def test_pictures_have_their_times(name: str) -> None:
    data = film(name, *FILMS[name])
    frames, reading = read(data)
    held = container.read(Source.blob(data), LIMITS)
    assert (reading.complaints, reading.partial(held)) == (0, False)
    assert reading.seconds == pytest.approx(SECONDS, abs=0.25)
    assert len(frames) == 4 * SECONDS
    for number, (at, frame) in enumerate(frames):
        assert number / 4 <= at + 0.001 < (number + 1) / 4
        assert max(frame.shape) == 48
        lines, columns = frame.shape
        assert frame[lines * 3 // 4, columns * 3 // 4] == pytest.approx(DARKEST + EACH_SECOND * int(at + 0.001), abs=6)
        assert frame[lines // 4, columns // 6] > 240


@pytest.mark.parametrize(("degrees", "corner"), [(90, "bottom left"), (-90, "top right"), (180, "bottom right")])
def test_pictures_are_turned_as_their_film_says(degrees: int, corner: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=".mp4") as upright:
        upright.write(film("a.mp4", "-c:v", "libx264"))
        upright.flush()
        turned = film(
            "b.mp4", "-map", "0:v", "-c", "copy", before=("-display_rotation", str(degrees), "-i", upright.name)
        )
    frames, _ = read(turned)
    assert frames[0][1].shape == ((32, 48) if degrees == 180 else (48, 32))
    picture = frames[0][1]
    bright = picture[-6 if "bottom" in corner else 6, -6 if "right" in corner else 6]
    assert bright > 240
    assert (picture > 200).mean() == pytest.approx(1 / 6, abs=0.05)


def test_colours_are_red_green_blue() -> None:
    frames, _ = read(film("a.mp4", "-vf", "drawbox=c=red:t=fill", "-c:v", "libx264"), colour=True)
    red, green, blue = frames[0][1].reshape(-1, 3).mean(axis=0)
    assert frames[0][1].shape == (32, 48, 3)
    assert red > 200 > 60 > max(green, blue)


def test_many_pixels_are_refused() -> None:
    data = film("a.mp4", "-c:v", "libx264")
    with pytest.raises(LimitExceeded) as refused:
        read(data, Limits(max_pixels=6000))
    assert refused.value.reason == "too_many_pixels"


def test_a_film_without_decodable_pictures_is_refused() -> None:
    data = bytearray(film("a.mkv", "-c:v", "libx264"))
    at = data.find(b"\x1f\x43\xb6\x75")  # the first cluster
    for place in range(at + 30, len(data), 3):
        data[place] ^= 0x5A
    with pytest.raises(UnreadableMedia) as refused:
        read(bytes(data))
    assert refused.value.reason == "damaged"
