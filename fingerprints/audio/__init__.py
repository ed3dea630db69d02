"""Sound: recordings are found again as a whole and in part, slower, faster, lower, higher, and under other sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..medium import Example
from ..model import Examination, Fingerprint, Limits, Match, MediumName, Preview, Segment, Status
from ..source import Source
from . import codec, peaks, triples
from .search import decide, propose, seconds

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
    "preview",
    "propose",
    "render",
    "shown",
    "upgrade",
    "warm",
    "whole",
]

NAME: MediumName = "audio"
ALGORITHM = "sourcemark-audio/1"
HAS_METADATA = True
STATUSES: frozenset[Status] = frozenset({"too_short", "silent", "decode_partial"})

_MIN_SECONDS = 3.0  # below which nothing tells a recording from another
_MIN_PEAKS = 45  # likewise
_MIN_DENSITY = 1.0  # peaks a second below which it is silence, or a tone


def warm() -> None:
    from scipy import ndimage  # noqa: F401 - loaded before the decoder process gives up its right to open files


def examine(source: Source, format: str, limits: Limits, *, thorough: bool = False) -> Examination:
    """See `Medium.examine`; a file without a stream of sound has the reason ``no_sound``."""
    from ..ffmpeg import container

    return examine_container(source, format, limits, container.read(source, limits), thorough=thorough)


def examine_container(
    source: Source, format: str, limits: Limits, held: Container, *, thorough: bool = False
) -> Examination:
    """As `examine`, of a file whose container was read."""
    from .. import progress
    from ..ffmpeg import sound
    from ..ffmpeg.reading import Reading

    facts: dict[str, str | int | float | bool] = {"format": format}
    if held.seconds is not None:
        facts["seconds"] = held.seconds
    if not held.sounds:
        return Examination(Fingerprint(NAME, ALGORITHM, source.sha256(), facts=facts, reason="no_sound"), format)
    stream = held.sounds[0]
    facts |= {"codec": stream.codec, "sample_rate": stream.rate, "channels": stream.channels}
    reading = Reading()
    parts = []
    with sound.samples(source, limits, peaks.RATE, reading) as blocks:
        for part in peaks.find(blocks, peaks.QUERY_DENSITY if thorough else peaks.WORK_DENSITY):
            parts.append(part)
            progress.report(reading.seconds, held.seconds)
    found = peaks.joined(parts)
    facts["seconds_read"] = round(reading.seconds, 3)
    facts.setdefault("seconds", facts["seconds_read"])
    if reading.partial(held):
        facts["partial"] = True
    return Examination(
        Fingerprint(
            medium=NAME,
            algorithm=ALGORITHM,
            digest=source.sha256(),
            keys=_keys(found) if not thorough else np.zeros(0, dtype=np.uint64),
            detail=codec.pack(found),
            facts=facts,
            reason=_reason(found, reading.seconds),
        ),
        format,
    )


def _keys(found: peaks.Peaks) -> triples.Keys:
    return np.unique(triples.find(found, triples.WORK_NEIGHBOURS, only_strongest=True).keys())


def _reason(found: peaks.Peaks, lasts: float) -> str | None:
    if len(found) < _MIN_DENSITY * lasts or not len(found):
        return "silent"
    return "too_short" if lasts < _MIN_SECONDS or len(found) < _MIN_PEAKS else None


def upgrade(old: Fingerprint) -> Fingerprint | None:
    """None: recordings that were registered before sound was read are found by their bytes."""
    return None


def whole(of: Fingerprint) -> Segment:
    span = 0.0, seconds(of)
    return Segment(span, span, "second")


def shown(of: Fingerprint) -> str | None:
    """None: a recording is no text."""
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
