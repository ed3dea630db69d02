"""Two short films for the demo, each from a seed: sky lanterns over hills at night, kites over a beach.

A frame is a float32 array of shape (HEIGHT, WIDTH, 3), sRGB values 0..1. They belong to this project.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scripts.demo_pictures.canvas import Floats, gradient, lay, line_noise, noise, smooth

WIDTH, HEIGHT, RATE, SECONDS = 480, 270, 15, 14
_WIDE = 640  # of the view that the camera pans over
_Y: Floats = np.arange(HEIGHT, dtype=np.float32)[:, None]
_X: Floats = np.arange(_WIDE, dtype=np.float32)[None, :]
_DOWN: Floats = np.broadcast_to(_Y / np.float32(HEIGHT), (HEIGHT, _WIDE))


def lanterns(seed: int = 5) -> Iterator[Floats]:
    """Lanterns rise one after another over dark hills, while the camera pans to the right."""
    rng = np.random.default_rng(seed)
    view = gradient(_DOWN, (0.0, (0.03, 0.04, 0.13)), (0.6, (0.16, 0.14, 0.30)), (1.0, (0.42, 0.26, 0.34)))
    view += 0.05 * noise(rng, 5, 4, shape=(HEIGHT, _WIDE))[..., None]
    stars = rng.integers(0, 120, 90), rng.integers(0, _WIDE, 90)
    view[stars] = rng.uniform(0.4, 0.9, (90, 1))
    for base, tall, colour in (
        (190, 45, (0.14, 0.13, 0.25)),
        (220, 35, (0.09, 0.09, 0.18)),
        (250, 25, (0.04, 0.05, 0.1)),
    ):
        ridge = base - tall * line_noise(rng, 4)[:_WIDE]
        rock = 1 + 0.5 * noise(rng, 24, 10, shape=(HEIGHT, _WIDE))[..., None]
        lay(view, np.array(colour, dtype=np.float32) * rock, np.clip(_Y - ridge, 0, 1))
    starts = (
        rng.uniform(0, _WIDE, 26),
        rng.uniform(-3, SECONDS - 2, 26),
        rng.uniform(14, 26, 26),
        rng.uniform(5, 11, 26),
    )
    for number in range(SECONDS * RATE):
        now = number / RATE
        frame = view.copy()
        for x, since, speed, size in zip(*starts, strict=True):
            risen = now - since
            if risen > 0:
                sway = 7 * np.sin(risen * 1.3 + x)
                flicker = 0.85 + 0.15 * np.sin(risen * 9 + size)
                _lantern(frame, float(x + sway), float(235 - speed * risen), float(size), float(flicker))
        left = int(number * (_WIDE - WIDTH) / (SECONDS * RATE))
        yield np.clip(frame[:, left : left + WIDTH], 0, 1)


def _lantern(frame: Floats, x: float, y: float, size: float, flicker: float) -> None:
    across, down = (_X - np.float32(x)) / np.float32(size), (_Y - np.float32(y)) / np.float32(1.3 * size)
    shine = np.exp(-(across**2 + down**2) / 6) * 0.35 * flicker
    frame += shine[..., None] * np.array((1.0, 0.55, 0.2), dtype=np.float32)
    paper = np.clip((1 - np.maximum(np.abs(across) * (1.15 + 0.25 * down), np.abs(down))) * size, 0, 1)
    lay(frame, (1.0 * flicker, 0.72 * flicker, 0.32 * flicker), paper)
    lay(frame, (0.55, 0.2, 0.08), paper * smooth(0.55, 0.8, down))


def kites(seed: int = 11) -> Iterator[Floats]:
    """Kites loop over a beach, waves run in."""
    rng = np.random.default_rng(seed)
    sky = gradient(_DOWN, (0.0, (0.35, 0.62, 0.90)), (0.55, (0.80, 0.90, 0.96)), (1.0, (0.93, 0.84, 0.66)))
    sky += 0.07 * noise(rng, 6, 4, shape=(HEIGHT, _WIDE))[..., None]
    sand = 1 + 0.25 * noise(rng, 60, 30, shape=(HEIGHT, _WIDE))[..., None]
    waves = noise(rng, 12, 16, shape=(HEIGHT, 2 * _WIDE))
    lay(sky, np.array((0.86, 0.76, 0.55), dtype=np.float32) * sand, np.clip(_Y - 215, 0, 1) + 0 * _X)
    colours = rng.uniform(0.2, 1.0, (7, 3))
    places = rng.uniform(60, _WIDE - 120, 7), rng.uniform(40, 110, 7), rng.uniform(0.5, 1.2, 7), rng.uniform(14, 24, 7)
    for number in range(SECONDS * RATE):
        now = number / RATE
        frame = sky.copy()
        moved = waves[:, int(12 * now) : int(12 * now) + _WIDE]
        sea = np.clip(_Y - 155, 0, 1) * np.clip(222 + 6 * np.sin(now * 0.9 + _X / 60) - _Y, 0, 1)
        lay(frame, gradient(moved, (-1.0, (0.08, 0.30, 0.48)), (0.4, (0.2, 0.5, 0.66)), (1.0, (0.9, 0.96, 1.0))), sea)
        for colour, x, y, turn, size in zip(colours, *places, strict=True):
            along = now * turn + x
            _kite(frame, float(x + 40 * np.sin(along)), float(y + 22 * np.sin(2 * along)), float(size), colour)
        yield np.clip(frame[:, 80 : 80 + WIDTH], 0, 1)


def _kite(frame: Floats, x: float, y: float, size: float, colour: Floats) -> None:
    across, down = (_X - np.float32(x)) / np.float32(size), (_Y - np.float32(y)) / np.float32(size)
    sail = np.clip((1 - np.abs(across) * 1.4 - np.abs(down) * np.where(down < 0, 1.3, 0.8)) * size, 0, 1)
    lay(frame, colour, sail)
    lay(frame, colour * 0.6, sail * (across > 0))
    tail = np.clip(1.6 - np.abs(_X - np.float32(x) - 5 * np.sin(down * 3)), 0, 1) * ((down > 1.2) & (down < 3.4))
    lay(frame, (0.9, 0.3, 0.3), tail.astype(np.float32))
