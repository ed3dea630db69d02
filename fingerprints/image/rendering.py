"""The evidence of a picture match, drawn: the upload beside each work, what was found outlined and numbered."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from ..model import Quad

_HEIGHT, _WIDEST = 320, 640  # pixels of every picture
_GAP = 16
_COLOURS = ("#e6194b", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#8a6d00")  # told apart by colour-blind eyes too
_PAPER = "#f4f4f4"


@dataclass(frozen=True, slots=True)
class Shown:
    """One matched work.

    Attributes:
        small: a picture file of the work, of any size.
        size: width and height in which ``there`` counts.
        here: what was found, as the upload has it.
        there: the same, as the work has it.
    """

    small: bytes
    size: tuple[int, int]
    here: Quad
    there: Quad


def side_by_side(small: bytes, size: tuple[int, int], works: Sequence[Shown]) -> bytes:
    """A PNG with a row for each work: the upload on the left, the work on the right, both outlined and numbered.

    Args:
        small: a picture file of the upload, of any size.
        size: width and height in which the works' ``here`` counts.
        works: at least one, best first.
    """
    rows = []
    for number, work in enumerate(works, 1):
        colour = _COLOURS[(number - 1) % len(_COLOURS)]
        left = _outlined(small, size, work.here, colour, number)
        right = _outlined(work.small, work.size, work.there, colour, number)
        rows.append((left, right))
    column = max(left.width for left, _ in rows)
    width = column + max(right.width for _, right in rows) + 3 * _GAP
    height = sum(max(left.height, right.height) + _GAP for left, right in rows) + _GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    top = _GAP
    for left, right in rows:
        sheet.paste(left, (_GAP, top))
        sheet.paste(right, (column + 2 * _GAP, top))
        top += max(left.height, right.height) + _GAP
    out = io.BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return out.getvalue()


def _outlined(small: bytes, size: tuple[int, int], quad: Quad, colour: str, number: int) -> Image.Image:
    with Image.open(io.BytesIO(small), formats=["JPEG"]) as opened:
        picture = opened.convert("RGB")
    factor = min(_HEIGHT / picture.height, _WIDEST / picture.width)
    picture = picture.resize((max(1, round(picture.width * factor)), max(1, round(picture.height * factor))))
    across, down = picture.width / max(size[0], 1), picture.height / max(size[1], 1)
    points = [(min(max(x * across, 1), picture.width - 2), min(max(y * down, 1), picture.height - 2)) for x, y in quad]
    draw = ImageDraw.Draw(picture)
    draw.line([*points, points[0], points[1]], fill="white", width=6, joint="curve")
    draw.line([*points, points[0], points[1]], fill=colour, width=3, joint="curve")
    # The number stands at the work's top left corner, so that it shows how the work was turned.
    x, y = (min(max(v, 10), most - 11) for v, most in zip(points[0], picture.size, strict=True))
    draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=colour, outline="white", width=2)
    draw.text((x, y), str(number), fill="white", font=ImageFont.load_default(14), anchor="mm")
    return picture
