"""Film: found again by its pictures, whole or in part, cropped, framed, mirrored, faster or slower; and by its sound.

`features` and `planes` say what is kept of the pictures, `codec` how; `candidates` looks an upload up, `alignment`
says where the work's frame lies in the upload's, `motion` whether the same moves at the same times; `search` decides.
The sound has a fingerprint of its own (`Fingerprint.also`), by which a film is found by a recording, and a recording by
a film; `fusion` joins what both find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .. import audio
from ..audio.search import seconds
from ..errors import UnreadableMedia
from ..medium import Example
from ..model import Examination, Fingerprint, Limits, Match, MediumName, Preview, Segment, Status
from ..source import Source
from . import codec, features, planes
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
STATUSES: frozenset[Status] = audio.STATUSES | {"no_texture", "static_match"}

_MIN_SECONDS = 2.5  # below which nothing tells a film from another
_MIN_KEYPOINTS = 8  # likewise


def warm() -> None:
    from ..image import codebook

    audio.warm()
    codebook.projected(np.zeros((1, 128), dtype=np.uint8))  # reads its tables


def examine(source: Source, format: str, limits: Limits, *, thorough: bool = False) -> Examination:
    """See `Medium.examine`; a container of film that holds nothing but sound is a recording."""
    from ..ffmpeg import container

    try:
        held = container.read(source, limits)
        sound = audio.examine_container(source, format, limits, held, thorough=thorough) if held.sounds else None
        if sound is not None and not held.pictures:
            return sound
        film = _pictures(source, format, limits, held, thorough=thorough) if held.pictures else None
    except UnreadableMedia as error:
        if error.reason != "damaged":
            raise
        return _by_bytes(source, format, partial=True)
    if film is None:
        return _by_bytes(source, format, partial=False)
    if sound is None:
        return Examination(film, format)
    heard = sound.fingerprint
    facts = {**heard.facts, **film.facts}
    if heard.facts.get("partial"):
        facts["partial"] = True
    reason = film.reason if heard.reason is not None else None
    return Examination(replace(film, facts=facts, reason=reason, also=(heard,)), format)


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
            progress.report(reading.seconds, held.seconds)
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


def _reason(found: features.Features, seconds: float) -> str | None:
    if len(found) < _MIN_KEYPOINTS:
        return "no_texture"
    return "too_short" if seconds < _MIN_SECONDS else None


def _by_bytes(source: Source, format: str, *, partial: bool) -> Examination:
    facts = {"partial": True} if partial else {}
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
    from .rendering import strip

    return strip(upload)


def render(upload: Preview, matches: Sequence[tuple[Fingerprint, Match]]) -> bytes | None:
    from .rendering import matches_below

    return matches_below(upload, matches)


def example_works() -> Sequence[Example]:
    from .examples import EXAMPLES  # takes a while to make

    return EXAMPLES
