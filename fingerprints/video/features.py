"""Local features of key frames: what a film is looked up by, however it is cropped, framed, mirrored or turned.

A key frame is taken every so often where the picture changes, and rarely where it stays. Its keypoints are those of
pictures (`image.keypoints`), few of a work and many of an upload; of their descriptors the visual word and the
signature are kept, which together are a key of the index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..image import codebook
from ..image.keypoints import MIRRORED, detect, permuted

VERSION = codebook.VERSION
PLANE_SIDE = 256.0  # of the longer side of every film's frame, in which points and sizes count
WORK_SIDE, UPLOAD_SIDE = 256, 400  # pixels of the longer side, at which frames are looked at
PROBES = 2  # words of an upload's keypoint, of each variant
UNSURE_BITS = 9  # of a signature of an upload
_WORK_KEYPOINTS, _UPLOAD_KEYPOINTS = 13, 300  # of a key frame, of a work a second since the one before
_MOST_AT_ONCE = 4.0  # such seconds
_WORK_STEP, _UPLOAD_STEP = 1.0, 0.5  # seconds between key frames
_MAX_STEP = 10.0  # where nothing changes
_MIN_CHANGE = 1.0  # grey levels by which a frame differs, on average, from the key frame before
_SAMPLE = 8  # every so many pixels are compared

Floats = NDArray[np.float32]
Keys = NDArray[np.uint64]
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Keypoints of key frames, in the order of time.

    Attributes:
        time, until: seconds, shape (n,): of the key frame, and of the next.
        points: shape (n, 2), x and y in the plane.
        sizes: shape (n,), diameters in the plane.
        angles: shape (n,), degrees clockwise.
        keys: shape (n, 1) of a work; of an upload (n, 2 * `PROBES`), as it is and mirrored.
        unsure: of the same shape: the bits of each key's signature that are told least surely, none of a work.
    """

    time: Floats
    until: Floats
    points: Floats
    sizes: Floats
    angles: Floats
    keys: Keys
    unsure: Keys

    def __len__(self) -> int:
        return len(self.time)

    def where(self, these: NDArray[np.bool_] | NDArray[np.int64]) -> Features:
        """Those that are marked."""
        return Features(
            self.time[these],
            self.until[these],
            self.points[these],
            self.sizes[these],
            self.angles[these],
            self.keys[these],
            self.unsure[these],
        )


class Collector:
    """Takes key frames from frames that come in the order of time."""

    def __init__(self, *, thorough: bool) -> None:
        """
        Args:
            thorough: of an upload.
        """
        self._thorough = thorough
        self._step = _UPLOAD_STEP if thorough else _WORK_STEP
        self._times: list[float] = []
        self._found: list[tuple[Floats, Floats, Floats, Keys, Keys]] = []
        self._last: NDArray[np.int16] | None = None

    def add(self, at: float, frame: Grey) -> None:
        """A frame at a second; whether it becomes a key frame is found out here."""
        since = at - self._times[-1] if self._times else _MAX_STEP
        if since < self._step - 0.01:
            return
        sample = frame[_SAMPLE // 2 :: _SAMPLE, _SAMPLE // 2 :: _SAMPLE].astype(np.int16)
        if since < _MAX_STEP and self._last is not None and np.abs(sample - self._last).mean() < _MIN_CHANGE:
            return
        self._last = sample
        self._times.append(at)
        # Where key frames are far apart there is room for more of each: charts and code hardly change.
        limit = _UPLOAD_KEYPOINTS if self._thorough else round(_WORK_KEYPOINTS * min(since, _MOST_AT_ONCE))
        self._found.append(_described(frame, limit, thorough=self._thorough))

    def finished(self, seconds: float) -> Features:
        """All that was found.

        Args:
            seconds: how long the film is.
        """
        if not self._found:
            return none(2 * PROBES if self._thorough else 1)
        counts = [len(each[1]) for each in self._found]
        ends = [*self._times[1:], max(seconds, self._times[-1])]
        points, sizes, angles, keys, unsure = (np.concatenate(parts) for parts in zip(*self._found, strict=True))
        return Features(
            np.repeat(np.array(self._times, dtype=np.float32), counts),
            np.repeat(np.array(ends, dtype=np.float32), counts),
            points.astype(np.float32),
            sizes.astype(np.float32),
            angles.astype(np.float32),
            keys,
            unsure,
        )


def none(keys: int) -> Features:
    """No features, with so many keys each."""
    empty = np.zeros(0, dtype=np.float32)
    no_keys = np.zeros((0, keys), dtype=np.uint64)
    return Features(empty, empty, empty.reshape(0, 2), empty, empty, no_keys, no_keys)


def _described(frame: Grey, limit: int, *, thorough: bool) -> tuple[Floats, Floats, Floats, Keys, Keys]:
    found = detect(frame, limit)
    scale = np.float32(PLANE_SIDE / max(frame.shape))
    variants, probes, loose = ((0, MIRRORED), PROBES, UNSURE_BITS) if thorough else ((0,), 1, 0)
    keys = unsure = np.zeros((0, len(variants) * probes), dtype=np.uint64)
    if len(found):
        projected = (codebook.projected(permuted(found.descriptors, variant)) for variant in variants)
        words = [codebook.described(each, probes) for each in projected]
        keys = np.concatenate([each.keys for each in words], axis=1)
        unsure = np.concatenate([each.least_sure(loose, codebook.SIGNATURE_BITS) for each in words], axis=1)
    return found.points * scale, found.sizes * scale, found.angles, keys, unsure
