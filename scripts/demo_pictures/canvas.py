"""What the demo's paintings share: a size, noise, soft masks, and the way to a JPEG.

A picture is a float32 array of shape (HEIGHT, WIDTH, 3), sRGB values 0..1; a mask is (HEIGHT, WIDTH), 0..1.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1200, 800
SHAPE = (HEIGHT, WIDTH)

Floats = NDArray[np.floating[Any]]  # float32 unless a few points are meant

_STEPS = 2048  # of a colour ramp: finer than 8 bits show

Y: Floats = np.arange(HEIGHT, dtype=np.float32)[:, None]
X: Floats = np.arange(WIDTH, dtype=np.float32)[None, :]
DOWN: Floats = np.broadcast_to(Y / np.float32(HEIGHT), SHAPE)  # 0 at the top, 1 at the bottom


def stretch(values: Floats, shape: tuple[int, int]) -> Floats:
    """Resize a plane smoothly (bicubic) to (height, width)."""
    plane = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.asarray(plane.resize(shape[::-1], Image.Resampling.BICUBIC), dtype=np.float32)


def noise(
    rng: np.random.Generator,
    across: int,
    down: int,
    *,
    octaves: int = 5,
    gain: float = 0.5,
    shape: tuple[int, int] = SHAPE,
) -> Floats:
    """Fractal value noise (Perlin 1985's sum of octaves over random lattices) with mean about 0, range about -1..1.

    Args:
        across, down: cells of the coarsest octave along each side.
        gain: the amplitude of an octave relative to the one before.
    """
    amplitude, sum_of_amplitudes = 1.0, 0.0
    total = np.zeros((2, 2), dtype=np.float32)
    for octave in range(octaves):
        size = min((down << octave) + 1, shape[0]), min((across << octave) + 1, shape[1])
        total = stretch(total, size) + np.float32(amplitude) * rng.uniform(-1, 1, size).astype(np.float32)
        sum_of_amplitudes += amplitude
        amplitude *= gain
    field: Floats = stretch(total, shape) / np.float32(sum_of_amplitudes * 0.6)
    return field


def line_noise(rng: np.random.Generator, cells: int, *, octaves: int = 6, gain: float = 0.5) -> Floats:
    """Fractal noise along the width: shape (WIDTH,), range about -1..1."""
    line: Floats = noise(rng, cells, 1, octaves=octaves, gain=gain, shape=(2, WIDTH))[0]
    return line


def soften(mask: Floats, radius: int) -> Floats:
    """A cheap blur: averaged down by ``radius`` pixels and stretched back."""
    height, width = mask.shape
    small = Image.fromarray(mask).resize((max(2, width // radius), max(2, height // radius)), Image.Resampling.BOX)
    soft: Floats = np.clip(stretch(np.asarray(small, dtype=np.float32), (height, width)), 0, None)
    return soft


def smooth(low: float, high: float, values: Floats) -> Floats:
    """The cubic step from 0 at ``low`` to 1 at ``high``."""
    t: Floats = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    step: Floats = t * t * (3 - 2 * t)
    return step


def gradient(values: Floats, *stops: tuple[float, ArrayLike]) -> Floats:
    """Colours of shape (*values.shape, 3) along stops (position ascending, RGB 0..1)."""
    places = [place for place, _ in stops]
    colours = np.array([colour for _, colour in stops], dtype=np.float32)
    low, high = places[0], places[-1]
    steps = np.linspace(low, high, _STEPS)
    ramp = np.stack([np.interp(steps, places, colours[:, k]) for k in range(3)], axis=-1).astype(np.float32)
    nearest = (values - np.float32(low)) * np.float32((_STEPS - 1) / (high - low)) + np.float32(0.5)
    colour: Floats = ramp.take(np.clip(nearest, 0, _STEPS - 1).astype(np.intp), axis=0)
    return colour


def lay(picture: Floats, colour: ArrayLike, mask: Floats) -> None:
    """Lay a colour (RGB, or a whole picture) over the picture where the mask is; in place."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    paint = np.asarray(colour, dtype=np.float32)
    view = picture[part]
    view += mask[part][..., None] * ((paint[part] if paint.ndim == 3 else paint) - view)


def glow(x: float, y: float, radius: float) -> Floats:
    """A round light: 1 in its middle, falling to 1/e at ``radius`` pixels."""
    across, down = (X - np.float32(x)) / np.float32(radius), (Y - np.float32(y)) / np.float32(radius)
    light: Floats = np.exp(-(across**2)) * np.exp(-(down**2))
    return light


class Stencil:
    """A mask drawn with Pillow at twice the size, so that its edges come out smooth."""

    def __init__(self) -> None:
        self._image = Image.new("L", (WIDTH * 2, HEIGHT * 2))
        self._draw = ImageDraw.Draw(self._image)

    def polygon(self, points: ArrayLike, tone: float = 1.0) -> None:
        corners = [(float(x), float(y)) for x, y in np.asarray(points) * 2]
        self._draw.polygon(corners, fill=round(tone * 255))

    def line(self, points: ArrayLike, width: float, tone: float = 1.0) -> None:
        places = [(float(x), float(y)) for x, y in np.asarray(points) * 2]
        self._draw.line(places, fill=round(tone * 255), width=max(1, round(width * 2)), joint="curve")

    def disc(self, x: float, y: float, radius: float, tone: float = 1.0) -> None:
        box = ((x - radius) * 2, (y - radius) * 2, (x + radius) * 2, (y + radius) * 2)
        self._draw.ellipse(box, fill=round(tone * 255))

    def mask(self) -> Floats:
        out = np.zeros(SHAPE, dtype=np.float32)
        box = self._image.getbbox()
        if box is not None:
            left, top, right, bottom = (box[0] // 2, box[1] // 2, (box[2] + 1) // 2, (box[3] + 1) // 2)
            drawn = self._image.reduce(2, box=(left * 2, top * 2, right * 2, bottom * 2))
            out[top:bottom, left:right] = np.asarray(drawn, dtype=np.float32) / 255
        return out


def finish(picture: Floats, rng: np.random.Generator, grain: float = 0.012) -> bytes:
    """A little grain and a JPEG of quality 90."""
    grained = picture + np.float32(grain) * rng.standard_normal(SHAPE, dtype=np.float32)[..., None]
    pixels = (np.clip(grained, 0, 1) * 255 + 0.5).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=90, optimize=True, progressive=True)
    return out.getvalue()
