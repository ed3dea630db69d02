"""The evidence of a film match, drawn: time lines of upload and work, and pictures of the same moments in pairs."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .. import audio, image
from ..audio.rendering import strip as sound_strip
from ..audio.search import seconds
from ..model import Fingerprint, Match, Preview, Segment
from . import codec
from .codec import Film
from .planes import UPLOAD_RATE, WORK_RATE

_COLUMNS, _ROWS = 6, 4  # pictures that are kept of an upload, at even steps of time
_SIDE = 128  # pixels of the longer side of each
_PAIRS = 6  # shown of a match
_WIDTH, _BAR, _GAP, _LEAD = (
    960,
    14,
    16,
    22,
)  # pixels: the sheet without its margins, a time line, between things, of lines
_THUMB = _WIDTH // _PAIRS - 12, 112  # at most, of a picture
_COLOURS = ("#e6194b", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#8a6d00")  # told apart by colour-blind eyes too
_PAPER, _EMPTY = "#f4f4f4", "#d0d0d0"


@dataclass(frozen=True, slots=True)
class _Pair:
    """One moment of upload and work, seconds, and the stretch that it is of."""

    here: float
    there: float
    segment: Segment


@dataclass(frozen=True, slots=True)
class _Shown:
    """What was kept of an upload.

    Attributes:
        width, height: of its frame, pixels: quads count in them.
        seconds: how long it is.
        pictures: at even steps of time.
    """

    width: int
    height: int
    seconds: float
    pictures: tuple[Image.Image, ...]

    def at(self, second: float) -> Image.Image:
        """The picture nearest to a second."""
        number = int(second / max(self.seconds, 0.001) * len(self.pictures))
        return self.pictures[min(max(number, 0), len(self.pictures) - 1)]


def sheet(of: Fingerprint) -> Preview | None:
    """Pictures of an upload in one JPEG file, which says how many seconds they are of; without pictures its sound."""
    film = codec.film(of)
    if film is None or not film.upload_pictures.count:
        return next((strip for each in of.also if (strip := sound_strip(each)) is not None), None)
    width, height = _fitting(film.width, film.height, _SIDE, _SIDE)
    grid = Image.new("L", (_COLUMNS * width, _ROWS * height))
    steps = _COLUMNS * _ROWS
    for step in range(steps):
        picture = _picture(film, (step + 0.5) / steps * film.seconds).resize((width, height))
        grid.paste(picture, (step % _COLUMNS * width, step // _COLUMNS * height))
    out = io.BytesIO()
    grid.save(out, "JPEG", quality=70, comment=f"{film.seconds:.3f}".encode())
    return Preview(film.width, film.height, out.getvalue())


def matches_below(upload: Preview, matches: Sequence[tuple[Fingerprint, Match]]) -> bytes | None:
    """A PNG with a block for each work: the upload's time line, pairs of pictures, and the work's time line.

    None where nothing is kept to be shown of any of the works.
    """
    kept = _opened(upload)
    if kept is None:
        return audio.render(upload, matches)
    blocks = [
        block
        for number, (work, match) in enumerate(matches, 1)
        if (block := _block(kept, work, match, number)) is not None
    ]
    if not blocks:
        return None
    whole = Image.new("RGB", (_WIDTH + 2 * _GAP, sum(each.height + _GAP for each in blocks) + _GAP), _PAPER)
    top = _GAP
    for block in blocks:
        whole.paste(block, (_GAP, top))
        top += block.height + _GAP
    out = io.BytesIO()
    whole.save(out, "PNG", optimize=True)
    return out.getvalue()


def _opened(upload: Preview) -> _Shown | None:
    """None of a drawing of sound."""
    with Image.open(io.BytesIO(upload.data), formats=["JPEG"]) as opened:
        said = opened.info.get("comment")
        if said is None:
            return None
        grid = opened.convert("RGB")
    width, height = grid.width // _COLUMNS, grid.height // _ROWS
    places = ((column * width, row * height) for row in range(_ROWS) for column in range(_COLUMNS))
    pictures = tuple(grid.crop((x, y, x + width, y + height)) for x, y in places)
    return _Shown(upload.width, upload.height, float(said), pictures)


def _block(upload: _Shown, work: Fingerprint, match: Match, number: int) -> Image.Image | None:
    """All about one work; None where nothing of it is kept."""
    colour = _COLOURS[(number - 1) % len(_COLOURS)]
    film = codec.film(work) if work.medium == "video" else None
    below = _thumbnails(work, film, match)
    if below is None:
        return None
    pairs, theirs, lasts = below
    columns = len(pairs)
    wide, tall = _fitting(upload.width, upload.height, *_THUMB)
    lower = max((picture.height for picture in theirs), default=0)
    middle = _BAR + _LEAD + tall + 4
    out = Image.new("RGB", (_WIDTH, middle + lower + (_LEAD + _BAR if lasts else 0)), _PAPER)
    draw = ImageDraw.Draw(out)
    _time_line(draw, 0, match, upload.seconds, colour, of_work=False)
    if lasts:
        _time_line(draw, out.height - _BAR, match, lasts, colour, of_work=True)
    for column, (pair, picture) in enumerate(zip(pairs, theirs, strict=True)):
        centre = round((column + 0.5) * _WIDTH / columns)
        here = upload.at(pair.here).resize((wide, tall))
        _outline(here, pair.segment, wide / upload.width, colour)
        out.paste(here, (centre - wide // 2, _BAR + _LEAD))
        out.paste(picture, (centre - picture.width // 2, middle))
        draw.line((_x(pair.here, upload.seconds), _BAR, centre, _BAR + _LEAD), fill=colour, width=2)
        _label(draw, centre - wide // 2, _BAR + _LEAD, pair.here)
        if lasts:
            draw.line((centre, middle + picture.height, _x(pair.there, lasts), out.height - _BAR), fill=colour, width=2)
            _label(draw, centre - picture.width // 2, middle, pair.there)
    draw.ellipse((0, 0, 20, 20), fill=colour, outline="white", width=2)
    draw.text((10, 10), str(number), fill="white", font=ImageFont.load_default(14), anchor="mm")
    return out


def _thumbnails(
    work: Fingerprint, film: Film | None, match: Match
) -> tuple[list[_Pair], list[Image.Image], float] | None:
    """Moments to show, what the work shows then, and how long it lasts; 0 of a picture."""
    pairs = sorted(_pairs(match.segments), key=lambda pair: pair.here)
    if film is not None and len(film.work_pictures):
        size = _fitting(film.width, film.height, *_THUMB)
        shown = [_picture(film, pair.there).resize(size, Image.Resampling.BICUBIC).convert("RGB") for pair in pairs]
        return pairs, shown, film.seconds
    if work.medium == image.NAME and (still := image.small_copy(work)) is not None:
        return pairs, [still.resize(_fitting(*still.size, *_THUMB)) for _ in pairs], 0.0
    heard = next(((each, strip) for each in work.each if (strip := sound_strip(each)) is not None), None)
    if heard is None:
        return None
    with Image.open(io.BytesIO(heard[1].data), formats=["JPEG"]) as opened:
        drawn = opened.convert("RGB")
    lasts = seconds(heard[0])
    return pairs, [_moment(drawn, pair.there / lasts) for pair in pairs], lasts


def _moment(drawn: Image.Image, at: float) -> Image.Image:
    """The drawing of a sound around a moment."""
    wide = _THUMB[0]
    left = min(max(round(at * drawn.width) - wide // 2, 0), drawn.width - wide)
    return drawn.crop((left, 0, left + wide, drawn.height))


def _pairs(segments: Sequence[Segment]) -> Iterator[_Pair]:
    """Moments in the middle of even parts of the longest stretches."""
    longest = sorted(segments, key=lambda each: each.upload[0] - each.upload[1])[:_PAIRS]  # type: ignore[operator]
    parts = [1] * len(longest)
    while sum(parts) < _PAIRS and longest:
        each = [(s.upload[1] - s.upload[0]) / n for s, n in zip(longest, parts, strict=True)]  # type: ignore[operator]
        parts[each.index(max(each))] += 1
    for segment, count in zip(longest, parts, strict=True):
        (begin, end), (start, stop) = _span(segment.upload), _span(segment.work)
        for part in range(count):
            share = (part + 0.5) / count
            yield _Pair(begin + share * (end - begin), start + share * (stop - start), segment)


def _span(of: Sequence[object]) -> tuple[float, float]:
    start, stop = of
    if not isinstance(start, float | int) or not isinstance(stop, float | int):
        raise ValueError("a stretch of time has two ends")
    return float(start), float(stop)


def _picture(film: Film, second: float) -> Image.Image:
    if film.upload:
        pictures = film.upload_pictures
        return Image.fromarray(pictures.picture(min(int(second * UPLOAD_RATE), pictures.count - 1)))
    small = film.work_pictures
    pixels = small[min(int(second * WORK_RATE), len(small) - 1)]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _time_line(draw: ImageDraw.ImageDraw, top: int, match: Match, lasts: float, colour: str, *, of_work: bool) -> None:
    draw.rectangle((0, top, _WIDTH, top + _BAR), fill=_EMPTY)
    for segment in match.segments:
        start, stop = _span(segment.work if of_work else segment.upload)
        draw.rectangle((_x(start, lasts), top, max(_x(stop, lasts), _x(start, lasts) + 1), top + _BAR), fill=colour)


def _x(second: float, lasts: float) -> int:
    return min(_WIDTH, round(second / max(lasts, 0.001) * _WIDTH))


def _outline(picture: Image.Image, segment: Segment, scale: float, colour: str) -> None:
    """Where the work's frame lies."""
    if segment.quad is not None:
        corners = [(x * scale, y * scale) for x, y in segment.quad]
        ImageDraw.Draw(picture).polygon(corners, outline=colour, width=2)


def _label(draw: ImageDraw.ImageDraw, left: int, top: int, second: float) -> None:
    words = f"{int(second // 60)}:{second % 60:04.1f}"
    box = draw.textbbox((left + 3, top + 2), words, font=ImageFont.load_default(11))
    draw.rectangle((box[0] - 2, box[1] - 1, box[2] + 2, box[3] + 1), fill="black")
    draw.text((left + 3, top + 2), words, fill="white", font=ImageFont.load_default(11))


def _fitting(width: int, height: int, most_width: int, most_height: int) -> tuple[int, int]:
    scale = min(most_width / max(width, 1), most_height / max(height, 1))
    return max(1, math.floor(width * scale)), max(1, math.floor(height * scale))
