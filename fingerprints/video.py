"""Film, of which the sound is recognised; of film without sound, and of what cannot be opened, only the same bytes.

What its sound matches may be a recording or another film: both have fingerprints of the same algorithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from . import audio
from .audio import ALGORITHM, STATUSES, decide, preview, propose, render, shown, upgrade, warm, whole
from .errors import UnreadableMedia
from .exact import ExactCopies
from .medium import Example
from .model import Examination, Fingerprint, Limits, MediumName
from .source import Source

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

NAME: MediumName = "video"
HAS_METADATA = True


def examine(source: Source, format: str, limits: Limits, *, thorough: bool = False) -> Examination:
    """See `Medium.examine`; a container of film that holds nothing but sound is a recording."""
    from .ffmpeg import container

    try:
        held = container.read(source, limits)
        found = audio.examine(source, format, limits, thorough=thorough) if held.sounds else None
    except UnreadableMedia as error:
        if error.reason != "damaged":
            raise
        found = None
    if found is None:
        fingerprint = Fingerprint(NAME, ALGORITHM, source.sha256(), reason="not_fingerprinted")
        return Examination(fingerprint, format)
    if not held.pictures:
        return found
    return replace(found, fingerprint=replace(found.fingerprint, medium=NAME))


def example_works() -> Sequence[Example]:
    return ExactCopies(NAME).example_works()
