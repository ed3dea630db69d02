"""What many works share: intros, end cards, countdowns, test cards. Alone they say of no work that it is shown.

Works that show the same before and after it too are one film that was registered more than once.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .codec import Film
from .motion import Line
from .planes import WORK_RATE

MANY = 4  # works that share what is common
_LONGEST, _LARGEST = 20.0, 0.5  # seconds, and share of a work, of what may be common
_OVERLAP = 0.7  # of a stretch that another work shows too
_AROUND = (1.0, 2.0, 3.0)  # seconds before and after, at which works are compared
_SIDE = 24  # pixels, square
_ALIKE = 0.8  # correlation of pictures
_MOSTLY = 0.6  # of what is compared

Shown = tuple[Film, Line, tuple[float, float]]  # a work, where it lies, and in which seconds of the upload


def is_common(this: Shown, others: Sequence[Shown]) -> bool:
    """Whether a stretch of an upload is short, a small part of the work, and shown by many works."""
    work, line, (start, stop) = this
    lasts = stop - start
    if lasts > _LONGEST or lasts * line.speed > _LARGEST * work.seconds:
        return False
    sharing = [each for each in others if min(stop, each[2][1]) - max(start, each[2][0]) >= _OVERLAP * lasts]
    films: list[Shown] = []
    for each in sharing:
        if not any(_same_film(each, known, (start, stop)) for known in films):
            films.append(each)
    return len(films) >= MANY


def _same_film(one: Shown, other: Shown, span: tuple[float, float]) -> bool:
    """Whether two works show the same around some seconds of an upload, if both go on there."""
    alike = []
    for at in (*(span[0] - each for each in _AROUND), *(span[1] + each for each in _AROUND)):
        pictures = [_picture(work, float(line.work_time(at))) for work, line, _ in (one, other)]
        a, b = pictures
        if a is not None and b is not None:
            alike.append(float((a * b).sum()) >= _ALIKE)
    return not alike or float(np.mean(alike)) >= _MOSTLY


def _picture(work: Film, at: float) -> NDArray[np.float64] | None:
    """A work's small picture at a second, of length 1 and without its mean; None where there is none."""
    number = round(at * WORK_RATE)
    if not 0 <= number < len(work.work_pictures):
        return None
    small = cv2.resize(work.work_pictures[number], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
    small -= small.mean()
    return np.asarray(small / max(float(np.linalg.norm(small)), 1e-6))
