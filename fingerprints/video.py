"""Film, of which the sound is recognised; of film without sound, and of what cannot be opened, only the same bytes.

What its sound matches may be a recording or another film: both have fingerprints of the same algorithm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from . import audio
from .audio import ALGORITHM, STATUSES, decide, preview, propose, render, shown, upgrade, warm, whole
from .errors import UnreadableMedia
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
        found = audio.examine_container(source, format, limits, held, thorough=thorough) if held.sounds else None
    except UnreadableMedia as error:
        if error.reason != "damaged":
            raise
        return _by_bytes(source, format, {"partial": True})
    if found is None:
        return _by_bytes(source, format, {})
    if not held.pictures:
        return found
    return replace(found, fingerprint=replace(found.fingerprint, medium=NAME))


def _by_bytes(source: Source, format: str, facts: Mapping[str, bool]) -> Examination:
    fingerprint = Fingerprint(NAME, ALGORITHM, source.sha256(), facts=facts, reason="not_fingerprinted")
    return Examination(fingerprint, format)


def example_works() -> Sequence[Example]:
    work = b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x23\x42\x82\x84webm" + bytes(range(200))
    return [Example("film", work, others={"longer": work + b"x"})]
