"""Pictures with as much to recognise as a photograph, drawn from a seed."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def photograph(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A sky, hills of rough ground, and a crowd of shaded shapes before them."""
    r = np.random.default_rng(seed)
    width, height = size
    ground = np.zeros((height, width))
    for octave in range(2, 8):
        cells = Image.fromarray(r.random((2**octave, 2**octave)).astype(np.float32))
        ground += 0.62**octave * np.asarray(cells.resize(size, Image.Resampling.BICUBIC))
    ground = (ground - ground.min()) / np.ptp(ground)
    tint = r.uniform(0.3, 1.0, 3)
    levels = 255 * ground[..., None] * tint
    horizon = height * (0.25 + 0.2 * np.sin(np.arange(width) / width * r.uniform(3, 9) + r.uniform(0, 6)))
    sky = np.arange(height)[:, None] < horizon[None, :]
    levels[sky] = (r.uniform(120, 255, 3) * (0.7 + 0.3 * ground[..., None]))[sky]
    picture = Image.fromarray(levels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(r.integers(25, 45))):
        x, y = float(r.uniform(0, width)), float(r.uniform(height * 0.3, height))
        w, h = (float(v) for v in r.uniform(8, 70, 2))
        dark, light = sorted(tuple(int(c) for c in r.integers(0, 256, 3)) for _ in range(2))
        if r.random() < 0.5:
            draw.polygon([(x, y - h), (x + w, y), (x + w / 3, y + h / 2), (x - w / 2, y)], fill=light, outline=dark)
        else:
            draw.rectangle((x, y - h, x + w, y), fill=light, outline=dark, width=2)
            for row in range(int(h // 12)):
                draw.line((x + 3, y - 6 - 12 * row, x + w - 3, y - 6 - 12 * row), fill=dark, width=3)
    grain = r.normal(0, 4, (height, width, 1))
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.7)), dtype=float)
    return Image.fromarray((soft + grain).clip(0, 255).astype(np.uint8))
