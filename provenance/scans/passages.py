"""What is kept of a matched text so that its verdict can be looked at: the longest passages, as the upload has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fingerprints import registry
from fingerprints.model import Fingerprint, Match

from .. import names

MAX_PASSAGES = 3  # of one match, the longest
MAX_CHARACTERS = 1000  # of one passage


def quoted(upload: Fingerprint, matches: Sequence[Match]) -> list[list[dict[str, Any]]]:
    """For each match its passages: ``segment``, the number of one of its segments, and ``text``, what the upload says
    there as a reader sees it. Empty lists where the medium is no text."""
    shown = registry.MEDIA[upload.medium].shown(upload) if matches else None
    return [[] if shown is None else _passages(shown, match) for match in matches]


def _passages(shown: str, match: Match) -> list[dict[str, Any]]:
    spans = [(number, *_span(segment.upload)) for number, segment in enumerate(match.segments)]
    longest = sorted(spans, key=lambda span: span[1] - span[2])[:MAX_PASSAGES]
    return [
        {"segment": number, "text": names.readable(shown[start : min(end, start + MAX_CHARACTERS)])}
        for number, start, end in sorted(longest)
        if end > start
    ]


def _span(region: Sequence[Any]) -> tuple[int, int]:
    start, end = region
    return int(start), int(end)
