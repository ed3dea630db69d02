"""Where a picture may hold lines of text: a few milliseconds, so that pictures without letters cost nothing more.

A line of text is a low, wide patch with many strokes in it that cross its height, of ink on a ground, with less of it
above and below. By edges of a small grey picture; what it finds is only where the engine looks.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 1280  # pixels of the shorter side of what is looked at, at most
_EDGE = 40  # grey levels within three pixels that are an edge
_MIN_HEIGHT, _MAX_HEIGHT = 5, 72  # pixels of a line
_MIN_SHAPE = 1.8  # width by height
_MIN_INK, _MAX_INK = 0.18, 0.95  # of a patch that are edges
_MAX_BESIDE = 0.45  # edges above and below by those inside
_MIN_TWO_TONED = 0.72  # of the variance that two levels, ink and ground, explain
_MIN_STROKES = 0.7  # changes between ink and ground along a row, by twice the patch's width in heights

Box = tuple[int, int, int, int]


def regions(pixels: NDArray[np.uint8]) -> list[Box]:
    """Patches that look like lines of text: left, top, right, bottom in pixels of the picture.

    Args:
        pixels: uint8 array of shape (height, width, 3), blue first.
    """
    scale = min(1.0, _SIDE / min(pixels.shape[:2]))
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    inked = (edges > _EDGE).astype(np.uint8)
    patches = cv2.morphologyEx(inked, cv2.MORPH_CLOSE, np.ones((1, 13), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(patches, connectivity=4)
    width, height = stats[1:, 2], stats[1:, 3]
    shaped = (height >= _MIN_HEIGHT) & (height <= _MAX_HEIGHT) & (width >= _MIN_SHAPE * height)
    boxes = [(a, b, a + across, b + down) for a, b, across, down, _ in stats[1:][shaped].tolist()]
    found = [box for box in boxes if _is_line(np.asarray(grey, dtype=np.uint8), inked, box)]
    back = 1 / scale
    return [(int(a * back), int(b * back), int(c * back) + 1, int(d * back) + 1) for a, b, c, d in found]


def _is_line(grey: NDArray[np.uint8], inked: NDArray[np.uint8], box: Box) -> bool:
    left, top, right, bottom = box
    inside = float(inked[top:bottom, left:right].mean())
    if not _MIN_INK <= inside <= _MAX_INK:
        return False
    gap = max(2, (bottom - top) // 4)
    beside = [inked[max(0, top - gap) : top, left:right], inked[bottom : bottom + gap, left:right]]
    if any(part.size and float(part.mean()) > _MAX_BESIDE * inside for part in beside):
        return False
    patch = grey[top:bottom, left:right]
    _, ink = cv2.threshold(patch, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    share = float(ink.mean())
    variance = float(patch.var())
    if not 0 < share < 1 or variance == 0:
        return False
    apart = float(patch[ink == 1].mean()) - float(patch[ink == 0].mean())
    if share * (1 - share) * apart * apart / variance < _MIN_TWO_TONED:
        return False
    changes = float(
        np.abs(np.diff(ink[(bottom - top) // 4 : -((bottom - top) // 4) or None].astype(int))).sum(1).mean()
    )
    return changes >= _MIN_STROKES * 2 * (right - left) / (bottom - top)
