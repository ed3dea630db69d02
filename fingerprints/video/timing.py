"""Whether a work's keypoints are seen in an upload when they should be, and not at other times.

In another take of a scene what stands still is seen at any time, and what moves is seen elsewhere. Of a copy more is
seen at the right time than at wrong ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .alignment import Pairs, Placement
from .codec import Film
from .features import PLANE_SIDE
from .motion import Line

_OTHER_TIMES = (-4.0, -3.0, -2.0, 2.0, 3.0, 4.0)  # seconds off the right one
_NEAR, _LEAST_SCALE = 7.0, 0.6  # of the work's plane; frames that are smaller are placed no more exactly
_EARLY = 0.3  # seconds by which the upload's key frame may be late
_BORDER = 6.0  # of the upload's plane
_ENDS = 0.1  # seconds of a stretch left out
_MIN_KEYPOINTS, _MIN_TELLING = 5, 40
_MIN_MOVING = 2.0  # what is seen at any time tells nothing
_LEAST_SHARE, _LEAST_RATIO, _CLEAR_SHARE = 0.08, 3.0, 0.145
_CERTAIN, _CERTAIN_SHARE, _CERTAIN_RATIO = 8.0, 0.12, 8.0

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Timing:
    """How a work's keypoints are seen in a stretch of an upload.

    Attributes:
        keypoints: of the work that would be seen.
        share: of those, seen at the right time, less those at wrong times, in the mean over these.
        gained: of those, seen at the right time and not at a wrong one, in the mean.
        lost: the other way round.
    """

    keypoints: int = 0
    share: float = 0.0
    gained: float = 0.0
    lost: float = 0.0

    @property
    def is_certain(self) -> bool:
        """Whether this says that the same is shown at the same times."""
        many = self.gained >= _CERTAIN and self.share >= _CERTAIN_SHARE
        return many and self.gained >= _CERTAIN_RATIO * (self.lost + 0.5)

    @property
    def is_right(self) -> bool:
        """Whether this agrees with that; enough keypoints are known."""
        gains = self.gained >= min(_CERTAIN, _LEAST_RATIO * (self.lost + 0.5)) or self.share >= _CLEAR_SHARE
        return self.keypoints >= _MIN_TELLING and self.share >= _LEAST_SHARE and gains

    @property
    def is_wrong(self) -> bool:
        """Whether this says that it is not."""
        moving = self.gained + self.lost >= _MIN_MOVING
        return self.keypoints >= _MIN_TELLING and moving and not self.is_right


NO_TIMING = Timing()


def timing(
    upload: Film, work: Film, pairs: Pairs, placement: Placement, line: Line, span: tuple[float, float]
) -> Timing:
    """See `Timing`.

    Args:
        pairs: of keypoints that are alike.
        placement, line: where and when the work is.
        span: seconds of the upload.
    """
    theirs, ours, scale = work.features, upload.features, placement.enlargement
    at = (theirs.time.astype(np.float64) - line.offset) / line.speed
    places = theirs.points @ placement.matrix[:, :2].T + placement.matrix[:, 2]
    frame = np.array((upload.width, upload.height)) * (PLANE_SIDE / max(upload.width, upload.height))
    wanted = ((places > _BORDER) & (places < frame - _BORDER)).all(axis=1)
    wanted &= (at > span[0] + _ENDS) & (at < span[1] - _ENDS)
    if int(np.count_nonzero(wanted)) < _MIN_KEYPOINTS:
        return NO_TIMING
    off = np.abs(ours.points[pairs.upload] - places[pairs.work]).max(axis=1)
    pairs = pairs.where(wanted[pairs.work] & (off < _NEAR * max(scale, _LEAST_SCALE)))
    begins, ends = ours.time[pairs.upload] - _EARLY, ours.until[pairs.upload]

    def seen(late: float) -> Bools:
        """The work's keypoints that are there so many seconds late."""
        then = at[pairs.work] + late
        out = np.zeros(len(theirs), dtype=np.bool_)
        out[pairs.work[(begins <= then) & (then < ends)]] = True
        return out

    right = seen(0.0)
    shares, gained, lost = [], [], []
    for late in _OTHER_TIMES:
        valid = wanted & (at + late >= 0) & (at + late <= upload.seconds)
        count = int(np.count_nonzero(valid))
        if count < _MIN_KEYPOINTS:
            continue
        wrong = seen(late)
        gained.append(np.count_nonzero(valid & right & ~wrong))
        lost.append(np.count_nonzero(valid & wrong & ~right))
        shares.append((gained[-1] - lost[-1]) / count)
    if not shares:
        return NO_TIMING
    share, more, less = (float(np.mean(each)) for each in (shares, gained, lost))
    return Timing(int(np.count_nonzero(wanted)), share, more, less)
