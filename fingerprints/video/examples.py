"""Films made by code, with copies that must be found and others that must not."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import cv2
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from ..medium import Example

RATE = 12  # pictures a second
WIDTH, HEIGHT = 160, 120
Frames = NDArray[np.uint8]  # shape (n, height, width)


def room(seed: int) -> NDArray[np.uint8]:
    """A place full of things, which stand still; every seed makes another one."""
    draw = np.random.default_rng(seed)
    picture = np.full((HEIGHT * 2, WIDTH * 2), 128, dtype=np.uint8)
    for _ in range(90):
        x, y = draw.uniform(0, WIDTH * 2), draw.uniform(0, HEIGHT * 2)
        size, shade = draw.uniform(6, 46, 2), int(draw.integers(0, 256))
        corners = cv2.boxPoints(((float(x), float(y)), (float(size[0]), float(size[1])), float(draw.uniform(0, 180))))
        cv2.fillPoly(picture, [corners.astype(np.int32)], shade)
    return picture


def film(place: int, seed: int, seconds: float = 8.0) -> Frames:
    """Things that move about before a place; every seed lets them move in other ways."""
    draw = np.random.default_rng(1000 + seed)
    behind = room(place)
    things = [(draw.uniform(0, 1, 2), draw.uniform(-0.5, 0.5, 2), draw.uniform(0.3, 1.2, 2), n) for n in range(5)]
    out = []
    for number in range(int(seconds * RATE)):
        at = number / RATE
        picture = behind.copy()
        for middle, speed, turn, shade in things:
            swing = 0.25 * np.sin(2 * np.pi * turn * at + shade)
            x, y = ((middle + speed * at + swing) % 1.2 - 0.1) * (WIDTH * 2, HEIGHT * 2)
            cv2.circle(picture, (int(x), int(y)), 26, 250 - 60 * shade, -1)
            cv2.rectangle(picture, (int(x) - 8, int(y) - 14), (int(x) + 10, int(y) + 4), 20 + 50 * shade, -1)
        out.append(cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    return np.stack(out).astype(np.uint8)


def encoded(frames: Frames, rate: float = RATE, arguments: Sequence[str] = ("-crf", "24")) -> bytes:
    """A Matroska file of these pictures, in H.264."""
    _, height, width = frames.shape
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "gray"]
    command += ["-s", f"{width}x{height}", "-r", str(rate), "-i", "pipe:0", "-c:v", "libx264", "-preset", "veryfast"]
    command += ["-threads", "1", "-fflags", "+bitexact", "-pix_fmt", "yuv420p", *arguments, "-f", "matroska", "pipe:1"]
    done = subprocess.run(command, input=frames.tobytes(), stdout=subprocess.PIPE, check=True)  # noqa: S603 - ours
    return done.stdout


def inside(frames: Frames, other: Frames, share: float = 0.55) -> Frames:
    """A film small in the corner of another."""
    out = other.copy()
    height, width = round(frames.shape[1] * share), round(frames.shape[2] * share)
    for number in range(min(len(out), len(frames))):
        small = cv2.resize(frames[number], (width, height), interpolation=cv2.INTER_AREA)
        out[number, -height - 4 : -4, 6 : 6 + width] = small
    return out


def _made() -> list[Example]:
    work, other = film(1, 1), film(2, 2)
    cut = work[2 * RATE : 7 * RATE]
    return [
        Example(
            "film",
            encoded(work),
            {
                "excerpt": encoded(np.concatenate((other[: 3 * RATE], cut))),
                "mirrored": encoded(work[:, :, ::-1]),
                "cropped": encoded(work[:, 8:104, 10:138].copy()),
                "slower": encoded(work, RATE / 1.1),
                "small in another": encoded(inside(work, other)),
            },
            {
                "another film": encoded(other),
                "the same place at another time": encoded(film(1, 3)),
                "the place alone": encoded(np.repeat(film(1, 3)[:1], 6 * RATE, axis=0)),
                "grey": encoded(np.full((4 * RATE, HEIGHT, WIDTH), 120, dtype=np.uint8)),
            },
        )
    ]


EXAMPLES = _made()
