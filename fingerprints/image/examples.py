"""Small pictures drawn by code, their edits, and pictures that share a layout with them."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from ..medium import Example


def scene(seed: int, width: int = 400, height: int = 300) -> Image.Image:
    """Soft blobs of colour with edges in them: as much texture as a photograph."""
    r = np.random.default_rng(seed)
    small = r.integers(0, 256, (height // 20, width // 20, 3), dtype=np.uint8)
    picture = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(25):
        x, y, size = int(r.integers(width)), int(r.integers(height)), int(r.integers(10, 60))
        colour = tuple(int(c) for c in r.integers(0, 256, 3))
        draw.ellipse((x, y, x + size, y + size // 2), fill=colour)
    return picture


def photograph(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """As much to recognise as in a photograph: a sky, hills of rough ground, a crowd of shaded shapes before them."""
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


def chart(seed: int) -> Image.Image:
    """A bar chart on white: the layout of a template, the content of the seed."""
    r = np.random.default_rng(seed)
    picture = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(picture)
    draw.line((40, 20, 40, 260, 380, 260), fill="black", width=3)
    for bar in range(12):
        top = int(r.integers(40, 240))
        draw.rectangle((52 + bar * 27, top, 70 + bar * 27, 258), fill=(40, 90, 200))
    return picture


def saved(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    """The bytes of a picture file."""
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def _upright(picture: Image.Image, orientation: int, turn: Image.Transpose) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(picture.transpose(turn), "JPEG", quality=90, exif=exif)


def _marked(picture: Image.Image) -> Image.Image:
    out = picture.copy()
    ImageDraw.Draw(out).text((300, 280), "(c) somebody", fill="white")
    return out


def _edits(picture: Image.Image) -> dict[str, bytes]:
    turns: dict[str, Callable[[], Image.Image]] = {
        turn.name.lower(): lambda turn=turn: picture.transpose(turn)  # type: ignore[misc]
        for turn in Image.Transpose
    }
    return {
        "png": saved(picture),
        "poor jpeg": saved(picture, "JPEG", quality=20),
        "webp": saved(picture, "WEBP", quality=50),
        "avif": saved(picture, "AVIF", quality=50),
        "gif": saved(picture, "GIF"),
        "half size": saved(picture.resize((200, 150))),
        "six times the size": saved(picture.resize((2400, 1800)), "JPEG"),
        "stretched": saved(picture.resize((400, 220))),
        "grey": saved(picture.convert("L")),
        "brighter": saved(ImageEnhance.Brightness(picture).enhance(1.2)),
        "blurred": saved(picture.filter(ImageFilter.GaussianBlur(2))),
        "small mark": saved(_marked(picture)),
        "EXIF turned": _upright(picture, 6, Image.Transpose.ROTATE_90),
        **{name: saved(turned(), "JPEG") for name, turned in turns.items()},
    }


def flat(size: tuple[int, int], colour: tuple[int, int, int]) -> Image.Image:
    """One colour with a dot: found by its exact pixels only."""
    out = Image.new("RGB", size, colour)
    out.putpixel((5, 5), (255, 255, 255))
    return out


EXAMPLES = (
    Example(
        "scene",
        saved(scene(1), "JPEG", quality=90),
        _edits(scene(1)),
        {"another scene": saved(scene(2)), "same blobs": saved(scene(3)), "black": saved(Image.new("RGB", (400, 300)))},
    ),
    Example(
        "chart",
        saved(chart(1)),
        {"jpeg": saved(chart(1), "JPEG", quality=60), "half size": saved(chart(1).resize((200, 150)))},
        {f"chart {seed}": saved(chart(seed)) for seed in range(2, 8)},
    ),
    Example(
        "flat",
        saved(flat((60, 50), (200, 30, 30))),
        {"other container": saved(flat((60, 50), (200, 30, 30)), "BMP")},
        {
            "other colour": saved(flat((60, 50), (30, 30, 200))),
            "other size": saved(flat((50, 60), (200, 30, 30))),
            "blank": saved(Image.new("RGB", (60, 50), (200, 30, 30))),
        },
    ),
    Example(
        "tiny",
        saved(scene(4, 40, 20)),
        {"other container": saved(scene(4, 40, 20), "TIFF")},
        {"another tiny one": saved(scene(5, 40, 20))},
    ),
)
