"""Text in pictures: `lettering` says where a picture may hold some, `engine` reads it, `order` makes one text of it.

What was read is data like any other text of a stranger: it is searched for and checked for credits, nothing more.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from .. import text
from ..errors import FingerprintError
from ..model import Examination, Fingerprint, Limits, Match, PictureLine, Quad
from . import engine, lettering, order

FORMAT = "picture_text"
_MEMORY = 1280 << 20  # bytes of address space that the engine takes beside what decoding may

_MAX_WIDTH = 1600  # pixels; wider pictures are scaled down
_TILE, _OVERLAP = 1280, 96  # pixels of height read at a time, and of it that the next tile has too
_CUT = 6  # pixels from the end of a tile at which a line goes on in the next one
_BUDGET = 0.5  # of the time of one file, by the CPU and by the clock
_EDGE = 0.14  # of the height: where credits stand at the top and the bottom
_MIN_LETTERS = 1 / 60  # of the height that is seen at once: lower lines no person reads
_SCREEN = 2.2  # height by width of what is seen at once of a long strip
_MIN_CONTRAST = 28  # grey levels between ink and ground
_MIN_LINES = 3  # fewer are a mark or a caption, no text to search for


@dataclass(frozen=True, slots=True)
class PictureText:
    """What was read of a picture.

    Attributes:
        lines: in reading order.
        complete: whether the time was enough for all.
    """

    lines: tuple[PictureLine, ...]
    complete: bool


def warm(limits: Limits) -> None:
    """Load the engine, before memory is limited, where pictures are read."""
    if limits.read_pictures != "off":
        engine.load()


def memory(limits: Limits) -> int:
    """Bytes of address space that reading takes beside what decoding may."""
    return 0 if limits.read_pictures == "off" else _MEMORY


def added(found: Examination, data: bytes, limits: Limits) -> Examination:
    """What was examined of a picture, with what is written in it.

    Args:
        data: the picture's file.
    """
    if limits.read_pictures == "off":
        return found
    shown = _pixels(data, limits)
    regions = [] if shown is None else lettering.regions(shown)
    if shown is None or not regions:
        return found
    read = _read(shown, regions, limits)
    facts = {**found.fingerprint.facts, "read_lines": len(read.lines), "reader": engine.version()}
    if not read.complete:
        facts["read_partial"] = True
    print_ = replace(found.fingerprint, facts=facts)
    if limits.read_pictures == "all" and len(read.lines) >= _MIN_LINES:
        print_ = replace(print_, also=(*print_.also, _fingerprint(read.lines, print_.digest)))
    return replace(found, fingerprint=print_, lines=read.lines)


def _fingerprint(lines: Sequence[PictureLine], digest: bytes) -> Fingerprint:
    """Of the text of a picture: by the algorithm of texts, of the picture's bytes."""
    made = text.fingerprint(order.text_of(lines).encode(), declared="plain")
    facts = {"characters": made.facts["characters"], "format": FORMAT, "reader": engine.version()}
    return replace(made, digest=digest, facts=facts)


def marked(query: Fingerprint, work: Fingerprint, match: Match) -> Match:
    """A match of texts, with ``read`` of `Match.transform` where one of them was read in a picture."""
    if query.medium != text.NAME or (query.facts.get("format") != FORMAT and work.medium == text.NAME):
        return match
    return replace(match, transform={**match.transform, "read": True})


def placed(match: Match, lines: Sequence[PictureLine]) -> Match:
    """A match by the text of an upload's picture, each segment with the rectangle of the picture where it stands."""
    segments = []
    for segment in match.segments:
        quad = _around(segment.upload, lines) if segment.unit == "codepoint" else segment.quad  # type: ignore[arg-type]
        segments.append(replace(segment, quad=quad))
    return replace(match, segments=tuple(segments))


def _around(span: tuple[float, float], lines: Sequence[PictureLine]) -> Quad | None:
    inside = [order.bounds(each.quad) for each in lines if each.at < span[1] and each.at + len(each.text) > span[0]]
    if not inside:
        return None
    left, top = min(each[0] for each in inside), min(each[1] for each in inside)
    right, bottom = max(each[2] for each in inside), max(each[3] for each in inside)
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _pixels(data: bytes, limits: Limits) -> engine.Pixels | None:
    """The picture as a viewer shows it, blue first; None where it cannot be decoded whole."""
    from ..image.decoding import canonical, opened

    try:
        with opened(data, limits, draft=False) as source:
            shown = canonical(source.picture, full=True)[0]
    except FingerprintError:
        return None
    return np.ascontiguousarray(np.asarray(shown.convert("RGB"), dtype=np.uint8)[:, :, ::-1])


def _read(pixels: engine.Pixels, regions: Sequence[lettering.Box], limits: Limits) -> PictureText:
    height, width = pixels.shape[:2]
    time_is_up = _clock(limits)
    found: list[engine.Line] = []
    complete = True
    for top, bottom in _bands(regions, height, edges_only=limits.read_pictures == "credits"):
        scale = min(1.0, _MAX_WIDTH / width)
        for start in range(top, bottom, int((_TILE - _OVERLAP) / scale)):
            stop = min(bottom, start + int(_TILE / scale))
            if time_is_up():
                complete = False
                break
            lines, whole = engine.lines(_scaled(pixels[start:stop], scale), time_is_up)
            complete &= whole
            whole_ones = [_moved(line, 1 / scale, start) for line in lines]
            if stop < bottom:
                whole_ones = [line for line in whole_ones if order.bounds(line.quad)[3] < stop - _CUT / scale]
            found += _without_seen(whole_ones, found)
            if stop == bottom:
                break
    visible = partial(_is_visible, pixels, min(height, _SCREEN * width))
    return PictureText(order.ordered(found, visible), complete)


def _clock(limits: Limits) -> Callable[[], bool]:
    """Says when half of the time that one file may take is over, from now on."""
    computed = time.process_time() + _BUDGET * limits.cpu_seconds
    passed = time.monotonic() + _BUDGET * limits.wall_seconds
    return lambda: time.process_time() >= computed or time.monotonic() >= passed


def _bands(regions: Sequence[lettering.Box], height: int, *, edges_only: bool) -> list[tuple[int, int]]:
    """The stretches from top to bottom that hold regions, with room around; those close together as one."""
    edge = max(48, int(_EDGE * height))
    bands: list[tuple[int, int]] = []
    for _, top, _, bottom in sorted(regions, key=lambda box: box[1]):
        if edges_only and edge < (top + bottom) / 2 < height - edge:
            continue
        room = max(16, bottom - top)
        start, stop = max(0, top - room), min(height, bottom + room)
        if bands and start <= bands[-1][1] + 2 * room:
            bands[-1] = (bands[-1][0], max(bands[-1][1], stop))
        else:
            bands.append((start, stop))
    return bands


def _scaled(pixels: engine.Pixels, scale: float) -> engine.Pixels:
    if scale >= 1:
        return np.ascontiguousarray(pixels)
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _moved(line: engine.Line, scale: float, down: int) -> engine.Line:
    a, b, c, d = ((x * scale, y * scale + down) for x, y in line.quad)
    return replace(line, quad=(a, b, c, d))


def _without_seen(lines: Sequence[engine.Line], seen: Sequence[engine.Line]) -> list[engine.Line]:
    """Without the lines that the tile before had too."""
    centres = [_centre(each) for each in seen[-200:]]
    return [line for line in lines if not any(math.dist(_centre(line), each) < _height(line) for each in centres)]


def _centre(line: engine.Line) -> tuple[float, float]:
    return sum(x for x, _ in line.quad) / 4, sum(y for _, y in line.quad) / 4


def _height(line: engine.Line) -> float:
    """The shorter side: of a line that runs down, its width."""
    a, b, c, _ = line.quad
    return min(math.dist(a, b), math.dist(b, c))


def _is_visible(pixels: engine.Pixels, seen_at_once: float, line: engine.Line) -> bool:
    """Whether a person reads it: neither tiny nor faded."""
    if _height(line) < _MIN_LETTERS * seen_at_once:
        return False
    left, top, right, bottom = (int(each) for each in order.bounds(line.quad))
    patch = pixels[max(0, top) : bottom + 1, max(0, left) : right + 1].mean(axis=2)
    if not patch.size:
        return False
    dark, light = np.percentile(patch, (4, 96))
    return bool(light - dark >= _MIN_CONTRAST)
