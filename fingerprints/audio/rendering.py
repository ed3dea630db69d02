"""The evidence of a sound match, drawn: the peaks of upload and work over time, what was heard joined."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..model import Fingerprint, Match, Preview
from . import codec
from .peaks import Peaks
from .search import seconds

WIDTH, HEIGHT = 960, 120  # pixels of every strip
_GAP, _BETWEEN = 16, 40
_HIGHEST = 6800.0  # cents above the lowest pitch
_LOUDEST = 30.0  # decibels above the surroundings, drawn black
_COLOURS = ("#e6194b", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#8a6d00")  # told apart by colour-blind eyes too
_PAPER = "#f4f4f4"


def strip(of: Fingerprint) -> Preview | None:
    """The peaks of a recording as a small picture, one pixel of its stated width a second; None where none are kept."""
    found = codec.peaks(of)
    if not len(found):
        return None
    lasts = max(1, int(np.ceil(seconds(of))))
    out = io.BytesIO()
    _drawn(found, lasts).save(out, "JPEG", quality=60)
    return Preview(lasts, 1, out.getvalue())


def matches_below(upload: Preview, matches: Sequence[tuple[Fingerprint, Match]]) -> bytes | None:
    """A PNG with a row for each work: the upload's peaks above those of the work, what is the same joined.

    None where nothing is kept to be shown of any of the works.
    """
    rows = [
        (_drawn(found, lasts), lasts, match)
        for work, match in matches
        for heard in work.each
        if heard.medium == "audio" and len(found := codec.peaks(heard))
        for lasts in (max(1, int(np.ceil(seconds(heard)))),)
    ]
    return rows_below(upload, rows) if rows else None


def rows_below(upload: Preview, rows: Sequence[tuple[Image.Image, int, Match]]) -> bytes:
    """A PNG with the upload's strip above each work's, what is the same joined.

    Args:
        rows: of each work a strip of it, the seconds that it shows, and the match.
    """
    row = 2 * HEIGHT + _BETWEEN
    sheet = Image.new("RGB", (WIDTH + 2 * _GAP, len(rows) * (row + _GAP) + _GAP), _PAPER)
    with Image.open(io.BytesIO(upload.data), formats=["JPEG"]) as opened:
        above = opened.convert("RGB").resize((WIDTH, HEIGHT))
    for number, (strip, lasts, match) in enumerate(rows, 1):
        top = _GAP + (number - 1) * (row + _GAP)
        sheet.paste(above, (_GAP, top))
        sheet.paste(strip.convert("RGB").resize((WIDTH, HEIGHT)), (_GAP, top + HEIGHT + _BETWEEN))
        _join(sheet, top, number, match, WIDTH / upload.width, WIDTH / lasts)
    out = io.BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return out.getvalue()


def _drawn(found: Peaks, lasts: int) -> Image.Image:
    """Time to the right, pitch upwards, darker what stands out more."""
    x = np.clip(found.time * (WIDTH / lasts), 0, WIDTH - 2).astype(np.int64)
    y = np.clip((1 - found.pitch / _HIGHEST) * HEIGHT, 0, HEIGHT - 2).astype(np.int64)
    dark = np.clip(found.strength / _LOUDEST, 0.3, 1) * 255
    ink = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        np.maximum.at(ink, (y + down, x + right), dark)
    return Image.fromarray((255 - ink).astype(np.uint8))


def _join(sheet: Image.Image, top: int, number: int, match: Match, across: float, across_work: float) -> None:
    """Outline each stretch on both strips, and draw the lines between their ends."""
    draw = ImageDraw.Draw(sheet)
    colour = _COLOURS[(number - 1) % len(_COLOURS)]
    below = top + HEIGHT + _BETWEEN
    for segment in match.segments:
        if isinstance(segment.upload[0], tuple) or isinstance(segment.work[0], tuple):
            raise ValueError("a stretch of time has two ends")
        ends = [min(_GAP + float(at) * across, _GAP + WIDTH) for at in segment.upload[:2]]
        ends_work = [min(_GAP + float(at) * across_work, _GAP + WIDTH) for at in segment.work[:2]]
        draw.rectangle((ends[0], top, ends[1], top + HEIGHT), outline=colour, width=2)
        draw.rectangle((ends_work[0], below, ends_work[1], below + HEIGHT), outline=colour, width=2)
        for here, there in zip(ends, ends_work, strict=True):
            draw.line((here, top + HEIGHT, there, below), fill=colour, width=2)
    draw.ellipse((_GAP + 2, top + 2, _GAP + 22, top + 22), fill=colour, outline="white", width=2)
    draw.text((_GAP + 12, top + 12), str(number), fill="white", font=ImageFont.load_default(14), anchor="mm")
