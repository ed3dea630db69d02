"""Pictures of written pages, drawn for tests."""

from __future__ import annotations

import io
from collections.abc import Sequence

import noto_cjk_sans_otc
from PIL import Image, ImageDraw, ImageFont


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of so many characters, where it has no spaces, or of so many at most."""
    lines, line = [], ""
    for piece in text.split(" ") if " " in text else text:
        joint = " " if line and " " in text else ""
        if len(line) + len(joint) + len(piece) > width:
            lines.append(line)
            line, joint = "", ""
        line += joint + piece
    return [*lines, line]


def written(
    lines: Sequence[str],
    *,
    size: int = 26,
    width: int = 720,
    ink: tuple[int, int, int] = (0, 0, 0),
    ground: tuple[int, int, int] = (255, 255, 255),
) -> Image.Image:
    """Lines of text in Noto Sans CJK, from the top down."""
    step = round(1.6 * size)
    page = Image.new("RGB", (width, step * len(lines) + 80), ground)
    for number, line in enumerate(lines):
        ImageDraw.Draw(page).text((30, 40 + number * step), line, font=face(size), fill=ink)
    return page


def signed(
    picture: Image.Image, mark: str, *, size: int = 20, ink: tuple[int, int, int] = (235, 235, 235)
) -> Image.Image:
    """A copy with a mark in its lower right corner, on a ground of the picture."""
    copy = picture.copy()
    draw = ImageDraw.Draw(copy)
    length = draw.textlength(mark, font=face(size))
    draw.text((copy.width - length - 14, copy.height - 1.6 * size - 8), mark, font=face(size), fill=ink)
    return copy


def face(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(noto_cjk_sans_otc.FONT_PATH), size, index=2)


def jpeg(picture: Image.Image, quality: int = 60) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
