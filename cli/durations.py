"""Lengths of time on the command line: a number and a unit."""

from __future__ import annotations

import re

from provenance.errors import BadInput

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}


def seconds_of(text: str) -> int:
    """Seconds of a text such as 90m, 12h, 30d or 5y; raises `BadInput`."""
    found = re.fullmatch(r"([0-9]{1,9})([smhdwy])", text.strip().lower())
    if found is None:
        raise BadInput(f"{text!r:.40} is no length of time: write a number and s, m, h, d, w or y, for example 30d")
    return int(found[1]) * _SECONDS[found[2]]
