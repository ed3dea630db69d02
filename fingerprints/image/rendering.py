"""The evidence of a picture match, drawn: the upload beside each work, what was found outlined and numbered."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from ..model import Fingerprint, Match, Preview, Quad, Span
from . import codec

_HEIGHT, _WIDEST = 320, 640  # pixels of every picture
_GAP = 16
_COLOURS = ("#e6194b", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#8a6d00")  # told apart by colour-blind eyes too
_PAPER = "#f4f4f4"


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two pictures of a row.

    Attributes:
        thumbnail: a picture file, of any size.
        size: width and height in which ``region`` counts.
        region: what was found.
    """

    thumbnail: bytes
    size: tuple[int, int]
    region: Quad


def matches_beside(upload: Preview, matches: Sequence[tuple[Fingerprint, Match]]) -> bytes | None:
    """A PNG with a row for each work: the upload on the left, the work on the right, both outlined and numbered.

    None where nothing is kept to be shown of any of the works.
    """
    rows = [row for work, match in matches if (row := _row(upload, work, match)) is not None]
    return _sheet(rows) if rows else None


def _row(upload: Preview, work: Fingerprint, match: Match) -> tuple[_Side, _Side] | None:
    frames = codec.frames(work)
    frame = int(match.transform.get("work_frame", 0))
    if frame >= len(frames) or not match.segments:
        return None
    segment = match.segments[0]
    left = _Side(upload.data, (upload.width, upload.height), _quad(segment.upload))
    return left, _Side(frames[frame].thumbnail, codec.size(work), _quad(segment.work))


def _quad(region: Span | Quad) -> Quad:
    if len(region) == 2:
        raise ValueError("a region of a picture has four corners")
    return region


def _sheet(rows: Sequence[tuple[_Side, _Side]]) -> bytes:
    pictures = []
    for number, sides in enumerate(rows, 1):
        colour = _COLOURS[(number - 1) % len(_COLOURS)]
        left, right = (_outlined(side, colour, number) for side in sides)
        pictures.append((left, right))
    column = max(left.width for left, _ in pictures)
    width = column + max(right.width for _, right in pictures) + 3 * _GAP
    height = sum(max(left.height, right.height) + _GAP for left, right in pictures) + _GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    top = _GAP
    for left, right in pictures:
        sheet.paste(left, (_GAP, top))
        sheet.paste(right, (column + 2 * _GAP, top))
        top += max(left.height, right.height) + _GAP
    out = io.BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return out.getvalue()


def _outlined(side: _Side, colour: str, number: int) -> Image.Image:
    with Image.open(io.BytesIO(side.thumbnail), formats=["JPEG"]) as opened:
        picture = opened.convert("RGB")
    factor = min(_HEIGHT / picture.height, _WIDEST / picture.width)
    picture = picture.resize((max(1, round(picture.width * factor)), max(1, round(picture.height * factor))))
    (width, height), (right, bottom) = side.size, (picture.width - 2, picture.height - 2)
    across, down = picture.width / max(width, 1), picture.height / max(height, 1)
    points = [(min(max(x * across, 1), right), min(max(y * down, 1), bottom)) for x, y in side.region]
    draw = ImageDraw.Draw(picture)
    draw.line([*points, points[0], points[1]], fill="white", width=6, joint="curve")
    draw.line([*points, points[0], points[1]], fill=colour, width=3, joint="curve")
    # The number stands at the work's top left corner, so that it shows how the work was turned.
    x, y = (min(max(v, 10), most - 11) for v, most in zip(points[0], picture.size, strict=True))
    draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=colour, outline="white", width=2)
    draw.text((x, y), str(number), fill="white", font=ImageFont.load_default(14), anchor="mm")
    return picture
