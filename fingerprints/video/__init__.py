"""Film: found again by its pictures, whole or in part, cropped, framed, mirrored, faster or slower; and by its sound.

`features` and `planes` say what is kept of the pictures, `codec` how; `candidates` looks an upload up, `alignment`
says where the work's frame lies in the upload's, `motion` whether the same moves at the same times; `search` decides.
The sound has a fingerprint of its own (`Fingerprint.also`), by which a film is found by a recording, and a recording by
a film; `stills` are the pictures that an upload shows for a while, by which registered pictures are found in it.
`fusion` joins what all find.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from .. import audio, image
from ..audio.search import seconds
from ..errors import UnreadableMedia
from ..medium import Example
from ..model import Examination, Fingerprint, Limits, Match, MediumName, Preview, Segment, Status
from ..source import Source
from . import codec, features, planes, stills
from .fusion import fused
from .search import decide, propose

if TYPE_CHECKING:
    from ..ffmpeg.container import Container

__all__ = [
    "ALGORITHM",
    "HAS_METADATA",
    "NAME",
    "STATUSES",
    "decide",
    "examine",
    "examine_animation",
    "example_works",
    "fused",
    "preview",
    "propose",
    "render",
    "shown",
    "upgrade",
    "warm",
    "whole",
]

NAME: MediumName = "video"
ALGORITHM = f"sourcemark-video/1:{features.VERSION}"
HAS_METADATA = True
STATUSES: frozenset[Status] = audio.STATUSES | {"no_texture", "static_match", "template_only"}

T = TypeVar("T")

_SHARE_OF_SOUND = 0.05  # of the time that reading a film takes
_MIN_SECONDS = 2.5  # below which nothing tells a film from another
_MIN_KEYPOINTS = 8  # likewise


def warm() -> None:
    from ..image import codebook

    audio.warm()
    codebook.projected(np.zeros((1, 128), dtype=np.uint8))  # reads its tables


def examine(source: Source, format: str, limits: Limits, *, thorough: bool = False) -> Examination:
    """See `Medium.examine`; a container of film that holds nothing but sound is a recording."""
    from .. import progress
    from ..ffmpeg import container

    held = _readable(partial(container.read, source, limits))
    if held is None:
        return _by_bytes(source, format)
    with progress.within(0, _SHARE_OF_SOUND if held.pictures else 1):
        hear = partial(audio.examine_container, source, format, limits, held, thorough=thorough)
        sound = _readable(hear) if held.sounds else None
    if sound is not None and not held.pictures:
        return sound
    with progress.within(_SHARE_OF_SOUND, 1):
        film = _readable(partial(_pictures, source, format, limits, held, thorough=thorough)) if held.pictures else None
    if film is None and sound is None:
        return _by_bytes(source, format)
    stills_of = partial(stills.find, source, limits, held)
    shown = (_readable(stills_of) or ()) if thorough and film is not None else ()
    seen = film or _by_bytes(source, format).fingerprint
    heard = () if sound is None else (sound.fingerprint,)
    facts = {**(heard[0].facts if heard else {}), **seen.facts}
    if (held.sounds and not heard) or any(each.facts.get("partial") for each in heard):
        facts["partial"] = True
    reason = None if any(each.reason is None for each in heard) else seen.reason
    return Examination(replace(seen, facts=facts, reason=reason, also=(*heard, *shown)), format)


def _readable(read: Callable[[], T]) -> T | None:
    """What is read; None where it is damaged, which loses nothing but this."""
    try:
        return read()
    except UnreadableMedia as error:
        if error.reason != "damaged":
            raise
        return None


def _pictures(source: Source, format: str, limits: Limits, held: Container, *, thorough: bool) -> Fingerprint:
    from .. import progress
    from ..ffmpeg import pictures
    from ..ffmpeg.reading import Reading

    reading = Reading()
    keypoints, small = features.Collector(thorough=thorough), planes.Collector(thorough=thorough)
    rate, side = (planes.UPLOAD_RATE, features.UPLOAD_SIDE) if thorough else (planes.WORK_RATE, features.WORK_SIDE)
    with pictures.frames(source, limits, held, reading, rate=rate, longest_side=side) as frames:
        for at, frame in frames:
            keypoints.add(at, frame)
            small.add(at, frame)
            progress.report(reading.seconds, held.seconds, speed=progress.FILM_SPEED)
    found = keypoints.finished(reading.seconds)
    width, height = held.pictures[0].shown
    read = round(reading.seconds, 3)
    facts: dict[str, str | int | float | bool] = {"format": format, "width": width, "height": height}
    facts |= {"seconds": held.seconds or read, "seconds_read": read}
    if reading.partial(held):
        facts["partial"] = True
    kept = codec.Film(width, height, reading.seconds, thorough, found, small.finished(reading.seconds))
    return Fingerprint(
        medium=NAME,
        algorithm=ALGORITHM,
        digest=source.sha256(),
        keys=found.keys[:, 0] if not thorough else np.zeros(0, dtype=np.uint64),
        detail=codec.pack(kept),
        facts=facts,
        reason=_reason(found, reading.seconds),
    )


def examine_animation(source: Source, limits: Limits) -> Fingerprint | None:
    """An animated picture as an upload of film, by which registered films are found in it; None of a still one."""
    with image.moving(source, limits) as frames:
        keypoints, small = features.Collector(thorough=True), planes.Collector(thorough=True)
        at, size = 0.0, (0, 0)
        for at, frame in frames:
            size = frame.size
            scale = min(1.0, features.UPLOAD_SIDE / max(size))
            pixels = np.asarray(frame.convert("L").resize((round(size[0] * scale) or 1, round(size[1] * scale) or 1)))
            keypoints.add(at, pixels)
            small.add(at, pixels)
    found = keypoints.finished(at)
    if _reason(found, at) is not None:
        return None
    kept = codec.Film(*size, at, True, found, small.finished(at))
    facts: dict[str, str | int | float | bool] = {"width": size[0], "height": size[1], "seconds": at}
    return Fingerprint(NAME, ALGORITHM, source.sha256(), detail=codec.pack(kept), facts=facts)


def _reason(found: features.Features, seconds: float) -> str | None:
    if len(found) < _MIN_KEYPOINTS:
        return "no_texture"
    return "too_short" if seconds < _MIN_SECONDS else None


def _by_bytes(source: Source, format: str) -> Examination:
    """Of a film that shows and plays nothing that can be read."""
    facts: dict[str, str | int | float | bool] = {"format": format, "partial": True}
    return Examination(Fingerprint(NAME, ALGORITHM, source.sha256(), facts=facts, reason="not_fingerprinted"), format)


def upgrade(old: Fingerprint) -> Fingerprint | None:
    """None: films that were registered before their pictures were read are found by their bytes."""
    return None


def whole(of: Fingerprint) -> Segment:
    span = 0.0, seconds(of)
    return Segment(span, span, "second")


def shown(of: Fingerprint) -> str | None:
    """None: a film is no text."""
    return None


def preview(upload: Fingerprint, match: Match) -> Preview | None:
    from .rendering import sheet

    return sheet(upload)


def render(upload: Preview, matches: Sequence[tuple[Fingerprint, Match]]) -> bytes | None:
    from .rendering import matches_below

    return matches_below(upload, matches)


def example_works() -> Sequence[Example]:
    from .examples import EXAMPLES  # takes a while to make

    return EXAMPLES
