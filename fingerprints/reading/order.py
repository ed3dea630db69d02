"""Lines of a picture in the order in which they are read, and as one text: columns from left
to right, in each its lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..model import PictureLine, Quad
from .engine import Line

_SAME_ROW = 0.5  # of the lower line's height that two boxes share vertically
_MIN_GAP = 1.0  # line heights of empty space between two columns


@dataclass(frozen=True, slots=True)
class _Box:
    line: Line
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def ordered(lines: Sequence[Line], is_visible: Callable[[Line], bool]) -> tuple[PictureLine, ...]:
    """The lines in reading order, each with where it stands in `text_of`."""
    boxes = [_box(line) for line in lines]
    placed, at = [], 0
    for box in _in_order(boxes):
        placed.append(PictureLine(box.line.text, box.line.quad, at, is_visible(box.line)))
        at += len(box.line.text) + 1
    return tuple(placed)


def text_of(lines: Sequence[PictureLine]) -> str:
    """The lines as one text, each ended by a line end, so that what a line end joins is as in a wrapped text."""
    return "\n".join(line.text for line in lines)


def _box(line: Line) -> _Box:
    left, top, right, bottom = bounds(line.quad)
    return _Box(line, left, top, right, bottom)


def bounds(quad: Quad) -> tuple[float, float, float, float]:
    """Left, top, right and bottom."""
    across, down = zip(*quad, strict=True)
    return min(across), min(down), max(across), max(down)


def _in_order(boxes: list[_Box]) -> list[_Box]:
    """By cuts: across the page where a band of it is empty of lines, then between columns, then line by line."""
    if len(boxes) < 2:
        return boxes
    size = sorted(box.height for box in boxes)[len(boxes) // 2]
    columns = _cut(boxes, [(box.left, box.right) for box in boxes], _MIN_GAP * size)
    if len(columns) > 1 and all(len(column) > 1 for column in columns):
        return [box for column in columns for box in _in_order(column)]
    bands = _cut(boxes, [(box.top, box.bottom) for box in boxes], 0.0)
    if len(bands) > 1:
        return [box for band in _joined(bands, size) for box in _in_order(band)]
    return _by_rows(boxes)


def _joined(bands: list[list[_Box]], size: float) -> list[list[_Box]]:
    """Bands of one column each, and runs of bands that have the same columns as one: they are read down, not across."""
    runs: list[list[_Box]] = []
    for band in bands:
        wide = len(band) > 1
        if wide and runs and len(runs[-1]) > 1:
            together = [*runs[-1], *band]
            spans = [(box.left, box.right) for box in together]
            if len(_cut(together, spans, _MIN_GAP * size)) == len(band):
                runs[-1] = together
                continue
        runs.append(band)
    return runs


def _cut(boxes: list[_Box], spans: list[tuple[float, float]], gap: float) -> list[list[_Box]]:
    """The boxes in groups between which there is more than ``gap`` along the spans, in the order of the spans."""
    groups: list[list[_Box]] = []
    end = float("-inf")
    for (start, stop), box in sorted(zip(spans, boxes, strict=True), key=lambda each: each[0]):
        if groups and start - end <= gap:
            groups[-1].append(box)
        else:
            groups.append([box])
        end = max(end, stop)
    return groups


def _by_rows(boxes: list[_Box]) -> list[_Box]:
    rows: list[list[_Box]] = []
    for box in sorted(boxes, key=lambda each: each.top):
        last = rows[-1][0] if rows else None
        if last is not None and last.bottom - box.top > _SAME_ROW * min(last.height, box.height):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda each: each.left)]
