"""The pictures that an upload of film shows for a while, by which registered pictures are found in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import image
from ..ffmpeg import pictures
from ..ffmpeg.container import Container
from ..ffmpeg.reading import Reading
from ..model import Fingerprint, Limits, Match, Quad, Segment
from ..source import Source

_LONGEST_SIDE = 800  # pixels, as closely as pictures are looked at
_RATE = 2.0  # key frames a second, at most
_SMALL = 32, 32  # pixels in which two key frames are compared
_MIN_CHANGE = 6.0  # grey levels, on average, from which it is another picture
_MAX_STILLS = 40  # of a film, those shown longest: each is looked up by itself


@dataclass(slots=True)
class _Still:
    """A picture, and from when until when it is shown, seconds."""

    start: float
    stop: float
    frame: Image.Image


def find(source: Source, limits: Limits, held: Container) -> tuple[Fingerprint, ...]:
    """Fingerprints of pictures, with the facts ``start`` and ``stop``, seconds, and ``scale``, of the film's pixels by
    theirs, in their order.

    Args:
        held: what the container says; it has pictures.

    Raises:
        As `pictures.frames`.
    """
    chosen: list[_Still] = []
    for still in _stills(source, limits, held):
        chosen.append(still)
        if len(chosen) > _MAX_STILLS:
            chosen.remove(min(chosen, key=lambda each: each.stop - each.start))
    width = held.pictures[0].shown[0]

    digest = source.sha256()
    found = ((still, image.fingerprint_frame(still.frame, digest)) for still in chosen)
    return tuple(
        replace(
            made,
            facts={"start": round(still.start, 2), "stop": round(still.stop, 2), "scale": width / still.frame.width},
        )
        for still, made in found
        if made is not None
    )


def _stills(source: Source, limits: Limits, held: Container) -> Iterator[_Still]:
    """Key frames that look alike, one after another, are one picture."""
    reading, still = Reading(), None
    small: NDArray[np.int16] | None = None
    with pictures.frames(
        source, limits, held, reading, rate=_RATE, longest_side=_LONGEST_SIDE, colour=True, only_key_frames=True
    ) as frames:
        for at, pixels in frames:
            frame = Image.fromarray(np.ascontiguousarray(pixels))
            now = np.asarray(frame.convert("L").resize(_SMALL, Image.Resampling.BOX), dtype=np.int16)
            if still is not None:
                still.stop = at
                if small is not None and np.abs(now - small).mean() < _MIN_CHANGE:
                    continue
                yield still
            still, small = _Still(at, at, frame), now
    if still is not None:
        still.stop = max(held.seconds or 0.0, reading.seconds)
        yield still


def in_seconds(still: Fingerprint, found: Match, lasts: float) -> Match:
    """A registered picture that was found in one of `find`: when it is shown, and where in the film's frame.

    Args:
        lasts: of the film, seconds.
    """
    start, stop = float(still.facts["start"]), float(still.facts["stop"])
    segments = tuple(
        Segment((start, stop), (0.0, 0.0), "second", _quad(each, float(still.facts["scale"])))
        for each in found.segments
    )
    shared = min(1.0, (stop - start) / lasts) if lasts else 0.0
    return replace(
        found, segments=segments, coverage_upload=round(shared, 4), transform={**found.transform, "by": "picture"}
    )


def joined(found: Sequence[Match]) -> Match:
    """The same picture, shown more than once."""
    best = max(found, key=lambda each: each.score)
    segments = tuple(sorted((each for match in found for each in match.segments), key=lambda each: each.upload))
    shared = min(1.0, sum(each.coverage_upload for each in found))
    return replace(best, segments=segments, coverage_upload=round(shared, 4))


def _quad(segment: Segment, scale: float) -> Quad:
    a, b, c, d = ((round(x * scale, 1), round(y * scale, 1)) for x, y in segment.upload)  # type: ignore[misc]
    return a, b, c, d
