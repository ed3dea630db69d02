"""Small pictures drawn by code, their edits, and pictures that share a layout with them."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from ..example import Example


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
        saved(Image.new("RGB", (60, 50), (200, 30, 30))),
        {"other container": saved(Image.new("RGB", (60, 50), (200, 30, 30)), "BMP")},
        {
            "other colour": saved(Image.new("RGB", (60, 50), (30, 30, 200))),
            "other size": saved(Image.new("RGB", (50, 60), (200, 30, 30))),
        },
    ),
    Example(
        "tiny",
        saved(scene(4, 40, 20)),
        {"other container": saved(scene(4, 40, 20), "TIFF")},
        {"another tiny one": saved(scene(5, 40, 20))},
    ),
)
