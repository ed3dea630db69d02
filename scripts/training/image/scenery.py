"""Photographs of six kinds, drawn by code, and what they are made of."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from benchmarks.image.drawn import Rng, of_levels
from fingerprints.image.examples import photograph
from scripts.training.image.lettering import Colour, colour, shaded

_LEAST = 260  # pixels of the shorter side that a photograph is drawn in


def grain(r: Rng, picture: Image.Image, sigma: float) -> Image.Image:
    levels = np.asarray(picture, dtype=np.float32)
    return of_levels(levels + r.normal(0, sigma, (*levels.shape[:2], 1)))


def ground(r: Rng, size: tuple[int, int], rough: float, least: int = 1, octaves: int = 7) -> np.ndarray:
    """Fractal noise between 0 and 1, shape (height, width)."""
    out = np.zeros(size[::-1], dtype=np.float32)
    for octave in range(least, octaves):
        cells = Image.fromarray(r.random((2**octave, 2**octave), dtype=np.float32))
        out += rough**octave * np.asarray(cells.resize(size, Image.Resampling.BICUBIC))
    return (out - out.min()) / np.ptp(out)


def tinted(levels: np.ndarray, dark: Colour, light: Colour) -> Image.Image:
    return of_levels(np.array(dark) + levels[..., None] * (np.array(light) - np.array(dark)))


def blob(r: Rng, size: int) -> Image.Image:
    """A shaded thing with markings, such as an animal, on nothing."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    away = 0.32 + sum(r.uniform(0, 0.1 / k) * np.cos(k * angle + r.uniform(0, 6)) for k in range(1, 5))
    outline = [(size * (0.5 + a * np.cos(t)), size * (0.5 + a * np.sin(t))) for a, t in zip(away, angle, strict=True)]
    skin = tinted(ground(r, (size, size), r.uniform(0.5, 0.9)), colour(r, 0, 140), colour(r, 100, 256))
    draw = ImageDraw.Draw(skin)
    for _ in range(int(r.integers(4, 26))):
        x, y, s = float(r.uniform(0, size)), float(r.uniform(0, size)), float(r.uniform(0.02, 0.12)) * size
        draw.ellipse((x - s, y - s * r.uniform(0.3, 1), x + s, y + s * r.uniform(0.3, 1)), fill=colour(r))
    mask = Image.new("L", (size, size))
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    skin.putalpha(mask.filter(ImageFilter.GaussianBlur(0.8)))
    return skin


def leaves(r: Rng, picture: Image.Image, count: int) -> None:
    """Strokes and leaves of one kind, many times."""
    draw = ImageDraw.Draw(picture)
    size, base, bend = float(r.uniform(5, 26)), colour(r, 20, 200), float(r.uniform(0.15, 0.5))
    for _ in range(count):
        x, y, t = float(r.uniform(0, picture.width)), float(r.uniform(0, picture.height)), float(r.uniform(0, 6.3))
        s = size * float(r.uniform(0.5, 1.6))
        c, d = s * math.cos(t), s * math.sin(t)
        shade = float(r.uniform(0.4, 1.4))
        side, other = (x + c - bend * d, y + d + bend * c), (x + c + bend * d, y + d)
        draw.polygon([(x, y), side, (x + 2 * c, y + 2 * d), other], shaded(base, shade))


def facade(r: Rng, width: int, height: int) -> Image.Image:
    """A wall with windows that repeat."""
    wall = tinted(ground(r, (width, height), 0.8), colour(r, 60, 160), colour(r, 120, 250))
    draw = ImageDraw.Draw(wall)
    step_x, step_y = (int(v) for v in r.integers(14, 44, 2))
    glass, frame, sill = colour(r, 0, 130), colour(r, 130, 256), bool(r.random() < 0.5)
    for y in range(8, height - step_y // 2, step_y):
        for x in range(6, width - step_x // 2, step_x):
            box = (x, y, x + step_x * 0.6, y + step_y * 0.65)
            draw.rectangle(box, fill=colour(r, 0, 220) if r.random() < 0.2 else glass, outline=frame, width=2)
            if sill:
                draw.line((x - 2, box[3] + 2, box[2] + 2, box[3] + 2), fill=frame, width=2)
    return wall


def sky(r: Rng, size: tuple[int, int]) -> Image.Image:
    return tinted(0.5 * ground(r, size, 0.5, octaves=6) + np.linspace(0, 0.5, size[1])[:, None], colour(r, 90, 200),
                  colour(r, 170, 256))  # fmt: skip


def _size(r: Rng) -> tuple[int, int]:
    shapes = ((500, 333), (333, 500), (500, 375), (500, 500), (480, 270), (400, 500))
    return shapes[int(r.integers(len(shapes)))]


def scenery(r: Rng, size: tuple[int, int] | None = None) -> Image.Image:
    """A photograph of one of six kinds."""
    size = size or _size(r)
    if min(size) < _LEAST:  # drawn larger: things have their own sizes
        scale = _LEAST / min(size)
        return scenery(r, (round(scale * size[0]), round(scale * size[1]))).resize(size, Image.Resampling.LANCZOS)
    which = int(r.integers(6))
    if which == 0:
        picture = photograph(int(r.integers(1 << 40)), size)
    elif which == 1:
        picture = tinted(ground(r, size, r.uniform(0.5, 0.95)), colour(r, 0, 100), colour(r, 80, 200))
        leaves(r, picture, int(r.integers(200, 900)))
    elif which == 2:
        picture = sky(r, size)
        floor = tinted(ground(r, size, r.uniform(0.6, 0.9)), colour(r, 0, 120), colour(r, 100, 230))
        picture.paste(floor.crop((0, 0, size[0], size[1] * 2 // 3)), (0, size[1] // 3))
        thing = blob(r, int(r.integers(90, 260)))
        for _ in range(int(r.integers(1, 9))):
            put = thing.rotate(float(r.normal(0, 8)), Image.Resampling.BICUBIC)
            put = ImageOps.scale(ImageOps.mirror(put) if r.random() < 0.4 else put, float(r.uniform(0.5, 1.2)))
            at = int(r.uniform(-30, size[0] - 60)), int(r.uniform(size[1] // 5, size[1] * 3 // 4))
            picture.paste(put, at, put)
    elif which == 3:
        picture = scenery(r, size).filter(ImageFilter.GaussianBlur(float(r.uniform(4, 12))))
        for _ in range(int(r.integers(1, 4))):
            thing = blob(r, int(r.integers(120, 330)))
            picture.paste(thing, (int(r.uniform(-20, size[0] - 100)), int(r.uniform(-20, size[1] - 100))), thing)
    elif which == 4:
        picture = sky(r, size)
        x = 0
        while x < size[0]:
            wide, high = int(r.uniform(60, 170)), int(r.uniform(size[1] // 4, size[1]))
            picture.paste(facade(r, wide, high), (x, size[1] - high))
            x += wide
        leaves(r, picture, int(r.integers(0, 60)))
    else:
        warp = ground(r, size, 0.6, octaves=5) * float(r.uniform(3, 14))
        levels = 0.5 + 0.5 * np.sin(2 * np.pi * warp + float(r.uniform(0, 3)) * ground(r, size, 0.9, 3))
        picture = tinted(0.7 * levels + 0.3 * ground(r, size, 0.95, 3, 9), colour(r, 0, 120), colour(r, 120, 256))
    picture = ImageEnhance.Color(picture).enhance(float(r.uniform(0.3, 1.4)))
    picture = ImageEnhance.Contrast(picture).enhance(float(r.uniform(0.6, 1.3)))
    return grain(r, picture.filter(ImageFilter.GaussianBlur(float(r.uniform(0.3, 1.1)))), float(r.uniform(1, 7)))


def emblem(r: Rng, size: int) -> Image.Image:
    out = Image.new("RGBA", (size, size))
    draw = ImageDraw.Draw(out)
    m = size / 2
    for ring in range(int(r.integers(1, 4))):
        radius = m * (0.98 - 0.25 * ring)
        if r.random() < 0.5:
            draw.ellipse((m - radius, m - radius, m + radius, m + radius), fill=colour(r))
        else:
            draw.regular_polygon((m, m, radius), int(r.integers(3, 10)), int(r.integers(90)), fill=colour(r))
    for _ in range(int(r.integers(1, 7))):
        x, y, s = (float(v) for v in r.uniform(0.25, 0.75, 3))
        circle = (x * size, y * size, s * size / 4)
        draw.regular_polygon(circle, int(r.integers(3, 7)), int(r.integers(90)), fill=colour(r))
    return out
